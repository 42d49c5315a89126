"""A plan: what a solve found, with all that was known of it. Made in solve/, kept in plan.json, read by all others.

The class is the format. Its fields are the keys of plan.json, in their order; each says of which type and shape it is,
and in which plans it stands. `require_plan` checks a document against that where a run is read: whoever
gets a Plan need not look whether a key is there, a number is one, a year lies in the horizon or a row belongs to a
future of the plan. Whether the numbers are right is for the audit to say. The tables are declared in plan/tables.py.

    plan.cost, plan.gap, plan.is_joint
    plan.rows("investments")          a list of dicts
    plan["investments"]               the same as a pandas DataFrame
    plan.future("embargo")            one future of a plan for several
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Self, get_type_hints

from lodestone.errors import UsageError
from lodestone.names import advice
from lodestone.plan.formatting import PAYERS, musd, share
from lodestone.plan.plan_shape import (
    CHANGES,
    INPUTS,
    NUMBER_OR_BLANK,
    RISK,
    SETTINGS_USED,
    WHOLE_OR_BLANK,
    YEAR,
    horizon_of,
    require_futures,
    require_origins,
    require_tables,
)
from lodestone.plan.shapes import (
    CHECKED,
    COUNT,
    FLAG,
    NUMBER,
    TEXT,
    WHOLE,
    Json,
    ListOf,
    MapOf,
    OrBlank,
    Part,
    Shape,
    one_of,
    require_part,
)
from lodestone.plan.tables import (
    COST_TERMS,
    DERIVED_TABLES,
    LATER,
    ORIGINS,
    SCENARIO,
    TABLES,
    Column,
    Document,
    Row,
    Rows,
    columns_where,
    is_cut,
)

if TYPE_CHECKING:
    import pandas as pd

ALWAYS, SOME, JOINT = "in every plan", "in some plans", "in plans for several futures"
SHAPES = {**TABLES, **DERIVED_TABLES, ORIGINS.name: ORIGINS}


LABELS = MapOf(MapOf(TEXT))
VERSIONS = Part({"lodestone": TEXT}, dict.fromkeys(("python", "pyomo", "highspy"), TEXT))
WARNING = Part(dict.fromkeys(("cell", "found", "wrong", "mend"), TEXT))
START = Part({"taken": COUNT, "left_out": ListOf(TEXT), "kept": FLAG})
SECURE = Part(
    {
        **{"k": COUNT, "threats": ListOf(TEXT), "plain_musd": NUMBER, "price_musd": NUMBER},
        "combinations": ListOf(
            Part(
                {
                    **{"threats": ListOf(TEXT), "branch": one_of("yes", "no"), "short_t": NUMBER},
                    **{"short_by_sector_t": MapOf(NUMBER), "empty_after_days": MapOf(NUMBER)},
                    "binding": ListOf(TEXT),
                },
                {"scenario": TEXT},
            ),
            "combination",
        ),
    },
    {"branches": ListOf(Part({"scenario": TEXT, "threats": ListOf(TEXT), "tables": MapOf(CHECKED)}), "branch")},
)
REFERENCE = Part(
    {
        **{"bound_musd": NUMBER_OR_BLANK, "payers_musd": MapOf(NUMBER)},
        "buys": ListOf(
            Part(
                {**dict.fromkeys(("figure", "of", "scenario", "unit"), TEXT), "plan": NUMBER_OR_BLANK},
                {"reference": NUMBER_OR_BLANK},
            ),
            "figure",
        ),
    }
)
CERTAIN = Part(
    {
        "within": NUMBER,
        "decisions": ListOf(Part(dict.fromkeys(("kind", "name", "verdict"), TEXT)), "decision"),
        "ranges": ListOf(
            Part(
                {
                    **dict.fromkeys(("figure", "of", "unit", "decisions"), TEXT),
                    **{"plan": NUMBER, "least": NUMBER_OR_BLANK, "most": NUMBER_OR_BLANK, "proved": FLAG},
                }
            ),
            "range",
        ),
    }
)
AUDIT_LINE = Part(
    {
        **dict.fromkeys(("rule", "meaning", "unit"), TEXT),
        **{"checked": COUNT, "worst": NUMBER_OR_BLANK, "tolerance": NUMBER, "ok": FLAG},
    }
)


@dataclass(frozen=True, kw_only=True, repr=False)
class Plan:
    """A plan of one scenario, or (`is_joint`) for several futures; then every row of a table names its `scenario`."""

    format: Annotated[int, WHOLE]
    plan_name: Annotated[str, TEXT]
    status: Annotated[str, one_of("optimal", "feasible")]
    objective_musd: Annotated[float, NUMBER]  # what was minimised: the expected cost, or its mean with CVaR
    expected_cost_musd: Annotated[float, NUMBER]
    bound_musd: Annotated[float | None, NUMBER_OR_BLANK]  # proved: no plan has a lower objective
    gap: Annotated[float | None, NUMBER_OR_BLANK]  # between objective and bound, a share
    gap_asked: Annotated[float | None, NUMBER, SOME] = None
    seconds: Annotated[dict[str, float], MapOf(NUMBER)]
    versions: Annotated[dict[str, str], VERSIONS]
    workbook: Annotated[str, TEXT]
    workbook_sha256: Annotated[str, TEXT]
    sets: Annotated[list[str] | None, ListOf(TEXT), SOME] = None  # values changed for this run
    horizon: Annotated[list[int], ListOf(YEAR)]  # first and last year
    warnings: Annotated[list[Row], ListOf(WARNING)]
    model: Annotated[dict[str, int], MapOf(COUNT)]
    start: Annotated[Row | None, START, SOME] = None
    reference_musd: Annotated[float | None, NUMBER_OR_BLANK, SOME] = None  # the cost of doing nothing
    extra_cost_musd: Annotated[float | None, NUMBER, SOME] = None  # what security costs: the cost beyond it
    reference_note: Annotated[str | None, TEXT, SOME] = None  # why it is not known
    reference: Annotated[Row | None, REFERENCE, SOME] = None  # who pays what more, and what that buys
    certain: Annotated[Row | None, CERTAIN, SOME] = None  # what holds in every plan that is hardly dearer
    secure: Annotated[Row | None, SECURE, SOME] = None  # what it stands of threats that come together
    cvar_musd: Annotated[float, NUMBER, JOINT] = 0.0
    scenario: Annotated[str, TEXT]
    probabilities: Annotated[dict[str, float], MapOf(NUMBER), JOINT] = field(default_factory=dict)
    from_years: Annotated[dict[str, int | None], MapOf(WHOLE_OR_BLANK), JOINT] = field(default_factory=dict)
    from_months: Annotated[dict[str, int] | None, MapOf(WHOLE), SOME] = None  # where one shows itself within a year
    parting: Annotated[int | None, WHOLE, SOME] = None  # where they part before any shows itself: 202704
    futures: Annotated[dict[str, float], MapOf(NUMBER), JOINT] = field(default_factory=dict)  # the cost of each
    evpi_musd: Annotated[float | None, NUMBER_OR_BLANK, JOINT] = None
    vss_musd: Annotated[float | None, NUMBER_OR_BLANK, JOINT] = None
    known_musd: Annotated[dict[str, float] | None, OrBlank(MapOf(NUMBER)), JOINT] = None
    base_held_musd: Annotated[float | None, NUMBER_OR_BLANK, JOINT] = None
    remarks: Annotated[list[str], ListOf(TEXT), JOINT] = field(default_factory=list)
    changes: Annotated[list[Row], CHANGES]
    settings: Annotated[Row, SETTINGS_USED]
    inputs: Annotated[dict[str, dict[str, Row]] | None, INPUTS, SOME] = None  # sheet -> row -> column
    costs_musd: Annotated[dict[str, float], MapOf(NUMBER, one_of(*COST_TERMS))]
    payers_musd: Annotated[dict[str, float], MapOf(NUMBER, one_of(*PAYERS))]
    tariff_revenue_musd: Annotated[float, NUMBER]
    sheet_names: Annotated[dict[str, str] | None, MapOf(TEXT), SOME] = None  # of sheets that are called otherwise
    labels: Annotated[dict[str, dict[str, str]] | None, LABELS, SOME] = None  # sheet -> id -> what people read
    origins: Annotated[list[Row] | None, CHECKED, SOME] = None
    tables: Annotated[Rows, MapOf(CHECKED)]
    audit: Annotated[list[Row], ListOf(AUDIT_LINE, "line")]
    workbook_path: Annotated[str | None, TEXT, SOME] = None  # as seen from the folder of the run
    fingerprint: Annotated[str | None, TEXT, SOME] = None
    others: Document = field(default_factory=dict)  # keys that another version has written

    # --- to and from a document ---------------------------------------------------------------------------------------

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """The plan that a document holds; it was checked by `require_plan` if others may have made it."""
        known = {name: value for name, value in document.items() if name in WHEN}
        for table, later in LATER.items():
            rows = known["tables"].get(table, [])
            if rows and any(name not in rows[0] for name in later):
                known["tables"] = {**known["tables"], table: [{**later, **row} for row in rows]}
        return cls(**known, others={name: value for name, value in document.items() if name not in WHEN})

    def document(self) -> Document:
        """As plan.json holds it, in the order of its keys."""
        return {name: getattr(self, name) for name, when in WHEN.items() if self._has(name, when)} | self.others

    def _has(self, name: str, when: str) -> bool:
        return self.is_joint if when == JOINT else when == ALWAYS or getattr(self, name) is not None

    # --- what it says -------------------------------------------------------------------------------------------------

    @property
    def is_joint(self) -> bool:
        """Whether the plan is one for several futures."""
        return bool(self.futures)

    @property
    def cost(self) -> float:
        """Expected cost, MUSD, discounted to the first year."""
        return self.expected_cost_musd

    def month_of(self, future: str) -> int:
        """The month in which a future shows itself, in its from_year."""
        return (self.from_months or {}).get(future, 1)

    def rows(self, table: str) -> list[Row]:
        """The rows of a table of plan/tables.py; none where the plan has no such table."""
        return (self.origins or []) if table == ORIGINS.name else self.tables.get(table, [])

    def columns(self, table: str) -> tuple[Column, ...]:
        """The columns of a table in this plan: some stand only where years are cut or something is committed."""
        return columns_where(table, is_cut(self.tables), bool(self.tables.get("committed")))

    def input_rows(self, sheet: str) -> dict[str, Row]:
        """Rows of a sheet by key, as the plan was made with them; none in a plan that does not carry its inputs."""
        return (self.inputs or {}).get(sheet, {})

    def future(self, name: str) -> Plan:
        """One future of a plan for several, to be read like a plan of its own. Raises UsageError if there is none."""
        if name not in self.futures:
            raise UsageError(f"the plan has no future {name}: {advice(name, tuple(self.futures), 'it has')}")
        tables = {table: [row for row in rows if row["scenario"] == name] for table, rows in self.tables.items()}
        own = self.with_inputs_of(name)
        return replace(own, scenario=name, expected_cost_musd=self.futures[name], tables=tables)

    def tables_for(self, scenario: str) -> Rows:
        """Its tables; of a plan for several futures those of this one, or else of its first."""
        if not self.is_joint:
            return self.tables
        return self.future(scenario if scenario in self.futures else next(iter(self.futures))).tables

    def with_inputs_of(self, name: str) -> Plan:
        """With the settings and inputs of one future; values by year, of which no figure is made, are left."""
        settings, inputs = dict(self.settings), dict(self.inputs or {})
        for change in self.changes:
            sheet, row, column = change["sheet"], change["row"], change["column"]
            if change.get("scenario") != name or column == "years":
                continue
            if sheet == "Settings":
                settings[row] = change["new"]
            if row in inputs.get(sheet, {}):
                inputs[sheet] = {**inputs[sheet], row: {**inputs[sheet][row], column: change["new"]}}
        return replace(self, settings=settings, inputs=None if self.inputs is None else inputs)

    # --- in Python and notebooks --------------------------------------------------------------------------------------

    def __getitem__(self, table: str) -> pd.DataFrame:
        """A table as a frame; frame.attrs["units"] has the unit of each column. Raises UsageError for other names."""
        if table not in SHAPES:
            raise UsageError(f"a plan has no table {table}: {advice(table, tuple(SHAPES), 'it has')}")
        from lodestone.plan.frames import frame

        joint = (SCENARIO,) if self.is_joint else ()
        return frame(self.rows(table), (*joint, *self.columns(table)), SHAPES[table].meaning)

    def keys(self) -> tuple[str, ...]:
        """The names of its tables."""
        return tuple(SHAPES)

    def __repr__(self) -> str:
        gap = "gap unknown" if self.gap is None else f"gap {share(self.gap)}"
        first, last = self.horizon
        return f"<Plan {self.plan_name!r}, {self.scenario}, {first}-{last}: {musd(self.cost)}, {self.status}, {gap}>"


_DECLARED: dict[str, tuple[Shape, str]] = {
    name: (hint.__metadata__[0], (*hint.__metadata__, ALWAYS)[1])
    for name, hint in get_type_hints(Plan, include_extras=True).items()
    if hasattr(hint, "__metadata__")
}
WHEN = {name: when for name, (_, when) in _DECLARED.items()}
ASKED, ASKED_IF_JOINT, MAY_BE = (
    {name: shape for name, (shape, when) in _DECLARED.items() if when in kinds}
    for kinds in ((ALWAYS,), (ALWAYS, JOINT), (SOME,))
)


def require_plan(document: Json) -> None:
    """Raise Misfit where a document is not what Plan, the tables and the inputs say."""
    require_part(document, ())
    joint = "futures" in document
    Part(ASKED_IF_JOINT if joint else ASKED, MAY_BE).check(document, ())
    if joint:
        Part(RISK).check(document["settings"], ("settings",))
        require_futures(document["futures"], document["probabilities"], document["from_years"])
    futures = tuple(document["futures"]) if joint else None
    require_tables(document["tables"], futures, horizon_of(document["horizon"]))
    require_origins(document.get("origins", []), futures)
    for number, branch in enumerate(document.get("secure", {}).get("branches", ()), 1):
        place = ("secure", "branches", f"branch {number}", "tables")
        require_tables(branch["tables"], None, horizon_of(document["horizon"]), place)
