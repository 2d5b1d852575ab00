"""A space, objectives and a searcher for the tests of the search. Workers import this file too."""

import hashlib
import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.study import Study
from optuna.trial import FrozenTrial

from lstmlab.search import RandomSearch, Searcher, Serial, Strata, run, table
from lstmlab.search.searcher import Base, Direction
from lstmlab.search.space import Params, draw

SPACE: dict[str, BaseDistribution] = {
    "lr": FloatDistribution(1e-4, 1.0, log=True),
    "blocks": IntDistribution(2, 200, log=True),
    "noise": FloatDistribution(0.0, 1.0, step=0.25),
    "variant": CategoricalDistribution(("V", "NFG", "CIFG")),
}


def uneven(params: Params, seed: int) -> dict[str, object] | float:
    """Trials end out of order, and one in seven fails, each in its own way."""
    rng = np.random.default_rng(seed)
    time.sleep(rng.integers(0, 5) / 1000)
    luck = rng.random()
    if luck < 0.05:
        raise ArithmeticError(f"diverged with {seed}")
    if luck < 0.10:
        return {"value": float("nan"), "epochs": 3}
    if luck < 0.15:
        return float("-inf")
    value = abs(np.log10(params["lr"]) + 2) + params["blocks"] / 1000 + rng.normal() / 100
    return {"value": value, "epochs": int(rng.integers(1, 9)), "curve": list(rng.random(3))}


def steady(params: Params, seed: int) -> dict[str, object]:
    """Hundredths of a second a trial: long enough to be killed in."""
    time.sleep(0.01 + seed % 20 / 1000)
    return {"value": params["lr"] * params["blocks"], "luck": seed % 7}


class Listener(Base):
    """Each of its proposals depends on everything it has been told, to the bit and in order."""

    def __init__(
        self,
        batch: int = 4,
        lag: int = 0,
        *,
        seed: int = 0,
        direction: Direction = "minimize",
    ) -> None:
        super().__init__(SPACE, seed=seed, direction=direction)
        self.batch, self.lag = batch, lag
        self._heard, self._asked = hashlib.sha256(str(seed).encode()), 0

    def ask(self, n: int = 1) -> list[Params]:
        """n draws whose seed is what it has heard."""
        return [self._draw() for _ in range(n)]

    def tell(self, trials: Sequence[FrozenTrial]) -> None:
        """Hear all of it."""
        for trial in trials:
            kept = {key: trial.user_attrs[key] for key in trial.user_attrs if key != "seconds"}
            known = sorted(trial.params.items()), sorted(kept.items())
            heard = (trial.number, *known, trial.value, trial.state.name)
            self._heard.update(repr(heard).encode())

    def _draw(self) -> Params:
        self._asked += 1
        rng = np.random.default_rng([*self._heard.digest(), self._asked])
        return {name: draw(scale, rng.random()) for name, scale in self.space.items()}


def searcher(kind: str) -> Searcher:
    """A new searcher of the kinds the tests go through, always the same."""
    if kind == "random":
        return RandomSearch(SPACE, seed=7)
    if kind == "strata":
        space = {"lr": SPACE["lr"], "blocks": SPACE["blocks"]}
        return Strata("variant", {key: RandomSearch(space, seed=ord(key)) for key in "VN"}, seed=7)
    if kind == "strata of listeners":
        listeners = {key: Listener(3, 1, seed=ord(key)) for key in "VN"}
        return Strata("stratum", listeners, seed=7)
    waits, lag = kind.split("-")
    assert waits == "listener"
    return Listener(batch=5, lag=int(lag), seed=7)


KINDS = ("random", "strata", "listener-0", "listener-1", "strata of listeners")


def serial(kind: str, objective: object = uneven, trials: int = 40) -> pd.DataFrame:
    """The table that every other way to run the same study must arrive at."""
    return timeless(
        run(searcher(kind), objective, trials, executor=Serial(), progress=False)  # type: ignore[arg-type]
    )


def timeless(study: Study | pd.DataFrame) -> pd.DataFrame:
    """A study's table without its clock."""
    known = table(study) if isinstance(study, Study) else study
    return known.drop(columns="seconds", errors="ignore")


def assert_same(ours: Study | pd.DataFrame, theirs: Study | pd.DataFrame) -> None:
    """Two tables hold the same trials, bit for bit, clocks aside."""
    pd.testing.assert_frame_equal(timeless(ours), timeless(theirs), check_exact=True)


def alive(pid: int) -> bool:
    """Whether a process is there and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(pids: Sequence[int], within: float = 20.0) -> bool:
    """Whether these processes have ended, or do so in time."""
    until = time.monotonic() + within
    while any(map(alive, pids)):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def children(pid: int) -> list[int]:
    """The processes that this one has started."""
    folder = Path(f"/proc/{pid}/task/{pid}")
    return [int(child) for child in (folder / "children").read_text().split()]


def environment(root: Path) -> dict[str, str]:
    """For a process that imports what the tests do."""
    return os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}


def unpicklable() -> threading.Lock:
    """Something that no other process can be sent."""
    return threading.Lock()
