"""Trees of many futures for benchmarks: drawn, all different, the same of a seed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from benchmarks.trees import BASE_SHARE, drawn_tree, main
from click.testing import CliRunner

from lodestone.solve.one_scenario import scenario_data
from lodestone.workbook.inputs import load

TUTORIAL = Path(__file__).parents[1] / "inputs" / "tutorial.xlsx"


def test_futures_differ_leave_at_the_start_of_years_and_are_the_same_of_a_seed():
    base = scenario_data(load(TUTORIAL))
    tree = drawn_tree(base, 6, seed=3)
    likely = {name: tree.probability[leaf] for name, leaf in tree.leaf_of.items()}
    data = {name: tree.data[leaf] for name, leaf in tree.leaf_of.items()}

    assert len(tree.leaf_of) == 6
    assert likely["base"] == pytest.approx(BASE_SHARE)
    assert sum(likely.values()) == pytest.approx(1)
    assert tree.shared and all(tree.data[n] is base for n in tree.shared)
    assert len({str(d.price) for d in data.values()}) == 6
    for name in likely.keys() - {"base"}:
        year = data[name].scenario.from_year
        before = [time for time in base.times if time < year * 100 + 1]
        assert all(data[name].price[key][t] == base.price[key][t] for key in base.price for t in before)
    again, other = drawn_tree(base, 6, seed=3), drawn_tree(base, 6, seed=4)
    assert (again.data == tree.data, other.data == tree.data) == (True, False)


@pytest.mark.slow
def test_one_model_and_pieces_agree():
    told = {}
    for way in ("whole", "apart"):
        done = CliRunner().invoke(main, [str(TUTORIAL), way, "--futures", "3", "--gap", "0.01"])
        assert done.exit_code == 0, done.output
        told[way] = json.loads(done.stdout)
    assert told["whole"]["cost_musd"] >= told["apart"]["bound_musd"] - 1
    assert told["apart"]["cost_musd"] >= told["whole"]["bound_musd"] - 1
    assert all(row["gap"] <= 0.01 and row["futures"] == 3 for row in told.values())
