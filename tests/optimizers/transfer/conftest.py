"""What the tests of transfer share: one thread, and a language of four words."""

from __future__ import annotations

import itertools
import random

import pytest


@pytest.fixture(autouse=True, scope="package")
def _one_thread():
    torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def translation():
    """Three words of four, whose translation is the other word of each, in the same order."""
    from lstmlab.tasks.translation.prepare import prepare

    words = {"sun": "mola", "sea": "teri", "sky": "pano", "sand": "luki"}
    pairs = [
        (" ".join(line), " ".join(words[word] for word in line))
        for length in (2, 3, 4)
        for line in itertools.product(words, repeat=length)
    ]
    random.Random(0).shuffle(pairs)
    splits = {"train": pairs[:300], "valid": pairs[300:318], "test": pairs[318:]}
    return prepare(splits, "generated", size=40, longest=20)
