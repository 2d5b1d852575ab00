"""Works that are timed side by side: they take turns, so that what slows a machine slows all."""

import statistics
import time
from collections.abc import Callable, Mapping

Work = Callable[[], object]
WARM_UP = 2  # turns that are not counted


def in_turns(works: Mapping[str, Work], *, turns: int = 30, calls: int = 10) -> dict[str, float]:
    """Median seconds of one call of each; in a turn each is called `calls` times in a row."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(turns + WARM_UP):
        for name, work in works.items():
            began = time.perf_counter()
            for _ in range(calls):
                work()
            if turn >= WARM_UP:
                seconds[name].append((time.perf_counter() - began) / calls)
    return {name: statistics.median(found) for name, found in seconds.items()}
