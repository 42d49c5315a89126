"""Files made to do harm: refused with a reason, in little memory and time; what they carry never runs."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import xlsxwriter
from click.testing import CliRunner
from openpyxl import load_workbook
from tests.make import Book, load_book, only_problem, tiny, with_plants, write_book

from lodestone import names
from lodestone.commands import main
from lodestone.errors import UsageError
from lodestone.names import limited_guesses, nearest, wildcard
from lodestone.plan.run_files import is_plan_book
from lodestone.workbook import inputs
from lodestone.workbook.file import archive, worksheet
from lodestone.workbook.file.xlsx import read_sheets
from lodestone.workbook.inputs import load
from lodestone.workbook.reading.cells import LONGEST_NAME

ROOT = Path(__file__).resolve().parents[2]
SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LANES = "xl/worksheets/sheet6.xml"  # of tiny()
SHEET = f'<worksheet xmlns="{SPACE}"><sheetData>%b</sheetData></worksheet>'.encode()
PARTS = ("xl/workbook.xml", LANES, "xl/styles.xml", "_rels/.rels")
Change = Callable[[bytes], bytes]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return write_book(tmp_path / "book.xlsx", tiny())


def rewrite(path: Path, parts: Mapping[str, Change | bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    """Change or add parts of a workbook."""
    with zipfile.ZipFile(path) as old:
        content = {name: old.read(name) for name in old.namelist()}
    for name, new in parts.items():
        content[name] = new if isinstance(new, bytes) else new(content[name])
    with zipfile.ZipFile(path, "w", compression, compresslevel=1) as archive:
        for name, part in content.items():
            archive.writestr(name, part)
    return path


def refused(path: Path) -> str:
    with pytest.raises(UsageError) as raised:
        load(path)
    assert path.name in str(raised.value)
    return str(raised.value)


LIMITED = """
import resource, sys
from pathlib import Path
from lodestone.errors import UsageError
from lodestone.workbook.inputs import load
resource.setrlimit(resource.RLIMIT_DATA, (2**30, 2**30))
try:
    load(Path(sys.argv[1]))
    print("read")
except UsageError as error:
    print(error)
try:  # ru_maxrss begins with what the process had that started this one
    status = Path("/proc/self/status").read_text()
    print(int(status.split("VmHWM:")[1].split()[0]) // 1024)
except (OSError, IndexError):
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def in_one_gigabyte(path: Path) -> str:
    """What becomes of a file in a process that may not take more memory than that."""
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said, megabytes = done.stdout.strip().rsplit("\n", 1)
    assert int(megabytes) < 1024
    return said


def large(pattern: bytes, megabytes: int) -> bytes:
    return SHEET % (pattern * (megabytes * 2**20 // len(pattern)))


# --- bombs -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("megabytes", "pattern", "says"),
    [
        (300, b"<row/>", "unpacks to more than 256 MB"),
        (250, b"<c><v>1</v></c>", "holds far more cells"),
        (20, b"<x>", "not written as Excel writes it"),
        (20, b"<row><c/></row ><!-- -->", "not written as Excel writes it"),
    ],
)
def test_zip_bombs(book: Path, megabytes: int, pattern: bytes, says: str) -> None:
    assert says in in_one_gigabyte(rewrite(book, {LANES: large(pattern, megabytes)}))
    assert book.stat().st_size < 4 * 2**20


@pytest.mark.slow
@pytest.mark.parametrize("piece", [b"<a>", b"<a>/>", b"<a b=''/>"])
def test_the_most_that_is_parsed_at_once_stays_within_a_gigabyte(book: Path, piece: bytes) -> None:
    bomb = SHEET % (b"<!-- -->" + piece * ((archive.MOST_AT_ONCE - 500) // len(piece)))
    said = in_one_gigabyte(rewrite(book, {LANES: bomb}))
    assert said == "read" or "damaged" in said


@pytest.mark.parametrize("part", [*PARTS, "xl/sharedStrings.xml"])
def test_other_parts_cannot_be_bombs_either(tmp_path: Path, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_XML", 2**20)
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(path) as workbook:  # openpyxl writes no shared strings
        for name, rows in {**tiny(), "Settings": [["setting", "value"], ["first_year", 2026]]}.items():
            sheet = workbook.add_worksheet(name)
            for i, row in enumerate(rows):
                sheet.write_row(i, 0, row)
    load(path)
    rewrite(path, {part: lambda xml: xml.rstrip() + b" " * 2**20})
    assert "unpacks to more than" in refused(path)


def test_sizes_are_counted_across_parts(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(book) as parts:
        needed = sum(
            info.file_size for info in parts.infolist() if not info.filename.startswith(("docProps", "xl/theme"))
        )
    monkeypatch.setattr(archive, "MOST_XML", needed)
    load(book)
    monkeypatch.setattr(archive, "MOST_XML", needed // 2)
    assert "unpacks to more than" in refused(book)


def test_a_size_that_is_understated(book: Path) -> None:
    """The table of contents says 100 bytes; 50 MB would come out."""
    rewrite(book, {LANES: large(b"<row/>", 50)})
    data = bytearray(book.read_bytes())
    with zipfile.ZipFile(book) as parts:
        at = parts.getinfo(LANES).header_offset
    entry = data.index(LANES.encode(), at + 100) - 46
    for place in (at + 22, entry + 24):
        data[place : place + 4] = (100).to_bytes(4, "little")
    book.write_bytes(data)
    assert "damaged" in refused(book)


def test_bombs_beside_the_workbook_are_not_unpacked(book: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as nested:
        nested.writestr("more.zip", b"\0" * (5 * 2**20))
    rewrite(book, {"xl/media/nested.zip": inner.getvalue(), "xl/media/image1.bmp": b"\0" * (30 * 2**20)})
    data = archive.read_bytes(book)
    tracemalloc.start()
    try:
        sheets = read_sheets(book, data)
        assert tracemalloc.get_traced_memory()[1] < 5e6
    finally:
        tracemalloc.stop()
    assert "Settings" in {sheet.name for sheet in sheets}


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_not_unpacked(book: Path, compression: int) -> None:
    assert "damaged" in refused(rewrite(book, {}, compression))


def test_many_parts(book: Path) -> None:
    with zipfile.ZipFile(book, "a") as parts:
        for i in range(archive.MOST_PARTS):
            parts.writestr(f"p{i}", b"")
    assert "more than 10,000 parts" in refused(book)


def test_two_parts_of_one_name(book: Path) -> None:
    """Programs differ in which of them they read."""
    with zipfile.ZipFile(book, "a") as parts, pytest.warns(UserWarning, match="Duplicate"):
        parts.writestr(LANES, SHEET % b"")
    assert "damaged" in refused(book)


def test_a_file_that_never_ends(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_FILE", 1000)
    assert "larger than" in refused(book)


# --- XML -------------------------------------------------------------------------------------------------------------

LAUGHS = '<!DOCTYPE lol [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True)
)
DOCTYPES = {
    "billion laughs": f"{LAUGHS}]>",
    "external entity": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
    "parameter entity": '<!DOCTYPE x [<!ENTITY % a SYSTEM "http://localhost:9/x"> %a;]>',
    "external subset": '<!DOCTYPE x SYSTEM "http://localhost:9/x.dtd">',
    "harmless": "<!DOCTYPE x>",
}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("doctype", DOCTYPES.values(), ids=DOCTYPES)
def test_document_type_declarations_are_refused(book: Path, part: str, doctype: str) -> None:
    def declared(xml: bytes) -> bytes:
        return doctype.encode() + xml[xml.index(b"?>") + 2 if xml.startswith(b"<?") else 0 :]

    assert "document type declaration" in refused(rewrite(book, {part: declared}))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-7", "cp037", "iso-8859-1", "utf-32"])
def test_declarations_cannot_hide_in_another_encoding(book: Path, encoding: str) -> None:
    def encoded(xml: bytes) -> bytes:
        text = xml.decode()
        text = text[text.index("?>") + 2 :] if text.startswith("<?") else text
        head = f'<?xml version="1.0" encoding="{encoding}"?>'
        if encoding in ("utf-7", "cp037", "iso-8859-1"):  # a parser reads the declaration itself as ASCII
            return head.encode() + f"{DOCTYPES['billion laughs']}{text}".encode(encoding)
        return f"{head}{DOCTYPES['billion laughs']}{text}".encode(encoding)

    said = refused(rewrite(book, {LANES: encoded}))
    assert "not written in UTF-8" in said or "document type" in said


@pytest.mark.parametrize(
    "row",
    [
        '<row r="2"><c r="XFE2"><v>1</v></c></row>',
        '<row r="2"><c r="ZZZZZZZZZZ2"><v>1</v></c></row>',
        '<row r="2"><c r="a2"><v>1</v></c></row>',
        '<row r="2"><c r="2"><v>1</v></c></row>',
        '<row r="1048577"><c><v>1</v></c></row>',
        '<row r="99999999999999999999"><c><v>1</v></c></row>',
        '<row r="0"><c><v>1</v></c></row>',
        '<row r="-5"><c><v>1</v></c></row>',
        '<row r="2"><c><v>1</v></c></row><row r="2"><c><v>2</v></c></row>',
        '<row r="2"><c r="A2"><v>1</v></c><c r="A2"><v>2</v></c></row>',
        '<row r="2"><c t="s"><v>-1</v></c></row>',
    ],
)
def test_cells_that_no_sheet_has(book: Path, row: str) -> None:
    assert "damaged" in refused(rewrite(book, {LANES: SHEET % row.encode()}))


@pytest.mark.slow
def test_far_corners_and_declared_dimensions_cost_nothing(tmp_path: Path) -> None:
    content = tiny()
    path = write_book(tmp_path / "book.xlsx", content)

    def vast(xml: bytes) -> bytes:
        return xml.replace(
            b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
        ).replace(b"<dimension ref=", b'<dimension ref="A1:XFD1048576" was=')

    rewrite(path, {LANES: vast})
    assert in_one_gigabyte(path) == "read"
    assert only_problem(load(path)).cell == "Lanes!XFD1048576"


@pytest.mark.slow
def test_a_million_empty_formatted_rows_and_columns(book: Path) -> None:
    with zipfile.ZipFile(book) as parts:
        filled = parts.read(LANES)
    wide = b'<c r="XFC2" s="1"/><c r="XFD2" s="1"></c></row>'
    rows = [b'<row r="%d" spans="1:4" s="1" customFormat="1" ht="15"/>' % r for r in range(500_000, 1_048_576)]
    cells = [b'<row r="%d" s="1"><c r="A%d" s="1"/><c r="B%d" s="1"/></row>' % (r, r, r) for r in range(10, 500_000)]
    empty = b"".join([*cells, *rows, b"</sheetData>"])
    columns = b'<cols><col min="1" max="16384" width="9" style="1"/></cols><sheetData>'
    sheet = filled.replace(b"<sheetData>", columns).replace(b"</row>", wide, 2).replace(b"</sheetData>", empty)
    expected = load(book).tables()
    rewrite(book, {LANES: sheet})
    assert in_one_gigabyte(book) == "read"
    found = load(book).tables()
    assert (found.settings, found.records, found.lanes) == (expected.settings, expected.records, expected.lanes)


def test_text_longer_than_a_cell(book: Path) -> None:
    text = b'<row r="2"><c t="inlineStr"><is><t>%s</t></is></c></row>' % (b"x" * 40_000)
    assert "more than 32,767 characters" in refused(rewrite(book, {LANES: SHEET % text}))


def test_half_characters_are_no_characters(book: Path) -> None:
    rewrite(book, {LANES: SHEET % b'<row><c t="inlineStr"><is><t>a_xD83D_b</t></is></c></row>'})
    assert all("\ud83d" not in problem.found for problem in load(book).problems)


# --- few rows that ask for much ---------------------------------------------------------------------------------------


def test_rows_and_cells_that_are_kept_are_counted(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """15 rows of tiny() hold something, with headings."""
    monkeypatch.setattr(worksheet, "MOST_ROWS_FILLED", 18)
    load(book)
    monkeypatch.setattr(worksheet, "MOST_ROWS_FILLED", 10)
    assert "more rows or cells than a plan needs" in refused(book)
    monkeypatch.setattr(worksheet, "MOST_ROWS_FILLED", 18)
    monkeypatch.setattr(worksheet, "MOST_FILLED", 20)
    assert "more rows or cells than a plan needs" in refused(book)


def test_a_default_freight_between_very_many_regions(tmp_path: Path) -> None:
    """1,002 regions and one material: 1,002 x 1,002 lanes, those within included."""
    content = tiny()
    content["Settings"] |= {"default_freight_usd_per_kg": 1}
    content["Regions"] += [[f"region {i}", None, None] for i in range(1000)]
    assert "opens 1,004,004 lanes between 1,002 regions" in refused(write_book(tmp_path / "book.xlsx", content))
    content["Settings"].pop("default_freight_usd_per_kg")
    content["Lanes"].append(["*", "*", "*", 1])
    assert "opens 1,004,004 lanes" in refused(write_book(tmp_path / "book.xlsx", content))
    content["Lanes"].pop()
    assert load(write_book(tmp_path / "book.xlsx", content)).problems == ()


def test_very_many_futures_of_very_many_lanes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "MOST_IN_ALL", 100)
    content = tiny()
    content["Scenarios"] = [["scenario", "from_year"], ["one", 2027]]
    path = write_book(tmp_path / "book.xlsx", content)
    load(path)
    content["Scenarios"] += [[f"future {i}", 2027] for i in range(20)]
    assert "22 futures" in refused(write_book(path, content))


# --- names that take long --------------------------------------------------------------------------------------------


def test_a_pattern_of_many_stars_takes_no_longer_than_one() -> None:
    pattern = wildcard("*a" * 60 + "*b")
    assert pattern.fullmatch("a" * 5000) is None
    assert pattern.fullmatch("xa" * 60 + "b")
    assert wildcard("a[b]?\n*").fullmatch("a[b]c\nd\ne")
    assert not wildcard("a[b]").fullmatch("ab")


def test_guesses_end_when_they_have_taken_long_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Comparing is counted while a workbook is read, and nowhere else."""
    known = [f"region {i}" for i in range(100)]
    monkeypatch.setattr(names, "MOST_COMPARED", 200_000)
    with limited_guesses():
        assert nearest("regiom 7", known) == "region 7"
        assert [nearest("regiom 7", known) for _ in range(10)][-1] is None
    assert nearest("regiom 7", known) == "region 7"


def test_merged_areas_over_each_other_take_no_time(book: Path) -> None:
    areas = b"".join(b'<mergeCell ref="A%d:XFD1048576"/>' % (i + 1) for i in range(20_000))
    rewrite(
        book, {LANES: lambda xml: xml.replace(b"</sheetData>", b"</sheetData><mergeCells>" + areas + b"</mergeCells>")}
    )
    problems = load(book).problems
    assert {problem.cell for problem in problems} >= {"Lanes!A1", "Lanes!A2"}


def test_long_names_are_a_problem_and_no_work(tmp_path: Path) -> None:
    content = tiny()
    content["Materials"].append(["x" * (LONGEST_NAME + 1)])
    found = only_problem(load_book(tmp_path, content))
    assert found.cell == "Materials!A3"
    assert "at most 255 characters" in found.wrong
    assert nearest("x" * 30_000, ["x" * 30_001]) is None


# --- what a file carries ---------------------------------------------------------------------------------------------


def test_macros_are_carried_and_never_run(tmp_path: Path) -> None:
    path = write_book(tmp_path / "book.xlsm", tiny())
    rewrite(path, {"xl/vbaProject.bin": b"Sub Auto_Open()", "[Content_Types].xml": lambda xml: xml.replace(
        b"spreadsheetml.sheet.main", b"ms-excel.sheet.macroEnabled.main")})  # fmt: skip
    assert load(path).problems == ()


def test_links_to_other_files_are_not_followed(book: Path) -> None:
    """A sheet that stands in another file is no sheet; a link beside the sheets is ignored."""
    rels = "xl/_rels/workbook.xml.rels"
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    link = (
        f'<Relationship Id="x" Type="{kind}/externalLink" Target="file:///etc/passwd" TargetMode="External"/>'
    ).encode()
    rewrite(book, {rels: lambda xml: xml.replace(b"</Relationships>", link + b"</Relationships>")})
    assert load(book).problems == ()
    target = b"/xl/worksheets/sheet6.xml"
    rewrite(book, {rels: lambda xml: xml.replace(target, b"file:///etc/passwd")})
    assert "damaged" in refused(book)


def test_a_marked_copy_of_what_openpyxl_would_choke_on(tmp_path: Path) -> None:
    content = tiny()
    content["Demand"][1][3] = -5

    def check(part: str, change: Change) -> str:
        path = rewrite(write_book(tmp_path / "book.xlsx", content), {part: change})
        done = CliRunner().invoke(main, ["check", str(path), "--mark", str(tmp_path / "marked.xlsx"), "--force"])
        assert done.exit_code == 2
        assert isinstance(done.exception, SystemExit)
        return done.output

    end = b"</sheetData>"
    merged = end + b'<mergeCells><mergeCell ref="A9&#58;XFD1048576"/></mergeCells>'
    assert "merged cells" in check(LANES, lambda xml: xml.replace(end, merged))
    assert "merged cells" in check(LANES, lambda xml: xml.replace(end, end + b"<x:mergeCell a='>' ref='A1'/>"))
    said = check("docProps/core.xml", lambda xml: DOCTYPES["billion laughs"].encode() + xml.partition(b"?>")[2])
    assert "document type declaration" in said
    assert not (tmp_path / "marked.xlsx").exists()
    assert "problem" in check(LANES, lambda xml: xml)
    assert (tmp_path / "marked.xlsx").exists()


# --- text that a spreadsheet could take for a formula, a browser for a script ----------------------------------------

SIGNS = ("=1+1", "+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", '=HYPERLINK("http://localhost")')


def sly() -> Book:
    """Every text that reaches an output begins like a formula, or is HTML."""
    book = with_plants()
    book["Settings"] |= {"plan_name": "=1+1<script>alert(1)</script>"}
    for sheet, row, column in (("Materials", 1, 0), ("Regions", 2, 0), ("Plants", 1, 0), ("Sectors", 1, 0)):
        name = book[sheet][row][column]
        new = f"={name}" if sheet != "Regions" else f"@{name}<b>"
        for rows in book.values():
            if isinstance(rows, list):
                rows[1:] = [[new if cell == name else cell for cell in cells] for cells in rows[1:]]
    book["Demand"][0].append("source")
    book["Demand"][1].append("+44 20 7946 0000 <img src=x onerror=alert(1)>")
    book["Scenarios"][1][0] = "-embargo"
    book["Changes"][1][0] = "-embargo"
    return book


def as_text(book: Book, path: Path) -> Path:
    """openpyxl would write what begins with = as a formula."""
    write_book(path, book)
    workbook = load_workbook(path)
    for sheet in workbook:
        for cells in sheet.iter_rows():
            for cell in cells:
                if isinstance(cell.value, str):
                    cell.data_type = "s"
    workbook.save(path)
    return path


def formulas(path: Path) -> Iterator[str]:
    """The formulas and links that stand in the cells of a workbook."""
    with zipfile.ZipFile(path) as parts:
        for name in parts.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml") and b"<f>" in parts.read(name):
                yield name


def run(*arguments: str) -> str:
    done = CliRunner().invoke(main, list(arguments))
    assert done.exit_code == 0, done.output
    return done.output


def test_text_of_the_input_is_text_in_every_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = as_text(sly(), tmp_path / "=book.xlsx")
    run("solve", path.name, "--out", "-run", "--quiet")
    run("solve", path.name, "--scenario", "-embargo", "--out", "@other", "--quiet")
    run("compare", "--quiet", "--", "-run", "@other")
    run("sweep", path.name, "--vary", "Demand/@Home<b>/*/*/2026=50,100", "--quiet")
    run("check", path.name, "--mark", "marked.xlsx", "--quiet")
    run("report", "--quiet", "--", "-run", "@other")

    books = [p for p in tmp_path.rglob("*.xlsx") if p != path]
    assert {p.name for p in books} >= {"compare.xlsx", "marked.xlsx", "sweep.xlsx"}
    assert sum(map(is_plan_book, books)) == 2
    for written in books:
        assert list(formulas(written)) == [], written
    (table,) = tmp_path.rglob("sweep.csv")
    with table.open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [
        cell for cell in cells if cell[:1] in ("=", "@", "\t", "\r") or (cell[:1] in "+-" and not _number(cell))
    ]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "@Home<b>" not in page


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text == ""
    return True


@pytest.mark.parametrize("name", SIGNS)
def test_a_csv_guards_what_begins_like_a_formula(name: str) -> None:
    from lodestone.report.studies.sweep_files import _guarded

    assert _guarded(name)[0] == "'"
    assert repr(_guarded(-1.5)) == "-1.5"


def test_names_of_the_input_never_lead_out_of_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "deep" / "er"
    place.mkdir(parents=True)
    monkeypatch.chdir(place)
    book = with_plants()
    book["Scenarios"][1][0] = book["Changes"][1][0] = "..\\..\\embargo"
    book["Settings"] |= {"plan_name": "../../plan"}
    book["ChinaShare"][1][0] = "..\\cap"
    write_book("...xlsx", book)
    run("solve", "...xlsx", "--all-scenarios", "--jobs", "1", "--quiet")
    run("frontier", "...xlsx", "--cap", "..\\cap", "--steps", "2", "--jobs", "1", "--quiet")
    assert [p.name for p in tmp_path.iterdir()] == ["deep"]
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["er"]
    assert sorted(p.name for p in place.iterdir()) == ["...xlsx", "outputs"]
    found = json.loads(next(place.rglob("plan.json")).read_text(encoding="utf-8"))
    assert found["plan_name"] == "../../plan"
