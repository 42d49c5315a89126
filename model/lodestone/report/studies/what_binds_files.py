"""What binds in a plan -> what_binds.xlsx and .json, where the planner wants them."""

from __future__ import annotations

from pathlib import Path

from lodestone import __version__
from lodestone.plan.formatting import musd
from lodestone.plan.labels import NONE, Labels
from lodestone.plan.tables import MONTH, SCENARIO, Cell, Column, columns_where
from lodestone.report.excel.table_book import FACTS, Table, write_tables
from lodestone.report.studies.study_files import Kind
from lodestone.studies.what_binds.results import Moved, WhatBinds, document, in_words, weightiest

KIND = Kind("what_binds", "explain", "what_binds_format")
MOVED = (
    Column("rule", "", "China share or budget"),
    Column("name", "", "row of the workbook"),
    Column("cell", "", "where it stands"),
    Column("moved", "", "all its years together"),
    Column("difference_musd", "MUSD", "cost of the plan under the tighter limit less that under the looser one"),
    Column("at_least_musd", "MUSD", "what is proved of the true difference"),
    Column("at_most_musd", "MUSD", "what is proved of the true difference"),
    Column("within_gap", "", "yes: the true difference may be nothing, as far as is proved"),
    Column("finding", "", "in words"),
)


def write_what_binds(found: WhatBinds, out: Path, labels: Labels = NONE) -> list[Path]:
    """Write both beside each other; returns their paths, the workbook first."""
    shown = _tables(labels.shown(found))
    return KIND.write(out, document(found), lambda new: write_tables(new, found.plan_name, shown))


def _tables(found: WhatBinds) -> list[Table]:
    own = [SCENARIO] if any("scenario" in row for row in (*found.what_binds, *found.supply_cost)) else []
    cut = any(MONTH.name in row for row in found.supply_cost)
    binding, supply = ([*own, *columns_where(name, cut, False)] for name in ("what_binds", "supply_cost"))
    return [
        ("WhatBinds", binding, [[row[c.name] for c in binding] for row in weightiest(found.what_binds)]),
        ("SupplyCost", supply, [[row[c.name] for c in supply] for row in found.supply_cost]),
        ("BuildsFree", MOVED, [_moved(moved) for moved in found.moved]),
        ("About", FACTS, _about(found)),
    ]


def _moved(moved: Moved) -> list[Cell]:
    step = f"{moved.step} {'more' if moved.more else 'less'}"
    figures = [moved.musd, moved.at_least, moved.at_most, moved.within_gap]
    return [moved.rule, moved.name, moved.cell, step, *figures, in_words(moved)]


def _about(found: WhatBinds) -> list[list[Cell]]:
    return [
        ["plan", found.plan_name],
        ["run", found.run],
        ["workbook", found.workbook],
        ["scenario", found.scenario],
        ["cost of the run", f"{musd(found.objective_musd)}; {_proved(found.bound_musd)}"],
        ["WhatBinds", "builds, awards and signings as in the run; each cell for its year alone, one unit at a time"],
        ["value", "one unit more saves at most this, one unit less costs at least this (cover: the other way round)"],
        ["order", "by what a small step is worth: a point of share, a day of cover, 1 % of other limits"],
        ["BuildsFree", "every year of a row moved together and solved again, builds free to change"],
        *(["remark", remark] for remark in found.remarks),
        ["Lodestone", __version__],
    ]


def _proved(bound_musd: float | None) -> str:
    if bound_musd is None:
        return "how much less a plan could cost is not known"
    return f"no plan costs less than {musd(bound_musd)}"
