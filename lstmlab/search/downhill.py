"""Gradient descent over hyperparameters, as Newhouse did it and as it works."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Unpack

import numpy as np

from lstmlab.search.climber import Climb, Climber, norm
from lstmlab.search.cube import Array
from lstmlab.search.customary import Boxed, Options, Stencil
from lstmlab.search.searcher import Direction, check_number
from lstmlab.search.space import Space


class GradientDescent(Climber):
    """Steps of one length against the gradient (Newhouse, Procedure, trials 1 to 5).

        x ← x - step · g / |g|

    Parameters
    ----------
    space : dict of str to optuna distribution
        Without categories.
    step : float
        The paper's are 0.1, 0.01 and 0.5, in the hyperparameters' own units.
    h : float
        Width of the forward differences.
    start, fresh, repetitions, steps, tolerance, seed, direction
        As for every `Climber`; the defaults are the paper's.

    Notes
    -----
    Every step asks for f(x + h) and f(x) anew for each of d coordinates, at the corners of each:
    for two integers and a rate 24 trainings. Where h is lost in rounding (x + h = x), a partial
    derivative is 0 but for the noise. The search ends at a gradient that is 0, shorter than
    `tolerance`, or not finite.

    See Also
    --------
    CustomaryDescent : what `GradientDescent.customary` makes.
    """

    def __init__(
        self,
        space: Space,
        *,
        step: float = 0.1,
        h: float = 1e-8,
        start: Mapping[str, float] | None = None,
        fresh: bool = True,
        repetitions: int = 1,
        steps: int = 10_000,
        tolerance: float = 1e-4,
        seed: int = 0,
        direction: Direction = "minimize",
    ) -> None:
        super().__init__(
            space, start=start, fresh=fresh, repetitions=repetitions, steps=steps,
            tolerance=tolerance, seed=seed, direction=direction,
        )  # fmt: skip
        self.step = check_number(step, "step", np.nextafter(0, 1), np.inf, "more than 0")
        self.h = check_number(h, "h", np.nextafter(0, 1), np.inf, "more than 0")
        self.begin()

    def climb(self) -> Climb:
        """Step after step until `steps`."""
        x = self.start
        for _ in range(self.steps):
            value, g = yield from self.forward(x, self.h)
            self.ended = self.flat(g)
            self.note(x, "end" if self.ended else "gradient", value, g)
            if self.ended:
                return
            x = x - self.step * g / norm(g)
        self.note(x, "end")

    @staticmethod
    def customary(
        space: Space, *, stride: float = 0.2, **options: Unpack[Options]
    ) -> CustomaryDescent:
        """Gradient descent that works within small budgets, a `CustomaryDescent`."""
        return CustomaryDescent(space, stride=stride, **options)


class CustomaryDescent(Boxed):
    """Gradient descent in a box of logarithms, whose stride follows its success.

    The step is the stride long, against the gradient by wide central differences; where a step is
    taken the next may be 1.5 times as long, where none is good it is a quarter of it.

    Parameters
    ----------
    space : dict of str to optuna distribution
        Without categories.
    stride : float
        The first step, in sides of the box.
    **options
        As for `customary.Boxed`.
    """

    def __init__(self, space: Space, *, stride: float = 0.2, **options: Unpack[Options]) -> None:
        super().__init__(space, **options)
        self.stride = check_number(
            stride, "stride", np.nextafter(0, 1), 1, "more than 0, at most 1"
        )
        self.begin()

    def direct(self, here: Stencil) -> tuple[str, Array]:
        """One stride downhill."""
        return "gradient", -self.stride * here.slope / (norm(here.slope) or 1.0)

    def took(self, here: Stencil, alpha: float) -> None:
        """Longer after a step, shorter without one."""
        self.stride *= 1.5 * alpha if alpha else 0.25
