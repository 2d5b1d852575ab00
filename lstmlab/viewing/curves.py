"""Learning curves: what training did to the loss, beside the baselines it has to beat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.ticker import MaxNLocator

from lstmlab.viewing.checks import whole
from lstmlab.viewing.figure import Figure
from lstmlab.viewing.style import ACCENT, MUTED, WIDTH, annotate, style

_TRAIN = "#0072b2"
_VALID = "#e69f00"


def learning_curves(
    train: Sequence[float],
    valid: Sequence[float],
    *,
    best_epoch: int | None = None,
    ylabel: str = "loss",
    baselines: Mapping[str, float] | None = None,
    title: str | None = None,
    caption: str | None = None,
    first_epoch: int = 1,
) -> Figure:
    """Draw the training and validation loss of every epoch.

    Parameters
    ----------
    train, valid : sequence of float, (E,)
        Loss after each epoch. A value that is not finite leaves a gap.
    best_epoch : int, optional
        The epoch that early stopping keeps: it is ringed on the validation curve.
    ylabel : str
        What the loss is, with its unit.
    baselines : mapping of str to float, optional
        Losses to compare with, such as `{"marginal": 11.1}`: thin lines named at the right.
    title, caption : str, optional
        Above and below the figure.
    first_epoch : int
        The number of the first entry: 1, or 0 if the untrained network is in the list.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If the curves are empty or differ in length, `first_epoch` is no whole number, or
        `best_epoch` is not among the epochs.
    """
    if len(train) != len(valid) or not len(train):
        raise ValueError(
            "train and valid must have one loss an epoch and equal lengths, "
            f"got {len(train)} and {len(valid)}"
        )
    first_epoch = whole(first_epoch, "first_epoch")
    epochs = np.arange(first_epoch, first_epoch + len(train))
    if best_epoch is not None:
        best_epoch = whole(best_epoch, "best_epoch", int(epochs[0]), int(epochs[-1]))
    few = "o" if len(epochs) <= 40 else ""
    with style():
        figure = Figure(figsize=(WIDTH, 3.2), layout="constrained")
        axes = figure.subplots()
        axes.grid(axis="y")
        for name, value in (baselines or {}).items():
            axes.axhline(value, color=MUTED, linewidth=1.0, linestyle=(0.0, (1.5, 2.0)), gid=name)
            axes.annotate(
                f"{name} {value:.4g}", (1.0, value), xycoords=axes.get_yaxis_transform(),
                xytext=(0, 3), textcoords="offset points", ha="right", fontsize=8.0, color=MUTED,
            )  # fmt: skip
        axes.plot(epochs, train, color=_TRAIN, marker=few, label="training", gid="train")
        axes.plot(
            epochs, valid, color=_VALID, marker=few and "s", linestyle=(0.0, (4.0, 1.5)),
            label="validation", gid="valid",
        )  # fmt: skip
        if best_epoch is not None:
            best = float(valid[best_epoch - first_epoch])
            axes.plot(
                [best_epoch], [best], marker="o", markersize=10.0, markerfacecolor="none",
                markeredgecolor=ACCENT, markeredgewidth=1.6, linestyle="none", gid="best",
                label=f"best: {best:.4g} at epoch {best_epoch}",
            )  # fmt: skip
        axes.set(xlabel="epoch", ylabel=ylabel)
        axes.margins(y=0.12)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="upper right" if not baselines else "best")
        annotate(figure, title, caption)
    return figure
