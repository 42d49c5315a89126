"""A quick sample of public instances with published optima; all of them: python -m benchmarks.published."""

from __future__ import annotations

import pytest
from benchmarks.published import catalogue
from benchmarks.published.book import Book
from benchmarks.published.instances import Case, Reference, default_folder
from benchmarks.published.solve import solve

pytestmark = pytest.mark.slow

FOLDER = default_folder()
SAMPLE = [
    "cap41",  # sites: public projects
    "ampl_multi",  # lanes; room on routes as a material
    "mexss",  # recipes, imports, exports
    "wagner_whitin_1958",  # contracts with a signing fee, a stockpile; the months of one year
    "gamspy_clsp",  # setups on shared resources; the quarters of one year
    "jump_factory_schedule",  # least volumes, take-or-pay, shortage
    "williams_distribution_2",  # a budget
    "williams_factory_planning_2",  # max_builds over the years
    "williams_mining",  # groups, fixed cost, discounting
    "vietman",  # freight within a region
    "ampl_stoch_floc",  # joint: sites before demand is known
    "farmer",  # joint: land before yields are known; EVPI and VSS
    "dakota",  # joint: purchases before sales are known
    "lands",  # joint: capacity of any size, a budget
    "kand",  # joint: three periods
    "netdes_10-10-L-01",  # joint: 20 futures
]


@pytest.mark.skipif(not (FOLDER / "INDEX.csv").is_file(), reason="the folder of public instances is not there")
@pytest.mark.parametrize("name", SAMPLE)
def test_the_published_optimum_is_reproduced(name: str) -> None:
    results = [solve(case, time_limit=60) for case in catalogue.cases(FOLDER, name)]
    assert results
    assert [result.verdict for result in results] == ["reproduced"] * len(results)


@pytest.mark.skipif(not (FOLDER / "INDEX.csv").is_file(), reason="the folder of public instances is not there")
def test_every_instance_is_expressed_or_says_why_not() -> None:
    names = catalogue.chosen(FOLDER)
    assert "not looked at" not in catalogue.not_expressed(names).values()


def shop(published: float) -> Case:
    """Ten units, brought for 3 each: 30."""
    book = Book()
    book.plant("mill", "A", {"goods": 1}, 20)
    book.lane("A", "B", "goods", 3)
    book.demand("B", "goods", 10)
    return Case("shop", Reference("as stated", published, "by hand", {}), book, "a lane")


def test_a_wrong_optimum_is_told() -> None:
    assert solve(shop(30), 10).verdict == "reproduced"
    wrong = solve(shop(30.001), 10)
    assert wrong.trouble == "differs"
    assert wrong.ours == pytest.approx(30)


def test_what_the_instance_does_not_allow_is_told() -> None:
    case = shop(30)
    case.book.plant("by-product", "A", {"slag": 1}, 5)
    case.book.plant("maker", "B", {"dust": 1, "heat": 1}, 5)
    case.book.demand("B", "heat", 5)
    strict = Case(case.instance, case.reference, case.book, case.how, all_used=("dust",))
    assert "5 t left over" in solve(strict, 10).trouble


def test_no_plan_is_told() -> None:
    case = shop(30)
    case.book.demand("B", "goods", 11)
    assert solve(case, 10).trouble.startswith("no plan: ")
