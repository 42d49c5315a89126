"""What holds in every plan that is hardly dearer: a line on the first page, two sheets, two columns of the costs."""

from __future__ import annotations

from lodestone.plan.formatting import count, share, share_at_most
from lodestone.plan.plan import Plan
from lodestone.plan.tables import Column
from lodestone.report.plan.table_sheet import TableSheet

MUST, MAY, UNPROVED = "must", "may", "unproved"
VERDICTS = {
    MUST: "in every plan",
    MAY: "could be swapped",
    "never": "in no plan",
    UNPROVED: "not proved in the time given",
}
DECISIONS = (
    Column("kind", "", "project, floor or contract"),
    Column("name", "", "its name"),
    Column("certain", "", "in every plan within the limit, in some, in none, or not proved"),
)
RANGES = (
    Column("figure", "", "what it is; over the horizon, costs discounted"),
    Column("of", "", "cost term, payer, mineral, plant, stockpile or origin"),
    Column("unit", "", "of the figures"),
    Column("decisions", "", "held: as in the plan; free: builds, awards and signings too may be others"),
    Column("plan", "any", "in the plan"),
    Column("least", "any", "in any plan within the limit; empty where nothing limits it"),
    Column("most", "any", "in any plan within the limit; empty where nothing limits it"),
)


def certain_line(plan: Plan) -> str:
    """'9 builds are in every plan within 0.5%; 14 could be swapped.'; empty where it was not asked for."""
    if plan.certain is None:
        return ""
    builds = [d["verdict"] for d in plan.certain["decisions"] if d["kind"] == "project"]
    must, may, open_ = (builds.count(verdict) for verdict in (MUST, MAY, UNPROVED))
    are = "is" if must == 1 else "are"
    parts = [f"{count(must, 'build')} {are} in every plan within {share_at_most(plan.certain['within'])}"]
    parts += [f"{may} could be swapped"]
    parts += [f"{open_} not proved"] if open_ else []
    return "; ".join(parts) + "."


def certain_sheets(plan: Plan) -> list[TableSheet]:
    """Decisions, then figures; none where it was not asked for."""
    if plan.certain is None:
        return []
    within = share(plan.certain["within"])
    decisions = [[d["kind"], d["name"], VERDICTS.get(d["verdict"], d["verdict"])] for d in plan.certain["decisions"]]
    ranges = [[r[c.name] for c in RANGES] for r in plan.certain["ranges"]]
    return [
        TableSheet("Certain", f"Which decisions are in every plan within {within} of the cost?", DECISIONS, decisions),
        TableSheet("Ranges", f"How far may figures move in plans that cost at most {within} more?", RANGES, ranges),
    ]


def range_of(plan: Plan, figure: str, of: str) -> tuple[float | None, float | None]:
    """The widest range known of a figure; nothing where none was sought."""
    rows = [r for r in (plan.certain or {}).get("ranges", ()) if (r["figure"], r["of"]) == (figure, of)]
    if not rows:
        return None, None
    least, most = ([r[end] for r in rows] for end in ("least", "most"))
    return (None if None in least else min(least), None if None in most else max(most))
