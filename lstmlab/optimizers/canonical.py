"""The form that equal rules share: what is computed, whichever way it was written.

Only identities that hold to the bit in floating-point arithmetic are used, so that a rule and its
canonical form give the same numbers: the order of a sum's or product's two sides, 1·x = x,
g·g = g², g²·g = g³, a clip of a clip, the sign of a clip or a sign, |-x| in log and sqrt, and the
way of a minus through sums, products, quotients, clip, drop and sign to where it is last needed
(none is before x - x).
Not used, as they fail for some numbers: x - x = 0 and x/x = 1 (infinities; and δ is in every
denominator), log(exp(x)) = x (rounding), sign(exp(x)) = 1 (underflow), a + (b + c) = (a + b) + c.
A zero's sign is not looked at: no function of the language tells it, as δ > 0.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TypeAlias

from lstmlab.optimizers.graph import Builder, Graph, Node
from lstmlab.optimizers.tokens import TOKENS

Signed: TypeAlias = tuple[bool, int]
"""Whether a value is to be negated, and the node that it is up to its sign."""

_ODD = ("sign", "clip", "drop")
_EVEN = ("log", "sqrt")


def canonical(graph: Graph) -> Graph:
    """The canonical form of a resolved graph (`graph.resolve`).

    Two graphs with the same form compute the same; the reverse holds as far as the identities
    of this module reach. Every noise and drop stays a draw of its own.
    """
    form = _Form()
    found: list[Signed] = []
    for node in graph:
        found.append(form.of(node, [found[arg] for arg in node.args]))
    return form.graph(form.plain(found[-1]))


class _Form(Builder):
    """Builds nodes in canonical form; a minus is kept beside its node for as long as possible."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: list[tuple[int, bytes]] = []

    def add(self, op: str, *args: int, value: float | None = None) -> int:
        place = super().add(op, *args, value=value)
        if place == len(self._keys):
            below = [self._keys[arg] for arg in args]
            said = b"".join([f"{op} {value} ".encode(), *(digest for _, digest in below)])
            depth = 1 + max((depth for depth, _ in below), default=0)
            self._keys.append((depth, blake2b(said, digest_size=16).digest()))
        return place

    def of(self, node: Node, args: list[Signed]) -> Signed:
        """A node in canonical form, of arguments that have it."""
        if not args:
            return False, self.add(node.op, value=node.value)
        if len(args) == 1:
            return self._unary(node.op, *args[0])
        if node.op in ("+", "-"):
            (minus, x), (other, y) = args
            return self._sum((minus, x), (other != (node.op == "-"), y))
        if node.op == "*":
            return self._product(*args)
        minus, x = args[0]
        return minus, self.add("/", x, self.plain(args[1]))

    def plain(self, signed: Signed) -> int:
        """The node that has the sign in it."""
        minus, place = signed
        if not minus:
            return place
        node = self.nodes[place]
        return self.add("-", *node.args[::-1]) if node.op == "-" else self.add("-x", place)

    def _unary(self, op: str, minus: bool, x: int) -> Signed:
        if op == "-x":
            return not (minus or self._is_zero(x)), x
        if op.startswith(_ODD):
            return minus, self._odd(op, x)
        return False, self.add(op, x if op in _EVEN else self.plain((minus, x)))

    def _is_zero(self, x: int) -> bool:
        """Whether it is y - y: zero or not a number, and the same with a minus."""
        node = self.nodes[x]
        return node.op == "-" and node.args[0] == node.args[1]

    def _odd(self, op: str, x: int) -> int:
        inner = self.nodes[x]
        if op == "sign" and inner.op.startswith("clip"):
            return self._odd(op, inner.args[0])
        if op == "sign" and inner.op in ("g", "m"):
            return self.add(f"sign({inner.op})")
        if op == "sign" and inner.op in ("sign", "sign(g)", "sign(m)", "1"):
            return x
        if op.startswith("clip") and inner.op.startswith("clip"):
            tighter = min(op, inner.op, key=lambda name: TOKENS[name].amount or 0.0)
            return self.add(tighter, *inner.args)
        return self.add(op, x)

    def _sum(self, left: Signed, right: Signed) -> Signed:
        (minus, x), (other, y) = left, right
        if minus == other:
            return minus, self.add("+", *self._sorted(x, y))
        if x == y:
            return False, self.add("-", x, y)
        if self._sorted(x, y) == (x, y):
            return minus, self.add("-", x, y)
        return other, self.add("-", y, x)

    def _product(self, left: Signed, right: Signed) -> Signed:
        minus = left[0] != right[0]
        x, y = self._sorted(left[1], right[1])
        ops = {self.nodes[x].op, self.nodes[y].op}
        if "1" in ops:
            return minus, y if self.nodes[x].op == "1" else x
        if ops == {"g"}:
            return minus, self.add("g^2")
        if ops == {"g", "g^2"}:
            return minus, self.add("g^3")
        return minus, self.add("*", x, y)

    def _sorted(self, x: int, y: int) -> tuple[int, int]:
        """Two nodes in the order of their keys, which say what is computed and not when."""
        return (x, y) if self._keys[x] <= self._keys[y] else (y, x)
