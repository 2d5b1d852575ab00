"""Newton's method over hyperparameters, as Newhouse did it and as it works."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Unpack

import numpy as np

from lstmlab.search.climber import Climb, Climber, norm
from lstmlab.search.coordinates import Place
from lstmlab.search.cube import Array
from lstmlab.search.quadratic import fold, newton_step, places, rounding
from lstmlab.search.searcher import Direction, check_number
from lstmlab.search.space import Space
from lstmlab.search.wide import CustomaryNewton, Widths


class Newton(Climber):
    """Steps to where a quadratic model is stationary (Newhouse, Procedure, trials 6 and 7).

        x ← x - multiplier · H⁻¹ g

    and, where the Hessian H is singular,

        x ← x - fallback · g / |g|

    Parameters
    ----------
    space : dict of str to optuna distribution
        Without categories.
    multiplier : float
        1 in trial 6, 1000 in trial 7.
    fallback : float
        Length of the step against the gradient. The text and the listing say 10, but the rows of
        Figs. 3A and 3B were made with 1; and 10 steps over the learning rates, 1e-4 to 1, for ever.
    h : float
        Width of the gradient's forward differences.
    h_2 : float
        Width of the Hessian's recursive ones.
    start, fresh, repetitions, steps, tolerance, seed, direction
        As for every `Climber`; the defaults are the paper's.

    Attributes
    ----------
    H : (d, d)
        The last Hessian, symmetric only as far as the objective's noise lets it be.

    Notes
    -----
    Every step asks for 2d values for the gradient and 4d² for the Hessian, each at the corners of
    its cell: for two integers and a rate, 168 trainings. With noise of size ε a gradient is about
    ε / h and a Hessian ε / h_2², so a step is about h_2² / h long whatever the objective is: 1e-4.

    The listing falls back where det H = 0, to the bit. Second differences that are rounding alone
    (`quadratic.rounding`) count as 0 here: under the arches, of size 10⁶, those of equal values are
    0 or ±466, as the order of additions will have it. On the arches alone this gives rows 0 to 10
    of both trials.

    The search ends at a gradient that is 0, shorter than `tolerance`, or not finite. Where a step
    is too short to move x and every training is remembered, it ends as well ("step underflow").

    See Also
    --------
    lstmlab.search.wide.CustomaryNewton : what `Newton.customary` makes.
    """

    def __init__(
        self,
        space: Space,
        *,
        multiplier: float = 1.0,
        fallback: float = 1.0,
        h: float = 1e-8,
        h_2: float = 1e-6,
        start: Mapping[str, float] | None = None,
        fresh: bool = True,
        repetitions: int = 1,
        steps: int = 1000,
        tolerance: float = 1e-4,
        seed: int = 0,
        direction: Direction = "minimize",
    ) -> None:
        super().__init__(
            space, start=start, fresh=fresh, repetitions=repetitions, steps=steps,
            tolerance=tolerance, seed=seed, direction=direction,
        )  # fmt: skip
        positive = np.nextafter(0, 1)
        self.multiplier = check_number(multiplier, "multiplier", positive, np.inf, "more than 0")
        self.fallback = check_number(fallback, "fallback", positive, np.inf, "more than 0")
        self.h = check_number(h, "h", positive, np.inf, "more than 0")
        self.h_2 = check_number(h_2, "h_2", 1e-150, np.inf, "1e-150 or more")
        self.H = np.zeros((len(self.space),) * 2)
        self.begin()

    def climb(self) -> Climb:
        """Step after step until `steps`."""
        x = self.start
        for _ in range(self.steps):
            value, g = yield from self.forward(x, self.h)
            self.ended = self.flat(g)
            if self.ended:
                self.note(x, "end", value, g)
                return
            self.H = yield from self.second(x)
            s = newton_step(g, self.H)
            kind = "gradient" if s is None else "newton"
            with np.errstate(over="ignore", invalid="ignore"):
                s = -self.fallback * g / norm(g) if s is None else self.multiplier * s
            if not self.fresh and (x + s == x).all():
                self.ended = "step underflow"
                self.note(x, "end", value, g)
                return
            self.note(x, kind, value, g)
            x = x + s
        self.note(x, "end")

    def second(self, x: Array) -> Generator[list[Place], list[float], Array]:
        """The Hessian at x, (d, d): each entry from its own four values, as in the listing."""
        d = len(x)
        wanted = [places(x, (i, j), self.h_2) for i in range(d) for j in range(d)]
        costs = np.array((yield [self.at(place) for four in wanted for place in four]))
        H = np.array([fold(four, self.h_2) for four in costs.reshape(-1, 4)]).reshape(d, d)
        noise = [rounding(float(np.abs(four).max()), self.h_2) for four in costs.reshape(-1, 4)]
        return np.asarray(np.where(np.abs(H) <= np.reshape(noise, (d, d)), 0.0, H))

    @staticmethod
    def customary(space: Space, **options: Unpack[Widths]) -> CustomaryNewton:
        """Newton's method that works within small budgets, a `CustomaryNewton`."""
        return CustomaryNewton(space, **options)
