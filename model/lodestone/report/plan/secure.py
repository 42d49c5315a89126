"""What a secure plan stands: its line on the first page, and the sheet with every combination of threats."""

from __future__ import annotations

from lodestone.plan.formatting import count, days, in_words, musd, tonnes
from lodestone.plan.plan import Plan
from lodestone.plan.tables import SCENARIO, Column, Row
from lodestone.report.plan.table_sheet import TableSheet

SHEET = "Secure"
MOST = 3  # combinations that are named in a sentence
COLUMNS = (
    Column("threats", "", "that come together"),
    Column("branch", "", "yes: it binds, the plan was made for it; the others hold as well"),
    Column("short_t", "t", "least that is short then, over the horizon"),
    Column("short", "", "of which sectors"),
    Column("empty", "", "stocks that run empty, and how many days after the first threat"),
    Column("binding", "", "what limits how much is served, where hardly more could be"),
)


def secure_line(plan: Plan) -> str:
    """'Secure against any 2 of 12 threats; price of security 412 MUSD; binding: ...'; empty where nothing is asked."""
    secure = plan.secure
    if not secure:
        return ""
    k, threats = secure["k"], len(secure["threats"])
    against = f"any {k} of {count(threats, 'threat')}" if k < threats else f"all of {count(threats, 'threat')}"
    names = in_words([together(row) for row in secure["combinations"] if row["branch"] == "yes"], MOST)
    tried = count(len(secure["combinations"]), "combination")
    return (
        f"Secure against {against} ({tried}); price of security {musd(secure['price_musd'])}; binding: "
        f"{names or 'none, the plan without threats stands them all'}."
    )


def together(row: Row) -> str:
    """'embargo + lynas_lost', with the future that they come to in a joint plan."""
    names = " + ".join(row["threats"])
    return f"{names} (in {row['scenario']})" if row.get("scenario") else names


def secure_sheet(plan: Plan) -> TableSheet:
    """Every combination, what is short, how long stocks last, what binds."""
    combinations = plan.secure["combinations"] if plan.secure else []
    joint = any("scenario" in row for row in combinations)
    rows = [
        [
            *([row["scenario"]] if joint else []),
            " + ".join(row["threats"]),
            row["branch"],
            row["short_t"],
            in_words([f"{sector} {tonnes(t)}" for sector, t in row["short_by_sector_t"].items()], 5),
            in_words([f"{pile} after {days(round(after))}" for pile, after in row["empty_after_days"].items()], 5),
            in_words(row["binding"], 5),
        ]
        for row in combinations
    ]
    question = "Which threats come together, what is short then, and what limits it?"
    return TableSheet(SHEET, question, [*([SCENARIO] if joint else []), *COLUMNS], rows)
