"""How fast one update is: the compiled engine, its peers, and what the machine itself needs.

    python -m lstmlab.results.speed

measures, in a clone of the repository, with what `benchmarks/cells.py` measures with, and writes
the tables beside this file: updates of V at four sizes, updates of all variants, and seconds until
the first update. It takes some minutes of one core, which should have nothing else to do.
"""

import argparse
import importlib.util
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, cast

import numpy as np

from lstmlab.cells import VARIANTS
from lstmlab.results import Row
from lstmlab.results.making import publish
from lstmlab.results.turns import Work
from lstmlab.training import Network, NumpyEngine

NAME = "speed"
SOURCE = "generated keys"
BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "cells.py"
SIZES = (20, 64, 128, 200)
FIRSTS = ("V", "NIG", "FGR")


class Machine(Protocol):
    """What a machine can do, measured."""

    flops: float
    tanhs: float

    def bandwidth(self, numbers: int) -> float:
        """Bytes a second, reading that many float32 again and again."""

    def seconds(self, blocks: int) -> float:
        """The time for one update of V if nothing but arithmetic and reading took time."""


class Benchmark(Protocol):
    """What this takes from `benchmarks/cells.py`."""

    FIRST: str
    LANES: int
    M: int
    T: int
    Machine: Callable[[], Machine]

    def in_turns(
        self, works: dict[str, Work], *, turns: int = 30, calls: int = 10
    ) -> dict[str, float]:
        """Median seconds of one call of each."""

    def ours(self, blocks: int, variant: str = "V") -> Work:
        """One update by the compiled engine."""

    def torchs(self, blocks: int) -> Work:
        """One update by torch's LSTM."""

    def loop(self, blocks: int) -> Work:
        """One update by a Python loop over torch operations."""

    def operations(self, variant: str, blocks: int) -> int:
        """Multiplications and additions of an update's matrix products."""

    def roll(self) -> tuple[np.ndarray, np.ndarray]:
        """A sequence of keys, and the same one step later."""


def benchmark(path: Path = BENCHMARK) -> Benchmark:
    """The benchmark script as a module.

    Raises
    ------
    FileNotFoundError
        If this is not a clone of the repository: the package alone has no benchmarks.
    """
    spec = importlib.util.spec_from_file_location("benchmark_of_cells", path)
    if spec is None or spec.loader is None or not path.exists():
        raise FileNotFoundError(f"path must be the benchmark of the repository, got {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast(Benchmark, module)


def updates(bench: Benchmark, sizes: Sequence[int] = SIZES, turns: int = 30) -> list[Row]:
    """Microseconds of one update of V by four engines, and the machine's own limit."""
    machine = bench.Machine()
    rows: list[Row] = []
    for blocks in sizes:
        found = bench.in_turns(
            {"compiled": bench.ours(blocks), "torch": bench.torchs(blocks)}, turns=turns
        )
        slow = bench.in_turns(
            {"numpy": plain(bench, blocks), "loop": bench.loop(blocks)}, turns=turns // 3, calls=3
        )
        micro = {f"{name}_us": _rounded(1e6 * s) for name, s in {**found, **slow}.items()}
        rows.append({
            "source": SOURCE, "blocks": blocks, "steps": bench.T, "inputs": bench.M, **micro,
            "limit_us": _rounded(1e6 * machine.seconds(blocks)),
            "gflops": _rounded(machine.flops / 1e9), "lanes": bench.LANES,
        })  # fmt: skip
    return rows


def plain(bench: Benchmark, blocks: int) -> Work:
    """One update by the NumPy engine."""
    x, target = bench.roll()
    network = Network(bench.M, blocks, bench.M)
    engine = NumpyEngine(network, network.init(np.random.default_rng(0)))
    return lambda: engine.step(x, target, rate=1e-6, momentum=0.9)


def variants(bench: Benchmark, sizes: Sequence[int] = SIZES, turns: int = 20) -> list[Row]:
    """Microseconds of one update of each variant, and the operations of its matrix products."""
    rows: list[Row] = []
    for blocks in sizes:
        works = {name: bench.ours(blocks, name) for name in VARIANTS}
        for name, seconds in bench.in_turns(works, turns=turns).items():
            rows.append({
                "blocks": blocks, "variant": name, "us": _rounded(1e6 * seconds),
                "operations": bench.operations(name, blocks),
            })  # fmt: skip
    return rows


def first(bench: Benchmark, names: Sequence[str] = FIRSTS) -> list[Row]:
    """Seconds until the first update, compiled and then found on disk."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            seconds = [_first(bench.FIRST, name, folder) for _ in range(2)]
            rows.append({
                "variant": name, "import_s": _rounded(seconds[1][0]),
                "compiled_s": _rounded(seconds[0][1]), "found_s": _rounded(seconds[1][1]),
            })  # fmt: skip
    return rows


def _first(script: str, variant: str, folder: str) -> tuple[float, float]:
    """Seconds of the import, and of the first update, in a process of its own."""
    made = subprocess.run(
        [sys.executable, "-c", script.format(variant=variant)], check=True, capture_output=True,
        text=True, env=os.environ | {"NUMBA_CACHE_DIR": folder},
    )  # fmt: skip
    imported, update = made.stdout.split()
    return float(imported), float(update)


def processor(info: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's name, where the system tells it."""
    if info.exists():
        for line in info.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _rounded(value: float) -> float:
    """Three digits: the clock does not give more."""
    return float(f"{value:.3g}")


def measure(bench: Benchmark) -> Mapping[str, list[Row]]:
    """All tables."""
    return {"": updates(bench), "variants": variants(bench), "first": first(bench)}


def main() -> None:
    """Do what the command line asks for."""
    argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0]).parse_args()
    if os.environ.get("OMP_NUM_THREADS") != "1":  # NumPy has read it by now: start anew
        one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        command = [sys.executable, "-m", "lstmlab.results.speed"]
        subprocess.run(command, check=True, env=os.environ | one)
        return
    bench = benchmark()
    began = time.perf_counter()
    tables = measure(bench)
    publish(
        NAME,
        tables,
        command="speed",
        seconds=time.perf_counter() - began,
        core=f"one core of {processor()}",
        by=f"{bench.LANES} lanes, float32",
        sources=[SOURCE],
    )


if __name__ == "__main__":
    main()
