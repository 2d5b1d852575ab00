"""lstmlab: LSTMs and the search for good ones, as a book reads them."""

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
