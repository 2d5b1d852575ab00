"""Tasks that are drawn from a seed: one contract for all of them."""

import re

import numpy as np
import pytest

from lstmlab.__main__ import main
from lstmlab.tasks import available, load, names

DRAWN = ("reber", "continual-reber", "timing", "adding", "copy")


@pytest.mark.parametrize("name", DRAWN)
def test_auto_and_generated_are_the_same_wherever_it_is_looked(name, tmp_path):
    assert name in names
    assert available(name, root=tmp_path) == "generated"
    for source in ("auto", "generated"):
        task = load(name, source=source, root=tmp_path, download=True)
        assert (task.name, task.source, task.seed) == (name, "generated", 0)


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("source", ["real", "embedded", "JSB Chorales", ""])
def test_there_is_no_other_source(name, source):
    says = f"source must be one of 'auto', 'generated' for {name}, got {source!r}"
    with pytest.raises(ValueError, match=says):
        load(name, source=source)


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("seed", [-1, 0.5, 1.5, True, "0", None, np.float64(1), np.bool_(True)])
def test_a_seed_is_a_whole_number_from_0_on(name, seed):
    says = re.escape(f"seed must be a whole number, 0 or more, got {seed!r}")
    with pytest.raises(ValueError, match=says):
        load(name, seed=seed)


def test_a_seed_may_be_one_of_numpy():
    seed = load("reber", seed=np.uint8(3)).seed
    assert (seed, type(seed)) == (3, int)


def test_the_command_lists_them_and_offers_nothing_to_fetch(capsys):
    assert main(["data"]) == 0
    said = capsys.readouterr().out
    assert said.count("; drawn from a seed") == len(DRAWN)
    for name in DRAWN:
        assert f"{name}\n" in said
        assert main(["data", "fetch", name]) == 1
        assert f"{name} is drawn from a seed: there is nothing to fetch" in capsys.readouterr().err
        assert main(["data", "verify", name]) == 0
        assert f"{name}: drawn from a seed, nothing to verify" in capsys.readouterr().out
