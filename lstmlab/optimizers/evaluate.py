"""What a rule means: its graph worked out node by node, on NumPy arrays or on torch tensors.

This is the definition, to which the fast engines are held. With g for the gradient of a weight w,

    m ← β₁ m + (1 - β₁) g        m̂ = m / (1 - β₁ᵗ)
    v ← β₂ v + (1 - β₂) g²       v̂ = v / (1 - β₂ᵗ)
    γ ← β₃ γ + (1 - β₃) g³       γ̂ = γ / (1 - β₃ᵗ)
    w ← w - λ · rule(g, m̂, v̂, γ̂, w)

where t is 1 at the first step (operands: Bello et al. 2017, section 4.1; the correction of the
bias: Kingma and Ba 2015, section 3).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from lstmlab.optimizers import draws
from lstmlab.optimizers.graph import Graph, Node
from lstmlab.optimizers.tokens import DECAYS, TOKENS, decay

if TYPE_CHECKING:
    from torch import Tensor

Array: TypeAlias = "Tensor"
"""An array of NumPy or a tensor of torch: both are treated alike."""

AVERAGES = ("m", "v", "gamma")
"""The running averages, of g, g² and g³, in the order of β₁, β₂ and β₃."""

BETAS = (0.9, 0.999, 0.999)
DELTA = 1e-8


class Step(NamedTuple):
    """What a rule is told at a step besides gradients, averages and weights.

    Attributes
    ----------
    t : int
        Which step it is, 1 at the first.
    betas : tuple of float
        β₁, β₂, β₃.
    delta : float
        δ, which is added to a divisor.
    steps : int or None
        T, at which a decay reaches 0; needed by a rule with a decay alone.
    key : int
        From which the draws of noise and drop follow.
    """

    t: int
    betas: tuple[float, float, float] = BETAS
    delta: float = DELTA
    steps: int | None = None
    key: int = 0

    def correction(self, average: str) -> float:
        """1 / (1 - βᵗ), by which the bias of a running average is corrected."""
        return 1 / (1 - self.betas[AVERAGES.index(average)] ** self.t)

    def decay(self, node: Node) -> float:
        """The value of a decay at this step, 1 at the first."""
        if self.steps is None:
            raise ValueError(
                f"steps must be the number of steps after which {node.op!r} is 0, got None"
            )
        return decay(node.op, self.t - 1, self.steps, node.value)


def remembered(name: str, average: Array, g: Array, beta: float) -> Array:
    """A running average after gradient g, before its bias is corrected."""
    power = g if name == "m" else g * g if name == "v" else g * g * g
    return beta * average + (1 - beta) * power


def evaluate(
    graph: Graph,
    *,
    w: Array,
    g: Array,
    averages: Mapping[str, Array],
    step: Step,
    index: Array | None = None,
) -> Array:
    """The value of a rule for every weight; the weight then moves by -λ times it.

    Parameters
    ----------
    graph : tuple of Node
    w, g : ndarray or Tensor, (…)
        Weights before the step, and their gradients.
    averages : mapping of str to ndarray or Tensor, (…)
        Of "m", "v", "gamma" those that the rule needs, g included, bias not corrected
        (see `remembered`).
    step : Step
    index : ndarray or Tensor of int64, (…), optional
        The number of each weight, on which its draws depend; 0, 1, 2, … if not given.

    Returns
    -------
    ndarray or Tensor, (…)
        In the dtype of g. It need not be finite: log 0 is -∞, and e to a large power is ∞.

    Raises
    ------
    ValueError
        If the rule has a decay and `step.steps` is None.
    """
    at = _Evaluation(w, g, averages, step, index)
    values: list[Array] = []
    drawn = 0
    with np.errstate(all="ignore"):
        for node in graph:
            values.append(at.value(node, [values[arg] for arg in node.args], drawn))
            drawn += node.random
    return values[-1]


class _Evaluation:
    """One evaluation of one graph. `xp` is NumPy or torch: they call these functions alike."""

    def __init__(
        self,
        w: Array,
        g: Array,
        averages: Mapping[str, Array],
        step: Step,
        index: Array | None,
    ) -> None:
        self.w, self.g, self.averages, self.step, self.index = w, g, averages, step, index
        self.xp: ModuleType = np if isinstance(g, np.ndarray) else sys.modules["torch"]

    def value(self, node: Node, args: list[Array], drawn: int) -> Array:
        """The value of a node, given those of its arguments and how many draws came before it."""
        kind = TOKENS[node.op].kind
        if kind == "operand":
            return self.operand(node, drawn)
        if kind == "unary":
            return self.unary(node.op, args[0], drawn)
        return self.binary(node.op, *args)

    def operand(self, node: Node, drawn: int) -> Array:
        """An operand of the paper's list, a constant or a decay."""
        g, sqrt, delta = self.g, self.xp.sqrt, self.step.delta
        match node.op:
            case "g":
                return g
            case "g^2":
                return g * g
            case "g^3":
                return g * g * g
            case "m" | "v" | "gamma":
                return self.corrected(node.op)
            case "sign(g)":
                return self.sign(g)
            case "sign(m)":
                return self.sign(self.corrected("m"))
            case "adam":
                return self.corrected("m") / (sqrt(self.corrected("v")) + delta)
            case "rmsprop":
                return g / (sqrt(self.corrected("v")) + delta)
            case "noise":
                return self.noise(drawn)
            case "1":
                return self.same(1.0)
            case "const":
                return self.same(node.value)
        if node.op in DECAYS:
            return self.same(self.step.decay(node))
        return _amount(node.op) * self.w

    def unary(self, op: str, x: Array, drawn: int) -> Array:
        """A function of one value."""
        xp = self.xp
        match op:
            case "x":
                return x
            case "-x":
                return -x
            case "exp":
                return xp.exp(x)
            case "log":
                return xp.log(xp.abs(x))
            case "sign":
                return self.sign(x)
            case "sqrt":
                return xp.sqrt(xp.abs(x))
        if op.startswith("clip"):
            return xp.clip(x, -_amount(op), _amount(op))
        return xp.where(self.kept(_amount(op), drawn), x, xp.zeros_like(x))

    def binary(self, op: str, x: Array, y: Array) -> Array:
        """A function of two values."""
        match op:
            case "+":
                return x + y
            case "-":
                return x - y
            case "*":
                return x * y
            case "/":
                return x / (y + self.step.delta)
        return x

    def corrected(self, average: str) -> Array:
        """A running average with its bias corrected."""
        return self.averages[average] * self.step.correction(average)

    def sign(self, x: Array) -> Array:
        """-1, 0 or 1. NaN stays NaN, of which torch makes 0."""
        return self.xp.where(self.xp.isnan(x), x, self.xp.sign(x))

    def same(self, number: float | None) -> Array:
        """One number for all weights."""
        return self.xp.full_like(self.g, number)

    def noise(self, drawn: int) -> Array:
        """A Gaussian number for every weight."""
        word = self.words(drawn)
        if self.xp is np:
            return draws.gaussian(word).astype(self.g.dtype)
        return draws.torch_gaussian(word).to(self.g.dtype)

    def kept(self, probability: float, drawn: int) -> Array:
        """Which weights a drop spares."""
        word = self.words(drawn)
        return (
            draws.kept(word, probability) if self.xp is np else draws.torch_kept(word, probability)
        )

    def words(self, drawn: int) -> Array:
        """64 random bits for every weight."""
        seed, index = draws.stream(self.step.key, self.step.t, drawn), self.index
        if self.xp is np:
            here = np.arange(self.g.size).reshape(self.g.shape) if index is None else index
            return draws.words(seed, here)
        if index is None:
            index = self.xp.arange(self.g.numel(), device=self.g.device).reshape(self.g.shape)
        return draws.torch_words(seed, index)


def _amount(op: str) -> float:
    """The bound of a clip, the probability of a drop, the factor of the weight."""
    amount = TOKENS[op].amount
    assert amount is not None
    return amount
