"""A plan of a year in halves and a whole one, worked out by hand: every yearly figure is a rate.

The USA buys oxide in China, at 8 USD/kg, and from a trader at home, at 10 and a fifth on top, of whom 10 t/yr are under
contract at 13. From July 2030 on the lane from China carries half. A reserve loses 19 % a year, a tenth in each half;
a mine at home is kept open for two fifths. Scenario "crisis" parts from the base in July 2030.
"""

from __future__ import annotations

from typing import Any

from tests.audit.tiny_workbook import contract, kg
from tests.periods import timed

from lodestone.data.plan_data import (
    Budget,
    LaneData,
    Market,
    Material,
    PlanData,
    Plant,
    Region,
    Scenario,
    Sector,
    ShareCap,
    Stockpile,
)
from lodestone.plan.tables import COST_TERMS, TABLES

EARLY, LATE, NEXT = TIMES = (203001, 203007, 203101)
FACTOR = {2030: 1.0, 2031: 0.8}
CRISIS = Scenario("crisis", 0.25, 2030, None, None, 0, from_month=7)


def always(value: float) -> dict[int, float]:
    return dict.fromkeys(TIMES, value)


def halves(**changes: Any) -> PlanData:
    mine = Plant(
        name="mine", region="USA", process="ore", recipe={"ore": 1.0}, of_concern=False, operating_cost=kg(1.2),
        spot_share=1.0, whole_plant=False, at_market=True, capacity=always(20), base_capacity=always(20),
        fixed_cost=0.01,
    )  # fmt: skip
    reserve = Stockpile(
        name="reserve", region="USA", material="oxide", opening={"clean": 5.0, "exposed": 0.0}, capacity=20.0,
        max_fill=4.0, max_release=4.0, holding_cost=kg(0.2), covers=("USA",), days=always(36.5),
    )  # fmt: skip
    free = LaneData(0.0, always(0), None)
    whole: dict[str, Any] = {
        "name": "halves",
        "scenario": CRISIS,
        "first_year": 2030,
        "last_year": 2031,
        "periods": {2030: 6},
        "discount_rate": 0.25,
        "provenance": True,
        "tariffs_counted": True,
        "stock_end_value_share": 0.5,
        "risk_weight": 0.0,
        "risk_tail": 0.1,
        "mip_gap": 1e-4,
        "time_limit_s": 60.0,
        "regions": {"USA": Region("USA", False, None), "CHN": Region("CHN", True, None)},
        "materials": {
            "ore": Material("ore", None, None, 0.0),
            "oxide": Material("oxide", None, None, 0.19, resourcing_share=0.1),
        },
        "price": {
            ("ore", "USA"): always(kg(1)), ("ore", "CHN"): always(kg(1)),
            ("oxide", "USA"): always(kg(10)), ("oxide", "CHN"): always(kg(8)),
        },
        "bank_price": {(m, r): always(kg(1)) for m in ("ore", "oxide") for r in ("USA", "CHN")},
        "plants": {"mine": mine},
        "projects": {},
        "floors": {},
        "contracts": {
            "deal": contract("deal", "trader", "oxide", fixed=True, fixed_price=kg(13), max_t=10.0,
                             take_or_pay_share=0.8, tenor_years=3, signing_fee=0.01),
        },
        "markets": {
            "export": Market("export", "CHN", "oxide", True, True, 0.0, 1.0, None, None),
            "trader": Market("trader", "USA", "oxide", True, False, 0.2, 0.5, always(20), always(20)),
        },
        "lanes": {
            ("ore", "USA", "USA"): free,
            ("oxide", "USA", "USA"): free,
            ("oxide", "CHN", "USA"): LaneData(
                kg(0.5), always(0.1), {EARLY: 40.0, LATE: 20.0, NEXT: 40.0}, min_price=kg(9.5), applies_to="exposed"
            ),
        },
        "sectors": {"civil": Sector("civil", kg(50), 0.0), "steel": Sector("steel", kg(50), 0.0)},
        "demand": {("USA", "civil", "oxide"): always(30), ("USA", "steel", "ore"): always(8)},
        "substitution": {},
        "returns": (),
        "stockpiles": {"reserve": reserve},
        "caps": {
            "cap": ShareCap("cap", "oxide", ("oxide",), "USA", ("USA",), None, {EARLY: 0.9, LATE: 0.6, NEXT: 0.7}),
        },
        "budgets": {
            "store": Budget("store", frozenset({"stockpile"}), False, {EARLY: 0.1, LATE: 0.2, NEXT: 0.1}),
        },
        "trade": {("oxide", "CHN", "USA"): 20.0},
    }  # fmt: skip
    return timed(PlanData(**{**whole, **changes}))


ROWS: dict[str, list[tuple[Any, ...]]] = {
    "contracts": [("deal", "trader", "oxide", 2030, 2030, 2032, 10.0, 0.01)],
    "contract_years": [  # 8 t of 2030 are owed, 5 + 2 are taken
        ("deal", "trader", "oxide", 2030, EARLY, 5.0, 5.0, 0.0, 13.0, 12.0, 0.005, 0.0),
        ("deal", "trader", "oxide", 2030, LATE, 5.0, 2.0, 1.0, 13.0, 12.0, 0.002, 0.013),
        ("deal", "trader", "oxide", 2030, NEXT, 10.0, 10.0, 0.0, 13.0, 12.0, 0.01, 0.0),
    ],
    "plants": [  # topped up at the end of the year: 0.2 USD/kg on 8 t, and two fifths of 0.01 MUSD
        ("mine", "plant", "USA", "ore", EARLY, 10.0, 4.0, 0.0, 0.4, 0.004, 0.0, 0.0048, 0.4, 0.002, 0.0),
        ("mine", "plant", "USA", "ore", LATE, 10.0, 4.0, 0.0, 0.4, 0.004, 0.0056, 0.0048, 0.4, 0.002, 0.0),
        ("mine", "plant", "USA", "ore", NEXT, 20.0, 8.0, 0.0, 0.4, 0.008, 0.0056, 0.0096, 0.4, 0.004, 0.0),
    ],
    "markets": [
        ("export", "buy", "CHN", "oxide", EARLY, "exposed", 10.0, 8.0),
        ("export", "buy", "CHN", "oxide", LATE, "exposed", 8.0, 8.0),
        ("export", "buy", "CHN", "oxide", NEXT, "exposed", 20.0, 8.0),
        ("trader", "buy", "USA", "oxide", EARLY, "clean", 5.0, 12.0),
        ("trader", "buy", "USA", "oxide", LATE, "clean", 4.0, 12.0),
        ("trader", "buy", "USA", "oxide", NEXT, "clean", 12.0, 12.0),
    ],
    "flows": [  # the duty lifts 8 USD/kg to 9.5, a tenth of it would be less
        ("oxide", "CHN", "USA", EARLY, "exposed", 10.0, 0.005, 0.015),
        ("oxide", "CHN", "USA", LATE, "exposed", 8.0, 0.004, 0.012),
        ("oxide", "CHN", "USA", NEXT, "exposed", 20.0, 0.01, 0.03),
        ("oxide", "USA", "USA", EARLY, "clean", 5.0, 0.0, 0.0),
        ("oxide", "USA", "USA", LATE, "clean", 5.0, 0.0, 0.0),
        ("oxide", "USA", "USA", NEXT, "clean", 12.0, 0.0, 0.0),
        ("ore", "USA", "USA", EARLY, "clean", 4.0, 0.0, 0.0),
        ("ore", "USA", "USA", LATE, "clean", 4.0, 0.0, 0.0),
        ("ore", "USA", "USA", NEXT, "clean", 8.0, 0.0, 0.0),
    ],
    "balance": [
        ("CHN", "oxide", EARLY, "exposed", 10.0, 10.0, 0.0),
        ("CHN", "oxide", LATE, "exposed", 8.0, 8.0, 0.0),
        ("CHN", "oxide", NEXT, "exposed", 20.0, 20.0, 0.0),
        ("USA", "oxide", EARLY, "clean", 5.0, 5.0, 0.0),
        ("USA", "oxide", LATE, "clean", 5.0, 5.0, 0.0),
        ("USA", "oxide", NEXT, "clean", 12.0, 12.0, 0.0),
        ("USA", "ore", EARLY, "clean", 4.0, 4.0, 0.0),
        ("USA", "ore", LATE, "clean", 4.0, 4.0, 0.0),
        ("USA", "ore", NEXT, "clean", 8.0, 8.0, 0.0),
    ],
    "demand": [
        ("USA", "civil", "oxide", EARLY, 15.0, 5.0, 10.0, 0.0, 0.0),
        ("USA", "civil", "oxide", LATE, 15.0, 5.0, 8.0, 0.0, 2.0),
        ("USA", "civil", "oxide", NEXT, 30.0, 10.0, 20.0, 0.0, 0.0),
        ("USA", "steel", "ore", EARLY, 4.0, 4.0, 0.0, 0.0, 0.0),
        ("USA", "steel", "ore", LATE, 4.0, 4.0, 0.0, 0.0, 0.0),
        ("USA", "steel", "ore", NEXT, 8.0, 8.0, 0.0, 0.0, 0.0),
    ],
    "stockpile": [  # 5 x 0.9; 4.5 x 0.9 - 1; 3.05 x 0.81 + 2; a tenth of a year of 30 t/yr is asked for
        ("reserve", "USA", "oxide", EARLY, 4.5, 0.0, 0.0, 0.0, 0.0, 0.0, 30.0, 54.75, 36.5, 3.0, "no", 0.0),
        ("reserve", "USA", "oxide", LATE, 3.05, 0.0, 0.0, 0.0, 1.0, 0.0, 30.0, 3.05 * 73 / 6, 36.5, 3.0, "no", 0.0),
        ("reserve", "USA", "oxide", NEXT, 4.4705, 0.0, 2.0, 0.0, 0.0, 0.0, 30.0, 4.4705 * 73 / 6, 36.5, 3.0, "no", 0.0),
    ],
    "china_share": [  # 2030: at most 0.9 of 15 t and 0.6 of 13 t
        ("cap", "USA", "*", "oxide", 2030, "deliveries", 28.0, 18.0, 18 / 28, 21.3 / 28),
        ("cap", "USA", "*", "oxide", 2031, "deliveries", 30.0, 20.0, 20 / 30, 0.7),
        ("cap", "USA", "*", "oxide", 2031, "fills", 2.0, 0.0, 0.0, 0.7),
    ],
    "budgets": [  # half of 0.1 and half of 0.2
        ("store", 2030, 0.0, 0.15, 0.0, 0.15),
        ("store", 2031, 0.02, 0.1, 0.02, 0.1),
    ],
}  # fmt: skip
COSTS: dict[str, tuple[float, float, float]] = {  # of the two halves and the year
    "owed_beyond_horizon": (0, 0, 0.8 * 10 * 0.001 / 1.25),  # 2032 of the deal
    "stock_holding": (0.00045, 0.000305, 0.0008941),
    "signing_fees": (0.01, 0, 0),
    "market_purchases": (0.14, 0.112, 0.304),
    "payments_to_units": (0.004, 0.004, 0.008),
    "topups": (0, 0.0056, 0.0056),
    "contract_differences": (0.005, 0.002, 0.01),
    "take_or_pay": (0, 0.013, 0),
    "freight": (0.005, 0.004, 0.01),
    "tariffs": (0.015, 0.012, 0.03),
    "stock_credit": (0, 0, -0.5 * 0.010 * 4.4705),
    "shortage": (0, 0.1, 0),
}
EXPECTED_COST = 0.17945 + 0.252905 + 0.8 * 0.3525416  # COSTS added up by period, by hand


def in_halves() -> dict[str, Any]:
    """The plan document. A time in a row stands for year and month."""
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    for name, rows in ROWS.items():
        tables[name] = [_dated(dict(zip(TABLES[name].names, row, strict=True))) for row in rows]
    tables["costs"] = [
        _dated({"term": t, "payer": COST_TERMS[t], "year": time, "musd": v, "discounted_musd": v * FACTOR[time // 100]})
        for t, values in COSTS.items()
        for time, v in zip(TIMES, values, strict=True)
        if v
    ]
    return {
        "scenario": "crisis",
        "objective_musd": EXPECTED_COST,
        "expected_cost_musd": EXPECTED_COST,
        "costs_musd": {t: a + b + 0.8 * c for t, (a, b, c) in COSTS.items()},
        "tariff_revenue_musd": 0.027 + 0.8 * 0.03,
        "tables": tables,
    }


def _dated(row: dict[str, Any]) -> dict[str, Any]:
    if row.get("year") in TIMES:
        row |= {"year": row["year"] // 100, "month": row["year"] % 100}
    return row
