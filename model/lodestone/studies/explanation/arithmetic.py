"""What plain arithmetic proves to be impossible, before anything is solved: one function each, with the cells.

Nothing here is a guess: each compares the least that the workbook asks for with the most that can be there (`reach`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf

from lodestone.data.network import decision_nodes
from lodestone.data.plan_data import MONTHS, PlanData
from lodestone.data.times import named_time
from lodestone.data.tree import Tree
from lodestone.plan.formatting import days, in_words, musd, share_at_most, tonnes, year_ranges
from lodestone.rules.stockpiles import DAYS_PER_YEAR, suspended
from lodestone.studies.explanation.results import Finding
from lodestone.studies.explanation.supply_bounds import At, Decidable, Year, decidable, reach, ready, too_much, why_not
from lodestone.workbook.cell_locations import Places

ROUNDING = 1e-6  # relative: less is not told as impossible
MOST_SOURCES = 5


@dataclass(frozen=True)
class Future:
    """One future as it is known from the start: nothing that is impossible in it is possible in a joint plan."""

    tree: Tree
    places: Places
    told: str  # " [embargo]" where there are several

    @cached_property
    def decidable(self) -> Decidable:
        """What can still be decided, and when."""
        return decidable(self.tree)

    @cached_property
    def all(self) -> dict[int, Year]:
        """Node -> what could be supplied at most."""
        return reach(self.tree, self.decidable)

    @cached_property
    def clean(self) -> dict[int, Year]:
        """Node -> what could be supplied at most without exposure."""
        return reach(self.tree, self.decidable, clean=True)

    def data(self, n: int) -> PlanData:
        return self.tree.data[n]

    def cell(self, n: int, sheet: str, key: tuple[str, ...], column: str | int | None = None) -> str:
        return self.places.name(self.data(n).scenario.name, sheet, key, column)

    def least(self, n: int, keys: Iterable[tuple[str, str, str]]) -> float:
        """What must be delivered to these demand rows, t in the period: what is avoided is not."""
        data, time = self.data(n), self.tree.time[n]
        total = 0.0
        for r, s, m in keys:
            wanted = data.demand[r, s, m][time]
            avoided = sum(o.share[time] for o in data.substitution.values() if (o.sector, o.material) == (s, m))
            total += max(0.0, data.sectors[s].min_service_share - avoided) * wanted
        return self.tree.length[n] * total

    def seen(self, n: int, cell: str, text: str, cells: Iterable[str]) -> Seen:
        """A finding of a node; of a year that is cut it names the period."""
        if self.tree.months[n] < MONTHS:
            text = text.replace("{years}", named_time(self.tree.time[n], by_month=True))
        return Seen(cell, text, self.tree.year[n], tuple(cells))


@dataclass(frozen=True)
class Seen:
    """A finding of one year; those that say the same of several years are told once."""

    cell: str
    text: str  # holds {years}
    year: int
    cells: tuple[str, ...]


def find(tree: Tree, places: Places) -> tuple[Finding, ...]:
    """All findings of all futures."""
    seen: dict[tuple[str, str], list[Seen]] = defaultdict(list)
    several = len(tree.leaves) > 1
    for leaf in tree.leaves:
        future = Future(tree.along(leaf), places, f" [{tree.data[leaf].scenario.name}]" if several else "")
        for check in CHECKS:
            for one in check(future):
                seen[one.cell, one.text].append(one)
    return tuple(
        Finding(
            cell,
            text.replace("{years}", year_ranges(one.year for one in ones)),
            tuple(dict.fromkeys(c for one in ones for c in (cell, *one.cells))),
        )
        for (cell, text), ones in seen.items()
    )


def _beyond(asked: float, most: float) -> bool:
    return asked > most + ROUNDING * max(1.0, asked)


# --- service --------------------------------------------------------------------------------------------------------


def service_without_supply(f: Future) -> Iterator[Seen]:
    """min_service_share asks for more than can reach the region."""
    for n in f.tree.nodes:
        for r, m, keys in _wanted(f, n):
            asked, most = f.least(n, keys), f.all[n].into.get((r, m), 0.0)
            if _beyond(asked, most):
                sectors = list(dict.fromkeys(s for _, s, _ in keys))
                words, cells = _sources(f, [n], f.all, [r], m)
                text = (
                    f"{in_words(sectors)} in {r} must get {tonnes(asked)} of {m} in {{years}}, and at most "
                    f"{tonnes(most)} can reach {r}: {words}{f.told}"
                )
                first = f.cell(n, "Sectors", (sectors[0],), "min_service_share")
                demand = [f.cell(n, "Demand", key, f.tree.year[n]) for key in keys]
                yield f.seen(n, first, text, (*demand, *cells))


def service_of_all_regions(f: Future) -> Iterator[Seen]:
    """min_service_share of all regions together asks for more than there is anywhere."""
    for n in f.tree.nodes:
        regions = defaultdict(list)
        for r, m, keys in _wanted(f, n):
            regions[m].append((r, keys))
        for m, by_region in regions.items():
            asked = sum(f.least(n, keys) for _, keys in by_region)
            most = sum(t for (_, material), t in f.all[n].made.items() if material == m)
            alone = any(_beyond(f.least(n, keys), f.all[n].into.get((r, m), 0.0)) for r, keys in by_region)
            if len(by_region) > 1 and not alone and _beyond(asked, most):
                text = (
                    f"all regions together must get {tonnes(asked)} of {m} in {{years}}, and at most {tonnes(most)} "
                    f"can be made, bought or released anywhere{f.told}"
                )
                sectors = dict.fromkeys(key[1] for _, keys in by_region for key in keys)
                cells = [f.cell(n, "Sectors", (s,), "min_service_share") for s in sectors]
                yield f.seen(n, cells[0], text, cells[1:])


def _wanted(f: Future, n: int) -> Iterator[tuple[str, str, list[tuple[str, str, str]]]]:
    """(region, material, demand rows of which a part must be met)."""
    by: dict[At, list[tuple[str, str, str]]] = defaultdict(list)
    for r, s, m in f.data(n).demand:
        if f.least(n, [(r, s, m)]) > 0:
            by[r, m].append((r, s, m))
    for (r, m), keys in by.items():
        yield r, m, keys


# --- China share ----------------------------------------------------------------------------------------------------


def cap_without_clean_chain(f: Future) -> Iterator[Seen]:
    """What must be delivered in a year, less the share that may be exposed, is more than can be there clean."""
    for n in f.tree.nodes:
        data, nodes = f.data(n), f.tree.year_nodes(n)
        for cap in data.caps.values() if f.tree.ends_year(n) else ():
            limits = [share for a in nodes if (share := cap.share.get(f.tree.time[a])) is not None]
            if len(limits) < len(nodes) or min(limits) >= 1:
                continue
            for m in cap.materials:
                keys = [
                    (r, s, material)
                    for r, s, material in data.demand
                    if material == m and r in cap.regions and cap.sector in (None, s)
                ]
                asked = sum((1 - limit) * f.least(a, keys) for a, limit in zip(nodes, limits, strict=True))
                regions = list(dict.fromkeys(r for r, _, _ in keys))
                into = sum(f.clean[a].into.get((r, m), 0.0) for a in nodes for r in regions)
                made = (t for a in nodes for (_, material), t in f.clean[a].made.items() if material == m)
                most = min(into, sum(made))
                if asked > 0 and _beyond(asked, most):
                    yield _uncleanable(f, n, cap.name, m, keys, asked, most)


def _uncleanable(
    f: Future, n: int, cap: str, m: str, keys: list[tuple[str, str, str]], asked: float, most: float
) -> Seen:
    year = f.tree.year[n]
    row = f.data(n).caps[cap]
    who = in_words(list(dict.fromkeys(s for _, s, _ in keys)))
    words, cells = _sources(f, f.tree.year_nodes(n), f.clean, list(dict.fromkeys(r for r, _, _ in keys)), m)
    most_share = share_at_most(row.share[f.tree.time[n]] or 0.0)
    text = (
        f"at most {most_share} of the {m} that {who} must get may be exposed, so that "
        f"{tonnes(asked)} have to be clean in {{years}}, and at most {tonnes(most)} can be: {words}{f.told}"
    )
    sectors = dict.fromkeys(s for _, s, _ in keys if f.data(n).sectors[s].min_service_share > 0)
    served = [f.cell(n, "Sectors", (s,), "min_service_share") for s in sectors]
    return Seen(f.cell(n, "ChinaShare", (cap,), year), text, year, (*served, *cells))


# --- what gives how much --------------------------------------------------------------------------------------------


def _sources(
    f: Future, nodes: Sequence[int], years: dict[int, Year], regions: list[str], m: str
) -> tuple[str, tuple[str, ...]]:
    """What can come at these nodes together, and what cannot and why, in words, with cells."""
    n = nodes[-1]
    data, year = f.data(n), f.tree.year[n]
    said: list[tuple[str, str]] = []
    none: list[tuple[str, str]] = []
    for (origin, material), last in years[n].sources.items():
        if material != m:
            continue
        by = {source: sum(years[a].sources[origin, m].get(source, 0.0) for a in nodes) for source in last}
        lanes = [lane for r in regions if (lane := data.lanes.get((m, origin, r)))]
        open_t = sum(f.tree.length[a] * lane.capacity_in(f.tree.time[a]) for a in nodes for lane in lanes)
        gives = sum(by.values())
        if open_t <= 0 < gives:
            into = [r for r in regions if r != origin]
            if into:
                key = (origin, into[0], m)
                name = f.cell(n, "Lanes", key, "open" if not lanes else year)
                none.append((name, f"none from {origin}, as no open lane leads to {in_words(into)}"))
            continue
        if open_t < gives:
            key = (origin, next((r for r in regions if (m, origin, r) in data.lanes), regions[0]), m)
            said.append((f.cell(n, "Lanes", key, year), f"{tonnes(open_t)} from {origin} by its lane"))
            continue
        for (sheet, name), t in by.items():
            told = _source(f, n, sheet, name, t)
            if told:
                (said if t > 0 else none).append(told)
    parts = [*said[:MOST_SOURCES], *none[:MOST_SOURCES]]
    more = len(said) + len(none) - len(parts)
    words = "; ".join(text for _, text in parts) + (f"; and {more} more" if more else "")
    return words or "nothing makes or sells it", tuple(cell for cell, _ in parts)


def _source(f: Future, n: int, sheet: str, name: str, t: float) -> tuple[str, str] | None:
    year, amount = f.tree.year[n], "any amount" if t == inf else tonnes(t)
    if sheet == "Projects":
        return _project(f, n, name, t)
    if sheet == "Returns":
        return ("Returns", f"{amount} of scrap from {name}") if t > 0 else None
    if sheet == "Stockpiles":
        column = "opening_t" if t > 0 or f.data(n).stockpiles[name].max_release != 0 else "max_release_t_per_yr"
        return (f.cell(n, sheet, (name,), column), f"{amount} from the stock {name}")
    contract = next((c for c in f.data(n).contracts.values() if c.supplier == name), None)
    refused = contract and too_much(f.tree, n, contract)
    if contract and refused:
        cell = f.cell(n, "Contracts", (contract.name,), "min_t_per_yr")
        text = (
            f"{amount} from {name}, as {contract.name} asks for {tonnes(contract.min_t)} a year at least and {name} "
            f"cannot promise more than {tonnes(refused[1])} ({cell})"
        )
        return cell, text
    return f.cell(n, sheet, (name,), year), f"{amount} from {name}"


def _project(f: Future, n: int, name: str, t: float) -> tuple[str, str]:
    project = f.data(n).projects[name]
    if t > 0:
        return f.cell(n, "Projects", (name,), "capacity_t_per_yr"), f"{tonnes(t)} from {name}, if it is built in time"
    first = ready(f.tree, project, f.decidable)
    if first is not None:
        why = (
            f"none from {name}, which cannot produce before {first}" if first > f.tree.year[n] else f"none from {name}"
        )
        return f.cell(n, "Projects", (name,), "lead_years"), why
    reasons = {why_not(f.tree, d, project) for d in decision_nodes(f.tree, name)}
    if not reasons:
        return f.cell(
            n, "Projects", (name,), "latest_year"
        ), f"none from {name}, which cannot be ready within its years"
    reason = next(iter(reasons))
    if reason == "lenders":
        return f.cell(n, "Projects", (name,), "hurdle_rate"), f"none from {name}, which no package makes bankable"
    cell = f.cell(n, "Budgets", (str(reason),), f.data(n).last_year)
    return cell, f"none from {name}, as {musd(project.capex)} of capex are more than {reason} has ({cell})"


# --- stockpiles -----------------------------------------------------------------------------------------------------


def cover_beyond_capacity(f: Future) -> Iterator[Seen]:
    """Days of cover of the demand alone need more than the stockpile holds, or than can be in it by then."""
    for n in f.tree.nodes:
        data, year = f.data(n), f.tree.year[n]
        for s, pile in data.stockpiles.items():
            asked, needed = cover_of(f, n, s)
            if not _beyond(needed, f.all[n].stock[s]):
                continue
            cell = f.cell(n, "Stockpiles", (s,), year)
            if _beyond(needed, pile.capacity):
                text = (
                    f"{days(asked)} of cover of {pile.material} need {tonnes(needed)} in {{years}}, capacity_t is "
                    f"{tonnes(pile.capacity)}{f.told}"
                )
                yield f.seen(n, cell, text, (f.cell(n, "Stockpiles", (s,), "capacity_t"),))
            else:
                opening = sum(pile.opening.values())
                filled = "" if pile.max_fill is None else f" and max_fill {tonnes(pile.max_fill)} a year"
                text = (
                    f"{days(asked)} of cover of {pile.material} need {tonnes(needed)} at the end of {{years}}, and "
                    f"from an opening stock of {tonnes(opening)}{filled} it can hold {tonnes(f.all[n].stock[s])} by "
                    f"then{f.told}"
                )
                names = ("opening_t", *(() if pile.max_fill is None else ("max_fill_t_per_yr",)))
                yield f.seen(n, cell, text, (f.cell(n, "Stockpiles", (s,), name) for name in names))


def cover_of(f: Future, n: int, s: str) -> tuple[float, float]:
    """Days asked for, and the tonnes that they need for the demand alone; 0 where suspended or not in force."""
    data, time = f.data(n), f.tree.time[n]
    pile = data.stockpiles[s]
    asked = 0.0 if suspended(f.tree, n, s) else pile.days.get(time) or 0.0
    demand = sum(t[time] for (r, _, m), t in data.demand.items() if m == pile.material and r in pile.covers)
    return asked, asked / DAYS_PER_YEAR * demand


# --- budgets --------------------------------------------------------------------------------------------------------


def stock_beyond_budget(f: Future) -> Iterator[Seen]:
    """What must be bought for the cover costs more, at the lowest prices until then, than the budget has."""
    for n in f.tree.nodes:
        data, path = f.data(n), f.tree.path[n]
        for budget in data.budgets.values() if f.tree.ends_year(n) else ():
            limits = [f.data(a).budgets[budget.name].limit.get(f.tree.time[a]) for a in path]
            if "stockpile" not in budget.covers or None in limits:
                continue
            money = sum(f.tree.length[a] * (limit or 0.0) for a, limit in zip(path, limits, strict=True))
            bought = {s: t for s in data.stockpiles if (t := _to_buy(f, n, s)) > 0}
            cost = sum(t * min(f.data(a).stock_price(s, f.tree.time[a]) for a in path) for s, t in bought.items())
            if _beyond(cost, money):
                text = (
                    f"the cover of {in_words(list(bought))} needs purchases of {musd(cost)} at least by the end of "
                    f"{{years}}, and {budget.name} has {musd(money)} by then{f.told}"
                )
                cells = [f.cell(n, "Stockpiles", (s,), f.tree.year[n]) for s in bought]
                yield Seen(f.cell(n, "Budgets", (budget.name,), f.tree.year[n]), text, f.tree.year[n], tuple(cells))


def _to_buy(f: Future, n: int, s: str) -> float:
    """Tonnes that must have been put in by the end of a node's year: what is asked, less what is left of the
    opening."""
    _, needed = cover_of(f, n, s)
    if needed <= 0:
        return 0.0
    data = f.data(n)
    pile = data.stockpiles[s]
    kept = (1 - data.materials[pile.material].annual_loss_share) ** sum(f.tree.length[a] for a in f.tree.path[n])
    return needed - kept * sum(pile.opening.values())


CHECKS: tuple[Callable[[Future], Iterator[Seen]], ...] = (
    service_without_supply,
    service_of_all_regions,
    cap_without_clean_chain,
    cover_beyond_capacity,
    stock_beyond_budget,
)
