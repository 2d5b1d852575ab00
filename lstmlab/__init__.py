"""lstmlab: LSTMs and the search for good ones, as a book reads them.

`lstmlab.cells` holds the block and its gradient, `lstmlab.tasks` the data (`load`),
`lstmlab.training` networks and how they learn (`train`, `train_classifier`, `train_stream`),
`lstmlab.search` the search for good hyperparameters (`run`) and `lstmlab.evidence` what its trials
say, `lstmlab.viewing` figures and widgets, `lstmlab.results` what was computed at full size, and
`lstmlab.check` says whether an exercise is solved.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lstmlab.exercises import check

__version__ = "0.1.0"
__all__ = ["__version__", "check"]


def __getattr__(name: str) -> object:
    """Import `check` when it is first asked for: the rest of the package does without it."""
    if name == "check":
        from lstmlab.exercises import check

        return check
    raise AttributeError(f"module 'lstmlab' has no attribute {name!r}")
