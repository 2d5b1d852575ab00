"""Random search: every trial is drawn without a look at the others."""

from collections.abc import Sequence

import numpy as np
from optuna.trial import FrozenTrial

from lstmlab.search.searcher import Base, check_count
from lstmlab.search.space import Params, draw


class RandomSearch(Base):
    """Draw every hyperparameter from its distribution (Greff et al., section IV-D).

    Parameters
    ----------
    space : dict of str to optuna distribution
        Uniform, or uniform on a log scale; whole numbers and categories too.
    seed : int
    direction : {"minimize", "maximize"}

    Notes
    -----
    Trial number k has a random generator of its own, seeded by (seed, k), so that it is the same
    whoever asks for it and when. It learns nothing, so it may be asked for many at once.
    """

    batch = 1024
    lag = 1
    _asked = 0

    def ask(self, n: int = 1) -> list[Params]:
        """The next n draws."""
        first, self._asked = self._asked, self._asked + check_count(n)
        return [self._draw(number) for number in range(first, self._asked)]

    def tell(self, trials: Sequence[FrozenTrial]) -> None:
        """Nothing is learned."""

    def _draw(self, number: int) -> Params:
        rng = np.random.default_rng([self.seed, number])
        return {name: draw(distribution, rng.random()) for name, distribution in self.space.items()}
