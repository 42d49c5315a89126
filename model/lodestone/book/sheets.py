"""Sheets of a workbook as they are planned with."""

from __future__ import annotations

from collections.abc import Mapping

from lodestone.plan.tables import Column, Row
from lodestone.workbook.inputs import Inputs
from lodestone.workbook.schema.sheets import SETTINGS, SHEETS


def sheet_table(inputs: Inputs, name: str, scenario: str) -> tuple[list[Column], list[Row]]:
    """The columns and rows of a sheet; of Settings a row for each, of Lanes and Tariffs the rows as they stand."""
    sheet, tables = SHEETS[name], inputs.tables(scenario)
    if sheet is SETTINGS:
        settings = [{"setting": key, "value": value} for key, value in tables.settings.items()]
        return [Column("setting", "", ""), Column("value", "any", "")], settings
    records = tables.lane_rows[name] if name in tables.lane_rows else tables.rows(name)
    years = sorted({year for record in records for year in record.years or ()})
    rows = [{**dict(zip(sheet.key, r.key, strict=False)), **r.values, **_by_year(r.years or {})} for r in records]
    unit = sheet.years.unit if sheet.years else ""
    plain = [Column(c.name, c.unit, c.meaning) for c in sheet.plain]
    return [*plain, *(Column(str(year), unit, "") for year in years)], rows


def _by_year(years: Mapping[int, float | None]) -> dict[str, float | None]:
    return {str(year): value for year, value in years.items()}
