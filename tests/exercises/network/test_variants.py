"""The exercises of "Eight ways to change one thing": their solutions and known mistakes."""

from __future__ import annotations

import numpy as np

from lstmlab.cells import VARIANTS, Variant, count_params, init_params

from ..harness import Promises

WHO = {
    "running-sum": "NFG",
    "no-room": "CIFG",
    "loud": "NOAF",
    "always-listening": "NIG",
    "never-silent": "NOG",
    "deaf-to-cell": "NP",
}


def part(M, N):
    return N * M + N * N + N


def without_biases(variant, M, N):
    return count_params(variant, M, N) - (1 + len(variant.gates)) * N


def gates_alone(variant, M, N):
    return count_params(variant, M, N) - part(M, N)


def three_peepholes(variant, M, N):
    missing = 3 - len(variant.gates)
    return count_params(variant, M, N) + N * missing * variant.peepholes


def peephole_of_the_block_input(variant, M, N):
    return count_params(variant, M, N) + N * variant.peepholes


def four_parts(variant, M, N):
    missing = 3 - len(variant.gates)
    return count_params(variant, M, N) + missing * (part(M, N) + N * variant.peepholes)


def coupled_has_weights(variant, M, N):
    return count_params(variant, M, N) + variant.coupled * (part(M, N) + N * variant.peepholes)


def nine_matrices(variant, M, N):
    G = len(variant.gates)
    return count_params(variant, M, N) + variant.full_gate_recurrence * (9 - G * G) * N * N


def to_itself(variant, M, N):
    G = len(variant.gates)
    return count_params(variant, M, N) - variant.full_gate_recurrence * (G * G - G) * N * N


def series(f, t):
    return sum(f**s for s in range(t))


def counting(**changes):
    """Weights that count, but for `changes`: an array's name and its entries."""

    def answer():
        w = init_params("NOAF", inputs=2, blocks=1, rng=np.random.default_rng(0), std=0)
        right = {"W_z": [20, 0], "b_i": 20, "b_o": 20, "b_f": 20, "W_f": [0, -40]}
        for name, value in (right | changes).items():
            w[name][:] = value
        return w

    return answer


class TestVariants(Promises):
    chapter = "1-5-eight-ways-to-change-one-thing"
    wrong = {
        "network.which-variant": [
            (WHO | {"loud": "NOG"}, "gate-for-function"),
            (lambda: WHO | {"never-silent": "NOAF"}, "gate-for-function"),
            (WHO | {"always-listening": "NIAF"}, "gate-for-function"),
            (WHO | {"running-sum": "CIFG", "no-room": "NFG"}, "which-forgetting"),
            (WHO | {"no-room": "NFG"}, "which-forgetting"),
            (WHO | {"deaf-to-cell": "NOG"}, "another-way-to-see"),
            (dict.fromkeys(WHO, "V"), "another-variant"),
            (WHO | {"loud": "all"}, "not-an-option"),
            ({"loud": "NOAF"}, "keys"),
        ],
        "network.block-of-1997": [
            (VARIANTS["V"], "forget-gate"),
            (VARIANTS["NFG"], "peepholes"),
            (Variant(forget_gate=False, peepholes=False), "gates-do-not-hear"),
            (
                lambda: Variant(
                    forget_gate=False,
                    peepholes=False,
                    full_gate_recurrence=True,
                    output_gate=False,
                ),
                "one-too-many",
            ),
            (
                Variant(
                    forget_gate=False,
                    peepholes=False,
                    full_gate_recurrence=True,
                    input_activation=False,
                ),
                "one-too-many",
            ),
            ("NFG", "form"),
            (Variant, "form"),
        ],
        "network.count-weights": [
            (without_biases, "no-biases"),
            (gates_alone, "no-block-input"),
            (three_peepholes, "peephole-of-no-gate"),
            (peephole_of_the_block_input, "peephole-of-z"),
            (four_parts, "always-four-parts"),
            (coupled_has_weights, "coupled-gate"),
            (nine_matrices, "always-nine"),
            (to_itself, "only-to-itself"),
            (lambda variant, M, N: 4 * part(M, N), "miscounted"),
            (lambda variant, M, N: part(M, N) / 2, "not-whole"),
            (lambda variant: 0, "signature"),
        ],
        "network.largest-cell": [
            (lambda f, t, c0: 1 / (1 - f) if f < 1 else t, "only-the-limit"),
            (lambda f, t, c0: series(f, t), "start-forgotten"),
            (lambda f, t, c0: abs(c0) + series(f, t), "start-kept"),
            (lambda f, t, c0: c0 * f**t + series(f, t), "signed-start"),
            (lambda f, t, c0: abs(c0) * f**t + series(f, t + 1), "one-step-too-many"),
            (lambda f, t, c0: abs(c0) + t, "nothing-lost"),
            (lambda f, t, c0: abs(c0) + 2 * t, "not-the-smallest"),
            (lambda f, t, c0: 1.0, "exceeded"),
            (lambda f, t, c0: abs(c0) * f**t + (f**t - 1) / (f - 1), "raises"),
        ],
        "network.counter": [
            (counting(W_z=[1, 0]), "not-one"),
            (counting(b_i=0), "not-one"),
            (counting(b_o=0), "half-silent"),
            (counting(b_f=2), "does-not-keep"),
            (counting(b_z=20), "counts-silence"),
            (counting(W_f=0), "no-restart"),
            (counting(W_f=[0, -20]), "no-restart"),
            (counting(W_i=[0, -40]), "first-lost"),
            (counting(W_z=[20, -20]), "restart-counts"),
            (counting(W_z=[20, 20]), "restart-counts"),
            (counting(R_z=-5), "hears-itself"),
            (counting(R_i=-22), "not-each"),
            (counting(W_z=[2, 0]), "not-quite-one"),
            (counting(b_i=4), "not-quite-one"),
            (counting(b_o=4.7), "half-silent"),
            (counting(W_f=[-16, -40]), "forgets-at-a-one"),
            (counting(W_z=[3.5, 0]), "miscounts"),
        ],
    }
    right = {
        "network.which-variant": [lambda: {key: name.lower() for key, name in WHO.items()}],
        "network.count-weights": [count_params],
        "network.largest-cell": [lambda f, t, c0: abs(c0) * f**t + series(f, t)],
        "network.counter": [
            counting(),
            counting()(),
            counting(W_z=[9, 0], b_i=30, b_f=25, W_f=[-3, -50]),
        ],
    }
