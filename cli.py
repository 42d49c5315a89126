"""The command `lodestone`: its commands put together, and what goes wrong turned into messages and exit codes."""

from __future__ import annotations

import sys
from typing import Any

import click

from model import __version__
from model.commands.alternatives import alternatives
from model.commands.bankability import bankability
from model.commands.check import check
from model.commands.compare import compare
from model.commands.explain import explain
from model.commands.frontier import frontier
from model.commands.new import new
from model.commands.solve import solve
from model.commands.stress import stress
from model.commands.sweep import sweep
from model.errors import LodestoneError, StoppedError, WorkbookError


class Commands(click.Group):
    """Turns what goes wrong on purpose into a message and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except WorkbookError as error:
            from model.report.terminal import show_problems

            show_problems(error.problems, err=True)
            _fail(ctx, f"{error}; nothing was solved", error.exit_code)
        except LodestoneError as error:
            _fail(ctx, str(error), error.exit_code)
        except KeyboardInterrupt:
            _fail(ctx, "stopped, no plan was written", StoppedError.exit_code)
        except BrokenPipeError:
            raise
        except OSError as error:
            _fail(
                ctx, f"{error.filename}: {error.strerror}" if error.filename else str(error), LodestoneError.exit_code
            )


def _fail(ctx: click.Context, message: str, exit_code: int) -> None:
    click.echo(f"Error: {message}", err=True)
    ctx.exit(exit_code)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="lodestone")
def main() -> None:
    """Plan sourcing and stockpiles of critical minerals at least cost, under a maximum China share.

    \b
    Example:
      lodestone new plan.xlsx --example tutorial
      lodestone solve plan.xlsx

    Exit codes: 0 plan written, 2 workbook or usage problem, 3 no plan exists, 4 stopped without a plan.
    """
    for stream in (sys.stdout, sys.stderr):  # names of the workbook may not fit the terminal's character set
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


for command in (solve, check, new, bankability, compare, frontier, sweep, stress, alternatives, explain):
    main.add_command(command)
