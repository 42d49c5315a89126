"""`lodestone attack`: the worst combinations of threats against a plan as it is."""

from __future__ import annotations

from pathlib import Path

import click

from lodestone.commands.options import JOBS, PATH, SET, WORKBOOK, out_here
from lodestone.commands.output import OUTPUT, Output
from lodestone.errors import StoppedError


@click.command()
@WORKBOOK
@click.argument("run", metavar="RUN", type=PATH)
@click.option("--k", type=click.IntRange(min=1), default=2, show_default=True, help="Threats at once, at most.")
@out_here("attack.xlsx", "Workbook")
@SET
@JOBS
@OUTPUT
@click.pass_context
def attack(
    ctx: click.Context,
    workbook: Path,
    run: Path,
    k: int,
    out: Path,
    sets: tuple[str, ...],
    jobs: int | None,
    output: Output,
) -> None:
    """Find which threats hurt a plan most when they come together, and what would have prevented it.

    A RUN is the folder of a plan; threats are the scenarios with threat yes. What the plan has decided is held, and the
    best answer is sought with what was prepared. Writes attack.xlsx and attack.json.

    \b
    Example:
      lodestone attack my_case.xlsx outputs/my_case/base --k 2
    """
    from lodestone.plan.labels import Labels
    from lodestone.plan.run_files import read_run
    from lodestone.report.studies.attack_files import KIND, write_attack
    from lodestone.report.terminal.attack import show_attack
    from lodestone.report.terminal.json_answers import attack_answer
    from lodestone.report.terminal.progress_lines import Watch, tell_of_stop
    from lodestone.runs.folder_lock import claimed
    from lodestone.studies.attack.attack import attack as attack_run
    from lodestone.studies.compare.runs import names_by_path
    from lodestone.studies.parallel.solves import Where
    from lodestone.workbook.inputs import load

    target = KIND.check_out(out)
    with claimed([target]), Watch(output.silent) as watch:
        watch.stage("read")
        inputs = load(workbook, sets)
        inputs.require_valid()
        (name,) = names_by_path([run])
        study = attack_run(
            inputs,
            name,
            read_run(run),
            k,
            on_blow=lambda done, of, latest: watch.stage(f"{done} of {of}: {' + '.join(latest.threats)}"),
            should_stop=watch.should_stop,
            where=Where(jobs),
        )
        stopped = watch.should_stop()
        labels = Labels(inputs.labels)
        files = write_attack(study, KIND.place(target, stopped), labels)
    exit_code = StoppedError.exit_code if stopped else 0
    output.answer(lambda: show_attack(labels.shown(study), files), lambda: attack_answer(study, files), exit_code)
    tell_of_stop(target, files, output.silent)
    ctx.exit(exit_code)
