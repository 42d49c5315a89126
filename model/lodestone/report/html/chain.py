"""The chain from mine to sector as a Sankey: who makes what from what, in tonnes, clean and exposed, by year.

A node is what the recipes of one stage make in one region, a market, a stock, returned scrap, or a sector. What makers
of a region make of a material goes to the users in all regions; how much of it goes from whom to whom is

    t[i,j,k] = sum over lanes A -> B of  made[i,A,k] / made[A,k]  x  shipped[A,B,k]  x  used[j,B,k] / used[B,k]

for each material, period and stream k: within a region makers and users share in proportion, as nothing tells their
tonnes apart; the periods of a year are then summed. So what leaves a node is what it makes, and what enters it is what
it takes in, as in the tables of the plan. Tonnes enter and leave a stage in the ratio of its recipes.

Each mineral has a chain of its own. Its stages come from the recipes: `stages` puts what feeds another before it. A
process of another mineral that takes a material of this one is a stage of it too. A material that goes back to the same
or an earlier stage (recycling) ends in "to <stage>" and begins again at "from <stage>", so that no circle is drawn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lodestone.data.times import Time
from lodestone.plan.key_figures import Key, begin
from lodestone.plan.labels import key_parts
from lodestone.plan.plan import Plan
from lodestone.plan.tables import Cell, Column, Row
from lodestone.report.html.tables import Table

MOST_NODES = 12  # of a stage and mineral that have a name of their own; the others are drawn as one
OTHERS, SUPPLY, USE = "others", "supply", "use"
MOVED = 0.001  # t; less is not drawn

COLUMNS = (
    Column("year", "", ""),
    Column("mineral", "", ""),
    Column("material", "", ""),
    Column("from_stage", "", ""),
    Column("from", "", ""),
    Column("to_stage", "", ""),
    Column("to", "", ""),
    Column("clean_t", "t", ""),
    Column("exposed_t", "t", ""),
)

Recipes = Mapping[str, Mapping[str, float]]  # process -> material -> t per t of capacity used
Node = tuple[int, str]  # column of the picture, label
Streams = list[float]  # t clean, t exposed
Shares = dict[tuple[str, str, Time], dict[Node, Streams]]  # region, material, begin of the period


@dataclass(frozen=True)
class Stages:
    """titles: of the columns of the picture from left to right, the last being use.

    recipes: of the processes of the chain, as far as its materials go; group, column: of each of them.
    """

    titles: tuple[str, ...]
    recipes: Recipes
    group: Mapping[str, str]
    column: Mapping[str, int]


def recipes(plan: Plan) -> dict[str, dict[str, float]]:
    """As in the run's inputs; empty when the plan does not carry them."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for key, row in plan.input_rows("Processes").items():
        process, material = key_parts(key)
        found[process][material] = row["t_per_t"]
    return dict(found)


def minerals(plan: Plan) -> dict[str, str]:
    """material -> its mineral, "" where the workbook names none."""
    return {material: row.get("mineral") or "" for material, row in plan.input_rows("Materials").items()}


def chain_stages(plan: Plan) -> dict[str, Stages]:
    """Of each mineral, in the order of the workbook; empty when the plan does not carry its inputs."""
    of = minerals(plan)
    made_by, materials = recipes(plan), plan.input_rows("Materials")
    return {mineral: stages(made_by, materials, {m for m in of if of[m] == mineral}) for mineral in of.values()}


def stages(all_recipes: Recipes, materials: Mapping[str, Row], wanted: Collection[str]) -> Stages:
    """Processes that make or take wanted materials, grouped by the stage of what they make first, in the order in which
    they feed each other."""
    made_by = {p: {m: t for m, t in recipe.items() if m in wanted} for p, recipe in all_recipes.items()}
    made_by = {p: recipe for p, recipe in made_by.items() if recipe}
    place = {material: i for i, material in enumerate(materials)}
    main = {p: _main(p, made_by[p], all_recipes[p]) for p in made_by}
    by_place = sorted(made_by, key=lambda p: place.get(main[p], len(place)))
    group = {p: materials.get(main[p], {}).get("stage") or main[p] for p in by_place}
    for name in dict.fromkeys(group.values()):
        inside = {p: main[p] for p in by_place if group[p] == name}
        taken = {other for other in group.values() if other != name}
        itself = _feeding(made_by, dict.fromkeys(inside, name), own=True)
        if itself and not taken & set(inside.values()) and not _feeding(made_by, inside, own=True):
            group |= inside  # two steps of one stage: by what they make
    order = list(dict.fromkeys(group.values()))
    edges = _feeding(made_by, group, own=False)
    takes = {group[p] for p, recipe in made_by.items() if min(recipe.values()) < 0}
    column = _columns(sorted(order, key=lambda g: g in takes), edges, takes)
    groups_at: dict[int, list[str]] = defaultdict(list)
    for g in order:
        groups_at[column[g]].append(g)
    titles = [" / ".join(groups_at[c]) or SUPPLY for c in range(max(groups_at, default=0) + 1)]
    use = USE
    while use in titles:
        use += "*"
    return Stages((*titles, use), made_by, group, {p: column[g] for p, g in group.items()})


def _main(process: str, *recipes: Mapping[str, float]) -> str:
    """What it makes first, of the wanted materials if it makes any of them."""
    return next((m for recipe in recipes for m, t in recipe.items() if t > 0), process)


def _feeding(made_by: Recipes, group: Mapping[str, str], own: bool) -> set[tuple[str, str]]:
    """Pairs of groups of which the first makes what the second takes; own: of a group with itself, else others."""
    makers: dict[str, set[str]] = defaultdict(set)
    takers: dict[str, set[str]] = defaultdict(set)
    for process, name in group.items():
        for material, t in made_by[process].items():
            (makers if t > 0 else takers)[material].add(name)
    pairs = {(a, b) for material, names in makers.items() for a in names for b in takers[material]}
    return {(a, b) for a, b in pairs if (a == b) is own}


def _columns(order: Sequence[str], edges: set[tuple[str, str]], takes: set[str]) -> dict[str, int]:
    """Longest way from the left over the edges, less those that close a circle; what takes nothing in is leftmost."""
    after = {g: [b for b in order if (g, b) in edges] for g in order}
    done: list[str] = []
    open_: list[str] = []

    def visit(g: str) -> None:
        open_.append(g)
        after[g] = [b for b in after[g] if b not in open_]  # an edge back to where we come from is a circle
        for b in after[g]:
            if b not in done and b not in open_:
                visit(b)
        done.append(open_.pop())

    for g in order:
        if g not in done:
            visit(g)
    column = {g: int(g in takes) for g in order}
    for g in reversed(done):
        for b in after[g]:
            column[b] = max(column[b], column[g] + 1)
    return column


# --- who makes and who uses -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Drawing:
    plan: Plan
    stages: Stages
    wanted: Collection[str]  # materials

    @property
    def made_by(self) -> Recipes:
        return self.stages.recipes

    def rows(self, name: str) -> Iterator[Row]:
        """Of a table by material, those of the chain."""
        return (row for row in self.plan.rows(name) if row["material"] in self.wanted)

    @property
    def last(self) -> int:
        return len(self.stages.titles) - 1

    def unit(self, row: Row) -> Node:
        """A stage in a region; its group too where several share a column."""
        process = row["process"]
        column, group = self.stages.column[process], self.stages.group[process]
        return (column, row["region"] if self.stages.titles[column] == group else f"{row['region']}, {group}")

    def before_use(self, material: str) -> int:
        """Column of markets, stocks and scrap: left of the first stage that takes the material."""
        takers = [self.stages.column[p] for p, r in self.made_by.items() if r.get(material, 0) < 0]
        return max(min(takers, default=self.last) - 1, 0)

    def after_making(self, material: str) -> int:
        makers = [self.stages.column[p] for p, r in self.made_by.items() if r.get(material, 0) > 0]
        return min(max([*makers, self.before_use(material)]) + 1, self.last)

    def made(self) -> Shares:
        """Left side of (1): by units, bought, released, returned."""
        found = _shares()
        for row in self.plan.rows("plants"):
            for material, t in self.made_by.get(row["process"], {}).items():
                if t > 0:
                    _add(found, row, material, self.unit(row), t * row["clean_t"], t * row["exposed_t"])
        for row in self.rows("markets"):
            if row["side"] == "buy":
                node = (self.before_use(row["material"]), f"{row['region']} (market)")
                _add(found, row, row["material"], node, *_streams(row))
        for row in self.rows("returns"):
            node = (self.before_use(row["material"]), f"{row['region']} (returned)")
            _add(found, row, row["material"], node, *_streams(row))
        for row in self.rows("stockpile"):
            node = (self.before_use(row["material"]), f"{row['region']} (stock)")
            _add(found, row, row["material"], node, row["release_clean_t"], row["release_exposed_t"])
        return found

    def used(self) -> Shares:
        """Right side of (2): taken in by units, delivered, put into stock, sold."""
        found = _shares()
        mixed = {(r["region"], r["material"], begin(r)): r for r in self.rows("intake")}
        clean_mode = self.plan.settings.get("china_share_basis") == "provenance"
        for row in self.plan.rows("plants"):
            for material, t in self.made_by.get(row["process"], {}).items():
                if t < 0:
                    own_clean = -t * row["clean_t"] if clean_mode else 0.0
                    rest = -t * (row["clean_t"] + row["exposed_t"]) - own_clean
                    of = mixed.get((row["region"], material, begin(row)))
                    clean, exposed = (of["mixed_clean_t"], of["mixed_exposed_t"]) if of else (0.0, 0.0)
                    part = clean / (clean + exposed) if clean + exposed > 0 else 0.0
                    _add(found, row, material, self.unit(row), own_clean + part * rest, (1 - part) * rest)
        for row in self.rows("demand"):
            _add(found, row, row["material"], (self.last, row["sector"]), row["clean_t"], row["exposed_t"])
        for row in self.rows("stockpile"):
            node = (self.after_making(row["material"]), "into stock")
            _add(found, row, row["material"], node, row["fill_clean_t"], row["fill_exposed_t"])
        for row in self.rows("markets"):
            if row["side"] == "sell":
                _add(found, row, row["material"], (self.after_making(row["material"]), "sold"), *_streams(row))
        return found


def _shares() -> Shares:
    return defaultdict(lambda: defaultdict(lambda: [0.0, 0.0]))


def _add(shares: Shares, row: Row, material: str, node: Node, clean: float, exposed: float) -> None:
    if clean or exposed:
        streams = shares[row["region"], material, begin(row)][node]
        streams[0] += clean
        streams[1] += exposed


def _streams(row: Row) -> tuple[float, float]:
    return (row["t"], 0.0) if row["stream"] == "clean" else (0.0, row["t"])


# --- links ----------------------------------------------------------------------------------------------------------

Link = tuple[int, str, Node, Node]  # year, material, from, to


def chain(plan: Plan) -> Table:
    """The links of all minerals and years, in both streams; none when the plan does not carry its inputs."""
    of = minerals(plan)
    place = {material: i for i, material in enumerate(of)}
    rows: list[list[Cell]] = []
    for mineral, found in chain_stages(plan).items():
        drawing = _Drawing(plan, found, {m for m in of if of[m] == mineral})
        links = _named(_forward(_links(drawing), found.titles))
        own = [
            [year, mineral, m, found.titles[a[0]], a[1], found.titles[b[0]], b[1], clean, exposed]
            for (year, m, a, b), (clean, exposed) in links.items()
            if clean + exposed >= MOVED
        ]
        rows += sorted(own, key=lambda r: (r[0], place[r[2]], r[3:7]))
    return Table(COLUMNS, rows)


def _links(drawing: _Drawing) -> dict[Link, Streams]:
    made, used = drawing.made(), drawing.used()
    links: dict[Link, Streams] = defaultdict(lambda: [0.0, 0.0])

    def share_out(makers: Mapping[Node, Streams], users: Mapping[Node, Streams], t: float, k: int, at: Key) -> None:
        all_made, all_used = (sum(s[k] for s in side.values()) for side in (makers, users))
        if all_made > 0 and all_used > 0:
            for i, of_i in makers.items():
                for j, of_j in users.items():
                    if of_i[k] and of_j[k]:
                        links[(*at, i, j)][k] += t * (of_i[k] / all_made) * (of_j[k] / all_used)

    for row in drawing.rows("flows"):
        at = (row["year"], row["material"])
        makers = made.get((row["from_region"], row["material"], begin(row)), {})
        users = used.get((row["to_region"], row["material"], begin(row)), {})
        share_out(makers, users, row["t"], int(row["stream"] == "exposed"), at)
    for row in drawing.rows("balance"):
        if row["discarded_t"] > 0:
            left = {(drawing.after_making(row["material"]), "discarded"): [1.0, 1.0]}
            makers = made.get((row["region"], row["material"], begin(row)), {})
            k = int(row["stream"] == "exposed")
            share_out(makers, left, row["discarded_t"], k, (row["year"], row["material"]))
    return links


def _forward(links: Mapping[Link, Streams], titles: Sequence[str]) -> dict[Link, Streams]:
    """A link that does not lead to the right is cut in two."""
    cut: dict[Link, Streams] = defaultdict(lambda: [0.0, 0.0])
    for (year, material, a, b), streams in links.items():
        ways = [(a, b)]
        if a[0] >= b[0]:
            ways = [(a, (a[0] + 1, f"to {titles[b[0]]}")), ((b[0] - 1, f"from {titles[a[0]]}"), b)]
        for way in ways:
            for k, t in enumerate(streams):
                cut[(year, material, *way)][k] += t
    return cut


def _named(links: Mapping[Link, Streams]) -> dict[Link, Streams]:
    """The largest nodes of each column keep their names, over all years alike; the others become one."""
    size: dict[Node, float] = defaultdict(float)
    for (_, _, a, b), streams in links.items():
        for node in (a, b):
            size[node] += sum(streams)
    at: dict[int, list[Node]] = defaultdict(list)
    for node in sorted(size, key=lambda node: (-size[node], node)):
        at[node[0]].append(node)
    named = {node for inside in at.values() for node in inside[: MOST_NODES - (len(inside) > MOST_NODES)]}
    merged: dict[Link, Streams] = defaultdict(lambda: [0.0, 0.0])
    for (year, material, a, b), streams in links.items():
        a, b = (node if node in named else (node[0], OTHERS) for node in (a, b))
        for k, t in enumerate(streams):
            merged[(year, material, a, b)][k] += t
    return merged
