"""Markets between which material could be carried for the money alone."""

from __future__ import annotations

from collections.abc import Iterator

from lodestone.data.times import Time, year_of
from lodestone.errors import Problem
from lodestone.workbook.checks.prices import price_row
from lodestone.workbook.checks.rows import problem_at, value_at
from lodestone.workbook.tables import Lane, Record, Tables


def sells_above_what_it_buys(tables: Tables) -> Iterator[Problem]:
    """A sell market that pays more than a buy market asks, freight and duty together; told once, with the best trade.

    The plan would carry from one to the other as much as it can, and call it a gain.
    """
    markets = [row for row in tables.rows("Markets") if row["region"] is not None and row["material"] is not None]
    for sell in (row for row in markets if row["side"] == "sell"):
        gains = [
            (_gain(tables, buy, sell, lane, time), -time, buy.key[0])
            for buy in markets
            if buy["side"] == "buy" and buy["material"] == sell["material"]
            if (lane := tables.lanes.get((buy["region"], sell["region"], sell["material"]))) and lane.open
            for time in tables.calendar.times
            if _trades(buy, time) and _trades(sell, time) and _carries(lane, time)
        ]
        gain, time, source = max(gains, default=(0.0, 0, ""))
        if gain > 1e-9:
            yield problem_at(
                sell,
                "market",
                f"it pays {gain:.4g} USD/kg more in {year_of(-time)} than {source} asks, freight and duty included: "
                "the plan would buy there and sell here, for the money alone",
                "check premium_share of both, their prices, and the freight between them",
            )


def _trades(market: Record, time: Time) -> bool:
    volume = value_at(market, time)
    return volume is None or volume > 0


def _carries(lane: Lane, time: Time) -> bool:
    if lane.capacity is None:
        return True
    most = lane.capacity_months.get(time, lane.capacity.get(year_of(time)))
    return most is None or most > 0


def _gain(tables: Tables, buy: Record, sell: Record, lane: Lane, time: Time) -> float:
    """USD per kg bought in one market and sold in the other."""
    price = _price(tables, buy, time)
    paid = price * (1 + buy["premium_share"]) + lane.freight_usd_per_kg + _duty(tables, buy, lane, price, time)
    return float(_price(tables, sell, time) * (1 + sell["premium_share"]) - paid)


def _duty(tables: Tables, buy: Record, lane: Lane, price: float, time: Time) -> float:
    if not tables.settings["tariffs_counted"] or (lane.applies_to == "exposed" and not _exposed(tables, buy)):
        return 0.0
    rate = lane.tariff_months.get(time, lane.tariff.get(year_of(time))) or 0.0
    least = lane.min_price_usd_per_kg
    return max(rate * price, 0.0 if least is None else least - price)


def _exposed(tables: Tables, market: Record) -> bool:
    """Whether what a market sells is exposed."""
    if market["exposed"] is not None:
        return bool(market["exposed"] == "yes")
    return bool(tables.records["Regions"][market["region"],]["of_concern"])


def _price(tables: Tables, market: Record, time: Time) -> float:
    return value_at(price_row(tables, market["material"], market["region"]), time) or 0.0
