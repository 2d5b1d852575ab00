"""The compiled loops are held to the readable passes, for every variant."""

import subprocess
import sys

import numpy as np
import pytest

from lstmlab.cells import SRN, VARIANTS, Variant, as_cell, backward, forward, init_params
from lstmlab.cells.kernel import lanes
from lstmlab.cells.kernel.layer import Layer, learn_layer, run, run_back, vector, zeros

MIXED = {
    "NFG+FGR": Variant(forget_gate=False, full_gate_recurrence=True),
    "CIFG+NOAF": Variant(coupled=True, output_activation=False),
    "CIFG+FGR": Variant(coupled=True, full_gate_recurrence=True),
}
CELLS = {**VARIANTS, "SRN": SRN, **MIXED}


class Both:
    """One layer, run by both: everything they give, name by name."""

    def __init__(self, cell, T, B, M, N, dtype, std=0.3, seed=0):
        rng = np.random.default_rng(seed)
        self.cell = as_cell(cell)
        params = init_params(self.cell, M, N, rng=rng, std=std, dtype=dtype)

        def draw(*shape):
            return rng.standard_normal(shape).astype(dtype)

        x, dy, y0, c0, dc_last = draw(T, B, M), draw(T, B, N), draw(B, N), draw(B, N), draw(B, N)
        gates = self.cell.gates if self.cell.full_gate_recurrence else ()
        gates0 = {gate: draw(B, N) for gate in gates}
        trace = forward(params, x, self.cell, y0=y0, c0=c0, gates0=gates0)
        found = backward(params, trace, dy, dc_last)
        self.wanted = {"y": trace.y, "c": trace.c, "c0": found.c0, **found.params}

        layer = Layer(self.cell, M, N, dtype, many=B > 1)
        w, self.gradient = (layer.views(vector(layer.size, dtype)) for _ in range(2))
        layer.pack(params, w)
        room = layer.room(T, B)
        room.Y[0, :, :N], room.C[0, :, :N] = y0, c0
        for n, gate in enumerate(gates):
            room.gates0[:, n * layer.H : n * layer.H + N] = gates0[gate]
        steps = x.reshape(T * B, M)
        run(steps, w, room, N, layer.switches)
        room.DY[..., :N], room.dc[:, :N] = dy, dc_last
        R_T = zeros(w.R.shape[::-1], dtype)
        R_T[:] = w.R.T
        run_back(w, R_T, room, layer.switches)
        learn_layer(steps, room, w, self.gradient, layer.switches, None)
        self.layer, self.room = layer, room
        self.given = {
            "y": room.Y[1:, :, :N], "c": room.C[1:, :, :N], "c0": room.dc[:, :N],
            **layer.unpack(self.gradient),
        }  # fmt: skip

    def errors(self):
        """Largest error of each array, relative to its largest entry."""
        return {
            name: np.abs(self.given[name] - wanted).max() / (np.abs(wanted).max() or 1)
            for name, wanted in self.wanted.items()
        }


SIZES = [(1, 1, 1, 1), (7, 1, 3, 5), (50, 1, 7, 33), (5, 2, 2, 17), (6, 9, 3, 20)]
LARGE = [(4, 1, 3, 257), (4, 5, 3, 130)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("cell", CELLS)
def test_it_agrees_with_the_readable_passes_to_1e_12_in_float64(cell, size):
    assert max(Both(CELLS[cell], *size, np.float64).errors().values()) < 1e-12


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("cell", CELLS)
def test_it_agrees_with_the_readable_passes_to_1e_4_in_float32(cell, size):
    both = Both(CELLS[cell], *size, np.float32, std=min(0.3, 1 / np.sqrt(size[-1])))
    assert max(both.errors().values()) < 1e-4


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("size", LARGE, ids=str)
@pytest.mark.parametrize("cell", ["V", "FGR", "SRN"])
def test_it_agrees_for_large_layers(cell, size, dtype):
    both = Both(cell, *size, dtype, std=0.05)
    assert max(both.errors().values()) < (1e-12 if dtype is np.float64 else 1e-4)


@pytest.mark.parametrize("cell", CELLS)
def test_padding_stays_zero(cell):
    both = Both(CELLS[cell], 5, 1, 3, 5, np.float32)
    again = both.layer.views(vector(both.layer.size, np.float32))
    both.layer.pack(both.layer.unpack(both.gradient), again)
    for kept, packed in zip(both.gradient, again, strict=True):
        assert np.array_equal(kept, packed)


@pytest.mark.parametrize("cell", ["V", "NOAF"])
def test_nan_is_passed_on(cell):
    """A diverged network must look diverged: tanh by a clamped quotient could hide it."""
    rng = np.random.default_rng(0)
    layer = Layer(as_cell(cell), 3, 5, np.float32)
    w = layer.views(vector(layer.size, np.float32))
    layer.pack(init_params(cell, 3, 5, rng=rng, dtype=np.float32), w)
    w.b[0] = np.nan
    room = layer.room(4)
    run(rng.standard_normal((4, 3)).astype(np.float32), w, room, 5, layer.switches)
    assert np.isnan(room.Y[1:, 0, 0]).all()


def test_long_sequences_drift_as_far_apart_as_a_rounding_error_grows():
    """After 500 steps the kernel is no further off than the reference with one entry of x moved."""
    rng = np.random.default_rng(0)
    T, M, N = 500, 4, 30
    for cell in ("V", "NOAF", "NFG"):
        params = init_params(cell, M, N, rng=rng, std=0.2)
        x = rng.standard_normal((T, 1, M))
        y = forward(params, x, cell).y
        moved = x.copy()
        moved[0] *= 1 + 1e-14
        allowed = np.abs(forward(params, moved, cell).y - y).max()
        layer = Layer(as_cell(cell), M, N, np.float64)
        w = layer.views(vector(layer.size, np.float64))
        layer.pack(params, w)
        room = layer.room(T)
        run(x.reshape(T, M), w, room, N, layer.switches)
        assert np.abs(room.Y[1:, :, :N] - y).max() < 10 * allowed + 1e-13


def test_the_layer_takes_and_gives_weights_unchanged():
    rng = np.random.default_rng(0)
    for name, cell in CELLS.items():
        params = init_params(cell, 3, 17, rng=rng, dtype=np.float32)
        layer = Layer(as_cell(cell), 3, 17, np.float32)
        w = layer.views(vector(layer.size, np.float32))
        layer.pack(params, w)
        again = layer.unpack(w)
        assert list(again) == list(params), name
        assert all(np.array_equal(again[key], params[key]) for key in params)


def test_every_array_begins_at_a_cache_line():
    layer = Layer(VARIANTS["FGR"], 3, 17, np.float32)
    arrays = [*layer.views(vector(layer.size, np.float32)), *layer.room(5)[:-1]]
    assert [array.ctypes.data % 64 for array in arrays if array.size] == [0] * sum(
        array.size > 0 for array in arrays
    )


def test_the_readable_passes_need_neither_numba_nor_torch():
    script = (
        "import sys\n"
        "sys.modules['numba'] = sys.modules['torch'] = None\n"
        "import numpy as np\n"
        "from lstmlab.cells import backward, forward, init_params\n"
        "params = init_params('V', 2, 3, rng=np.random.default_rng(0))\n"
        "trace = forward(params, np.zeros((4, 2)), 'V')\n"
        "backward(params, trace, trace.y)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_compiled_code_on_disk_is_used_only_with_the_sources_it_was_made_from(monkeypatch):
    """Numba looks at a function's own file; what it calls may stand in another that has changed."""

    def twice(x):
        return 2 * x

    monkeypatch.setattr(lanes, "DIGEST", "of other sources")
    stamps = []
    for digest in ("of some sources", "of other sources"):
        monkeypatch.setattr(lanes, "DIGEST", digest)
        stamps.append(lanes.compiled(twice)._cache._cache_file._source_stamp)
    assert stamps[0] != stamps[1]
    assert stamps[0][0] == stamps[1][0]
    assert len(lanes.SOURCES) >= 5
