"""The best answer to a combination of threats, with what the plan prepared."""

from __future__ import annotations

from tests.secure_books import prepared_home, threat
from tests.solving import close, lane, market, read

from lodestone.data.tree import single
from lodestone.solve.branch_answer import answer
from lodestone.solve.branch_trial import prepare
from lodestone.solve.effort import Effort
from lodestone.solve.one_scenario import Clock, scenario_data, solve_tree
from lodestone.solve.secure import branches_of, threats_of
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
