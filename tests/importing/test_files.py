"""Files are told by their headings; what is badly formed is an error by file, row and column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.importing.small_files import (
    BGS,
    CATHODES,
    CHINA,
    JAPAN,
    LONG,
    SHORT,
    USGS,
    WORLD,
    comtrade,
    report,
    usgs,
    usgs_row,
    write,
)

from lodestone.commands import main
from lodestone.errors import UsageError
from lodestone.importing.chains import chain_of
from lodestone.importing.countries import country, is_total
from lodestone.importing.files import open_table
from lodestone.importing.make import imported
from lodestone.importing.rows import Choices
from lodestone.importing.statistics import Reported, Statistics, read_statistics
from lodestone.importing.trade import shipments


def read(path: Path, mineral: str = "copper", year: int | None = None) -> Statistics:
    return read_statistics([path], chain_of(mineral), year)


def made(found: Statistics) -> dict[tuple[str, str, int], float]:
    return {(item.material, item.country, item.year): item.t for item in found.produced}


def test_usgs_release(tmp_path: Path):
    """Thousands and thousands separators; a dash is nothing, W is withheld, sums over the world are no country."""
    found = read(usgs(tmp_path))
    assert made(found) == {
        ("copper_refined", "China", 2024): 1000,
        ("copper_refined", "Chile", 2024): 2000,
        ("copper_refined", "Netherlands", 2024): 0,
        ("copper_ore", "Chile", 2024): 2500,
        ("copper_ore", "China", 2024): 600,
    }
    assert [(q.material, q.year, pytest.approx(q.usd_per_kg)) for q in found.quoted] == [("copper_refined", 2024, 10)]


def test_windows_letters(tmp_path: Path):
    """The USGS writes a long dash and an apostrophe as single bytes."""
    path = usgs(tmp_path)
    text = path.read_text(encoding="utf-8").replace("Chile", "C\u00f4te d\u2019Ivoire")
    path.write_bytes(text.encode("cp1252"))
    assert made(read(path))["copper_refined", "C\u00f4te d'Ivoire", 2024] == 2000
    assert made(read(path))["copper_refined", "Netherlands", 2024] == 0


def test_usgs_world_data_of_2025(tmp_path: Path):
    row = ["MCS2025", "Copper", "Congo (Kinshasa)", "Mine production, recoverable copper content", "metric tons"]
    total = ["MCS2025", "Copper", "World total (rounded)", *row[3:]]
    rows = [[*row, 3000, 3300, "", "", ""], [*total, 9, 9, "", "", ""]]
    found = read(write(tmp_path / "MCS2025.csv", WORLD, rows))
    assert made(found) == {
        ("copper_ore", "Congo (Kinshasa)", 2023): 3000,
        ("copper_ore", "Congo (Kinshasa)", 2024): 3300,
    }


def test_bgs(tmp_path: Path):
    rows = [["Korea (Rep. of)", "KOR", "cobalt, refined", "tonnes (metric)", "2023-01-01 00:00:00", 500, "Estimates."]]
    found = read(write(tmp_path / "bgs.csv", BGS, rows), "cobalt")
    assert made(found) == {("cobalt_refined", "South Korea", 2023): 500}
    assert found.produced[0].note == "Estimates."


def test_comtrade_as_downloaded(tmp_path: Path):
    """The total of a lane and its part by sea, re-imports left out."""
    rows = [
        [2024, JAPAN, "M", CHINA, 0, CATHODES, 400_000, 4_000_000],
        [2024, JAPAN, "M", CHINA, 2100, CATHODES, 150_000, 1_500_000],
        [2024, JAPAN, "RM", CHINA, 0, CATHODES, 1, 1],
    ]
    found = read(write(tmp_path / "trade.csv", LONG, rows))
    assert [(r.start, r.end, r.side, r.year, r.t, r.usd) for r in found.reported] == [
        ("China", "Japan", "importer", 2024, 400, 4e6)
    ]


def test_baci_is_in_thousand_dollars_and_tonnes(tmp_path: Path):
    path = write(tmp_path / "BACI.csv", list("tijkvq"), [[2024, CHINA, JAPAN, CATHODES, 4000, 400]])
    (lane,) = read(path).reported
    assert (lane.start, lane.end, lane.side, lane.usd, lane.t) == ("China", "Japan", "both", 4e6, 400)


def test_a_table_of_values_takes_tonnes_from_the_price(tmp_path: Path):
    """4 MUSD at 10 USD/kg are 400 t."""
    path = write(tmp_path / "baci_2024.csv", ["i", "j", "cmd", "value"], [["CHN", "JPN", CATHODES, 4e6]])
    (lane,) = shipments(chain_of("copper")[-1], read(path).reported, 2024, price=10)
    assert lane.t == pytest.approx(400)


def test_chinese_months_are_added_and_a_part_of_a_year_left_out(tmp_path: Path):
    headings = ["period_dt", "partner_name", "hs6", "val", "qty"]
    months = [[f"2024-{month:02}-01", "Japan", 250410, 1000, 500] for month in range(1, 13)]
    part = [[f"2025-{month:02}-01", "Japan", 250410, 1000, 500] for month in range(1, 4)]
    (lane,) = read(write(tmp_path / "months.csv", headings, [*months, *part]), "graphite").reported
    assert (lane.year, lane.t, lane.usd) == (2024, 6, 12_000)
    assert lane.source == "months.csv, rows 2 to 13, 2024"


def report_of(side: str, t: float | None, usd: float) -> Reported:
    return Reported("740311", "China", "Japan", side, 2024, t, usd, side)


OTHERS = [Reported("740311", "Chile", f"place {i}", "importer", 2024, 100, 1e6, "") for i in range(3)]  # 10 USD/kg


@pytest.mark.parametrize(
    ("sides", "t", "source"),
    [
        ([report_of("importer", 100, 1e6), report_of("exporter", 90, 9e5)], 100, "importer"),
        ([report_of("importer", 10, 1e6), report_of("exporter", 90, 9e5)], 90, "exporter"),  # 100 USD/kg: no weight
        ([report_of("importer", None, 1e6), report_of("exporter", 90, 9e5)], 90, "exporter"),
        ([report_of("importer", 10, 1e6)], 100, "importer"),  # 1 MUSD at the median of 10 USD/kg
        ([report_of("importer", 100, 1e6), report_of("both", 80, 1e6)], 100, "importer"),
    ],
)
def test_the_importer_counts_where_its_weight_is_believed(sides: list[Reported], t: float, source: str):
    lanes = shipments(chain_of("copper")[-1], [*OTHERS, *sides], 2024)
    (lane,) = [lane for lane in lanes if lane.end == "Japan"]
    assert (lane.t, lane.source) == (pytest.approx(t), source)


def test_two_codes_of_a_material_are_added_by_content():
    """100 t of Li2CO3 hold 18.8 t of lithium, 100 t of LiOH.H2O 16.5."""
    both = [Reported(code, "Chile", "Japan", "importer", 2024, 100, 1e6, code) for code in ("283691", "282520")]
    (lane,) = shipments(chain_of("lithium")[-1], both, 2024)
    assert lane.t == pytest.approx(35.3)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("USA", "United States"),
        ("842", "United States"),
        ("840", "United States"),
        ("56", "Belgium"),
        ("056", "Belgium"),
        ("Burma", "Myanmar"),
        ("Korea, Republic of", "South Korea"),
        ("C\u00f4te d\u2019Ivoire", "C\u00f4te d'Ivoire"),
        ("Congo, Democratic Republic", "Congo (Kinshasa)"),
        ("Turkey", "Turkey"),
        ("Atlantis", None),
    ],
)
def test_countries_by_code_and_name(text: str, name: str | None):
    assert country(text) == name


def test_sums_are_no_countries():
    assert all(is_total(text) for text in ("0", "World total (rounded)", "World"))
    assert not is_total("Other countries")


def test_a_name_that_is_no_country_counts_with_the_others_and_is_told(tmp_path: Path):
    found = read(write(tmp_path / "mcs.csv", USGS, [usgs_row("Mine production", "Atlantis", 7)]))
    assert made(found) == {("copper_ore", "Other countries", 2024): 7}
    assert found.unknown == {"Atlantis": 1}


# --- badly formed files -----------------------------------------------------------------------------------------------

GOOD = report(JAPAN, CHINA, "M", 400)


def with_cell(row: list[Any], position: int, value: Any) -> list[Any]:
    return [*row[:position], value, *row[position + 1 :]]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (with_cell(GOOD, 4, "4.000.000,5"), r"trade_2024.csv: row 3, column value: '4.000.000,5' is no number"),
        (with_cell(GOOD, 5, -1), r"trade_2024.csv: row 3, column netwgt: '-1' is below 0"),
        (with_cell(GOOD, 3, "Z"), r"trade_2024.csv: row 3, column flow: 'Z' is neither M \(import\) nor X \(export\)"),
        (GOOD[:4], r"trade_2024.csv: row 3 has 4 cells, the headings 6"),
    ],
)
def test_a_bad_row_is_an_error_by_file_row_and_column(tmp_path: Path, row: list[Any], message: str):
    with pytest.raises(UsageError, match=message):
        read(write(tmp_path / "trade_2024.csv", SHORT, [GOOD, row]))


def test_a_bad_year_of_production(tmp_path: Path):
    row = usgs_row("Mine production", "Chile", 7)
    row[7] = "24"
    with pytest.raises(UsageError, match=r"mcs.csv: row 2, column Year: '24' is no year"):
        read(write(tmp_path / "mcs.csv", USGS, [row]))


def test_a_bad_unit_of_bgs(tmp_path: Path):
    with pytest.raises(UsageError, match=r"row 2, column units: 'carats' is none of the units"):
        read(write(tmp_path / "bgs.csv", BGS, [["Peru", "PER", "cobalt, mine", "carats", "2023", 5, ""]]), "cobalt")


def test_a_table_that_is_not_known_says_which_is_nearest(tmp_path: Path):
    path = write(tmp_path / "mine.csv", ["reporter", "partner", "cmd", "flow", "value"], [])
    with pytest.raises(UsageError, match=r"mine.csv: row 1: .* Nearest is UN Comtrade, which has netwgt too"):
        open_table(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04", "packed folder or a workbook"),
        (b"\x1f\x8b\x08\x00nothing", "is damaged or was not loaded to its end"),
    ],
)
def test_a_file_that_is_no_table(tmp_path: Path, content: bytes, message: str):
    (tmp_path / "file.csv").write_bytes(content)
    with pytest.raises(UsageError, match=message):
        open_table(tmp_path / "file.csv")


def test_a_trade_table_without_a_year(tmp_path: Path):
    path = write(tmp_path / "trade.csv", SHORT, [GOOD])
    with pytest.raises(UsageError, match=r"trade.csv has no year, inside or in its name: say it with --year"):
        read(path)
    assert [r.year for r in read(path, year=2023).reported] == [2023]


def test_no_trade_names_the_codes(tmp_path: Path):
    with pytest.raises(UsageError, match=r"no file has trade of copper: give a trade table with HS .*740311"):
        imported([usgs(tmp_path)], "copper", Choices())


def test_a_mineral_or_country_that_is_not_known(tmp_path: Path):
    with pytest.raises(UsageError, match="no chain is known for unobtainium"):
        imported([], "unobtainium", Choices())
    with pytest.raises(UsageError, match="--of-concern: Atlantis is no country"):
        imported([], "copper", Choices(of_concern=("Atlantis",)))


# --- the command ------------------------------------------------------------------------------------------------------


def run(*words: object) -> Any:
    return CliRunner().invoke(main, ["import", *map(str, words)])


def test_the_command_writes_once_and_refreshes_without_writing(tmp_path: Path):
    files = usgs(tmp_path), comtrade(tmp_path)
    book = tmp_path / "copper.xlsx"
    done = run(book, *files, "--mineral", "copper", "--last-year", 2027)
    assert done.exit_code == 0, done.output
    assert "By the trade of 2024, 20.0% of use outside China is exposed." in done.output
    before = book.read_bytes()
    again = run(book, *files, "--mineral", "copper")
    assert again.exit_code == 2
    assert "exists; --force replaces it" in again.output
    fresh = run(book, *files, "--mineral", "copper", "--refresh")
    assert fresh.exit_code == 0, fresh.output
    assert "0 cells of" in fresh.output
    assert book.read_bytes() == before


def test_several_countries_of_concern(tmp_path: Path):
    """Chile's exports count too: all that Japan, Germany and the Netherlands use, of what is used outside both."""
    choices = Choices(of_concern=("China", "CHL"))
    done = imported([usgs(tmp_path), comtrade(tmp_path)], "copper", choices)
    assert done.of_concern == ("China", "Chile")
    assert done.exposed_share == pytest.approx(1)
