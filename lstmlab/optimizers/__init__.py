"""A language for update rules, and the optimizers that its sentences become.

The language needs no torch: `RuleOptimizer` is imported when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from lstmlab.optimizers.grammar import Grammar
from lstmlab.optimizers.graph import Graph, Node
from lstmlab.optimizers.rule import Rule
from lstmlab.optimizers.tokens import BINARY, EXTENSIONS, OPERANDS, TOKENS, UNARY, Token
from lstmlab.optimizers.words import ParseError
from lstmlab.optimizers.zoo import CLASSICS, FOUND, ZOO, Named, addsign, named, powersign

if TYPE_CHECKING:
    from lstmlab.optimizers.optimizer import RuleOptimizer

__all__ = [
    "BINARY",
    "CLASSICS",
    "EXTENSIONS",
    "FOUND",
    "OPERANDS",
    "TOKENS",
    "UNARY",
    "ZOO",
    "Grammar",
    "Graph",
    "Named",
    "Node",
    "ParseError",
    "Rule",
    "RuleOptimizer",
    "Token",
    "addsign",
    "named",
    "powersign",
]


def __getattr__(name: str) -> object:
    if name == "RuleOptimizer":
        return getattr(import_module("lstmlab.optimizers.optimizer"), name)
    raise AttributeError(f"module 'lstmlab.optimizers' has no attribute {name!r}")
