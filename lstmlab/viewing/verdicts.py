"""What a classifier's verdicts are worth, drawn: precision-recall curves and confusion matrices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from lstmlab.viewing.figure import Figure
from lstmlab.viewing.style import INK, MUTED, SEQUENTIAL, WIDTH, LineStyle, annotate, style

if TYPE_CHECKING:
    from lstmlab.evidence import Verdicts

_LOOKS: tuple[tuple[str, LineStyle], ...] = (
    ("#0072b2", "-"),
    ("#d55e00", (0.0, (5.0, 1.6))),
    ("#009e73", (0.0, (1.0, 1.2))),
    ("#cc79a7", (0.0, (5.0, 1.2, 1.0, 1.2))),
    ("#e69f00", (0.0, (3.0, 1.0, 1.0, 1.0, 1.0, 1.0))),
    ("#1f2933", (0.0, (8.0, 3.0))),
)


def precision_recall(
    verdicts: Mapping[str, Verdicts],
    *,
    title: str | None = None,
    caption: str | None = None,
) -> Figure:
    """Draw precision against recall for every threshold (figures 5 and 7 to 10 of Poudel et al.).

    Parameters
    ----------
    verdicts : mapping of str to Verdicts
        A curve each, six at most; a point marks where its own threshold is.
    title, caption : str, optional
        Above and below the figure.

    Returns
    -------
    Figure
        One pair of axes; the legend gives each curve's area, which is that below the steps drawn. A
        thin line is the share of positive ones, which guessing comes to.

    Raises
    ------
    ValueError
        If there is no curve, or more than six.
    """
    if not 1 <= len(verdicts) <= len(_LOOKS):
        raise ValueError(f"verdicts must hold 1 to {len(_LOOKS)} curves, got {len(verdicts)}")
    with style():
        figure = Figure(figsize=(WIDTH, 3.4), layout="constrained")
        axes = figure.subplots()
        for (name, one), (color, dashes) in zip(verdicts.items(), _LOOKS, strict=False):
            label = f"{name} ({one.area:.3f})"
            axes.plot(
                one.curve.recall, one.curve.precision, color=color, linestyle=dashes, label=label,
                drawstyle="steps-post", linewidth=1.4, gid=f"curve {name}",
            )  # fmt: skip
            axes.plot(
                one.recall, one.precision, "o", color=color, markersize=5, gid=f"point {name}"
            )
        shares = {float(one.y.mean()) for one in verdicts.values()}
        for share in shares:
            axes.axhline(share, color=MUTED, linewidth=0.8, gid="guessing")
        axes.set(xlim=(0, 1.01), ylim=(0, 1.02), xlabel="recall", ylabel="precision")
        axes.legend(title="area", loc="center left", bbox_to_anchor=(1.01, 0.5))
        annotate(figure, title, caption)
    return figure


def confusion(
    verdicts: Mapping[str, Verdicts],
    *,
    classes: tuple[str, str] = ("negative", "positive"),
    title: str | None = None,
    caption: str | None = None,
) -> Figure:
    """Draw confusion matrices side by side (figures 4 and 7 to 10 of Poudel et al.).

    Parameters
    ----------
    verdicts : mapping of str to Verdicts
        A panel each.
    classes : pair of str
        What 0 and 1 are called.
    title, caption : str, optional
        Above and below the figure.

    Returns
    -------
    Figure
        In each cell how many there are and which share of its row, the truth; darker is more.

    Raises
    ------
    ValueError
        If there is no panel.
    """
    if not verdicts:
        raise ValueError("verdicts must hold 1 matrix or more, got none")
    with style():
        figure = Figure(figsize=(WIDTH, 2.6), layout="constrained")
        row = figure.subplots(1, len(verdicts), squeeze=False)[0]
        for n, (axes, (name, one)) in enumerate(zip(row, verdicts.items(), strict=True)):
            shares = one.confusion / one.confusion.sum(axis=1, keepdims=True)
            axes.imshow(shares, cmap=SEQUENTIAL.reversed(), vmin=0, vmax=1, aspect="auto")
            for (truth, verdict), count in np.ndenumerate(one.confusion):
                share = shares[truth, verdict]
                axes.text(
                    verdict, truth, f"{count:,}\n{share:.0%}", ha="center", va="center",
                    color="white" if share > 0.55 else INK, fontsize=9,
                    gid=f"cell {name} {truth} {verdict}",
                )  # fmt: skip
            axes.set_xticks([0, 1], classes)
            axes.set_yticks([0, 1], classes if n == 0 else ["", ""])
            axes.set(title=name, xlabel="verdict", ylabel="truth" if n == 0 else "")
            axes.grid(visible=False)
        annotate(figure, title, caption)
    return figure
