"""A joint plan made of pieces, one future each: no bound above the optimum, no plan below it, and no MPI."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pytest
from tests.futures import crisis, everything, future, with_futures
from tests.make import Book
from tests.solving import FIRST, read, solve_all

from lodestone.data.tree import Tree
from lodestone.errors import NoPlanError, StoppedError, UsageError
from lodestone.plan.tables import VALUE_TABLES
from lodestone.progress import ShouldStop
from lodestone.solve.all_futures import all_futures
from lodestone.solve.decomposition.future import Future
from lodestone.solve.decomposition.piece import Answer, Piece, Priced, Pulled, price
from lodestone.solve.decomposition.relaxation import Relaxation, relaxation
from lodestone.solve.decomposition.run import solve_decomposed
from lodestone.solve.decomposition.shared import alone, stretches
from lodestone.solve.effort import Effort, Search
from lodestone.studies.parallel.pieces import spread_over
from lodestone.studies.parallel.solves import Where

GAP = 1e-3
WITHIN = Effort(gap=GAP, time_limit=120)


def kept_open() -> Book:
    """What the works earn after the last year counts only where it is kept open then: a variable of each leaf."""
    book = everything()
    head, works = book["Projects"]
    head.append("fixed_cost_musd_per_yr")
    works.append(0.1)
    works[head.index("operating_cost_usd_per_kg")] = 20
    return book


BOOKS = pytest.mark.parametrize("make", [with_futures, everything, kept_open])


def here(pieces: Sequence[Piece], should_stop: ShouldStop) -> list[Answer | None]:
    return [piece.run(lambda news: None, should_stop) for piece in pieces]


@BOOKS
def test_pieces_find_the_plan_of_one_model(make: Any):
    whole = solve_all(make())
    plan = solve_decomposed(read(make()), 1, WITHIN, spread=here).document()
    assert plan["bound_musd"] <= whole["objective_musd"] + 1e-6
    assert whole["objective_musd"] <= plan["objective_musd"] + 1e-6
    assert (plan["status"], plan["gap"] <= GAP) == ("optimal", True)
    assert plan["tables"].keys() == whole["tables"].keys() - VALUE_TABLES.keys()  # which need one model of all futures
    assert plan["known_musd"] == pytest.approx(whole["known_musd"], rel=GAP)
    assert all(line["ok"] for line in plan["audit"])


def related(make: Any) -> tuple[Tree, Relaxation]:
    _, tree = all_futures(read(make()))
    return tree, relaxation(tree, False, 60.0, lambda progress: None, lambda: False, 0.0)


def passed(tree: Tree, leaf: int) -> dict[int, int]:
    ends = stretches(tree)
    return {n: ends[n] for n in tree.path[leaf] if n in ends}


@BOOKS
def test_with_prices_relaxed_futures_pay_together_what_the_relaxed_tree_costs(make: Any):
    tree, known = related(make)
    paid = 0.0
    for name, leaf in tree.leaf_of.items():
        one = Future(alone(tree, leaf), passed(tree, leaf))
        price(one, known.prices[name])
        one.relax(True)
        least = one.solver.solve_linear()
        assert least is not None
        paid += tree.probability[leaf] * least
    assert paid == pytest.approx(known.bound, rel=1e-6)


@BOOKS
def test_what_whole_futures_pay_with_prices_bounds_the_plan_more_closely(make: Any):
    tree, known = related(make)
    paid = 0.0
    for name, leaf in tree.leaf_of.items():
        ends = passed(tree, leaf)
        found = Priced(name, alone(tree, leaf), ends, 1e-9, 60.0, prices=known.prices[name]).run(print, lambda: False)
        assert found is not None
        paid += tree.probability[leaf] * found.bound
    assert known.bound - 1e-5 <= paid <= solve_all(make())["objective_musd"] + 1e-5


def test_processes_of_this_machine_work_on_them():
    plan = solve_decomposed(read(with_futures()), 2, WITHIN, False, spread_over(Where(2))).document()
    assert plan["gap"] <= GAP
    assert plan["model"]["processes"] == 2


def test_where_some_futures_lead_to_no_plan_others_are_asked():
    """Two futures at a time say what to do in common; as the first two say nothing, the next one is asked."""
    book = crisis()
    for name, probability in (("embargo", 0.2), ("late embargo", 0.1)):
        future(book, name, probability, FIRST + 2, "Lanes", "China/*/*", value=0)
    asked: list[list[str]] = []

    def spread(pieces: Sequence[Piece], should_stop: ShouldStop) -> list[Answer | None]:
        if isinstance(pieces[0], Pulled):
            asked.append([piece.label for piece in pieces])
            if len(asked) == 1:
                return [None for _ in pieces]
        return here(pieces, should_stop)

    plan = solve_decomposed(read(book), 1, WITHIN, False, spread)
    assert asked == [["base", "embargo"], ["late embargo"]]
    assert plan.status == "optimal"


@pytest.mark.slow
def test_so_do_the_workers_of_a_cluster():
    distributed = pytest.importorskip("distributed")
    alone = solve_decomposed(read(everything()), 2, WITHIN, False, here)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as cluster:
        spread = spread_over(Where(scheduler=cluster.scheduler_address))
        plan = solve_decomposed(read(everything()), 2, WITHIN, False, spread)
    assert plan.objective_musd == pytest.approx(alone.objective_musd, rel=1e-9)
    assert plan.tables == alone.tables


# --- what is said when it cannot be done ------------------------------------------------------------------------------


def test_one_future_without_a_plan_means_there_is_none():
    book = with_futures()
    book["Sectors"][0].append("min_service_share")
    book["Sectors"][1].append(1)
    del book["Stockpiles"]  # Ally and the works have 80 t of the 100 t that must be there
    with pytest.raises(NoPlanError):
        solve_decomposed(read(book), 1, WITHIN, spread=spread_over(Where(0)))


def test_pieces_that_all_come_to_nothing_are_no_plan():
    with pytest.raises(StoppedError, match="before the futures agreed"):
        solve_decomposed(read(with_futures()), 1, WITHIN, spread=lambda pieces, stop: [None for _ in pieces])


def test_a_risk_weight_is_for_hedging():
    book = crisis(risk_weight=0.5)
    future(book, "embargo", 0.2, FIRST + 1, "Lanes", "China/*/*", value=0)
    with pytest.raises(UsageError, match="risk_weight"):
        solve_decomposed(read(book), 1, WITHIN, spread=here)


def test_what_waits_for_a_process_has_less_time():
    """Ten seconds were given a quarter of a minute ago."""
    tree, _ = related(with_futures)
    name, leaf = next(iter(tree.leaf_of.items()))
    given: list[float] = []

    class Asked(Piece):
        def ask(self, future: Future, effort: Search) -> None:
            given.append(effort.time_limit)

    Asked(name, alone(tree, leaf), passed(tree, leaf), 1e-3, 10.0, asked_at=time.time() - 15).run(print, lambda: False)
    Asked(name, alone(tree, leaf), passed(tree, leaf), 1e-3, 10.0).run(print, lambda: False)

    assert given[0] == pytest.approx(0.1)
    assert 5 < given[1] <= 10
