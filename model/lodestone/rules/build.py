"""The model's table of contents: which blocks there are, and what each one needs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pyomo.environ as pyo

from lodestone.data.network import Network, network
from lodestone.data.tree import Tree
from lodestone.rules.bankability import bankability
from lodestone.rules.budgets import budgets
from lodestone.rules.capacity import capacity
from lodestone.rules.china_share import china_share
from lodestone.rules.contracts import contracts, taken_is_made
from lodestone.rules.flows import balances, flows
from lodestone.rules.investments import investments
from lodestone.rules.linear import Costs
from lodestone.rules.objective import all_costs, objective, risk
from lodestone.rules.payments import payments
from lodestone.rules.price_floors import price_floors
from lodestone.rules.stockpiles import stockpiles
from lodestone.system.gc_pause import at_rest


@dataclass(frozen=True)
class Built:
    """A Pyomo model with the tree and network it was built on, and its undiscounted cost terms by node."""

    tree: Tree
    net: Network
    model: pyo.ConcreteModel
    costs: Costs

    def along(self, leaf: int) -> Built:
        """The same model, of which only one future is read."""
        return replace(self, tree=self.tree.along(leaf))


@at_rest()
def build(tree: Tree) -> Built:
    """Build the model over the nodes of a tree."""
    net = network(tree)
    m = pyo.ConcreteModel()
    m.investments = investments(tree)
    m.contracts = contracts(tree, m.investments)
    m.price_floors = price_floors(tree, m.investments, m.contracts)
    m.bankability = bankability(tree, m.investments, m.price_floors, m.contracts)
    m.flows = flows(tree, net)
    taken_is_made(tree, net, m.contracts, m.flows.act, m.flows.buy)
    m.stockpiles = stockpiles(tree, net, m.flows)
    m.balances = balances(tree, net, m.flows, m.stockpiles)
    m.capacity = capacity(tree, net, m.flows, m.investments, m.contracts)
    m.payments = payments(tree, net, m.flows, m.price_floors, m.contracts)
    m.china_share = china_share(tree, net, m.flows)
    m.budgets = budgets(tree, net, m.investments, m.price_floors, m.contracts, m.stockpiles)
    costs = all_costs((m.investments, m.price_floors, m.contracts, m.flows, m.stockpiles, m.payments))
    m.risk = risk(tree, costs)
    m.objective = objective(tree, costs, m.risk)
    return Built(tree, net, m, costs)
