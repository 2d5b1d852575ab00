"""lstmlab: LSTMs and the search for good ones, as a book reads them."""

__version__ = "0.1.0"
