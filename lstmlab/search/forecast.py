"""How long a study will take, before it begins."""

import time
from collections.abc import Sequence
from typing import cast

import numpy as np
from optuna.distributions import CategoricalDistribution, IntDistribution

from lstmlab.cells import Array
from lstmlab.search.odyssey import Training
from lstmlab.search.space import draw
from lstmlab.search.strata import Strata
from lstmlab.tasks import load
from lstmlab.training import NumpyEngine, fastest
from lstmlab.training.losses import LOSSES, Target

SIZES = (1 / 6, 1 / 2, 5 / 6)
"""Where the numbers of blocks lie that are measured: the middles of three thirds of the space."""
FRAMES = 400
"""How many frames each network reads, at least."""


def an_epoch(objective: Training, searcher: Strata) -> float:
    """Seconds of one core for one epoch, mean over the variants and three sizes of the space.

    A few sequences are trained on and a few are judged, with every variant; the rest is scaled by
    the number of frames. Code is compiled first, where it is not yet.
    """
    task = load(objective.task, source=objective.source, root=objective.root)
    blocks = cast(IntDistribution, searcher.space["blocks"])
    variants = cast(CategoricalDistribution, searcher.space["variant"]).choices
    engine = NumpyEngine if objective.engine.startswith("NumPy") else fastest()
    frames = {name: sum(len(x) for x, _ in getattr(task, name)) for name in ("train", "valid")}
    sample = _sample(task.train)
    read = sum(len(x) for x, _ in sample)
    seconds = []
    for variant in variants:
        for u in SIZES:
            network = objective.network({"variant": variant, "blocks": draw(blocks, u)}, task)
            cast_ = LOSSES[network.loss].cast
            cases = [(x.astype(np.float32), cast_(target, np.float32)) for x, target in sample]
            machine = engine(network, network.init(np.random.default_rng(0)))
            machine.step(*cases[0], rate=1e-4, momentum=0.9)
            machine.cost(*cases[0])
            began = time.process_time()
            for x, target in cases:
                machine.step(x, target, rate=1e-4, momentum=0.9)
            stepped = time.process_time()
            for x, target in cases:
                machine.cost(x, target)
            judged = time.process_time()
            seconds.append(
                ((stepped - began) * frames["train"] + (judged - stepped) * frames["valid"]) / read
            )
    return float(np.mean(seconds))


def _sample(sequences: Sequence[tuple[Array, Target]]) -> list[tuple[Array, Target]]:
    """The first sequences, so many that they hold `FRAMES` frames."""
    sample, read = list[tuple[Array, Target]](), 0
    for x, target in sequences:
        sample.append((x, target))
        read += len(x)
        if read >= FRAMES:
            break
    return sample
