"""Who evaluates the trials: this process, local ones or any executor; and what if they die."""

import os
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, TypeAlias

import cloudpickle
from loky import ProcessPoolExecutor

from lstmlab.search.outcome import Objective, Outcome, evaluate, evaluate_pickled
from lstmlab.search.space import Params

Executors: TypeAlias = Executor | Callable[[], Executor] | int | None

TOGETHER, DEATHS = 2, 3
"""Dead workers after which a trial runs alone, so that it can be blamed, and has failed."""
WINDOW = 1000
"""How many trials may be with an executor that does not say how many workers it has."""
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Serial(Executor):
    """Evaluate in this process, one trial after the other: for small objectives, and to debug."""

    _max_workers = 1

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call it now."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class DaskExecutor(Executor):
    """A Dask cluster, through its client.

    Dask's own `Client.get_executor()` never answers for a trial whose result was lost with a worker
    and which then failed: what it raises while it fetches the result reaches nobody.

    Parameters
    ----------
    client : dask.distributed.Client
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Let a worker call it. Two equal calls are two calls."""
        answer: Future[Any] = Future()
        task = self._client.submit(fn, *args, pure=False, **kwargs)

        async def pass_on() -> None:
            try:
                result = await task._result()
            except BaseException as error:
                if task.cancelled():
                    answer.cancel()
                if answer.set_running_or_notify_cancel():
                    answer.set_exception(error)
            else:
                if answer.set_running_or_notify_cancel():
                    answer.set_result(result)

        def give_up(answer: Future[Any]) -> None:
            if answer.cancelled() and not task.cancelled():
                task.cancel()

        answer.add_done_callback(give_up)
        self._client.loop.add_callback(pass_on)
        return answer


@dataclass(frozen=True)
class Job:
    """A trial to evaluate."""

    number: int
    params: Params
    seed: int


class Crew:
    """Gives trials to an executor, and trials whose worker died to others.

    Parameters
    ----------
    objective : callable
    executor : concurrent.futures.Executor, callable, int or None
        A callable makes an executor, and makes it again when it broke. A number is that of local
        processes; None is one for each core.

    Notes
    -----
    When a process of a pool dies, the pool breaks and all trials in it come back; nobody knows
    whose fault it was. They are run again. A trial that is lost twice runs alone the third time:
    if its worker dies once more it is to blame, and has failed. A trial never fails for the
    company it kept, so what fails does not depend on the number of workers.
    """

    def __init__(self, objective: Objective, executor: Executors) -> None:
        self._make = _maker(executor)
        self._executor = self._make() if self._make else _given(executor)
        if not isinstance(self._executor, Executor):
            raise TypeError(f"executor must make an Executor, got {self._executor!r}")
        near = isinstance(self._executor, Serial | ThreadPoolExecutor)
        self._call: tuple[Callable[..., Outcome], Objective | bytes] = (
            (evaluate, objective) if near else (evaluate_pickled, _packed(objective))
        )
        workers = getattr(self._executor, "_max_workers", None)
        self.window = WINDOW if workers is None else 1 if near and workers == 1 else 2 * workers
        self._waiting: deque[Job] = deque()
        self._alone: deque[Job] = deque()
        self._flying: dict[Future[Outcome], Job] = {}
        self._back: SimpleQueue[Future[Outcome]] = SimpleQueue()
        self._lost: Counter[int] = Counter()
        self._broken = False

    def __len__(self) -> int:
        """How many trials it has been given and not returned."""
        return len(self._waiting) + len(self._alone) + len(self._flying)

    def add(self, job: Job) -> None:
        """Take a trial."""
        self._waiting.append(job)

    def next(self) -> tuple[Job, Outcome]:
        """Wait for a trial to end.

        Raises
        ------
        RuntimeError
            If the executor cannot do its work: it was shut down, or broke and was not ours to make.
        """
        while True:
            self._fill()
            ended = self._end(self._back.get())
            if ended:
                return ended

    def ended(self) -> Iterator[tuple[Job, Outcome]]:
        """Trials that have ended by now, without waiting."""
        while not self._back.empty():
            future = self._back.get()
            job = self._flying.pop(future)
            if not future.cancelled() and future.exception() is None:
                yield job, future.result()

    def close(self, *, at_once: bool) -> None:
        """Let the executor go, if it is ours; `at_once` without waiting for what it is doing."""
        for future in self._flying:
            future.cancel()
        if not self._make:
            return
        if isinstance(self._executor, ProcessPoolExecutor):
            self._executor.shutdown(wait=True, kill_workers=at_once)
        else:
            self._executor.shutdown(wait=not at_once, cancel_futures=True)

    def _fill(self) -> None:
        """Give the executor as much as it should have."""
        if self._broken:
            if self._flying:  # they are on their way back
                return
            self._mend()
        if self._alone:
            if not self._flying:
                self._submit(self._alone.popleft())
            return
        while self._waiting and len(self._flying) < self.window and not self._broken:
            self._submit(self._waiting.popleft())
        if self._broken:
            self._fill()

    def _submit(self, job: Job) -> None:
        evaluate, objective = self._call
        try:
            future = self._executor.submit(
                evaluate, objective, job.params, job.seed, self._lost[job.number]
            )
        except BrokenExecutor:
            self._broken = True
            (self._alone if self._lost[job.number] >= TOGETHER else self._waiting).appendleft(job)
            return
        except Exception as error:
            raise RuntimeError(
                f"executor was shut down, or lost its cluster, before trial {job.number} began: "
                f"{type(error).__name__}: {error}"
            ) from error
        self._flying[future] = job
        future.add_done_callback(self._back.put)

    def _end(self, future: "Future[Outcome]") -> tuple[Job, Outcome] | None:
        job = self._flying.pop(future)
        if future.cancelled():
            raise RuntimeError(
                f"executor was shut down, or lost its cluster, before trial {job.number} had ended"
            )
        error = future.exception()
        if error is None:
            return job, future.result()
        self._broken |= isinstance(error, BrokenExecutor)
        if not (isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"):
            raise RuntimeError(
                f"executor could not run trial {job.number}: {type(error).__name__}: {error}"
            ) from error
        self._lost[job.number] += 1
        if self._lost[job.number] >= DEATHS:
            return job, Outcome(None, f"its worker died, {DEATHS} times out of {DEATHS}")
        (self._alone if self._lost[job.number] >= TOGETHER else self._waiting).appendleft(job)
        return None

    def _mend(self) -> None:
        """Make the executor again."""
        if not self._make:
            raise RuntimeError(
                "executor broke, for one of its workers died, and cannot be used again. Give a "
                "function that makes one, such as lambda: ProcessPoolExecutor(8)"
            )
        self.close(at_once=True)
        self._executor, self._broken = self._make(), False


def local_pool(workers: int | None = None) -> Executor:
    """Processes of this machine, one for each core or so many, with one thread each.

    They stop when this process is gone, and leave Ctrl-C to it.
    """
    pool: Executor = ProcessPoolExecutor(
        max_workers=workers, initializer=_begin, initargs=(os.getpid(),), env=ONE_THREAD
    )
    return pool


def _begin(parent: int) -> None:
    """What a local worker does first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.name == "posix":
        threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: int) -> None:
    """End this process, in the middle of a trial too, once its parent has ended."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _maker(executor: Executors) -> Callable[[], Executor] | None:
    """What makes the executor, if that is ours to do."""
    if executor is None:
        return local_pool
    if isinstance(executor, int) and not isinstance(executor, bool):
        if executor < 1:
            raise ValueError(f"executor must be 1 process or more, got {executor}")
        workers = executor
        return lambda: local_pool(workers)
    if isinstance(executor, Executor) or hasattr(executor, "get_executor"):
        return None
    if callable(executor):
        return executor
    raise TypeError(
        "executor must be a concurrent.futures.Executor, a function that makes one, a number of "
        f"processes or None, got {executor!r}"
    )


def _given(executor: Any) -> Executor:
    """An executor as it was given, or of a Dask client, whether it or its own was given."""
    client = getattr(executor, "_client", executor)
    return DaskExecutor(client) if hasattr(client, "get_executor") else executor


def _packed(objective: Objective) -> bytes:
    try:
        packed: bytes = cloudpickle.dumps(objective)
    except Exception as error:
        raise TypeError(
            "objective must be something that can be sent to another process, got "
            f"{objective!r} ({error}): or run it here, with executor=Serial()"
        ) from error
    return packed
