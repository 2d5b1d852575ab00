"""A program that runs a study, for the tests to kill: driver.py KIND STORAGE WORKERS TRIALS."""

import signal
import sys
import warnings

from lstmlab.search import Interrupted, Serial, run
from tests.search.made import searcher, steady


def main(kind: str, storage: str, workers: str, trials: str) -> None:
    """Say that it begins, run, and say how it ended."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the tests may run without Ctrl-C
    executor = int(workers) if int(workers) else Serial()
    print("begun", flush=True)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            run(
                searcher(kind), steady, int(trials), executor=executor, storage=storage,
                progress=False,
            )  # fmt: skip
        except Interrupted as error:
            print(f"interrupted: {error} There are {len(error.study.trials)}.", flush=True)
        except (OSError, ValueError) as error:
            print(f"{type(error).__name__}: {error}", flush=True)
        else:
            print("done", flush=True)
    for warning in warned:
        print(f"{warning.category.__name__}: {warning.message}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
