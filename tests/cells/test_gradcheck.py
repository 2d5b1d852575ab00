"""Comparing a backward pass with differences: what comes back, and on which network."""

import numpy as np
import pytest

from lstmlab.cells import backward, gradient_errors, gradient_pairs, relative_error


def test_pairs_hold_the_gradient_and_the_differences_of_every_array():
    pairs = gradient_pairs("FGR", inputs=2, blocks=2, steps=2, batch=3)
    for name, (got, measured) in pairs.items():
        assert got.shape == measured.shape, name
        assert np.allclose(got, measured, atol=1e-9), name
    assert pairs["x"][0].shape == (2, 3, 2)
    assert {"W_z", "R_oo", "x", "y0", "c0", "gates0[i]"} <= set(pairs)


def test_errors_are_those_of_the_pairs():
    def halved(params, trace, dy, dc_last):
        return backward(params, trace, dy / 2, dc_last / 2)

    options = {"inputs": 2, "blocks": 2, "steps": 2, "backward": halved}
    pairs = gradient_pairs("NP", **options)
    assert gradient_errors("NP", **options) == {
        name: relative_error(*pair) for name, pair in pairs.items()
    }
    assert all(abs(error - 0.5) < 1e-6 for error in gradient_errors("NP", **options).values())


def test_the_size_of_the_weights_is_a_choice():
    def at_rest(params, trace, dy, dc_last):
        assert not any(array.any() for array in params.values())
        return backward(params, trace, dy, dc_last)

    pairs = gradient_pairs("V", inputs=2, blocks=2, steps=2, std=0.0, backward=at_rest)
    assert relative_error(*pairs["W_z"]) < 1e-9
    with pytest.raises(ValueError, match="std must be"):
        gradient_pairs("V", std=-1.0)
