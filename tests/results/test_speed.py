"""The tables of speed: what they hold, from a benchmark that measures nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lstmlab.cells import VARIANTS
from lstmlab.results import speed


class Clockwork:
    """A benchmark whose clock is made up: call number n takes n seconds and more."""

    T, M, LANES = 61, 88, 16
    FIRST = "print('half', {variant!r})"

    class Machine:
        flops, tanhs = 1.234567e11, 1e9

        def seconds(self, blocks: int) -> float:
            return blocks * 1e-6

        def bandwidth(self, numbers: int) -> float:
            return 1e11

    def in_turns(self, works, *, turns=30, calls=10):
        return {name: (n + 1) * 1.23456e-3 for n, name in enumerate(works)}

    def ours(self, blocks, variant="V"):
        assert variant in VARIANTS
        return lambda: None

    torchs = loop = ours

    def operations(self, variant, blocks):
        return blocks * len(variant)

    def roll(self):
        keys = np.zeros((self.T + 1, self.M), np.float32)
        return keys[:-1], keys[1:]


def test_a_row_of_updates_holds_every_engine_and_the_limit():
    (row,) = speed.updates(Clockwork(), (20,))
    assert row == {
        "source": speed.SOURCE, "blocks": 20, "steps": 61, "inputs": 88,
        "compiled_us": 1230.0, "torch_us": 2470.0,
        "numpy_us": 1230.0, "loop_us": 2470.0, "limit_us": 20.0, "gflops": 123.0, "lanes": 16,
    }  # fmt: skip


def test_variants_have_a_row_for_each_size_and_variant():
    rows = speed.variants(Clockwork(), (20, 64))
    assert [(row["blocks"], row["variant"]) for row in rows] == [
        (blocks, name) for blocks in (20, 64) for name in VARIANTS
    ]


def test_the_first_update_is_measured_without_and_with_what_is_on_disk():
    with pytest.raises(ValueError, match="float"):  # what the script prints is read as numbers
        speed.first(Clockwork(), ("V",))
    clock = Clockwork()
    clock.FIRST = "print(0.5, 2 if {variant!r} == 'FGR' else 1)"
    rows = speed.first(clock, ("V", "FGR"))
    assert [(row["variant"], row["compiled_s"], row["found_s"]) for row in rows] == [
        ("V", 1.0, 1.0), ("FGR", 2.0, 2.0),
    ]  # fmt: skip


def test_the_plain_engine_makes_an_update():
    assert np.isfinite(speed.plain(Clockwork(), 2)())


def test_the_benchmark_is_that_of_the_repository(tmp_path: Path):
    assert speed.benchmark().T == 61
    with pytest.raises(FileNotFoundError, match="repository"):
        speed.benchmark(tmp_path / "cells.py")


def test_the_processor_is_named_where_the_system_names_it(tmp_path: Path):
    info = tmp_path / "cpuinfo"
    info.write_text("processor : 0\nmodel name\t: Some Processor 9\nflags : fast\n")
    assert speed.processor(info) == "Some Processor 9"
    assert speed.processor(tmp_path / "none")


def test_it_measures_with_one_thread(monkeypatch):
    started = []
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    monkeypatch.setattr("sys.argv", ["speed"])
    monkeypatch.setattr(speed.subprocess, "run", lambda *a, **k: started.append(k["env"]))
    speed.main()
    assert [env["OMP_NUM_THREADS"] for env in started] == ["1"]
