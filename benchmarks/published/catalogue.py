"""Which instances are expressed as a workbook, and how; which are not, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path

from benchmarks.published import futures, lots, networks, periods, sectors, sites, steel
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
    "ampl_stoch_floc": futures.sites,
    "farmer": futures.farmer,
    "dakota": futures.furniture,
    "lands": futures.power_plants,
    "pgp2": futures.power_plants,
    "kand": futures.raw_materials,
    "netdes_*": futures.network,
}

UNPUBLISHED = "no published optimum to compare with, not converted"
BRANCHING = "not expressible: its futures branch twice, and a scenario leaves the trunk once"
ASSIGNMENT = "not converted: integer assignments in every one of many futures would be projects of the second year"

NOT_EXPRESSED: dict[str, str] = {  # by pattern
    "cap[abc]": "written as the others (100,000 lanes), but far from proved in minutes (capc 5750: gap 19 % after "
    "300 s); the model ties a site's opening to its capacity, not to each lane",
    "copper": UNPUBLISHED,
    "fertd*": UNPUBLISHED,
    "korpet": UNPUBLISHED,
    "yemcem": UNPUBLISHED,
    "apl1p": "expressible as lands, with a plant for each availability; 1,280 scenarios are not converted",
    "gbd": "not expressible: demands are independent by route, 646,425 joint scenarios",
    "airlift_*": "partly expressible: hours given back by re-routed flights need flights assigned before as material",
    "sizes*": "not converted: production is in whole units, which only builds are in a workbook",
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
