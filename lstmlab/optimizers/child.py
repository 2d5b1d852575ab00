"""The child: a small network whose accuracy says what an update rule is worth.

Bello et al. (2017, section 4.2) train it for one short epoch at each of seven learning rates, and
at the best of them for five; a rule's reward is the accuracy on pictures that were held out.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from lstmlab.optimizers.convnet import ChildNet
from lstmlab.optimizers.devices import check_device
from lstmlab.optimizers.evaluate import BETAS
from lstmlab.optimizers.optimizer import RuleOptimizer
from lstmlab.optimizers.rule import Rule
from lstmlab.tasks import Task
from lstmlab.tasks.generated import check_whole
from lstmlab.tasks.task import Pictures

__all__ = ["ChildNet", "ChildRun", "Hopeless", "train_child"]

AT_ONCE = 250
"""Pictures that are judged together."""


@dataclass(frozen=True)
class Hopeless:
    """When a training is given up for showing no promise.

    Parameters
    ----------
    after : int
        After so many updates it is judged, once. A training that has fewer never is.
    window : int
        By the mean of so many losses, the last; `after` or fewer.
    margin : float
        In nats: that mean has to be below ln K - margin, where ln K is the loss of a guess among
        K classes.
    exploded : float
        Above 1: a loss above so many times ln K ends a training at once, whenever it comes.

    Raises
    ------
    ValueError
        If an argument is not as above.

    Notes
    -----
    The paper stops its finalists early (section 5.2) and does not say when; this is our decision.
    Of 2,100 trainings of 300 random rules on the digits (500 pictures, minibatches of 20, 8
    filters) these numbers give up 88 in a hundred, and 6 fail. Of the 52 rules that come to an
    accuracy above 0.5 in five epochs they give up five at every rate, slow ones such as
    clip(sign(g), 1e-4).
    """

    after: int = 12
    window: int = 5
    margin: float = 0.0
    exploded: float = 10.0

    def __post_init__(self) -> None:
        check_whole("after", self.after)
        if check_whole("window", self.window) > self.after:
            raise ValueError(f"window must be {self.after}, `after`, or less, got {self.window}")
        for name, least in (("margin", 0.0), ("exploded", 1.0)):
            number = getattr(self, name)
            if isinstance(number, bool) or not isinstance(number, int | float):
                raise ValueError(f"{name} must be a number, got {number!r}")
            if not least <= number < math.inf:
                raise ValueError(f"{name} must be finite and {least:g} or more, got {number!r}")

    def verdict(self, losses: Sequence[float], classes: int) -> str:
        """Why a training is given up after these losses, one an update; "" if it goes on."""
        chance, n = math.log(classes), len(losses)
        if losses[-1] > self.exploded * chance:
            return f"the loss was {losses[-1]:.3g} after {n - 1} updates"
        recent = float(np.mean(losses[-self.window :]))
        if n == self.after and recent >= chance - self.margin:
            return f"the loss was {recent:.3g} on average in updates {n - self.window + 1} to {n}"
        return ""


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
        Why it could not go on, or "".
    stopped : str
        Why it was given up as hopeless, or "".
    """

    accuracy: tuple[float, ...]
    loss: tuple[float, ...]
    test: float | None
    updates: int
    seconds: float
    failed: str = ""
    stopped: str = ""

    @property
    def reward(self) -> float:
        """The last accuracy; 0 for a run that failed or was stopped."""
        return 0.0 if self.failed or self.stopped else self.accuracy[-1]


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
    betas: tuple[float, float, float] = BETAS,
    test: bool = False,
    device: str = "cpu",
    hopeless: Hopeless | None = None,
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
    betas : tuple of float
        Of `RuleOptimizer`; what makes an optimizer of its own sees to them itself.
    test : bool
        Whether the test set is asked, at the end.
    device : str
        Where to, such as "cuda".
    hopeless : Hopeless, optional
        When it is given up before; never if not given.

    Returns
    -------
    ChildRun
        The same for the same arguments, apart from its seconds, on the same machine with the same
        number of threads.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as above, torch has no such device, or the task is of something else.
    """
    check_device(device)
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
            params, rule, lr, betas=betas, generator=draws, steps=steps, engine=engine
        )
    else:
        optimizer = rule(params, lr=lr)

    accuracy: list[float] = []
    losses: list[float] = []
    watch, tested = _Watch(hopeless, task.outputs), None
    for epoch in range(1, epochs + 1):
        batches = torch.from_numpy(order.permutation(n)).to(device).split(batch)
        loss = _epoch(net, optimizer, ((x[some], classes[some]) for some in batches), watch)
        if watch.over:
            break
        right = _accuracy(net, *_split(task, "valid", device))
        if right is None:
            watch.failed = f"outputs were not finite after epoch {epoch}"
            break
        accuracy.append(right)
        losses.append(loss)
    if test and not watch.over:
        tested = _accuracy(net, *_split(task, "test", device))
    seconds = time.perf_counter() - began
    made = tuple(accuracy), tuple(losses), tested, watch.updates, seconds
    return ChildRun(*made, watch.failed, watch.stopped)


@dataclass
class _Watch:
    """Sees every loss, and says when a training is over before its time."""

    hopeless: Hopeless | None
    classes: int
    losses: list[float] = field(default_factory=list)
    updates: int = 0
    failed: str = ""
    stopped: str = ""

    @property
    def over(self) -> bool:
        return bool(self.failed or self.stopped)

    def see(self, loss: float) -> bool:
        """Whether there is no need to go on after this loss."""
        self.losses.append(loss)
        if not math.isfinite(loss):
            self.failed = f"the loss was {loss} after {self.updates} updates"
        elif self.hopeless is not None:
            self.stopped = self.hopeless.verdict(self.losses, self.classes)
        return self.over


def _epoch(
    net: ChildNet,
    optimizer: torch.optim.Optimizer,
    batches: Iterable[tuple[Tensor, Tensor]],
    watch: _Watch,
) -> float:
    """Train until the epoch or the training is over; the mean loss."""
    seen, total = 0, 0.0
    for x, classes in batches:
        loss = nn.functional.cross_entropy(net(x), classes)
        value = float(loss.detach())
        if watch.see(value):
            break
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        watch.updates, seen, total = watch.updates + 1, seen + len(x), total + len(x) * value
    return total / seen if seen else math.nan


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
