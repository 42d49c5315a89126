"""Runs side by side: what each decides, what differs in cost, China share and flows, and which inputs explain it.

Everything is worked out from the plan documents (plan.json) alone; the workbooks are not needed. The first run is the
one that all others are measured against.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from lodestone.errors import UsageError
from lodestone.plan.formatting import finite, musd, one_line
from lodestone.plan.plan import Plan
from lodestone.plan.run_files import PLAN_JSON, folder_of
from lodestone.studies.compare.decisions import decisions
from lodestone.studies.compare.figures import ADDS_UP, bridge, costs, key_figures
from lodestone.studies.compare.input_differences import input_differences
from lodestone.studies.compare.results import NOISE, Comparison, Run
from lodestone.studies.compare.years import china_share, flows, stocks

LONGEST_NAME = 60


def runs_in(place: Path) -> list[Path]:
    """The run itself, or those of a folder of runs, the base first."""
    if not place.is_dir() or (place / PLAN_JSON).exists():
        return [place]
    found = [path for path in place.iterdir() if (path / PLAN_JSON).exists() and not path.name.startswith(".")]
    return sorted(found, key=lambda path: (path.name != "base", path.name)) or [place]


def names_by_path(paths: Sequence[Path]) -> list[str]:
    """As much of the end of each path as tells the runs apart: 'base', or 'tutorial/base'."""
    places = [path.resolve() for path in paths]
    parts = [folder_of(p).parts for p in places]
    different = len(set(parts))
    longest = max((len(p) for p in parts), default=1)
    depth = next((n for n in range(1, longest) if len({p[-n:] for p in parts}) == different), longest)
    return ["/".join(p[-depth:]) for p in parts]


def unique_names(names: Iterable[str]) -> list[str]:
    """Names that can be shown and told apart: no control characters, not too long, '(2)' after one that is taken."""
    unique: list[str] = []
    for name in names:
        name = one_line(name) or "run"
        short = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3]}..."
        taken = {n.casefold() for n in unique}
        tries = (short if n == 1 else f"{short} ({n})" for n in range(1, len(unique) + 2))
        unique.append(next(name for name in tries if name.casefold() not in taken))
    return unique


def compare(plans: Sequence[Plan], names: Sequence[str] | None = None) -> Comparison:
    """Compare plan documents; names default to those of their scenarios."""
    if len(plans) < 2:
        raise UsageError("a comparison needs at least two runs")
    names = unique_names(names if names is not None else [plan.scenario for plan in plans])
    inputs, inputs_known = input_differences(plans)
    levels = tuple(stocks(plans))
    runs = tuple(_run(plans[0], plan, name) for plan, name in zip(plans, names, strict=True))
    return Comparison(
        runs=runs,
        decisions=tuple(decisions(plans, levels)),
        key_figures=tuple(key_figures(plans)),
        costs=costs(plans),
        bridge={name: bridge(plans[0], plan, name) for name, plan in zip(names[1:], plans[1:], strict=True)},
        inputs=tuple(inputs),
        inputs_known=inputs_known,
        flows=tuple(flows(plans)),
        china_share=tuple(china_share(plans)),
        stocks=levels,
        remarks=tuple(_remarks(plans, runs, inputs_known)),
    )


def _run(first: Plan, plan: Plan, name: str) -> Run:
    difference = plan.objective_musd - first.objective_musd
    both = [(finite(p.gap), abs(p.objective_musd)) for p in (first, plan)]
    left_open = [gap * cost for gap, cost in both if gap is not None]
    allowed = sum(left_open) if len(left_open) == 2 else None
    return Run(
        name=name,
        **{
            key: one_line(getattr(plan, key))
            for key in ("plan_name", "scenario", "workbook", "workbook_sha256", "status")
        },
        first_year=plan.horizon[0],
        last_year=plan.horizon[1],
        objective_musd=plan.objective_musd,
        expected_cost_musd=plan.expected_cost_musd,
        gap=finite(plan.gap),
        difference_musd=difference,
        allowed_musd=allowed,
        within_gap=allowed is None or abs(difference) <= max(allowed, NOISE["MUSD"]),
    )


def _remarks(plans: Sequence[Plan], runs: Sequence[Run], inputs_known: bool) -> Iterable[str]:
    first = runs[0]
    for run in runs[1:]:
        if run.within_gap and run.allowed_musd is None:
            yield f"{run.name}: within gap: no bound is known, so that any difference to {first.name} may be chance."
        elif run.within_gap and abs(run.difference_musd) > ADDS_UP:
            yield (
                f"{run.name}: within gap: its cost differs from that of {first.name} by "
                f"{musd(abs(run.difference_musd))}, and the two gaps allow {musd(run.allowed_musd or 0.0)}: "
                "which costs less is not known."
            )
    if len({(run.first_year, run.last_year) for run in runs}) > 1:
        yield (
            "The runs plan for different years, so that their costs are not those of the same time, and each is "
            "discounted to its own first year; flows are compared in the years they share."
        )
    if not inputs_known:
        yield "A plan does not carry its inputs: of the inputs, only settings are compared. Solve it again to have all."
    if any("scenario" in row for plan in plans for rows in plan.tables.values() for row in rows[:1]):
        yield "Where a run has several futures, shortage, stock and China share are those of the worst."
