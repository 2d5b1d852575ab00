"""Drawing tools for schematics: boxes that fill like tanks, wires with round corners, products."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Patch, PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.patheffects import Normal, Stroke

from lstmlab.viewing.style import INK, MUTED, PALE

Point = tuple[float, float]

_DASHES = (0.0, (3.0, 2.2))
_DEPTH = {"#000000": 0.28}  # black letters must stay legible on a black fill


class Pen:
    """Draws the parts of a schematic on one axes.

    Every artist of a part carries the part's name as its `gid`; a part that is only hinted at, by
    a dashed outline, carries "ghost:" before its name. Parts outside `strong` are drawn pale.

    Parameters
    ----------
    axes : Axes
    strong : collection of str, optional
        The parts to draw at full strength; all of them if None.
    """

    def __init__(self, axes: Axes, strong: Collection[str] | None = None) -> None:
        self.axes = axes
        self._strong = strong

    def ink(self, part: str, color: str, depth: float = 1.0) -> str:
        """The colour mixed with white: to `depth`, and paler still where a part is not strong."""
        share = depth * (1.0 if self.is_strong(part) else 0.18)
        red, green, blue = (share * channel + 1.0 - share for channel in to_rgb(color))
        return to_hex((red, green, blue))

    def is_strong(self, part: str) -> bool:
        """Whether a part is highlighted, or nothing is."""
        return self._strong is None or part in self._strong

    def box(
        self,
        part: str,
        at: Point,
        color: str,
        *,
        size: Point = (1.5, 1.0),
        round_: bool = False,
        ghost: bool = False,
        level: tuple[float, float] | None = None,
    ) -> None:
        """Draw a box (or a disc), filled between two heights in 0...1 if `level` is given."""
        x, y = at[0] - size[0] / 2, at[1] - size[1] / 2

        def outline() -> Patch:
            if round_:
                return Circle(at, size[0] / 2, gid=self._gid(part, ghost))
            return FancyBboxPatch(
                (x + 0.14, y + 0.14), size[0] - 0.28, size[1] - 0.28,
                boxstyle="round,pad=0.14,rounding_size=0.18", gid=self._gid(part, ghost),
            )  # fmt: skip

        def add(patch: Patch, fill: str, edge: str, layer: float) -> None:
            patch.set(facecolor=fill, edgecolor=edge, linewidth=1.8, zorder=layer)
            self.axes.add_patch(patch)

        if ghost:
            missing = outline()
            add(missing, "white", PALE, 4.0)
            missing.set(linewidth=1.2, linestyle=_DASHES)
            return
        add(outline(), self.ink(part, color, 0.1), "none", 4.0)
        if level is not None:
            low, high = sorted(level)
            fill = Rectangle(
                (x, y + low * size[1]), size[0], (high - low) * size[1], gid=f"level:{part}"
            )
            add(fill, self.ink(part, color, _DEPTH.get(color, 0.5)), "none", 4.2)
            window = outline()
            window.set_transform(self.axes.transData)
            fill.set_clip_path(window)
        add(outline(), "none", self.ink(part, color), 4.3)

    def wire(
        self,
        part: str,
        points: Sequence[Point],
        color: str = INK,
        *,
        arrow: bool = True,
        thin: bool = False,
        ghost: bool = False,
        turn: float = 0.28,
    ) -> None:
        """Draw a line with round corners; it stays apart from what it crosses by a white rim."""
        path, layer = _rounded(points, turn), 2.0 if thin else 3.0
        layer += 0.2 * self.is_strong(part)
        self.axes.add_patch(
            PathPatch(
                path, facecolor="none", edgecolor="white", linewidth=5.0, capstyle="butt",
                zorder=layer - 0.5,
            )
        )  # fmt: skip
        line = FancyArrowPatch(
            path=path, arrowstyle="-|>" if arrow else "-",
            mutation_scale=6.5 if thin else 9.0,
            linewidth=1.0 if thin else 1.5, linestyle=_DASHES if ghost else "-",
            color=PALE if ghost else self.ink(part, color),
            shrinkA=0, shrinkB=0, joinstyle="miter", capstyle="butt",
            zorder=layer, gid=self._gid(part, ghost),
        )  # fmt: skip
        self.axes.add_patch(line)

    def joint(self, part: str, at: Point, color: str = INK) -> None:
        """Draw the dot where a wire branches."""
        self.axes.add_patch(
            Circle(
                at, 0.075, color=self.ink(part, color), linewidth=0, gid=part,
                zorder=3.5 if self.is_strong(part) else 2.9,
            )
        )  # fmt: skip

    def sign(
        self, part: str, at: Point, sign: str, *, color: str = INK, ghost: bool = False
    ) -> None:
        """Draw a small disc with `×` (product) or `+` (sum)."""
        edge = PALE if ghost else self.ink(part, color)
        self.axes.add_patch(
            Circle(
                at, 0.27, facecolor="white", edgecolor=edge, linewidth=1.4, zorder=4.3,
                linestyle=_DASHES if ghost else "-", gid=self._gid(part, ghost),
            )
        )  # fmt: skip
        reach = 0.105
        strokes = [(1, 1), (1, -1)] if sign == "×" else [(1.3, 0), (0, 1.3)]
        for dx, dy in strokes:
            self.axes.plot(
                [at[0] - reach * dx, at[0] + reach * dx], [at[1] - reach * dy, at[1] + reach * dy],
                color=edge, linewidth=1.4, zorder=4.4, gid=self._gid(part, ghost),
            )  # fmt: skip

    def text(
        self,
        part: str,
        at: Point,
        words: str,
        *,
        color: str = INK,
        size: float = 9.0,
        ha: str = "center",
        bold: bool = False,
        rim: bool = False,
        ghost: bool = False,
    ) -> None:
        """Write on the schematic."""
        artist = self.axes.text(
            *at, words, color=PALE if ghost else self.ink(part, color),
            fontsize=size, ha=ha, va="center", weight="bold" if bold else "normal", zorder=5,
            gid=self._gid(part, ghost),
        )  # fmt: skip
        if rim:
            artist.set_path_effects([Stroke(linewidth=3.0, foreground="white"), Normal()])

    def curve(self, part: str, at: Point, shape: str, color: str = MUTED) -> None:
        """Draw a small "sigmoid", "tanh" or "identity" with its axes."""
        x = np.linspace(-1.0, 1.0, 41)
        bend = np.tanh(3 * x) / 2
        height = {"sigmoid": bend, "tanh": bend, "identity": x / 2}[shape]
        floor = -0.5 if shape == "sigmoid" else 0.0
        axes_lines = [([-1, 1], [floor, floor]), ([0, 0], [-0.6, 0.6])]
        for xs, ys in axes_lines:
            self.axes.plot(
                at[0] + 0.3 * np.array(xs), at[1] + 0.52 * np.array(ys),
                color=self.ink(part, PALE), linewidth=0.7, zorder=4.5, gid=part,
            )  # fmt: skip
        self.axes.plot(
            at[0] + 0.3 * x, at[1] + 0.52 * height, color=self.ink(part, color),
            linewidth=1.5, zorder=4.6, gid=part, solid_capstyle="round",
        )  # fmt: skip

    @staticmethod
    def _gid(part: str, ghost: bool) -> str:
        return f"ghost:{part}" if ghost else part


def _rounded(points: Sequence[Point], turn: float) -> Path:
    """Polyline through `points` whose corners are rounded by `turn`."""
    corners = np.asarray(points, dtype=float)
    vertices, codes = [corners[0]], [Path.MOVETO]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        for other in (before, after):
            away = other - corner
            reach = min(turn, float(np.hypot(*away)) / 2)
            edge = corner + reach * away / np.hypot(*away)
            vertices += [edge] if other is before else [corner, edge]
        codes += [Path.LINETO, Path.CURVE3, Path.CURVE3]
    return Path(np.array([*vertices, corners[-1]]), [*codes, Path.LINETO])
