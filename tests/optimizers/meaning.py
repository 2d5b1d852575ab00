"""What a graph means, node by node in NumPy, apart from the package's own evaluation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

from lstmlab.optimizers.graph import Graph, Node

Array = NDArray[np.float64]

DELTA = 1e-8

FUNCTIONS: dict[str, Callable[..., Array]] = {
    "x": lambda x: x,
    "-x": np.negative,
    "exp": np.exp,
    "log": lambda x: np.log(np.abs(x)),
    "sqrt": lambda x: np.sqrt(np.abs(x)),
    "sign": np.sign,
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": lambda x, y: x / (y + DELTA),
    "left": lambda x, y: x,
}


@np.errstate(all="ignore")
def operands(rng: np.random.Generator, size: int = 24) -> dict[str, Array]:
    """Values of every operand that is not drawn, some of them zero, huge, tiny or not finite."""
    odd = np.array([0.0, -0.0, 1e-320, 1e300, -1e300, np.inf, -np.inf, np.nan])
    g, m, w = (
        np.concatenate([rng.normal(size=size), rng.permutation(odd), 10 ** rng.normal(0, 4, size)])
        for _ in range(3)
    )
    v, cube = g * g * rng.uniform(0.5, 2.0, g.size), g**3 * rng.uniform(0.5, 2.0, g.size)
    values = {
        "g": g, "g^2": g * g, "g^3": (g * g) * g, "m": m, "v": v, "gamma": cube,
        "sign(g)": np.sign(g), "sign(m)": np.sign(m), "1": np.ones_like(g),
        "adam": m / (np.sqrt(v) + DELTA), "rmsprop": g / (np.sqrt(v) + DELTA),
        "linear": np.full_like(g, 0.75), "cosine": np.full_like(g, 0.85),
        "restarts": np.full_like(g, 0.35),
    }  # fmt: skip
    return values | {f"{scale}*w": float(scale) * w for scale in ("1e-4", "1e-3", "1e-2", "1e-1")}


def evaluate(graph: Graph, values: Mapping[str, Array], draws: Mapping[int, Array]) -> Array:
    """A graph's value; `draws` has the noise, or where a drop keeps, of each random node."""
    found: list[Array] = []
    for place, node in enumerate(graph):
        args = [found[arg] for arg in node.args]
        found.append(_value(node, args, values, draws.get(place)))
    return found[-1]


def _value(node: Node, args: list[Array], values: Mapping[str, Array], draw: Array | None) -> Array:
    if node.op == "const":
        return np.full_like(values["g"], node.value)
    if node.op == "noise":
        assert draw is not None
        return 0.01 * draw
    if node.op.startswith("drop"):
        assert draw is not None
        return np.where(draw > float(node.op.removeprefix("drop")), args[0], 0.0)
    if node.op.startswith("clip"):
        bound = float(node.op.removeprefix("clip"))
        return np.clip(args[0], -bound, bound)
    return values[node.op] if not args else FUNCTIONS[node.op](*args)


def random_places(graph: Graph) -> list[int]:
    """The nodes of noise and drop."""
    return [k for k, node in enumerate(graph) if node.op == "noise" or node.op[:4] == "drop"]


def matchings(one: Graph, other: Graph) -> Iterator[dict[int, int]]:
    """Every way to take the draws of one graph for those of another, token by token."""
    ops = sorted(
        {one[k].op for k in random_places(one)} | {other[k].op for k in random_places(other)}
    )
    ours = [[k for k in random_places(one) if one[k].op == op] for op in ops]
    theirs = [[k for k in random_places(other) if other[k].op == op] for op in ops]
    if [len(places) for places in ours] != [len(places) for places in theirs]:
        return
    for orders in product(*(permutations(places) for places in ours)):
        yield {
            k: j
            for places, order in zip(theirs, orders, strict=True)
            for k, j in zip(places, order, strict=True)
        }


def same(one: Graph, other: Graph, rng: np.random.Generator) -> bool:
    """Whether two graphs give the same numbers to the bit, for one way to match their draws.

    Zeros of either sign are the same, and so are all that are no numbers.
    """
    values = operands(rng)
    draws = {k: rng.uniform(size=values["g"].size) for k in random_places(one)}
    with np.errstate(all="ignore"):
        wanted = evaluate(one, values, draws)
        return any(
            np.array_equal(
                wanted,
                evaluate(other, values, {k: draws[j] for k, j in matching.items()}),
                equal_nan=True,
            )
            for matching in matchings(one, other)
        )
