"""How a command answers: in words for people, with --json as one JSON document, with --quiet not at all."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import click

from lodestone.commands.options import QUIET
from lodestone.errors import Problem

JSON_FLAG = "--json"


@dataclass(frozen=True)
class Output:
    """What was asked for. Progress is shown on stderr unless `silent`."""

    command: str
    quiet: bool
    json: bool

    @property
    def silent(self) -> bool:
        return self.quiet or self.json

    def answer(self, show: Callable[[], object], document: Callable[[], Mapping[str, Any]], exit_code: int = 0) -> None:
        """The result of the command. show prints it for people; document says it to programs."""
        if self.json:
            print_json({"command": self.command, "exit_code": exit_code, **document()})
        elif not self.quiet:
            show()


def OUTPUT(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options --quiet and --json, handed to the command together as `output`."""

    @click.option(JSON_FLAG, "as_json", is_flag=True, help="Print one JSON document instead, errors too.")
    @QUIET
    @functools.wraps(function)
    def command(*args: Any, as_json: bool, quiet: bool, **options: Any) -> Any:
        name = click.get_current_context().info_name or ""
        return function(*args, output=Output(name, quiet, as_json), **options)

    return command


def problems_answer(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Of a workbook: cell, found, wrong, mend."""
    return [asdict(problem) for problem in problems]


def print_json(document: Mapping[str, Any]) -> None:
    """One JSON document on stdout."""
    from lodestone.plan.plan_json import dumps, finite

    click.echo(dumps(finite(document)), nl=False)
