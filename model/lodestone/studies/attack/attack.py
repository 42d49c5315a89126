"""The worst combinations of threats against a plan as it is: what is short, what it costs, what would have helped.

What the plan builds, awards, signs and stocks is held until the first threat shows itself; from then on the best answer
is sought with what was prepared (solve/branch_trial.py), as in a secure plan, but at least cost, and with no share that
must be served. China-share caps are lifted. What rules ask for beyond what can be given is missed, and named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import combinations

from lodestone.data.plan_data import PlanData
from lodestone.data.tree import Tree
from lodestone.errors import NoPlanError, StoppedError, UsageError
from lodestone.names import readable
from lodestone.plan.plan import Plan
from lodestone.progress import ShouldStop
from lodestone.rules.build import build
from lodestone.solve.effort import Effort, Search
from lodestone.solve.fixed_decisions import decisions, hold, hold_stocks
from lodestone.solve.no_worse import Used, smaller_answer
from lodestone.solve.one_scenario import load_model
from lodestone.solve.secure import require_threats, undecided
from lodestone.studies.attack.results import Attack, Blow
from lodestone.studies.attack.strike import Standing, Strike, planned_tree, standing
from lodestone.studies.parallel.solves import IN_THIS_PROCESS, Where, run_tasks
from lodestone.studies.parallel.tasks import Failure, News
from lodestone.workbook.conversion import plan_data
from lodestone.workbook.inputs import Inputs

OnBlow = Callable[[int, int, Blow], None]  # how many are done, of how many, the latest


def attack(
    inputs: Inputs,
    run: str,
    plan: Plan,
    k: int = 2,
    on_blow: OnBlow | None = None,
    should_stop: ShouldStop | None = None,
    where: Where = IN_THIS_PROCESS,
) -> Attack:
    """Every combination of at most k threats of the workbook against a plan, the worst first.

    where: the combinations of as many threats are tried at the same time, each in a process of its own. Raises
    UsageError where there is no threat or the plan is not of this workbook's years, NoPlanError where the workbook does
    not allow the plan's decisions.
    """
    if k < 1:
        raise UsageError(f"--k {k}: give at least 1 threat at once")
    threats = require_threats(inputs, k)
    scenario = None if plan.is_joint else plan.scenario
    base, tree = planned_tree(inputs, scenario)
    if list(plan.horizon) != [base.first_year, base.last_year]:
        first, last = plan.horizon
        raise UsageError(f"{run} plans {first}-{last}, {inputs.path.name} {base.first_year}-{base.last_year}")
    remarks = []
    if plan.workbook_sha256 != inputs.sha256:
        remarks.append(f"{run} was made from another version of the workbook")
    plain = _as_planned(tree, plan, Effort(should_stop=should_stop).search(base), remarks)
    left_alone = undecided(tree, plain.held)
    found: list[Blow] = []
    skipped = 0
    todo = len(tree.leaf_of) * sum(1 for size in range(1, k + 1) for _ in combinations(threats, size))
    known: dict[str, dict[tuple[str, ...], tuple[PlanData, Used]]] = {name: {} for name in tree.leaf_of}

    def hear(_: int, news: News) -> None:
        if on_blow and not isinstance(news, Failure):
            told.append(news)
            on_blow(len(told) + skipped, todo, news[0])

    told: list[News] = []
    for size in range(1, k + 1):  # what a further threat adds is known once those of one less have been tried
        tasks, waiting = [], []
        for name in tree.leaf_of:
            for combination in combinations(threats, size):
                data = plan_data(inputs.combination(name, combination), inputs.tables())
                if smaller := smaller_answer(combination, data, known[name], left_alone):
                    known[name][combination] = (data, known[name][smaller][1])
                    skipped += 1
                    continue
                waiting.append(data)
                content = inputs.content
                tasks.append(Strike(inputs.path.name, content, tuple(inputs.sets), scenario, name, combination, plain))
        for task, data, value in zip(tasks, waiting, run_tasks(tasks, where, hear, should_stop), strict=True):
            if isinstance(value, Failure):
                if not (should_stop and should_stop()):
                    remarks.append(f"{task.label}: {value.message}")
                continue
            blow, used = value
            found.append(blow)
            if used is not None:
                known[task.future][task.threats] = (data, used)
        if should_stop and should_stop():
            remarks.append(f"stopped after {len(found)} of {todo} combinations")
            break
    return _result(inputs, base, run, k, threats, found, skipped, remarks)


def _result(
    inputs: Inputs,
    base: PlanData,
    run: str,
    k: int,
    threats: tuple[str, ...],
    found: Iterable[Blow],
    skipped: int,
    remarks: list[str],
) -> Attack:
    prices = {name: sector.shortage_cost for name, sector in base.sectors.items()}

    def hurt(blow: Blow) -> tuple[bool, float, float]:
        worth_of = sum(prices[sector] * t for sector, t in blow.short_t.items())
        return blow.extra_musd is None, worth_of, blow.extra_musd or 0.0

    ranked = tuple(sorted(found, key=hurt, reverse=True))
    if not ranked:
        raise StoppedError("stopped before the first combination was tried")
    return Attack(
        base.name, readable(inputs.path.name), run, k, threats, tuple(prices), ranked, skipped, tuple(remarks)
    )


def _as_planned(tree: Tree, plan: Plan, wanted: Search, remarks: list[str]) -> Standing:
    """The model with the plan's decisions and stocks held, and the cheapest flows that go with them."""
    for stocks in (True, False):
        built = build(tree)
        for name, leaf in tree.leaf_of.items():
            shown = plan.future(name) if plan.is_joint else plan
            made = decisions(shown.tables)
            hold(built, made, tree.path[leaf])
            if stocks:
                hold_stocks(built, made, tree.path[leaf])
        solver = load_model(built)
        try:
            solver.solve(wanted.gap, wanted.time_limit, should_stop=wanted.should_stop)
        except NoPlanError:
            if not stocks:
                raise NoPlanError("the workbook does not allow what the run decides; solve it again") from None
            remarks.append("the workbook does not allow the stocks of the run: they are planned anew")
            continue
        solver.store(solver.values())
        return standing(built)
    raise AssertionError("unreachable")
