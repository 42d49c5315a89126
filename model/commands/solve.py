"""`lodestone solve`: the plan of least cost, of one scenario, of many, or of all futures together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from model.commands.options import GAP, JOBS, QUIET, SCHEDULER, SET, TIME_LIMIT, WORKBOOK


@click.command()
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
@click.option(
    "--start", type=click.Path(path_type=Path), help="Folder of an earlier run, whose decisions the solver begins with."
)
@QUIET
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
    start: Path | None,
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
      lodestone solve plan.xlsx --gap 0.0001 --start outputs/plan/base
    """
    if joint and (scenarios or all_scenarios):
        raise click.UsageError("--joint plans for all scenarios together; leave out --scenario and --all-scenarios")
    if all_scenarios or len(set(scenarios)) > 1 or scheduler:
        if start is not None:
            raise click.UsageError("--start goes with one scenario or with --joint")
        _solve_many(ctx, workbook, scenarios, all_scenarios, out, gap, time_limit, sets, jobs, scheduler, quiet)
        return
    scenario = scenarios[0] if scenarios else "base"
    from model.inputs import load
    from model.joint_run import joint_name, solve_joint
    from model.report.run_folder import check_target, read_run, run_folder, write_run
    from model.report.terminal import Watch, show_plan
    from model.run import solve_scenario

    with Watch(quiet) as watch:
        watch.stage("read")
        inputs = load(workbook, sets)
        inputs.require_valid()
        inputs.tables(scenario)  # an unknown name is said before anything is written
        folder = out or run_folder(inputs.path, joint_name(inputs) if joint else scenario, inputs.scenario_names)
        check_target(folder)
        earlier = None if start is None else read_run(start)
        if joint:
            plan = solve_joint(inputs, gap, time_limit, watch.progress, watch.should_stop, values, earlier)
        else:
            plan = solve_scenario(inputs, scenario, gap, time_limit, watch.progress, watch.should_stop, earlier)
        watch.stage("write")
        write_run(plan, folder, inputs.path)
    if not quiet:
        show_plan(plan, folder)
        if start is not None:
            click.echo(_started(plan["start"]))


def _started(start: dict[str, Any]) -> str:
    """What of an earlier run the solver began with."""
    left_out = start["left_out"]
    if not start["kept"]:
        return "Started from nothing: no plan of this workbook has the decisions of the earlier run."
    if not left_out:
        return f"Started from {start['taken']} decisions of the earlier run."
    more = "" if len(left_out) <= 5 else f", and {len(left_out) - 5} more"
    return (
        f"Started from {start['taken']} decisions of the earlier run; not known here: {', '.join(left_out[:5])}{more}."
    )


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
