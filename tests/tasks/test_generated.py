"""Tasks that are drawn from a seed: one contract for all of them."""

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
def test_a_seed_is_a_whole_number_from_0_on(name):
    with pytest.raises(ValueError, match="seed must be 0 or more, got -1"):
        load(name, seed=-1)
    with pytest.raises(TypeError):
        load(name, seed=0.5)


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
