"""Thousands of workbooks changed in the XML of their parts: are the same values read, or is it said what is wrong?

    python -m benchmarks.fuzz_parts --count 2000 --seed 1

Three kinds of change, of which each workbook gets one kind:

- rewritten: other XML for the same values, as other programs write it (places left out, prefixes, comments, shared
  texts, other names of parts, ...). The workbook must be read as before, without a problem.
- damaged: one thing that no reader can make sense of. There must be an error that names the file, or a problem that
  names a cell.
- shaken: elements, attributes and texts dropped, doubled, moved or exchanged at random. There must be an error, a
  problem, or the values that openpyxl reads from the same file.

Never a traceback, never more than 60 s, never more than 1 GB.
"""

from __future__ import annotations

import io
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any
from xml.sax.saxutils import escape

import click
import xlsxwriter
from openpyxl import Workbook, load_workbook

from benchmarks.mutate import bases
from lodestone.errors import UsageError
from lodestone.workbook.file.xlsx import ErrorValue, NoValue, Unreadable, column_letters, read_sheets
from lodestone.workbook.inputs import Inputs, load
from lodestone.workbook.schema.sheets import SHEETS

SECONDS, MEGABYTES = 60, 1024
SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
Parts = dict[str, bytes]
Change = Callable[[str, random.Random], str]  # of the XML of a sheet


@dataclass(frozen=True)
class Verdict:
    """outcome: read, problem or error. fault: what must not happen, in words; empty if all is well."""

    seed: int
    kind: str
    what: tuple[str, ...]
    outcome: str
    fault: str
    seconds: float


@cache
def books() -> list[bytes]:
    """Valid workbooks: two as openpyxl writes them, with texts in their cells, and the same with shared texts."""
    plain = [_plain(base.content) for base in bases()]
    return [*plain, *map(_shared, plain)]


def _plain(content: bytes) -> bytes:
    """The cells of the sheets that are read, and nothing else."""
    book, new, copy = load_workbook(io.BytesIO(content)), io.BytesIO(), Workbook()
    copy.remove(copy.worksheets[0])
    for sheet in book:
        if sheet.title in SHEETS:
            page = copy.create_sheet(sheet.title)
            for row in sheet.iter_rows(values_only=True):
                page.append(row)
    copy.save(new)
    return new.getvalue()


def _shared(content: bytes) -> bytes:
    book, new = load_workbook(io.BytesIO(content)), io.BytesIO()
    with xlsxwriter.Workbook(new, {"in_memory": True}) as copy:
        for sheet in book:
            page = copy.add_worksheet(sheet.title)
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.value is not None:
                        page.write(cell.row - 1, cell.column - 1, cell.value)
    return new.getvalue()


def parts_of(content: bytes) -> Parts:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: Parts) -> bytes:
    new = io.BytesIO()
    with zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return new.getvalue()


def values(content: bytes) -> dict[str, Any]:
    """What our reader reads, by cell."""
    return {
        f"{sheet.name}!{column_letters(column)}{number}": value
        for sheet in read_sheets(Path("book.xlsx"), content)
        for number, row in sheet.rows.items()
        for column, value in row.items()
    }


# --- rewritten: the same values ---------------------------------------------------------------------------------------


def _some(pattern: str, new: Callable[[re.Match[str]], str], share: float = 0.5) -> Change:
    """A change of some of the places that match."""

    def change(xml: str, luck: random.Random) -> str:
        return re.sub(pattern, lambda match: new(match) if luck.random() < share else match[0], xml)

    return change


def _all(pattern: str, new: str | Callable[[re.Match[str]], str]) -> Change:
    return lambda xml, luck: re.sub(pattern, new, xml)


def _no_places(xml: str, luck: random.Random) -> str:
    """Places left out where they follow from what comes before; blank cells between are written."""

    def row(match: re.Match[str]) -> str:
        before, after = 0, []
        for cell in re.findall(r"<c [^>]*?/>|<c .*?</c>", match[2], re.DOTALL):
            place = re.search(r' r="([A-Z]+)[0-9]+"', cell)
            assert place is not None
            column = sum((ord(sign) - 64) * 26**i for i, sign in enumerate(reversed(place[1])))
            kept = column != before + 1 or luck.random() < 0.3
            after.append(cell if kept else cell.replace(place[0], "", 1))
            before = column
        return f"{match[1]}{''.join(after)}</row>"

    return re.sub(r"(<row [^>]*[^/]>|<row>)(.*?)</row>", row, xml, flags=re.DOTALL)


def _prefixed(xml: str, luck: random.Random) -> str:
    if "<!" in xml or "<?note" in xml:
        return xml
    declared, _, body = xml.rpartition("?>")
    body = body.replace(f'xmlns="{SPACE}"', f'xmlns:x="{SPACE}"').replace(f"xmlns='{SPACE}'", f"xmlns:x='{SPACE}'")
    return f"{declared}{'?>' if declared else ''}" + re.sub(r"<(/?)(?=[a-zA-Z])(?![a-z0-9]+:)", r"<\1x:", body)


def _runs(match: re.Match[str]) -> str:
    """A text in two runs, of which one is bold."""
    tag, text = match[1], match[2]
    half, kept = len(text) // 2, '<t xml:space="preserve">'
    if "&" in text or not text:
        return match[0]
    return f"<{tag}><r>{kept}{text[:half]}</t></r><r><rPr><b/></rPr>{kept}{text[half:]}</t></r></{tag}>"


# In the order in which they are made: later ones leave less for a pattern to find.
REWRITES: dict[str, Change] = {
    "places left out": _no_places,
    "blank cells after": _some(r"</row>", lambda m: '<c s="0"/><c/></row>'),
    "blank rows after": _all(r"</sheetData>", '<row r="9000"/><row/><row r="9005"></row></sheetData>'),
    "a text beside its place in a list": _some(r'(t="inlineStr"[^>]*>)<is>', lambda m: f"{m[1]}<v>0</v><is>"),
    "formatted texts": _some(r"<(is)><t(?: [^>]*)?>([^<]*)</t></is>", _runs),
    "phonetic guides": _all(r"</is>", '<rPh sb="0" eb="1"><t>x</t></rPh></is>'),
    "decimals": _some(r'(<c(?: r="[A-Z]+\d+")?(?: s="\d+")?(?: t="n")?><v>\d+)</v>', lambda m: f"{m[1]}.0</v>"),
    "signs as numbers": _some(r"<v>(\d)", lambda m: f"<v>&#{ord(m[1])};"),
    "CDATA": _some(r"<v>([^<&]+)</v>", lambda m: f"<v><![CDATA[{m[1]}]]></v>"),
    "blanks around": _all(r"<v>([^<]*)</v>", r"<v> \1\n</v>"),
    "place last": _some(r'<c r="([A-Z]+\d+)"([^<>/]*)>', lambda m: f'<c{m[2]} r="{m[1]}">'),
    "attributes of newer Excel": _all(r"<row(?=[ >])", '<row q:dyDescent="0.25"'),
    "a wrong dimension": _all(r'<dimension ref="[^"]*"', '<dimension ref="A1"'),
    "other things beside": _all(r"</sheetData>", '</sheetData><mergeCells><mergeCell ref="XA900:XC905"/></mergeCells>'),
    "a processing instruction": _all(r"<sheetData>", "<?note <row> ?><sheetData>"),
    "lines between": _all(r">(?=<(?:row|c|/row|/c|/sheetData)[ >])", ">\n  "),
    "comments": _some(r"<(row|c)(?=[ >])", lambda m: f"<!-- <v>9</v> -->{m[0]}"),
    "prefixes": _prefixed,
    "other quotes": _all(r' (r|t|s)="([^"\']*)"', r" \1='\2'"),
    "a space in end tags": _all(r"</((?:x:)?(?:row|c|v|sheetData))>", r"</\1 >"),
    "the strict namespace": _all(SPACE, "http://purl.oclc.org/ooxml/spreadsheetml/main"),
    "a byte order mark": lambda xml, luck: "\N{BYTE ORDER MARK}" + xml,
}


def _declared(xml: str) -> str:
    """The prefix of newer attributes, declared where Excel does, or on the rows' own element."""
    return re.sub(r"<(x:)?worksheet ", r'\g<0>xmlns:q="urn:q" ', xml, count=1) if "q:dyDescent" in xml else xml


NAMES: dict[str, Callable[[Parts], Parts]] = {
    "backslashes": lambda parts: {name.replace("/", "\\"): xml for name, xml in parts.items()},
    "capitals": lambda parts: {name.upper(): xml for name, xml in parts.items()},
    "shared texts in runs": lambda parts: {
        name: _shared_runs(xml) if name.endswith("sharedStrings.xml") else xml for name, xml in parts.items()
    },
    "folders": lambda parts: {"xl/": b"", **parts},
    "dots": lambda parts: _targets(parts, rb'Target="/?(?:xl/)?worksheets/', b'Target="./../xl/./worksheets/'),
    "absolute": lambda parts: _targets(parts, rb'Target="/?(?:xl/)?worksheets/', b'Target="/xl/worksheets/'),
}


def _shared_runs(xml: bytes) -> bytes:
    return re.sub(r"<(si)><t(?: [^>]*)?>([^<]*)</t></si>", _runs, xml.decode()).encode()


def _targets(parts: Parts, old: bytes, new: bytes) -> Parts:
    name = "xl/_rels/workbook.xml.rels"
    return {**parts, name: re.sub(old, new, parts[name])}


def rewritten(parts: Parts, luck: random.Random) -> tuple[Parts, tuple[str, ...]]:
    chosen = luck.sample(list(REWRITES), luck.choice((1, 2, 3, 5)))
    what = [one for one in REWRITES if one in chosen]
    for name in _sheets(parts):
        xml = parts[name].decode()
        for one in what:
            xml = REWRITES[one](xml, luck)
        parts[name] = _declared(xml).encode()
    if luck.random() < 0.5:
        names = luck.choice(list(NAMES))
        return NAMES[names](parts), (*what, names)
    return parts, tuple(what)


def _sheets(parts: Parts) -> list[str]:
    return [name for name in parts if name.startswith("xl/worksheets/sheet")]


# --- damaged: one thing that makes no sense ---------------------------------------------------------------------------

NUMBER = r'<c r="([A-Z]+)(\d+)"((?: s="\d+")?)(?: t="n")?><v>([^<]*)</v></c>'


def _at_one(pattern: str, new: str | Callable[[re.Match[str]], str]) -> Change:
    """A change of one place; the XML as it is where there is none."""

    def change(xml: str, luck: random.Random) -> str:
        found = list(re.finditer(pattern, xml))
        if not found:
            return xml
        match = luck.choice(found)
        text = new(match) if callable(new) else match.expand(new)
        return xml[: match.start()] + text + xml[match.end() :]

    return change


DAMAGES: dict[str, Change] = {
    "a number that is none": _at_one(NUMBER, r'<c r="\1\2"\3><v>x\4</v></c>'),
    "a number with an underscore": _at_one(NUMBER, r'<c r="\1\2"\3><v>1_0</v></c>'),
    "a number of another script": _at_one(NUMBER, '<c r="\\1\\2"\\3><v>\N{ARABIC-INDIC DIGIT ONE}</v></c>'),
    "yes or no that is neither": _at_one(NUMBER, r'<c r="\1\2" t="b"\3><v>maybe</v></c>'),
    "a kind that is none": _at_one(NUMBER, r'<c r="\1\2" t="q"\3><v>\4</v></c>'),
    "a date that is none": _at_one(NUMBER, r'<c r="\1\2" t="d"\3><v>12:30:00</v></c>'),
    "an error": _at_one(NUMBER, r'<c r="\1\2" t="e"\3><v>#REF!</v></c>'),
    "an error without a name": _at_one(NUMBER, r'<c r="\1\2" t="e"\3><v></v></c>'),
    "a formula without a result": _at_one(NUMBER, r'<c r="\1\2"\3><f>1+\4</f></c>'),
    "a text that is not in the list": _at_one(NUMBER, r'<c r="\1\2" t="s"\3><v>99999</v></c>'),
    "not a number": _at_one(NUMBER, r'<c r="\1\2"\3><v>NaN</v></c>'),
    "without end": _at_one(NUMBER, r'<c r="\1\2"\3><v>INF</v></c>'),
    "two cells in one place": _at_one(NUMBER, lambda m: m[0] + m[0]),
    "a cell of another row": _at_one(NUMBER, lambda m: m[0].replace(f'{m[1]}{m[2]}"', f'{m[1]}{int(m[2]) + 1}"')),
    "a column that no sheet has": _at_one(NUMBER, r'<c r="ZZZZ\2"\3><v>\4</v></c>'),
    "a cell of another namespace": _at_one(NUMBER, r'<c xmlns="urn:x" r="\1\2"\3><v>\4</v></c>'),
    "a tag that is not closed": _at_one(NUMBER, r'<c r="\1\2"\3><v>\4</c>'),
    "a sign that XML has not": _at_one(NUMBER, '<c r="\\1\\2"\\3><v>\\4\x01</v></c>'),
    "an entity that is not declared": _at_one(NUMBER, r'<c r="\1\2"\3><v>&one;</v></c>'),
    "rows out of order": _at_one(r'<row r="2"', '<row r="1"'),
    "a row that no sheet has": _at_one(r'<row r="\d+"', '<row r="1048577"'),
    "no sheet": lambda xml, luck: re.sub(r"<(/?)worksheet", r"<\1chartsheet", xml),
    "cut off": lambda xml, luck: xml[: luck.randrange(len(xml) // 3, xml.rindex("</") + 3)],
    "a declaration": lambda xml, luck: '<!DOCTYPE worksheet [<!ENTITY a "1">]>' + re.sub(r"^.*\?>", "", xml, count=1),
    "another encoding": lambda xml, luck: "\x00" + xml,
}


def damaged(parts: Parts, luck: random.Random) -> tuple[Parts, tuple[str, ...]]:
    what = luck.choice([*DAMAGES, "a part is missing", "a target is missing"])
    if what == "a part is missing":
        used = (
            "xl/workbook.xml",
            "xl/_rels/workbook.xml.rels",
            "_rels/.rels",
            "[Content_Types].xml",
            "xl/sharedStrings.xml",
        )
        del parts[luck.choice([name for name in parts if name in used or name in _sheets(parts)])]
        return parts, (what,)
    if what == "a target is missing":
        return _targets(parts, rb"worksheets/sheet1\.xml", b"worksheets/sheet0.xml"), (what,)
    for name in luck.sample(_sheets(parts), len(_sheets(parts))):
        old = parts[name].decode()
        new = DAMAGES[what](old, luck)
        if new != old:
            return {**parts, name: new.encode()}, (what,)
    return parts, ()


# --- shaken: anything -------------------------------------------------------------------------------------------------

TOKENS = re.compile(r"<[^>]*>|[^<]+")
SHAKES = (
    "drop",
    "double",
    "exchange",
    "attribute dropped",
    "attribute exchanged",
    "text",
    "element dropped",
)
TEXTS = ("", "0", "-1", "1e400", "TRUE", "x" * 40, "\N{NO-BREAK SPACE}5", "2026", "#N/A")
ATTRIBUTE = re.compile(r' [\w:]+="[^"]*"')


def shaken(parts: Parts, luck: random.Random) -> tuple[Parts, tuple[str, ...]]:
    """Up to three changes of the XML of one part that is read."""
    names = [
        *_sheets(parts),
        *(name for name in parts if name in ("xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml")),
    ]
    name = luck.choice([*names, *names, *(n for n in parts if n.endswith(".rels"))])
    xml, what = parts[name].decode(), [name]
    for _ in range(luck.choice((1, 1, 2, 3))):
        tokens = TOKENS.findall(xml)
        at, other = luck.randrange(len(tokens)), luck.randrange(len(tokens))
        how = luck.choice(
            ("drop", "double", "exchange", "attribute dropped", "attribute exchanged", "text", "element dropped")
        )
        what.append(f"{how}: {tokens[at][:60]}")
        found = ATTRIBUTE.findall(tokens[at])
        if how == "drop":
            tokens[at] = ""
        elif how == "double":
            tokens[at] *= 2
        elif how == "exchange":
            tokens[at], tokens[other] = tokens[other], tokens[at]
        elif how == "attribute dropped" and found:
            tokens[at] = tokens[at].replace(luck.choice(found), "", 1)
        elif how == "attribute exchanged" and found:
            others = ATTRIBUTE.findall(xml)
            tokens[at] = tokens[at].replace(luck.choice(found), luck.choice(others), 1)
        elif how == "text" and not tokens[at].startswith("<"):
            tokens[at] = escape(
                luck.choice(("", "0", "-1", "1e400", "TRUE", "x" * 40, "\N{NO-BREAK SPACE}5", "2026", "#N/A"))
            )
        elif how == "element dropped" and re.match(r"<\w[^/]*>", tokens[at]):
            end = next((i for i in range(at, len(tokens)) if tokens[i].startswith("</" + tokens[at][1:2])), at)
            tokens[at : end + 1] = []
        xml = "".join(tokens)
    return {**parts, name: xml.encode()}, tuple(what)


def as_openpyxl_reads(content: bytes) -> dict[str, Any] | None:
    """None where openpyxl cannot read it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(content), data_only=True)
        cells = {
            f"{sheet.title}!{cell.coordinate}": cell.value
            for sheet in book.worksheets
            for row in sheet.iter_rows()
            for cell in row
        }
    except Exception:  # whatever openpyxl raises
        return None
    return {cell: _alike(value) for cell, value in cells.items() if _alike(value) is not None}


def _alike(value: Any) -> Any:
    """Values as both readers have them: numbers as numbers, texts without blanks around them."""
    if isinstance(value, ErrorValue):
        return value.text
    if isinstance(value, str):
        return value.strip() or None
    return value if isinstance(value, bool) or not isinstance(value, int) else float(value)


# --- judged -----------------------------------------------------------------------------------------------------------

KINDS = {"rewritten": rewritten, "damaged": damaged, "shaken": shaken}


def judge(seed: int, keep: Path | None = None) -> Verdict:
    """Change a workbook, read it, and hold what is read against what stands there."""
    luck = random.Random(seed)
    content = luck.choice(books())
    kind = luck.choice(list(KINDS))
    parts, what = KINDS[kind](parts_of(content), luck)
    changed = packed(parts)
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "book.xlsx")
        path.write_bytes(changed)
        try:
            outcome, fault = _fault(kind, what, content, changed, load(path))
        except UsageError as error:
            outcome, fault = "error", "" if path.name in str(error) else f"names no file: {error}"
            if kind == "rewritten":
                fault = f"refused: {error}"
        except TimeoutError:
            raise
        except Exception as error:  # what must not happen
            outcome, fault = "traceback", f"raised {type(error).__name__}: {error}"
        seconds = time.process_time() - began
        if seconds > SECONDS:
            fault = fault or f"took {seconds:.0f} s"
        if fault and keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, keep / f"{seed}.xlsx")
    return Verdict(seed, kind, what, outcome, fault, seconds)


def _fault(kind: str, what: tuple[str, ...], old: bytes, new: bytes, inputs: Inputs) -> tuple[str, str]:
    if inputs.problems:
        unnamed = [problem for problem in inputs.problems if not (problem.cell and problem.found and problem.wrong)]
        if kind == "rewritten" or unnamed:
            return "problem", f"a problem: {(unnamed or inputs.problems)[0]}"
        return "problem", ""
    if kind == "damaged" and what:
        return "read", "read although it is damaged"
    found = values(new)
    expected: dict[str, Any] | None = values(old)
    if kind == "shaken":
        expected = as_openpyxl_reads(new)
        # a cell that is told as a problem where it counts, and counts nowhere here
        found = {cell: _alike(v) for cell, v in found.items() if not isinstance(v, NoValue | Unreadable)}
    if expected is None:
        return "read", ""
    stood = {cell: _alike(value) for cell, value in values(old).items()}  # which openpyxl loses with some attributes
    other = [cell for cell in found.keys() | expected.keys() if found.get(cell) != expected.get(cell)]
    for cell in sorted(cell for cell in other if kind == "rewritten" or str(found.get(cell)) != str(stood.get(cell))):
        return "read", f"{cell} is read as {found.get(cell)!r} and not {expected.get(cell)!r} ({len(other)} cells)"
    return "read", ""


def _watched(seed: int, keep: Path | None) -> Verdict:
    def give_up(number: int, frame: FrameType | None) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(10 * SECONDS)  # of the clock, on a busy machine
    try:
        return judge(seed, keep)
    except TimeoutError:
        return Verdict(seed, "", (), "hangs", f"not done after {10 * SECONDS} s", float(10 * SECONDS))
    finally:
        signal.alarm(0)


@click.command()
@click.option("--count", default=2000, show_default=True, help="Workbooks.")
@click.option("--seed", default=1, show_default=True, help="Of the first; others lead to other workbooks.")
@click.option("--keep", type=click.Path(path_type=Path), help="Folder for the workbooks that fail.")
def main(count: int, seed: int, keep: Path | None) -> None:
    """Change the parts of workbooks and read each; exit code 1 if one is read as it must not be."""
    ends: Counter[tuple[str, str]] = Counter()
    faults, slowest = 0, 0.0
    for number, one in enumerate(range(seed * 1_000_000, seed * 1_000_000 + count), 1):
        verdict = _watched(one, keep)
        ends[verdict.kind, verdict.outcome] += 1
        slowest = max(slowest, verdict.seconds)
        if verdict.fault:
            faults += 1
            click.echo(f"seed {verdict.seed} ({verdict.kind}: {'; '.join(verdict.what)}): {verdict.fault}")
        if number % 200 == 0:
            click.echo(f"{number}: {faults} faults")
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    told = ", ".join(f"{times} {kind}: {outcome}" for (kind, outcome), times in sorted(ends.items()))
    click.echo(f"{count} workbooks, slowest {slowest:.1f} s, at most {megabytes} MB: {told}; {faults} faults")
    sys.exit(1 if faults or megabytes > MEGABYTES else 0)


if __name__ == "__main__":
    main()
