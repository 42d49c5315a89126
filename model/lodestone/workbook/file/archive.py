"""The parts of an .xlsx file: a zip of XML, unpacked within limits, so that no file exhausts memory or patience.

What a file says about its own sizes is not believed: what comes out is counted. An .xlsx has no use for document type
declarations (with which a few bytes of XML can grow without end, or name other files), so none is accepted.

The limits are twice and more of what a very large workbook needs: 200,000 rows of Lanes with capacities for ten years,
note and source are 120 MB of XML with 7.6 million elements in a file of 10 MB; with freight alone they are 35 MB.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

from lodestone.errors import UsageError

MB = 2**20
MOST_FILE = 128 * MB  # as it is on disk: pictures may be large
MOST_PARTS = 10_000
MOST_XML = 256 * MB  # of all parts that are read, unpacked
MOST_ELEMENTS = 16_000_000  # that are closed in them; a number in a cell is two
MOST_ROWS_FILLED, MOST_FILLED = 300_000, 4_000_000  # rows and cells with a value, on all sheets together
MOST_AT_ONCE = 12 * MB  # XML that is parsed as a whole; longer sheets are read in pieces
MOST_UNCLOSED = 100_000
_CHUNK = 1 * MB
_UTF8 = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["'](?!utf-?8|us-ascii)""", re.IGNORECASE)
# What zipfile, zlib, ElementTree and our own reading raise when a file is not as it should be.
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    ElementTree.ParseError,
    EOFError,
    LookupError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
)


class Refused(Exception):
    """Why a file is not read although it may be whole, and the remedy, to follow its name."""


def part_name(written: str) -> str:
    """The name of a part, however it is written: parts are told apart by neither case, slashes nor a way round."""
    steps: list[str] = []
    for step in re.split(r"[/\\]+", unquote(written)):
        if step == "..":
            del steps[-1:]
        elif step not in ("", "."):
            steps.append(step.lower())
    return "/".join(steps)


class Parts:
    """The parts of one file by their names (as `part_name` has them); counts what is unpacked."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._unpacked = self._elements = 0
        self._written = {part_name(name): name for name in _files(archive)}
        self.names = self._written.keys()

    def read(self, name: str) -> bytes:
        """A part of XML. Raises KeyError when there is none, Refused when it grows too large or could do harm."""
        info = self._archive.getinfo(self._written[name])
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise NotImplementedError(name)
        content = io.BytesIO()
        with self._archive.open(info) as file:
            while chunk := file.read(_CHUNK):
                self._unpacked += len(chunk)
                if self._unpacked > MOST_XML:
                    raise Refused(
                        f"unpacks to more than {MOST_XML // MB} MB, far more than a plan needs: "
                        "clear the formats of empty rows and columns in Excel (Home, Clear, Clear All), and save"
                    )
                content.write(chunk)
        xml = content.getvalue()
        _require_harmless(name, xml)
        self._elements += xml.count(b"</")
        if self._elements > MOST_ELEMENTS:
            raise Refused(
                f"holds far more cells than a plan needs (over {MOST_ELEMENTS // 2_000_000} million): delete what is "
                "not part of the plan, and save"
            )
        return xml

    def parse(self, name: str) -> ElementTree.Element:
        """The root of a small part."""
        return parsed(self.read(name))


def _files(archive: zipfile.ZipFile) -> list[str]:
    """Without the folders, which some programs list too."""
    return [name for name in archive.namelist() if not name.endswith(("/", "\\"))]


def parsed(xml: bytes) -> ElementTree.Element:
    """XML parsed as a whole. Raises Refused where that could take too much memory."""
    if len(xml) > MOST_AT_ONCE:
        raise Refused("is not written as Excel writes it: open it in Excel and save it as .xlsx")
    unclosed = xml.count(b"<") - 2 * xml.count(b"</") - xml.count(b"/>") - xml.count(b"<!") - xml.count(b"<?")
    if unclosed > MOST_UNCLOSED:  # a parser keeps every element that is open
        raise ElementTree.ParseError("elements are not closed")
    return ElementTree.fromstring(xml)


def _require_harmless(name: str, xml: bytes) -> None:
    """In UTF-8 a declaration cannot hide; Excel writes nothing else."""
    start = xml[:1000]
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in start or _UTF8.match(start.lstrip(b"\xef\xbb\xbf")):
        raise Refused(f"has a part {name!r} that is not written in UTF-8: open it in Excel and save it as .xlsx")
    if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
        raise Refused(
            f"has a part {name!r} with a document type declaration, which no Excel file needs and which can do harm: "
            "do not trust the file; ask whoever sent it for one that was saved in Excel"
        )


@contextmanager
def opened(path: Path, data: bytes) -> Iterator[Parts]:
    """The parts of a workbook. Raises UsageError when the file is none, is damaged, or is refused."""
    _require_zip(path, data)
    try:
        if data.count(b"PK\x01\x02") > MOST_PARTS:
            raise Refused(f"has more than {MOST_PARTS:,} parts: open it in Excel and save it under another name")
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = Parts(archive)
            if len(_files(archive)) > len(parts.names):
                raise zipfile.BadZipFile("two parts of one name")
            _require_excel(path, parts)
            yield parts
    except Refused as reason:
        raise UsageError(f"{path} {reason}") from None
    except DAMAGED:
        raise UsageError(
            f"{path} is damaged or incomplete: copy or download it again, or open it in Excel, let Excel "
            "repair it, and save it as .xlsx"
        ) from None


def require_harmless(path: Path, data: bytes, most: int) -> None:
    """Every part of XML looked through, for a program that reads them all. Raises UsageError as `opened`.

    most: bytes of XML that the program can be trusted with.
    """
    with opened(path, data) as parts:
        size = sum(len(parts.read(name)) for name in sorted(parts.names) if is_xml(name))
        if size > most:
            raise Refused(f"holds {size / MB:.0f} MB of XML, too much for a marked copy: call check without --mark")


def is_xml(name: str) -> bool:
    """Whether a part of the file is XML, by its name."""
    return name.lower().endswith((".xml", ".rels", ".vml"))


def read_bytes(path: Path) -> bytes:
    """The file's bytes. Raises UsageError when there is no such file, it may not be read, or it is far too large."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder: name the Excel workbook (.xlsx) in it")
    try:
        with path.open("rb") as file:
            data = file.read(MOST_FILE + 1)
    except FileNotFoundError:
        raise UsageError(f"{path} does not exist: check the name and the folder") from None
    except PermissionError:
        raise UsageError(
            f"{path} may not be read: if it is open in Excel, save and close it there; "
            "otherwise check the permissions of the file"
        ) from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror or error}): check the name and the drive") from None
    except ValueError:  # a zero byte in the name
        raise UsageError(f"{str(path)!r} is no name of a file: check the name") from None
    if len(data) > MOST_FILE:
        raise UsageError(
            f"{path} is larger than {MOST_FILE // MB} MB, far more than a plan needs: remove pictures and embedded "
            "files, and save it as .xlsx"
        )
    return data


def _require_zip(path: Path, data: bytes) -> None:
    """Raise UsageError for everything that is plainly not an .xlsx file, saying what it seems to be."""
    save_as = "open it in Excel and save it as Excel workbook (.xlsx)"
    if not data:
        raise UsageError(f"{path} is empty (0 bytes): copy or download it again")
    if data.startswith(b"PK"):
        return
    if data.startswith(bytes.fromhex("d0cf11e0a1b11ae1")):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise UsageError(
                f"{path} is protected with a password: remove it in Excel "
                "(File, Info, Protect Workbook, Encrypt with Password) and save"
            )
        raise UsageError(f"{path} is an Excel file in the old .xls format: {save_as}")
    if b"\x00" not in data[:4096]:
        raise UsageError(f"{path} is not an Excel workbook but a text file, perhaps a .csv that was renamed: {save_as}")
    raise UsageError(f"{path} is not an Excel workbook: {save_as}")


def _require_excel(path: Path, parts: Parts) -> None:
    names = parts.names
    if "xl/workbook.bin" in names:
        raise UsageError(f"{path} is a binary workbook (.xlsb): open it in Excel and save it as .xlsx")
    if "content.xml" in names:
        raise UsageError(f"{path} is an OpenDocument file (.ods): open it and save it as Excel workbook (.xlsx)")
    if "[content_types].xml" not in names or {"word/document.xml", "ppt/presentation.xml"} & names:
        raise UsageError(f"{path} is not an Excel workbook: name a file that was saved as .xlsx")
