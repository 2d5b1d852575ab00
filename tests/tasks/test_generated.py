"""Tasks that are drawn from a seed: one contract for all of them."""

import pytest

from lstmlab.tasks import __main__ as command
from lstmlab.tasks import available, load, names

DRAWN = ("reber", "continual-reber", "timing")


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
    assert command.main(["list"]) == 0
    said = capsys.readouterr().out
    for name in DRAWN:
        assert f"{name}: generated (drawn from a seed, nothing to fetch)" in said
        with pytest.raises(SystemExit):
            command.main(["fetch", name])
