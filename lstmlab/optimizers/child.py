"""The child: a small network whose accuracy says what an update rule is worth.

Bello et al. (2017, section 4.2) train it for one short epoch at each of seven learning rates, and
at the best of them for five; a rule's reward is the accuracy on pictures that were held out.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import skip_init

from lstmlab.optimizers.optimizer import RuleOptimizer
from lstmlab.optimizers.rule import Rule
from lstmlab.tasks import Task
from lstmlab.tasks.generated import check_whole
from lstmlab.tasks.task import Pictures

SMALLEST = 4
"""Pixels a side: the two poolings leave one of them."""
AT_ONCE = 250
"""Pictures that are judged together."""


class ChildNet(nn.Module):
    """Two convolutions of 3 x 3, and a class for each picture.

    Parameters
    ----------
    inputs : tuple of int
        Height, width and channels of a picture; 4 pixels or more a side.
    classes : int
        K, 2 or more.
    filters : int
        Of each convolution.
    generator : torch.Generator, optional
        From which the first weights come; torch's own if not given.

    Raises
    ------
    ValueError
        If an argument is not as above.

    Notes
    -----
    After each convolution come batch normalisation and max(0, x), in the customary order; the
    paper names both (section 4.2). The rest is our decision: of every 2 x 2 the largest, after
    each, and one linear layer to the K classes. Weights begin as torch has them, uniform within
    1/√(inputs of a neuron), biases at 0. The largest is taken before max(0, x), which gives the
    same and is faster.
    """

    def __init__(
        self,
        inputs: tuple[int, int, int],
        classes: int,
        filters: int = 32,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        height, width, channels = _shape(inputs)
        classes = check_whole("classes", classes, least=2)
        filters = check_whole("filters", filters)
        super().__init__()
        self.inputs, self.classes = (height, width, channels), classes
        self.layers = nn.Sequential(
            *_block(channels, filters),
            *_block(filters, filters),
            nn.Flatten(),
            skip_init(nn.Linear, filters * (height // 4) * (width // 4), classes),
        )
        for layer in self.layers:
            if isinstance(layer, nn.Conv2d | nn.Linear):
                bound = 1 / math.sqrt(layer.weight[0].numel())
                nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
            if isinstance(layer, nn.Linear):
                nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of the classes.

        Parameters
        ----------
        x : Tensor of uint8, (B, height, width, channels)
            As `Pictures` have them: 0 to 255, which becomes -1 to 1.

        Returns
        -------
        Tensor of float32, (B, K)
        """
        scaled = x.permute(0, 3, 1, 2).float() / 127.5 - 1
        logits: Tensor = self.layers(scaled)
        return logits


def _block(channels: int, filters: int) -> tuple[nn.Module, ...]:
    """A convolution without bias, which the normalisation would take away, and what follows it."""
    conv = skip_init(nn.Conv2d, channels, filters, 3, padding=1, bias=False)
    return conv, nn.BatchNorm2d(filters), nn.MaxPool2d(2), nn.ReLU()


def _shape(inputs: tuple[int, int, int]) -> tuple[int, int, int]:
    if not isinstance(inputs, tuple | list) or len(inputs) != 3:
        raise ValueError(f"inputs must be height, width and channels, got {inputs!r}")
    height, width, channels = inputs
    check_whole("inputs[2]", channels)
    for side in range(2):
        check_whole(f"inputs[{side}]", inputs[side], least=SMALLEST)
    return int(height), int(width), int(channels)


@dataclass(frozen=True)
class ChildRun:
    """What became of a child.

    Attributes
    ----------
    accuracy : tuple of float
        On the validation set, after each finished epoch.
    loss : tuple of float
        Of each finished epoch: mean cross-entropy in nats a picture, each before its update.
    test : float or None
        Accuracy on the test set at the end, where it was asked for and the run did not fail.
    updates : int
        Made.
    seconds : float
        Wall-clock time.
    failed : str
        Why it was given up, or "".
    """

    accuracy: tuple[float, ...]
    loss: tuple[float, ...]
    test: float | None
    updates: int
    seconds: float
    failed: str = ""

    @property
    def reward(self) -> float:
        """The last accuracy; 0 for a run that failed."""
        return 0.0 if self.failed else self.accuracy[-1]


def train_child(
    rule: Rule | str | Callable[..., torch.optim.Optimizer],
    task: Task,
    *,
    lr: float,
    epochs: int = 1,
    batch: int = 100,
    seed: int = 0,
    examples: int | None = None,
    filters: int = 32,
    engine: str = "auto",
    test: bool = False,
    device: str = "cpu",
) -> ChildRun:
    """Train a child by a rule, and give it up when its loss is no number any more.

    Parameters
    ----------
    rule : Rule, str or callable
        What `RuleOptimizer` takes; or what makes an optimizer of parameters and `lr=`, such as
        `torch.optim.Adam`.
    task : Task
        Of pictures, with a class for each.
    lr : float
        λ.
    epochs : int
        Passes over the examples. A decay in the rule ends with the last.
    batch : int
        Pictures an update.
    seed : int
        Fixes first weights, order and the rule's own draws. torch's generator is left alone.
    examples : int, optional
        How many training pictures are used, the first of the task; all if not given.
    filters : int
        Of `ChildNet`.
    engine : str
        Of `RuleOptimizer`.
    test : bool
        Whether the test set is asked, at the end.
    device : str
        Where to, such as "cuda".

    Returns
    -------
    ChildRun
        The same for the same arguments, apart from its seconds, on the same machine with the same
        number of threads.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as above, or the task is of something else.
    """
    epochs, batch = check_whole("epochs", epochs), check_whole("batch", batch)
    x, classes = _split(task, "train", device)
    n = check_whole("examples", len(x) if examples is None else examples)
    if n > len(x):
        raise ValueError(f"examples must be {len(x)} or fewer, what task has, got {n}")
    began = time.perf_counter()
    weights, order, draws = _streams(seed)
    net = ChildNet(tuple(x.shape[1:]), task.outputs, filters, generator=weights).to(device)
    params = list(net.parameters())
    if isinstance(rule, Rule | str):
        steps = epochs * -(-n // batch)
        optimizer: torch.optim.Optimizer = RuleOptimizer(
            params, rule, lr, generator=draws, steps=steps, engine=engine
        )
    else:
        optimizer = rule(params, lr=lr)

    accuracy: list[float] = []
    losses: list[float] = []
    updates, failed, tested = 0, "", None
    for epoch in range(1, epochs + 1):
        batches = torch.from_numpy(order.permutation(n)).to(device).split(batch)
        made, loss = _epoch(net, optimizer, ((x[some], classes[some]) for some in batches))
        updates += made
        if not math.isfinite(loss):
            failed = f"the loss was {loss} after {updates} updates"
            break
        right = _accuracy(net, *_split(task, "valid", device))
        if right is None:
            failed = f"outputs were not finite after epoch {epoch}"
            break
        accuracy.append(right)
        losses.append(loss)
    if test and not failed:
        tested = _accuracy(net, *_split(task, "test", device))
    seconds = time.perf_counter() - began
    return ChildRun(tuple(accuracy), tuple(losses), tested, updates, seconds, failed)


def _epoch(
    net: ChildNet, optimizer: torch.optim.Optimizer, batches: Iterable[tuple[Tensor, Tensor]]
) -> tuple[int, float]:
    """How many updates were made, and the mean loss; or the first that is not finite, and stop."""
    updates, seen, total = 0, 0, 0.0
    for x, classes in batches:
        loss = nn.functional.cross_entropy(net(x), classes)
        value = float(loss.detach())
        if not math.isfinite(value):
            return updates, value
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        updates, seen, total = updates + 1, seen + len(x), total + len(x) * value
    return updates, total / seen


def _streams(seed: int) -> tuple[torch.Generator, np.random.Generator, torch.Generator]:
    """For the first weights, the order of the pictures, and a rule's own draws."""
    of_weights, of_order, of_draws = np.random.SeedSequence(check_whole("seed", seed, 0)).spawn(3)
    weights, draws = (
        torch.Generator().manual_seed(int(one.generate_state(1)[0]))
        for one in (of_weights, of_draws)
    )
    return weights, np.random.default_rng(of_order), draws


def _pictures(task: Task, split: str) -> Pictures:
    if not isinstance(task, Task) or not isinstance(pictures := task.split(split), Pictures):
        raise ValueError(f"task must be of pictures, got {getattr(task, 'name', task)!r}")
    return pictures


def _split(task: Task, split: str, device: str) -> tuple[Tensor, Tensor]:
    """Pictures as they are, and their classes, without a copy where there need be none."""
    pictures = _pictures(task, split)
    x = torch.from_numpy(np.ascontiguousarray(pictures.x))
    return x.to(device), torch.from_numpy(pictures.classes.astype(np.int64)).to(device)


@torch.no_grad()
def _accuracy(net: ChildNet, x: Tensor, classes: Tensor) -> float | None:
    """The part that is right, with the running statistics of the normalisation; None if NaN."""
    net.eval()
    logits = torch.cat([net(some) for some in x.split(AT_ONCE)])
    net.train()
    if not bool(logits.isfinite().all()):
        return None
    return int((logits.argmax(1) == classes).sum()) / len(classes)
