"""What security costs, as plain data."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from lodestone.plan.tables import Document


@dataclass(frozen=True)
class Secured:
    """The cheapest plan against any k threats. share: secure share of the sectors that have one, None as they are.

    price_musd: beyond the plan against none, of the same study. binding: combinations that the plan was made with.
    decided: what it builds, awards and signs, with the year; new: what of that the point before has not.
    """

    k: int
    share: float | None
    objective_musd: float | None = None
    bound_musd: float | None = None
    price_musd: float | None = None
    binding: tuple[str, ...] = ()
    decided: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    message: str = ""


@dataclass(frozen=True)
class SecurityCost:
    """points: by share, then by the number of threats."""

    workbook: str
    plan_name: str
    scenario: str
    sets: tuple[str, ...]
    threats: tuple[str, ...]
    points: tuple[Secured, ...]


def document(study: SecurityCost) -> Document:
    """secure.json"""
    return asdict(study)
