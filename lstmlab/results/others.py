"""Blocks that others changed: GRU, projection, slopes, cortex, beside V and NP, at equal weights.

    python -m lstmlab.results.others --kept FILE

trains them on embedded Reber strings, where what counts is how many updates they need, and on
generated chorales, where it is the loss. Learning rates are chosen on other seeds than those that
are reported. Finished runs are kept in FILE, to go on from.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np

from lstmlab.cells import Array, Variant
from lstmlab.results import Row
from lstmlab.results.exams import SOURCE, Machine, exam, nearest
from lstmlab.results.history import Full, practise
from lstmlab.results.kept import Kept
from lstmlab.results.making import command_line, publish
from lstmlab.tasks import Task, load
from lstmlab.training import Network, NumpyEngine, Recipe, train
from lstmlab.training.gated import GatedNetwork

NAME = "others"
Make = Callable[[int, int, int], Network]


def _of(**switches: bool) -> Make:
    return lambda M, N, K: Network(M, N, K, variant=Variant(**switches))


def _projected(M: int, N: int, K: int) -> Network:
    P = max(1, N // 3)
    return Network(M, N, K, variant=Variant(peepholes=False, projection=P))


BLOCKS: dict[str, Make] = {
    "V": _of(),
    "NP": _of(peepholes=False),
    "GRU": GatedNetwork,
    "NP, projection": _projected,
    "V, slopes": _of(slopes=True),
    "V, cortex": _of(cortex=True),
}
"""(M, N, K) -> the network; a projection is to a third of the blocks."""
TASKS = ("strings", "chorales")
ENTRANTS = {"strings": ("V", "NP", "GRU", "V, slopes", "V, cortex")}
"""Who enters a task, where not all do: a projection is about weights, not about speed."""
RATES = {"strings": (0.1, 0.3), "chorales": (0.003, 0.01, 0.03, 0.1)}
TUNED_ON = {"strings": (100, 101), "chorales": (100,)}
SEEDS = {"strings": tuple(range(10)), "chorales": tuple(range(5))}
RECIPE = Recipe(lr=0.03, momentum=0.9, noise=0.2, epochs=20, patience=6)
WEIGHTS = 20_000
"""About so many for a network of chorales, as in Chung et al. (2014)."""


class Plain(NumpyEngine):
    """The NumPy engine, which also says what it answers."""

    def says(self, x: Array) -> Array:
        """A number for each output, (T, K): above 0 where it gives more than ½."""
        return self.network.predict(self._params, x) - 0.5


def engine(net: Network) -> type[Full] | type[Plain]:
    """The fastest engine that knows what the network is made of."""
    return Full if net.compiles else Plain


@cache
def chorales() -> Task:
    """The generated chorales of seed 0."""
    return load("music", source=SOURCE)


def compete(what: str, block: str, lr: float, seed: int) -> Row:
    """Train one network; its row."""
    began = time.process_time()
    make = BLOCKS[block]
    if what == "chorales":
        task = chorales()
        net = nearest(lambda N: make(task.inputs, N, task.outputs), WEIGHTS)
        recipe = replace(RECIPE, lr=lr)
        run = train(net, task, recipe, seed=seed, engine=engine(net), progress=False)
        found: Row = {
            "updates": len(run.history.valid) * len(task.train), "solved": 0,
            "valid": round(run.valid, 4), "test": round(run.test, 4),
        }  # fmt: skip
    else:
        test = exam(what)
        x, target = test.train[0]
        net = nearest(lambda N: make(x.shape[1], N, target.shape[1]), test.weights)
        rng = np.random.default_rng([seed, 1])
        machine: Machine = engine(net)(net, net.init(rng))
        learned = practise(machine, test, lr, rng)
        found = {
            "updates": learned.updates, "solved": int(learned.solved), "valid": 0,
            "test": round(learned.right, 3),
        }  # fmt: skip
    return {
        "task": what, "block": block, "lr": lr, "seed": seed, "blocks": net.blocks,
        "weights": net.size, **found, "seconds": round(time.process_time() - began, 1),
    }  # fmt: skip


def best_rate(what: str, run: Callable[[float, int], Row]) -> float:
    """The rate that solves the task most often, then soonest; for chorales, the lowest loss.

    Parameters
    ----------
    what : str
        One of `TASKS`.
    run : callable
        (learning rate, seed) -> the row of that run.
    """

    def merit(lr: float) -> tuple[float, ...]:
        rows = [run(lr, seed) for seed in TUNED_ON[what]]
        total = {n: sum(float(row[n]) for row in rows) for n in ("solved", "updates", "valid")}
        if what == "chorales":
            return (-total["valid"],)
        return total["solved"], -total["updates"]

    return max(RATES[what], key=merit)


def study(kept: Kept[Row]) -> list[Row]:
    """Make every run; the rows that are reported."""
    rows: list[Row] = []
    for what in TASKS:
        for block in BLOCKS:
            if block not in ENTRANTS.get(what, BLOCKS):
                continue

            def run(lr: float, seed: int, what: str = what, block: str = block) -> Row:
                name = f"{what}/{block}/{lr}/{seed}"
                return kept.get(name, lambda: compete(what, block, lr, seed))

            lr = best_rate(what, run)
            found = [run(lr, seed) for seed in SEEDS[what]]
            rows += found
            middle = {n: np.median([float(row[n]) for row in found]) for n in ("updates", "test")}
            solved = sum(row["solved"] == 1 for row in found)
            print(f"{what}, {block}, lr {lr}: {solved} solved, medians {middle}", flush=True)
    return rows


def main() -> None:
    """Compute the table and record it."""
    kept: Kept[Row] = Kept((RECIPE, WEIGHTS), command_line(__doc__).parse_args().kept)
    rows = study(kept)
    tuning = [row for row in kept.asked.values() if row["seed"] in TUNED_ON[str(row["task"])]]
    publish(
        NAME,
        {part: [{"source": SOURCE, **row} for row in some]
         for part, some in (("", rows), ("tuning", tuning))},
        command="others",
        seconds=kept.seconds,
        by="NumPy and compiled engine, float32",
        sources=[SOURCE],
    )


if __name__ == "__main__":
    main()
