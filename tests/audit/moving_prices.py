"""Lenders' prices that move, and by hand what the smelter decided in 2030 costs and earns at them.

It works 2031-2033 at half, full and full capacity of 40 t; discounted at 25 % these are 16, 25.6 and 20.48 t. Lenders'
oxide: 9, 7 and then 7 USD/kg, ore: 2, 3 and then 3.
"""

from __future__ import annotations

from typing import Any

from tests.audit.tiny_workbook import kg, workbook

from lodestone.data.plan_data import PlanData

BANK = {
    "ore": {2030: kg(1), 2031: kg(2), 2032: kg(3)},
    "oxide": {2030: kg(8), 2031: kg(9), 2032: kg(7)},
    "scrap": {2030: kg(0.8)},
}
COST = 0.1 + 0.8 * (0.02 + 20 * 0.005) + (0.64 + 0.512) * (0.02 + 40 * 0.005)
OXIDE = 16 * 0.009 + (25.6 + 20.48) * 0.007
WORTH = OXIDE - 2 * (16 * 0.002 + (25.6 + 20.48) * 0.003)
GAP = COST - WORTH


def moving(**changes: Any) -> PlanData:
    return workbook(bank_price=BANK, **changes)
