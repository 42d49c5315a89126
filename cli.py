"""The command `lodestone`: parse, call, print."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import click

from model import __version__
from model.errors import LodestoneError, StoppedError, WorkbookError
from model.examples import examples

WORKBOOK = click.argument("workbook", type=click.Path(path_type=Path))
SCENARIO = click.option("--scenario", default="base", show_default=True, help="Scenario of the workbook to plan for.")
SET = click.option(
    "--set", "sets", multiple=True, metavar="SHEET/ROW/COLUMN=VALUE", help="Change a cell for this call; repeatable."
)
JOBS = click.option("--jobs", type=click.IntRange(min=1), help="Solves at a time. [default: one per core]")
SCHEDULER = click.option("--scheduler", metavar="ADDRESS", help="Solve on this Dask cluster, e.g. tcp://host:8786.")


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


def _finite(ctx: click.Context, option: click.Parameter, value: float | None) -> float | None:
    if value is not None and not math.isfinite(value):
        raise click.BadParameter("must be a finite number")
    return value


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


GAP = click.option(
    "--gap", type=click.FloatRange(0, 1), callback=_finite, help="Stop at this share of the best possible cost."
)
TIME_LIMIT = click.option(
    "--time-limit", type=click.FloatRange(0, min_open=True), callback=_finite, help="Stop after so many seconds."
)


@main.command()
@WORKBOOK
@click.option("--scenario", "scenarios", multiple=True, help="Scenario of the workbook; repeatable. [default: base]")
@click.option("--all-scenarios", is_flag=True, help="The base and every scenario, side by side.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder of the run; of several runs, of their folders. [default: outputs/WORKBOOK/SCENARIO]",
)
@GAP
@TIME_LIMIT
@SET
@JOBS
@SCHEDULER
@click.option("--joint", is_flag=True, help="One plan for all scenarios with a probability, and the base.")
@click.option(
    "--values/--no-values",
    default=True,
    show_default=True,
    help="With --joint: EVPI and VSS too, each future being solved alone for them.",
)
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@click.pass_context
def solve(
    ctx: click.Context,
    workbook: Path,
    scenarios: tuple[str, ...],
    all_scenarios: bool,
    out: Path | None,
    gap: float | None,
    time_limit: float | None,
    sets: tuple[str, ...],
    jobs: int | None,
    scheduler: str | None,
    joint: bool,
    values: bool,
    quiet: bool,
) -> None:
    """Find the plan of least cost and write plan.xlsx and plan.json.

    Several scenarios are solved in parallel, each as if it knew its future. With --joint one plan for all futures:
    until a future shows itself its decisions are those of all others. Ctrl-C asks the solver to stop with the best
    plan so far.

    \b
    Example:
      lodestone solve plan.xlsx --scenario embargo --gap 0.01
      lodestone solve plan.xlsx --all-scenarios --jobs 2
      lodestone solve plan.xlsx --joint
    """
    if joint and (scenarios or all_scenarios):
        raise click.UsageError("--joint plans for all scenarios together; leave out --scenario and --all-scenarios")
    if all_scenarios or len(set(scenarios)) > 1 or scheduler:
        _solve_many(ctx, workbook, scenarios, all_scenarios, out, gap, time_limit, sets, jobs, scheduler, quiet)
        return
    scenario = scenarios[0] if scenarios else "base"
    from model.inputs import load
    from model.joint_run import joint_name, solve_joint
    from model.report.run_folder import check_target, run_folder, write_run
    from model.report.terminal import Watch, show_plan
    from model.run import solve_scenario

    with Watch(quiet) as watch:
        watch.stage("read")
        inputs = load(workbook, sets)
        inputs.require_valid()
        inputs.tables(scenario)  # an unknown name is said before anything is written
        folder = out or run_folder(inputs.path, joint_name(inputs) if joint else scenario, inputs.scenario_names)
        check_target(folder)
        if joint:
            plan = solve_joint(inputs, gap, time_limit, watch.progress, watch.should_stop, values)
        else:
            plan = solve_scenario(inputs, scenario, gap, time_limit, watch.progress, watch.should_stop)
        watch.stage("write")
        write_run(plan, folder)
    if not quiet:
        show_plan(plan, folder)


def _solve_many(
    ctx: click.Context,
    workbook: Path,
    scenarios: tuple[str, ...],
    all_scenarios: bool,
    out: Path | None,
    gap: float | None,
    time_limit: float | None,
    sets: tuple[str, ...],
    jobs: int | None,
    scheduler: str | None,
    quiet: bool,
) -> None:
    from model.inputs import load
    from model.report.run_folder import check_target, run_folder
    from model.report.terminal_many import WatchMany, show_many
    from model.studies.many import exit_code, jobs_for, solve_many

    inputs = load(workbook, sets)
    inputs.require_valid()
    names = inputs.scenario_names if all_scenarios else tuple(dict.fromkeys(scenarios or ("base",)))
    folders = {}
    for name in names:
        inputs.tables(name)  # an unknown name is said before anything is solved
        usual = run_folder(inputs.path, name, inputs.scenario_names)
        folders[name] = usual if out is None else out / usual.name
        check_target(folders[name])
    tasks = jobs_for(workbook, names, sets, gap, time_limit, folders, keep=())
    with WatchMany(names, quiet) as watch:
        answers = solve_many(tasks, jobs, watch.job, watch.should_stop, scheduler)
    if not quiet:
        show_many(answers, folders)
    for done in answers:
        if quiet and done.plan is None:
            click.echo(f"Error: {done.job.label}: {done.message}", err=True)
    ctx.exit(exit_code(answers))


@main.command()
@WORKBOOK
@SET
@click.pass_context
def check(ctx: click.Context, workbook: Path, sets: tuple[str, ...]) -> None:
    """List every problem of a workbook at once, with its cell and how to mend it.

    \b
    Example:
      lodestone check plan.xlsx
    """
    from model.inputs import load
    from model.report.terminal import show_problems
    from model.report.words import count

    inputs = load(workbook, sets)
    if inputs.problems:
        show_problems(inputs.problems)
    click.echo(f"{count(len(inputs.problems), 'problem')}, {count(len(inputs.warnings), 'warning')}.")
    if inputs.warnings:
        show_problems(inputs.warnings)
    ctx.exit(WorkbookError.exit_code if inputs.problems else 0)


@main.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN [RUN...]", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="compare.xlsx",
    show_default=True,
    help="Workbook to write, or its folder; a JSON file of the same name stands beside it.",
)
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def compare(runs: tuple[Path, ...], out: Path, quiet: bool) -> None:
    """Show what differs between runs, and which inputs explain it; the first run is the measure.

    A RUN is the folder of a plan. Writes compare.xlsx and compare.json.

    \b
    Example:
      lodestone compare outputs/plan/base outputs/plan/embargo
    """
    from model.report.compare_files import check_out, write_comparison
    from model.report.compare_summary import notes, runs_line, summary
    from model.report.terminal import show_table
    from model.studies.compare import compare_runs

    check_out(out)
    comparison = compare_runs(runs)
    book, facts = write_comparison(comparison, out)
    if quiet:
        return
    for table in summary(comparison):
        show_table(table.headings, table.rows)
        click.echo()
    for note in notes(comparison):
        click.echo(note)
    click.echo(f"{runs_line(comparison)}. Files: {book} and {facts.name}")


@main.command()
@WORKBOOK
@click.argument("runs", nargs=-1, required=True, metavar="RUN [RUN...]", type=click.Path(path_type=Path))
@click.option("--allow-new", is_flag=True, help="New builds, awards and signings once the future has shown itself.")
@click.option("--from-year", type=int, help="Year of the n-1 cases. [default: the first in which a scenario shows]")
@click.option(
    "--gap", type=click.FloatRange(0, 1), callback=_finite, help="Stop each case at this share of its best cost."
)
@click.option("--time-limit", type=click.FloatRange(0, min_open=True), callback=_finite, help="Seconds for each case.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="stress.xlsx",
    show_default=True,
    help="Workbook to write, or its folder; a JSON file of the same name stands beside it.",
)
@SET
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def stress(
    workbook: Path,
    runs: tuple[Path, ...],
    allow_new: bool,
    from_year: int | None,
    gap: float | None,
    time_limit: float | None,
    out: Path,
    sets: tuple[str, ...],
    quiet: bool,
) -> None:
    """Hold the decisions of runs and meet every scenario, and the loss of every region, plant, project and contract.

    A RUN is the folder of a plan. Writes stress.xlsx and stress.json; with several runs their regret too.

    \b
    Example:
      lodestone stress plan.xlsx outputs/plan/base outputs/plan/joint
    """
    from model.inputs import load
    from model.report.run_folder import read_run
    from model.report.stress_report import HEADINGS, check_stress_out, notes, terminal_rows, write_stress
    from model.report.terminal import Watch, show_table
    from model.studies.compare import names_by_path
    from model.studies.stress import stress as stress_runs

    check_stress_out(out)
    with Watch(quiet) as watch:
        watch.stage("read")
        inputs = load(workbook, sets)
        inputs.require_valid()
        plans = {name: read_run(path) for name, path in zip(names_by_path(runs), runs, strict=True)}
        study = stress_runs(
            inputs,
            plans,
            allow_new,
            from_year,
            gap,
            time_limit,
            on_outcome=lambda done, of, latest: watch.stage(
                f"{done} of {of}: {latest.run}, {latest.kind} {latest.case}"
            ),
            should_stop=watch.should_stop,
        )
        book, facts = write_stress(study, out)
    if quiet:
        return
    for run in study.runs:
        if rows := terminal_rows(study, run):
            click.echo(f"{run}: what hurts most")
            show_table(HEADINGS, rows)
            click.echo()
    for note in notes(study):
        click.echo(note)
    click.echo(f"Files: {book} and {facts.name}")


@main.command()
@WORKBOOK
@click.option("--cap", help="Move this row of ChinaShare alone: its share is set. [default: all rows, scaled together]")
@click.option("--from", "start", type=click.FloatRange(0, 1), default=1.0, show_default=True, help="First share.")
@click.option("--to", "end", type=click.FloatRange(0, 1), default=0.0, show_default=True, help="Last share.")
@click.option(
    "--steps", type=click.IntRange(min=1, max=1000), default=10, show_default=True, help="Steps between them."
)
@click.option("--from-year", type=int, help="Leave the limits of earlier years as they are.")
@SCENARIO
@click.option("--out", type=click.Path(path_type=Path), help="Workbook to write. [default: in outputs/WORKBOOK]")
@GAP
@TIME_LIMIT
@SET
@JOBS
@SCHEDULER
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def frontier(
    workbook: Path,
    cap: str | None,
    start: float,
    end: float,
    steps: int,
    from_year: int | None,
    scenario: str,
    out: Path | None,
    gap: float | None,
    time_limit: float | None,
    sets: tuple[str, ...],
    jobs: int | None,
    scheduler: str | None,
    quiet: bool,
) -> None:
    """Show what each point of allowed China share costs, and which share cannot be reached at all.

    Without --cap the limits of all rows are multiplied by the same factor. Writes frontier.xlsx, .png and .json.

    \b
    Example:
      lodestone frontier plan.xlsx --cap magnet_cap --from 0.9 --to 0 --steps 10
    """
    from model.report import frontier_files
    from model.report.terminal_many import WatchMany, show_frontier
    from model.studies import frontier as study

    target = out or frontier_files.default_out(workbook, scenario, cap)
    frontier_files.check_out(target)
    with WatchMany((), quiet) as watch:
        found = study.frontier(
            workbook,
            study.scales(start, end, steps),
            cap,
            from_year,
            scenario,
            sets,
            gap,
            time_limit,
            jobs,
            scheduler,
            watch.job,
            watch.should_stop,
        )
    files = frontier_files.write_frontier(found, target)
    if not quiet:
        show_frontier(found, files)


@main.command()
@WORKBOOK
@click.option("--vary", multiple=True, metavar="SHEET/ROW/COLUMN=VALUE,VALUE", help="Values of one input; repeatable.")
@click.option("--scenario", "scenarios", multiple=True, help="Several are varied like an input. [default: base]")
@click.option("--out", type=click.Path(path_type=Path), help="Workbook to write. [default: in outputs/WORKBOOK]")
@GAP
@TIME_LIMIT
@SET
@JOBS
@SCHEDULER
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@click.pass_context
def sweep(
    ctx: click.Context,
    workbook: Path,
    vary: tuple[str, ...],
    scenarios: tuple[str, ...],
    out: Path | None,
    gap: float | None,
    time_limit: float | None,
    sets: tuple[str, ...],
    jobs: int | None,
    scheduler: str | None,
    quiet: bool,
) -> None:
    """Solve for every combination of some inputs; one row of a table for each. Writes .xlsx, .csv and .json.

    \b
    Example:
      lodestone sweep plan.xlsx --vary Settings/discount_rate=0.03,0.05,0.08
    """
    from model.report import sweep_files
    from model.report.terminal_many import WatchMany, show_sweep
    from model.studies import sweep as study

    varied = study.parse_vary(vary, scenarios)
    target = out or sweep_files.default_out(workbook)
    sweep_files.check_out(target)
    scenario = scenarios[0] if scenarios else "base"
    with WatchMany((), quiet) as watch:
        found = study.sweep(
            workbook, varied, scenario, sets, gap, time_limit, jobs, scheduler, watch.job, watch.should_stop
        )
    files = sweep_files.write_sweep(found, target)
    if not quiet:
        show_sweep(found, files)
    ctx.exit(StoppedError.exit_code if found.failed else 0)


@main.command()
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--example", metavar="NAME", help=f"Copy an example: {', '.join(examples())}.")
@click.option("--force", is_flag=True, help="Replace a workbook that exists.")
def new(plan: Path, example: str | None, force: bool) -> None:
    """Write a new workbook PLAN: a blank one with help and drop-downs, or an example.

    \b
    Example:
      lodestone new plan.xlsx --example tutorial
    """
    from model.examples import new_workbook

    new_workbook(plan, example, force)
    click.echo(f"{plan} is written. Fill it in, then: lodestone solve {plan}")


@main.command()
@WORKBOOK
@SCENARIO
@SET
def bankability(workbook: Path, scenario: str, sets: tuple[str, ...]) -> None:
    """Show what lenders make of every private project, without seeking a plan.

    \b
    Example:
      lodestone bankability plan.xlsx
    """
    from model.inputs import load
    from model.lenders import bankability_table
    from model.plan_data import plan_data
    from model.report.terminal import show_bankability

    inputs = load(workbook, sets)
    inputs.require_valid()
    show_bankability(bankability_table(plan_data(inputs.tables(scenario), inputs.tables())))
