"""Results as lines for the terminal and as a page in Markdown."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping, Sequence

from benchmarks.published.solve import GAP, TOLERANCE, Result
from lodestone import __version__
from lodestone.solver.highs import version as highs_version

FAMILIES = {
    "orlib_cap": "OR-Library capacitated sites",
    "facility_location_other": "MIPLIB sites",
    "fixed_charge_network": "FCNetLib network design",
    "lot_sizing": "Lot sizing",
    "planning": "Sector planning",
    "textbook": "Textbooks",
    "stochastic": "Stochastic",
}
COLUMNS = ("instance", "reference", "basis", "Lodestone", "rel. difference", "gap", "seconds", "verdict")


NOT_PROVED = (
    "Hard for the solver, not different in meaning: when the time was over, the reference lay between the proved",
    "bound and the plan that was found. A build is tied to its capacity, as the rules of the model say; where",
    "charges are high beside what is carried, that leaves a weak relaxation and much to branch on.",
)
LINE = "{:<30} {:>16} {:<22} {:>16} {:>15} {:>8} {:>7}  {}"


def line(result: Result) -> str:
    """One result for the terminal."""
    return LINE.format(*_cells(result))


def heading() -> str:
    return LINE.format(*COLUMNS)


def summary(results: Sequence[Result]) -> str:
    """How many are reproduced, not proved and wrong."""
    reproduced = sum(result.reproduced for result in results)
    wrong = sum(bool(result.trouble) for result in results)
    unproved = len(results) - reproduced - wrong
    return f"{reproduced} of {len(results)} problems reproduced, {unproved} not proved in time, {wrong} differ"


def page(results: Sequence[Result], families: Mapping[str, str], not_expressed: Mapping[str, str]) -> str:
    """The page: a table a family, how each was expressed, and what was not. families: by instance."""
    lines = [
        "# Validation against published optima",
        "",
        "Public instances are written as ordinary workbooks, solved as every workbook is (audit included), and their",
        "cost, back in the instance's units, is compared with the optimum that others published. Written by",
        "`python -m benchmarks.published --write docs/validation.md`; the instances are read from outside the project.",
        "",
        f"Lodestone {__version__}, HiGHS {highs_version()}, Python {platform.python_version()}. {summary(results)}.",
        "",
        f"*Reproduced*: relative difference up to {TOLERANCE:g} (published values are rounded) and proved to a gap of",
        f"{TOLERANCE:g} or better ({GAP:g} is asked for). *Not proved*: the time limit came first; the published value",
        "lies within what the solve left open. Basis: *stored document*: the source, or a table quoting it, was read;",
        "*recalled*: known from the book or paper; *recomputed*: nothing published was found, the reference is what",
        "other formulations gave.",
    ]
    for family, title in FAMILIES.items():
        own = [result for result in results if families[result.case.instance] == family]
        if own:
            lines += ["", f"## {title}", "", *_table(own)]
    unproved = [
        result for result in results if not result.reproduced and not result.trouble and result.ours is not None
    ]
    if unproved:
        lines += ["", "## Not proved in time, and why", "", *NOT_PROVED, "", *map(_unproved, unproved)]
    lines += ["", "## How they are expressed", ""]
    lines += _grouped((result.case.instance, _how(result)) for result in results)
    if not_expressed:
        lines += ["", "## Left out", "", *_grouped(not_expressed.items())]
    return "\n".join(lines) + "\n"


def _unproved(result: Result) -> str:
    found = f"{result.ours:.10g}"
    best = ", which is the reference," if result.difference <= TOLERANCE else ""
    return f"- {result.case.title}: after {result.seconds:.0f} s a plan of {found}{best} is proved to {result.gap:.1%}."


def _grouped(reasons: Iterable[tuple[str, str]]) -> list[str]:
    """One line for all instances of which the same is said."""
    names: dict[str, dict[str, None]] = {}
    for name, reason in reasons:
        names.setdefault(reason, {})[name] = None
    return [f"- {', '.join(group)}: {reason}." for reason, group in names.items()]


def _how(result: Result) -> str:
    constant = result.case.constant
    return result.case.how + (f"; {constant:g} is added to the objective" if constant else "")


def _table(results: Sequence[Result]) -> list[str]:
    rows = [COLUMNS, ("---", "--:", "---", "--:", "--:", "--:", "--:", "---"), *map(_cells, results)]
    return [f"| {' | '.join(row)} |" for row in rows]


def _cells(result: Result) -> tuple[str, ...]:
    reference = result.case.reference
    return (
        result.case.title,
        f"{reference.value:.10g}",
        reference.basis,
        "none" if result.ours is None else f"{result.ours:.10g}",
        "" if result.ours is None else f"{result.difference:.1e}",
        f"{result.gap:.1e}",
        f"{result.seconds:.1f}",
        result.verdict,
    )
