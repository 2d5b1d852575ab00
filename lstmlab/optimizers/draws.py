"""What `drop` and `noise` draw: numbers that depend on a key, a step, a place and a weight alone.

A draw is SplitMix64 (Steele, Lea and Flood 2014) with a counter: word i of a stream is the
finalizer of seed + (i + 1) γ, so that any word can be had without those before it. NumPy, torch on
any device, and compiled code therefore see the same masks, however the weights are cut into pieces.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lstmlab.optimizers.tokens import NOISE_STD

if TYPE_CHECKING:
    import torch

Words: TypeAlias = NDArray[np.uint64]

GAMMA, FIRST, SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
"""SplitMix64's increment and the two factors of its finalizer."""

BITS = 24
"""Of a word, this many make a number from 0 to 1: as many as float32 holds."""

_ALL = (1 << 64) - 1
UNIT = 2.0**-BITS


def mixed(word: int) -> int:
    """SplitMix64's finalizer of a whole number, taken modulo 2⁶⁴."""
    word &= _ALL
    word = (word ^ (word >> 30)) * FIRST & _ALL
    word = (word ^ (word >> 27)) * SECOND & _ALL
    return word ^ (word >> 31)


def stream(key: int, t: int, draw: int) -> int:
    """The seed of one draw: that of a key, of step t, and of the draw-th random node of a rule."""
    return mixed(mixed(mixed(key) + t * GAMMA) + draw * GAMMA)


def branch(key: int, number: int) -> int:
    """The key of a bucket by its number in its group: of the first, 0, it is the group's."""
    return mixed(key + number * GAMMA) if number else key


def threshold(probability: float) -> int:
    """A number of `BITS` bits falls below it with this probability."""
    return round(probability * (1 << BITS))


def words(seed: int, index: NDArray[np.int64]) -> Words:
    """Words of a stream, for weights numbered as in `index` (of any shape)."""
    word = np.uint64(seed) + (index.astype(np.uint64) + np.uint64(1)) * np.uint64(GAMMA)
    word = (word ^ (word >> np.uint64(30))) * np.uint64(FIRST)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(SECOND)
    return word ^ (word >> np.uint64(31))


def kept(word: Words, probability: float) -> NDArray[np.bool_]:
    """Where `drop` keeps its input: the upper `BITS` bits are not below the threshold."""
    return np.asarray((word >> np.uint64(64 - BITS)) >= np.uint64(threshold(probability)))


def gaussian(word: Words) -> NDArray[np.float64]:
    """`noise`: Box and Muller's transform of the upper and the lower `BITS` bits of a word."""
    u = ((word >> np.uint64(64 - BITS)).astype(np.float64) + 0.5) * UNIT
    turn = (word & np.uint64(2**BITS - 1)).astype(np.float64) * UNIT
    return np.asarray(NOISE_STD * np.sqrt(-2 * np.log(u)) * np.cos(2 * math.pi * turn))


def _signed(word: int) -> int:
    """The number whose 64 bits torch, which has no unsigned arithmetic, reads as this one's."""
    return word - (1 << 64) if word >> 63 else word


def _shifted(word: torch.Tensor, places: int) -> torch.Tensor:
    """The word moved to the right, 0 coming in from the left."""
    return (word >> places) & ((1 << (64 - places)) - 1)


def torch_words(seed: int, index: torch.Tensor) -> torch.Tensor:
    """`words` as int64, on the device of `index`."""
    word = (index + 1) * _signed(GAMMA) + _signed(seed)
    word = (word ^ _shifted(word, 30)) * _signed(FIRST)
    word = (word ^ _shifted(word, 27)) * _signed(SECOND)
    return word ^ _shifted(word, 31)


def torch_kept(word: torch.Tensor, probability: float) -> torch.Tensor:
    """`kept` of torch's words."""
    return _shifted(word, 64 - BITS) >= threshold(probability)


def torch_gaussian(word: torch.Tensor) -> torch.Tensor:
    """`gaussian` of torch's words, in float64."""
    u = (_shifted(word, 64 - BITS).double() + 0.5) * UNIT
    turn = (word & (2**BITS - 1)).double() * UNIT
    return NOISE_STD * (-2 * u.log()).sqrt() * (2 * math.pi * turn).cos()
