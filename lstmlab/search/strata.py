"""Several searches at once, one for each value of a category: so many trials for every variant."""

from collections.abc import Mapping, Sequence

from optuna.distributions import CategoricalDistribution
from optuna.trial import FrozenTrial

from lstmlab.search.searcher import Base, Searcher, check_count
from lstmlab.search.space import Params


class Strata(Base):
    """Ask several searchers in turn, and say in each proposal whose it is.

    Every stratum gets as many trials as the others at every moment, as a comparison needs, and all
    of them are one study.

    Parameters
    ----------
    name : str
        Of the hyperparameter that says which stratum a trial belongs to, such as "variant".
    searchers : dict of str to Searcher
        With the same space, direction, batch and lag.
    seed : int
        For the objective; each searcher has its own for its proposals.
    """

    def __init__(self, name: str, searchers: Mapping[str, Searcher], *, seed: int = 0) -> None:
        if not isinstance(searchers, Mapping) or not searchers:
            raise ValueError(f"searchers must be a dict of 1 searcher or more, got {searchers!r}")
        first, *others = searchers.values()
        for what in ("space", "direction", "batch", "lag"):
            if any(getattr(other, what) != getattr(first, what) for other in others):
                raise ValueError(f"searchers must all have the same {what}")
        if name in first.space:
            raise ValueError(f"name must not be a hyperparameter of the searchers, got {name!r}")
        space = {name: CategoricalDistribution(tuple(searchers)), **first.space}
        super().__init__(space, seed=seed, direction=first.direction)
        self.name, self.searchers = name, dict(searchers)
        self.batch, self.lag = first.batch * len(searchers), first.lag
        self._turn = 0

    def ask(self, n: int = 1) -> list[Params]:
        """One proposal of each searcher in turn; one that has none is passed over."""
        keys, proposals, passed = list(self.searchers), list[Params](), 0
        n = check_count(n)
        while len(proposals) < n and passed < len(keys):
            key = keys[self._turn % len(keys)]
            asked = self.searchers[key].ask()
            proposals += [{self.name: key, **params} for params in asked]
            passed = 0 if asked else passed + 1
            self._turn += 1
        return proposals

    def tell(self, trials: Sequence[FrozenTrial]) -> None:
        """Tell each searcher of its own trials."""
        for key, searcher in self.searchers.items():
            searcher.tell([trial for trial in trials if trial.params[self.name] == key])
