"""What a calibration finds, as plain data. All tonnes are those of the plan's first year, and of the sheet Trade."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from lodestone.plan.tables import Document


@dataclass(frozen=True)
class LaneGap:
    """A lane into a region for which Trade has rows. shares: of all that comes into the region by lanes."""

    material: str
    from_region: str
    to_region: str
    trade_t: float
    plan_t: float
    trade_share: float
    plan_share: float
    close: str

    @property
    def off_t(self) -> float:
        """How far plan and trade are apart, t."""
        return abs(self.plan_t - self.trade_t)


@dataclass(frozen=True)
class BuyerGap:
    """What a region not of concern takes in by lanes, and the part that comes from regions of concern."""

    material: str
    region: str
    trade_t: float
    plan_t: float
    trade_share: float
    plan_share: float


@dataclass(frozen=True)
class PlantGap:
    """A plant whose region sends out less of its output than Trade says, or more. use_share: of the plant."""

    plant: str
    region: str
    material: str
    use_share: float
    trade_t: float  # sent out of the region
    plan_t: float
    close: str

    @property
    def off_t(self) -> float:
        """How far plan and trade are apart, t."""
        return abs(self.plan_t - self.trade_t)


@dataclass(frozen=True)
class Calibration:
    """lanes and plants: the worst first. error: of each material, all differences together over all of Trade."""

    plan_name: str
    year: int
    lanes: tuple[LaneGap, ...]
    buyers: tuple[BuyerGap, ...]
    plants: tuple[PlantGap, ...]
    error: dict[str, float]


def document(calibration: Calibration) -> Document:
    """As JSON has it."""
    return asdict(calibration)
