"""Every sheet and column of the workbook, declared once: type, unit, default, limits, meaning.

The reader, the checks, the blank template and the documentation all read this table; nothing else repeats it. It is
longer than other files because it is one: to see what a planner can say, one reads it from top to bottom.
A limit or default that is a text names a setting, e.g. default="last_year".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from lodestone.workbook.schema.columns import (
    Column,
    Sheet,
    added,
    choice,
    ident,
    integer,
    number,
    ref,
    share,
    text,
    words,
    years,
    yesno,
)

UNLIMITED = "unlimited"  # what a blank volume, capacity or rate means
ANY = "*"
BASE = "base"  # the workbook itself, as a scenario
WORDS = (ANY, BASE)  # in refers_to: what may stand beside names
SHEET_NAMES, COLUMN_NAMES = "sheets", "columns"  # what Changes names, as suggestions of a text column
FIRST_HEADING, LAST_HEADING = 1900, 2200  # the years that a heading can name
PER_YEAR = "share per year"
PLACES = "*|Regions|Regions.group"
EXPOSURE = "batch|whole_plant"
PUBLIC = "public"  # who pays, where nobody is named
PAYERS = "*|Regions|Regions.group"


def _payer(meaning: str) -> Column:
    return added(text("payer", meaning, default=PUBLIC, suggests="Regions|Regions.group"))


def _month(name: str, default: int | None, meaning: str, blank: str = "") -> Column:
    return Column(name, "integer", "month", default=default, blank=blank, least=1, most=12, meaning=meaning)


SETTINGS = Sheet(
    "Settings",
    "One row per setting: column A the setting, column B its value.",
    (
        text("plan_name", "Title printed on the plan.", blank="the workbook file name"),
        integer("first_year", "year", None, "First planning year.", required=True, least=1900, most=2200),
        integer(
            "last_year", "year", None, "Last planning year, included.", required=True, least="first_year", most=2200
        ),
        share(
            "discount_rate",
            0.05,
            "Discounts every cost to first_year (cost in first_year is not discounted).",
            unit=PER_YEAR,
            usual=0.3,
        ),
        number(
            "bank_price_factor",
            "share",
            0.8,
            "Lenders judge private projects at Prices times this factor, unless BankPrices gives the material.",
            least=0,
            most=2,
            usual=1.2,
        ),
        number(
            "default_freight_usd_per_kg",
            "USD/kg",
            None,
            "Freight between two regions where no Lanes row matches; "
            "blank: such a lane does not exist. Within one region the default is 0.",
            least=0,
            blank="(blank)",
        ),
        choice(
            "china_share_basis",
            "provenance|last_stage",
            "provenance",
            "provenance: a tonne is exposed if any step of "
            "its chain was in a region of concern or by an owner of concern. last_stage: only its last step counts.",
        ),
        yesno("tariffs_counted", True, "Whether tariffs are in the minimised cost; they are reported either way."),
        share(
            "stock_end_value_share",
            0.5,
            "Stock left at the end is credited at this share of the last price, up to the larger of the opening stock "
            "and the cover of demand then required.",
        ),
        share("risk_weight", 0, "Weight of CVaR against expected cost when scenarios are solved together."),
        share("risk_tail", 0.1, "CVaR is the mean cost of this worst share of outcomes.", least=0.000001),
        replace(
            share(
                "mip_gap",
                0.0001,
                "Stop when the plan is proved within this share of the best possible cost.",
                usual=0.1,
            ),
            smallest=0,
        ),
        number("time_limit_s", "s", 600, "Stop after this long with the best plan found.", least=0.001),
        added(
            share(
                "extra_gap",
                0.02,
                "Go on, while there is time, until the gap is at most this share of what the plan costs more than "
                "doing nothing; 1: mip_gap is enough.",
            )
        ),
        added(
            integer(
                "secure_against",
                "",
                0,
                "Number of threats (Scenarios with threat yes) that the plan must stand at once; 0: none.",
                least=0,
            )
        ),
    ),
    key=("setting",),
    required=True,
)

_SHEETS = (
    SETTINGS,
    Sheet(
        "Periods",
        "Years that are planned in shorter periods. A year without a row is one period of 12 months.",
        (
            added(integer("year", "year", required=True, least="first_year", most="last_year")),
            added(
                Column(
                    "months",
                    "choice",
                    "months",
                    required=True,
                    allowed=("1", "2", "3", "4", "6", "12"),
                    meaning="Length of the periods of that year.",
                )
            ),
        ),
        key=("year",),
    ),
    Sheet(
        "Regions",
        "Countries or sites between which material moves.",
        (
            ident("region", "Name."),
            yesno("of_concern", False, "yes for China, and for any other country counted in the China share."),
            text(
                "group",
                "Free label (ally, domestic, ...) by which other sheets can name several regions.",
                suggests="Regions.group",
            ),
        ),
        key=("region",),
        required=True,
    ),
    Sheet(
        "Materials",
        "Everything that is mined, converted, stored or consumed.",
        (
            ident("material", "Name, e.g. ndpr_oxide."),
            text("mineral", "Mineral family for reports, e.g. rare earths.", suggests="Materials.mineral"),
            text("stage", "Stage for reports, e.g. mining, refining, metal, magnet.", suggests="Materials.stage"),
            share("annual_loss_share", 0, "Part of a stock lost or spoilt each year.", unit=PER_YEAR, usual=0.5),
            added(
                number(
                    "resourcing_share",
                    PER_YEAR,
                    None,
                    "Largest part of a region's use that can move to other suppliers abroad within a year; "
                    "blank: no limit.",
                    least=0,
                    most=1,
                    blank="(blank)",
                )
            ),
        ),
        key=("material",),
        required=True,
    ),
    Sheet(
        "Prices",
        "Market price forecast.",
        (
            ref("material", "Materials"),
            added(
                ref(
                    "region",
                    "Regions|*",
                    "Where this price holds; *: where no row names the region. Key: material and region.",
                    required=False,
                    default=ANY,
                )
            ),
            years("USD/kg", "One column per year."),
        ),
        key=("material", "region"),
    ),
    Sheet(
        "BankPrices",
        "Price deck of lenders; overrides bank_price_factor.",
        (
            ref("material", "Materials"),
            added(ref("region", "Regions|*", "As in Prices.", required=False, default=ANY)),
            years("USD/kg"),
        ),
        key=("material", "region"),
    ),
    Sheet(
        "Processes",
        "Recipes: several rows per process. Inputs negative, outputs positive, per tonne of capacity used.",
        (
            ident("process", "Name; the same name on several rows makes one recipe."),
            ref("material", "Materials"),
            Column(
                "t_per_t",
                "number",
                "t/t",
                required=True,
                nonzero=True,
                meaning="Not 0. Negative: consumed. Positive: produced.",
            ),
        ),
        key=("process", "material"),
    ),
    Sheet(
        "Plants",
        "Capacity that exists or is already committed.",
        (
            ident("plant"),
            ref("region", "Regions"),
            ref("process", "Processes"),
            yesno("owner_of_concern", False, "Owned from a region of concern, wherever it stands."),
            choice(
                "pricing",
                "market|cost",
                "market",
                "market: paid the value it adds at market prices, topped up to its "
                "operating cost. cost: paid operating cost only.",
            ),
            number("operating_cost_usd_per_kg", "USD/kg of capacity used", 0, least=0),
            added(
                number(
                    "fixed_cost_musd_per_yr",
                    "MUSD/yr",
                    0,
                    "Cost of keeping it open at full capacity; capacity that is not kept open is gone for good.",
                    least=0,
                )
            ),
            share("spot_share", 1, "Part of capacity that can be bought without a contract."),
            choice(
                "exposure_rule",
                EXPOSURE,
                "batch",
                "whole_plant: in a year in which it takes any exposed input, all its output is exposed.",
            ),
            years("t/yr", "Capacity."),
        ),
        key=("plant",),
    ),
    Sheet(
        "Projects",
        "Candidate investments; each is built whole, or not at all.",
        (
            ident("project"),
            ref("region", "Regions"),
            ref("process", "Processes"),
            yesno("owner_of_concern", False),
            choice(
                "funding",
                "public|private",
                "private",
                "public: the planner pays capex and running cost. private: "
                "sells at market prices and is built only if bankable.",
            ),
            number("capacity_t_per_yr", "t/yr", None, required=True, above=0),
            number("capex_musd", "MUSD", None, required=True, least=0),
            number("fixed_cost_musd_per_yr", "MUSD/yr", 0, least=0),
            number("operating_cost_usd_per_kg", "USD/kg of capacity used", 0, least=0),
            integer("lead_years", "years", 0, "Decision year plus this is the first year of production.", least=0),
            integer(
                "ramp_years",
                "years",
                1,
                "Capacity rises in equal steps to full in the ramp_years-th year of production.",
                least=1,
            ),
            integer("life_years", "years", 25, least=1),
            integer("earliest_year", "year", "first_year", "First year in which it can be decided."),
            integer("latest_year", "year", "last_year"),
            integer("max_builds", "", 1, "How many copies may be built.", least=1),
            share("hurdle_rate", 0.12, "Return that a private investor asks.", unit=PER_YEAR, usual=0.5),
            text(
                "group",
                "Of the projects with the same group at most one build is made (alternative sizes of one site).",
                suggests="Projects.group",
            ),
            ref(
                "requires",
                "Projects",
                "Can only be decided in the year in which that project is, or later.",
                required=False,
            ),
            share("spot_share", 1, "Private projects: part of capacity that can be bought without a contract."),
            choice("exposure_rule", EXPOSURE, "batch"),
            _payer("Who pays for it, if public: a region, a group or any name; Budgets and the accounts go by it."),
            added(
                integer(
                    "committed_year",
                    "year",
                    None,
                    "Decided already, in that year (it may lie before first_year): no choice, no condition of lenders.",
                )
            ),
            added(
                integer(
                    "delay_years",
                    "years",
                    0,
                    "Builds whose planned first year of production is not reached yet come so much later. "
                    "For scenarios (dated), from the time they show themselves.",
                    least=0,
                ),
                dated=True,
            ),
        ),
        key=("project",),
    ),
    Sheet(
        "PriceFloors",
        "Menu of support packages for private projects with max_builds 1; at most one per build. "
        "A row with floor 0 and upside_share 0 gives no floor.",
        (
            ident("floor"),
            ref("project", "Projects|Plants", "A private project; a plant only with committed_year."),
            ref("material", "Materials", "An output of the project."),
            number(
                "floor_usd_per_kg",
                "USD/kg",
                None,
                "The floor. Blank: the least that makes the project bankable with this package "
                "(row with other support and upside).",
                least=0,
                blank="least",
            ),
            integer("tenor_years", "years", None, "Counted from the first year of production.", required=True, least=1),
            share(
                "upside_share",
                0,
                "Part of the price above the floor that is paid back (1: a two-way contract for difference).",
            ),
            share("capex_grant_share", 0, "Part of capex granted with the package."),
            added(
                number(
                    "floor_max_usd_per_kg",
                    "USD/kg",
                    None,
                    "Where the floor is left blank: not on offer above this.",
                    least=0,
                    blank="(blank)",
                )
            ),
            added(
                number(
                    "production_credit_usd_per_kg",
                    "USD/kg",
                    0,
                    "Paid on all deemed output of the material during the tenor (a tax credit, a premium).",
                    least=0,
                )
            ),
            added(number("equity_musd", "MUSD", 0, "Stake that the payer buys at the decision ...", least=0)),
            added(
                number(
                    "equity_share",
                    "share",
                    0,
                    "... and its part of the cash that is left after debt service.",
                    least=0,
                    below=1,
                )
            ),
            added(share("loan_share_of_capex", 0, "Loan of the payer, as part of capex.")),
            added(share("loan_rate", 0.05, "Its interest.", unit=PER_YEAR)),
            added(
                integer(
                    "loan_years",
                    "years",
                    10,
                    "Equal instalments from the first planned year of production.",
                    least=1,
                )
            ),
            added(share("loan_loss_share", 0.1, "Part of the debt service that the payer expects not to see.")),
            _payer("Who pays."),
            added(
                integer(
                    "committed_year",
                    "year",
                    None,
                    "Agreed already: of a committed project, in its year; of a plant, supported from that year on.",
                )
            ),
            added(
                yesno("honoured", True, "no (dated, for scenarios): nothing is paid from then on."),
                dated=True,
            ),
        ),
        key=("floor",),
    ),
    Sheet(
        "Contracts",
        "Offtake contracts on offer.",
        (
            ident("contract"),
            ref(
                "supplier",
                "Plants|Projects|Markets",
                "A plant with pricing market, a private project, or a market that sells to us.",
            ),
            ref("material", "Materials"),
            choice("price_rule", "fixed|index", "index"),
            number("fixed_price_usd_per_kg", "USD/kg", None, "Required when fixed.", least=0),
            share(
                "escalation_share_per_yr",
                0,
                "Growth of the fixed price from the first delivery year.",
                unit=PER_YEAR,
                least=-1,
                usual=0.3,
            ),
            number(
                "index_premium_share",
                "share",
                0,
                "Contract price is the price in Prices times (1 + this) when index.",
                least=-1,
                usual=1.5,
            ),
            number("price_min_usd_per_kg", "USD/kg", None, "Collar on an index price.", least=0),
            number("price_max_usd_per_kg", "USD/kg", None, least=0),
            number("min_t_per_yr", "t/yr", 0, "Smallest annual volume if signed.", least=0),
            number("max_t_per_yr", "t/yr", None, required=True, least=0),
            share("take_or_pay_share", 0, "Part of the annual volume that is paid, taken or not."),
            integer("earliest_year", "year", "first_year", "First signing year."),
            integer("latest_year", "year", "last_year"),
            integer(
                "start_delay_years",
                "years",
                0,
                "From signing to first delivery; for a project, signing is its "
                "decision and delivery starts with production.",
                least=0,
            ),
            integer("tenor_years", "years", None, required=True, least=1),
            number("signing_fee_musd", "MUSD", 0, least=0),
            _payer("Who pays the signing fee."),
            added(
                integer(
                    "committed_year",
                    "year",
                    None,
                    "Signed already, in that year (it may lie before first_year) ...",
                )
            ),
            added(
                number(
                    "committed_t_per_yr",
                    "t/yr",
                    None,
                    "... for this annual volume. Required with committed_year.",
                    least=0,
                )
            ),
            added(
                yesno(
                    "honoured",
                    True,
                    "no (dated, for scenarios): nothing is delivered and nothing owed from then on.",
                ),
                dated=True,
            ),
        ),
        key=("contract",),
    ),
    Sheet(
        "Markets",
        "Outside supply that can be bought, or outside demand that can be sold to.",
        (
            ident("market"),
            ref("region", "Regions"),
            ref("material", "Materials"),
            choice("side", "buy|sell", "buy"),
            choice(
                "exposed",
                "yes|no",
                None,
                "Whether what it sells is exposed; left blank: yes in a region of concern, "
                "no elsewhere. (A market outside China can resell Chinese-refined material.)",
                blank="by region",
            ),
            number(
                "premium_share",
                "share",
                0,
                "On the market price; several rows make a stepped supply curve.",
                least=-1,
                usual=1.5,
            ),
            share("spot_share", 1, "Part of the volume that can be bought without a contract."),
            years(
                "t/yr",
                "Volume. A buy row without any year value is unlimited; a sell row needs a volume.",
                required=False,
                blank=UNLIMITED,
            ),
        ),
        key=("market",),
    ),
    Sheet(
        "Trade",
        "Trade of the year before first_year: where suppliers are known from (see resourcing_share).",
        (
            added(ref("from_region", "Regions")),
            added(ref("to_region", "Regions")),
            added(ref("material", "Materials")),
            added(number("t_per_yr", "t/yr", None, required=True, least=0)),
        ),
        key=("from_region", "to_region", "material"),
    ),
    Sheet(
        "Lanes",
        "Which material can move between which regions. The most specific row wins; * does not match "
        "movement within one region.",
        (
            ref("from_region", "Regions|*"),
            ref("to_region", "Regions|*"),
            ref("material", "Materials|*"),
            number("freight_usd_per_kg", "USD/kg", 0, least=0),
            yesno("open", True),
            years("t/yr", "Capacity. A row without any year value is unlimited.", required=False, blank=UNLIMITED),
        ),
        key=("from_region", "to_region", "material"),
    ),
    Sheet(
        "Tariffs",
        "Ad-valorem tariffs on the market price. The most specific row wins.",
        (
            ref("from_region", "Regions|*"),
            ref("to_region", "Regions|*"),
            ref("material", "Materials|*"),
            added(
                number(
                    "min_price_usd_per_kg",
                    "USD/kg",
                    None,
                    "Minimum import price: the duty is at least what lifts the price to this.",
                    least=0,
                    blank="(blank)",
                )
            ),
            added(
                choice(
                    "applies_to",
                    "all|exposed",
                    "all",
                    "Streams that pay it; exposed: a duty by origin, whatever country it comes through.",
                )
            ),
            years("share of price", usual=1.5),
        ),
        key=("from_region", "to_region", "material"),
    ),
    Sheet(
        "Sectors",
        "Who consumes, and how much it hurts when they go short.",
        (
            ident("sector"),
            number("shortage_cost_usd_per_kg", "USD/kg", None, required=True, above=0),
            share("min_service_share", 0, "This part of demand must be met."),
            added(
                share(
                    "secure_share",
                    0,
                    "Part of demand that must be met in every combination of at most secure_against threats.",
                )
            ),
        ),
        key=("sector",),
        required=True,
    ),
    Sheet(
        "Demand",
        "What must be delivered.",
        (
            ref("region", "Regions"),
            ref("sector", "Sectors"),
            ref("material", "Materials"),
            years("t/yr"),
        ),
        key=("region", "sector", "material"),
        required=True,
    ),
    Sheet(
        "Substitution",
        "Demand that can be designed out.",
        (
            ident("option"),
            ref("sector", "Sectors"),
            ref("material", "Materials"),
            number("cost_usd_per_kg", "USD/kg", None, "Cost per kg avoided.", required=True, least=0),
            added(
                ref(
                    "requires",
                    "Projects",
                    "Possible only once that project (a research programme, a redesign) is in production.",
                    required=False,
                )
            ),
            added(
                number(
                    "ramp_share_per_yr",
                    PER_YEAR,
                    None,
                    "Most that it can grow in a year, as part of demand; blank: no limit.",
                    least=0,
                    most=1,
                    blank="(blank)",
                )
            ),
            added(share("keep_share", 0, "Part of what was designed out that stays out in the next period.")),
            years("share of demand", "Largest part of demand that can be avoided.", most=1),
        ),
        key=("option",),
    ),
    Sheet(
        "Returns",
        "Scrap that comes back from earlier deliveries, to be recycled by plants and projects.",
        (
            ref("sector", "Sectors"),
            ref("material", "Materials", "Delivered earlier."),
            ref("scrap", "Materials", "What comes back, in the region of the delivery."),
            number("t_per_t", "t/t", None, "Tonnes back per tonne delivered.", required=True, least=0),
            integer("lag_years", "years", None, required=True, least=1),
            choice(
                "stream",
                "inherit|clean",
                "inherit",
                "inherit: exposed deliveries come back as exposed scrap. clean: "
                "recycled material counts as clean (as some procurement rules allow).",
            ),
        ),
        key=("sector", "material", "scrap"),
    ),
    Sheet(
        "Stockpiles",
        "Reserves; their level is decided.",
        (
            ident("stockpile"),
            ref("region", "Regions"),
            ref("material", "Materials"),
            number("opening_t", "t", 0, least=0),
            share("opening_exposed_share", 0),
            number("capacity_t", "t", None, required=True, least=0),
            number("max_fill_t_per_yr", "t/yr", None, "Blank: unlimited.", least=0, blank=UNLIMITED),
            number("max_release_t_per_yr", "t/yr", None, "Blank: unlimited.", least=0, blank=UNLIMITED),
            number("holding_cost_usd_per_kg_yr", "USD/kg per year", 0, least=0),
            text(
                "covers",
                "Region or group whose consumption the days of cover refer to; *: all regions not of concern.",
                default=ANY,
                suggests=PLACES,
            ),
            added(yesno("clean_only", False, "No exposed material is put in.")),
            added(
                number(
                    "least_t",
                    "t",
                    0,
                    "Least stock at the end of every period, whatever the days say; suspended like them.",
                    least=0,
                )
            ),
            added(
                choice(
                    "counts",
                    "consumption|demand",
                    "consumption",
                    "What days of cover refer to: demand and intake of plants, or demand alone.",
                )
            ),
            _payer("Who pays."),
            years(
                "days of cover",
                "Least stock at year end, as days of consumption. Leading blanks: not in force yet.",
                required=False,
            ),
        ),
        key=("stockpile",),
        gaps="not in force",
    ),
    Sheet(
        "ChinaShare",
        "Largest allowed exposed share of consumption.",
        (
            ident("cap"),
            ref("material", "Materials|*", "* means each material separately."),
            text(
                "region",
                "A region, a group, or * for all regions not of concern together.",
                default=ANY,
                suggests=PLACES,
            ),
            ref(
                "sector",
                "Sectors|*",
                "A sector: its deliveries only. *: deliveries to all sectors, and intake of plants "
                "and projects, each by itself.",
                required=False,
                default=ANY,
            ),
            years("share", "Leading blanks: not in force yet.", most=1),
        ),
        key=("cap",),
        gaps="not in force",
    ),
    Sheet(
        "Budgets",
        "Caps on yearly outlays, undiscounted.",
        (
            ident("budget"),
            words(
                "covers",
                "capex|grants|floors|fees|stockpile|loans|equity|contracts|contingent|all",
                "Comma-separated. capex: public projects. fees: contract signing fees. stockpile: purchases at market "
                "price. all: all but contingent.",
            ),
            added(text("payer", "Only outlays of this payer; *: of all.", default=ANY, suggests=PAYERS)),
            yesno("carry_over", False, "Money not spent can be spent later."),
            years("MUSD/yr", "Leading blanks: not in force yet."),
        ),
        key=("budget",),
        gaps="not in force",
    ),
    Sheet(
        "Scenarios",
        'Named futures. The unchanged workbook is always the scenario "base".',
        (
            ident("scenario"),
            text("description"),
            added(
                Column(
                    "parent",
                    "ref",
                    blank="(base)",
                    refers_to=("Scenarios",),
                    meaning="The scenario whose path it leaves; blank: the base.",
                )
            ),
            share("probability", 0, "Used when scenarios are solved together; what is missing to 1 is the base."),
            integer(
                "from_year",
                "year",
                "first_year",
                "The year in which this future shows itself; before it, it cannot "
                "be told from the base. Required with a probability.",
            ),
            added(_month("from_month", 1, "Month of from_year; it must begin a period.")),
            integer("emergency_from", "year", None, "Days of cover may be drawn down from this year ..."),
            added(_month("emergency_from_month", 1, "It must begin a period.")),
            integer("emergency_to", "year", None, "... to this one."),
            added(_month("emergency_to_month", 12, "It must end a period.")),
            integer(
                "refill_years", "years", 2, "... and need not be back in force for this many years after it.", least=0
            ),
            added(
                text(
                    "emergency_stockpiles",
                    "Stockpiles that the emergency frees, comma-separated, * and ? as wildcards.",
                    default=ANY,
                    suggests="*|Stockpiles",
                )
            ),
            added(
                yesno(
                    "threat",
                    False,
                    "One of the threats that a secure plan must stand (it may have a probability as well).",
                )
            ),
        ),
        key=("scenario",),
    ),
    Sheet(
        "Changes",
        "What a scenario changes. A change that matches nothing is an error.",
        (
            ref("scenario", f"Scenarios|{BASE}", "base: what is already known; it changes all futures."),
            text("sheet", "Any sheet but Scenarios, Changes and Periods.", required=True, suggests=SHEET_NAMES),
            text(
                "row",
                "Id of the row, or its keys joined by /, with * and ? as wildcards, e.g. USA/*/ndfeb_magnet.",
                required=True,
            ),
            text(
                "column",
                'A column name, or "years" for the year columns; one year alone by from_year and to_year.',
                required=True,
                suggests=COLUMN_NAMES,
            ),
            integer("from_year", "year", None, 'With "years": first year changed.'),
            added(
                _month(
                    "from_month",
                    None,
                    "With from_year; it must begin a period.",
                    blank="the scenario's in its from_year, else 1",
                )
            ),
            integer("to_year", "year", None, 'With "years": last year changed.'),
            added(_month("to_month", 12, "With to_year; it must end a period.")),
            choice("operation", "set|multiply|add", "set"),
            Column("value", "text", required=True, verbatim=True, meaning="New value, factor, or summand."),
        ),
        key=(),
    ),
)

SHEETS: Mapping[str, Sheet] = {sheet.name: sheet for sheet in _SHEETS}
NAMED_SHEETS = tuple(name for name in SHEETS if name != "Settings")  # the sheets with a heading row and records


def each_column() -> Iterator[tuple[Sheet, Column]]:
    """Every column of every sheet, for documentation and tests."""
    return ((sheet, column) for sheet in SHEETS.values() for column in sheet.columns)
