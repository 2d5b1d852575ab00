"""The leaves of a regression tree as boxes, and the analysis of variance that they make exact.

A tree f is constant on each of its leaves, and its leaves are boxes that fill the unit cube. So
every average of f over some sides of the cube is a sum of (value × volume) over boxes (Hutter, Hoos
and Leyton-Brown 2014, sections 3 and 4):

    f_∅       = ∫ f                                   the mean over the cube
    a_u       = ∫ f over all sides but those in u     the marginal
    f_u       = a_u - Σ f_w over all w ⊊ u            the effect of u alone
    V_u       = ∫ f_u²,   V = ∫ (f - f_∅)² = Σ V_u    the variances
    F_u       = V_u / V                               the importance of u
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lstmlab.search.cube import Array, Side

if TYPE_CHECKING:
    from sklearn.tree._tree import Tree


@dataclass(frozen=True)
class Steps:
    """A function of a few sides of the cube, constant on the cells of a grid.

    Attributes
    ----------
    edges : for each side the K + 1 borders of its K cells, rising from 0 to 1.
    heights : (K,) or (K, M), the function's value on each cell.
    """

    edges: tuple[Array, ...]
    heights: Array

    def at(self, *places: Array) -> Array:
        """The function on the grid of these places (P,), (Q,): (P,) or (P, Q).

        As in the tree, a border belongs to the cell on its left.
        """
        cells = [
            np.clip(np.searchsorted(edges, place) - 1, 0, len(edges) - 2)
            for edges, place in zip(self.edges, places, strict=True)
        ]
        return np.asarray(self.heights[np.ix_(*cells)])

    def variance(self) -> float:
        """The integral of the function's square: V_u, if this is the effect f_u."""
        integral = self.heights**2
        for edges in self.edges:
            integral = np.diff(edges) @ integral
        return float(integral)


@dataclass(frozen=True)
class Boxes:
    """The leaves of one tree.

    Attributes
    ----------
    low, high : (L, d), the corners of the L boxes in the unit cube of d sides.
    value : (L,), what the tree predicts in each.
    """

    low: Array
    high: Array
    value: Array

    @cached_property
    def volume(self) -> Array:
        """The share of the cube that each box takes, (L,)."""
        return np.asarray(np.prod(self.high - self.low, axis=1))

    @cached_property
    def f_0(self) -> float:
        """f_∅: the tree's mean over the cube."""
        return float(self.volume @ self.value)

    @cached_property
    def V(self) -> float:
        """The tree's variance over the cube."""
        return float(self.volume @ (self.value - self.f_0) ** 2)

    @cached_property
    def _grid(self) -> list[tuple[Array, tuple[NDArray[np.intp], NDArray[np.intp]]]]:
        """For each side all borders of boxes, and at which of them each box begins and ends."""
        found = []
        for low, high in zip(self.low.T, self.high.T, strict=True):
            edges = np.unique(np.concatenate([[0.0, 1.0], low, high]))
            ends = np.searchsorted(edges, low), np.searchsorted(edges, high)
            found.append((edges, ends))
        return found

    def marginal(self, *u: int) -> Steps:
        """a_u: the tree averaged over all sides but those in u.

        Each box adds its value × the volume of its other sides to the cells it covers. It is
        written at the box's corners with alternating signs, and sums along each side carry it
        over the cells.
        """
        others = [j for j in range(self.low.shape[1]) if j not in u]
        height = self.value * np.prod(self.high[:, others] - self.low[:, others], axis=1)
        edges = tuple(self._grid[j][0] for j in u)
        shape = tuple(map(len, edges))
        sums = np.zeros(np.prod(shape))
        for corner in product((0, 1), repeat=len(u)):
            ends = [self._grid[j][1][end] for j, end in zip(u, corner, strict=True)]
            at = np.ravel_multi_index(ends, shape)
            sums += np.bincount(at, (-1) ** sum(corner) * height, len(sums))
        heights = sums.reshape(shape)
        for axis in range(len(u)):
            heights = heights.cumsum(axis)
        return Steps(edges, heights[(slice(-1),) * len(u)])

    def effect(self, *u: int) -> Steps:
        """f_u: what u does beyond what its parts do, for one side or two."""
        a = self.marginal(*u)
        if len(u) == 1:
            mean = np.diff(a.edges[0]) @ a.heights  # f_∅; rounded so that one cell has no effect
            return Steps(a.edges, a.heights - mean)
        f_i, f_j = (self.effects[j].heights for j in u)
        return Steps(a.edges, a.heights - f_i[:, None] - f_j - self.f_0)

    @cached_property
    def effects(self) -> list[Steps]:
        """f_j of each side."""
        return [self.effect(j) for j in range(self.low.shape[1])]


def leaf_boxes(tree: Tree, sides: list[Side]) -> Boxes:
    """The leaves of a fitted scikit-learn tree over the cube with these sides."""
    left, right, side = tree.children_left, tree.children_right, tree.feature
    border = tree.threshold.copy()
    for j, one in enumerate(sides):
        border[side == j] = one.borders(border[side == j])
    low, high = np.zeros((tree.node_count, len(sides))), np.ones((tree.node_count, len(sides)))
    level = np.array([0])
    while len(level):  # every node hands its box to its children, cut at its border
        level = level[left[level] >= 0]
        l, r, j = left[level], right[level], side[level]
        low[l] = low[r] = low[level]
        high[l] = high[r] = high[level]
        high[l, j] = low[r, j] = border[level]
        level = np.concatenate([l, r])
    leaf = left < 0
    return Boxes(low[leaf], high[leaf], tree.value[leaf, 0, 0])
