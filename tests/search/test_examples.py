"""The commands that the help of `lstmlab odyssey` shows."""

import pytest

from lstmlab.search.command import EXAMPLES


def test_the_worker_of_the_examples_has_one_thread_for_each_core():
    worker = pytest.importorskip("distributed.cli.dask_worker")
    (line,) = [line for line in EXAMPLES.splitlines() if line.startswith("  dask worker ")]
    words = line.partition("  on every")[0].split()[2:]
    asked = worker.main.make_context("dask worker", words).params
    # "auto" would put aside --nthreads: four workers of four threads each on 16 cores
    assert (asked["nthreads"], asked["n_workers"]) == (1, "-1")
