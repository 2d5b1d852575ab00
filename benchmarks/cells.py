"""How fast are the cells? Six tables; each takes turns with its peer in one process.

    python benchmarks/cells.py                 all of them
    python benchmarks/cells.py updates threads

`updates`: one sequence an update, T = 61, 88 inputs and outputs, float32, one thread, loss and
Nesterov update included, against `torch.nn.LSTM` (no peepholes) + `Linear` + autograd + `SGD`
with `foreach`; and which part of the time the machine itself needs (see `Machine`). `variants`:
time for each floating-point operation, relative to V. `loop`: V against the same block as a Python
loop over torch operations with autograd. `batches`: the torch module against `torch.nn.LSTM`.
`first`: seconds until the first update, without and with what earlier processes left on disk.
`threads`: two runs at once against one, in threads and in processes. Times are medians of turns.
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import argparse
import multiprocessing
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier

import numpy as np
from numba import njit

from lstmlab.cells import LSTM, VARIANTS
from lstmlab.cells.kernel.lanes import LANES, load, store, tanh
from lstmlab.cells.kernel.layer import zeros
from lstmlab.cells.kernel.products import product
from lstmlab.results.turns import Work, in_turns
from lstmlab.training import Network
from lstmlab.training.compiled import CompiledEngine

T, M = 61, 88
BLOCKS = (20, 64, 128, 200)


def roll() -> tuple[np.ndarray, np.ndarray]:
    """A sequence of keys, and the same one step later."""
    keys = (np.random.default_rng(0).random((T + 1, M)) < 0.045).astype(np.float32)
    return keys[:-1], keys[1:]


def ours(blocks: int, variant: str = "V") -> Work:
    """One update by the compiled engine."""
    x, target = roll()
    network = Network(M, blocks, M, variant=variant)
    engine = CompiledEngine(network, network.init(np.random.default_rng(0)))
    return lambda: engine.step(x, target, rate=1e-6, momentum=0.9)


def torchs(blocks: int) -> Work:
    """One update by torch's LSTM."""
    import torch

    return update_of(torch.nn.LSTM(M, blocks), blocks)


def loop(blocks: int) -> Work:
    """One update by a Python loop over torch operations: how one writes a peephole LSTM."""
    import torch
    from torch import nn

    class Peephole(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.ih, self.hh = nn.Linear(M, 4 * blocks), nn.Linear(blocks, 4 * blocks, bias=False)
            self.p = nn.Parameter(torch.zeros(3, blocks))

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, None]:
            y, c, outputs = x.new_zeros(blocks), x.new_zeros(blocks), []
            for bar in self.ih(x):
                i, f, z, o = (bar + self.hh(y)).chunk(4)
                i, f = torch.sigmoid(i + self.p[0] * c), torch.sigmoid(f + self.p[1] * c)
                c = torch.tanh(z) * i + c * f
                y = torch.tanh(c) * torch.sigmoid(o + self.p[2] * c)
                outputs.append(y)
            return torch.stack(outputs), None

    return update_of(Peephole(), blocks)


def update_of(layer: object, blocks: int) -> Work:
    """One update of a torch layer with an output layer on it."""
    import torch
    from torch import nn

    torch.set_num_threads(1)
    output = nn.Linear(blocks, M)
    weights = [*layer.parameters(), *output.parameters()]  # type: ignore[attr-defined]
    sgd = torch.optim.SGD(weights, lr=1e-6, momentum=0.9, nesterov=True, foreach=True)
    x, target = map(torch.tensor, roll())
    cross_entropy = nn.functional.binary_cross_entropy_with_logits

    def update() -> None:
        sgd.zero_grad(set_to_none=True)
        y, _ = layer(x)  # type: ignore[operator]
        cross_entropy(output(y), target, reduction="sum").backward()
        sgd.step()

    return update


@njit
def _read(a: np.ndarray, out: np.ndarray) -> None:
    """Read all of it, four sums side by side."""
    s0 = load(a, 0) * 0
    s1, s2, s3 = s0, s0, s0
    for k in range(0, len(a), 4 * LANES):
        s0 += load(a, k)
        s1 += load(a, k + LANES)
        s2 += load(a, k + 2 * LANES)
        s3 += load(a, k + 3 * LANES)
    store(out, 0, (s0 + s1) + (s2 + s3))


@njit
def _tanh(a: np.ndarray, out: np.ndarray) -> None:
    for k in range(0, len(a), LANES):
        store(out, k, tanh(load(a, k)))


class Machine:
    """What an update of V would take if nothing but the following took time.

    The matrix products at the rate of the fastest one measured here (BLAS or ours), the recurrent
    matrix read twice a step at the speed at which an array of its size can be read, five tanh a
    block and step forward and one an output, and weights and velocities read and written once.
    """

    def __init__(self) -> None:
        n = 256
        a, b, out = (zeros((n, n), np.float32) for _ in range(3))
        rates = in_turns({
            "BLAS": lambda: np.matmul(a, b, out=out),
            "ours": lambda: product(a, b, b[0], 0, out),
        })  # fmt: skip
        self.flops = 2 * n**3 / min(rates.values())
        row = zeros((4096,), np.float32)
        self.tanhs = len(row) / in_turns({"tanh": lambda: _tanh(row, row)}, calls=50)["tanh"]

    def bandwidth(self, numbers: int) -> float:
        """Bytes a second, reading that many float32 again and again."""
        a = zeros((-(-numbers // (4 * LANES)) * 4 * LANES,), np.float32)
        out = zeros((LANES,), np.float32)
        return a.nbytes / in_turns({"read": lambda: _read(a, out)}, calls=200)["read"]

    def seconds(self, blocks: int) -> float:
        """The time for one update of V."""
        N, K = blocks, M
        inside = T * 4 * N * (2 * M + N) * 2  # x W, and both gradients
        outside = T * N * K * 2 * 3
        weights = 4 * N * (M + N + 1) + 3 * N + (N + 1) * K
        recurrent = 2 * T * 4 * N * N * 4 / self.bandwidth(4 * N * N)
        moved = 4 * 4 * weights / self.bandwidth(2 * weights)
        tanhs = T * (5 * N + K) / self.tanhs
        return (inside + outside) / self.flops + recurrent + moved + tanhs


def updates() -> None:
    """One sequence an update, against torch."""
    machine = Machine()
    print(f"machine: {machine.flops / 1e9:.0f} GFLOP/s in a product, "
          f"{machine.tanhs / 1e9:.1f} tanh a nanosecond, {LANES} lanes")  # fmt: skip
    print("blocks   compiled    nn.LSTM   ratio   of the machine's limit")
    for blocks in BLOCKS:
        found = in_turns({"ours": ours(blocks), "torch": torchs(blocks)})
        limit = machine.seconds(blocks)
        print(f"{blocks:6}{1e6 * found['ours']:8.0f} µs{1e6 * found['torch']:8.0f} µs"
              f"{found['torch'] / found['ours']:8.1f}{limit / found['ours']:15.0%}")  # fmt: skip


def variants() -> None:
    """Time for each floating-point operation, relative to V."""
    print("blocks" + "".join(f"{name:>7}" for name in VARIANTS))
    for blocks in (20, 64, 128):
        found = in_turns({name: ours(blocks, name) for name in VARIANTS}, turns=20)
        each = {name: found[name] / operations(name, blocks) for name in VARIANTS}
        print(f"{blocks:6}" + "".join(f"{each[name] / each['V']:7.2f}" for name in VARIANTS))


def operations(variant: str, blocks: int) -> int:
    """Multiplications and additions of an update's matrix products."""
    cell, N = VARIANTS[variant], blocks
    gates = len(cell.gates) * N
    between = gates * gates if cell.full_gate_recurrence else 0
    inside = len(cell.parts) * N * (2 * M + 3 * N) + 3 * between
    return 2 * T * (inside + 3 * N * M)


def against_loop() -> None:
    """V against a loop in Python."""
    print("blocks   compiled   the loop   ratio")
    for blocks in BLOCKS:
        found = in_turns({"ours": ours(blocks), "loop": loop(blocks)}, turns=10, calls=3)
        print(f"{blocks:6}{1e6 * found['ours']:8.0f} µs{1e6 * found['loop']:8.0f} µs"
              f"{found['loop'] / found['ours']:8.1f}")  # fmt: skip


def batches() -> None:
    """Forward and backward of the torch module, H = 128, T = 50."""
    import torch

    torch.set_num_threads(1)
    print("batch       V      nn.LSTM   ratio")
    for B in (1, 8, 32, 128):
        x = torch.randn(50, B, M)

        def work(layer: torch.nn.Module, x: torch.Tensor = x) -> None:
            layer.zero_grad()
            layer(x)[0].sum().backward()

        layers = {"ours": LSTM(M, 128), "torch": torch.nn.LSTM(M, 128)}
        found = in_turns(
            {name: lambda layer=layer: work(layer) for name, layer in layers.items()},
            turns=15, calls=2,
        )  # fmt: skip
        print(f"{B:5}{1e3 * found['ours']:8.2f} ms{1e3 * found['torch']:8.2f} ms"
              f"{found['torch'] / found['ours']:8.2f}")  # fmt: skip


FIRST = """
import time
began = time.perf_counter()
import numpy as np
from lstmlab.training import Network
from lstmlab.training.compiled import CompiledEngine
imported = time.perf_counter()
network = Network(8, 20, 8, variant={variant!r})
x = np.zeros((5, 8), np.float32)
engine = CompiledEngine(network, network.init(np.random.default_rng(0)))
engine.step(x, x, rate=0.1, momentum=0.9)
print(imported - began, time.perf_counter() - imported)
"""


def first() -> None:
    """Seconds until the first update."""
    print("variant   import   first update: compiled   found on disk")
    with tempfile.TemporaryDirectory() as folder:
        for variant in ("V", "NIG", "FGR"):
            runs = [
                subprocess.run(
                    [sys.executable, "-c", FIRST.format(variant=variant)], check=True,
                    capture_output=True, text=True, env=os.environ | {"NUMBA_CACHE_DIR": folder},
                ).stdout.split()
                for _ in range(2)
            ]  # fmt: skip
            (_, new), (imported, old) = (map(float, run) for run in runs)
            print(f"{variant:7}{imported:8.1f} s{new:20.1f} s{old:16.2f} s")


def threads() -> None:
    """Two runs at once against one alone: threads of one process, and processes."""
    print("blocks   one alone   two threads, each   cost   two processes, each   cost")
    for blocks in BLOCKS:
        calls = max(100, 40_000 // blocks)
        works = [ours(blocks), ours(blocks)]

        def several(work: Work, calls: int = calls) -> None:
            for _ in range(calls):
                work()

        def together(works: list[Work] = works) -> None:
            started = [threading.Thread(target=several, args=(work,)) for work in works]
            for thread in started:
                thread.start()
            for thread in started:
                thread.join()

        found = in_turns(
            {"one": lambda works=works: several(works[0]), "two": together}, turns=7, calls=1
        )
        one, two = (1e6 * found[name] / calls for name in ("one", "two"))
        alone, both = (1e6 * seconds for seconds in in_processes(blocks, calls))
        print(f"{blocks:6}{one:9.0f} µs{two:17.0f} µs{two / one - 1:9.0%}"
              f"{both:19.0f} µs{both / alone - 1:7.0%}")  # fmt: skip


def in_processes(blocks: int, calls: int, turns: int = 7) -> tuple[float, float]:
    """Median seconds of an update, in one process while another waits, and while both work."""
    spawn = multiprocessing.get_context("spawn")
    meet, told = spawn.Barrier(2), spawn.SimpleQueue()
    started = [
        spawn.Process(target=_worker, args=(number, blocks, calls, turns, meet, told))
        for number in range(2)
    ]
    for process in started:
        process.start()
    found = [told.get() for _ in started]
    for process in started:
        process.join()
    alone = statistics.median(first for first, _ in found if first is not None)
    return alone, statistics.mean(second for _, second in found)


def _worker(
    number: int, blocks: int, calls: int, turns: int, meet: Barrier, told: SimpleQueue
) -> None:
    """One of the two processes: the first works alone, then both work, and so on."""
    work = ours(blocks)
    seconds: dict[str, list[float]] = {"alone": [], "both": []}
    for _ in range(turns + 1):
        for turn, found in seconds.items():
            meet.wait()
            if turn == "both" or number == 0:
                began = time.perf_counter()
                for _ in range(calls):
                    work()
                found.append((time.perf_counter() - began) / calls)
    first, second = (statistics.median(found[1:]) if found else None for found in seconds.values())
    told.put((first, second))


TABLES = {
    "updates": updates, "variants": variants, "loop": against_loop, "batches": batches,
    "first": first, "threads": threads,
}  # fmt: skip


def main() -> None:
    """Print the tables that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tables", nargs="*", choices=[*TABLES, []], help="all unless named")
    for name in parser.parse_args().tables or TABLES:
        print(f"\n{name}: {TABLES[name].__doc__}")
        TABLES[name]()


if __name__ == "__main__":
    main()
