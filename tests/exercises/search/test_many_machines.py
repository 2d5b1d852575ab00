"""The exercises of "Many machines": solutions, and the mistakes they know."""

from __future__ import annotations

import json
import math

import numpy as np

from ..harness import Promises


def told(arrivals, batch, whole=True, order=True):
    counts = []
    for k in range(len(arrivals)):
        here, n = set(arrivals[: k + 1]), 0
        step = batch if whole else 1
        if order:
            while all(t in here for t in range(n, n + step)):
                n += step
        else:
            for first in range(0, max(here) + 1, step):
                n += step * all(t in here for t in range(first, first + step))
        counts.append(n)
    return counts


def kept(data, broken=-1, half=False, newline=1):
    end = len(data) if half else data.rfind(b"\n") + newline
    position = 0
    for line in data[: data.rfind(b"\n") + 1].splitlines(keepends=True):
        try:
            json.loads(line)
        except ValueError:
            return position if broken == "here" else end if broken == "pass" else broken
        position += len(line)
    return max(end, 0)


def refuses_all(data):
    try:
        [json.loads(line) for line in data.splitlines()]
    except ValueError:
        return -1
    return len(data) if data.endswith(b"\n") else data.rfind(b"\n") + 1


class TestManyMachines(Promises):
    chapter = "4-5-many-machines"
    wrong = {
        "search.what-changes-a-study": [
            ({"a", "b", "d", "g"}, "workers"),
            ({"b", "d", "e", "g"}, "workers"),
            ({"b", "c", "d", "g"}, "deaths"),
            ({"b", "d", "g", "h"}, "deaths"),
            ({"b", "d", "f", "g"}, "more-trials"),
            ({"d", "g"}, "seed"),
            ({"b", "g"}, "batch"),
            ({"b", "d"}, "chance"),
        ],
        "search.work-in-flight": [
            (lambda hours: hours.mean() / 2, "every-trial-alike"),
            (lambda hours: np.mean(hours**2) / np.mean(hours), "whole-trials"),
            (lambda hours: hours.max() / 2, "one-trial"),
            (lambda hours: np.median(hours) / 2, "one-trial"),
            (lambda hours: (hours.mean() + hours.std()) / 2, "not-that-much"),
            (
                lambda hours: hours.mean() / 2 * (1 + np.var(hours, ddof=1) / hours.mean() ** 2),
                "not-that-much",
            ),
            (lambda hours: hours.mean(), "not-that-much"),
        ],
        "search.hours-with-failures": [
            (lambda d, m: d * math.exp(d / m), "full-tries"),
            (lambda d, m: d * (1 + d / m), "fails-once"),
            (lambda d, m: d, "never-fails"),
            (lambda d, m: m * (1 - math.exp(-d / m)), "one-try"),
            (lambda d, m: d + m, "not-so-long"),
        ],
        "search.told-in-order": [
            (lambda arrivals, b: [(k + 1) // b * b for k in range(len(arrivals))],
             "counts-messages"),
            (lambda arrivals, b: told(arrivals, b, whole=False), "part-of-a-batch"),
            (lambda arrivals, b: told(arrivals, b, order=False), "batches-overtake"),
            (lambda arrivals, b: [n // b for n in told(arrivals, b)], "counts-batches"),
            (lambda arrivals, b: [0] * len(arrivals), "other-count"),
        ],
        "search.mend-a-journal": [
            (lambda data: kept(data, broken="here"), "throws-away"),
            (lambda data: kept(data, broken="pass"), "lets-pass"),
            (refuses_all, "refuses"),
            (lambda data: kept(data, newline=0), "the-end-of-the-line"),
            (lambda data: kept(data, half=True), "half-a-line"),
            (lambda data: 0, "other-length"),
        ],
    }  # fmt: skip
    right = {
        "search.what-changes-a-study": [["g", "d", "b"]],
        "search.work-in-flight": [
            lambda hours: hours.mean() / 2 * (1 + np.var(hours) / hours.mean() ** 2)
        ],
        "search.hours-with-failures": [lambda d, m: m * math.exp(d / m) - m],
        "search.told-in-order": [told, lambda arrivals, b: np.array(told(arrivals, b))],
        "search.mend-a-journal": [kept],
    }
