"""Quasi-Newton methods over hyperparameters, as Newhouse did it and as it works."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Unpack

import numpy as np

from lstmlab.search.climber import Climb, Climber, norm
from lstmlab.search.coordinates import Place
from lstmlab.search.cube import Array
from lstmlab.search.customary import Boxed, Options, Stencil
from lstmlab.search.searcher import Direction, check_count, check_number
from lstmlab.search.space import Space
from lstmlab.search.updates import UPDATES, Tried, Trying, Update, backtracking, check_update


class QuasiNewton(Climber):
    """Newton's steps with an inverse Hessian V that is learned (Newhouse, Procedure, trials 8, 9).

        p = -V g,    x ← x + α p,    V ← update(V, s = α p, y = g(x + αp) - g(x))

    with α from backtracking. Where the step is tiny or x absurd, the paper falls back on
    x ← x - fallback · g / |g|, which leaves V as it is.

    Parameters
    ----------
    space : dict of str to optuna distribution
        Without categories.
    update : {"bfgs", "dfp"}
        The paper's trials 8 and 9.
    c, tau : float
        Of Armijo's condition; see `updates.backtracking`.
    halvings : int
        So many α are tried; if none will do, the next is taken untried, as in the paper.
    h : float
        Width of the forward differences.
    tiny : float
        A step s with sᵀs less than tiny² is none.
    fallback : float
        Length of the step against the gradient.
    sane : dict of str to (float, float), optional
        Outside of these ends a point is absurd: unless given, those of the space. (The paper's
        learning rate has an arch below 1e-4, but is absurd below 1e-6 only.)
    start, fresh, repetitions, steps, tolerance, seed, direction
        As for every `Climber`. The paper's β is 10.

    Notes
    -----
    In the listing's order: the gradient, the line search, the decision whether to fall back, and
    after a step of Newton's kind the gradient once more, for y alone. An absurd point's line
    search is therefore made in vain. An update that is not finite is left out. The search ends at a
    gradient that is 0, shorter than `tolerance`, or not finite, and where V g is not finite.
    """

    def __init__(
        self,
        space: Space,
        *,
        update: Update = "bfgs",
        c: float = 0.99,
        tau: float = 0.5,
        halvings: int = 20,
        h: float = 1e-8,
        tiny: float = 1e-6,
        fallback: float = 1.0,
        sane: Mapping[str, tuple[float, float]] | None = None,
        start: Mapping[str, float] | None = None,
        fresh: bool = True,
        repetitions: int = 10,
        steps: int = 1000,
        tolerance: float = 1e-4,
        seed: int = 0,
        direction: Direction = "minimize",
    ) -> None:
        super().__init__(
            space, start=start, fresh=fresh, repetitions=repetitions, steps=steps,
            tolerance=tolerance, seed=seed, direction=direction,
        )  # fmt: skip
        self.update = check_update(update)
        positive = np.nextafter(0, 1)
        self.c = check_number(c, "c", positive, 1, "between 0 and 1")
        self.tau = check_number(tau, "tau", positive, np.nextafter(1, 0), "between 0 and 1")
        self.halvings = check_count(halvings, "halvings", least=0)
        self.h = check_number(h, "h", positive, np.inf, "more than 0")
        self.tiny = check_number(tiny, "tiny", 0, np.inf, "0 or more")
        self.fallback = check_number(fallback, "fallback", positive, np.inf, "more than 0")
        self.sane = self.bounds | check_ends(sane or {}, self.bounds)
        self.V = np.eye(len(self.space))
        self.begin()

    def climb(self) -> Climb:
        """Step after step until `steps`."""
        x, self.V = self.start, np.eye(len(self.space))
        for _ in range(self.steps):
            value, g = yield from self.forward(x, self.h)
            with np.errstate(over="ignore", invalid="ignore"):
                p = -self.V @ g
            self.ended = self.flat(g) or (None if np.isfinite(p).all() else "step not finite")
            if self.ended:
                self.note(x, "end", value, g)
                return
            s = p * (yield from self._search(x, p, float(g @ p))).alpha
            if norm(s) < self.tiny or self.absurd(x):
                self.note(x, "gradient", value, g)
                x = x - self.fallback * g / norm(g)
                continue
            self.note(x, self.update, value, g)
            x = x + s
            _, ahead = yield from self.forward(x, self.h)
            V = UPDATES[self.update](self.V, s, ahead - g)
            self.V = V if np.isfinite(V).all() else self.V
        self.note(x, "end")

    def absurd(self, x: Array) -> bool:
        """Whether a coordinate of x, (d,), is outside of its sane ends."""
        return any(
            not low <= value <= high
            for value, (low, high) in zip(x.tolist(), self.sane.values(), strict=True)
        )

    def _search(
        self, x: Array, p: Array, slope: float
    ) -> Generator[list[Place], list[float], Tried]:
        [value] = yield [self.at(x)]
        line = backtracking(value, slope, c=self.c, tau=self.tau, most=self.halvings)
        return (yield from self.along(x, p, line))

    def along(self, x: Array, p: Array, line: Trying) -> Generator[list[Place], list[float], Tried]:
        """A line search that asks for one point after the other."""
        try:
            alpha = next(line)
            while True:
                [value] = yield [self.at(x + alpha * p)]
                alpha = line.send(value)
        except StopIteration as end:
            found: Tried = end.value
            return found

    @staticmethod
    def customary(
        space: Space, *, update: Update = "bfgs", **options: Unpack[Options]
    ) -> CustomaryQuasiNewton:
        """A quasi-Newton method that works within small budgets, a `CustomaryQuasiNewton`."""
        return CustomaryQuasiNewton(space, update=update, **options)


class CustomaryQuasiNewton(Boxed):
    """BFGS or DFP in a box of logarithms, from the curvatures that wide differences give away.

    V begins as the inverse of the stencil's curvatures, side by side, at every step; the pairs
    (s, y) of the last d steps are worked into it. A pair with yᵀs ≤ 0 is left out, and a direction
    that leads uphill is replaced by one along the gradient.

    Parameters
    ----------
    space : dict of str to optuna distribution
        Without categories.
    update : {"bfgs", "dfp"}
    **options
        As for `customary.Boxed`.
    """

    def __init__(
        self, space: Space, *, update: Update = "bfgs", **options: Unpack[Options]
    ) -> None:
        super().__init__(space, **options)
        self.update = check_update(update)
        self.pairs: list[tuple[Array, Array]] = []
        self._last: Stencil | None = None
        self.begin()

    def direct(self, here: Stencil) -> tuple[str, Array]:
        """-V g on the sides that are free."""
        self._learn(here)
        D = np.diag(self._radii(here))
        V = D
        for s, y in self.pairs:
            ahead = UPDATES[self.update](V, s, y)
            V = ahead if np.isfinite(ahead).all() else V
        p = np.where(here.free, -V @ here.slope, 0.0)
        if here.slope @ p < 0:
            return self.update, p
        return "gradient", -D @ here.slope

    def _learn(self, here: Stencil) -> None:
        """Keep what the last step has shown, if it is a step and curved upwards."""
        if self._last is not None:
            s, y = here.x - self._last.x, here.gradient - self._last.gradient
            if s @ y > 0:
                self.pairs = [*self.pairs, (s, y)][-len(s) :]
        self._last = here

    def _radii(self, here: Stencil) -> Array:
        """The inverse curvatures, (d,); where there is none, as large as `reach` allows."""
        size = np.abs(here.curvature)
        least = np.abs(here.slope) / self.reach
        return np.asarray(1 / np.where(size > least, size, np.where(least > 0, least, 1.0)))


def check_ends(
    sane: Mapping[str, tuple[float, float]], bounds: Mapping[str, tuple[float, float]]
) -> dict[str, tuple[float, float]]:
    """Ends of hyperparameters; ValueError if they name another one, or are the wrong way round."""
    for name, ends in sane.items():
        if name not in bounds:
            raise ValueError(f"sane must name some of {', '.join(bounds)}, got {name!r}")
        if not (len(ends) == 2 and ends[0] <= ends[1]):
            raise ValueError(f"sane[{name!r}] must be (low, high), got {ends!r}")
    return dict(sane)
