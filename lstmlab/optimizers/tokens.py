"""The words of the language of update rules, with their symbols and their mathematics.

All functions work on each weight by itself (Bello et al., 2017, section 4.1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["operand", "unary", "binary"]

NOISE_STD = 0.01
"""Standard deviation of the operand `noise`, Gaussian with mean 0. The paper says "small constant
noise"; other descriptions say 0.01 or 0.1, and which one the authors used is unconfirmed."""


@dataclass(frozen=True)
class Token:
    r"""One word of the language.

    Attributes
    ----------
    name : str
        As it stands in a token string.
    kind : {"operand", "unary", "binary"}
    text : str
        As it stands in a formula; `<x>` and `<y>` are the places of the arguments.
    latex : str
        The same for LaTeX.
    meaning : str
        In words.
    amount : float or None
        The bound of a clip, the probability of a drop, the factor of the weight.
    memory : tuple of str
        The running averages it needs: "m" (of g), "v" (of g²), "gamma" (of g³).
    random : bool
        Whether it is drawn anew at every step and for every weight, so that two of it differ.
    """

    name: str
    kind: Kind
    text: str
    latex: str
    meaning: str
    amount: float | None = None
    memory: tuple[str, ...] = ()
    random: bool = False


def _operand(
    name: str,
    latex: str,
    meaning: str,
    *memory: str,
    amount: float | None = None,
    random: bool = False,
) -> Token:
    return Token(name, "operand", name, latex, meaning, amount, memory, random)


def _power_of_ten(amount: float) -> str:
    return f"10^{{{round(math.log10(amount))}}}"


def _weight(name: str) -> Token:
    factor = float(name.removesuffix("*w"))
    latex = rf"{_power_of_ten(factor)}\,w"
    return _operand(name, latex, f"the weight times {factor:g}", amount=factor)


def _clip(name: str) -> Token:
    bound = name.removeprefix("clip")
    latex = rf"\mathrm{{clip}}(<x>,\,{_power_of_ten(float(bound))})"
    words = f"cut off at -{bound} and {bound}"
    return Token(name, "unary", f"clip(<x>, {bound})", latex, words, float(bound))


def _drop(name: str) -> Token:
    share = name.removeprefix("drop")
    latex = rf"\mathrm{{drop}}(<x>,\,{share})"
    words = f"set to 0 with probability {share}, else as it is"
    return Token(name, "unary", f"drop(<x>, {share})", latex, words, float(share), random=True)


_PAPER = (
    _operand("g", "g", "the gradient"),
    _operand("g^2", "g^2", "its square, g·g"),
    _operand("g^3", "g^3", "its cube, (g·g)·g"),
    _operand("m", r"\hat{m}", "running average of g, bias-corrected", "m"),
    _operand("v", r"\hat{v}", "running average of g², bias-corrected", "v"),
    _operand("gamma", r"\hat{\gamma}", "running average of g³, bias-corrected", "gamma"),
    _operand("sign(g)", r"\mathrm{sign}(g)", "sign of the gradient: -1, 0 or 1"),
    _operand("sign(m)", r"\mathrm{sign}(\hat{m})", "sign of m", "m"),
    _operand("1", "1", "one"),
    _operand("noise", r"\varepsilon", "small Gaussian noise", random=True),
    *(_weight(name) for name in ("1e-4*w", "1e-3*w", "1e-2*w", "1e-1*w")),
    _operand("adam", r"\mathrm{ADAM}", "m / (√v + δ)", "m", "v"),
    _operand("rmsprop", r"\mathrm{RMSProp}", "g / (√v + δ)", "v"),
    Token("x", "unary", "<x>", "<x>", "as it is"),
    Token("-x", "unary", "-<x>", "-<x>", "with the other sign"),
    Token("exp", "unary", "exp(<x>)", "e^{<x>}", "e to its power"),
    Token("log", "unary", "log(<x>)", r"\log|<x>|", "logarithm of its absolute value"),
    *(_clip(name) for name in ("clip1e-5", "clip1e-4", "clip1e-3")),
    *(_drop(name) for name in ("drop0.1", "drop0.3", "drop0.5")),
    Token("sign", "unary", "sign(<x>)", r"\mathrm{sign}(<x>)", "its sign: -1, 0 or 1"),
    Token("+", "binary", "<x> + <y>", "<x> + <y>", "sum"),
    Token("-", "binary", "<x> - <y>", "<x> - <y>", "difference"),
    Token("*", "binary", "<x> * <y>", r"<x> \cdot <y>", "product"),
    Token("/", "binary", "<x> / <y>", r"\frac{<x>}{<y> + \delta}", "x / (y + δ)"),
    Token("left", "binary", "left(<x>, <y>)", "<x>", "the left one alone"),
)

_OURS = (
    Token("sqrt", "unary", "sqrt(<x>)", r"\sqrt{|<x>|}", "square root of its absolute value"),
    _operand("linear", r"f_{\mathrm{lin}}(t)", "1 - t/T"),
    _operand("cosine", r"f_{\cos}(t)", "(1 + cos(π t/T)) / 2"),
    _operand("restarts", r"f_{\mathrm{re}}(t)", "(1 + cos(π (n t/T mod 1))) / 2"),
    _operand("const", "c", "a number of one's own"),
)

TOKENS: dict[str, Token] = {token.name: token for token in (*_PAPER, *_OURS)}
"""Every token by its name, extensions included."""


def _names(kind: Kind) -> tuple[str, ...]:
    return tuple(token.name for token in _PAPER if token.kind == kind)


OPERANDS: tuple[str, ...] = _names("operand")
"""The paper's 16 operands (section 4.1, as recovered from later descriptions)."""

UNARY: tuple[str, ...] = _names("unary")
"""The paper's 11 unary functions."""

BINARY: tuple[str, ...] = _names("binary")
"""The paper's 5 binary functions."""

DECAYS = ("linear", "cosine", "restarts")
"""The decays f(t) of PowerSign and AddSign, from 1 at the first step to 0 at step T."""

EXTENSIONS: dict[str, tuple[str, ...]] = {"sqrt": ("sqrt",), "const": ("const",), "decay": DECAYS}
"""What is not in the paper's lists and must be asked for by name, and the tokens it adds."""


def extension_of(op: str) -> str | None:
    """The extension that a token belongs to, or None if it is the paper's."""
    return next((name for name, tokens in EXTENSIONS.items() if op in tokens), None)


def decay(op: str, t: int, steps: int, restarts: float | None = None) -> float:
    """A decay f(t) after t of T = `steps` steps: 1 at t = 0, and 0 from t = T on.

    Parameters
    ----------
    op : {"linear", "cosine", "restarts"}
    t : int
        Steps already taken: 0 at the first.
    steps : int
        T, at which the decay reaches 0.
    restarts : float, optional
        n of "restarts", the number of cosines one after the other.
    """
    if t >= steps:
        return 0.0
    if op == "linear":
        return 1.0 - t / steps
    n = 1.0 if op == "cosine" else restarts or 1.0
    return 0.5 * (1.0 + math.cos(math.pi * (n * t / steps % 1.0)))
