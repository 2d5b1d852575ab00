"""A figure that shows itself once in a notebook, with or without pyplot."""

from __future__ import annotations

import matplotlib.figure
from matplotlib.backend_bases import RendererBase

from lstmlab.viewing.frames import compact_png, render
from lstmlab.viewing.style import style


class Figure(matplotlib.figure.Figure):
    """A Matplotlib figure in the book's style that pyplot does not know of.

    A bare `matplotlib.figure.Figure` shows as a picture in a notebook only after pyplot has been
    imported there. This one brings its own `_repr_png_`, so a cell that ends in
    `gate_trace(trace)` shows one picture either way: where the inline backend is active its
    formatter takes precedence, and since pyplot holds no reference the figure is neither shown a
    second time nor kept in memory.
    """

    def draw(self, renderer: RendererBase) -> None:
        """Draw in the book's style: Matplotlib makes ticks, and reads their looks, only now."""
        with style():
            super().draw(renderer)

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """PNG of at most 256 colours, and the size in page pixels at which to show it."""
        picture = render(self)
        width, height = picture.size
        return compact_png(picture), {"width": width // 2, "height": height // 2}
