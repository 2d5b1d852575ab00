"""Each variant's trials as a box: figure 3 of Greff et al."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from lstmlab.viewing.figure import Figure
from lstmlab.viewing.style import ACCENT, INK, MUTED, PALE, WASH, WIDTH, annotate, style

if TYPE_CHECKING:
    import pandas as pd
    from optuna.study import Study

_DIFFERS = "#0072b2"
_FEW = 20

Array = NDArray[np.float64]


def boxes(
    trials: pd.DataFrame | Study,
    *,
    baseline: str = "V",
    top: float = 0.1,
    alpha: float = 0.05,
    cut: bool = False,
    upper: float | None = None,
    select: str = "valid",
    judge: str = "test",
    by: str = "variant",
    ylabel: str | None = None,
    title: str | None = None,
    caption: str | None = None,
) -> Figure:
    """Draw how each variant did: all of its trials above, its best ones below (figure 3).

    A box reaches from the 25th to the 75th percentile, its whiskers over the whole range; a line is
    the median, a diamond the mean. A variant whose mean differs significantly from the baseline's
    has a thick, hatched box and an asterisk. Bars behind are the mean number of weights of those
    trials. Where a panel has at most 20 trials a variant, every trial is a point beside its box.

    Parameters
    ----------
    trials, baseline, top, alpha, cut, select, judge, by
        As for `lstmlab.evidence.compare_variants`.
    upper : float, optional
        Where the axis of all trials ends; at its end stands how many of a variant lie beyond.
    ylabel : str, optional
        What the errors are, with their unit; the name of the column if not given.
    title, caption : str, optional
        Above and below the figure.

    Returns
    -------
    Figure
        Two pairs of axes, and behind each a pair for the weights if the trials have them.
    """
    from lstmlab.evidence import best_trials, compare_variants

    options: dict[str, Any] = {"select": select, "judge": judge, "by": by}
    with style():
        figure = Figure(figsize=(WIDTH, 5.4), layout="constrained")
        for axes, share, end in zip(figure.subplots(2), (1.0, top), (upper, None), strict=True):
            found = compare_variants(trials, baseline, share, alpha, cut=cut, **options)
            best = best_trials(trials, share, **options)
            axes.grid(axis="y")
            which = "all finished trials" if share == 1 else f"best {share:.0%} by {select}"
            few, many = found.kept.min(), found.kept.max()
            count = f"{few}" if few == many else f"{few} to {many}"
            axes.set_title(f"{which}: {count} a variant")
            for n, (name, row) in enumerate(found.iterrows()):
                values = best.loc[best[by] == name, judge].to_numpy(dtype=np.float64)
                if len(values):
                    _box(axes, n, values, str(name), bool(row.significant), end)
                if len(values) and found.kept.max() <= _FEW:
                    beside = n + 0.33 + 0.1 * (np.arange(len(values)) % 3 - 1) / 2
                    axes.plot(
                        beside, values, "o", color=MUTED, markersize=2.2, gid=f"points {name}"
                    )
            axes.set_xticks(range(len(found)), [str(name) for name in found.index])
            if found.weights.notna().any():
                _weights_behind(axes, found.weights.to_numpy(dtype=np.float64))
            if end is not None:
                low = float(best[judge].min())
                if not low < end < np.inf:
                    raise ValueError(f"upper must be finite and above {low:.4g}, got {upper!r}")
                axes.set_ylim(low - (end - low) / 20, end)
        level = f"differs from {baseline}: p < {alpha:g} after {len(found) - 1} tests"
        axes.legend(
            handles=_box_legend(level, weighed=bool(found.weights.notna().any())), ncols=4,
            loc="upper center", bbox_to_anchor=(0.5, -0.12), handlelength=1.8, fontsize=8.0,
        )  # fmt: skip
        figure.supylabel(ylabel or judge, fontsize=9.0, color=INK)
        annotate(figure, title, caption)
    return figure


def _box(
    axes: Axes, n: int, values: Array, name: str, differs: bool, end: float | None
) -> None:
    """One variant's box, its whiskers over the whole range; what lies beyond the end is counted."""
    low, q1, median, q3, high = np.percentile(values, [0, 25, 50, 75, 100])
    drawn = axes.bxp(
        [{"whislo": low, "q1": q1, "med": median, "q3": q3, "whishi": high,
          "mean": values.mean(), "fliers": []}],
        positions=[n], widths=0.42, showmeans=True, showfliers=False, patch_artist=True,
        boxprops={"facecolor": "white", "edgecolor": INK, "linewidth": 0.9},
        medianprops={"color": ACCENT, "linewidth": 1.6},
        meanprops={"marker": "D", "markersize": 4.0, "markerfacecolor": ACCENT,
                   "markeredgecolor": "white", "markeredgewidth": 0.6},
        manage_ticks=False,
    )  # fmt: skip
    (patch,) = drawn["boxes"]
    patch.set_gid(f"box {name}")
    drawn["medians"][0].set_gid(f"median {name}")
    drawn["means"][0].set_gid(f"mean {name}")
    if differs:
        patch.set(edgecolor=_DIFFERS, linewidth=2.2, hatch="//////")
        axes.annotate(
            "*", (n, high if end is None else min(high, end)), xytext=(0, 1), ha="center",
            textcoords="offset points", fontsize=13, fontweight="bold", color=_DIFFERS,
            gid=f"differs {name}",
        )  # fmt: skip
    beyond = 0 if end is None else int((values > end).sum())
    if beyond:
        axes.annotate(
            f"{beyond} ↑", (n - 0.05, end), xytext=(0, -2), textcoords="offset points", ha="right",
            va="top", fontsize=7.5, color=MUTED, gid=f"beyond {name}",
        )  # fmt: skip


def _weights_behind(axes: Axes, weights: Array) -> None:
    """Bars for the mean number of weights, on an axis of their own at the right."""
    behind = axes.twinx()
    behind.bar(range(len(weights)), weights, 0.86, color=WASH, edgecolor=PALE, gid="weights")
    behind.set_ylabel("weights", color=MUTED)
    behind.spines["right"].set_visible(True)
    behind.yaxis.set_major_locator(MaxNLocator(4))
    behind.set_ylim(0, 1.25 * float(np.nanmax(weights)))
    axes.set_zorder(behind.get_zorder() + 1)
    axes.patch.set_visible(False)


def _box_legend(level: str, *, weighed: bool) -> list[Patch | Line2D]:
    """What the marks of `boxes` mean."""
    behind = [Patch(facecolor=WASH, edgecolor=PALE, label="mean number of weights")]
    return [
        Line2D([], [], color=ACCENT, label="median"),
        Line2D([], [], color=ACCENT, marker="D", linestyle="none", label="mean"),
        Patch(facecolor="white", edgecolor=_DIFFERS, hatch="//////", linewidth=2.2,
              label=f"* {level}"),
        *(behind if weighed else []),
    ]  # fmt: skip
