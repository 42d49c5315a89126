"""Contracts: with whom, for what, at which price."""

from __future__ import annotations

from collections.abc import Iterator

from lodestone.errors import Problem
from lodestone.workbook.checks.rows import cell_of, not_made, paid_at_market, problem_at, supplier_of
from lodestone.workbook.reading.cells import BLANK
from lodestone.workbook.tables import Record, Tables


def contract_for_no_output(tables: Tables) -> Iterator[Problem]:
    """A contract is for what its supplier does not make or trade."""
    for contract in tables.rows("Contracts"):
        supplier = supplier_of(tables, contract)
        if supplier is not None:
            yield from not_made(tables, contract, supplier)


def supplier_not_allowed(tables: Tables) -> Iterator[Problem]:
    """Contracts are with plants paid at market, private projects, and markets that sell to us."""
    for contract in tables.rows("Contracts"):
        supplier = supplier_of(tables, contract)
        if supplier is None:
            continue
        if supplier.sheet == "Markets":
            reason = "buys from us (side sell)" if supplier["side"] == "sell" else ""
        elif paid_at_market(supplier):
            reason = ""
        else:
            reason = "has pricing cost" if supplier.sheet == "Plants" else "is a public project"
        if reason:
            yield problem_at(
                contract,
                "supplier",
                f"{supplier.key[0]} {reason} and signs no contracts",
                "enter a plant with pricing market, a private project, or a market with side buy",
            )


def contracts_on_several_outputs(tables: Tables) -> Iterator[Problem]:
    """With spot_share under 1 a contract opens capacity, which would be counted once for each output."""
    first: dict[str, Record] = {}
    for contract in tables.rows("Contracts"):
        supplier = supplier_of(tables, contract)
        if supplier is None or supplier.sheet == "Markets" or supplier["spot_share"] >= 1 or not contract["material"]:
            continue
        earlier = first.setdefault(contract["supplier"], contract)
        if contract["material"] != earlier["material"]:
            other = f"{earlier['material']}, {cell_of(earlier, 'material')}"
            yield problem_at(
                contract,
                "material",
                f"{supplier.key[0]} has spot_share under 1 and a contract on another output ({other})",
                f"contract one output only, or set spot_share of {supplier.key[0]} to 1",
            )


def fixed_price_missing(tables: Tables) -> Iterator[Problem]:
    """price_rule is fixed, and there is no price."""
    for contract in tables.rows("Contracts"):
        if contract["price_rule"] == "fixed" and "fixed_price_usd_per_kg" in contract.blank:
            yield Problem(
                cell_of(contract, "fixed_price_usd_per_kg"),
                BLANK,
                "a contract with a fixed price needs fixed_price_usd_per_kg",
                "enter the price in USD/kg, or set price_rule to index",
            )
