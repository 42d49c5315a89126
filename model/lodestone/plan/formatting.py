"""Numbers, years and cost terms as people write them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from lodestone.errors import UsageError
from lodestone.names import count as count
from lodestone.plan.tables import COST_TERMS

TERM_LABELS: dict[str, str] = {
    "capex": "Capex of public projects",
    "salvage": "Value left in public projects",
    "public_fixed_cost": "Fixed cost of public projects",
    "public_operating_cost": "Operating cost of public projects",
    "grants": "Grants",
    "floor_payments": "Price floor payments",
    "credits": "Production credits",
    "loans": "Loans less what is paid back",
    "equity": "Stakes less dividends",
    "owed_beyond_horizon": "Owed beyond the last year",
    "stock_holding": "Holding of stocks",
    "lacking_cover": "Cover that is lacking",
    "signing_fees": "Signing fees of contracts",
    "market_purchases": "Purchases on markets",
    "market_sales": "Sales on markets",
    "payments_to_units": "Payments to plants for value added",
    "topups": "Top-ups to operating cost",
    "cost_priced_plants": "Plants paid at cost",
    "contract_differences": "Contract price against market",
    "take_or_pay": "Paid though not taken",
    "freight": "Freight",
    "tariffs": "Tariffs",
    "substitution": "Substitution",
    "stock_credit": "Value of the stock at the end",
    "shortage": "Cost of shortage",
}
LEAST_SHARE = 0.00001  # that is told as a number
PAYERS = tuple(dict.fromkeys(COST_TERMS.values()))  # public, buyers, shortage


def term_label(term: str) -> str:
    """A cost term of plan.json as people read it."""
    return TERM_LABELS.get(term, sentence_case(term))


def sentence_case(name: str) -> str:
    """'first_year' -> 'First year'."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def tonnes(value: float) -> str:
    """1234.5 -> '1,234 t'."""
    return f"{_amount(value, small=10, decimals=0)} t"


def musd(value: float) -> str:
    """1234.56 -> '1,234.6 MUSD'."""
    return f"{_amount(value, small=10, decimals=1)} MUSD"


def usd_per_kg(value: float) -> str:
    """12.3 -> '12.30 USD/kg'."""
    return f"{round(value, 2) + 0.0:,.2f} USD/kg"


def days(value: float) -> str:
    """90.0 -> '90 days', 1.0 -> '1 day'."""
    text = f"{round(value, 1) + 0.0:,.1f}".removesuffix(".0")
    return f"{text} day" if text == "1" else f"{text} days"


def share(value: float) -> str:
    """A share as per cent, with more digits near nothing: 0.399 -> '39.9%', 0.00012 -> '0.012%'."""
    if value == 0 or abs(value) >= 0.001:
        return f"{value:.1%}"
    return f"{value:.3%}" if abs(value) >= LEAST_SHARE else "less than 0.001%"


def share_at_most(value: float) -> str:
    """As share, after words such as 'within' and 'by more than': what is less than 0.001% is rounded up to it."""
    return share(max(value, LEAST_SHARE) if value > 0 else value)


def signed(value: float) -> str:
    """A difference: 1234.5 -> '+1,234.50', and never '-0.00'."""
    return f"{round(value, 2) + 0.0:+,.2f}"


def parse_share(option: str, text: str, remedy: str, above_zero: bool = False) -> float:
    """A share up to 1 as it is typed for an option: '2%', '2 %' or '0.02'. Raises UsageError with the remedy."""
    try:
        share = float(text.strip().removesuffix("%")) / (100 if text.strip().endswith("%") else 1)
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1 or (above_zero and share <= 0):
        raise UsageError(f"{option} {text}: {remedy}")
    return share


def _amount(value: float, small: float, decimals: int) -> str:
    """Thousands separated; two decimals for what would otherwise vanish in rounding."""
    text = f"{value:,.{decimals}f}" if abs(value) >= small else f"{value:,.2f}"
    return text if text.strip("-0.") else "0"


def in_words(names: Sequence[str], most: int = 8) -> str:
    """'a, b and c'; what is beyond `most` is counted only."""
    names = list(names)
    if len(names) > most:
        names = [*names[: most - 1], f"{len(names) - most + 1} more"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def year_ranges(years: Iterable[int]) -> str:
    """{2026, 2027, 2028, 2030} -> '2026-2028, 2030'."""
    runs: list[list[int]] = []
    for year in sorted(set(years)):
        if runs and year == runs[-1][1] + 1:
            runs[-1][1] = year
        else:
            runs.append([year, year])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def one_line(value: object) -> str:
    """Text of a workbook made safe for a terminal: no line breaks, no control characters."""
    return "".join(c if c.isprintable() else " " for c in str(value)).strip()


def finite(value: float | None) -> float | None:
    """The number, or None where it is missing or infinite."""
    return value if value is not None and math.isfinite(value) else None
