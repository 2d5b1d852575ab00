"""A rule by torch's own operations, on all parameters as one vector: on any device and dtype."""

from __future__ import annotations

import torch
from torch import Tensor

from lstmlab.optimizers.evaluate import AVERAGES, Step, evaluate, remembered
from lstmlab.optimizers.flat import Bucket
from lstmlab.optimizers.graph import Graph


class Foreach:
    """The engine that needs nothing but torch.

    Parameters
    ----------
    graph : tuple of Node
        Of the rule.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.reads_weights = any(node.op.endswith("*w") for node in graph)
        self.draws = any(node.random for node in graph)

    @torch.no_grad()
    def __call__(
        self, bucket: Bucket, first: int, last: int, gradients: list[Tensor], step: Step, lr: float
    ) -> None:
        """Move parameters first … last - 1, and their averages."""
        params, sizes = bucket.params[first:last], bucket.sizes[first:last]
        start, stop = bucket.offsets[first], bucket.offsets[last]
        g = torch.cat([gradient.reshape(-1) for gradient in gradients])
        averages = {name: average[start:stop] for name, average in bucket.averages.items()}
        for name, average in averages.items():
            average.copy_(remembered(name, average, g, step.betas[AVERAGES.index(name)]))
        update = evaluate(
            self.graph,
            w=torch.cat([p.reshape(-1) for p in params]) if self.reads_weights else g,
            g=g,
            averages=averages,
            step=step,
            index=torch.arange(start, stop, device=g.device) if self.draws else None,
        )
        parts = [part.view_as(p) for part, p in zip(update.split(sizes), params, strict=True)]
        torch._foreach_add_(params, parts, alpha=-lr)
