"""Studies on the page: what the JSON files of frontier, stress, sweep, tornado and compare hold, as figures.

They are given as arguments, or found beside the runs and beside the page when they are of the same workbook.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lodestone.data.times import month_of, named_time, time_of, year_of
from lodestone.errors import UsageError
from lodestone.plan.formatting import musd, share, term_label
from lodestone.plan.plan import Plan
from lodestone.plan.run_files import PLAN_JSON, is_plan_book, starts_with
from lodestone.plan.tables import Column, Document
from lodestone.report.compare import files as compare_files
from lodestone.report.html.tables import Table
from lodestone.report.studies import frontier_files, stress_files, sweep_files, tornado_files
from lodestone.report.studies.study_files import Kind

KINDS = {
    kind.name: kind
    for kind in (frontier_files.KIND, stress_files.KIND, sweep_files.KIND, compare_files.KIND, tornado_files.KIND)
}
MOST_CASES = 20  # of a stress test that are drawn, for each run; the table has all


@dataclass(frozen=True)
class StudyFigure:
    """A picture of a study, what it shows in words, and its numbers."""

    title: str
    lead: str
    drawing: str
    table: Table

    def as_json(self) -> Document:
        """As the page reads it."""
        return {"title": self.title, "lead": self.lead, "drawing": self.drawing, "table": self.table.as_json()}


@dataclass(frozen=True)
class Study:
    """The file of a study, read and checked."""

    kind: str
    path: Path
    document: Document


def kind_of(path: Path) -> Kind | None:
    """Of a frontier, stress test, sweep, tornado or comparison, by the first line; None for any other file."""
    return next((kind for kind in KINDS.values() if starts_with(path, kind.start)), None)


def is_study(path: Path) -> bool:
    """Whether an argument means a study rather than a run."""
    return path.suffix.lower() in (".xlsx", ".json") and path.name != PLAN_JSON and not is_plan_book(path)


def read_study(path: Path) -> Study:
    """The study in a JSON file, or in the one beside the .xlsx that is named. Raises UsageError when there is none."""
    facts = path.with_suffix(".json") if path.suffix.lower() == ".xlsx" else path
    kind = kind_of(facts)
    if kind is None:
        raise UsageError(
            f"{path} is neither a run nor a frontier, stress test, sweep, tornado or comparison of Lodestone"
        )
    return Study(kind.name, facts, kind.read(facts))


def find_studies(folders: Iterable[Path], plans: Iterable[Plan]) -> list[Study]:
    """Studies in these folders that are of the workbook of one of the plans; a comparison: of all its runs."""
    plans = list(plans)
    workbooks = {plan.workbook for plan in plans}
    hashes = {plan.workbook_sha256 for plan in plans}
    found: dict[Path, Study] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
            if kind_of(path) is None:
                continue
            study = read_study(path)
            if study.kind == "compare":
                ours = {run["workbook_sha256"] for run in study.document["runs"]} <= hashes
            else:
                ours = study.document["workbook"] in workbooks
            if ours:
                found.setdefault(path.resolve(), study)
    return list(found.values())


def figures(study: Study) -> list[StudyFigure]:
    """What a study shows, each picture with its table."""
    drawn = {"frontier": _frontier, "stress": _stress, "sweep": _sweep, "compare": _compare, "tornado": _tornado}
    return drawn[study.kind](study.document)


def _frontier(d: Document) -> list[StudyFigure]:
    if sum(p["objective_musd"] is not None for p in d["points"]) < 2:
        return []  # a picture of crosses says nothing
    changes = {step["to_scale"]: ", ".join(step["changes"]) for step in d["steps"]}
    prices = {step["to_scale"]: step["price_musd_per_point"] for step in d["steps"]}
    what = f"allowed share of {d['cap']}" if d["cap"] else "factor on all allowed shares"
    columns = (
        Column("allowed", "share", what),
        Column("cost_musd", "MUSD", "least cost"),
        Column("proved_musd", "MUSD", "no plan costs less"),
        Column("price_of_a_point_musd", "MUSD", "more cost for one percentage point less"),
        Column("builds_change", "", "against the point before"),
        Column("no_plan_because", "", ""),
    )
    rows = [
        [
            p["scale"],
            p["objective_musd"],
            p["bound_musd"],
            prices.get(p["scale"]),
            changes.get(p["scale"], ""),
            p["message"],
        ]
        for p in d["points"]
    ]
    lead = (
        f"Least cost against the {what}, scenario {d['scenario']}: tighter to the right. A large dot: builds change. "
        "A cross: no plan. The band is what is not proved."
    )
    least = [x for x in d["least_attainable"] if x["share"] is not None and x["share"] > 0]
    if least:
        worst = max(least, key=lambda x: float(x["share"]))
        lead += f" Out of reach: {worst['cap']} below {share(worst['share'])} in {worst['year']}."
    return [StudyFigure("What each point of China share costs", lead, "frontier", Table(columns, rows))]


def _since(part: Document) -> int | str:
    """2027, or 2027-04 within a year."""
    time = time_of(part["from_year"], part.get("from_month", 1))
    return named_time(time) if month_of(time) > 1 else year_of(time)


def _stress(d: Document) -> list[StudyFigure]:
    columns = (
        Column("run", "", ""),
        Column("case", "", ""),
        Column("name", "", ""),
        Column("from_year", "", ""),
        Column("extra_cost_musd", "MUSD", ""),
        Column("short_t", "t", ""),
        Column("china_share", "share", ""),
        Column("gave_way", "", "rules that cannot be kept"),
        Column("remark", "", ""),
    )
    rows = [
        [
            *(o["run"], o["kind"], o["case"], _since(o), o["extra_musd"], sum((o["short_t"] or {}).values())),
            *(o["china_share"], ", ".join(dict.fromkeys(g["rule"] for g in o["gave_way"])), o["remark"]),
        ]
        for o in d["outcomes"]
    ]
    lead = (
        f"The decisions of each run are held, and a scenario or a loss comes in {_since(d)} or when it shows "
        f"itself: cost beyond the same decisions in the base. The {MOST_CASES} worst cases are drawn; a case without a "
        "plan stands in the table only."
    )
    found = [StudyFigure("What hurts most", lead, "stress", Table(columns, rows))]
    regret = d["regret"]
    if regret:
        cases = list(dict.fromkeys(case for by_case in regret["by_run"].values() for case in by_case))
        rows = [[run, case, by_case.get(case)] for run, by_case in regret["by_run"].items() for case in cases]
        names = (Column("run", "", ""), Column("future", "", ""), Column("regret_musd", "MUSD", ""))
        least = regret["least"]
        lead = (
            "Cost beyond the best of these runs in each future. "
            f"Least regret: {least}, at most {musd(regret['worst'][least])}."
        )
        found.append(StudyFigure("Regret", lead, "regret", Table(names, rows)))
    return found


def _sweep(d: Document) -> list[StudyFigure]:
    paths = [varied["path"] for varied in d["varied"]]
    names = list(d["points"][0]) if d["points"] else []
    columns = tuple(Column(n, "any" if n in paths else _unit(n), "") for n in names)
    rows = [[point[name] for name in names] for point in d["points"]]
    lead = f"Least cost for every combination of {', '.join(paths)}; the first runs along the bottom."
    return [StudyFigure("Sweep of inputs", lead, "sweep", Table(columns, rows))]


def _tornado(d: Document) -> list[StudyFigure]:
    columns = (
        Column("name", "", "figures that are changed together"),
        Column("lower_musd", "MUSD", "more cost when they are lower"),
        Column("higher_musd", "MUSD", "more cost when they are higher"),
        Column("cliff", "", "the plan breaks"),
        Column("illustrative", "", "the source says so"),
        Column("solved", "", "solved again; otherwise a first look"),
        Column("finding", "", "in words"),
    )
    rows = [
        [
            tornado_files.called(f"{b['column']} ({b['cells']})", b["cliff"], b["illustrative"]),
            *(_extra(side) for side in (b["low"], b["high"])),
            *(b["cliff"], b["illustrative"], b["low"]["solved"], b["finding"]),
        ]
        for b in d["bars"]
    ]
    lead = (
        f"What the plan costs more when figures are {share(d['by'])} lower or higher; first where it breaks. "
        f"What to find out next: {' '.join(f'({n}) {line}' for n, line in enumerate(d['next'], 1))}"
    )
    return [StudyFigure("Which figures matter", lead, "tornado", Table(columns, rows))]


def _extra(side: Document) -> float | None:
    """More cost; None where no plan is left."""
    found: float | None = side["extra_musd"] if side["solved"] else side["screened_musd"]
    return found


def _unit(name: str) -> str:
    if name.startswith("max_share "):
        return "share"
    return next((unit for suffix, unit in (("_musd", "MUSD"), ("_t", "t")) if name.endswith(suffix)), "")


def _compare(d: Document) -> list[StudyFigure]:
    runs: Sequence[str] = [run["name"] for run in d["runs"]]
    columns = tuple(
        Column(n, u, "") for n, u in (("term", ""), ("run", ""), ("cost_musd", "MUSD"), ("more_musd", "MUSD"))
    )
    rows = [
        [term_label(term), run, costs[run], costs[run] - costs[runs[0]]]
        for term, costs in d["costs_musd"].items()
        for run in runs
        if any(costs.values())
    ]
    lead = f"Discounted cost of each term beyond that of {runs[0]}. " + " ".join(d["remarks"])
    return [StudyFigure("Why the runs differ in cost", lead.strip(), "compare", Table(columns, rows))]
