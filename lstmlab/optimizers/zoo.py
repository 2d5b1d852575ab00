"""Rules that have a name or a place in a paper, each with its source.

The averages m, v and gamma are bias-corrected, as the paper has them (section 4.1), with
β1 = 0.9, β2 = β3 = 0.999: in this `momentum` and `rmsprop` differ from torch's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from lstmlab.optimizers.rule import Rule
from lstmlab.optimizers.tokens import DECAYS


@dataclass(frozen=True)
class Named:
    """A rule with a name.

    Attributes
    ----------
    name : str
        Its key in `ZOO`.
    title : str
        As a person would call it.
    rule : Rule
    source : str
        Where it is from.
    """

    name: str
    title: str
    rule: Rule
    source: str


_TABLE_1 = (
    "(exp(sign(g) * sign(m)) + clip(g, 1e-4)) * g",
    "clip(m, 1e-4) * exp(v)",
    "m * exp(v)",
    "g * exp(sign(g) * sign(m))",
    "drop(g, 0.3) * exp(sign(g) * sign(m))",
    "m * exp(g^2)",
    "drop(m, 0.1) / exp(g^2)",
    "drop(g, 0.1) * exp(sign(g) * sign(m))",
    "clip(rmsprop, 1e-5) + drop(m, 0.3)",
    "adam * exp(sign(g) * sign(m))",
    "adam * exp(m)",
    "g + drop(m, 0.3)",
    "drop(m, 0.1) * exp(g^3)",
    "g - clip(g^2, 1e-4)",
    "exp(g) - exp(m)",
    "drop(m, 0.3) * exp(1e-3*w)",
)

_BELLO = "Bello et al., 2017, table 1"

_NAMED = (
    ("sgd", "SGD", "g", "Robbins and Monro, 1951"),
    ("momentum", "Momentum", "m", "Polyak, 1964; as an average of gradients, bias-corrected"),
    ("rmsprop", "RMSProp", "rmsprop", "Tieleman and Hinton, 2012, lecture 6.5; bias-corrected"),
    ("adam", "Adam", "adam", "Kingma and Ba, 2015, algorithm 1"),
    ("signsgd", "signSGD", "sign(g)", "Bernstein et al., 2018, algorithm 1"),
    ("signum", "Signum", "sign(m)", "Bernstein et al., 2018, algorithm 2"),
)


def powersign(
    alpha: float = math.e, decay: str | None = None, *, restarts: int | None = None
) -> Rule:
    """PowerSign, α^(f(t) · sign(g) · sign(m)) · g: α times g where both signs agree, g/α where not.

    Parameters
    ----------
    alpha : float
        α above 0; e in the paper's rule. Another number needs the extension "const".
    decay : {"linear", "cosine", "restarts"}, optional
        f(t), from 1 to 0; 1 without it.
    restarts : int, optional
        How many cosines "restarts" has.

    Raises
    ------
    ValueError
        If `alpha` is not finite or not above 0, or the decay is unknown.

    Notes
    -----
    Bello et al., arXiv:1709.07417, where it has this name.
    """
    alpha = _alpha(alpha)
    if alpha == 0:
        raise ValueError("alpha must be above 0, got 0")
    signs = f"{_factor(decay, restarts)}sign(g) * sign(m)"
    scale = math.log(alpha)
    power = signs if scale == 1 else f"{'-' * (scale < 0)}{abs(scale)!r} * ({signs})"
    return Rule.parse(f"exp({power}) * g", ("const", "decay"))


def addsign(alpha: float = 1.0, decay: str | None = None, *, restarts: int | None = None) -> Rule:
    """AddSign, (α + f(t) · sign(g) · sign(m)) · g: (α + 1)·g where both agree, else (α - 1)·g.

    Parameters
    ----------
    alpha : float
        α, 0 or more; 1 in the paper. Another number needs the extension "const".
    decay, restarts
        As for `powersign`.

    Raises
    ------
    ValueError
        If `alpha` is not finite or below 0, or the decay is unknown.

    Notes
    -----
    Bello et al., arXiv:1709.07417, where it has this name.
    """
    signs = f"{_factor(decay, restarts)}sign(g) * sign(m)"
    return Rule.parse(f"({_alpha(alpha)!r} + {signs}) * g", ("const", "decay"))


def _alpha(alpha: object) -> float:
    if isinstance(alpha, bool) or not isinstance(alpha, int | float):
        raise TypeError(f"alpha must be a number, got {alpha!r}")
    if not 0 <= alpha < math.inf:
        raise ValueError(f"alpha must be finite and not below 0, got {alpha!r}")
    return float(alpha)


def _factor(decay: str | None, restarts: int | None) -> str:
    """f(t) as a factor in front, or nothing if it is 1."""
    if decay is not None and decay not in DECAYS:
        raise ValueError(f"decay must be None or one of {', '.join(DECAYS)}, got {decay!r}")
    if (restarts is None) != (decay != "restarts"):
        raise ValueError(
            f"restarts must be the number of cosines where decay='restarts', and None elsewhere, "
            f"got {restarts!r} with decay={decay!r}"
        )
    if decay == "restarts":
        return f"restarts({restarts}) * "
    return f"{decay} * " if decay else ""


def _decayed() -> list[Named]:
    """PowerSign and AddSign with each decay; "ld", "cd" and "rd" as their authors shorten them."""
    found = []
    for word, title, make in (
        ("powersign", "PowerSign", powersign),
        ("addsign", "AddSign", addsign),
    ):
        for end, decay, n in (
            ("", None, None), ("-ld", "linear", None), ("-cd", "cosine", None),
            ("-rd10", "restarts", 10),
        ):  # fmt: skip
            rule = make(decay=decay, restarts=n)
            source = "Bello et al., arXiv:1709.07417, where it has this name"
            found.append(Named(f"{word}{end}", f"{title}{end}", rule, source))
    return found


CLASSICS: tuple[str, ...] = ("sgd", "momentum", "rmsprop", "adam")
"""The four that the paper compares with."""

FOUND: tuple[str, ...] = tuple(f"found-{n}" for n in range(1, len(_TABLE_1) + 1))
"""The 16 rules of the paper's table 1, in its order."""

ZOO: dict[str, Named] = {
    named.name: named
    for named in (
        *(Named(name, title, Rule.parse(text), source) for name, title, text, source in _NAMED),
        *(
            Named(name, text, Rule.parse(text), f"{_BELLO}, rule {n}")
            for n, (name, text) in enumerate(zip(FOUND, _TABLE_1, strict=True), start=1)
        ),
        *_decayed(),
    )
}
"""Every named rule by its name: six classics, found-1 to found-16, PowerSign and AddSign."""


def named(name: str) -> Rule:
    """The rule of a name in `ZOO`.

    Raises
    ------
    ValueError
        If there is none.
    """
    if name not in ZOO:
        raise ValueError(f"name must be one of {', '.join(ZOO)}, got {name!r}")
    return ZOO[name].rule
