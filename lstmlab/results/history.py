"""The ages of the LSTM, each on the task that it was made for: who learns it, and how soon?

    python -m lstmlab.results.history --kept FILE

chooses a learning rate for every block, gradient and task on three seeds, trains ten other seeds
with it, and writes the table beside this file. Finished runs are kept in FILE, to go on from.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lstmlab.cells import Array, Cell, Params, Variant, as_cell, forward
from lstmlab.results import Row
from lstmlab.results.exams import SOURCE, Exam, Machine, exam, fitting, marks, until_mistake
from lstmlab.results.kept import Kept
from lstmlab.results.making import command_line, publish
from lstmlab.tasks import reber
from lstmlab.training.compiled import CompiledEngine
from lstmlab.training.truncated import TruncatedEngine

NAME = "history"
BLOCKS: dict[str, Cell] = {
    "SRN": as_cell("SRN"),
    "FGR+NFG+NP": Variant(forget_gate=False, peepholes=False, full_gate_recurrence=True),
    "NFG+NP": Variant(forget_gate=False, peepholes=False),
    "NP": as_cell("NP"),
    "V": as_cell("V"),
}
"""The block of 1997 as published, without its full gate recurrence, with a forget gate, and V."""
RATES = (0.01, 0.03, 0.1, 0.3, 1.0)
MOMENTUM, CLIP = 0.9, 1.0
TUNED_ON = (100, 101, 102)
SEEDS = tuple(range(10))
BEATS = (5, 10, 20)
"""Steps from spike to spike."""
DELAYS = (5, 10)
"""Steps between two spikes that are to be told from one step less."""


class Full(CompiledEngine):
    """The engine of the exact gradient, which also says what it answers."""

    def says(self, x: Array) -> Array:
        """A number for each output, (T, K): above 0 where it gives more than ½."""
        return self._predict(x)


class Truncated(TruncatedEngine):
    """The engine of the truncated gradient, which also says what it answers."""

    def says(self, x: Array) -> Array:
        """A number for each output, (T, K): above 0 where it gives more than ½."""
        return self._predict(x)


GRADIENTS: dict[str, type[Full] | type[Truncated]] = {"truncated": Truncated, "full": Full}


@dataclass
class Learned:
    """How one training went.

    Attributes
    ----------
    updates : int
        How many were made.
    solved : bool
        Whether no validation sequence has a mistake.
    right, until : float
        Share of the test sequences without a mistake; mean steps before the first.
    params : dict of str to ndarray
        The last weights.
    """

    updates: int
    solved: bool
    right: float
    until: float
    params: Params


def learn(
    block: str | Cell, gradient: str, what: str, lr: float, seed: int, updates: int | None = None
) -> Learned:
    """Train one network, one sequence an update, until it has passed its exam.

    Parameters
    ----------
    block : str or Cell
        One of `BLOCKS`, or any other cell.
    gradient : {"truncated", "full"}
    what : str
        The exam.
    lr : float
        Learning rate; `lr * (1 - momentum)` is applied, as in the paper.
    seed : int
        Of the first weights, from N(0, 0.1²), and of the order of the sequences.
    updates : int, optional
        At most so many; the exam's number if not given.

    Notes
    -----
    Nesterov's momentum; every entry of the gradient is clipped to [-1, 1].
    """
    test = exam(what)
    cell = BLOCKS[block] if isinstance(block, str) else block
    net = fitting(cell, test)
    rng = np.random.default_rng([seed, 1])
    machine = GRADIENTS[gradient](net, net.init(rng))
    return practise(machine, test, lr, rng, updates)


def practise(
    machine: Machine, test: Exam, lr: float, rng: np.random.Generator, updates: int | None = None
) -> Learned:
    """Train what the machine holds, one sequence an update, until it has passed the exam."""
    steps, solved, made = test.stops or None, False, 0
    for made in range(1, (updates or test.updates) + 1):
        x, target = test.train[int(rng.integers(len(test.train)))]
        if test.stops and made % 20 == 0:
            steps = max(test.stops, until_mistake(machine, x, target) + 1)
        E = machine.step(
            x[:steps], target[:steps], rate=lr * (1 - MOMENTUM), momentum=MOMENTUM, clip=CLIP
        )
        if not np.isfinite(E):
            break
        if made % test.every == 0 and marks(machine, test.valid)[0] == 1:
            solved = True
            break
    right, until = marks(machine, test.test())
    return Learned(made, solved, right, until, machine.weights())


def trained(what: str, block: str, gradient: str, lr: float, seed: int) -> Row:
    """The row of one run."""
    began = time.process_time()
    learned = learn(block, gradient, what, lr, seed)
    net = fitting(BLOCKS[block], exam(what))
    return {
        "task": what, "block": block, "gradient": gradient, "lr": lr, "seed": seed,
        "blocks": net.blocks, "weights": net.size, "updates": learned.updates,
        "solved": int(learned.solved), "right": round(learned.right, 3),
        "until": round(learned.until, 1), "seconds": round(time.process_time() - began, 2),
    }  # fmt: skip


def best_rate(run: Callable[[float, int], Row]) -> float:
    """The rate that solves a task most often on the tuning seeds; of several, soonest.

    Parameters
    ----------
    run : callable
        (learning rate, seed) -> the row of that run.
    """

    def merit(lr: float) -> tuple[int, int, float]:
        rows = [run(lr, seed) for seed in TUNED_ON]
        solved, updates, until = (
            sum(float(row[name]) for row in rows) for name in ("solved", "updates", "until")
        )
        return int(solved), -int(updates), until

    return max(RATES, key=merit)


def study(kept: Kept[Row], arms: Sequence[tuple[str, str, str]]) -> list[Row]:
    """The reported rows of every arm: task, block, gradient."""
    rows: list[Row] = []
    for what, block, gradient in arms:

        def run(lr: float, seed: int, arm: tuple[str, str, str] = (what, block, gradient)) -> Row:
            return kept.get("/".join(map(str, (*arm, lr, seed))), lambda: trained(*arm, lr, seed))

        lr = best_rate(run)
        found = [run(lr, seed) for seed in SEEDS]
        rows += found
        solved = sum(row["solved"] == 1 for row in found)
        needed = np.median([float(row["updates"]) for row in found])
        until = np.median([float(row["until"]) for row in found])
        said = f"{solved} solved, median {needed:.0f} updates, {until:.0f} steps until a mistake"
        print(f"{what}, {block}, {gradient}, lr {lr}: {said}", flush=True)
    return rows


def arms() -> list[tuple[str, str, str]]:
    """What is compared: task, block and gradient."""
    reading = [(w, b, g) for w in ("strings", "stream") for g in GRADIENTS for b in BLOCKS]
    beat = [
        (f"beat {F}", b, g) for F in BEATS for g in GRADIENTS for b in ("NFG+NP", "NP", "V")
        if b != "NFG+NP" or F == BEATS[1]
    ]  # fmt: skip
    late = [
        (f"delay {F}", b, g) for F in DELAYS for g in GRADIENTS for b in ("NP", "V")
    ]
    return reading + beat + late


def without_cells(params: Params, text: str) -> tuple[float, float]:
    """What a stream leaves in the cells of NFG+NP, and how right it is by their signs alone.

    Parameters
    ----------
    params : dict of str to ndarray
        Of a network that was trained on the stream.
    text : str
        The stream.

    Returns
    -------
    float
        The smallest cell at the end, in size.
    float
        Share of right answers from symbol 101 on, if tanh(c) is replaced by the sign that c has
        after symbol 100: then every block is an ordinary unit, y = ±o.
    """
    x, target = reber.encode(text)
    block = {name: w for name, w in params.items() if name not in ("W_y", "b_y")}
    trace = forward(block, x, BLOCKS["NFG+NP"])
    sign, y = np.sign(trace.c[99]), trace.y[99]
    right = []
    for symbol, legal in zip(x[100:], target[100:], strict=True):
        bar = params["W_o"] @ symbol + params["R_o"] @ y + params["b_o"]
        y = sign / (1 + np.exp(-bar))
        right.append(bool(np.all((params["W_y"] @ y + params["b_y"] > 0) == (legal > 0))))
    return float(np.abs(trace.c[-1]).min()), float(np.mean(right))


def signs(rows: Sequence[Row]) -> list[Row]:
    """`without_cells` after 4,000 symbols, for the runs of NFG+NP that learned the stream."""
    text = reber.stream(np.random.default_rng(7), 4000)
    found: list[Row] = []
    for row in rows:
        arm = (row["task"], row["block"], row["gradient"])
        if arm == ("stream", "NFG+NP", "full") and row["solved"]:
            lr, seed = float(row["lr"]), int(row["seed"])
            params = learn("NFG+NP", "full", "stream", lr, seed).params
            smallest, right = without_cells(params, text)
            found.append({"seed": seed, "smallest": round(smallest, 1), "right": round(right, 3)})
    return found


def main() -> None:
    """Compute the table and record it."""
    kept: Kept[Row] = Kept((BLOCKS, MOMENTUM, CLIP), command_line(__doc__).parse_args().kept)
    rows = study(kept, arms())
    publish(
        NAME,
        {"": [{"source": SOURCE, **row} for row in rows], "signs": signs(rows)},
        command="history",
        seconds=kept.seconds,
        by="compiled engine, float32",
        sources=[SOURCE],
    )


if __name__ == "__main__":
    main()
