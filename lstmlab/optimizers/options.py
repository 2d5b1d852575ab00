"""What a `RuleOptimizer` takes, and the errors for what it does not."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TypeAlias

import torch
from torch import Tensor

from lstmlab.optimizers.rule import Rule
from lstmlab.optimizers.tokens import DECAYS
from lstmlab.optimizers.zoo import ZOO

Group: TypeAlias = dict[str, Tensor]
"""A parameter group of torch: options of many kinds by their names."""

OPTIONS = ("lr", "betas", "delta", "steps")
"""What a group may have of its own."""

SHARED = ("rule", "key", "engine", "generator", "detect_anomalies")
"""What all groups of an optimizer have in common, or the optimizer alone gives them."""

ELSEWHERE = (
    "alpha", "amsgrad", "capturable", "centered", "dampening", "decoupled_weight_decay",
    "differentiable", "eps", "foreach", "fused", "learning_rate", "lr_decay", "maximize",
    "momentum", "nesterov", "weight_decay",
)  # fmt: skip
"""Options of other optimizers, which would do nothing here: most are torch's SGD's or Adam's."""

ENGINES = ("auto", "foreach", "machine", "generated")

COMPILED = (torch.float32, torch.float64)
"""The dtypes that the compiled engines know."""


def has_numba() -> bool:
    """Whether rules can be compiled."""
    return importlib.util.find_spec("numba") is not None


def as_rule(rule: object) -> Rule:
    """A rule, that of a name in `ZOO`, or that of a formula without extensions."""
    if isinstance(rule, str):
        known = ZOO.get(rule.strip())
        return known.rule if known else Rule.parse(rule)
    if not isinstance(rule, Rule):
        raise TypeError(f"rule must be a Rule, its formula or its name, got {rule!r}")
    return rule


def check_engine(engine: object) -> None:
    """ValueError if there is no such engine, or none without Numba."""
    if engine not in ENGINES:
        raise ValueError(f"engine must be one of {', '.join(ENGINES)}, got {engine!r}")
    if engine in ("machine", "generated") and not has_numba():
        raise ValueError(f"engine must be 'foreach' or 'auto' without Numba, got {engine!r}")


def check_names(group: Iterable[str]) -> None:
    """ValueError if a group that is given has an option it cannot have.

    torch keeps whatever a group has: its schedulers put their own there ("initial_lr", "max_lr",
    "swa_lr"), and people do ("name", "lr_scale"). So may they here. Refused is what would be
    believed to do something and does nothing.
    """
    for name in group:
        if name in SHARED:
            raise ValueError(f"a group must not have {name!r}: it is the same for all groups")
        other = name in ELSEWHERE
        near = [] if other else get_close_matches(str(name).lower(), OPTIONS, 1, 0.75)
        if name not in OPTIONS and (near or other):
            known = f"{', '.join(OPTIONS[:-1])} and {OPTIONS[-1]}"
            guess = f"; {near[0]}?" if near else ""
            raise ValueError(f"a group may have the options {known}, got {name!r}{guess}")


def check_options(group: Mapping[str, object], rule: Rule) -> None:
    """TypeError or ValueError if an option of a group is not as `RuleOptimizer` wants it."""
    lr, betas, delta, steps = (group[name] for name in ("lr", "betas", "delta", "steps"))
    if not _number(lr, 0, math.inf):
        raise ValueError(f"lr must be a finite number, 0 or more, got {lr!r}")
    if not _number(delta, 0, math.inf):
        raise ValueError(f"delta must be a finite number, 0 or more, got {delta!r}")
    if (
        not isinstance(betas, tuple | list)
        or len(betas) != 3
        or not all(_number(beta, 0, 1) for beta in betas)
    ):
        raise ValueError(f"betas must be three numbers from 0 to below 1, got {betas!r}")
    if steps is not None and (isinstance(steps, bool) or not isinstance(steps, int) or steps < 1):
        raise ValueError(f"steps must be a whole number, 1 or more, or None, got {steps!r}")
    decays = [node.op for node in rule.graph if node.op in DECAYS]
    if decays and steps is None:
        raise ValueError(f"steps must be given for a rule with the decay {decays[0]!r}, got None")


def _number(value: object, least: float, below: float) -> bool:
    """Whether it is a number of this range; a tensor with one element is one."""
    if isinstance(value, bool) or not isinstance(value, int | float | torch.Tensor):
        return False
    if isinstance(value, torch.Tensor) and value.numel() != 1:
        return False
    return least <= float(value) < below


def check_param(p: Tensor, engine: str) -> None:
    """TypeError or ValueError if a parameter cannot be trained by this engine."""
    if not p.is_floating_point():
        raise TypeError(f"params must be real floating-point numbers, got {p.dtype}")
    if p.layout != torch.strided:
        raise TypeError(f"params must be dense, got {p.layout}")
    if engine in ("machine", "generated") and not compilable(p):
        raise ValueError(
            f"params must be float32 or float64 on a CPU for engine={engine!r}, "
            f"got {p.dtype} on {p.device}: use 'foreach' or 'auto'"
        )


def compilable(p: Tensor) -> bool:
    """Whether the compiled engines can train a parameter."""
    return p.device.type == "cpu" and p.dtype in COMPILED


def check_gradient(g: Tensor) -> None:
    """RuntimeError if it is sparse."""
    if g.layout != torch.strided:
        raise RuntimeError(
            f"RuleOptimizer needs dense gradients, got {g.layout}: make the layer with sparse=False"
        )
