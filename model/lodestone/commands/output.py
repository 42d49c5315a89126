"""How a command answers: in words for people, with --json as one JSON document, with --quiet not at all."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TextIO

import click

from lodestone.commands.options import QUIET
from lodestone.errors import Problem
from lodestone.system.standard_output import library_prints

if TYPE_CHECKING:
    from lodestone.plan.tables import Document, Row

JSON_FLAG = "--json"


@dataclass(frozen=True)
class Output:
    """What was asked for. Progress is shown on stderr unless `silent`."""

    command: str
    quiet: bool
    json: bool
    stream: TextIO  # standard output, which while the command works is kept for the answer

    @property
    def silent(self) -> bool:
        """Whether no progress is shown."""
        return self.quiet or self.json

    def answer(self, show: Callable[[], object], document: Callable[[], Document], exit_code: int = 0) -> None:
        """The result of the command. show prints it for people; document says it to programs."""
        if self.json:
            text = json_text({"command": self.command, "exit_code": exit_code, **document()})
            click.echo(text, self.stream, nl=False)
        elif not self.quiet:
            with redirect_stdout(self.stream):
                show()


def OUTPUT(function: Callable[..., object]) -> Callable[..., object]:
    """The options --quiet and --json, handed to the command together as `output`."""

    @click.option(JSON_FLAG, "as_json", is_flag=True, help="Print one JSON document instead, errors too.")
    @QUIET
    @functools.wraps(function)
    def command(*args: object, as_json: bool, quiet: bool, **options: object) -> object:
        name = click.get_current_context().info_name or ""
        output = Output(name, quiet, as_json, sys.stdout)
        with library_prints(output.silent):
            return function(*args, output=output, **options)

    return command


def problems_answer(problems: Sequence[Problem]) -> list[Row]:
    """Of a workbook: cell, found, wrong, mend."""
    return [asdict(problem) for problem in problems]


def json_text(document: Document) -> str:
    """One JSON document, as it goes to standard output."""
    with library_prints(silent=True):
        from lodestone.plan.plan_json import dumps, finite

        return dumps(finite(document))
