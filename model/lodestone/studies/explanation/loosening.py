"""Every rule loosened: one function for each kind of cell that may give way (`knobs` says what each counts)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from math import isinf

from lodestone.data import lenders
from lodestone.data.network import largest_capacity
from lodestone.data.plan_data import STREAMS
from lodestone.rules.budgets import counted
from lodestone.rules.stockpiles import DAYS_PER_YEAR, required_days
from lodestone.solver.highs_model import INFINITY
from lodestone.studies.explanation.adjustable_cells import A_WORD, A_YEAR
from lodestone.studies.explanation.elastic_rows import Giving, MakeTree
from lodestone.workbook.cell_locations import Places

MOST_COPIES = 3  # of a project, beyond max_builds
MOST_TIMES = 10.0  # the volume of a contract


def loosened(places: Places, make_tree: MakeTree) -> Giving:
    """The loosened model of a run; make_tree: its tree, of the data by scenario."""
    giving = Giving(places, make_tree)
    for loosen in (_service, _covers, _shares, _stock_limits, _budgets, _lanes, _markets, _plants):
        loosen(giving)
    for loosen in (_contracts, _windows, _copies, _groups, _requires, _floors):
        loosen(giving)
    giving.finish()
    return giving


def _service(g: Giving) -> None:
    served = (("min_service_share", g.built.model.flows.service), ("secure_share", g.built.model.secure.served))
    for column, rows in served:
        for (n, r, s, m), row in rows.items():
            place = g.cell(n, "Sectors", (s,), column)
            if place:
                demand = g.tree.length[n] * g.data(n).demand[r, s, m][g.tree.time[n]]
                g.knob(place, "lower", "share", 1.0, place.value).loosen(g.solver.row_of(row), -demand)


def _covers(g: Giving) -> None:
    piles = g.built.model.stockpiles
    for (n, s), row in piles.cover.items():
        intake, demand = piles.consumption[n, s]
        data = g.data(n)
        most = sum(
            unit.inputs[data.stockpiles[s].material] * largest_capacity(g.tree, n, unit)
            for unit in g.tree.data[n].units.values()
            if data.stockpiles[s].material in unit.inputs and unit.region in data.stockpiles[s].covers
        )
        stock = [(1.0, piles.stock[n, s, k]) for k in STREAMS if (n, s, k) in piles.stock]
        stock += [(1.0, piles.lacking[n, s])] if (n, s) in piles.lacking else []
        g.covers.append((g.solver.row_of(row), stock, intake, demand, required_days(g.tree, n, s)))
        g.bend(n, g.solver.row_of(row), "Stockpiles", (s,), "lower", "days", (demand + most) / DAYS_PER_YEAR)


def _shares(g: Giving) -> None:
    block = g.built.model.china_share
    for key, row in (*block.deliveries.items(), *block.intake.items(), *block.fills.items()):
        n, cap, material, basis = key
        exposed, total = block.consumption[key]
        data = g.data(n)
        caps = data.caps[cap]
        if basis == "deliveries":
            most = sum(
                g.tree.length[a] * series[g.tree.time[a]]
                for a in g.tree.year_nodes(n)
                for (r, s, m), series in data.demand.items()
                if m == material and r in caps.regions and caps.sector in (None, s)
            )
        elif basis == "fills":
            piles = [p for p in data.stockpiles.values() if p.material == material and p.region in caps.regions]
            most = sum(pile.capacity for pile in piles)
        else:
            most = sum(
                unit.inputs[material] * largest_capacity(g.tree, n, unit)
                for unit in g.tree.data[n].units.values()
                if material in unit.inputs and unit.region in caps.regions
            )
        g.shares.append((g.solver.row_of(row), exposed, total, caps.share[g.tree.time[n]] or 0.0))
        g.bend(n, g.solver.row_of(row), "ChinaShare", (cap,), "raise", "share", -most)
    for (n, cap, s), row in block.stock.items():
        pile = g.data(n).stockpiles[s]
        g.yearly(n, "ChinaShare", (cap,), "raise", "share", [(g.solver.row_of(row), -pile.capacity)])


def _stock_limits(g: Giving) -> None:
    piles = g.built.model.stockpiles
    for name, column, var in (
        ("capacity", "capacity_t", piles.stock),
        ("max_fill", "max_fill_t_per_yr", piles.fill),
        ("max_release", "max_release_t_per_yr", piles.release),
    ):
        rows = getattr(piles, name)
        for n in g.tree.nodes:
            for s, pile in g.data(n).stockpiles.items():
                limit = getattr(pile, name)
                if limit is None:
                    continue
                if (n, s) in rows:
                    row = g.solver.row_of(rows[n, s])
                else:
                    terms = [(g.solver.column_of(var[n, s, k]), 1.0) for k in STREAMS if (n, s, k) in var]
                    if not terms:
                        continue
                    row = g.solver.add_row(terms, limit if name == "capacity" else g.tree.length[n] * limit)
                    g.added[row] = (f"stockpiles.{name}", (n, s))
                place = g.cell(n, "Stockpiles", (s,), column)
                if place:
                    scale = limit or pile.capacity or 1.0
                    g.knob(place, "raise", "t" if name == "capacity" else "t/yr", scale).loosen(
                        row, -1.0 if name == "capacity" else -g.tree.length[n]
                    )


def _budgets(g: Giving) -> None:
    block = g.built.model.budgets
    spent = [(node, name, row) for (n, name), row in block.within.items() for node in counted(g.tree, name, n)]
    spent += [(n, name, row) for (n, name, _), row in block.later.items()]
    for node, name, row in spent:
        g.yearly(node, "Budgets", (name,), "raise", "MUSD/yr", [(g.solver.row_of(row), -1.0)], reference=10.0)


def _lanes(g: Giving) -> None:
    flow = g.built.model.flows
    ships = defaultdict(list)
    for (n, m, r, to, _), ship in flow.ship.items():
        ships[n, m, r, to].append((g.solver.column_of(ship), 1.0))
    for (n, m, r, to), terms in ships.items():
        lane = g.tables(n).lanes[r, to, m]
        key, year = (r, to, m), g.tree.year[n]
        limit = None if lane.capacity is None else lane.capacity_months.get(g.tree.time[n], lane.capacity[year])
        if (n, m, r, to) in flow.lane:
            g.yearly(
                n,
                "Lanes",
                key,
                "raise",
                "t/yr",
                [(g.solver.row_of(flow.lane[n, m, r, to]), -g.tree.length[n])],
                _volume(g, m),
            )
        elif limit == 0:
            row = g.solver.add_row(terms, 0.0)
            g.added[row] = ("flows.lane", (n, m, r, to))
            g.yearly(n, "Lanes", key, "raise", "t/yr", [(row, -g.tree.length[n])], _volume(g, m))
        if not lane.open:
            row = g.solver.add_row(terms, 0.0)
            g.added[row] = ("lanes.open", (n, m, r, to))
            place = g.cell(n, "Lanes", key, "open")
            if place:
                g.knob(place, "open", "", 1 / A_WORD, 1.0, integer=True).loosen(row, -MOST_TIMES * _volume(g, m))


def _volume(g: Giving, material: str) -> float:
    """A year's tonnes of a material in the world of the workbook: a measure, and a bound of what moves."""
    data = g.data(0)
    wanted = sum(max(series[t] for t in data.times) for (_, _, m), series in data.demand.items() if m == material)
    used = sum(
        unit.inputs.get(material, 0.0) * largest_capacity(g.tree, g.tree.leaves[0], unit)
        for unit in data.units.values()
    )
    stocked = sum(pile.capacity for pile in data.stockpiles.values() if pile.material == material)
    return max(wanted + used + stocked, 1.0)


def _supply(g: Giving, n: int, supplier: str) -> Iterator[tuple[str, int]]:
    """(material, row) of what the contracts of a supplier may take together, where the base is what is planned."""
    supply = g.built.model.contracts.supply
    if g.scenario(n) == "base":
        for key in supply:
            if key[:2] == (n, supplier):
                yield key[2], g.solver.row_of(supply[key])


def _markets(g: Giving) -> None:
    """Volumes are bounds: they become rows."""
    m = g.built.model
    for (n, v), buy in m.flows.buy.items():
        market = g.data(n).markets[v]
        volume = market.volume_in(g.tree.time[n])
        if isinf(volume):
            continue
        column = g.solver.column_of(buy)
        g.solver.bound(column, 0.0, INFINITY)
        part = g.tree.length[n]
        row = g.solver.add_row([(column, 1.0)], part * volume)
        g.added[row] = ("markets.volume", (n, v))
        rows = [(row, -part), *((other, -1.0) for _, other in _supply(g, n, v))]
        if (n, v) in m.capacity.market_access:
            rows.append((g.solver.row_of(m.capacity.market_access[n, v]), -part * market.spot_share))
        g.yearly(n, "Markets", (v,), "raise", "t/yr", rows, volume)


def _plants(g: Giving) -> None:
    m = g.built.model
    for (n, u), capacity in m.capacity.capacity.items():
        plant = g.data(n).plants.get(u)
        if plant is None:
            continue
        part = g.tree.length[n]
        rows = [(g.solver.row_of(capacity), -part)]
        rows += [(row, -plant.recipe[material]) for material, row in _supply(g, n, u)]
        if (n, u) in m.capacity.access:
            rows.append((g.solver.row_of(m.capacity.access[n, u]), -part * plant.spot_share))
        g.yearly(n, "Plants", (u,), "raise", "t/yr", rows, plant.capacity[g.tree.time[n]])


def _contracts(g: Giving) -> None:
    block = g.built.model.contracts
    for (n, c), row in block.volume_min.items():
        place = g.cell(n, "Contracts", (c,), "min_t_per_yr")
        if place:
            g.knob(place, "lower", "t/yr", place.value, place.value).loosen(g.solver.row_of(row), -1.0)
    for (n, c), row in block.volume_max.items():
        place = g.cell(n, "Contracts", (c,), "max_t_per_yr")
        if place and place.value > 0:
            most = MOST_TIMES * place.value
            columns = [(g.solver.column_of(block.q[n, c]), 1.0), (g.solver.column_of(block.sign[n, c]), -most)]
            g.added[g.solver.add_row(columns, 0.0)] = ("contracts.volume_max", (n, c))  # nothing without a signature
            g.knob(place, "raise", "t/yr", place.value, most - place.value).loosen(g.solver.row_of(row), -1.0)


def _windows(g: Giving) -> None:
    m = g.built.model
    for sheet, decisions in (("Projects", m.investments.build), ("Contracts", m.contracts.sign)):
        for (n, name), decision in decisions.items():
            data, year = g.data(n), g.tree.year[n]
            row = data.projects[name] if sheet == "Projects" else data.contracts[name]
            if row.earliest_year <= year <= row.latest_year:
                continue
            late = year > row.latest_year
            how, column, away = (
                ("later", "latest_year", year - row.latest_year)
                if late
                else ("earlier", "earliest_year", row.earliest_year - year)
            )
            number = g.solver.column_of(decision)
            g.held[number] = (f"{sheet}.{column}", (n, name))
            place = g.cell(n, sheet, (name,), column)
            if place:
                knob = g.knob(place, how, "year", 1 / A_YEAR)
                knob.windows[number] = year
                knob.about = {**knob.about, number: away}
            g.solver.bound(number, 0.0, 0.0)


def _copies(g: Giving) -> None:
    """max_builds: bounds and rows; a project with price floors is built once."""
    block = g.built.model.investments
    supported = {floor.project for floor in g.data(0).floors.values()}
    for project in g.data(0).projects.values():
        name = project.name
        place = g.cell(0, "Projects", (name,), "max_builds")
        if name in supported or project.group or place is None or not block.nodes[name]:
            continue
        knob = g.knob(place, "raise", "count", float(project.max_builds), MOST_COPIES, integer=True)
        for n in block.nodes[name]:
            column = g.solver.column_of(block.build[n, name])
            if column not in g.held:
                g.solver.bound(column, 0.0, project.max_builds + MOST_COPIES)
        for leaf in g.tree.leaves:
            if (leaf, name) in block.once:
                row = g.solver.row_of(block.once[leaf, name])
            else:
                path = set(g.tree.path[leaf])
                terms = [(g.solver.column_of(block.build[n, name]), 1.0) for n in block.nodes[name] if n in path]
                if not terms:
                    continue
                row = g.solver.add_row(terms, project.max_builds)
                g.added[row] = ("investments.once", (leaf, name))
            knob.loosen(row, -1.0)


def _groups(g: Giving) -> None:
    """A project may leave its group: what is then built of it no longer counts."""
    block = g.built.model.investments
    for (leaf, group), row in block.group.items():
        path = set(g.tree.path[leaf])
        for project in g.data(leaf).projects.values():
            place = g.cell(leaf, "Projects", (project.name,), "group")
            if project.group != group or place is None:
                continue
            builds = [
                (g.solver.column_of(block.build[n, project.name]), -1.0) for n in block.nodes[project.name] if n in path
            ]
            out = g.solver.add_column([(g.solver.row_of(row), -1.0)], project.max_builds)
            g.added[g.solver.add_row([(out, 1.0), *builds], 0.0)] = ("investments.group", (leaf, group))
            left = g.solver.add_row([(out, 1.0)], 0.0)
            g.added[left] = ("investments.group", (leaf, group))
            g.knob(place, "clear", "", 1 / A_WORD, 1.0, integer=True).loosen(left, -project.max_builds)


def _requires(g: Giving) -> None:
    for (n, name), row in g.built.model.investments.requires.items():
        place = g.cell(n, "Projects", (name,), "requires")
        if place:
            most = g.data(n).projects[name].max_builds
            g.knob(place, "clear", "", 1 / A_WORD, 1.0, integer=True).loosen(g.solver.row_of(row), -most)


def _floors(g: Giving) -> None:
    """A higher floor is worth more to lenders: what they miss is a column in MUSD for each awarded package."""
    m = g.built.model
    for (n, o), award in m.price_floors.award.items():
        data = g.data(n)
        floor = data.floors[o]
        key, project = (n, floor.project), data.projects[floor.project]
        missing = lenders.gap(data, project, g.tree.year[n])
        place = g.cell(n, "PriceFloors", (o,), "floor_usd_per_kg")
        if key not in m.bankability.bankable or missing <= 0 or place is None or not place.value:
            continue
        output = project.recipe[floor.material] * project.capacity
        each = output * floor.level / place.value * sum(
            d * ramp for age, (_, d, ramp) in enumerate(lenders.producing_years(project, g.tree.year[n]))
            if age < floor.tenor_years
        )  # fmt: skip
        if each <= 0:
            continue
        most = max(place.value, 1.0) * MOST_TIMES
        knob = g.knob(place, "floor", "USD/kg", max(place.value, 1.0), most)
        award_only = g.solver.add_column([(g.solver.row_of(m.bankability.bankable[key]), 1.0)], 2 * missing)
        if key in m.bankability.closing:
            g.solver.highs.changeCoeff(g.solver.row_of(m.bankability.closing[key]), award_only, -1.0 / missing)
        column = g.solver.column_of(award)
        g.added[g.solver.add_row([(award_only, 1.0), (column, -2 * missing)], 0.0)] = ("price_floors.awarded", (n, o))
        lifted = g.solver.add_row([(award_only, 1.0)], 0.0)
        g.added[lifted] = ("bankability.bankable", key)
        knob.loosen(lifted, -each)
