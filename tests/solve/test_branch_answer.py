"""The best answer to a combination of threats, with what the plan prepared."""

from __future__ import annotations

from tests.make import Book
from tests.secure_books import prepared_home, threat
from tests.solving import add, close, lane, market, read

from lodestone.data.tree import Branch, single
from lodestone.solve.branch_answer import answer
from lodestone.solve.branch_preparation import prepare
from lodestone.solve.branch_trial import Held
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import Clock, scenario_data, solve_tree
from lodestone.solve.secure import Trials, branches_of, threats_of
from lodestone.solve.secure_search import Model


def test_what_cannot_but_be_missing_is_left_missing_and_no_more():
    """An ally has 60 t of the 100 that industry must get whatever comes: without China 40 are short."""
    book = prepared_home(secure=1.0)
    market(book, "china", "China")
    market(book, "ally", "Ally", years=60, premium_share=0.1)
    lane(book, "China", "Home")
    lane(book, "Ally", "Home")
    threat(book, "embargo", "Lanes", "China/*/*", 0, from_year=2027)
    inputs = read(book)
    assert inputs.problems == ()
    data = scenario_data(inputs)
    tree = single(data)
    solved = solve_tree(tree, Effort(1e-9).search(data), Clock(None))
    (branch,) = branches_of(inputs, tree.leaf_of, threats_of(inputs), 1)

    best = answer(prepare(tree, branch), Model(solved.built, solved.solver).held(solved.values), tree)

    assert best.short_t == {"industry": close(40)}


def allied_home(secure: float, **settings: float) -> Book:
    """Industry needs 100 t: China sells any volume, an ally 60 t at 66 USD/kg, another 50 t at 600."""
    book = prepared_home(secure=secure, **settings)
    market(book, "china", "China")
    market(book, "ally", "Ally", years=60, premium_share=0.1)
    add(book, "Regions", region="Far")
    market(book, "dear", "Far", years=50, premium_share=9)
    for region in ("China", "Ally", "Far"):
        lane(book, region, "Home")
    threat(book, "embargo", "Lanes", "China/*/*", 0, from_year=2027)
    return book


def trials_on(book: Book, k: int) -> tuple[Trials, list[Branch], Held]:
    """The trials of a workbook's combinations, and what its plan without threats holds."""
    inputs = read(book)
    assert inputs.problems == ()
    data = scenario_data(inputs)
    tree = single(data)
    solved = solve_tree(tree, Effort(1e-9).search(data), Clock(None))
    branches = branches_of(inputs, tree.leaf_of, threats_of(inputs), k)
    held = Model(solved.built, solved.solver).held(solved.values)
    return Trials(tree, branches, lambda _: None), branches, held


def test_nothing_is_short_that_can_be_had_however_little_a_shortage_costs():
    """Half must be served, and 40 t short cost next to nothing: the dear supplier serves them nevertheless."""
    trials, (branch,), held = trials_on(allied_home(0.5, shortage=0.001), 1)

    assert answer(trials.of(branch), held, trials.tree).short_t == {}


def test_what_is_missing_does_not_depend_on_where_a_trial_begins():
    """With the ally lost too, 50 t are served of 100; the trial begins where that of the embargo ended, in which the
    ally still sells."""
    book = allied_home(1.0)
    threat(book, "ally_lost", "Markets", "ally", 0, from_year=2027)
    trials, branches, held = trials_on(book, 2)
    embargo, both = (trials.of(next(b for b in branches if b.threats == names)) for names in (
        ("embargo",), ("embargo", "ally_lost"),
    ))  # fmt: skip
    anew = prepare(trials.tree, both.branch).meet(held)
    embargo.meet(held)
    both.begin_near([embargo])

    met = both.meet(held)

    assert "best" in both.basis
    assert met.short == anew.short == {"industry": close(50)}
    assert met.missing == close(anew.missing)


def test_what_contains_a_combination_that_fails_is_not_tried():
    book = allied_home(1.0)
    threat(book, "ally_lost", "Markets", "ally", 0, from_year=2027)
    threat(book, "dear_lost", "Markets", "dear", 0, from_year=2027)
    trials, branches, held = trials_on(book, 3)

    failing = trials.meet(branches, held)

    assert [branch.threats for branch, _ in failing] == [
        ("embargo", "ally_lost"),
        ("embargo", "dear_lost"),
    ], "the three together leave nothing, and are tried once these two stand"
