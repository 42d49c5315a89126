"""From workbook to audited plan for all futures, without a model that holds all of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace

from lodestone.audit import Audit, audit_joint
from lodestone.audit.joint import NOT_DECIDED, YEAR_COLUMNS
from lodestone.audit.reading import KEYS
from lodestone.data.plan_data import MONTHS, PlanData, Time, time_of
from lodestone.data.tree import Tree
from lodestone.errors import StoppedError, UsageError
from lodestone.plan.plan import Plan
from lodestone.plan.tables import TABLES, YEARLY, Row
from lodestone.progress import OnProgress, ShouldStop
from lodestone.solve.all_futures import Values, accounts_of_all, all_futures, gain, joint_plan, weighed, with_remarks
from lodestone.solve.decomposition.apart import Apart, Spread
from lodestone.solve.decomposition.launch import inside_mpi, mpiexec, run_ranks
from lodestone.solve.decomposition.order import Found, Order
from lodestone.solve.effort import AS_SET, Effort
from lodestone.solve.one_scenario import Clock, Proof, passing
from lodestone.solver.highs import ABSOLUTE_GAP
from lodestone.workbook.inputs import Inputs

LEAST_PROCESSES = 2  # one hedges, one works out the bound


def solve_decomposed(
    inputs: Inputs,
    processes: int | None = None,
    effort: Effort = AS_SET,
    values: bool = True,
    spread: Spread | None = None,
) -> Plan:
    """The plan of `solve_joint`, found future by future, in pieces that spread works on (`apart`).

    Without spread by progressive hedging on several processes of MPI: an even number, at most two for each future;
    None: as many as there are cores, within that. The time limit is of all as a whole. Raises what `solve_joint`
    raises, and UsageError when something lacks that the extra `mpi` brings, when no two futures share a year, when
    some share the path of a parent, or when spread is to plan with a risk weight.
    """
    clock = Clock(effort.on_progress)
    clock.enter("read")
    base, tree = all_futures(inputs)
    if effort.threats(base):
        raise UsageError(
            "a plan that stands threats (secure_against on the sheet Settings) is sought in one model: leave out "
            "--decompose, or plan without threats with --secure 0"
        )
    if not tree.shared:
        raise UsageError("every future shows itself in the first year: they share nothing; use --all-scenarios")
    if any(tree.data[n].scenario.name != base.scenario.name for n in tree.shared):
        raise UsageError("--decompose cannot plan for scenarios that share the path of a parent: leave --decompose out")
    if spread is not None and base.risk_weight > 0:
        raise UsageError("a plan with a risk_weight (sheet Settings) is not sought in pieces: it takes mpiexec")
    clock.leave("read")
    wanted = effort.search(base)
    order = Order(base, tree, wanted.gap, wanted.time_limit, values)
    futures = {name: tree.data[leaf] for name, leaf in tree.leaf_of.items()}
    if spread is None:
        solve, ranks = _hedgers(len(tree.leaves), processes, effort.on_progress, effort.should_stop)
    else:
        solve, ranks = _in_pieces(spread, effort.on_progress, effort.should_stop), processes or os.cpu_count() or 1

    def attempt(careful: bool) -> tuple[tuple[Found, Plan], Audit]:
        found = solve(replace(order, careful=careful))
        clock.leave("solve")
        clock.enter("audit")
        hedged = {"processes": ranks, "iterations": found.iterations, "numbers_in_common": found.in_common}
        proof = Proof(False, found.bound, {**found.size, **hedged}, wanted.gap)
        plan = joint_plan(inputs, base, tree, together(tree, found.tables, found.reference), proof)
        result = audit_joint(futures, plan.document(), tree.scenarios)
        clock.leave("audit")
        return (found, plan), result

    (found, plan), lines = passing(attempt)
    plan = replace(plan, audit=lines, tables=plan.tables | accounts_of_all(tree, plan), seconds=clock.seconds)
    return replace(plan, **asdict(_worth_of_knowing(base, plan, found))) if values else plan


def _in_pieces(
    spread: Spread, on_progress: OnProgress | None, should_stop: ShouldStop | None
) -> Callable[[Order], Found]:
    """What carries out an order without MPI."""
    tell, stop = on_progress or (lambda progress: None), should_stop or (lambda: False)
    return lambda order: Apart(order, spread, tell, stop).run()


def _hedgers(
    futures: int, processes: int | None, on_progress: OnProgress | None, should_stop: ShouldStop | None
) -> tuple[Callable[[Order], Found], int]:
    """What carries out an order, on how many processes. Under the user's mpiexec they are there for one order only."""
    if not inside_mpi():
        mpiexec()
        ranks = number_of_processes(processes, futures)
        return lambda order: run_ranks(order, ranks, on_progress, should_stop), ranks
    from lodestone.solve.decomposition import rank

    def once(order: Order) -> Found:
        if order.careful:
            raise StoppedError("the processes have ended")
        return rank.lead(order, on_progress, should_stop)

    return once, number_of_processes(rank.size(), futures)


def number_of_processes(asked: int | None, futures: int) -> int:
    """An even number of at most two for each future. Raises UsageError when another is asked for."""
    most = 2 * futures
    if asked is None:
        return max(LEAST_PROCESSES, min(most, (os.cpu_count() or 1) // 2 * 2))
    if asked < LEAST_PROCESSES or asked % 2:
        raise UsageError(f"--decompose takes an even number of processes, not {asked}: half plan, half bound the cost")
    if asked > most:
        raise UsageError(f"{futures} futures keep at most {most} processes busy, not {asked}")
    return asked


def together(
    tree: Tree, tables: Mapping[str, Mapping[str, Sequence[Row]]], reference: str
) -> dict[str, dict[str, list[Row]]]:
    """The tables of each future, where nodes are shared with the rows of the reference, which passes all of them.

    All agree on what links those years to later ones (`shared`), so that each may do there what the reference does.
    """
    parting = {
        name: min(tree.time[n] for n in tree.path[leaf] if n not in tree.shared) for name, leaf in tree.leaf_of.items()
    }
    return {
        name: {table: _spliced(table, rows, tables[reference][table], parting[name]) for table, rows in own.items()}
        for name, own in tables.items()
    }


def _spliced(table: str, own: Sequence[Row], trunk: Sequence[Row], until: Time) -> list[Row]:
    """Rows before a time from the trunk, the others one's own; by time, or by name and time as the table was.

    A row about a whole year is one's own where its last period is.
    """
    if table in NOT_DECIDED:
        return list(own)
    when = next(column for column in YEAR_COLUMNS if column in TABLES[table].names)

    def time(row: Row) -> Time:
        return time_of(row[when], MONTHS if table in YEARLY else row.get("month", 1))

    rows = [row for row in trunk if time(row) < until] + [row for row in own if time(row) >= until]
    times = [time(row) for row in own]
    if times == sorted(times):
        return rows
    names = [column for column in KEYS[table] if column not in (when, "month")]
    order = {tuple(row[name] for name in names): i for i, row in reversed(list(enumerate([*own, *trunk])))}
    return sorted(rows, key=lambda row: (order[tuple(row[name] for name in names)], time(row)))


def _worth_of_knowing(base: PlanData, plan: Plan, found: Found) -> Values:
    """EVPI from the futures planned for alone at the start; of VSS no more than what one plan for the base would lose:
    what it did in the shared years, held."""
    objective, likely = plan.objective_musd, plan.probabilities
    noise = (plan.gap or 0.0) * abs(objective) + ABSOLUTE_GAP
    remarks = []
    evpi = vss = None
    if found.known_proved:
        evpi = gain(objective - weighed(base, found.known, likely), noise)
    else:
        remarks.append("not every future was planned for alone within the gap in time: there is no EVPI")
    if found.base_held is not None:
        vss = gain(found.base_held - objective, noise)
        if vss > noise:
            remarks.append("VSS is at most what is shown: it is what one of the good plans for the base would lose")
    else:
        remarks.append(
            "no VSS: with what the base does in the shared years some future has no plan, or none was sought"
        )
    known = found.known if evpi is not None else None
    return with_remarks(plan, Values(evpi, vss, known, found.base_held, tuple(remarks)), noise)
