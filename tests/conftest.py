"""What every test may rely on: one thread, reproducible Hypothesis runs, the project's folders."""

from __future__ import annotations

import os
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("MPLBACKEND", "agg")

import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

# The same examples on every machine, and no failure because a shared machine was slow.
settings.register_profile(
    "lstmlab",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("lstmlab")


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def lstmlab_data() -> Path:
    """The folder of real data sets; a test that asks for it is skipped where there is none."""
    named = os.environ.get("LSTMLAB_DATA")
    if not named:
        pytest.skip("LSTMLAB_DATA is not set: no real data to test with")
    folder = Path(named)
    if not folder.is_dir():
        pytest.fail(f"LSTMLAB_DATA names {named}, which is not a folder")
    return folder
