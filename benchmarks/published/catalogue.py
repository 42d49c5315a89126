"""Which instances are expressed as a workbook, and how; which are not, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path

from benchmarks.published import lots, networks, periods, sectors, sites
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
    "mexss": sectors.mexican_steel,
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

"""Instances by pattern, the first that fits counts: why they are not expressed."""
NOT_EXPRESSED: dict[str, str] = {
    "cap[abc]": "not tried here: 100 x 1000 makes 100,000 lanes a workbook",
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
