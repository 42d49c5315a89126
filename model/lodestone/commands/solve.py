"""`lodestone solve`: the plan of least cost, of one scenario, of many, or of all futures together."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lodestone.commands.options import GAP, JOBS, PATH, SCHEDULER, SET, TIME_LIMIT, WORKBOOK, finite
from lodestone.commands.output import OUTPUT, Output

if TYPE_CHECKING:
    from lodestone.errors import NoPlanError
    from lodestone.plan.plan import Plan
    from lodestone.plan.tables import Row
    from lodestone.report.terminal.progress_lines import Watch
    from lodestone.solve.decomposition.apart import Spread
    from lodestone.studies.reference.beside import Beside
    from lodestone.workbook.inputs import Inputs

MOST_EXPLAINED = 3  # combinations of threats, each of which makes the model of an explanation larger


@click.command()
@WORKBOOK
@click.option("--scenario", "scenarios", multiple=True, help="Scenario of the workbook; repeatable. [default: base]")
@click.option("--all-scenarios", is_flag=True, help="The base and every scenario, side by side.")
@click.option(
    "--out",
    type=PATH,
    help="Folder of the run; of several runs, of their folders. [default: outputs/WORKBOOK/SCENARIO]",
)
@GAP
@TIME_LIMIT
@SET
@JOBS
@SCHEDULER
@click.option("--joint", is_flag=True, help="One plan for all scenarios with a probability, and the base.")
@click.option(
    "--decompose",
    is_flag=True,
    help="With --joint: future by future on --jobs processes or a --scheduler, for trees of many futures.",
)
@click.option(
    "--values/--no-values",
    default=True,
    show_default=True,
    help="With --joint: EVPI and VSS too, each future being solved alone for them.",
)
@click.option(
    "--secure",
    type=click.IntRange(min=0),
    metavar="K",
    help="The cheapest plan that stands every combination of at most K threats. [default: Settings, secure_against]",
)
@click.option("--start", type=PATH, help="Folder of an earlier run, whose decisions the solver begins with.")
@click.option(
    "--certain",
    metavar="SHARE",
    help="Also say what holds in every plan that costs at most this share more, e.g. 0.5%: many more solves.",
)
@click.option(
    "--extra-gap",
    type=click.FloatRange(0, 1),
    callback=finite,
    help="Go on, while there is time, until the gap is this share of the extra cost; not with --gap. [default: "
    "Settings.extra_gap]",
)
@click.option(
    "--reference/--no-reference",
    default=None,
    help="Solve 'doing nothing' as well, for what security costs and buys. [default: yes; with --gap or --secure, if "
    "the plan took at most 20 s; in the scenarios, if they take no longer either] Not of several runs at once, nor "
    "with --decompose.",
)
@OUTPUT
@click.pass_context
def solve(ctx: click.Context, /, **options: Any) -> None:
    """Find the plan of least cost and write it: a workbook to read, and plan.json.

    Several scenarios are solved side by side, each as if its future were known from the start. With --joint one plan
    for all futures: until a future shows itself, decisions are the same in all. Ctrl-C asks the solver to stop with
    the best plan so far.

    \b
    Example:
      lodestone solve my_case.xlsx --scenario embargo --gap 0.01
      lodestone solve my_case.xlsx --all-scenarios --jobs 2
      lodestone solve my_case.xlsx --joint
      lodestone solve my_case.xlsx --secure 2
      lodestone solve my_case.xlsx --joint --decompose --jobs 4
      lodestone solve my_case.xlsx --gap 0.0001 --start outputs/my_case/base
    """
    asked = Asked(**options)
    asked.require_that_it_goes_together()
    if asked.decompose and _follows():
        return
    if asked.is_many:
        _solve_many(ctx, asked)
    else:
        _solve_one(ctx, asked)


@dataclass(frozen=True)
class Asked:
    """What was asked for, as on the command line."""

    workbook: Path
    scenarios: tuple[str, ...]
    all_scenarios: bool
    out: Path | None
    gap: float | None
    time_limit: float | None
    sets: tuple[str, ...]
    jobs: int | None
    scheduler: str | None
    joint: bool
    decompose: bool
    values: bool
    secure: int | None
    start: Path | None
    certain: str | None
    extra_gap: float | None
    reference: bool | None
    output: Output

    @property
    def is_many(self) -> bool:
        """Whether several runs come of it, or one that is sent away."""
        return self.all_scenarios or len(set(self.scenarios)) > 1 or (bool(self.scheduler) and not self.decompose)

    def require_that_it_goes_together(self) -> None:
        """Raises click.UsageError for options that exclude each other."""
        if self.joint and (self.scenarios or self.all_scenarios):
            raise click.UsageError("--joint plans for all scenarios together; leave out --scenario and --all-scenarios")
        if self.joint and self.scheduler and not self.decompose:
            raise click.UsageError(
                "--joint is one solve, which --scheduler cannot send away; --decompose takes it apart"
            )
        if self.decompose and self.start is not None:
            raise click.UsageError("--start goes with one model: leave out --decompose")
        if self.decompose and not self.joint:
            raise click.UsageError("--decompose takes a joint plan apart: it goes with --joint")
        if self.decompose and self.secure:
            raise click.UsageError(
                "--secure seeks all futures in one model: leave out --decompose, or ask for one scenario"
            )
        if self.is_many and self.secure is not None:
            raise click.UsageError("--secure goes with one scenario or with --joint")
        if self.certain is not None and (self.is_many or self.joint or self.secure):
            raise click.UsageError("--certain goes with one scenario, without --joint and --secure")
        if self.is_many and self.start is not None:
            raise click.UsageError("--start goes with one scenario or with --joint")
        if self.extra_gap is not None and not self.is_compared:
            raise click.UsageError(
                "--extra-gap is for one plan and its reference: leave out --gap, --no-reference, --decompose, --secure"
            )

    @property
    def is_compared(self) -> bool:
        """Whether the gap may be asked for as a part of the extra cost: one plan to its own gap, and its reference."""
        return self.gap is None and self.reference is not False and not (self.decompose or self.is_many or self.secure)


def _solve_one(ctx: click.Context, asked: Asked) -> None:
    """One scenario, or all futures together."""
    from lodestone.errors import NoPlanError
    from lodestone.plan.run_files import read_run
    from lodestone.plan.run_log import RunLog
    from lodestone.report.plan.run_folder import check_target, run_folder, write_run
    from lodestone.report.terminal.json_answers import plan_answer
    from lodestone.report.terminal.progress_lines import Watch, show_plan
    from lodestone.runs.folder_lock import claimed
    from lodestone.solve.all_futures import joint_name, solve_joint
    from lodestone.solve.effort import Effort
    from lodestone.solve.one_scenario import solve_scenario
    from lodestone.studies.alternatives.search import parse_within
    from lodestone.workbook.inputs import load

    scenario = asked.scenarios[0] if asked.scenarios else "base"
    log = RunLog(str(ctx.obj))
    with _leading(asked.decompose), ExitStack() as held, Watch(asked.output.silent) as watch:
        watch.stage("read")
        if asked.certain is not None:
            parse_within(asked.certain)
        inputs = load(asked.workbook, asked.sets)
        inputs.require_valid()
        inputs.tables(scenario)  # an unknown name is said before anything is written
        name = joint_name(inputs) if asked.joint else scenario
        folder = asked.out or run_folder(inputs.path, name, inputs.scenario_names)
        check_target(folder)
        held.enter_context(claimed([folder]))
        earlier = None if asked.start is None else read_run(asked.start)
        effort = Effort(
            asked.gap, asked.time_limit, log.and_tell(watch.progress), watch.should_stop, earlier, asked.secure
        )
        beside = _beside(asked, inputs, scenario, watch)
        try:
            if beside is not None:
                effort = held.enter_context(beside).while_solving(effort)
            if asked.decompose:
                from lodestone.solve.decomposition.run import solve_decomposed

                plan = solve_decomposed(inputs, asked.jobs, effort, asked.values, _spread(asked, inputs))
            elif asked.joint:
                plan = solve_joint(inputs, effort, asked.values)
            else:
                plan = solve_scenario(inputs, scenario, effort)
        except NoPlanError as error:
            if not asked.output.json:
                click.echo(f"Error: {error}", err=True)
            _explain(asked, error, inputs, None if asked.joint else scenario, folder, watch)
            ctx.exit(error.exit_code)
        if beside is not None:
            plan = beside.told(plan, inputs, effort)
        if asked.certain is not None:
            plan = _certain(asked, plan, inputs, watch)
        watch.stage("write")
        write_run(plan, folder, inputs.path, log.text(plan))

    def show() -> None:
        show_plan(plan, folder)
        if plan.start is not None:
            click.echo(_started(plan.start))

    asked.output.answer(show, lambda: plan_answer(plan, folder))


def _beside(asked: Asked, inputs: Inputs, scenario: str, watch: Watch) -> Beside | None:
    """What solves the reference."""
    if asked.reference is False or asked.decompose:
        return None
    from lodestone.solve.effort import Effort
    from lodestone.studies.parallel.source import Source
    from lodestone.studies.reference.beside import Beside

    source = Source.read(asked.workbook, scenario, asked.sets, Effort(asked.gap, asked.time_limit))
    solved = asked.is_compared or bool(asked.reference)
    share = asked.extra_gap
    if share is None and asked.is_compared:
        share = float(inputs.tables(scenario).settings["extra_gap"])
    return Beside(source, asked.joint, share, watch.should_stop, solved, bool(asked.reference))


def _certain(asked: Asked, plan: Plan, inputs: Inputs, watch: Watch) -> Plan:
    """With what holds in every plan that is hardly dearer."""
    from lodestone.solve.effort import Effort
    from lodestone.studies.alternatives.search import parse_within
    from lodestone.studies.certain import with_certainty
    from lodestone.studies.parallel.solves import Where
    from lodestone.studies.parallel.source import Source

    source = Source.read(asked.workbook, plan.scenario, asked.sets, Effort(asked.gap, asked.time_limit))
    share = parse_within(asked.certain or "")
    return with_certainty(plan, inputs, source, share, Where(asked.jobs), watch.stage, watch.should_stop)


def _solve_many(ctx: click.Context, asked: Asked) -> None:
    """Several scenarios, each as if it knew its future."""
    from lodestone.report.plan.run_folder import check_target, run_folder
    from lodestone.report.terminal.json_answers import DECISIONS, many_answer
    from lodestone.report.terminal.many import WatchMany, show_many
    from lodestone.runs.batch import jobs_for
    from lodestone.runs.folder_lock import claimed
    from lodestone.solve.effort import Effort
    from lodestone.studies.parallel.solves import Where, exit_code, solve_many
    from lodestone.workbook.inputs import load

    inputs = load(asked.workbook, asked.sets)
    inputs.require_valid()
    names = inputs.scenario_names if asked.all_scenarios else tuple(dict.fromkeys(asked.scenarios or ("base",)))
    folders = {}
    for name in names:
        inputs.tables(name)  # an unknown name is said before anything is solved
        usual = run_folder(inputs.path, name, inputs.scenario_names)
        folders[name] = usual if asked.out is None else asked.out / usual.name
        check_target(folders[name])
    effort = Effort(asked.gap, asked.time_limit)
    tasks = jobs_for(asked.workbook, names, asked.sets, effort, folders, tuple(DECISIONS), str(ctx.obj))
    with claimed(folders.values()), WatchMany(names, asked.output.silent) as watch:
        answers = solve_many(tasks, Where(asked.jobs, asked.scheduler), watch.job, watch.should_stop)
    asked.output.answer(lambda: show_many(answers, folders), lambda: many_answer(answers, folders), exit_code(answers))
    for done in answers:
        if asked.output.quiet and not asked.output.json and done.plan is None:
            click.echo(f"Error: {done.job.label}: {done.message}", err=True)
    ctx.exit(exit_code(answers))


def _explain(
    asked: Asked, error: NoPlanError, inputs: Inputs, scenario: str | None, folder: Path, watch: Watch
) -> None:
    """Why there is no plan, into the folder of the run."""
    from lodestone.report.studies.explanation_files import older_plan, write_explanation
    from lodestone.report.terminal.explanation import show_explanation
    from lodestone.solve.secure import NoSecurePlanError
    from lodestone.studies.explanation.explain import explain, time_for
    from lodestone.studies.explanation.results import document

    threats = [b.name for b in error.branches[:MOST_EXPLAINED]] if isinstance(error, NoSecurePlanError) else []
    limit = time_for(asked.time_limit)
    explanation = explain(inputs, scenario, asked.gap, limit, watch.progress, watch.should_stop, threats)
    watch.stage("write")
    write_explanation(explanation, folder)
    watch.end()
    asked.output.answer(
        lambda: show_explanation(explanation, folder, older_plan(folder)),
        lambda: {"error": str(error), "folder": str(folder), "explanation": document(explanation)},
        error.exit_code,
    )


def _spread(asked: Asked, inputs: Inputs) -> Spread | None:
    """What works on futures apart; None where processes of MPI do: the user's, or those that a risk weight takes."""
    from lodestone.solve.decomposition.launch import inside_mpi
    from lodestone.studies.parallel.pieces import spread_over
    from lodestone.studies.parallel.solves import Where

    weighed = float(inputs.tables("base").settings["risk_weight"]) > 0
    if inside_mpi() or (weighed and not asked.scheduler):
        return None
    return spread_over(Where(asked.jobs, asked.scheduler))


def _follows() -> bool:
    """Under the user's mpiexec, every process but the first only does its part."""
    from lodestone.solve.decomposition.launch import inside_mpi

    if not inside_mpi():
        return False
    from lodestone.solve.decomposition import rank

    if rank.is_first():
        return False
    rank.follow()
    return True


def _leading(decompose: bool) -> AbstractContextManager[None]:
    """Under the user's mpiexec, the other processes wait for this one, even when it fails."""
    from lodestone.solve.decomposition.launch import inside_mpi

    if not decompose or not inside_mpi():
        return nullcontext()
    from lodestone.solve.decomposition import rank

    return rank.leading()


def _started(start: Row) -> str:
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
