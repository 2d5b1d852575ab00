"""Each class of promises is run for the exercises it names."""

from __future__ import annotations

import pytest

from .harness import Promises, parameters


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    cls = metafunc.cls
    if cls is not None and issubclass(cls, Promises) and "exercise" in metafunc.fixturenames:
        names, values = parameters(cls, metafunc.fixturenames)
        metafunc.parametrize(names, values)
