"""Frontier -> frontier.xlsx, frontier.png and frontier.json."""

from __future__ import annotations

from pathlib import Path

from lodestone.plan.formatting import one_line
from lodestone.report.studies.frontier_workbook import write_frontier_workbook
from lodestone.report.studies.study_files import Kind, write_files
from lodestone.studies.frontier.results import SHAPE, Frontier, document

KIND = Kind("frontier", "frontier", "frontier_format", (".json", ".xlsx", ".png"), SHAPE)
LINE, KNEE, BAND = "#1F3A4D", "#C8553D", "#9DB2BF"


def write_frontier(frontier: Frontier, out: Path) -> list[Path]:
    """Write all three beside each other; returns their paths, the workbook first."""
    path = KIND.check_out(out)
    json, book, chart = write_files(
        path,
        {
            ".json": lambda new: KIND.write_json(document(frontier), new),
            ".xlsx": lambda new: write_frontier_workbook(frontier, new),
            ".png": lambda new: draw(frontier, new),
        },
    )
    return [book, chart, json]


def draw(frontier: Frontier, path: Path) -> None:
    """Cost over allowed share; where builds change, a dot; what is proved, a band; what is out of reach, a cross."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    found = frontier.found
    scales = [100 * p.scale for p in found]
    costs, bounds = [p.cost for p in found], [p.cost - p.slack_musd for p in found]
    axes.fill_between(scales, bounds, costs, color=BAND, alpha=0.5, linewidth=0,
                      label="not proved" if any(p.slack_musd > 1e-6 for p in found) else None)  # fmt: skip
    axes.plot(scales, costs, color=LINE, linewidth=2, marker="o", markersize=4, label="least cost")
    tight = {p.scale: p for p in found}
    knees = [tight[step.to_scale] for step in frontier.steps if step.changes]
    if knees:
        axes.plot([100 * p.scale for p in knees], [p.cost for p in knees], "o", color=KNEE, markersize=7,
                  label="builds change")  # fmt: skip
    missing = [100 * p.scale for p in frontier.points if p.objective_musd is None]
    if missing:
        low = min(costs, default=0.0)
        axes.plot(missing, [low] * len(missing), "x", color=KNEE, label="no plan")
    axes.set_xlim(max((100 * p.scale for p in frontier.points), default=100) + 2, -2)  # tighter to the right
    axes.set_xlabel(f"{_literal(frontier.scale_name)} (%)")
    axes.set_ylabel("Least cost (MUSD, discounted)")
    axes.set_title(_literal(f"{frontier.plan_name}, {frontier.scenario}"))
    axes.ticklabel_format(axis="y", style="plain", useOffset=False)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.1f}")
    axes.grid(color="#DDDDDD")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=150)


def _literal(text: str) -> str:
    """Names may hold $, which would begin a formula."""
    return one_line(text)[:80].replace("$", r"\$")
