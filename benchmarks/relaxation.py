"""How long does one evaluation of the relaxation's objective take, against torch?

    python benchmarks/relaxation.py

`CharRNN(100)`, first weights included: 100 windows of a text by 20 to 800 simple recurrent units,
learned from with Adagrad and clipped gradients; and the same with `torch.nn.RNN`, `Linear`,
autograd and `torch.optim.Adagrad`, the state carried on. float32, one thread, on the generated
play. They take turns in one process; times are medians. Their losses, the median of five seeds
each, differ by first weights alone.
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

from statistics import median

import numpy as np
import torch
from torch import nn

from lstmlab.results.turns import Work, in_turns
from lstmlab.search.newhouse import CharRNN
from lstmlab.tasks import load

STEPS, RATE, SEEDS = 100, 0.01, 5


def by_torch(codes: np.ndarray, characters: int, H: int, T: int, seed: int) -> float:
    """Nats per character of the same training by torch."""
    torch.manual_seed(seed)
    rnn, output = nn.RNN(characters, H), nn.Linear(H, characters)
    weights = [*rnn.parameters(), *output.parameters()]
    with torch.no_grad():
        for w in weights:
            w.normal_(0, 0.01) if w.ndim == 2 else w.zero_()
    adagrad = torch.optim.Adagrad(weights, lr=RATE)
    state, total = torch.zeros(1, H), 0.0
    for n in range(STEPS):
        window = torch.from_numpy(codes[n * T : (n + 1) * T + 1]).long()
        frames = nn.functional.one_hot(window[:-1], characters).float()
        adagrad.zero_grad()
        y, state = rnn(frames, state.detach())
        loss = nn.functional.cross_entropy(output(y), window[1:], reduction="sum")
        loss.backward()
        nn.utils.clip_grad_value_(weights, 5.0)
        adagrad.step()
        total += loss.item()
    return total / (STEPS * T)


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    task = load("shakespeare", source="generated")
    codes, objective = task.train[0][0], CharRNN(STEPS)

    def ours(H: int, T: int, seed: int) -> float:
        return float(objective({"hidden": H, "length": T, "lr": RATE}, seed)["nats"])

    def torchs(H: int, T: int, seed: int) -> float:
        return by_torch(codes, task.inputs, H, T, seed)

    print("  H   T   ours (ms)  torch (ms)  torch / ours   nats per character, both")
    for H in (20, 100, 400, 800):
        for T in (5, 25, 40):
            works: dict[str, Work] = {
                "ours": lambda H=H, T=T: ours(H, T, 0), "torch": lambda H=H, T=T: torchs(H, T, 0)
            }  # fmt: skip
            took = in_turns(works, turns=7, calls=1)
            nats = [median(f(H, T, seed) for seed in range(SEEDS)) for f in (ours, torchs)]
            times = f"{took['ours'] * 1e3:11.1f} {took['torch'] * 1e3:11.1f}"
            ratio = took["torch"] / took["ours"]
            print(f"{H:3} {T:3} {times} {ratio:13.1f} {nats[0]:13.3f} {nats[1]:8.3f}")


if __name__ == "__main__":
    main()
