"""CTC against torch's, against a sum over all paths, and against differences."""

import importlib.util
import subprocess
import sys
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmlab.cells import numerical_gradient, relative_error
from lstmlab.training import compiled_ctc, losses
from lstmlab.training.ctc import (
    backward_variables,
    best_path,
    collapse,
    ctc,
    extended,
    forward_variables,
    frames_needed,
    log_softmax,
)

RNG = np.random.default_rng
SHAPES = [
    (1, 2, []),
    (1, 2, [1]),
    (2, 3, [1, 2]),
    (3, 2, [1, 1]),
    (5, 4, [3, 3, 1]),
    (5, 4, [3, 3, 3]),
    (7, 1, []),
    (9, 5, []),
    (20, 3, [1, 1, 2, 2, 1, 1]),
    (50, 12, [3, 3, 3, 9, 1, 2, 2, 11]),
    (300, 82, list(range(1, 31))),
]


def pre_activations(T, K, scale=2.0, seed=0):
    return scale * RNG(seed).standard_normal((T, K))


def all_paths(a, l):
    """-log of the sum over every path that reads l."""
    y = np.exp(log_softmax(a))
    p = 0.0
    for path in product(range(a.shape[1]), repeat=len(a)):
        labels = [k for k, last in zip(path, (None, *path), strict=False) if k != last and k != 0]
        if labels == list(l):
            p += np.prod([y[t, k] for t, k in enumerate(path)])
    return -np.log(p)


@pytest.mark.parametrize(("T", "K", "l"), SHAPES[:8], ids=str)
def test_the_loss_sums_over_all_paths(T, K, l):
    if K**T > 20_000:
        T = 6
    a = pre_activations(T, K)
    assert ctc(a, np.array(l, int))[0] == pytest.approx(all_paths(a, l), rel=1e-12)


@pytest.mark.parametrize(("T", "K", "l"), SHAPES[:-1], ids=str)
def test_the_delta_is_the_slope(T, K, l):
    a, l = pre_activations(T, K), np.array(l, int)
    expected = numerical_gradient(lambda: ctc(a, l)[0], a)
    assert relative_error(ctc(a, l)[1], expected) < 1e-6


@pytest.mark.parametrize("scale", [0.0, 1.0, 30.0, 100.0])
@pytest.mark.parametrize(("T", "K", "l"), SHAPES, ids=str)
def test_loss_and_delta_are_torchs(T, K, l, scale):
    torch = pytest.importorskip("torch", reason="torch is compared with only where it is installed")
    a, l = pre_activations(T, K, scale), np.array(l, int)
    u = torch.tensor(a, requires_grad=True)
    loss = torch.nn.functional.ctc_loss(
        u.log_softmax(1), torch.tensor(l)[None], [T], [len(l)], reduction="sum"
    )
    loss.backward()
    E, delta = ctc(a, l)
    assert E == pytest.approx(loss.item(), rel=1e-10, abs=1e-12)
    np.testing.assert_allclose(delta, u.grad.numpy(), atol=1e-10)


def test_every_frame_tells_the_same_probability():
    """Σ_s α_t(s) β_t(s) / y is p(l | x) for every t (equation 14)."""
    a, l_ = pre_activations(30, 5), extended(np.array([1, 1, 4, 2, 2]))
    log_y = log_softmax(a)
    terms = forward_variables(log_y, l_) + backward_variables(log_y, l_) - log_y[:, l_]
    log_p = np.logaddexp.reduce(terms, axis=1)
    np.testing.assert_allclose(log_p, -ctc(a, np.array([1, 1, 4, 2, 2]))[0], rtol=1e-12)


def test_the_probabilities_of_all_labellings_sum_to_one():
    T, K = 4, 3
    a = pre_activations(T, K)
    labellings = {tuple(collapse(np.array(path))) for path in product(range(K), repeat=T)}
    total = sum(np.exp(-ctc(a, np.array(l, int))[0]) for l in labellings)
    assert total == pytest.approx(1, rel=1e-12)


def test_a_labelling_fits_exactly_where_its_probability_is_not_zero():
    for l in ([], [1], [1, 1], [1, 2], [1, 1, 1], [2, 1, 1, 2, 2]):
        l = np.array(l, int)
        for T in range(1, 9):
            with np.errstate(invalid="ignore"):
                E, _ = ctc(np.zeros((T, 3)), l)
            assert np.isfinite(E) == (frames_needed(l) <= T)


def test_what_a_path_reads():
    assert list(collapse(np.array([0, 1, 1, 0, 1, 2, 2, 0]))) == [1, 1, 2]
    assert list(collapse(np.array([0, 0]))) == []
    a = np.eye(3)[[0, 1, 1, 0, 1, 2, 2, 0]]
    assert list(best_path(a)) == list(best_path(5 * a - 3)) == [1, 1, 2]


@given(st.lists(st.integers(0, 3), max_size=12))
def test_collapsing_drops_repeats_then_blanks(path):
    kept = [path[0], *(k for last, k in pairwise(path) if k != last)] if path else []
    assert list(collapse(np.array(path, int))) == [k for k in kept if k != 0]


def test_the_best_path_need_not_be_the_best_labelling():
    """Two frames, blank likelier than the label in each: yet three paths of four read the label."""
    a = np.log(np.array([[0.6, 0.4], [0.6, 0.4]]))
    assert list(best_path(a)) == []
    assert ctc(a, np.array([1]))[0] < ctc(a, np.array([], int))[0]


@pytest.mark.parametrize("scale", [0.0, 0.1, 1.0, 10.0, 100.0, 1000.0])
def test_compiled_loss_and_delta_are_those_in_numpy(scale):
    """Far beyond the range of floating-point numbers: probabilities down to e^-2000 a frame."""
    rng = RNG(0)
    for T in (1, 2, 3, 10, 40, 300):
        for K, U in ((2, 0), (2, T // 2), (4, T // 3), (4, T - T // 5), (9, T)):
            l = rng.integers(1, K, U)
            while frames_needed(l) > T:
                l = l[:-1]
            a = scale * rng.standard_normal((T, K))
            (E, delta), (ours, our_delta) = ctc(a, l), compiled_ctc.ctc(a, l)
            assert ours == pytest.approx(E, rel=1e-10, abs=1e-12)
            np.testing.assert_allclose(our_delta, delta, atol=1e-12 * max(1, E))


def test_the_certain_reading_costs_nothing():
    a = 1000 * np.eye(3)[[1, 1, 0, 1, 2, 2]]
    for by in (ctc, compiled_ctc.ctc):
        E, delta = by(a, np.array([1, 1, 2]))
        assert E == 0
        assert not delta.any()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_has_no_finite_loss(bad):
    a = pre_activations(5, 3)
    a[2, 1] = bad
    for by in (ctc, compiled_ctc.ctc):
        with np.errstate(invalid="ignore"):
            assert not np.isfinite(by(a, np.array([1, 2]))[0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_way_to_the_loss_says_the_same_in_the_networks_dtype(dtype, monkeypatch):
    a, l = pre_activations(20, 5).astype(dtype), np.array([1, 1, 4])
    E, delta = ctc(a.astype(float), l)
    ways = [compiled_ctc.ctc, lambda a, l: ctc(a.astype(float), l)]
    if importlib.util.find_spec("torch"):
        ways.append(losses.ctc_by_torch)
    for way in ways:
        monkeypatch.setattr(losses, "_fastest_ctc", lambda way=way: way)
        found, slope = losses.ctc_loss(a, l)
        assert found == pytest.approx(E, rel=1e-12)
        assert slope.dtype == dtype
        np.testing.assert_allclose(slope, delta, atol=1e-6 if dtype is np.float32 else 1e-12)


@pytest.mark.parametrize(
    ("target", "says"),
    [
        (np.array([1, 5]), "target must be whole numbers from 1 to 4"),
        (np.array([10**9]), "target must be whole numbers from 1 to 4"),
        (np.array([-1]), "target must be whole numbers from 1 to 4"),
        (np.array([1, 0]), "target must be whole numbers from 1 to 4"),
        (np.array([1.0]), "target must be whole numbers from 1 to 4"),
        ([1, 2], "target must be whole numbers from 1 to 4"),
        (np.array([[1, 2]]), "target must be whole numbers from 1 to 4"),
        (np.array([1, 1, 2]), "target must fit into the 3 frames of x, got 3 labels that need 4"),
    ],
    ids=str,
)
def test_a_class_that_is_not_there_is_refused_before_anything_is_read(target, says, monkeypatch):
    monkeypatch.setattr(losses, "_fastest_ctc", lambda: pytest.fail("it was computed"))
    with pytest.raises(ValueError, match=says):
        losses.ctc_loss(pre_activations(3, 5), target)


def test_no_frames_are_refused():
    with pytest.raises(ValueError, match="target must fit into the 0 frames of x"):
        losses.ctc_loss(np.zeros((0, 5)), np.array([], int))


@pytest.mark.parametrize(
    ("missing", "way"),
    [([], "ctc"), (["numba"], "ctc_by_torch"), (["numba", "torch"], "<lambda>")],
    ids=str,
)
def test_the_fastest_way_there_is_is_taken(missing, way):
    if way == "ctc_by_torch" and not importlib.util.find_spec("torch"):
        pytest.skip("torch is chosen only where it is installed")
    script = (
        "import sys\n"
        f"sys.modules.update(dict.fromkeys({missing}))\n"
        "import numpy as np\n"
        "from lstmlab.training import losses\n"
        f"assert losses._fastest_ctc().__name__ == {way!r}\n"
        "E, delta = losses.ctc_loss(np.zeros((2, 2), np.float32), np.array([1]))\n"
        "assert abs(E + np.log(3 / 4)) < 1e-12 and delta.dtype == np.float32\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True)


def test_torchs_says_that_torch_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match="CTC by torch needs torch: pip install torch"):
        losses.ctc_by_torch(np.zeros((2, 2)), np.array([1]))
