"""What does the loop cost? Trials that do nothing, against Optuna's own loop and storages.

    python benchmarks/search.py

In memory: 10,000 trials of four hyperparameters, drawn at random, whose objective is one line.
`run` in this process, in a thread and in a process beside it; Optuna's `study.optimize` with its
`RandomSampler`. They take turns; medians of 5 turns, in milliseconds a trial, and how many times
Optuna's that is. The target is 2 ms a trial.

In a file: 300 trials. `run` asks, evaluates and writes down; Optuna's `add_trial` writes down the
same trials and no more: with the number, seed and seconds that ours have, and without any of them,
which in SQLite are a row each. Medians of 5 turns; the target is 5 ms above Optuna's.

The exit status is 1 if a target is missed.
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend

from lstmlab.results.turns import Work, in_turns
from lstmlab.search import RandomSearch, Serial, run
from lstmlab.search.ledger import seed_of
from lstmlab.search.space import Params
from lstmlab.search.workers import Executors

IN_MEMORY, IN_A_FILE, TURNS = 10_000, 300, 5
A_TRIAL, ABOVE = 2.0, 5.0
"""The targets: ms a trial in memory, and in a file above what Optuna needs to write it down."""
SPACE = {
    "lr": FloatDistribution(1e-6, 1e-2, log=True),
    "blocks": IntDistribution(20, 200, log=True),
    "noise": FloatDistribution(0.0, 1.0),
    "variant": CategoricalDistribution(("V", "CIFG", "NP")),
}


def objective(params: Params, seed: int) -> float:
    """As little as can be."""
    return float(params["noise"])  # type: ignore[arg-type]


def ours(trials: int, executor: Executors, file: Path | None = None) -> None:
    """So many trials by our loop."""
    study = run(
        RandomSearch(SPACE), objective, trials, executor=executor, storage=file, progress=False
    )
    assert len(study.get_trials(deepcopy=False)) == trials


def optunas(trials: int) -> None:
    """So many trials by Optuna's loop."""

    def objective(trial: optuna.Trial) -> float:
        trial.suggest_float("lr", 1e-6, 1e-2, log=True)
        trial.suggest_int("blocks", 20, 200, log=True)
        trial.suggest_categorical("variant", ("V", "CIFG", "NP"))
        return trial.suggest_float("noise", 0.0, 1.0)

    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(objective, n_trials=trials)


def added(trials: int, file: Path, *, attributes: bool) -> None:
    """So many finished trials into a file, by Optuna alone."""
    storage: BaseStorage = (
        RDBStorage(f"sqlite:///{file}")
        if file.suffix == ".db"
        else JournalStorage(JournalFileBackend(str(file)))
    )
    study = optuna.create_study(storage=storage)
    for number, params in enumerate(RandomSearch(SPACE).ask(trials)):
        seed = seed_of(0, number)
        study.add_trial(
            optuna.trial.create_trial(
                params=params,
                distributions=SPACE,
                value=objective(params, seed),
                user_attrs={"number": number, "seed": seed, "seconds": 0.0} if attributes else {},
            )
        )


def in_a_file(kind: str, work: Callable[[Path], None]) -> Work:
    """The work in a new file each time."""

    def begin() -> None:
        with tempfile.TemporaryDirectory() as folder:
            work(Path(folder) / f"a.{kind}")

    return begin


def main() -> None:
    """Print the tables."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    found = in_turns(
        {
            "Optuna's optimize": lambda: optunas(IN_MEMORY),
            "run, in this process": lambda: ours(IN_MEMORY, Serial()),
            "run, in one thread": lambda: ours(IN_MEMORY, lambda: ThreadPoolExecutor(1)),
            "run, in one process": lambda: ours(IN_MEMORY, 1),
        },
        turns=TURNS,
        calls=1,
    )
    theirs = found["Optuna's optimize"]
    slow = []
    print(f"{IN_MEMORY:,} trials in memory: ms a trial, and times Optuna's")
    for name, spent in found.items():
        if name.startswith("run") and 1e3 * spent / IN_MEMORY > A_TRIAL:
            slow.append(f"{name}: above {A_TRIAL} ms a trial")
        print(f"{name:28}{1e3 * spent / IN_MEMORY:8.3f}{spent / theirs:8.2f}")
    print(f"{IN_A_FILE} trials in a file: ms a trial, and how much above Optuna's")
    for kind in ("journal", "db"):
        found = in_turns(
            {
                "Optuna's": in_a_file(kind, lambda file: added(IN_A_FILE, file, attributes=True)),
                "bare": in_a_file(kind, lambda file: added(IN_A_FILE, file, attributes=False)),
                "run": in_a_file(kind, lambda file: ours(IN_A_FILE, Serial(), file)),
            },
            turns=TURNS,
            calls=1,
        )
        theirs = found["Optuna's"]
        for name, spent in found.items():
            above = 1e3 * (spent - theirs) / IN_A_FILE
            if name == "run" and above > ABOVE:
                slow.append(f"run, .{kind}: more than {ABOVE} ms above Optuna's add_trial")
            print(f"{name + ', .' + kind:28}{1e3 * spent / IN_A_FILE:8.3f}{above:8.3f}")
    if slow:
        raise SystemExit("\n".join(slow))


if __name__ == "__main__":
    main()
