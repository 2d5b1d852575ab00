"""Sentences where torch has another default device."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from lstmlab.optimizers.transfer.sentences import Sentences


def test_torchs_default_device_changes_nothing():
    """On "meta" there are no numbers: a tensor that was made there could not be used."""
    pairs = [(np.arange(3, 3 + n), np.arange(4, 5 + n)) for n in (2, 5, 1, 3)]
    here = Sentences(pairs)
    with torch.device("meta"):
        there = Sentences(pairs)
        found = [there.padded(some) for some in there.in_order(3)]
        drawn = there.batches(2, 4, np.random.default_rng(0))
    for one, other in zip(found, map(here.padded, here.in_order(3)), strict=True):
        assert all(torch.equal(x, y) for x, y in zip(one, other, strict=True))
    assert all(map(torch.equal, drawn, here.batches(2, 4, np.random.default_rng(0))))
