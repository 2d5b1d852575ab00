"""The embedded Reber grammar: say at every symbol which may come next.

A string starts with B; then comes T or P; then a string of Reber's grammar, from B to E; then the
same T or P again; and E ends it. What is legal follows from the few symbols before, but for the
second-last one: that must be remembered from the second on, over 5 symbols or more that say nothing
about it.

`reber` is the task of Hochreiter and Schmidhuber (1997), one string at a time. `continual-reber` is
that of Gers, Schmidhuber and Cummins (2000): strings follow each other without a mark or a reset.
There the network was trained with the symbol that came next as its target. Here the target is the
set of *all* symbols that may come next, which makes it plain what is right (`right`): every legal
symbol above ½, every other below. That is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lstmlab.tasks.generated import Generated, check_whole
from lstmlab.tasks.task import Array, Split

SYMBOLS = "BTPSXVE"
Automaton = Mapping[int, Mapping[str, int]]

REBER: Automaton = {
    0: {"B": 1},
    1: {"T": 2, "P": 3},
    2: {"S": 2, "X": 4},
    3: {"T": 3, "V": 5},
    4: {"X": 3, "S": 6},
    5: {"P": 4, "V": 6},
    6: {"E": 7},
}
"""Reber's grammar: node -> symbol -> next node. It starts at 0, and 7, without a way on, ends it.
Where two symbols are legal each is as likely."""


def embed(inner: Automaton, branches: str = "TP") -> Automaton:
    """Put a grammar between two copies of one symbol, itself between B and E.

    Every branch has a copy of the inner grammar: a node knows which symbol led to it.

    Parameters
    ----------
    inner : mapping
        An automaton with the nodes 0 to n, of which n is its end.
    branches : str
        The symbols that may stand second and second-last.

    Returns
    -------
    dict
        Node 0, 1, then the copies of `inner`, its end included, then two more, the last the end.
    """
    size = len(inner) + 1
    last = 2 + size * len(branches)
    nodes: dict[int, dict[str, int]] = {0: {"B": 1}, 1: {}}
    for copy, symbol in enumerate(branches):
        first = 2 + copy * size
        nodes[1][symbol] = first
        for node, ways in inner.items():
            nodes[first + node] = {s: first + to for s, to in ways.items()}
        nodes[first + size - 1] = {symbol: last}
    return nodes | {last: {"E": last + 1}}


EMBEDDED: Automaton = embed(REBER)
"""The embedded grammar: 19 nodes with a way on, and the end, node 19."""
END = max(EMBEDDED) + 1
PIECE = 100
"""Symbols in a piece of the continual task's stream."""


def string(rng: np.random.Generator, automaton: Automaton = EMBEDDED) -> str:
    """Walk from node 0 to the end, each way on as likely: 9 symbols or more, 12 in the mean."""
    node, text = 0, ""
    while node in automaton:
        ways = list(automaton[node])
        text += ways[rng.integers(len(ways))]
        node = automaton[node][text[-1]]
    return text


def stream(rng: np.random.Generator, symbols: int) -> str:
    """Strings of the embedded grammar one after the other, the last cut off after `symbols`."""
    symbols = check_whole("symbols", symbols)
    text = ""
    while len(text) < symbols:
        text += string(rng)
    return text[:symbols]


def walk(text: str, automaton: Automaton = EMBEDDED) -> list[int]:
    """The node after each symbol of a text that starts at node 0; after an end it starts anew.

    Raises
    ------
    ValueError
        If a symbol is not legal where it stands.
    """
    nodes, node = [], 0
    for place, symbol in enumerate(text, start=1):
        ways = automaton.get(node, automaton[0])
        if symbol not in ways:
            raise ValueError(
                f"symbol {place} must be {' or '.join(ways)} after {text[: place - 1]!r}, "
                f"got {symbol!r}"
            )
        node = ways[symbol]
        nodes.append(node)
    return nodes


def accepts(text: str, automaton: Automaton = EMBEDDED) -> bool:
    """Whether the text is one whole string of the grammar."""
    try:
        nodes = walk(text, automaton)
    except ValueError:
        return False
    ends = [node not in automaton for node in nodes]
    return bool(ends) and ends[-1] and not any(ends[:-1])


def legal_successors(text: str, automaton: Automaton = EMBEDDED) -> list[str]:
    """What may come after each symbol of a text; after an end, what may come first.

    Parameters
    ----------
    text : str
        Strings of the grammar, the last perhaps unfinished.

    Returns
    -------
    list of str
        One for each symbol; "TP" where T and P are legal.

    Raises
    ------
    ValueError
        If a symbol of the text is not legal where it stands.
    """
    return ["".join(automaton.get(node, automaton[0])) for node in walk(text, automaton)]


def encode(text: str) -> tuple[Array, Array]:
    """Input and target of a text of the embedded grammar.

    Parameters
    ----------
    text : str
        T symbols: strings, the last perhaps unfinished.

    Returns
    -------
    ndarray of float32, (T, 7)
        x: one-hot, in the order of `SYMBOLS`.
    ndarray of float32, (T, 7)
        target: 1 for every symbol that may come next.

    Raises
    ------
    ValueError
        If the text is empty, or a symbol is not legal where it stands.
    """
    if not text:
        raise ValueError("text must hold 1 symbol or more, got none")
    target = [[symbol in legal for symbol in SYMBOLS] for legal in legal_successors(text)]
    return one_hot(text), np.array(target, np.float32)


def one_hot(text: str) -> Array:
    """Symbols as rows of one 1 each, float32 (T, 7)."""
    return np.eye(len(SYMBOLS), dtype=np.float32)[[SYMBOLS.index(symbol) for symbol in text]]


def right(probabilities: NDArray[Any], target: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether every legal symbol is given more than ½ and every other less: (T,) of bool."""
    found: NDArray[np.bool_] = np.all((probabilities > 0.5) == (target > 0.5), axis=-1)
    return found


def strings(rng: np.random.Generator, count: int) -> Split:
    """Embedded strings, each without its last symbol, after which nothing comes.

    Returns
    -------
    list of (x, target)
        See `encode`; the last target is E alone, the one before it the symbol to be remembered.
    """
    return [encode(string(rng)[:-1]) for _ in range(check_whole("count", count))]


def streams(rng: np.random.Generator, count: int, symbols: int = PIECE) -> Split:
    """Pieces of streams, `symbols` long, each from the start of a string.

    Returns
    -------
    list of (x, target)
        See `encode`; after the E of a string the target is B.
    """
    return [encode(stream(rng, symbols)) for _ in range(check_whole("count", count))]


K = len(SYMBOLS)
ONE_BY_ONE = Generated(
    "reber", strings, K, K, (256, 256, 256),
    what="say which symbols may come next", default="strings of the embedded Reber grammar",
)  # fmt: skip
CONTINUAL = Generated(
    "continual-reber", streams, K, K, (256, 64, 64),
    what="say which symbols may come next, without a mark between strings",
    default=f"pieces of {PIECE} symbols of a stream of such strings",
)  # fmt: skip
