"""Rules across rows and sheets: one function each, which yields what it finds in the data of one scenario.

`find_problems` runs all of them over every scenario. A problem that the base has too is told once; one that only
changed data has names its scenarios. A value may be missing (None) where a cell was unusable, a problem told elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from model.cells import BLANK, show
from model.cycles import Step, gaining, rings, sustained
from model.errors import Problem
from model.names import advice, listed
from model.scenarios import BASE
from model.schema import ANY, SHEETS
from model.tables import Record, Tables

Check = Callable[[Tables], Iterable[Problem]]


def find_problems(futures: Sequence[Tables], *, horizon_known: bool = True) -> list[Problem]:
    """Every problem of every scenario, the base being the first of them; without a horizon, years are not checked."""
    checks = PROBLEM_CHECKS if horizon_known else tuple(check for check in PROBLEM_CHECKS if check not in YEAR_CHECKS)
    return _over_futures(futures, checks)


def find_warnings(futures: Sequence[Tables]) -> list[Problem]:
    """Doubts that do not stop a solve; the data must have no problems."""
    return _over_futures(futures, WARNING_CHECKS)


def _over_futures(futures: Sequence[Tables], checks: Sequence[Check]) -> list[Problem]:
    found: dict[Problem, list[str]] = {}
    for tables in futures:
        for check in checks:
            for problem in check(tables):
                found.setdefault(problem, []).append(tables.scenario)
    return [problem if BASE in scenarios else _only_in(problem, scenarios) for problem, scenarios in found.items()]


def _only_in(problem: Problem, scenarios: Sequence[str]) -> Problem:
    where = f"in scenario {scenarios[0]}" if len(scenarios) == 1 else f"in scenarios {listed(scenarios)}"
    return replace(problem, wrong=f"{where}: {problem.wrong}")


# --- helpers --------------------------------------------------------------------------------------------------------


def cell_of(record: Record, column: str | int) -> str:
    """Where a value stands; where the column has no heading, the cell that names the row."""
    return record.cells.get(column) or record.cells[SHEETS[record.sheet].key[0]]


def problem_at(record: Record, column: str, wrong: str, mend: str) -> Problem:
    return Problem(cell_of(record, column), show(record[column]), wrong, mend)


def recipes_of(tables: Tables) -> Mapping[str, Mapping[str, float]]:
    """process -> material -> t_per_t; unusable numbers are left out."""
    recipes: dict[str, dict[str, float]] = defaultdict(dict)
    for row in tables.rows("Processes"):
        if row["t_per_t"] is not None:
            recipes[row["process"]][row["material"]] = row["t_per_t"]
    return recipes


def horizon_of(tables: Tables) -> range:
    return range(tables.settings["first_year"], tables.settings["last_year"] + 1)


def units_of(tables: Tables) -> list[Record]:
    """Plants and projects whose process is known."""
    processes = {process for process, _ in tables.records["Processes"]}
    return [unit for sheet in ("Plants", "Projects") for unit in tables.rows(sheet) if unit["process"] in processes]


def paid_at_market(unit: Record) -> bool:
    """Plants with pricing market and private projects receive the value that they add."""
    return bool(unit["pricing"] == "market" if unit.sheet == "Plants" else unit["funding"] == "private")


def supplier_of(tables: Tables, contract: Record) -> Record | None:
    key = (contract["supplier"],)
    return next(
        (tables.records[sheet][key] for sheet in ("Plants", "Projects", "Markets") if key in tables.records[sheet]),
        None,
    )


def outputs_of(tables: Tables, supplier: Record) -> set[str]:
    """The materials that a plant or project makes, or that a market trades; unusable recipe numbers count as made."""
    if supplier.sheet == "Markets":
        return {supplier["material"]}
    return {
        row["material"]
        for row in tables.rows("Processes")
        if row["process"] == supplier["process"] and (row["t_per_t"] is None or row["t_per_t"] > 0)
    }


def above(record: Record, low: str, high: str) -> bool:
    """Whether the value of `low` is above that of `high`, both being known."""
    return record[low] is not None and record[high] is not None and record[low] > record[high]


# --- names ----------------------------------------------------------------------------------------------------------


def group_named_like_a_region(tables: Tables) -> Iterator[Problem]:
    """Other sheets name regions and groups in one column, so that a group needs a name of its own."""
    for region in tables.rows("Regions"):
        if region["group"] == ANY or (region["group"],) in tables.records["Regions"]:
            yield problem_at(
                region,
                "group",
                f"{region['group']} cannot be the name of a group, being "
                + ("all regions" if region["group"] == ANY else "a region"),
                "give the group another name",
            )


def region_or_group_unknown(tables: Tables) -> Iterator[Problem]:
    """Stockpiles!covers and ChinaShare!region name a region, a group or *."""
    regions = tables.rows("Regions")
    known = {region["region"] for region in regions} | {region["group"] for region in regions if region["group"]}
    for sheet, column in (("Stockpiles", "covers"), ("ChinaShare", "region")):
        for row in tables.rows(sheet):
            if regions and row[column] not in known | {ANY}:
                yield problem_at(
                    row,
                    column,
                    f"{row[column]} is neither a region nor a group",
                    advice(row[column], sorted(known), "enter * or one of"),
                )


def scenario_named_base(tables: Tables) -> Iterator[Problem]:
    if (BASE,) in tables.records["Scenarios"]:
        yield problem_at(
            tables.records["Scenarios"][BASE,],
            "scenario",
            "base is the unchanged workbook",
            "give the scenario another name",
        )


# --- reversed limits ------------------------------------------------------------------------------------------------


def year_window_reversed(tables: Tables) -> Iterator[Problem]:
    for row in (*tables.rows("Projects"), *tables.rows("Contracts")):
        if above(row, "earliest_year", "latest_year") and not row.blank & {"earliest_year", "latest_year"}:
            yield problem_at(
                row,
                "latest_year",
                f"latest_year is before earliest_year ({row['earliest_year']})",
                f"enter {row['earliest_year']} or later, or mend earliest_year",
            )


def collar_reversed(tables: Tables) -> Iterator[Problem]:
    yield from _reversed(tables, "Contracts", "price_min_usd_per_kg", "price_max_usd_per_kg")


def volumes_reversed(tables: Tables) -> Iterator[Problem]:
    yield from _reversed(tables, "Contracts", "min_t_per_yr", "max_t_per_yr")


def opening_over_capacity(tables: Tables) -> Iterator[Problem]:
    yield from _reversed(tables, "Stockpiles", "opening_t", "capacity_t")


def _reversed(tables: Tables, sheet: str, low: str, high: str) -> Iterator[Problem]:
    for row in tables.rows(sheet):
        if above(row, low, high):
            yield problem_at(
                row,
                low,
                f"{low} is above {high} ({show(row[high])})",
                f"enter {show(row[high])} or less, or mend {high}",
            )


# --- scenarios ------------------------------------------------------------------------------------------------------


def probabilities_over_one(tables: Tables) -> Iterator[Problem]:
    likely = [row for row in tables.rows("Scenarios") if row["probability"]]
    total = sum(row["probability"] for row in likely)
    if total > 1 + 1e-9:
        yield problem_at(
            likely[-1],
            "probability",
            f"the probabilities of the scenarios add up to {show(total)}",
            "lower them to at most 1 together; what is missing to 1 is the base",
        )


def probability_without_year(tables: Tables) -> Iterator[Problem]:
    for row in tables.rows("Scenarios"):
        if row["probability"] and "from_year" in row.blank:
            yield Problem(
                cell_of(row, "from_year"),
                BLANK,
                "a scenario with a probability needs a from_year",
                "enter the year in which this future shows itself",
            )


def scenario_year_outside(tables: Tables) -> Iterator[Problem]:
    horizon = horizon_of(tables)
    for row in tables.rows("Scenarios"):
        for column in ("from_year", "emergency_from", "emergency_to"):
            if row[column] is not None and row[column] not in horizon:
                yield problem_at(
                    row,
                    column,
                    f"{column} is outside the years planned",
                    f"enter a year from {horizon[0]} to {horizon[-1]}",
                )


def emergency_incomplete(tables: Tables) -> Iterator[Problem]:
    for row in tables.rows("Scenarios"):
        for column, other in (("emergency_from", "emergency_to"), ("emergency_to", "emergency_from")):
            if column in row.blank and row[other] is not None:
                yield Problem(
                    cell_of(row, column),
                    BLANK,
                    f"there is {other}, but no {column}",
                    f"enter {column}, or clear {other}",
                )


def emergency_reversed(tables: Tables) -> Iterator[Problem]:
    for row in tables.rows("Scenarios"):
        if above(row, "emergency_from", "emergency_to"):
            yield problem_at(
                row,
                "emergency_to",
                f"emergency_to is before emergency_from ({row['emergency_from']})",
                f"enter {row['emergency_from']} or later, or mend emergency_from",
            )


def emergency_before_scenario(tables: Tables) -> Iterator[Problem]:
    for row in tables.rows("Scenarios"):
        if above(row, "from_year", "emergency_from"):
            yield problem_at(
                row,
                "emergency_from",
                f"the emergency begins before the scenario shows itself ({row['from_year']})",
                f"enter {row['from_year']} or later, or an earlier from_year",
            )


# --- investments and contracts --------------------------------------------------------------------------------------


def floor_not_allowed(tables: Tables) -> Iterator[Problem]:
    for floor in tables.rows("PriceFloors"):
        project = tables.records["Projects"].get((floor["project"],))
        if project is not None and project["funding"] == "public":
            yield problem_at(
                floor,
                "project",
                "the project is public, and price floors are for private projects",
                "delete the row, or set funding of the project to private",
            )
        elif project is not None and project["max_builds"] > 1:
            yield problem_at(
                floor,
                "project",
                "the project has max_builds over 1, and a price floor is for one build",
                "set max_builds to 1 and add a project for each further build",
            )


def floor_for_no_output(tables: Tables) -> Iterator[Problem]:
    for floor in tables.rows("PriceFloors"):
        project = tables.records["Projects"].get((floor["project"],))
        if project is not None:
            yield from _not_made(tables, floor, project)


def contract_for_no_output(tables: Tables) -> Iterator[Problem]:
    for contract in tables.rows("Contracts"):
        supplier = supplier_of(tables, contract)
        if supplier is not None:
            yield from _not_made(tables, contract, supplier)


def _not_made(tables: Tables, row: Record, supplier: Record) -> Iterator[Problem]:
    outputs = outputs_of(tables, supplier)
    if row["material"] is not None and None not in outputs and outputs and row["material"] not in outputs:
        does = "trade" if supplier.sheet == "Markets" else "make"
        yield problem_at(
            row,
            "material",
            f"{supplier.key[0]} does not {does} {row['material']}",
            f"enter one of: {listed(sorted(outputs))}",
        )


def supplier_not_allowed(tables: Tables) -> Iterator[Problem]:
    """Contracts are with plants paid at market, private projects, and markets that sell to us."""
    for contract in tables.rows("Contracts"):
        supplier = supplier_of(tables, contract)
        if supplier is None:
            continue
        if supplier.sheet == "Markets":
            reason = "buys from us (side sell)" if supplier["side"] == "sell" else ""
        elif paid_at_market(supplier):
            reason = ""
        else:
            reason = "has pricing cost" if supplier.sheet == "Plants" else "is a public project"
        if reason:
            yield problem_at(
                contract,
                "supplier",
                f"{supplier.key[0]} {reason} and signs no contracts",
                "enter a plant with pricing market, a private project, or a market with side buy",
            )


def contracts_on_several_outputs(tables: Tables) -> Iterator[Problem]:
    """With spot_share under 1 a contract opens capacity, which would be counted once for each output."""
    first: dict[str, Record] = {}
    for contract in tables.rows("Contracts"):
        supplier = supplier_of(tables, contract)
        if supplier is None or supplier.sheet == "Markets" or supplier["spot_share"] >= 1 or not contract["material"]:
            continue
        earlier = first.setdefault(contract["supplier"], contract)
        if contract["material"] != earlier["material"]:
            other = f"{earlier['material']}, {cell_of(earlier, 'material')}"
            yield problem_at(
                contract,
                "material",
                f"{supplier.key[0]} has spot_share under 1 and a contract on another output ({other})",
                f"contract one output only, or set spot_share of {supplier.key[0]} to 1",
            )


def fixed_price_missing(tables: Tables) -> Iterator[Problem]:
    for contract in tables.rows("Contracts"):
        if contract["price_rule"] == "fixed" and "fixed_price_usd_per_kg" in contract.blank:
            yield Problem(
                cell_of(contract, "fixed_price_usd_per_kg"),
                BLANK,
                "a contract with a fixed price needs fixed_price_usd_per_kg",
                "enter the price in USD/kg, or set price_rule to index",
            )


def circular_requires(tables: Tables) -> Iterator[Problem]:
    """A ring of projects each of which waits for another; told once, at its first project."""
    told: set[str] = set()
    for project in tables.rows("Projects"):
        ring = _ring_from(tables, project.key[0])
        if ring and not told.intersection(ring):
            told.update(ring)
            chain = " -> ".join((*ring, ring[0]))
            yield problem_at(
                project, "requires", f"these projects wait for each other: {chain}", "clear requires in one of them"
            )


def _ring_from(tables: Tables, start: str) -> list[str]:
    """The projects on the way from `start` along requires, if it leads back to `start`; otherwise none."""
    way: list[str] = []
    name: Any = start
    while (name,) in tables.records["Projects"] and name not in way:
        way.append(name)
        name = tables.records["Projects"][name,]["requires"]
    return way if name == start else []


# --- prices and volumes ---------------------------------------------------------------------------------------------


def sell_market_without_volume(tables: Tables) -> Iterator[Problem]:
    for market in tables.rows("Markets"):
        if market["side"] == "sell" and (market.years is None or None in market.years.values()):
            cell = next((cell for name, cell in market.cells.items() if isinstance(name, int)), cell_of(market, "side"))
            yield Problem(
                cell,
                BLANK,
                f"{market.key[0]} is a sell market without a volume",
                "enter in the year columns the largest volume that it takes, in t/yr",
            )


def price_missing(tables: Tables) -> Iterator[Problem]:
    """A price is needed wherever money is reckoned at market prices; told once for each material and sheet."""
    priced = {material for (material,) in tables.records["Prices"]}
    missing = [material for (material,) in tables.records["Materials"] if material not in priced]
    if not missing:
        return
    told: set[tuple[str, str]] = set()
    for material, sheet, cell, use in _uses_of_prices(tables, set(missing)):
        if (material, sheet) not in told:
            told.add((material, sheet))
            yield Problem(cell, material, f"{material} has no price, but {use}", f"add a row for {material} to Prices")


def _uses_of_prices(tables: Tables, materials: set[str]) -> Iterator[tuple[str, str, str, str]]:
    """(material, sheet, cell, use in words) for these materials."""
    for sheet, use in (
        ("Markets", "is bought or sold here"),
        ("Stockpiles", "is stocked here"),
        ("Contracts", "is under contract here"),
    ):
        for row in tables.rows(sheet):
            if row["material"] in materials:
                yield row["material"], sheet, cell_of(row, "material"), use
    paid = {unit["process"]: unit for unit in reversed(units_of(tables)) if paid_at_market(unit)}
    for row in tables.rows("Processes"):
        if row["material"] in materials and row["process"] in paid:
            unit = paid[row["process"]]
            yield (
                row["material"],
                "Processes",
                cell_of(row, "material"),
                f"is in the recipe of {unit.key[0]}, which is paid the value that it adds",
            )
    horizon = horizon_of(tables)
    for lane in tables.lanes.values():
        if lane.material in materials and lane.open and any(lane.tariff.get(year) for year in horizon):
            cell = lane.tariff_cells.get("material", "Tariffs")
            yield lane.material, "Tariffs", cell, f"is taxed from {lane.from_region} to {lane.to_region}"


# --- recipes that feed each other -----------------------------------------------------------------------------------


def processes_sustain_themselves(tables: Tables) -> Iterator[Problem]:
    """[cheat] Processes that feed each other and lose next to nothing on the way would go round for ever."""
    names = sustained(_process_steps(tables))
    if names:
        yield Problem(
            _cell_of_process(tables, names[0]),
            listed(names),
            "these processes feed each other round and round and lose too little on the way",
            "check the signs and sizes of t_per_t: each step of a round has to lose more than 10 % of what it takes in",
        )


def returns_gain(tables: Tables) -> Iterator[Problem]:
    """[cheat] Processes and Returns that bring back more than went in would make material from nothing."""
    steps = [*_process_steps(tables), *_return_steps(tables)]
    names = gaining(steps)
    if names and not sustained(_process_steps(tables)):
        processes = [name for name in names if name in recipes_of(tables)]
        cell = _cell_of_process(tables, processes[0]) if processes else "Returns"
        yield Problem(
            cell,
            listed(names),
            "going round through these, more material comes back than went in",
            "check t_per_t of the recipes and of Returns",
        )


def recipes_on_a_ring(tables: Tables) -> Iterator[Problem]:
    """Allowed, but material that goes round counts each time in the base of the China share of intake."""
    for names in rings(_process_steps(tables)):
        yield Problem(
            _cell_of_process(tables, names[0]),
            listed(names),
            "these processes feed each other in a ring",
            "make sure that this is meant: material that goes round counts as consumed in every round",
        )


def _process_steps(tables: Tables) -> list[Step]:
    """Processes with inputs."""
    steps = [
        Step(process, {m: -g for m, g in recipe.items() if g < 0}, {m: g for m, g in recipe.items() if g > 0})
        for process, recipe in recipes_of(tables).items()
    ]
    return [step for step in steps if step.takes]


def _return_steps(tables: Tables) -> list[Step]:
    """One for each sector and material, with all its scraps."""
    scraps: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for row in tables.rows("Returns"):
        if row["t_per_t"]:
            scraps[row["sector"], row["material"]][row["scrap"]] = row["t_per_t"]
    return [
        Step(f"Returns of {material} from {sector}", {material: 1.0}, made)
        for (sector, material), made in scraps.items()
    ]


def _cell_of_process(tables: Tables, process: str) -> str:
    return next(cell_of(row, "process") for row in tables.rows("Processes") if row["process"] == process)


# --- warnings -------------------------------------------------------------------------------------------------------


def nothing_left_for_base(tables: Tables) -> Iterator[Problem]:
    likely = [row for row in tables.rows("Scenarios") if row["probability"]]
    if likely and sum(row["probability"] for row in likely) > 1 - 1e-9:
        yield problem_at(
            likely[-1],
            "probability",
            "the probabilities add up to 1 and leave nothing for the base",
            "lower them if the unchanged workbook is a possible future too",
        )


def shows_itself_at_once(tables: Tables) -> Iterator[Problem]:
    for row in tables.rows("Scenarios"):
        if row["probability"] and row["from_year"] == tables.settings["first_year"]:
            yield problem_at(
                row,
                "from_year",
                "the scenario shows itself in the first year, so that it hedges nothing",
                "enter a later year if decisions are to be made before it is known",
            )


def unit_out_of_reach(tables: Tables) -> Iterator[Problem]:
    """A plant or project to which no open lane brings an input, or from which none leads to anyone who wants it.

    Only of the base: to cut lanes is what many scenarios are for.
    """
    if tables.scenario != BASE:
        return
    sources, users = _sources(tables), _users(tables)
    reach_in, reach_out = _open_lanes(tables)
    recipes = recipes_of(tables)
    for unit in units_of(tables):
        recipe, region = recipes.get(unit["process"], {}), unit["region"]
        for material in (m for m, g in recipe.items() if g < 0):
            if not sources[material] & reach_in[region, material]:
                yield problem_at(
                    unit,
                    "region",
                    f"no open lane brings {material} to {unit.key[0]}",
                    f"add a lane for {material}, or somebody who sells or makes it",
                )
        outputs = [m for m, g in recipe.items() if g > 0]
        if outputs and not any(users[material] & reach_out[region, material] for material in outputs):
            yield problem_at(
                unit,
                "region",
                f"no open lane leads from {unit.key[0]} to anyone who uses what it makes",
                f"add a lane for {listed(outputs)}",
            )


def _sources(tables: Tables) -> dict[str, set[str]]:
    """material -> regions where it is made, sold to us, held in stock, or comes back as scrap."""
    found: dict[str, set[str]] = defaultdict(set)
    recipes = recipes_of(tables)
    for unit in units_of(tables):
        for material, g in recipes.get(unit["process"], {}).items():
            if g > 0:
                found[material].add(unit["region"])
    for market in tables.rows("Markets"):
        if market["side"] == "buy":
            found[market["material"]].add(market["region"])
    for stock in tables.rows("Stockpiles"):
        if stock["opening_t"]:
            found[stock["material"]].add(stock["region"])
    for scrap in tables.rows("Returns"):
        found[scrap["scrap"]] |= {
            row["region"]
            for row in tables.rows("Demand")
            if (row["sector"], row["material"]) == (scrap["sector"], scrap["material"])
        }
    return found


def _users(tables: Tables) -> dict[str, set[str]]:
    """material -> regions where it is consumed, processed, bought from us, or stocked."""
    found: dict[str, set[str]] = defaultdict(set)
    recipes = recipes_of(tables)
    for unit in units_of(tables):
        for material, g in recipes.get(unit["process"], {}).items():
            if g < 0:
                found[material].add(unit["region"])
    for row in (*tables.rows("Demand"), *tables.rows("Stockpiles")):
        found[row["material"]].add(row["region"])
    for market in tables.rows("Markets"):
        if market["side"] == "sell":
            found[market["material"]].add(market["region"])
    return found


Reach = Mapping[tuple[str, str], set[str]]


def _open_lanes(tables: Tables) -> tuple[Reach, Reach]:
    """(region, material) -> regions from which, and to which, an open lane leads in some year."""
    into: dict[tuple[str, str], set[str]] = defaultdict(set)
    out: dict[tuple[str, str], set[str]] = defaultdict(set)
    for (start, end, material), lane in tables.lanes.items():
        if lane.open and (lane.capacity is None or any(t is None or t > 0 for t in lane.capacity.values())):
            into[end, material].add(start)
            out[start, material].add(end)
    return into, out


def co_product_unwanted(tables: Tables) -> Iterator[Problem]:
    """An output beside others that nobody takes: it is discarded, although it counts in the value added."""
    users = _users(tables)
    used = {unit["process"] for unit in units_of(tables)}
    outputs: dict[str, list[Record]] = defaultdict(list)
    for row in tables.rows("Processes"):
        if row["t_per_t"] > 0:
            outputs[row["process"]].append(row)
    for process, rows in outputs.items():
        for row in rows if len(rows) > 1 and process in used else ():
            if row["material"] not in users:
                yield problem_at(
                    row,
                    "material",
                    f"{row['material']}, a co-product, has neither demand nor a sell market",
                    "add a row to Markets with side sell, or to Demand, if somebody takes it",
                )


def whole_plant_without_effect(tables: Tables) -> Iterator[Problem]:
    if tables.settings["china_share_basis"] != "last_stage":
        return
    for unit in units_of(tables):
        if unit["exposure_rule"] == "whole_plant":
            yield problem_at(
                unit,
                "exposure_rule",
                "whole_plant has no effect when china_share_basis is last_stage",
                "set china_share_basis to provenance, or exposure_rule to batch",
            )


def value_added_negative(tables: Tables) -> Iterator[Problem]:
    """A recipe paid at market whose inputs cost more than its outputs bring; told once, with its worst year."""
    recipes = recipes_of(tables)
    paid = {unit["process"] for unit in units_of(tables) if paid_at_market(unit)}
    for process in (name for name in recipes if name in paid):
        value, worst = min((_value_added(tables, recipes[process], year), year) for year in horizon_of(tables))
        if value < 0:
            yield Problem(
                _cell_of_process(tables, process),
                process,
                f"at market prices this process adds a negative value ({value:.4g} USD/kg in {worst})",
                "check the recipe and the prices of its materials",
            )


def _value_added(tables: Tables, recipe: Mapping[str, float], year: int) -> float:
    """USD per kg of capacity used."""
    prices = {material: tables.records["Prices"][material,].years or {} for material in recipe}
    return sum(g * (prices[material][year] or 0.0) for material, g in recipe.items())


# --- which checks there are -----------------------------------------------------------------------------------------

PROBLEM_CHECKS: tuple[Check, ...] = (
    group_named_like_a_region,
    region_or_group_unknown,
    scenario_named_base,
    year_window_reversed,
    collar_reversed,
    volumes_reversed,
    opening_over_capacity,
    probabilities_over_one,
    probability_without_year,
    scenario_year_outside,
    emergency_incomplete,
    emergency_reversed,
    emergency_before_scenario,
    floor_not_allowed,
    floor_for_no_output,
    contract_for_no_output,
    supplier_not_allowed,
    contracts_on_several_outputs,
    fixed_price_missing,
    circular_requires,
    sell_market_without_volume,
    price_missing,
    processes_sustain_themselves,
    returns_gain,
)
YEAR_CHECKS: tuple[Check, ...] = (scenario_year_outside, emergency_before_scenario)
WARNING_CHECKS: tuple[Check, ...] = (
    unit_out_of_reach,
    nothing_left_for_base,
    shows_itself_at_once,
    co_product_unwanted,
    whole_plant_without_effect,
    value_added_negative,
    recipes_on_a_ring,
)
