"""The trials of a study by their numbers, and how they are written down."""

import copy
import datetime
import hashlib
import json
import re
import sys
import warnings
from dataclasses import is_dataclass

import numpy as np
from optuna.distributions import distribution_to_json
from optuna.exceptions import StorageInternalError
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState, create_trial

import lstmlab
from lstmlab.search.outcome import Objective, Outcome
from lstmlab.search.searcher import Searcher
from lstmlab.search.space import Params, Space
from lstmlab.search.storage import unbroken

ABOUT = "lstmlab"
"""The attribute of a study that says what it is a study of."""
LONG = 500
"""How many characters of what an objective says of itself are kept."""


def finished(
    number: int, params: Params, seed: int, outcome: Outcome, space: Space
) -> FrozenTrial:
    """A trial as it is written down."""
    about = {"number": number, "seed": seed, "seconds": outcome.seconds, **outcome.kept}
    if outcome.reason is not None:
        about["reason"] = outcome.reason
    trial = create_trial(
        state=TrialState.COMPLETE if outcome.reason is None else TrialState.FAIL,
        value=outcome.value,
        params=params,
        distributions=dict(space),
        user_attrs=about,
    )
    if outcome.began:
        trial.datetime_start = datetime.datetime.fromtimestamp(outcome.began)
        trial.datetime_complete = trial.datetime_start + datetime.timedelta(
            seconds=outcome.seconds
        )
    return trial


class Ledger:
    """Finished trials of a study: every number once.

    Optuna counts trials in the order in which they ended. Here a trial's number is its place in
    the order in which they were asked for, whoever ended first; it is kept beside its seed.

    Raises
    ------
    ValueError
        If the study is one of another searcher, seed or space, or of another objective where that
        says what it is, as a dataclass does.
    """

    def __init__(
        self, study: Study, searcher: Searcher, objective: Objective | None = None
    ) -> None:
        self.study, self.searcher = study, searcher
        self._trials: dict[int, FrozenTrial] = {}
        self.best: float | None = None
        self.failed = 0
        self.whole = True
        """Whether the last trial was written to its end; if not, nothing may follow it."""
        ended = own_trials(study)
        self._check(bool(ended), objective)
        for trial in ended:  # a copy, for the storage counts its own otherwise
            self._note(copy.copy(trial), trial.user_attrs["number"])

    def __len__(self) -> int:
        return len(self._trials)

    def __contains__(self, number: int) -> bool:
        return number in self._trials

    def __getitem__(self, number: int) -> FrozenTrial:
        return self._trials[number]

    def holds(self, number: int, params: Params) -> bool:
        """Whether this trial has ended; ValueError if another one has, of the same number."""
        if number not in self._trials:
            return False
        if self._trials[number].params != params:
            raise ValueError(
                f"storage holds trial {number} of {self.study.study_name!r} with "
                f"{self._trials[number].params}, but the searcher proposes {params}: it has been "
                "asked before, and a new one is needed, or is another, which needs another name"
            )
        return True

    def add(self, number: int, params: Params, seed: int, outcome: Outcome) -> None:
        """Write a trial down; when this returns it is in the storage. OSError if it cannot be."""
        trial = finished(number, params, seed, outcome, self.searcher.space)
        self.whole = False
        try:
            with unbroken():
                self.study.add_trial(trial)
                self.whole = True
        except (OSError, StorageInternalError) as error:
            why = getattr(error.__cause__, "orig", error)  # what SQLite said
            raise OSError(
                f"trial {number} could not be written to the storage ({why}): the same call, with "
                "a new searcher, goes on once that is mended"
            ) from error
        self._note(trial, number)

    def _note(self, trial: FrozenTrial, number: int) -> None:
        if number in self._trials:
            return
        trial.number = number
        self._trials[number] = trial
        if trial.state == TrialState.FAIL or trial.value is None:
            self.failed += 1
            return
        better = min if self.searcher.direction == "minimize" else max
        self.best = trial.value if self.best is None else better(self.best, trial.value)

    def _check(self, begun: bool, objective: Objective | None) -> None:
        """See that the study is one of this searcher, or make it one."""
        searcher = self.searcher
        ours: dict[str, object] = {
            "searcher": type(searcher).__name__,
            "seed": searcher.seed,
            "space": {
                name: json.loads(distribution_to_json(distribution))
                for name, distribution in searcher.space.items()
            },
        }
        if is_dataclass(type(objective)):
            ours["objective"] = described(objective)
        theirs = self.study.user_attrs.get(ABOUT)
        if theirs is None and begun:
            raise ValueError(
                f"storage holds trials of {self.study.study_name!r} that this loop did not run: "
                "choose another name"
            )
        known = theirs or {}
        for what, mine in ours.items():
            if what in known and known[what] != json.loads(json.dumps(mine)):
                raise ValueError(
                    f"storage holds a study {self.study.study_name!r} with {what} "
                    f"{known[what]}, not {mine}: choose another name to begin another one"
                )
        if known and known.get("version") != lstmlab.__version__:
            warnings.warn(
                f"the study {self.study.study_name!r} was begun with lstmlab "
                f"{known.get('version')}, and goes on with {lstmlab.__version__}",
                RuntimeWarning,
                stacklevel=4,
            )
        if set(ours) - set(known):
            version = {"version": lstmlab.__version__}
            with unbroken():
                self.study.set_user_attr(ABOUT, version | known | ours)


def described(objective: object) -> str:
    """What an object's repr says of it, the same in every process and with arrays in full.

    Where something lies in memory says nothing; what is long is told apart by its SHA-256.
    """
    whole = sys.maxsize
    with np.printoptions(threshold=whole, linewidth=whole, floatmode="unique", legacy=False):
        words = re.sub(r" at 0x[0-9a-fA-F]+", "", repr(objective))
    if len(words) <= LONG:
        return words
    return f"{words[:LONG]}… (SHA-256 {hashlib.sha256(words.encode()).hexdigest()[:16]})"


def own_trials(study: Study) -> list[FrozenTrial]:
    """The trials of a study that have ended, without those that Optuna's own tools added to ours.

    All of them, if it is no study that `run` began.
    """
    ended = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.FAIL))
    if ABOUT not in study.user_attrs:
        return ended
    return [trial for trial in ended if "number" in trial.user_attrs]


def seed_of(study: int, number: int) -> int:
    """The seed of a trial's objective: fixed by the study's seed and the trial's number."""
    return int(np.random.SeedSequence(study, spawn_key=(number,)).generate_state(1)[0])
