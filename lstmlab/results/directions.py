"""What reading in both directions is worth: networks, and floors below which nobody can get.

    python -m lstmlab.results.directions

draws lines of words that begin alike (`lstmlab.results.words`), computes what the best possible
readers of the past, of some frames more and of the whole line would say, and trains networks in one
direction (with targets delayed or not) and in both. Rates are chosen on other seeds and lines than
those reported. It takes about half an hour of one core; the tables are written beside this file.

    python -m lstmlab.results.directions --kept arms.jsonl

notes everything that is finished in a file and, started again, goes on from there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np

from lstmlab.cells import Array, Params, State, forward
from lstmlab.results import Row
from lstmlab.results.kept import Kept
from lstmlab.results.making import command_line, publish
from lstmlab.results.words import LONGEST, PAIR, Labels, Line, judged, known, lines
from lstmlab.training import Network, fastest
from lstmlab.training.losses import softmax
from lstmlab.training.network import REVERSE

NAME, SOURCE = "directions", "generated"
DELAYS = (0, 1, 2, 4, 6, 8, 12, 16)
UPDATES, MOMENTUM = 40_000, 0.9
RATES = (0.003, 0.006, 0.01, 0.02, 0.05)
TUNED_ON, SEEDS = (100, 101), tuple(range(10))
LONG_DELAY, TUNED_ON_LONG = 16, tuple(range(100, 104))
"""With a long delay seeds differ so much that two of them do not choose a rate well."""
BATCH, STEPS = 16, 1000
"""Lines an update, and updates, of the networks that torch trains."""
ADAM_RATES = (0.003, 0.01, 0.03)
STACKS = (("words", 1, 13), ("pairs", 1, 13), ("pairs", 2, 7))
"""Question, layers in each direction, and blocks of each, for about equal numbers of weights."""

Tables = dict[str, list[Row]]


@dataclass(frozen=True)
class Reader:
    """A network for the four words, in one direction or two.

    Attributes
    ----------
    directions : {1, 2}
    blocks : int
        In each direction.
    delay : int
        It answers for frame t after it has read frame t + delay.
    """

    directions: int = 1
    blocks: int = 18
    delay: int = 0

    @property
    def name(self) -> str:
        """Forward, or both."""
        return "both" if self.directions == 2 else "forward"

    @property
    def network(self) -> Network:
        """The network, for five letters and four words."""
        return Network(5, self.blocks, 4, loss="softmax", directions=self.directions)

    def late(self, line: Line) -> Line:
        """The line with `delay` empty frames more, and its words so much later.

        The first `delay` answers count for nothing; word 0 stands there.
        """
        x, word = line
        d = self.delay
        return np.pad(x, ((0, d), (0, 0))), np.pad(word, (d, 0))

    def learn(self, lr: float, seed: int, updates: int = UPDATES) -> Params:
        """Train on a new line for every update; the rate falls to 0 over the second half."""
        rng = np.random.default_rng(seed)
        engine = fastest()(self.network, self.network.init(rng))
        for n, line in enumerate(lines(rng, updates)):
            rate = lr * (1 - MOMENTUM) * min(1.0, 2 * (1 - n / updates))
            engine.step(*self.late(line), rate=rate, momentum=MOMENTUM)
        return engine.weights()

    def says(self, params: Params, test: Sequence[Array]) -> list[Array]:
        """Probabilities of the words at each frame, (T, 4), of every line."""
        late = [self.late((x, np.zeros(len(x), int)))[0] for x in test]
        x, lengths = padded(late)
        one, other = apart(params)
        y = forward(one, x, "V").y
        if other:
            y_reverse = turned(forward(other, turned(x, lengths), "V").y, lengths)
            y = np.concatenate([y, y_reverse], axis=2)
        p = softmax(y @ params["W_y"].T + params["b_y"])
        return [p[self.delay : length, n] for n, length in enumerate(lengths)]


BOTH = Reader(directions=2, blocks=12)
READERS = (*(Reader(delay=d) for d in DELAYS), BOTH)


def says_ahead(params: Params, test: Sequence[Array], ahead: int) -> list[Array]:
    """What `BOTH` says of frame t if its second direction starts at frame t + ahead, or the end.

    The second direction is run for all frames of all lines side by side; a frame that is nearer
    than `ahead` to the end of its line waits until its line has begun.
    """
    x, lengths = padded(test)
    one, other = apart(params)
    y = forward(one, x, "V").y
    frames = np.concatenate(test)
    left = np.concatenate([np.arange(length)[::-1] for length in lengths])
    state: State = {}
    for j in range(ahead, -1, -1):
        at = np.minimum(np.arange(len(frames)) + j, len(frames) - 1)
        trace = forward(other, frames[at][None], "V", **state)
        there = (left >= j)[:, None]
        state = {"y0": trace.y[-1] * there, "c0": trace.c[-1] * there}
    joined = [y[:length, n] for n, length in enumerate(lengths)]
    both = np.concatenate([np.concatenate(joined), state["y0"]], axis=1)
    p = softmax(both @ params["W_y"].T + params["b_y"])
    return np.split(p, np.cumsum(lengths)[:-1])


def apart(params: Params) -> tuple[Params, Params]:
    """The weights of the layers of either direction, under the names of a single one."""
    one = {name: w for name, w in params.items() if not name.endswith((REVERSE, "_y"))}
    other = {n.removesuffix(REVERSE): w for n, w in params.items() if n.endswith(REVERSE)}
    return one, other


def padded(test: Sequence[Array]) -> tuple[Array, Labels]:
    """All lines as one batch, (T, B, 5), with empty frames at their ends; and their lengths."""
    lengths = np.array([len(x) for x in test])
    batch = np.zeros((lengths.max(), len(test), 5), np.float32)
    for n, x in enumerate(test):
        batch[: len(x), n] = x
    return batch, lengths


def turned(batch: Array, lengths: Labels) -> Array:
    """Every line of a padded batch backwards, its padding left at the end."""
    steps = np.arange(len(batch))[:, None]
    read = np.where(steps < lengths, lengths - 1 - steps, steps)
    return np.take_along_axis(batch, read[:, :, None], axis=0)


def stacked(
    question: str, layers: int, blocks: int, lr: float, seed: int, steps: int = STEPS
) -> tuple[Callable[[Sequence[Array]], list[Array]], int]:
    """Train layers in both directions, one on top of the other, by torch's Adam.

    Parameters
    ----------
    question : {"words", "pairs"}
        Which of four words, or only which pair of them.
    layers, blocks : int
    lr : float
    seed : int
    steps : int
        Updates, each on sixteen new lines.

    Returns
    -------
    callable
        From lines (T, 5) to the probabilities of the classes, (T, K) for each.
    int
        How many weights the network has, two biases of torch's counted as one.
    """
    import torch
    from torch.nn.utils.rnn import pack_sequence, unpack_sequence

    from lstmlab.cells import LSTM

    torch.manual_seed(seed)
    classes, of_word = (2, PAIR) if question == "pairs" else (4, np.arange(4))
    body = LSTM(5, blocks, variant="V", num_layers=layers, bidirectional=True)
    head = torch.nn.Linear(2 * blocks, classes)
    weights = [*body.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(weights, lr=lr)
    drawn = lines(np.random.default_rng(seed), steps * BATCH)
    for n in range(steps):
        batch = drawn[n * BATCH : (n + 1) * BATCH]
        x = pack_sequence([torch.from_numpy(x) for x, _ in batch], enforce_sorted=False)
        k = pack_sequence([torch.from_numpy(of_word[w]) for _, w in batch], enforce_sorted=False)
        for group in optimizer.param_groups:
            group["lr"] = lr * min(1.0, 2 * (1 - n / steps))
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(head(body(x)[0].data), k.data).backward()
        optimizer.step()

    def says(test: Sequence[Array]) -> list[Array]:
        with torch.no_grad():
            packed, _ = body(pack_sequence([torch.from_numpy(x) for x in test], False))
            p = packed._replace(data=head(packed.data).softmax(1))
        return [one.numpy() for one in unpack_sequence(p)]

    size = sum(w.numel() for name, w in body.named_parameters() if "bias_hh" not in name)
    return says, size + sum(w.numel() for w in head.parameters())


def best(
    rates: Sequence[float], score: Callable[[float, int], float], seeds: Sequence[int] = TUNED_ON
) -> float:
    """The rate with the lowest mean score over the tuning seeds."""
    return min(rates, key=lambda lr: np.mean([score(lr, seed) for seed in seeds]))


def measures(nats: float, error: float) -> Row:
    """Both measures, for a row."""
    return {"nats": round(nats, 5), "error": round(error, 5)}


def floors(test: Sequence[Array]) -> Tables:
    """What the best reader of so many frames ahead has, for either question."""
    rows: list[Row] = []
    for question, ahead in product(("words", "pairs"), (*DELAYS, LONGEST)):
        right = known(test, ahead, question)
        found = judged(right, right)
        row: Row = {"source": SOURCE, "question": question, "ahead": ahead}
        rows.append(row | measures(*found))
    return {"floors": rows}


def compare(reader: Reader, valid: Sequence[Array], test: Sequence[Array]) -> Tables:
    """Ten networks of a kind; and if it is `BOTH`, how they do if they are cut short."""
    seen = LONGEST if reader.directions == 2 else reader.delay
    right, right_valid = known(test, seen), known(valid, seen)
    at_ahead = {ahead: known(test, ahead) for ahead in DELAYS if reader == BOTH}

    def score(lr: float, seed: int) -> float:
        return judged(reader.says(reader.learn(lr, seed), valid), right_valid)[0]

    rows: list[Row] = []
    shorter: list[Row] = []
    lr = best(RATES, score, TUNED_ON_LONG if reader.delay >= LONG_DELAY else TUNED_ON)
    for seed in SEEDS:
        params = reader.learn(lr, seed)
        setting: Row = {
            "source": SOURCE, "reader": reader.name, "delay": reader.delay,
            "blocks": reader.blocks, "weights": reader.network.size, "lr": lr, "seed": seed,
        }  # fmt: skip
        found = judged(reader.says(params, test), right)
        rows.append(setting | measures(*found))
        for ahead, right_ahead in at_ahead.items():
            found = judged(says_ahead(params, test, ahead), right_ahead)
            cut: Row = {"source": SOURCE, "ahead": ahead, "seed": seed}
            shorter.append(cut | measures(*found))
    return {"": rows, "ahead": shorter}


def compare_stacked(
    question: str, layers: int, blocks: int, valid: Sequence[Array], test: Sequence[Array]
) -> Tables:
    """Ten networks of so many layers in both directions, for one question."""
    right, right_valid = (known(part, LONGEST, question) for part in (test, valid))

    def score(lr: float, seed: int) -> float:
        says, _ = stacked(question, layers, blocks, lr, seed)
        return judged(says(valid), right_valid)[0]

    rows: list[Row] = []
    lr = best(ADAM_RATES, score)
    for seed in SEEDS:
        says, size = stacked(question, layers, blocks, lr, seed)
        setting: Row = {
            "source": SOURCE, "question": question, "layers": layers, "blocks": blocks,
            "weights": size, "lr": lr, "seed": seed,
        }  # fmt: skip
        rows.append(setting | measures(*judged(says(test), right)))
    return {"layers": rows}


def main(arguments: list[str] | None = None) -> None:
    """Compute the tables and record them."""
    plan = (
        READERS, UPDATES, MOMENTUM, RATES, ADAM_RATES, TUNED_ON, TUNED_ON_LONG, SEEDS, LONG_DELAY,
        BATCH, STEPS, STACKS,
    )  # fmt: skip
    kept: Kept[Tables] = Kept(plan, command_line(__doc__).parse_args(arguments).kept)
    valid, test = (
        [x for x, _ in lines(np.random.default_rng([99, part]), 1000)] for part in (0, 1)
    )
    works: dict[str, Callable[[], Tables]] = {"floors": partial(floors, test)}
    for reader in READERS:
        works[f"{reader.name} {reader.delay}"] = partial(compare, reader, valid, test)
    for question, layers, blocks in STACKS:
        works[f"{question} {layers}"] = partial(
            compare_stacked, question, layers, blocks, valid, test
        )
    tables: Tables = {"": [], "floors": [], "ahead": [], "layers": []}
    for name, work in works.items():
        for part, rows in kept.get(name, work).items():
            tables[part] += rows
        print(f"{name}: {kept.seconds:.0f} s in all", flush=True)
    publish(
        NAME,
        tables,
        command="directions",
        seconds=kept.seconds,
        by="float32",
        sources=[SOURCE],
    )


if __name__ == "__main__":
    main()
