"""docs/benchmarks.md and its pictures, of all that is kept in benchmarks/results: `python -m benchmarks.drawn`.

Every picture is of one form: a line for each thing measured, a dot for each version on it, on a logarithmic axis. Each
is a small SVG written here, the same on every machine, so that a test can compare it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from benchmarks import textbook
from benchmarks.kept import Result, Row, keep, kept
from benchmarks.tables import TABLES, markdown

DOCS = Path(__file__).parents[1] / "docs"
OWN = "this project"
LEAST_COLUMNS = 10_000  # smaller models are all start-up
WIDTH, LEFT, RIGHT, TOP, STEP, FOOT = 760, 370, 40, 58, 20, 34
COLOURS = ("#b0b0b0", "#e08a1e", "#2f6db3", "#3a9a5b", "#8a4fa3")  # from the first version on

INTRODUCTION = (
    "`python -m benchmarks --write` measures, and keeps figures in `benchmarks/results` by version and machine;"
    " `python -m benchmarks.drawn` draws this page of all that is kept. **Read ratios, not seconds.** The machine is"
    " shared, and how busy it was moves seconds by half and more; a ratio has both its sides from one call, taken in"
    " turns. Seconds of two versions were hours or weeks apart: they show a change of several times, and no less."
    " `0.2.0+dev` is what came after 0.2.0 and was not yet released."
)
WAYS = (
    "All find the same optimum, to 1e-6 of the cost, or the run stops. HiGHS's own time is left out: it is handed the"
    " same question. *Bare highspy* has its arrays already, and is what nobody can be faster than. *appsi_highs* and"
    " *contrib.solver* take the Pyomo model that this project builds. *linopy* has the same variables and rows as"
    " arrays. *PyPSA* says it with buses, links, loads and generators alone: a plant is a link with three ends, both"
    " streams share a bus of capacity, the allowed share is a bus of permits; it writes every bound as a row, and"
    " reading its own defaults takes a second or more at any size. The *textbook* is plain Pyomo by rules, through"
    " appsi_highs."
)
TEXTBOOK = (
    "`benchmarks/textbook.py` is what somebody writes in a day who knows Pyomo: sets, parameters, rules. On the"
    " networks above it finds the same optimum. On a real workbook it asks a smaller question. It leaves out:"
)
COMPARED = (
    "So its cost is no bound on ours, and its seconds in HiGHS are those of an easier problem. What can be compared is"
    " the work of building and loading, by row and column, and how much the rules weigh that are left out. The textbook"
    " makes a variable for every lane, stream and period; this project only where something can flow"
    " (`data/network.py`), so it can say much more with fewer columns."
)

Dots = Mapping[str, Mapping[str, float]]  # line -> series -> value


def series(result: Result, results: Sequence[Result]) -> str:
    """The version; with the machine where there are several."""
    return result.version if len({r.machine for r in results}) == 1 else f"{result.version}, {result.machine}"


def dots(
    results: Sequence[Result], table: str, line: Callable[[Row], str | None], value: Callable[[Row], float | None]
) -> Dots:
    """What a table says in every version; lines that are None are left out."""
    found: dict[str, dict[str, float]] = {}
    for result in results:
        for row in result.tables.get(table, ()):
            name, number = line(row), value(row)
            if name is not None and number:
                found.setdefault(name, {})[series(result, results)] = number
    return found


def picture(title: str, axis: str, lines: Dots, names: Sequence[str], one: str = "") -> str:
    """An SVG. names: the series in order; one: what is said of the line at 1, drawn where it is given."""
    values = [value for by in lines.values() for value in by.values()] + ([1.0] if one else [])
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    high = max(high, low + 1)
    height = TOP + STEP * len(lines) + FOOT

    def x(value: float) -> str:
        return f"{LEFT + (WIDTH - LEFT - RIGHT) * (math.log10(value) - low) / (high - low):.1f}"

    def text(at: str | float, y: float, words: str, more: str = "") -> str:
        return f'<text x="{at}" y="{y:g}" {more}>{escape(words)}</text>'

    foot = TOP + STEP * len(lines)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
        ' font-family="sans-serif" font-size="12" fill="#222">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        text(10, 18, title, 'font-size="14" font-weight="bold"'),
    ]
    for power in range(low, high + 1):
        at = x(10.0**power)
        parts.append(f'<path d="M{at} {TOP - 6}V{foot}" stroke="#ddd"/>')
        parts.append(text(at, foot + 14, f"{10.0**power:,g}", 'text-anchor="middle"'))
    parts.append(text(WIDTH - RIGHT, foot + 29, axis, 'text-anchor="end" fill="#666"'))
    if one:
        parts.append(f'<path d="M{x(1.0)} {TOP - 6}V{foot}" stroke="#222"/>')
        parts.append(text(x(1.0), TOP - 10, one, 'text-anchor="middle" fill="#666"'))
    place = 10.0
    for i, name in enumerate(names):
        parts.append(f'<circle cx="{place + 5:g}" cy="33" r="5" fill="{COLOURS[i % len(COLOURS)]}"/>')
        parts.append(text(f"{place + 15:g}", 37, name))
        place += 35 + 7.5 * len(name)
    for i, (name, by) in enumerate(lines.items()):
        y = TOP + STEP * i + 8
        parts.append(text(LEFT - 10, y + 4, name, 'text-anchor="end"'))
        parts.append(f'<path d="M{LEFT} {y}H{WIDTH - RIGHT}" stroke="#eee"/>')
        for j, version in enumerate(names):
            if version in by:
                told = f"<title>{escape(f'{name}, {version}: {by[version]:,.4g}')}</title>"
                parts.append(
                    f'<circle cx="{x(by[version])}" cy="{y}" r="5" fill="{COLOURS[j % len(COLOURS)]}"'
                    f' fill-opacity="0.85">{told}</circle>'
                )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _size(row: Row) -> str | None:
    """A size that is large enough, this project alone."""
    return f"{row['size']}" if row["way"] == OWN and (row.get("columns") or 0) >= LEAST_COLUMNS else None


def _build_and_load(row: Row) -> float | None:
    return None if row.get("build_s") is None else row["build_s"] + row["load_s"]


def _large(results: Iterable[Result]) -> set[str]:
    rows = (row for result in results for row in result.tables.get("ways", ()))
    return {row["size"] for row in rows if (row.get("columns") or 0) >= LEAST_COLUMNS}


def _study(row: Row) -> str | None:
    processes = f"{row['jobs']} process{'es' * (row['jobs'] > 1)}"
    return f"{row['workbook']}: {row['study']}, {processes}" if row.get("against") else None


def pictures(results: Sequence[Result]) -> dict[str, str]:
    """Path below docs -> SVG, of those of which anything is kept."""
    large = _large(results)
    planned = [r for r in results if r.what == "planning"]
    studied = [r for r in results if r.what.startswith("studies")]

    def way(row: Row) -> str | None:
        """200,000 variables: linopy."""
        name = row["way"].rpartition(", ")[2]
        return f"{row['size']}: {name}" if row["way"] != OWN and row["size"] in large else None

    ratio = lambda row: row.get("ratio")  # noqa: E731
    drawn: dict[str, tuple[str, str, Dots, Sequence[Result], str]] = {
        "time": ("Build and load of this project", "CPU seconds", dots(planned, "ways", _size, _build_and_load),
                 planned, ""),
        "memory": ("Memory of this project, model loaded", "MB at most",
                   dots(planned, "ways", _size, lambda row: row.get("peak_mb")), planned, ""),
        "ways": ("Other ways, within one run", "CPU seconds outside HiGHS, this project = 1",
                 dots(planned, "ways", way, ratio), planned, OWN),
        "studies": ("Studies, within one run", "seconds, as a part of what it is held against",
                    dots(studied, "studies", _study, ratio), studied, "no gain"),
    }  # fmt: skip
    found = {}
    for name, (title, axis, lines, of, one) in drawn.items():
        names = list(dict.fromkeys(series(r, of) for r in of))
        names = [version for version in names if any(version in by for by in lines.values())]
        if lines:
            ordered = dict(sorted(lines.items())) if name == "studies" else lines
            found[f"pictures/benchmarks_{name}.svg"] = picture(title, axis, ordered, names, one)
    return found


def page(results: Sequence[Result]) -> str:
    """The page; a section for each picture, and the newest tables."""
    there = pictures(results)

    def shown(name: str, words: str) -> list[str]:
        path = f"pictures/benchmarks_{name}.svg"
        return [f"![{words}]({path})"] if path in there else []

    months = _newest(results, "months", "months")
    parts = [
        "# Benchmarks over time",
        INTRODUCTION,
        "## By size",
        *shown("time", "CPU seconds of build and load by size and version"),
        *shown("memory", "Peak memory by size and version"),
        "## The same network on other ways",
        *shown("ways", "CPU seconds of other ways as multiples of this project's"),
        WAYS,
        *_newest(results, "planning", "ways"),
        "## A textbook model of the magnets",
        TEXTBOOK,
        "\n".join(f"- {line}" for line in textbook.LEFT_OUT),
        COMPARED,
        *_newest(results, "textbook", "textbook"),
        "## Studies",
        *shown("studies", "Seconds of studies as parts of what they are held against"),
        *_newest(results, "studies", "studies"),
        *(["## Months", *months] if months else []),
        "## What is kept",
        _files(results),
    ]
    return "\n\n".join(parts) + "\n"


def _newest(results: Sequence[Result], part: str, table: str) -> list[str]:
    """The newest table of each workbook and machine."""
    newest: dict[tuple[str, str], Result] = {}
    for result in results:
        if result.what.partition("-")[0] == part and table in result.tables:
            newest[result.what, result.machine] = result
    found = [TABLES[table].text] if newest else []
    for result in newest.values():
        found += [f"{result.version}, {result.machine}. {result.note}", markdown(TABLES[table], result.tables[table])]
    return found


def _files(results: Sequence[Result]) -> str:
    lines = ["| file | measured | machine |", "|---|---|---|"]
    lines += [f"| `benchmarks/results/{r.name}` | {r.on or 'not noted'} | {r.note} |" for r in results]
    return "\n".join(lines)


def pages() -> dict[str, str]:
    """Path below docs -> what belongs there."""
    results = kept()
    return {"benchmarks.md": page(results), **pictures(results)}


def write() -> list[Path]:
    """Write them, and the tables beside what is kept; returns the paths of the first."""
    paths = []
    for result in kept():
        keep(result)
    for name, content in pages().items():
        paths.append(DOCS / name)
        paths[-1].write_text(content, encoding="utf-8")
    return paths


if __name__ == "__main__":
    for written in write():
        print(written)
