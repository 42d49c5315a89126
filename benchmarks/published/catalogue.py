"""Which instances are expressed as a workbook, and how; which are not, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path

from benchmarks.published import lots, networks, periods, sectors, sites, steel
from benchmarks.published.instances import Case, Instance, listed, read

Converter = Callable[[Instance], Iterator[Case]]

CONVERTERS: dict[str, Converter] = {
    "cap[0-9]*": sites.orlib,
    "khb05250": sites.kuehn_hamburger,
    "vietman": sites.fertilizer_sites,
    "ampl_transp": networks.transport,
    "jump_transp": networks.transport,
    "ampl_net1": networks.transshipment,
    "ampl_multi": networks.products,
    "ampl_multmip[123]": networks.products,
    "ampl_steelP": networks.steel_mills,
    "williams_distribution_[12]": networks.distribution,
    "fcnet_*": networks.network_design,
    "mexss": steel.one_year,
    "mexsd": steel.five_periods,
    "ferts": sectors.fertilizer,
    "ajax": sectors.paper_machines,
    "paperco": sectors.paper_company,
    "whouse": periods.warehouse,
    "robert": periods.raw_stock,
    "uimp": periods.two_seasons,
    "pdi": periods.distribution_centres,
    "ampl_steelT": periods.steel_weeks,
    "ampl_capacity_expansion": periods.capacity_expansion,
    "jump_factory_schedule": periods.running_factories,
    "williams_factory_planning_[12]": periods.factory_planning,
    "williams_food_[12]": periods.food,
    "williams_mining": periods.mining,
    "wagner_whitin_1958": lots.wagner_whitin,
    "gamspy_clsp": lots.shared_resources,
    "set1ch": lots.overtime,
    "pp08a": lots.backlog,
    "pyomobook_lotsizing": lots.backlog_to_the_end,
    "trigeiro_G5[0-9]": lots.setup_times,
}

UNPUBLISHED = "no published optimum to compare with, not converted"
LATER = "stochastic, needs a joint run; "
BRANCHING = LATER + "not expressible: its futures branch twice, and a scenario leaves the trunk once"
ASSIGNMENT = LATER + "not looked at closely: integer assignments in every future could be projects of the second year"

NOT_EXPRESSED: dict[str, str] = {  # by pattern
    "cap[abc]": "written as the others (100,000 lanes), but far from proved in minutes (capc 5750: gap 19 % after "
    "300 s); the model ties a site's opening to its capacity, not to each lane",
    "copper": UNPUBLISHED,
    "fertd*": UNPUBLISHED,
    "korpet": UNPUBLISHED,
    "yemcem": UNPUBLISHED,
    "ampl_stoch_floc": LATER + "looks expressible: sites as public projects decided before demand shows itself",
    "netdes_*": LATER
    + "looks expressible: arcs as public projects, uncertain unit costs as prices of a consumed material",
    "dakota": LATER + "looks expressible: resources bought and stocked a year before sales",
    "farmer": LATER
    + "looks expressible: land in the first year, yields as harvest plants whose capacity a scenario changes",
    "lands": LATER + "looks expressible: continuous capacity as a contract signed in the first year",
    "apl1p": LATER + "looks expressible as lands; 1,280 scenarios is a question of size",
    "gbd": LATER + "looks expressible: fleet hours as stocked material, lost demand as shortage",
    "pgp2": LATER + "looks expressible as lands, lost demand as shortage",
    "airlift_*": LATER + "partly: re-routing recourse needs flights assigned before as stocked material",
    "sizes*": LATER + "looks expressible: setups as projects in both years, substitution of sizes as plants",
    "kand": LATER + "looks expressible: purchases as contracts signed in advance, only shortage is recourse",
    "lands3_*": BRANCHING,
    "dcap*": ASSIGNMENT,
    "sslp_*": ASSIGNMENT,
}


def converter(name: str) -> Converter | None:
    return next((convert for pattern, convert in CONVERTERS.items() if fnmatch(name, pattern)), None)


def chosen(folder: Path, pattern: str = "*") -> list[str]:
    """Names of the instances that fit a pattern."""
    return [name for name in listed(folder) if fnmatch(name, pattern)]


def cases(folder: Path, name: str) -> Iterator[Case]:
    """The problems of an instance as workbooks; none where it is not expressed."""
    convert = converter(name)
    if convert:
        yield from convert(read(folder, name))


def not_expressed(names: Iterable[str]) -> dict[str, str]:
    """Why, by name, for those of the instances that have no converter."""
    return {
        name: next((why for pattern, why in NOT_EXPRESSED.items() if fnmatch(name, pattern)), "not looked at")
        for name in dict.fromkeys(names)
        if converter(name) is None
    }
