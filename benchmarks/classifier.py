"""How fast is an update of the classifier, and of a network on a text, against torch?

    python benchmarks/classifier.py

`reviews`: one update of `Classifier` (embedding 32, one layer, last output) with Adam on 32 reviews
of 20 to 200 words of 5,003, against `torch.nn.Embedding`, `torch.nn.LSTM` on packed and on padded
sequences, `Linear`, autograd and `torch.optim.Adam`. `text`: one update of `CompiledStreamer` with
Adagrad on a window of 50 characters of 65, against the same in torch, the state carried on; and
against `NumpyStreamer`. float32, one thread. They take turns in one process; times are medians.
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from lstmlab.results.turns import Work, in_turns
from lstmlab.training import Network
from lstmlab.training.classifier import Classifier
from lstmlab.training.compiled_stream import CompiledStreamer
from lstmlab.training.stream import NumpyStreamer
from lstmlab.training.updates import Adam

WORDS, D, B = 5003, 32, 32
K, WINDOW = 65, 50


def ours_on_reviews(H: int, xs: list[np.ndarray], targets: list[np.ndarray]) -> Work:
    """One update of the classifier."""
    network = Classifier(WORDS, H, embedding=D)
    params = network.init(np.random.default_rng(0))
    names = list(params)
    w = np.concatenate([params[name].ravel() for name in names])
    ends = np.cumsum([params[name].size for name in names])
    params = {
        name: part.reshape(params[name].shape)
        for name, part in zip(names, np.split(w, ends[:-1]), strict=True)
    }
    rule = Adam(len(w), w.dtype)

    def update() -> None:
        _, grads = network.gradient(params, xs, targets)
        rule(w, np.concatenate([grads[name].ravel() for name in names]), 0.001)

    return update


def torch_on_reviews(
    H: int, xs: list[np.ndarray], targets: list[np.ndarray], *, packed: bool
) -> Work:
    """The same by torch, on packed sequences, or on padded ones whose padding is read too."""
    embedding, lstm, output = nn.Embedding(WORDS, D), nn.LSTM(D, H), nn.Linear(H, 1)
    weights = [*embedding.parameters(), *lstm.parameters(), *output.parameters()]
    adam = torch.optim.Adam(weights, lr=0.001)
    order = sorted(range(len(xs)), key=lambda n: -len(xs[n]))
    lengths = [len(xs[n]) for n in order]
    ends = torch.tensor(lengths) - 1
    padded = nn.utils.rnn.pad_sequence([torch.from_numpy(xs[n]) for n in order])
    wanted = torch.from_numpy(np.stack([targets[n] for n in order]))

    def update() -> None:
        adam.zero_grad()
        if packed:
            _, (h, _) = lstm(pack_padded_sequence(embedding(padded), lengths))
            last = h[0]
        else:
            y, _ = lstm(embedding(padded))
            last = y[ends, torch.arange(len(lengths))]
        nn.functional.binary_cross_entropy_with_logits(output(last), wanted).backward()
        adam.step()

    return update


def torch_on_text(H: int, x: np.ndarray, target: np.ndarray) -> Work:
    """A window of a text by torch; the state goes from one to the next."""
    lstm, output = nn.LSTM(K, H), nn.Linear(H, K)
    weights = [*lstm.parameters(), *output.parameters()]
    adagrad = torch.optim.Adagrad(weights, lr=0.1)
    frames = nn.functional.one_hot(torch.from_numpy(x), K).float()
    wanted = torch.from_numpy(target)
    state = [torch.zeros(1, H), torch.zeros(1, H)]

    def update() -> None:
        adagrad.zero_grad()
        y, last = lstm(frames, (state[0], state[1]))
        nn.functional.cross_entropy(output(y), wanted, reduction="sum").backward()
        nn.utils.clip_grad_value_(weights, 5.0)
        adagrad.step()
        state[:] = [one.detach() for one in last]

    return update


def main() -> None:
    """Print the tables."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    xs = [rng.integers(0, WORDS, rng.integers(20, 201)) for _ in range(B)]
    targets = [rng.integers(0, 2, 1).astype(np.float32) for _ in range(B)]
    mean = sum(map(len, xs)) / B
    print(f"reviews, {B} of {mean:.0f} words: torch's time, packed and padded, / ours")
    for H in (32, 64, 128):
        found = in_turns({
            "ours": ours_on_reviews(H, xs, targets),
            "packed": torch_on_reviews(H, xs, targets, packed=True),
            "padded": torch_on_reviews(H, xs, targets, packed=False),
        }, turns=15, calls=3)  # fmt: skip
        print(f"    H = {H}: {found['packed'] / found['ours']:.2f}, "
              f"{found['padded'] / found['ours']:.2f} ({found['ours'] * 1e3:.1f} ms)")  # fmt: skip
    x, target = rng.integers(0, K, (2, WINDOW))
    print(f"text, {WINDOW} characters: torch's time / ours, NumPy's / ours")
    for H in (64, 100, 200):
        network = Network(K, H, K, variant="NP", loss="softmax")
        params = network.init(np.random.default_rng(0))
        machines = {name: make(network, params) for name, make in
                    (("ours", CompiledStreamer), ("NumPy", NumpyStreamer))}  # fmt: skip
        works: dict[str, Work] = {
            name: lambda machine=machine: machine.step(x, target, rate=0.1, clip=5.0)
            for name, machine in machines.items()
        }
        works["torch"] = torch_on_text(H, x, target)
        found = in_turns(works, turns=15, calls=3)
        print(f"    H = {H}: {found['torch'] / found['ours']:.2f}, "
              f"{found['NumPy'] / found['ours']:.2f} ({found['ours'] * 1e3:.2f} ms)")  # fmt: skip


if __name__ == "__main__":
    main()
