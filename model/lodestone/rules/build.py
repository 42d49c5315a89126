"""The model's table of contents: which blocks there are, and what each one needs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pyomo.environ as pyo

from lodestone.data.network import Network, network
from lodestone.data.tree import Tree
from lodestone.rules import budgets as budget_rules
from lodestone.rules import china_share as share_rules
from lodestone.rules import payments as payment_rules
from lodestone.rules.bankability import bankability
from lodestone.rules.budgets import budgets
from lodestone.rules.capacity import capacity
from lodestone.rules.capital import capital
from lodestone.rules.china_share import china_share
from lodestone.rules.closure import closure
from lodestone.rules.contracts import contracts, taken_is_made
from lodestone.rules.credits import production_credits
from lodestone.rules.earnings import earnings
from lodestone.rules.flows import balances, flows
from lodestone.rules.investments import investments
from lodestone.rules.linear import Costs
from lodestone.rules.objective import all_costs, objective, risk
from lodestone.rules.payments import payments
from lodestone.rules.price_floors import price_floors
from lodestone.rules.secure import secure
from lodestone.rules.stockpiles import stockpiles
from lodestone.rules.substitution import substitution
from lodestone.rules.suppliers import suppliers
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

    def settle(self) -> None:
        """What rows only bound from below, at its least in the solution that the variables hold."""
        payment_rules.settle(self.tree, self.model.contracts, self.model.payments)
        share_rules.settle(self.model.china_share)
        budget_rules.settle(self.model.budgets)


@at_rest()
def build(tree: Tree) -> Built:
    """Build the model over the nodes of a tree."""
    net = network(tree)
    m = pyo.ConcreteModel()
    m.year_of = pyo.Suffix()  # for the solver: decisions of few years are sought together
    m.year_of[m] = dict(tree.year)
    m.investments = investments(tree)
    m.contracts = contracts(tree, m.investments)
    m.price_floors = price_floors(tree, m.investments, m.contracts)
    m.credits = production_credits(tree, m.price_floors)
    m.capital = capital(tree, m.price_floors)
    m.bankability = bankability(tree, m.investments, m.price_floors, m.contracts)
    m.flows = flows(tree, net)
    m.substitution = substitution(tree, m.flows.avoid, m.investments)
    taken_is_made(tree, net, m.contracts, m.flows.act, m.flows.buy)
    m.stockpiles = stockpiles(tree, net, m.flows)
    m.balances = balances(tree, net, m.flows, m.stockpiles)
    m.capacity = capacity(tree, net, m.flows, m.investments, m.contracts)
    m.closure = closure(tree, net, m.flows.act, m.investments)
    m.payments = payments(tree, net, m.flows, m.investments, m.price_floors, m.contracts, m.closure)
    m.earnings = earnings(tree, m.investments, m.price_floors, m.contracts, m.closure, m.payments)
    m.suppliers = suppliers(tree, net, m.flows, m.investments)
    m.china_share = china_share(tree, net, m.flows, m.stockpiles)
    m.budgets = budgets(tree, net, m.investments, m.price_floors, m.contracts, m.stockpiles)
    m.secure = secure(tree, m.flows.short, m.investments, m.price_floors, m.contracts)
    costs = all_costs(
        (m.investments, m.price_floors, m.credits, m.capital, m.contracts, m.flows, m.stockpiles, m.payments)
    )
    m.risk = risk(tree, costs)
    m.objective = objective(tree, costs, m.risk)
    return Built(tree, net, m, costs)
