"""A trace and a piano roll to draw."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from lstmlab.cells import Trace, forward, init_params


@pytest.fixture(scope="module")
def trace() -> Trace:
    """Ten blocks over 20 steps of a batch of three sequences, with weights of standard size 0.7."""
    rng = np.random.default_rng(3)
    params = init_params("V", 4, 10, rng=rng, std=0.7)
    return forward(params, rng.normal(size=(20, 3, 4)), "V")


@pytest.fixture
def roll() -> NDArray[np.float64]:
    """Eight frames: C4 (MIDI 60) held for four and struck again, E4 (64) in the last two."""
    roll = np.zeros((8, 88))
    roll[[0, 1, 2, 3, 6], 60 - 21] = 1.0
    roll[6:, 64 - 21] = 1.0
    return roll
