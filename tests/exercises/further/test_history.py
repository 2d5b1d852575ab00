"""The exercises of "From 1995 to vanilla": solutions, and the mistakes they know."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lstmlab.cells import gru, init_params, sigmoid

from ..harness import Promises

RISE = 2 * np.log(99)
MENDED = {
    "fades": "carousel", "fills-up": "forget gate", "blind": "peepholes",
    "untold": "full gradient",
}  # fmt: skip


def swapped(a: str, b: str) -> dict[str, str]:
    """The right answer with the steps of two failures exchanged."""
    return MENDED | {a: MENDED[b], b: MENDED[a]}


def cell(slope: float) -> float:
    return float(np.arctanh(np.sqrt(1 - slope)))


def beat(
    *, steep: float = 40, threshold: float = -0.5, offer: bool = True, opens: bool = True,
    shuts: bool = True, start: float = 1, late: float = 0,
) -> Callable[[int], dict[str, np.ndarray]]:  # fmt: skip
    """A metronome with one thing changed."""

    def metronome(F: int) -> dict[str, np.ndarray]:
        w = init_params("V", 1, 1, rng=np.random.default_rng(0), std=0)
        at = steep * (F + threshold)
        w["b_z"][0], w["W_z"][0, 0], w["b_i"][0] = 20, -20 if offer else 0, 20
        w["p_o"][0], w["b_o"][0] = (steep, -at) if opens else (0, -20)
        w["p_f"][0], w["b_f"][0] = (-steep, at + steep * late) if shuts else (0, 20)
        w["W_f"][0, 0] = start * (-abs(w["b_f"][0]) - 40)
        return w

    return metronome


def unit(**changes: object) -> Callable[..., np.ndarray]:
    """A step of a GRU with one thing changed."""

    def step(w: dict[str, np.ndarray], x: np.ndarray, h: np.ndarray) -> np.ndarray:
        r, u = (sigmoid(w[f"W_{g}"] @ x + w[f"U_{g}"] @ h + w[f"b_{g}"]) for g in "rz")
        offered = w["W"] @ x + (0 if changes.get("bias") == "none" else w["b"])
        hears = {
            "before": w["U"] @ (r * h), "after": r * (w["U"] @ h), "never": w["U"] @ h,
        }[changes.get("reset", "before")]  # fmt: skip
        new = offered + hears if changes.get("flat") else np.tanh(offered + hears)
        if changes.get("upside_down"):
            return (1 - u) * h + u * new
        old = u * (r * h if changes.get("kept") else h)
        state = old + (new if changes.get("uncoupled") else (1 - u) * new)
        return np.tanh(state) if changes.get("squashed") else state

    return step


class TestHistory(Promises):
    chapter = "2-1-from-1995-to-vanilla"
    wrong = {
        "further.what-mends-what": [
            (swapped("fades", "fills-up"), "cause-for-cure"),
            (swapped("fades", "untold"), "gradient-for-loop"),
            (swapped("blind", "untold"), "gradient-for-sight"),
            (MENDED | {"untold": "peepholes"}, "sight-for-gradient"),
            (swapped("fills-up", "blind"), "mixed-up"),
            (MENDED | {"blind": "input gate"}, "not-an-option"),
        ],
        "further.until-deaf": [
            (lambda m, slope: cell(slope) / abs(m), "in-strings"),
            (lambda m, slope: 12 * cell(slope) / m, "negative"),
            (lambda m, slope: 12 * np.arctanh(1 - slope) / abs(m), "square-forgotten"),
            (lambda m, slope: 12 * np.arctanh(slope) / abs(m), "height-for-slope"),
            (lambda m, slope: 12 * abs(m) * cell(slope), "upside-down"),
            (lambda m, slope: 100, "not-there"),
        ],
        "further.without-peephole": [
            (lambda F, a: RISE / 2 / (np.tanh(a * F) - np.tanh(a * (F - 1))), "half-the-way"),
            (lambda F, a: RISE / a, "sees-the-cell"),
            (lambda F, a: RISE / np.tanh(a), "tanh-of-the-step"),
            (lambda F, a: RISE / (a * (1 - np.tanh(a * F) ** 2)), "slope-for-difference"),
            (lambda F, a: RISE / (np.tanh(a * (F + 1)) - np.tanh(a * F)), "one-late"),
            (lambda F, a: RISE / (np.tanh(a * (F - 1)) - np.tanh(a * F)), "negative"),
            (lambda F, a: 195, "not-enough"),
        ],
        "further.metronome": [
            (beat(opens=False), "silent"),
            (beat(offer=False), "start-counted"),
            (beat(threshold=-1.5), "start-counted"),
            (beat(start=0), "start-ignored"),
            (beat(shuts=False), "no-reset"),
            (beat(threshold=0.5), "one-late"),
            (beat(late=1), "no-reset"),
            (beat(steep=8), "off-beat"),
        ],
        "further.gru-step": [
            (unit(upside_down=True), "upside-down"),
            (unit(reset="after"), "reset-after"),
            (unit(reset="never"), "no-reset"),
            (unit(kept=True), "reset-kept"),
            (unit(uncoupled=True), "not-coupled"),
            (unit(squashed=True), "squashed"),
            (unit(flat=True), "not-squashed"),
            (unit(bias="none"), "not-the-step"),
        ],
    }
    right = {
        "further.what-mends-what": [lambda: MENDED],
        "further.until-deaf": [
            lambda m, slope: 6 / abs(m) * np.log((1 + np.sqrt(1 - slope)) ** 2 / slope)
        ],
        "further.without-peephole": [
            lambda F, a: np.log(99**2) / (np.tanh(a * F) - np.tanh(a * F - a))
        ],
        "further.metronome": [beat(), beat(steep=60), beat(threshold=-0.55)],
        "further.gru-step": [
            unit(), lambda w, x, h: gru.forward(w, x[None], h).h[0],
        ],
    }  # fmt: skip
