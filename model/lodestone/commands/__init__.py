"""The command `lodestone`: its commands put together, and what goes wrong turned into messages and exit codes."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from typing import Any

import click

from lodestone import __version__
from lodestone.commands.allies import allies
from lodestone.commands.alternatives import alternatives
from lodestone.commands.attack import attack
from lodestone.commands.bankability import bankability
from lodestone.commands.brief import brief
from lodestone.commands.calibrate import calibrate
from lodestone.commands.check import check
from lodestone.commands.compare import compare
from lodestone.commands.completion import completion
from lodestone.commands.doctor import doctor
from lodestone.commands.explain import explain
from lodestone.commands.frontier import frontier
from lodestone.commands.import_ import import_
from lodestone.commands.new import new
from lodestone.commands.output import JSON_FLAG, json_text, problems_answer
from lodestone.commands.pack import pack
from lodestone.commands.pivot import pivot
from lodestone.commands.ranges import ranges
from lodestone.commands.report import report
from lodestone.commands.solve import solve
from lodestone.commands.stress import stress
from lodestone.commands.sweep import sweep
from lodestone.commands.tornado import tornado
from lodestone.commands.verify import verify
from lodestone.commands.watch import watch
from lodestone.errors import (
    AnswerLostError,
    LodestoneError,
    Problem,
    ReaderLeftError,
    StoppedError,
    WorkbookError,
    in_words,
)
from lodestone.system.signals import TO_END, break_off, handled
from lodestone.system.standard_output import keep_for_answers
from lodestone.system.streams import guard_streams


class Commands(click.Group):
    """Turns what goes wrong on purpose into a message and an exit code; keeps the command line for the run's log."""

    def main(self, *args: Any, **options: Any) -> Any:
        """Run a command; where its answer cannot be printed, its exit code says so."""
        guard_streams()
        try:
            with handled(break_off, TO_END):
                return super().main(*args, **options)
        except AnswerLostError as error:
            if not isinstance(error, ReaderLeftError):
                click.echo(f"Error: {error}", err=True)
            sys.exit(error.exit_code)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the command line, and whether errors are to be JSON too, before anything is parsed."""
        ctx.obj = shlex.join([ctx.info_name or "lodestone", *args])
        ctx.meta[JSON_FLAG] = JSON_FLAG in args
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; an error that is foreseen is said in one line, as JSON if asked for."""
        try:
            return super().invoke(ctx)
        except AnswerLostError:
            raise
        except WorkbookError as error:
            _fail(ctx, f"{error}; nothing was solved", error.exit_code, error.problems)
        except LodestoneError as error:
            _fail(ctx, str(error), error.exit_code)
        except KeyboardInterrupt:
            _fail(ctx, "stopped, no plan was written", StoppedError.exit_code)
        except click.ClickException as error:
            if not ctx.meta[JSON_FLAG]:
                raise
            _fail(ctx, error.format_message(), error.exit_code)
        except OSError as error:
            _fail(ctx, in_words(error), LodestoneError.exit_code)


def _fail(ctx: click.Context, message: str, exit_code: int, problems: Sequence[Problem] = ()) -> None:
    if ctx.meta[JSON_FLAG]:
        about = {"problems": problems_answer(problems)} if problems else {}
        document = {"command": ctx.invoked_subcommand, "exit_code": exit_code, "error": message, **about}
        click.echo(json_text(document), nl=False)
    else:
        if problems:
            from lodestone.report.terminal.progress_lines import show_problems

            show_problems(problems, err=True)
        click.echo(f"Error: {message}", err=True)
    ctx.exit(exit_code)


@click.group(
    cls=Commands,
    invoke_without_command=True,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="lodestone")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Plan sourcing and stockpiles of critical minerals at least cost, under a maximum China share.

    \b
    Example:
      lodestone new my_case.xlsx --example tutorial
      lodestone solve my_case.xlsx

    Exit codes: 0 plan written, 1 whoever read the answer left before its end, 2 workbook or usage problem, 3 no plan
    exists, 4 stopped without a plan or with an unfinished study.
    """
    if ctx.invoked_subcommand is None:
        _offer(ctx)
    keep_for_answers()
    guard_streams()


def _offer(ctx: click.Context) -> None:
    """In a terminal, what to do next; to a program, the help."""
    if not sys.stdout.isatty():
        click.echo(ctx.get_help())
        ctx.exit(2)
    from pathlib import Path

    from lodestone.commands.next_step import next_steps

    steps = next_steps(Path.cwd())
    widest = max(len(command) for command, _ in steps) + 3
    click.echo("Next:")
    for command, what in steps:
        click.echo(f"  {command.ljust(widest)}{what}")
    ctx.exit()


COMMANDS = (
    solve,
    check,
    new,
    import_,
    pivot,
    calibrate,
    explain,
    alternatives,
    bankability,
    compare,
    frontier,
    sweep,
    stress,
    attack,
    ranges,
    tornado,
    allies,
    report,
    brief,
    pack,
    verify,
    watch,
    doctor,
    completion,
)
for command in COMMANDS:
    main.add_command(command)
