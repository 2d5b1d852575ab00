"""An update rule as a value: immutable, comparable, and with many ways to be written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from lstmlab.optimizers import groups, writing
from lstmlab.optimizers.canonical import canonical
from lstmlab.optimizers.graph import Graph, Node, check_graph, extensions, memory, resolve
from lstmlab.optimizers.parsing import parse

if TYPE_CHECKING:
    from lstmlab.viewing import Figure


class Rule:
    """What a step does to each weight: Δw = -λ · rule (Bello et al., 2017, section 3.1).

    Parameters
    ----------
    nodes : iterable of Node
        The graph; `Rule.parse` and `Rule.from_tokens` are shorter ways.

    Attributes
    ----------
    graph : tuple of Node
        What is computed: the canonical form, without `x` and `left`. Equal rules have the same,
        so that they give the same numbers, noise and drop included.
    written : tuple of Node
        The graph as it was written, for `str`, `latex` and `draw`.
    tokens : tuple of str
        The token string that it was made of, or one that is equal to it.
    memory : tuple of str
        The running averages a weight needs, of "m", "v" and "gamma".
    extensions : tuple of str
        Those of `EXTENSIONS` that it uses; `Rule.parse(str(rule), rule.extensions) == rule`.

    Notes
    -----
    Two rules are equal if they have the same canonical form: a * b is b * a, and a - b is
    -(b - a). Equal rules compute the same; some that compute the same are not found to be equal.

    Examples
    --------
    >>> rule = Rule.parse("g * exp(sign(g) * sign(m))")
    >>> rule == Rule.parse("exp(sign(m) * sign(g)) * g")
    True
    >>> rule.memory
    ('m',)
    """

    __slots__ = ("_hash", "_tokens", "graph", "written")

    graph: Graph
    written: Graph
    _tokens: tuple[str, ...] | None
    _hash: int

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._set(check_graph(nodes), None)

    def _set(self, graph: Graph, tokens: tuple[str, ...] | None) -> None:
        """Fill an empty rule."""
        written = check_graph(resolve(graph))
        form = canonical(written)
        values = {"written": written, "graph": form, "_hash": hash(form), "_tokens": tokens}
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @classmethod
    def parse(cls, text: str, extensions: Collection[str] = ()) -> Rule:
        """The rule of a formula such as "(exp(sign(g) * sign(m)) + clip(g, 1e-4)) * g".

        Parameters
        ----------
        text : str
            With the operands g, g^2, g^3, m, v, gamma, 1, noise, 1e-4*w to 1e-1*w, adam, rmsprop;
            the functions exp, log (of the absolute value), sign, clip(x, 1e-5 to 1e-3) and
            drop(x, 0.1, 0.3 or 0.5); + - * / with brackets; and names for values used more than
            once, as in "r1 = drop(g, 0.3); r1 * exp(r1)".
        extensions : collection of str
            What is not in the paper's lists: "sqrt" (of the absolute value), "const" (numbers
            other than 1), "decay" (linear, cosine, restarts(n)).

        Raises
        ------
        ParseError
            A ValueError with the `position` at which the wrong word begins.
        """
        return cls(parse(text, extensions))

    @classmethod
    def from_tokens(cls, tokens: Sequence[str], extensions: Collection[str] = ()) -> Rule:
        """The rule of a token string, groups of (operand 1, operand 2, unary 1, unary 2, binary).

        Operands of later groups may be r1, r2, ..., the results of earlier ones.

        Raises
        ------
        ValueError
            If their number is no multiple of 5, or one does not fit its place.
        """
        rule = cls.__new__(cls)
        rule._set(groups.read(tokens, extensions), tuple(tokens))
        return rule

    @property
    def tokens(self) -> tuple[str, ...]:
        """The token string that it was made of, or one that is equal to it."""
        return self._tokens or groups.write(self.written)

    @property
    def memory(self) -> tuple[str, ...]:
        """The running averages a weight needs, of "m", "v" and "gamma"."""
        return memory(self.graph)

    @property
    def extensions(self) -> tuple[str, ...]:
        """The extensions of the paper's language that it uses."""
        return extensions(self.written)

    def latex(self) -> str:
        r"""The formula in LaTeX, without dollar signs, such as "e^{\hat{v}} \cdot \hat{m}"."""
        return writing.latex(self.written)

    def draw(
        self, *, groups: bool = False, title: str | None = None, caption: str | None = None
    ) -> Figure:
        """Draw the graph as a tree, as in the paper's figure 2; see `viewing.draw_rule`."""
        from lstmlab.viewing.rules import draw_rule

        return draw_rule(self, groups=groups, title=title, caption=caption)

    def __str__(self) -> str:
        return writing.formula(self.written)

    def __repr__(self) -> str:
        allowed = f", {self.extensions!r}" if self.extensions else ""
        return f"Rule.parse({str(self)!r}{allowed})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rule):
            return NotImplemented
        return self is other or (self._hash == other._hash and self.graph == other.graph)

    def __hash__(self) -> int:
        return self._hash

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a rule does not change: {name} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a rule does not change: {name} cannot be deleted")

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (self.written, self._tokens)


def _restore(written: Graph, tokens: tuple[str, ...] | None) -> Rule:
    rule = Rule.__new__(Rule)
    rule._set(check_graph(written), tokens)
    return rule
