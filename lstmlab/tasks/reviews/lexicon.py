"""The words of made-up reviews. In each list the first are common and the last are rare."""

from __future__ import annotations


def _listed(words: str) -> tuple[str, ...]:
    return tuple(words.split())


GOOD = _listed(
    """good great brilliant clever moving charming funny honest gripping superb graceful vivid witty
    tender subtle elegant absorbing daring luminous haunting"""
)
BAD = _listed(
    """bad dull awful clumsy boring silly shallow lazy tedious hollow predictable noisy wooden stale
    bland muddled lifeless pompous feeble insipid"""
)
DEGREES = _listed("very really so quite truly rather simply utterly deeply remarkably")

ASPECTS = _listed(
    """acting plot music camera pace story script cast dialogue ending photography score direction
    editing humour opening soundtrack lighting casting premise finale costumes"""
)
FILMS = _listed("film movie picture")
OTHERS = (
    "her last film", "the first part", "the book", "his early work", "the play", "the trailer",
    "the remake", "that other picture about a lighthouse", "the series", "the short version",
)  # fmt: skip
CROWDS = (
    "critics", "my friends", "the papers", "people", "my neighbours", "the posters", "reviewers",
    "two colleagues of mine",
)  # fmt: skip

PEOPLE = _listed(
    """teacher nurse baker pilot sailor painter lawyer clerk widow soldier farmer singer priest
    dentist waiter tailor surgeon gardener poet miner chemist drummer butcher plumber weaver
    beekeeper locksmith cellist ferryman"""
)
PLACES = _listed(
    """london paris oslo lisbon cairo dublin lima tunis quito osaka bergen porto malta riga ghent
    tartu cork basel turin bern graz aarhus sligo ostend"""
)
THINGS = _listed(
    """letter house map ring horse secret suitcase boat photograph key piano debt garden clock
    violin diary lamp mirror bicycle coat telescope recipe painting kite lantern orchard barometer
    accordion sundial"""
)
DEEDS = _listed(
    """finds loses steals buys hides follows inherits sells repairs burns paints borrows forgets
    destroys polishes"""
)
TIMES = (
    "one night", "during the war", "in the summer", "after a funeral", "before the wedding",
    "on a train", "in the snow", "at the seaside", "over a weekend", "in an empty station",
    "behind a theatre", "under a bridge", "between two storms", "at low tide",
)  # fmt: skip
NUMBERS = _listed("two three four five six seven ten")
