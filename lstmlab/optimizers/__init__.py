"""A language for update rules, the optimizers that its sentences become, and who writes them.

The language needs no torch, and no Optuna: what does is imported when it is first asked for.
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
    from lstmlab.optimizers.child import Hopeless, train_child
    from lstmlab.optimizers.controller import Controller
    from lstmlab.optimizers.convnet import ChildNet
    from lstmlab.optimizers.filtering import Stage, finalists
    from lstmlab.optimizers.learning import Baseline, Batch, Learner, Report
    from lstmlab.optimizers.optimizer import RuleOptimizer
    from lstmlab.optimizers.policy import Policy
    from lstmlab.optimizers.reinforce import Reinforce
    from lstmlab.optimizers.reward import RuleReward
    from lstmlab.optimizers.spelling import UniformRules, params_of, rule_of, space_of, tokens_of
    from lstmlab.optimizers.transfer import (
        Translator,
        WideResNet,
        train_classifier,
        train_translator,
    )
    from lstmlab.optimizers.trpo import TRPO

__all__ = [
    "BINARY",
    "CLASSICS",
    "EXTENSIONS",
    "FOUND",
    "OPERANDS",
    "TOKENS",
    "TRPO",
    "UNARY",
    "ZOO",
    "Baseline",
    "Batch",
    "ChildNet",
    "Controller",
    "Grammar",
    "Graph",
    "Hopeless",
    "Learner",
    "Named",
    "Node",
    "ParseError",
    "Policy",
    "Reinforce",
    "Report",
    "Rule",
    "RuleOptimizer",
    "RuleReward",
    "Stage",
    "Token",
    "Translator",
    "UniformRules",
    "WideResNet",
    "addsign",
    "finalists",
    "named",
    "params_of",
    "powersign",
    "rule_of",
    "space_of",
    "tokens_of",
    "train_child",
    "train_classifier",
    "train_translator",
]

_LATER = {
    "Baseline": "learning",
    "Batch": "learning",
    "ChildNet": "convnet",
    "Controller": "controller",
    "Hopeless": "child",
    "Learner": "learning",
    "Policy": "policy",
    "Reinforce": "reinforce",
    "Report": "learning",
    "RuleOptimizer": "optimizer",
    "RuleReward": "reward",
    "Stage": "filtering",
    "TRPO": "trpo",
    "Translator": "transfer",
    "UniformRules": "spelling",
    "WideResNet": "transfer",
    "finalists": "filtering",
    "params_of": "spelling",
    "rule_of": "spelling",
    "space_of": "spelling",
    "tokens_of": "spelling",
    "train_child": "child",
    "train_classifier": "transfer",
    "train_translator": "transfer",
}
"""What is imported when it is first asked for, and its module."""


def __getattr__(name: str) -> object:
    if name in _LATER:
        return getattr(import_module(f"lstmlab.optimizers.{_LATER[name]}"), name)
    raise AttributeError(f"module 'lstmlab.optimizers' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
