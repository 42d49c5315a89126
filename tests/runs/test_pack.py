"""A run packed, mailed and unpacked elsewhere: its links lead to what lies beside it, and it can be verified there."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from urllib.parse import unquote

import pytest
from click.testing import CliRunner, Result
from openpyxl import load_workbook

from lodestone.commands import main
from lodestone.plan.run_files import plan_book, read_run
from lodestone.runs.pack import READ_ME
from lodestone.runs.verify import holds, verify
from lodestone.template.examples import examples


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an awkward name: the tutorial, its base and embargo, and a sweep; a study of another workbook."""
    place = tmp_path_factory.mktemp("it is 50% #1")
    shutil.copy(examples()["tutorial"], place / "my case.xlsx")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        for scenario in ("base", "embargo"):
            assert run("solve", "my case.xlsx", "--scenario", scenario, "--quiet").exit_code == 0
        assert run("sweep", "my case.xlsx", "--vary", "Settings/discount_rate=0", "--jobs", "1").exit_code == 0
    other = place / "outputs" / "my case" / "other.json"
    other.write_text((other.with_name("sweep.json")).read_text().replace("my case.xlsx", "another.xlsx"))
    return place


@pytest.fixture
def here(solved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "here"
    shutil.copytree(solved, place)
    monkeypatch.chdir(place)
    return place


def links(book: Path) -> set[Path]:
    """The files to which a workbook leads."""
    targets = set()
    for sheet in load_workbook(book):
        for row in sheet.iter_rows():
            targets |= {cell.hyperlink.target for cell in row if cell.hyperlink and cell.hyperlink.target}
    return {(book.parent / unquote(target.partition("#")[0]).replace("\\", "/")).resolve() for target in targets}


def test_a_mailed_zip_works_from_another_path(here: Path, tmp_path: Path) -> None:
    answer = run("pack", "outputs/my case/base", "outputs/my case/embargo", "--json")
    assert answer.exit_code == 0, answer.output
    said = json.loads(answer.stdout)
    assert said["files"] == ["my case - base and embargo.zip"]
    assert said["remarks"] == []
    with zipfile.ZipFile(said["files"][0]) as archive:
        archive.extractall(tmp_path / "mailed")
    shutil.rmtree(here / "outputs")
    (here / "my case.xlsx").unlink()

    mailed = tmp_path / "mailed"
    assert {path.name for path in mailed.iterdir()} == {
        *("base", "embargo", "my case.xlsx", "report.html", "studies", READ_ME),
    }
    assert {path.name for path in (mailed / "studies").iterdir()} == {"sweep.json", "sweep.csv", "sweep.xlsx"}
    for name in ("base", "embargo"):
        book = plan_book(mailed / name)
        assert book.name == f"my case - {name}.plan.xlsx"
        assert links(book) == {mailed / "my case.xlsx"}
        assert holds(verify(mailed / name))
        assert (mailed / name / "run.log").is_file()
    assert all((mailed / name).exists() for name in said["packed"])
    told = (mailed / READ_ME).read_text(encoding="utf-8")
    assert all(name in told for name in said["packed"] if name != READ_ME)


def test_a_folder_is_replaced_only_where_it_is_a_pack(here: Path) -> None:
    (here / "mine").mkdir()
    (here / "mine" / "notes.txt").write_text("")
    assert run("pack", "outputs/my case/base", "--out", "mine", "--force").exit_code == 2
    assert [path.name for path in (here / "mine").iterdir()] == ["notes.txt"]
    for force, code in (((), 0), ((), 2), (("--force",), 0)):
        assert run("pack", "outputs/my case/base", "--out", "packed", *force).exit_code == code
    assert read_run(here / "packed" / "base").workbook_path == "../my case.xlsx"


def test_a_moved_run_says_what_to_give(here: Path) -> None:
    shutil.move(here / "outputs" / "my case" / "base", here / "base")
    shutil.move(here / "my case.xlsx", here / "kept.xlsx")
    refused = run("pack", "base", "--out", "packed")
    assert refused.exit_code == 2
    assert "say where it stands now with --workbook" in refused.stderr
    assert not (here / "packed").exists()
    assert run("pack", "base", "--out", "packed", "--workbook", "kept.xlsx").exit_code == 0
    assert links(plan_book(here / "packed" / "base")) == {here / "packed" / "kept.xlsx"}


def test_a_workbook_that_has_changed_is_said(here: Path) -> None:
    book = load_workbook("my case.xlsx")
    book["Demand"]["D2"] = 990
    book.save("my case.xlsx")
    done = run("pack", "outputs/my case/base", "--out", "packed")
    assert "Note: base: my case.xlsx has changed since this plan was made of it." in done.stdout
    assert "has changed since" in (here / "packed" / READ_ME).read_text(encoding="utf-8")


def test_links_of_three_plans_lead_home_wherever_the_folder_goes(here: Path, tmp_path: Path) -> None:
    """Base, embargo and the base before, which Excel can hold open at once; the workbook has moved along with them."""
    assert run("solve", "my case.xlsx", "--quiet").exit_code == 0
    moved = tmp_path / "last year's, 100%"
    shutil.move(here, moved)
    runs = moved / "outputs" / "my case"
    (before,) = (runs / "base" / "history").iterdir()
    books = [plan_book(folder) for folder in (runs / "base", runs / "embargo", before)]
    assert len({book.name for book in books}) == 3
    sheets = load_workbook(moved / "my case.xlsx")
    for book in books:
        assert links(book) == {moved / "my case.xlsx"}
        places = {unquote(place) for place in link_places(book)}
        assert len(places) > 10
        for place in places:
            sheet, _, cell = place.rpartition("!")
            assert sheets[sheet.strip("'")][cell].row <= sheets[sheet.strip("'")].max_row, place


def link_places(book: Path) -> set[str]:
    """Sheet and cell in another workbook to which a plan leads."""
    found = set()
    for sheet in load_workbook(book):
        for row in sheet.iter_rows():
            for cell in row:
                link = cell.hyperlink
                if link and link.target:
                    found.add(link.location or link.target.partition("#")[2])
    return found
