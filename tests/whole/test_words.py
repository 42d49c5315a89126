"""Every sentence that the program can print, read for the faults that readers have found in some of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.plan_document import small_plan

from lodestone.plan.formatting import count, days, musd, share, share_at_most, signed, tonnes, usd_per_kg
from lodestone.report.plan.first_page import brief

PACKAGE = Path(__file__).parents[2] / "model" / "lodestone"
COUNTED = (
    *(
        "cap",
        "case",
        "cell",
        "coalition",
        "combination",
        "copy",
        "core",
        "country",
        "day",
        "decision",
        "figure",
        "file",
    ),
    *(
        "finding",
        "future",
        "gap",
        "group",
        "input",
        "lane",
        "line",
        "month",
        "part",
        "period",
        "plan",
        "plant",
        "point",
    ),
    *("question", "range", "row", "rule", "run", "sheet", "stock", "task", "threat", "value", "warning", "year"),
)
PLURALS = "|".join(f"{noun[:-1]}ies" if noun.endswith("y") and noun != "day" else f"{noun}s" for noun in COUNTED)
COMPARED = r"(?:less than|more than|within|under|over|up to|at most|at least)"


@dataclass(frozen=True)
class Sentence:
    """A text of the program, {expression} where it fills something in."""

    place: str
    text: str
    code: bool = False  # of the page's scripts


def sentences() -> list[Sentence]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        found += list(of_python(path.read_text(encoding="utf-8"), path.relative_to(PACKAGE).as_posix()))
    for path in sorted(PACKAGE.rglob("*.js")):
        found += list(of_script(path.read_text(encoding="utf-8"), path.relative_to(PACKAGE).as_posix()))
    return found


def of_python(source: str, place: str) -> Iterator[Sentence]:
    """What stands in quotes and has a blank in it, but what documents the code."""
    tree = ast.parse(source)
    documents = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if id(node) in documents:
            continue
        text = joined(node)
        if text is None:
            waiting += ast.iter_child_nodes(node)
            continue
        if " " in text.strip():
            yield Sentence(f"{place}:{getattr(node, 'lineno', 0)}", text)
        waiting += [part.value for part in ast.walk(node) if isinstance(part, ast.FormattedValue)]


def joined(node: ast.AST) -> str | None:
    """The text of a literal, of an f-string, or of a sum of them; None: it is something else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else filled(part) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = joined(node.left), joined(node.right)
        return left + right if left is not None and right is not None else None
    return None


def filled(part: ast.expr) -> str:
    assert isinstance(part, ast.FormattedValue)
    form = joined(part.format_spec) if part.format_spec else ""
    return "{" + ast.unparse(part.value).replace("{", "(").replace("}", ")") + (f":{form}" if form else "") + "}"


def of_script(source: str, place: str) -> Iterator[Sentence]:
    for number, line in enumerate(source.splitlines(), start=1):
        for literal in re.findall(r"`([^`]*)`|\"([^\"]*)\"", line):
            text = next(filter(None, literal), "").replace("${", "{")
            if " " in text.strip():
                yield Sentence(f"{place}:{number}", text, code=True)


# --- what is a fault ------------------------------------------------------------------------------------------------

Check = Callable[[str], "re.Match[str] | str | None"]

# A number that is never 1, by what is filled in and why.
NEVER_ONE = {
    "len(self._lines)": "many solves",
    "len(names)": "a group of one cell has another sentence",
    "len(rest)": "one origin that is left keeps its name",
    "len(pieces)": "a pair of countries alone has another sentence",
    "LAST_YEAR - FIRST_YEAR": "14",
    "MOST_LANES:,": "a limit",
    "MOST_PAGES": "a limit",
    "MOST_PARTS:,": "a limit",
    "MOST_ROWS_FILLED:,": "a limit",
    "MOST_FILLED:,": "a limit",
    "MOST_POINTS:,": "a limit",
    "MOST_BARS": "a limit",
    "MOST_COMBINATIONS": "a limit",
    "lanes:,": "over a limit",
    "regions:,": "over a limit",
    "materials:,": "over a limit",
    "futures:,": "over a limit",
    "size:,": "over a limit",
    "rows:,": "a table that is too long to be printed",
    "futures": "a plan for all futures has two or more",
    "times:,": "told where there are several",
    "letters": "the letters of columns",
    "_spans(hidden)": "told of several rows",
    "number(shown)": "of a table that is cut: more than a page of rows",
    "number(table.rows.length)": "as before",
    "number(value, 1)": "1 day has words of its own",
    "rounded(days)": "no stockpile is so small that it is filled by one day",
    "len(caps)": "one cap has words of its own",
    "times": "a row that stands twice or more",
}


def one_of_many(text: str) -> re.Match[str] | None:
    """'1 plants': a number before a plural; `count` writes it right."""
    for found in re.finditer(rf"{{([^{{}}]*)}} (?:more |other )?(?:{PLURALS})\b", text):
        right = found[1].startswith(("count(", "days(")) or found[1] in NEVER_ONE
        if not right and is_number(found[1]) and not text[: found.start()].endswith(" of "):
            return found
    return None


def is_number(filled_in: str) -> bool:
    """As far as its name says: a length, a number format, or a word for how many."""
    return bool(
        re.search(
            r"len\(|:,?\.?\d*[fd]?$|\.length\b|_years|_months|\b(?:days|years|months|times|number|done|ended)\b",
            filled_in,
        )
        and not re.search(r"'[^']*'|join|listed|in_words", filled_in)
    )


def twice(text: str) -> re.Match[str] | None:
    return re.search(r"\b([a-z]{2,}(?: [a-z]+)?) \1\b", text)


def comparison_of_comparison(text: str) -> re.Match[str] | None:
    """'less than less than 0.001%': `share` has these words itself, `share_at_most` has not."""
    return re.search(rf"\b{COMPARED} {{(?:share\(|[\w.]*gap_in_words|gap\b)", text) or re.search(
        rf"\b{COMPARED} {COMPARED}\b", text
    )


def minus_nothing(text: str) -> re.Match[str] | None:
    """'-0.00': a sign is asked for, or a unit of the plan follows, and nobody sees to the sign of 0."""
    signs = re.search(r"{(?!round\()[^{}]*:\+[^{}]*f}", text)
    return signs or re.search(r"{(?!round\(|abs\(|fob:)[^{}]*:,?\.\d[f%]} ?(?:USD/kg|days)", text)


def money_of_which_time(text: str) -> str | None:
    """A heading over a cost or an objective says whether it is discounted."""
    heading = re.search(r"\b(?:cost|costs|objective|CVaR)\b[^.;:]*\((?:MUSD[^)]*)\)", text, re.IGNORECASE)
    if heading is None or "discounted" in text or "gap" in heading[0].lower():
        return None
    return heading[0]


def blanks(text: str) -> re.Match[str] | None:
    return None if "\\" in text else re.search(r"[a-z,;.] {2}[a-z{]| [,;] |\( | \)", text)


def no_english(text: str) -> re.Match[str] | None:
    """What was read and not understood."""
    return re.search(r"is agreed since|does not do, |beyond the gaps|, all decided in|is another\b|informations", text)


CHECKS: dict[str, Check] = {
    "plural": one_of_many,
    "doubled word": twice,
    "less than less than": comparison_of_comparison,
    "-0": minus_nothing,
    "discounted or not": money_of_which_time,
    "blanks": blanks,
    "not understood": no_english,
}
# (check, file, sentence) -> why it is no fault
ALLOWED = {
    ("less than less than", "report/studies/frontier_workbook.py", "at least {share(x.share)}"): "told above 0.1 %",
    ("discounted or not", "report/plan/summary_sheet.py", "Cost (MUSD)"): "the title of its table says it",
    ("discounted or not", "report/plan/joint_summary.py", "Cost (MUSD)"): "the title of its table says it",
}

PLANTED = {
    "plural": 'f"{len(plants)} plants"',
    "doubled word": '"of the the plan"',
    "less than less than": 'f"no plan is cheaper by more than {share(gap)}"',
    "-0": 'f"{more:+,.2f} against the first"',
    "discounted or not": '"Total cost (MUSD)"',
    "blanks": 'f"{name} is  built"',
    "not understood": '"The floor is agreed since 2025"',
}


def faults(found: list[Sentence], check: str) -> list[str]:
    told = []
    for sentence in found:
        if sentence.code and check in ("blanks", "-0"):
            continue
        fault = CHECKS[check](sentence.text)
        if fault and (check, sentence.place.partition(":")[0], sentence.text) not in ALLOWED:
            told.append(f"{sentence.place}: {fault if isinstance(fault, str) else fault[0]!r} in {sentence.text!r}")
    return told


@pytest.fixture(scope="module")
def everything() -> list[Sentence]:
    return sentences()


def test_all_sentences_are_found(everything: list[Sentence]) -> None:
    """As many as the program has, at least, among them one of each kind of text."""
    assert len(everything) > 2_500
    texts = {sentence.text for sentence in everything}
    assert "No plan is cheaper" in texts  # a literal
    assert "{pile} after {days(round(after))}" in texts  # an f-string within a call
    assert any(text.startswith("The first {MOST_BARS} of ") for text in texts)  # of the page


@pytest.mark.parametrize("check", CHECKS)
def test_no_sentence_has_a_known_fault(everything: list[Sentence], check: str) -> None:
    assert not faults(everything, check)


@pytest.mark.parametrize("check", CHECKS)
def test_a_planted_fault_is_found(check: str) -> None:
    planted = list(of_python(f"def said():\n    return {PLANTED[check]}\n", "planted.py"))
    assert [fault.partition(":")[0] for fault in faults(planted, check)] == ["planted.py"]


# --- what is filled in ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nothing", [0.0, -0.0, -1e-9, 1e-9, -0.004, 0.004])
def test_nothing_has_no_sign(nothing: float) -> None:
    for said in (tonnes(nothing), musd(nothing), usd_per_kg(nothing), days(nothing)):
        assert not said.startswith("-"), said
    assert signed(nothing) == "+0.00"


def test_one_is_one() -> None:
    assert [count(1, "plant"), count(0, "plant"), count(2, "plant")] == ["1 plant", "0 plants", "2 plants"]
    assert [days(1.0), days(1.04), days(1.1), days(0.0)] == ["1 day", "1 day", "1.1 days", "0 days"]


def test_a_very_small_share_can_stand_after_a_comparison() -> None:
    assert share(1e-7) == "less than 0.001%"
    assert [share_at_most(v) for v in (1e-7, 0.0, 0.00005, 0.02)] == ["0.001%", "0.0%", "0.005%", "2.0%"]


def test_one_plant_is_decided_and_not_all_of_it() -> None:
    first = small_plan().tables["investments"][0]
    plan = small_plan(tables={"investments": [{**first, "builds": 1}]})
    said = {line.label: line.text for line in brief(plan)}["Build"]
    assert said.startswith("1 plant, decided in 2026, with ")


def test_a_sentence_is_what_it_was_before_it_was_filled_in() -> None:
    """The collector itself: parts that are added up, formats, and nested texts."""
    said = "f\"of {n:,.1f} {len(n)} lanes{' or two caps' if n else ''}\""
    source = f'def f(n):\n    """Of the the code."""\n    return "one " + {said}\n'
    first, inner = of_python(source, "a.py")
    assert first.text == "one of {n:,.1f} {len(n)} lanes{' or two caps' if n else ''}"
    assert inner == replace(first, text=" or two caps")
