"""What the comment on a heading says beside the schema: what the column itself means, and the mistake most often made.

The schema says nothing of columns whose name says it all to whoever knows the sheet; a comment is read by others.
"""

from __future__ import annotations

from lodestone.workbook.schema.columns import Column, Sheet

MEANINGS = {
    "Periods/year": "The planning year that is cut into periods.",
    "Prices/material": "The material whose market price this is.",
    "BankPrices/material": "The material for which lenders have a price of their own.",
    "BankPrices/years": "The price that lenders reckon with, of the year of the heading.",
    "Processes/material": "What the recipe takes (a negative figure) or makes (a positive one).",
    "Plants/plant": "Name of a plant that works today, or of its owner's share in one.",
    "Plants/region": "Where the plant stands: what it makes begins its way there.",
    "Plants/process": "The recipe by which it works.",
    "Plants/operating_cost_usd_per_kg": "What running it costs per kg of capacity used, without what it takes in.",
    "Projects/project": "Name of the investment that can be decided.",
    "Projects/region": "Where it would be built.",
    "Projects/process": "The recipe by which it would work.",
    "Projects/owner_of_concern": "Whether its owner is of the country of concern: then what it makes is exposed.",
    "Projects/capacity_t_per_yr": "Capacity of one build, once it is in full production.",
    "Projects/capex_musd": "What one build costs, in all, in the money of the prices, spent in the year it is decided.",
    "Projects/fixed_cost_musd_per_yr": "What it costs in each year of production, whether it runs or not.",
    "Projects/operating_cost_usd_per_kg": "What running it would cost per kg of capacity used, without its materials.",
    "Projects/life_years": "Years of production, counted from the first one.",
    "Projects/latest_year": "Last year in which it can be decided.",
    "Projects/exposure_rule": "What of its output is exposed when some of its input is.",
    "PriceFloors/floor": "Name of the support package.",
    "Contracts/contract": "Name of the offtake contract.",
    "Contracts/material": "What is delivered: an output of the supplier, or what the market sells.",
    "Contracts/price_rule": "Whether a price is agreed, or follows the price in Prices.",
    "Contracts/price_max_usd_per_kg": "Upper end of the collar: an index price is not paid above it.",
    "Contracts/max_t_per_yr": "Largest annual volume that can be signed.",
    "Contracts/latest_year": "Last year in which it can be signed.",
    "Contracts/tenor_years": "Years of delivery, counted from the first one.",
    "Contracts/signing_fee_musd": "Paid once, in the year of signing.",
    "Markets/market": "Name of the market, as contracts and changes call it.",
    "Markets/region": "Where its material is handed over; freight and tariffs come on top.",
    "Markets/material": "What is traded there.",
    "Markets/side": "Whether we buy from it, or sell to it.",
    "Trade/from_region": "Where the imports came from.",
    "Trade/to_region": "Where they went: the region whose suppliers cannot be changed overnight.",
    "Trade/material": "What was imported.",
    "Trade/t_per_yr": "How much, in the year before first_year.",
    "Lanes/from_region": "Where the lane begins; *: everywhere.",
    "Lanes/to_region": "Where the lane ends; *: everywhere.",
    "Lanes/material": "What moves on it; *: every material.",
    "Lanes/freight_usd_per_kg": "Freight, insurance and handling of the lane.",
    "Lanes/open": "Whether anything may move on it at all.",
    "Tariffs/from_region": "Where the lane begins on which it is levied; *: every region.",
    "Tariffs/to_region": "Region that levies the tariff; *: every region.",
    "Tariffs/material": "What the tariff is levied on; *: every material.",
    "Tariffs/years": "The duty of that year, as a share of the market price.",
    "Sectors/sector": "Name of a group of users.",
    "Sectors/shortage_cost_usd_per_kg": "What a kg that is not delivered costs the sector: the most it would pay.",
    "Demand/region": "Where the users are.",
    "Demand/sector": "Which users.",
    "Demand/material": "What they need.",
    "Demand/years": "What they need in that year.",
    "Substitution/option": "Name of a way to do with less.",
    "Substitution/sector": "Users who can do with less.",
    "Substitution/material": "What they can do without.",
    "Returns/sector": "Users whose discarded goods come back.",
    "Returns/lag_years": "Years from delivery to the return of the scrap.",
    "Stockpiles/stockpile": "Name of the reserve.",
    "Stockpiles/region": "Where it is held.",
    "Stockpiles/material": "What is held.",
    "Stockpiles/opening_t": "What lies there when the first year begins.",
    "Stockpiles/opening_exposed_share": "Part of the opening stock that counts as exposed.",
    "Stockpiles/capacity_t": "The most that it holds.",
    "Stockpiles/holding_cost_usd_per_kg_yr": "Storage, insurance and care of a kg for a year, without interest.",
    "ChinaShare/cap": "Name of the limit.",
    "Budgets/budget": "Name of the budget.",
    "Scenarios/scenario": "Name of what might happen, as --scenario calls it.",
    "Scenarios/description": "What happens, in a sentence, for whoever reads the plan.",
    "PriceFloors/payer": "A region, a group or any name: Budgets and the accounts of support go by it.",
    "Stockpiles/payer": "A region, a group or any name: Budgets and the accounts of stocks go by it.",
    "Stockpiles/max_fill_t_per_yr": "The most that can be put in within a year.",
    "Stockpiles/max_release_t_per_yr": "The most that can be taken out within a year.",
    "ChinaShare/years": "The greatest exposed share of that year.",
    "Budgets/years": "The most that can be spent in that year.",
    "Changes/operation": "What is done with the value: set, multiply or add.",
}

MISTAKES = {
    "Regions/of_concern": "marking allies through which the goods only pass; mark who controls the supply.",
    "Processes/t_per_t": "a yield (0.9) where the input belongs (-1.11), or the input without its minus.",
    "Projects/capex_musd": "USD instead of MUSD (1 MUSD is 1,000,000 USD), or a first phase only.",
    "Projects/lead_years": "counting to full production; that is ramp_years.",
    "Projects/capacity_t_per_yr": "tonnes of ore where the recipe is per tonne of output.",
    "Projects/operating_cost_usd_per_kg": "counting the feed, which the plan buys at its own price.",
    "Plants/operating_cost_usd_per_kg": "an all-in cost with the feed in it, which is then counted twice.",
    "PriceFloors/floor_usd_per_kg": "a floor above the market price of every year, which is paid every year.",
    "Contracts/tenor_years": "counting from signing; delivery may begin later (start_delay_years).",
    "Stockpiles/years": "months of cover where days are asked for.",
    "ChinaShare/years": "0 in the first year: what is under way cannot be changed at once.",
    "Demand/years": "demand for goods (motors) instead of the material in them, or kilotonnes.",
    "Tariffs/years": "an amount per kg instead of a share of the price.",
    "Changes/value": "a new value with the operation multiply, or a factor with set.",
    "Sectors/shortage_cost_usd_per_kg": "the price of the material; doing without costs a user far more.",
    "Returns/t_per_t": "more than one tonne back for a tonne delivered over all rows.",
    "Prices/years": "a price per tonne or per lb, or of another grade or form.",
}

OF_UNIT = (
    ("USD/kg", "a price per tonne (divide by 1,000) or per lb (multiply by 2.2046)."),
    ("MUSD", "USD or thousands instead of MUSD: 1 MUSD is 1,000,000 USD."),
    ("share", "12 for 12%: type 12% or 0.12."),
    ("days", "months or weeks instead of days."),
    ("t/t", "per cent instead of tonnes per tonne."),
    ("t", "kilotonnes, or tonnes of another form (oxide for metal, ore for content)."),
    ("years", "a calendar year where a number of years is asked for."),
    ("year", "a number of years where a calendar year is asked for."),
)
OF_KIND = {
    "id": "the same name on two rows, or a new spelling while other rows keep the old one.",
    "ref": "a name that no row of {sheets} has, by a slip or another spelling.",
    "yesno": "a tick or an x for yes.",
    "choice": "a word that is not in the list.",
    "list": "names parted by something else than a comma.",
    "years": "0 in a year that is not known: 0 is none, blank is interpolated.",
    "integer": "a fraction, or a number with a unit behind it.",
    "number": "a number with a unit behind it, which is text.",
}


def meaning(sheet: Sheet, column: Column) -> str:
    """What this column means, in words of its own."""
    own = MEANINGS.get(f"{sheet.name}/{column.name}", "")
    return " ".join(text for text in (own, column.meaning) if text)


def mistake(sheet: Sheet, column: Column) -> str:
    """'Mistake: ...'; nothing of free text, in which none can be made."""
    told = MISTAKES.get(f"{sheet.name}/{column.name}")
    if told is None and column.kind in ("number", "years", "integer"):
        told = next((text for unit, text in OF_UNIT if column.unit.startswith(unit)), None)
    if told is None:
        told = OF_KIND.get(column.kind, "").format(sheets=" or ".join(s for s in column.refers_to if s != "*"))
    return f"Mistake: {told}" if told else ""


def label_help(sheet: Sheet) -> str:
    """What a column `label` is for."""
    named = sheet.id_column.name if sheet.id_column else "id"
    return (
        f"What people read instead of what stands under {named}, in every plan, page and chart. References to it stay "
        "as they are.\nEnter any text that no other row has; blank: the name itself.\nExample: NdPr oxide, 99.5 %"
    )
