"""What commands answer to programs (--json): the key figures of a result, and where its files are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from lodestone.plan.plan import Plan
from lodestone.plan.run_files import PLAN_JSON, RUN_LOG, plan_book
from lodestone.plan.tables import Document
from lodestone.report.studies.stress_files import RANKED, ranked
from lodestone.studies.attack.results import Attack
from lodestone.studies.compare.results import Comparison
from lodestone.studies.frontier.results import Frontier
from lodestone.studies.frontier.security_results import SecurityCost
from lodestone.studies.parallel.tasks import Value
from lodestone.studies.stress.results import Stress
from lodestone.studies.sweep.results import Sweep, columns, rows

Answer = Document
FIGURES = (
    *("plan_name", "scenario", "status", "objective_musd", "expected_cost_musd", "cvar_musd", "bound_musd", "gap"),
    *("reference_musd", "extra_cost_musd", "reference_note"),
    *("evpi_musd", "vss_musd", "payers_musd", "tariff_revenue_musd", "workbook", "workbook_sha256"),
)
DECISIONS = {"investments": "project", "price_floors": "floor", "contracts": "contract"}


def plan_answer(plan: Plan, folder: Path) -> Answer:
    """Of a run: key figures, names of what is decided, folder and files."""
    document = plan.document()
    decided = {name: list(dict.fromkeys(row[key] for row in plan.rows(name))) for name, key in DECISIONS.items()}
    return {
        **{name: document[name] for name in FIGURES if name in document},
        **decided,
        "warnings": plan.warnings,
        "seconds": sum(plan.seconds.values()),
        "folder": str(folder),
        "files": [str(path) for path in (plan_book(folder), folder / PLAN_JSON, folder / RUN_LOG)],
    }


def many_answer(answers: Sequence[Value], folders: Mapping[str, Path]) -> Answer:
    """Of several runs: each as by itself, or its error."""
    return {"runs": [_one_of_many(done, folders) for done in answers]}


def _one_of_many(done: Value, folders: Mapping[str, Path]) -> Answer:
    name = done.job.label
    if done.plan is None:
        return {"scenario": name, "error": done.message, "exit_code": done.exit_code}
    return {**plan_answer(done.plan, folders[name]), "exit_code": 0}


def comparison_answer(comparison: Comparison, files: Sequence[Path]) -> Answer:
    """Of a comparison: which decisions differ, by how much the objectives do, and how many inputs."""
    return {
        "files": [str(file) for file in files],
        "runs": list(comparison.names),
        "difference_musd": {run.name: run.difference_musd for run in comparison.runs},
        "within_gap": {run.name: run.within_gap for run in comparison.runs[1:]},
        "decisions_that_differ": [
            {"kind": d.kind, "name": d.name, "values": dict(zip(comparison.names, d.values, strict=True))}
            for d in comparison.decisions
            if d.differs
        ],
        "inputs_that_differ": [difference.cell for difference in comparison.inputs],
        "remarks": list(comparison.remarks),
    }


def frontier_answer(frontier: Frontier, files: Sequence[Path]) -> Answer:
    """Of a frontier: cost at each point, and the least attainable shares."""
    return {
        "files": [str(file) for file in files],
        "points": [
            {"scale": p.scale, "objective_musd": p.objective_musd, "gap": p.gap, "message": p.message}
            for p in frontier.points
        ],
        "least_attainable": [
            {"cap": x.cap, "year": x.year, "share": x.share, "proved": x.proved} for x in frontier.least_attainable
        ],
    }


def sweep_answer(sweep: Sweep, files: Sequence[Path]) -> Answer:
    """Of a sweep: its table, a point an object."""
    names = [column.name for column in columns(sweep)]
    return {
        "files": [str(file) for file in files],
        "failed": sweep.failed,
        "points": [dict(zip(names, row, strict=True)) for row in rows(sweep)],
    }


def stress_answer(stress: Stress, files: Sequence[Path]) -> Answer:
    """Of stress tests: the ranked cases of each run, and the regret of several."""
    names = [column.name for column in RANKED]
    return {
        "files": [str(file) for file in files],
        "runs": list(stress.runs),
        "cases": [dict(zip(names, row, strict=True)) for row in ranked(stress)],
        "worst_regret_musd": dict(stress.regret.worst) if stress.regret else None,
        "least_worst_regret": stress.regret.least if stress.regret else None,
        "remarks": list(stress.remarks),
    }


def attack_answer(attack: Attack, files: Sequence[Path]) -> Answer:
    """Of an attack: the combinations, the worst first."""
    return {
        "files": [str(file) for file in files],
        "run": attack.run,
        "k": attack.k,
        "combinations": [{**asdict(blow), "threats": list(blow.threats)} for blow in attack.blows],
        "skipped": attack.skipped,
        "remarks": list(attack.remarks),
    }


def security_answer(study: SecurityCost, files: Sequence[Path]) -> Answer:
    """Of the cost of security: a point for each number of threats."""
    return {"files": [str(file) for file in files], "points": [asdict(point) for point in study.points]}
