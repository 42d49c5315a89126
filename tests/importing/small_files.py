"""Small files of the layouts that are downloaded; every figure is invented.

Copper, t of 2024. China makes 1,000 and Chile 2,000; the Netherlands make nothing, Germany and Japan are in no table.

    China -> Japan 400, Netherlands 100          Chile -> Japan 600, Netherlands 300          Netherlands -> Germany 200

               made   in  out  own  re-export  consumption   exposed part of what comes in
    China     1,000    0  500  500                     500
    Chile     2,000    0  900 1100                   1,100
    Netherlands   0  400  200    0        200          200   100 / 400 = 0.25
    Germany       0  200    0                          200   all from the Netherlands, so 0.25
    Japan         0 1000    0                        1,000   0.4

Outside China 2,500 t are used, of which 400 + 50 + 50 = 500 t are exposed: 20 %.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

USGS = [
    "MCS chapter",
    "Section",
    "Commodity",
    "Country",
    "Statistics",
    "Statistics_detail",
    "Unit",
    "Year",
    "Value",
    "Notes",
]
WORLD = [
    "SOURCE",
    "COMMODITY",
    "COUNTRY",
    "TYPE",
    "UNIT_MEAS",
    "PROD_2023",
    "PROD_EST_ 2024",
    "PROD_NOTES",
    "CAP_2023",
    "CAP_EST_ 2024",
]
BGS = [
    "country_trans",
    "country_iso3_code",
    "bgs_commodity_trans",
    "units",
    "year",
    "quantity",
    "concat_figure_notes_text",
]
SHORT = ["reporter", "partner", "cmd", "flow", "value", "netwgt"]
LONG = ["refYear", "reporterCode", "flowCode", "partnerCode", "motCode", "cmdCode", "netWgt", "primaryValue"]
CHINA, CHILE, NETHERLANDS, GERMANY, JAPAN, USA, WHOLE_WORLD = 156, 152, 528, 276, 392, 842, 0
CATHODES = 740311
POUND_PRICE = 453.59237  # cents per pound: 10 USD/kg


def write(path: Path, headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> Path:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([headings, *rows])
    data = text.getvalue().encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def usgs_row(detail: str, place: str, value: Any, kind: str = "Production", unit: str = "metric tons") -> list[Any]:
    section = "World Mine and Refinery Production and Reserves" if kind == "Production" else "Salient Statistics"
    return ["COPPER", section, "Copper", place, kind, detail, unit, 2024, value, "Estimated."]


def usgs(folder: Path) -> Path:
    refined = "Refinery production"
    price = "Price, annual average, cents per pound: London Metal Exchange, grade A, cash"
    return write(
        folder / "mcs2026.csv",
        USGS,
        [
            usgs_row(refined, "China", "1,000"),
            usgs_row(refined, "Chile", 2, unit="thousand metric tons"),
            usgs_row(refined, "Netherlands", "\u2014"),
            usgs_row(refined, "Canada", "W"),
            usgs_row("Refinery production: rounded", "World total", "3,000"),
            usgs_row("Mine production", "Chile", "2,500"),
            usgs_row("Mine production", "China", 600),
            usgs_row(price, "United States", POUND_PRICE, "Price", "cents per pound"),
        ],
    )


def report(reporter: int, partner: int, flow: str, t: float, usd_per_kg: float = 10, code: int = CATHODES) -> list[Any]:
    return [reporter, partner, code, flow, round(t * 1e3 * usd_per_kg, 6), t * 1e3]


def reports() -> list[list[Any]]:
    """What importers report; Chile reports its side of the lane to Japan too, FOB 9.9 and 5 % less."""
    return [
        report(JAPAN, CHINA, "M", 400),
        report(JAPAN, CHINA, "M", 150),  # part of it, by sea
        report(JAPAN, WHOLE_WORLD, "M", 1000),
        report(JAPAN, CHILE, "M", 600, 10.1),
        report(CHILE, JAPAN, "X", 570, 9.9),
        report(NETHERLANDS, CHINA, "M", 100),
        report(NETHERLANDS, CHILE, "M", 300),
        report(GERMANY, NETHERLANDS, "M", 200),
        report(GERMANY, CHINA, "M", 999, code=850511),  # another mineral
    ]


def comtrade(folder: Path) -> Path:
    return write(folder / "comtrade_2024.csv.gz", SHORT, reports())
