"""The rules against torch's, and against their formulas."""

import numpy as np
import pytest

from lstmlab.training.updates import RULES


def moved(name, steps=50, rate=0.01):
    rng = np.random.default_rng(0)
    w = rng.standard_normal(20)
    rule = RULES[name](20, w.dtype)
    for _ in range(steps):
        g = rng.standard_normal(20)
        kept = g.copy()
        rule(w, g, rate)
        assert np.array_equal(g, kept)
    return w


@pytest.mark.parametrize(
    ("name", "theirs", "options"),
    [
        ("sgd", "SGD", {}),
        ("rmsprop", "RMSprop", {"alpha": 0.9, "eps": 1e-7}),
    ],
)
def test_a_rule_is_what_torch_makes_of_it(name, theirs, options):
    torch = pytest.importorskip("torch", reason="the rules are compared with torch's")
    rng = np.random.default_rng(0)
    w = torch.nn.Parameter(torch.tensor(rng.standard_normal(20)))
    optimizer = getattr(torch.optim, theirs)([w], lr=0.01, **options)
    for _ in range(50):
        w.grad = torch.tensor(rng.standard_normal(20))
        optimizer.step()
    assert np.allclose(moved(name), w.detach().numpy(), rtol=0, atol=1e-12)


def test_adam_and_adagrad_are_their_formulas():
    rng = np.random.default_rng(0)
    w, m, v, total = rng.standard_normal(20), 0.0, 0.0, 0.0
    by_adagrad = w.copy()
    for t in range(1, 51):
        g = rng.standard_normal(20)
        m, v, total = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2, total + g**2
        by_adagrad -= 0.01 * g / np.sqrt(total + 1e-8)
        w -= 0.01 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-7)
    assert np.allclose(moved("adam"), w, rtol=0, atol=1e-12)
    assert np.allclose(moved("adagrad"), by_adagrad, rtol=0, atol=1e-12)
