"""A plan's first year against the sheet Trade, lane by lane, buyer by buyer, plant by plant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping

from lodestone.errors import UsageError
from lodestone.plan.formatting import share
from lodestone.plan.plan import Plan
from lodestone.studies.calibration.results import BuyerGap, Calibration, LaneGap, PlantGap
from lodestone.workbook.inputs import Inputs
from lodestone.workbook.tables import Tables

LEAST = 1e-6  # t: less is nothing
IDLE = 0.9  # of a plant: used less, it could send out more

Lane = tuple[str, str, str]  # material, from, to


def calibration(inputs: Inputs, plan: Plan) -> Calibration:
    """Raises UsageError when the workbook has no Trade. plan: the audited plan of the base."""
    tables = inputs.tables()
    trade: dict[Lane, float] = {}
    for row in tables.rows("Trade"):
        if row["from_region"] != row["to_region"]:
            trade[row["material"], row["from_region"], row["to_region"]] = row["t_per_yr"]
    if not trade:
        raise UsageError(
            f"{inputs.path.name} has no rows of Trade between two regions: there is nothing to compare with"
        )
    year = int(tables.settings["first_year"])
    known = {(material, to) for material, _, to in trade}
    shipped: dict[Lane, float] = defaultdict(float)
    for flow in plan.rows("flows"):
        lane = flow["material"], flow["from_region"], flow["to_region"]
        if flow["year"] == year and lane[1] != lane[2] and (lane[0], lane[2]) in known:
            shipped[lane] += flow["t"]
    lanes = {*trade, *(lane for lane, t in shipped.items() if t > LEAST)}
    into = {flows: _sums(of, lambda lane: (lane[0], lane[2])) for flows, of in (("trade", trade), ("plan", shipped))}
    gaps = []
    for lane in lanes:
        material, start, end = lane
        before, now = trade.get(lane, 0.0), shipped.get(lane, 0.0)
        was = _part(before, into["trade"].get((material, end), 0.0))
        is_now = _part(now, into["plan"].get((material, end), 0.0))
        close = _closing(tables, lane, trade, shipped)
        gaps.append(LaneGap(material, start, end, before, now, was, is_now, close))
    return Calibration(
        plan_name=plan.plan_name,
        year=year,
        lanes=tuple(sorted(gaps, key=lambda gap: (-gap.off_t, gap.material, gap.from_region, gap.to_region))),
        buyers=_buyers(tables, trade, shipped, sorted(known)),
        plants=_plants(tables, plan, year, trade, shipped),
        error=_errors(trade, shipped, lanes),
    )


def _sums(flows: Mapping[Lane, float], key: Callable[[Lane], tuple[str, str]]) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = defaultdict(float)
    for lane, t in flows.items():
        found[key(lane)] += t
    return found


def _part(part: float, whole: float) -> float:
    return part / whole if whole > LEAST else 0.0


def _errors(trade: Mapping[Lane, float], shipped: Mapping[Lane, float], lanes: set[Lane]) -> dict[str, float]:
    off: dict[str, float] = defaultdict(float)
    whole: dict[str, float] = defaultdict(float)
    for lane in lanes:
        off[lane[0]] += abs(shipped.get(lane, 0.0) - trade.get(lane, 0.0))
        whole[lane[0]] += trade.get(lane, 0.0)
    return {material: _part(off[material], whole[material]) for material in sorted(off)}


def _closing(tables: Tables, lane: Lane, trade: Mapping[Lane, float], shipped: Mapping[Lane, float]) -> str:
    """What would bring a lane nearer to Trade."""
    material, start, end = lane
    before, now = trade.get(lane, 0.0), shipped.get(lane, 0.0)
    if abs(now - before) <= max(LEAST, 0.01 * before):
        return ""
    came = sum(t for other, t in trade.items() if (other[0], other[2]) == (material, end))
    coming = {other: t for other, t in shipped.items() if (other[0], other[2]) == (material, end)}
    new = sum(max(0.0, t - trade.get(other, 0.0)) for other, t in coming.items())
    given = tables.records["Materials"][material,]["resourcing_share"]
    words = []
    if now > before and new > LEAST:
        moved = f"{share(_part(new, came))} of what came into {end} has moved to other suppliers"
        limit = "no resourcing_share limits that" if given is None else f"resourcing_share is {share(given)}"
        words.append(f"{moved}, {limit}")
    if now < before:
        words += _held(tables, lane, now)
    if not any(row["material"] == material and row["region"] == start for row in tables.rows("Prices")):
        words.append(f"{material} has no price of its own in {start}")
    if now < before and not _held(tables, lane, now):
        words.append(f"a committed contract with a supplier in {start} would hold {before - now:,.0f} t")
    return "; ".join(words)


def _held(tables: Tables, lane: Lane, t: float) -> list[str]:
    """Where a lane is full, or is none."""
    material, start, end = lane
    found = tables.lanes.get((start, end, material))
    if found is None or not found.open:
        return ["Lanes does not open it"]
    capacity = (found.capacity or {}).get(int(tables.settings["first_year"]))
    return [f"it is full: Lanes gives it {capacity:,.0f} t"] if capacity is not None and t >= 0.999 * capacity else []


def _buyers(
    tables: Tables, trade: Mapping[Lane, float], shipped: Mapping[Lane, float], known: list[tuple[str, str]]
) -> tuple[BuyerGap, ...]:
    concern = {row["region"] for row in tables.rows("Regions") if row["of_concern"]}
    found = []
    for material, region in known:
        if region in concern:
            continue
        sums = []
        for flows in (trade, shipped):
            into = {lane: t for lane, t in flows.items() if (lane[0], lane[2]) == (material, region)}
            sums.append((sum(into.values()), sum(t for lane, t in into.items() if lane[1] in concern)))
        (was, was_exposed), (now, now_exposed) = sums
        found.append(BuyerGap(material, region, was, now, _part(was_exposed, was), _part(now_exposed, now)))
    return tuple(sorted(found, key=lambda gap: (-gap.trade_t, gap.material, gap.region)))


def _plants(
    tables: Tables, plan: Plan, year: int, trade: Mapping[Lane, float], shipped: Mapping[Lane, float]
) -> tuple[PlantGap, ...]:
    out = {of: _sums(flows, lambda lane: (lane[0], lane[1])) for of, flows in (("trade", trade), ("plan", shipped))}
    outputs: dict[str, list[str]] = defaultdict(list)
    for row in tables.rows("Processes"):
        if row["t_per_t"] > 0:
            outputs[row["process"]].append(row["material"])
    used: dict[str, tuple[float, float]] = {}
    for worked in plan.rows("plants"):
        if worked["year"] == year and worked["kind"] == "plant":
            done, could = used.get(worked["unit"], (0.0, 0.0))
            used[worked["unit"]] = done + worked["clean_t"] + worked["exposed_t"], could + worked["capacity_t"]
    found = []
    for row in tables.rows("Plants"):
        for material in outputs[row["process"]]:
            key = material, row["region"]
            was, now = out["trade"].get(key, 0.0), out["plan"].get(key, 0.0)
            if was <= LEAST and now <= LEAST:
                continue
            use = _part(*used.get(row["plant"], (0.0, 0.0)))
            close = ""
            if now < was * 0.99 and use < IDLE:
                close = f"it could send out more: commit {was - now:,.0f} t by a contract, or lower its cost or price"
            elif now < was * 0.99:
                close = "it is full: its capacity, or what is used at home, is off"
            elif now > was * 1.01:
                close = "less capacity, a higher cost or price, or a smaller resourcing_share of its buyers"
            found.append(PlantGap(row["plant"], row["region"], material, use, was, now, close))
    return tuple(sorted(found, key=lambda gap: (-gap.off_t, gap.plant, gap.material)))
