"""The exercises of "Many machines"."""

from __future__ import annotations

import json
import math

import numpy as np

from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import array, call, close, function, members, number, whole

CHANGES = ("a", "b", "c", "d", "e", "f", "g", "h")


@exercise("search.what-changes-a-study", kind="recall")
def what_changes_a_study(answer: object) -> str:
    """Which changes can change the trials of a study."""
    chosen = members(answer, CHANGES)
    if chosen & {"a", "e"}:
        raise Wrong("workers", "You name a change of who computes the trials.",
                    hint="What follows from a trial's number, and what from the worker that "
                         "computes it?")  # fmt: skip
    if chosen & {"c", "h"}:
        raise Wrong("deaths", "You name a death after which everything is as it was.",
                    hint="A trial that is run a second time: which hyperparameters does it get, "
                         "and which seed?")  # fmt: skip
    if "f" in chosen:
        raise Wrong("more-trials", "Asking for more trials changes none of the first 50.",
                    hint="The box halving of this chapter was run for 14 trials. When trial 3 "
                         "was proposed, did anything know of the 14?")  # fmt: skip
    if "b" not in chosen:
        raise Wrong("seed", "One thing that fixes every proposal is missing.",
                    hint="The chapter ran a study of twelve trials twice more. What was different "
                         "in the one whose values differed?")  # fmt: skip
    if "d" not in chosen:
        raise Wrong("batch", "A searcher that learns proposes what it has learned from.",
                    hint="With batches of four, what does it know when trial 5 is asked for? And "
                         "with batches of eight?")  # fmt: skip
    if "g" not in chosen:
        raise Wrong("chance", "One of the changes brings in chance that no seed fixes.",
                    hint="Every process has its own global generator. Who says where it "
                         "stands when trial 7 begins?")  # fmt: skip
    return "The seed, the searcher's own batch, and chance from outside; no machine, no death."


@exercise("search.work-in-flight", kind="derive")
def work_in_flight(answer: object) -> str:
    """Hours of a worker that are lost, on average, when the power fails."""
    f = function(answer, "hours")
    rng = np.random.default_rng(7)
    for hours in (np.array([1.0, 2.0, 5.0]), rng.exponential(5.0, 40), rng.uniform(2, 30, 25)):
        got = number(call(f, hours))
        want = float(np.mean(hours**2) / (2 * np.mean(hours)))
        if close(got, want):
            continue
        if close(got, float(np.mean(hours)) / 2):
            raise Wrong("every-trial-alike", "Half the mean: so it would be if a cut were as "
                        "likely to hit a short trial as a long one.",
                        hint="A worker does a trial of 1 hour and one of 3, over and over. Into "
                             "which of them does a random moment fall, and how "
                             "often?")  # fmt: skip
        if close(got, 2 * want):
            raise Wrong("whole-trials", "Those are the trials that are hit in their full length.",
                        hint="How much of such a trial has been done at the moment of the cut, "
                             "on average?")  # fmt: skip
        if close(got, float(np.median(hours)) / 2) or close(got, float(np.max(hours)) / 2):
            raise Wrong("one-trial", "You look at a single trial of them all.",
                        hint="Any of them can be the one that is hit. Weigh each by how likely "
                             "that is.")  # fmt: skip
        raise Wrong("not-that-much", f"With trials of {', '.join(f'{h:.3g}' for h in hours[:3])}"
                    f"{'' if len(hours) == 3 else ' … and so on'} hours, {got:.4g} is not it.",
                    hint="Two trials of 1 and 3 hours: three moments of four fall into the long "
                         "one. What is lost in either case, on average?")  # fmt: skip
    return "Long trials are hit more often: the spread of the lengths adds to what is lost."


@exercise("search.hours-with-failures", kind="derive")
def hours_with_failures(answer: object) -> str:
    """Expected hours until a trial has ended on a machine that fails at random."""
    f = function(answer, "d", "m")
    for d, m in ((24.3, 720.0), (10.0, 10.0), (3.0, 1.5), (0.5, 2.0)):
        got = number(call(f, d, m))
        if close(got, m * math.expm1(d / m)):
            continue
        said = f"A trial of {d:g} hours, a failure every {m:g} hours on average: {got:.5g} is " \
            "not it."  # fmt: skip
        if close(got, d * math.exp(d / m)):
            raise Wrong("full-tries", said,
                        hint="You have the right number of tries. But does a try that fails "
                             "take as long as the one that succeeds?")  # fmt: skip
        if close(got, d * (1 + d / m)) or close(got, d + d**2 / (2 * m)):
            raise Wrong("fails-once", said,
                        hint="That counts one failure. The second try can fail as "
                             "well.")  # fmt: skip
        if close(got, d):
            raise Wrong("never-fails", said,
                        hint="That is a machine that does not fail. What is the chance that "
                             "nothing happens for d hours?")  # fmt: skip
        if close(got, d * math.exp(-d / m)) or close(got, m * -math.expm1(-d / m)):
            raise Wrong("one-try", said,
                        hint="That is how long one try lasts, or less: your trial gets shorter "
                             "where failures come more often.")  # fmt: skip
        raise Wrong("not-so-long", said,
                    hint="Call the answer E. With what chance does the first try succeed, what "
                         "has it cost on average if it does not, and how long does it take from "
                         "there?")  # fmt: skip
    return "With the paper's 24.3 hours, and a failure a month on average: 24.7 hours."


@exercise("search.told-in-order", kind="build")
def told_in_order(answer: object) -> str:
    """How many trials the searcher has been told of after each message."""
    f = function(answer, "arrivals", "batch")
    rng = np.random.default_rng(7)
    cases = [([0, 1, 2, 3], 2), ([2, 3, 0, 0, 1], 2), ([1, 1, 0, 3, 2, 5], 2), ([0, 2, 1], 3)]
    for batch in (1, 3, 4):
        numbers = np.concatenate([np.arange(4 * batch), rng.integers(0, 2 * batch, 4)])
        cases.append((list(map(int, rng.permutation(numbers))), batch))
    for arrivals, batch in cases:
        got = array(call(f, arrivals, batch), (len(arrivals),))
        if np.array_equal(got, _told(arrivals, batch)):
            continue
        said = f"Messages {arrivals} in batches of {batch}: your answer is " \
            f"{[int(n) if n == int(n) else float(n) for n in got]}."  # fmt: skip
        if np.array_equal(got, [(k + 1) // batch * batch for k in range(len(arrivals))]):
            raise Wrong("counts-messages", said,
                        hint="You count what comes in. Some of it comes in twice, and some of "
                             "it too soon.")  # fmt: skip
        if np.array_equal(got, _told(arrivals, 1)):
            raise Wrong("part-of-a-batch", said,
                        hint="In the right order, but the searcher is told of whole "
                             "batches.")  # fmt: skip
        if np.array_equal(got, _complete(arrivals, batch)):
            raise Wrong("batches-overtake", said,
                        hint="The second batch may be complete before the first. May the "
                             "searcher be told of it?")  # fmt: skip
        if np.array_equal(got, _told(arrivals, batch) // batch):
            raise Wrong("counts-batches", said,
                        hint="You are asked for trials, and seem to count batches.")  # fmt: skip
        raise Wrong("other-count", said,
                    hint="After each message: which is the first batch that misses a trial? Of "
                         "how many trials are all batches before it?")  # fmt: skip
    return "Doubles, delays, another order: the searcher hears the same thing."


@exercise("search.mend-a-journal", kind="build")
def mend_a_journal(answer: object) -> str:
    """How many bytes of a journal may stay."""
    f = function(answer, "data")
    for data in JOURNALS:
        got, want = whole(call(f, data)), _whole_lines(data)
        if got == want:
            continue
        said = f"For the {len(data)} bytes {data!r} you keep {got}."
        if want == -1 and got == _before_the_first_fault(data):
            raise Wrong("throws-away", said,
                        hint="After the damaged line there are whole ones. If you cut the file "
                             "there, what does the study lose without anybody's "
                             "notice?")  # fmt: skip
        if want == -1:
            raise Wrong("lets-pass", said,
                        hint="One of the lines that do end cannot be read as "
                             "JSON.")  # fmt: skip
        if got == -1:
            raise Wrong("refuses", said,
                        hint="All lines that have an end are in order here. What a cut left "
                             "after the last of them is no reason to refuse the "
                             "file.")  # fmt: skip
        if got == want - 1:
            raise Wrong("the-end-of-the-line", said,
                        hint="Is the byte that ends a line part of it? What would the next line "
                             "be written behind?")  # fmt: skip
        if got == len(data):
            raise Wrong("half-a-line", said,
                        hint="The last line has no end. Even if it reads well so far: what "
                             "would the next line be written behind?")  # fmt: skip
        raise Wrong("other-length", said,
                    hint="Where does the last line end that has an end?")  # fmt: skip
    return "`repair_journal` in `lstmlab.search.storage` does this before a study is opened."


JOURNALS = (
    b'{"op":0}\n{"op":4,"value":1.5}\n{"op":4,"va',
    b'{"op":0}\n{"op":4}\n',
    b'{"op":0}\n{"op":4,"value":2.0}',
    b'{"op":0}\n{"op":\n{"op":4}\n',
    b'{"op":0}\n{"op":4}\n{"op":4?\n{"op":4}\n{"o',
    b'{"op":',
    b"",
)
"""Cut in a line, whole, without a last line end, damaged, damaged and cut, one half line, empty."""


def _told(arrivals: list[int], batch: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Trials told of after each message: whole batches, in order."""
    here, told, counts = set[int](), 0, list[int]()
    for trial in arrivals:
        here.add(trial)
        while here.issuperset(range(told, told + batch)):
            told += batch
        counts.append(told)
    return np.array(counts)


def _complete(arrivals: list[int], batch: int) -> list[int]:
    """Trials of complete batches after each message, whatever their order."""
    counts = []
    for k in range(len(arrivals)):
        here = set(arrivals[: k + 1])
        full = [j for j in {n // batch for n in here}
                if here.issuperset(range(j * batch, (j + 1) * batch))]  # fmt: skip
        counts.append(batch * len(full))
    return counts


def _before_the_first_fault(data: bytes) -> int:
    """Bytes before the first line that ends and is no JSON, or before the half line."""
    kept = 0
    for line in data[: data.rfind(b"\n") + 1].splitlines(keepends=True):
        try:
            json.loads(line)
        except ValueError:
            break
        kept += len(line)
    return kept


def _whole_lines(data: bytes) -> int:
    """Bytes of the lines that end; -1 if one of them is no JSON."""
    end = data.rfind(b"\n") + 1
    return end if _before_the_first_fault(data) == end else -1
