"""Which inputs matter: a first look at all groups of figures, then another solve of those that lead.

The first look leaves the plan as it is. It prices it again with the changed figures, adds what limits are worth to it
(marginal values), and asks lenders whether its private projects still stand: a project that they would not finance any
more is a cliff, which no marginal value shows. What leads - all cliffs, then what costs most - is solved again, higher
and lower, on several processes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lodestone.audit.books import read_books
from lodestone.audit.costs import totals_by_term
from lodestone.audit.lenders import LENDERS
from lodestone.audit.verdict import judge
from lodestone.data.plan_data import MUSD_PER_T, PlanData
from lodestone.errors import UsageError
from lodestone.names import readable
from lodestone.plan.formatting import count, parse_share
from lodestone.plan.plan import Plan
from lodestone.plan.tables import Row
from lodestone.progress import ShouldStop
from lodestone.solve.one_scenario import solve_scenario
from lodestone.studies.parallel.solves import HERE, Where, run_tasks
from lodestone.studies.parallel.source import Source
from lodestone.studies.parallel.tasks import AsItIs, Failure, OnLabel, Tell, Value, by_label, value_of
from lodestone.studies.tornado.groups import Group, changed, groups
from lodestone.studies.tornado.results import Bar, Side, Tornado, one_of_each
from lodestone.workbook.conversion import plan_data
from lodestone.workbook.schema.columns import YEARS
from lodestone.workbook.tables import Tables, row_name

LEADERS = 10  # groups that are solved again, beside the cliffs
MOST_CLIFFS = 10
ASKED = LENDERS[:2]  # whether they finance what the plan builds, and whether its packages are still on offer
LIMITS = {  # rule of what_binds -> sheet and column of its limit, and how many of its units are in one of the sheet
    "China share": ("ChinaShare", YEARS, 100.0),
    "budget": ("Budgets", YEARS, 1.0),
    "plant": ("Plants", YEARS, MUSD_PER_T),
    "project": ("Projects", "capacity_t_per_yr", MUSD_PER_T),
    "market": ("Markets", YEARS, MUSD_PER_T),
    "lane": ("Lanes", YEARS, MUSD_PER_T),
    "cover": ("Stockpiles", YEARS, -1.0),
}
DECIDED = {"investments": "project", "price_floors": "floor", "contracts": "contract"}


@dataclass(frozen=True)
class AgainTask(AsItIs):
    """The workbook with other values in some cells, solved again."""

    source: Source
    edits: Mapping[str, float]
    label: str

    def run(self, tell: Tell, should_stop: ShouldStop) -> Plan:
        inputs = self.source.inputs().edited(dict(self.edits))
        if inputs.problems:
            problem = inputs.problems[0]
            raise UsageError(f"{problem.cell}: {problem.wrong}")
        effort = replace(self.source.effort, on_progress=tell, should_stop=should_stop)
        plan = solve_scenario(inputs, self.source.scenario, effort)
        return replace(plan, tables={name: plan.tables[name] for name in DECIDED}) if self.edits else plan


def parse_by(text: str) -> float:
    """'20%', '20 %' or '0.2'. Raises UsageError for what is no share above 0 and at most 1."""
    return parse_share("--by", text, "give a share above 0 and at most 1, e.g. 20% or 0.2", above_zero=True)


def tornado(
    source: Source,
    by: float = 0.2,
    only: str = "",
    leaders: int = LEADERS,
    where: Where = HERE,
    on_news: OnLabel | None = None,
    should_stop: ShouldStop | None = None,
) -> Tornado:
    """by: share by which figures are higher and lower. only: a word that the source of a figure must have.

    Raises UsageError when no figure is left, NoPlanError and StoppedError when there is no plan to begin with.
    """
    inputs = source.inputs()
    tables = inputs.tables(source.scenario)
    wanted = [g for g in groups(inputs.tables()) if only.casefold() in g.source.casefold()]
    if not wanted:
        raise UsageError(f"--only {only}: no row gives such a source")
    first = [AgainTask(source, {}, "plan")]
    plan: Plan = value_of(run_tasks(first, where, by_label(first, on_news), should_stop)[0])
    look = _Look(tables, inputs.tables(), plan)
    bars = [_bar(group, look, by) for group in wanted]
    leading = _leading(bars, plan.cost, leaders)
    tasks = [
        AgainTask(source, wanted[i].edits(side.factor), f"{bars[i].cells} x {side.factor:g}")
        for i in leading
        for side in bars[i].sides
    ]
    answers = run_tasks(tasks, where, by_label(tasks, on_news), should_stop) if tasks else []
    for number, i in enumerate(leading):
        low, high = (_solved(side, plan, answers[2 * number + j]) for j, side in enumerate(bars[i].sides))
        bars[i] = replace(bars[i], low=low, high=high)
    cost, gap = plan.objective_musd, plan.objective_musd - (plan.bound_musd or plan.objective_musd)
    order = sorted(bars, key=lambda bar: _rank(bar, cost))
    return Tornado(
        readable(source.workbook),
        plan.plan_name,
        source.scenario,
        by,
        only,
        cost,
        gap,
        tuple(order),
        tuple(_remarks(bars, leading, gap)),
    )


def _remarks(bars: Sequence[Bar], leading: Sequence[int], gap: float) -> list[str]:
    lines = [f"{count(len(bars), 'group')} looked at, {len(leading)} solved again, higher and lower."]
    if gap > 0:
        lines.append(f"The plan is known to {gap:,.2f} MUSD only: smaller differences say nothing.")
    return lines


def _leading(bars: Sequence[Bar], cost: float, leaders: int) -> list[int]:
    """Those with a cliff, of several that break the same one, and those that cost most.

    What a cliff costs no first look can say, so that those come first that break most decisions, then guesses.
    """
    order = sorted(range(len(bars)), key=lambda i: -bars[i].swing)
    broken = [bars[i] for i in order if any(side.is_cliff(cost) for side in bars[i].sides)]
    broken.sort(key=lambda bar: (-len(bar.breaks), not bar.illustrative))
    first = one_of_each(broken)
    cliffs = [*first, *(bar for bar in broken if bar not in first)][:MOST_CLIFFS]
    return [bars.index(bar) for bar in cliffs] + [i for i in order if bars[i] not in cliffs][:leaders]


def _rank(bar: Bar, cost: float) -> tuple[bool, bool, int, float]:
    """Cliffs first; of these what was solved again, then what breaks most."""
    cliff = any(side.is_cliff(cost) for side in bar.sides)
    return not cliff, cliff and not bar.low.solved, -len(bar.breaks) if cliff else 0, -bar.swing


def _bar(group: Group, look: _Look, by: float) -> Bar:
    low, high = (look.at(group, factor) for factor in (1 - by, 1 + by))
    about = (group.sheet, group.column, group.source, group.cells, len(group.values), group.is_illustrative)
    return Bar(*about, low, high)


class _Look:
    """A plan as it is, seen with other figures."""

    def __init__(self, tables: Tables, base: Tables, plan: Plan) -> None:
        self.tables, self.base, self.plan = tables, base, plan
        self.document = plan.document()
        data = plan_data(tables, base)
        self.cost = self._priced(data)
        self.broken = self._broken(data)
        self.same = tables is base
        self.limits: dict[tuple[str, str, str], list[Row]] = {}
        for row in plan.rows("what_binds"):
            if row["rule"] in LIMITS:
                sheet, column, _ = LIMITS[row["rule"]]
                self.limits.setdefault((sheet, column, row["name"]), []).append(row)

    def _priced(self, data: PlanData) -> float:
        return sum(totals_by_term(data, read_books(data, self.document)).values())

    def _broken(self, data: PlanData) -> set[str]:
        found = judge(ASKED, data, read_books(data, self.document))
        return {f"{finding.rule.split(') ', 1)[-1]}: {finding.where}" for finding in found.findings}

    def at(self, group: Group, factor: float) -> Side:
        """With the figures of a group so many times as large."""
        base = changed(self.base, group, factor)
        tables = base if self.same else changed(self.tables, group, factor)
        data = plan_data(tables, base)
        musd = self._priced(data) - self.cost - self._limits(group, factor) + self._demand(group, data, factor)
        return Side(factor, musd, tuple(sorted(self._broken(data) - self.broken)))

    def _limits(self, group: Group, factor: float) -> float:
        """What more of the limits of a group saves, MUSD."""
        saved = 0.0
        for key in group.rows:
            names = (row_name(group.sheet, key), *key[:1])
            if group.sheet == "Lanes":
                names = (f"{key[2]}, {key[0]} to {key[1]}",) if len(key) > 2 else ()
            for row in (
                r for name in dict.fromkeys(names) for r in self.limits.get((group.sheet, group.column, name), ())
            ):
                unit = LIMITS[row["rule"]][2]
                saved += row["present_value"] * unit * row["limit"] * (factor - 1)
        return saved

    def _demand(self, group: Group, data: PlanData, factor: float) -> float:
        """What more demand costs: its supply at the margin, or its shortage."""
        if group.sheet != "Demand":
            return 0.0
        supply = {(r["material"], r["region"], r["year"]): r for r in self.plan.rows("supply_cost")}
        total = 0.0
        for row in self.plan.rows("demand"):
            if (row["region"], row["sector"], row["material"]) not in group.rows:
                continue
            at = supply.get((row["material"], row["region"], row["year"]), {})
            prices = [p for p in (at.get("exposed_usd_per_kg"), at.get("clean_usd_per_kg")) if p is not None]
            per_t = min(prices, default=0.0) * LIMITS["market"][2]
            if row["short_t"] > 0:
                per_t = data.sectors[row["sector"]].shortage_cost
            total += per_t * row["demand_t"] * (factor - 1) * data.discount(row["year"])
        return total


def _solved(side: Side, plan: Plan, answer: Value) -> Side:
    """With what came of another solve."""
    if isinstance(answer, Failure):
        return replace(side, solved=True, message=answer.message)
    flips = sorted(_decided(plan) ^ _decided(answer))
    return replace(side, solved=True, extra_musd=answer.objective_musd - plan.objective_musd, flips=tuple(flips))


def _decided(plan: Plan) -> set[str]:
    """What is built, awarded and signed, in whatever year."""
    return {row[name] for table, name in DECIDED.items() for row in plan.rows(table)}
