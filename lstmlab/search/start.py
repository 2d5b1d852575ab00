"""Where searchers that learn begin: places spread over the cube before anything is known."""

import numpy as np

from lstmlab.search.cube import Array


def latin_hypercube(n: int, d: int, rng: np.random.Generator) -> Array:
    """n places in d sides, one in each n-th of every side (McKay et al. 1979): (n, d)."""
    strata = rng.permuted(np.tile(np.arange(n), (d, 1)), axis=1).T
    return np.asarray((strata + rng.random((n, d))) / n)
