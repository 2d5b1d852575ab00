"""A loss that remembers where it was asked, for trying out a reader's gradient checker."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from lstmlab.exercises import Wrong
from lstmlab.exercises.answers import Function, Given, array, call, close, number

Numbers = NDArray[np.float64]


@dataclass
class Probe:
    """E = scale · (Σ a sin w + (Σ b w)² / 2): a smooth loss of an array w, with its gradient.

    Attributes
    ----------
    w, a, b : ndarray of one shape
    scale : float
    moved : list of ndarray
        For each place at which E was asked, how far it is from `w`.
    """

    w: Numbers
    a: Numbers
    b: Numbers
    scale: float = 1.0
    moved: list[Numbers] = field(default_factory=list)

    @classmethod
    def random(cls, seed: int, shape: tuple[int, ...]) -> Probe:
        """One with entries from N(0, 1)."""
        w, a, b = np.random.default_rng(seed).standard_normal((3, *shape))
        return cls(w, a, 0.3 * b)

    @property
    def gradient(self) -> Numbers:
        """∂E/∂w, exactly."""
        slope = self.a * np.cos(self.w) + self.b * np.sum(self.b * self.w)
        return np.asarray(self.scale * slope)

    def loss(self, w: object) -> float:
        """E at `w`; the place is remembered."""
        at = np.asarray(w, dtype=float)
        if at.shape != self.w.shape:
            raise ValueError(f"the loss takes all of w, shape {self.w.shape}, got {at.shape}")
        away = at - self.w
        self.moved.append(np.where(np.abs(away) > 1e-14, away, 0.0))
        return float(self.scale * (np.sum(self.a * np.sin(at)) + np.sum(self.b * at) ** 2 / 2))

    def ask(self, f: Function, gradient: Numbers, *, scale: float = 1.0) -> float:
        """What the checker `f` says of a gradient, both of them and E times `scale`."""
        given = self._call(f, scale * gradient, replace(self, scale=scale * self.scale))
        return number(given, finite=False)

    def complain_of_places(self) -> None:
        """Raise `Wrong` if the places asked so far cannot give the slope along every entry."""
        if not any(away.any() for away in self.moved):
            raise Wrong("never-moved", "The loss is never asked at a place other than `w`.",
                        hint="Change an entry of `w` by a small step before you ask for the "
                             "loss.")  # fmt: skip
        if any(np.count_nonzero(away) > 1 for away in self.moved):
            raise Wrong("several-at-once", "Several entries of `w` are moved at once.",
                        hint="Is every entry put back before the next one moves? And does your "
                             "loop reach single entries where `w` is a matrix?")  # fmt: skip
        entries = {int(np.argmax(away != 0)) for away in self.moved if away.any()}
        if len(entries) < self.w.size:
            raise Wrong("not-every-entry", f"Of {self.w.size} entries {len(entries)} are moved.",
                        hint="Which entries does your loop leave out?")  # fmt: skip

    def why_inexact(self, error: float) -> Wrong:
        """Why a right gradient gets this error, from the steps that were taken."""
        steps = np.concatenate([away[away != 0] for away in self.moved])
        says = f"A right gradient gets an error of {error:.1g}."
        if np.all(steps > 0) or np.all(steps < 0):
            return Wrong("one-sided", f"{says} You move to one side alone.",
                         hint="Which difference has an error of order h²?")  # fmt: skip
        if np.min(np.abs(steps)) < 1e-8:
            return Wrong("step-too-small", says,
                         hint="It is the rounding of the loss, divided by your step. Where is the "
                              "bottom of the valley for a central difference?")  # fmt: skip
        if np.max(np.abs(steps)) > 1e-3:
            return Wrong("step-too-large", says,
                         hint="It is what Taylor's theorem leaves over. Where is the bottom of "
                              "the valley for a central difference?")  # fmt: skip
        return Wrong("fails-the-right", says,
                     hint="Compare your differences with a slope that you know, such as that of "
                          "`np.sum(w**2)`, and look at the factor between them.")  # fmt: skip

    def complain_of_what_is_left(self, f: Function) -> None:
        """Raise `Wrong` if a call of `f` leaves another w than it got."""
        left: list[object] = []

        def watched(loss: object, gradient: object, w: object) -> object:
            left.append(w)
            return f.value(loss, gradient, w)

        self._call(replace(f, value=watched), self.gradient, self)
        after = array(Given(left[0], "`w` afterwards"))
        if close(after, self.w, 0):
            return
        if close(after, self.w, 1e-9):
            raise Wrong("not-quite-back", "Afterwards `w` is not quite what it was: its last "
                        "digits have changed.",
                        hint="Adding a step and taking it away rounds twice. Keep the entry "
                             "itself before you move it.")  # fmt: skip
        raise Wrong("left-moved", "Afterwards `w` is not what it was.",
                    hint="Put every entry back when you have asked for the loss. With training "
                         "around it, your check would change the weights.")  # fmt: skip

    def _call(self, f: Function, gradient: Numbers, probe: Probe) -> Given:
        # A plain function: `call` copies its arguments, and a copy of a method has its own record.
        return call(f, lambda w: probe.loss(w), gradient, self.w)
