"""Two names of one country."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lodestone.errors import Problem
from lodestone.workbook.checks.rows import cell_of
from lodestone.workbook.tables import Record, Tables

# Names under which one country goes, in the form of `_bare`: English ones, former ones, codes of two and three letters.
COUNTRIES = (
    "usa us unitedstates unitedstatesofamerica america",
    "uk gb gbr unitedkingdom greatbritain britain",
    "china prc chn cn peoplesrepublicofchina mainlandchina",
    "taiwan twn tw chinesetaipei",
    "southkorea korea republicofkorea kor rok kr",
    "northkorea dprk prk",
    "japan jpn jp",
    "russia russianfederation rus ru",
    "germany deu de deutschland",
    "france fra fr",
    "netherlands nld nl holland thenetherlands",
    "italy ita it",
    "spain esp es",
    "estonia est ee",
    "norway nor no",
    "sweden swe se",
    "finland fin fi",
    "belgium bel be",
    "poland pol pl",
    "czechia cze cz czechrepublic",
    "turkey tur tr turkiye türkiye",
    "ukraine ukr ua",
    "canada can ca",
    "mexico mex mx",
    "brazil bra br brasil",
    "chile chl cl",
    "argentina arg ar",
    "peru per pe",
    "bolivia bol bo",
    "australia aus au",
    "newzealand nzl nz",
    "newcaledonia ncl nc",
    "india ind in",
    "indonesia idn id",
    "malaysia mys my",
    "vietnam vnm vn",
    "thailand tha th",
    "philippines phl ph thephilippines",
    "myanmar mmr mm burma",
    "laos lao la laopdr",
    "mongolia mng mn",
    "kazakhstan kaz kz",
    "uzbekistan uzb uz",
    "saudiarabia sau sa ksa",
    "uae are unitedarabemirates ae",
    "southafrica zaf za rsa",
    "drc cod congokinshasa democraticrepublicofthecongo drcongo zaire",
    "zambia zmb zm",
    "zimbabwe zwe zw",
    "tanzania tza tz",
    "madagascar mdg mg",
    "malawi mwi mw",
    "mozambique moz mz",
    "namibia nam na",
    "ivorycoast civ ci cotedivoire côtedivoire",
    "eswatini swz sz swaziland",
    "greenland grl gl",
    "eu europeanunion",
)
_COUNTRY_OF = {name: names.split()[0] for names in COUNTRIES for name in names.split()}


def one_country_twice(tables: Tables) -> Iterator[Problem]:
    """Two regions that name one country in two ways, such as USA and United States."""
    first: dict[str, Record] = {}
    for row in tables.rows("Regions"):
        country = _COUNTRY_OF.get(_bare(row.key[0]))
        if country is not None:
            other = first.setdefault(country, row)
            if other is not row and _bare(other.key[0]) != _bare(row.key[0]):
                yield Problem(
                    cell_of(row, "region"),
                    row.key[0],
                    f"{row.key[0]} and {other.key[0]} ({cell_of(other, 'region')}) name one country",
                    "if they are one, use one name for both; otherwise give them names that can be told apart",
                )


def _bare(name: str) -> str:
    return re.sub(r"[\s._,'-]+", "", name).casefold()
