"""A network that reads a whole sequence, word by word, before it says one thing about it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lstmlab.cells import Array, Cell, Params, as_cell, param_shapes
from lstmlab.cells.params import check_dtype, check_finite, check_positive, output_size
from lstmlab.training.checks import check_weights
from lstmlab.training.layers import Lengths, Pooled, pool, read, turned_round
from lstmlab.training.losses import LOSSES, Target
from lstmlab.training.network import REVERSE

POOLINGS = ("last", "mean", "attention")
TOGETHER = 256  # sequences that are read at once where nothing is learned
Words = NDArray[Any]
"""One x: tokens (T,), numbers (T, M), or a picture, uint8 (T, width, channels)."""


@dataclass(frozen=True)
class Classifier:
    """Tokens → embedding → layers of LSTM blocks → pooling → output layer → loss.

    Parameters
    ----------
    inputs : int
        How many tokens there are; without embedding, numbers a step, which for a picture are its
        width times its channels: it is read row by row, from the top.
    blocks : int
        N in each direction of each layer.
    outputs : int
        K: 1 for yes or no.
    embedding : int
        Numbers that stand for a token; 0 if x holds numbers already, or is a picture.
    variant : Variant, SRN or the name of one
        "NP", without peepholes, is what Poudel et al. used.
    loss : {"sigmoid", "softmax"}
    layers : int
        Of blocks; each reads what the one below it says.
    directions : {1, 2}
        2 adds to every layer one that reads the sequence backwards.
    pooling : {"last", "mean", "attention"}
        How all steps become one vector; see `lstmlab.training.layers.pool`.
    dropout : float
        Which part of the inputs of every layer, and of the output layer, is left out in training;
        what remains is made as much larger.

    Notes
    -----
    The weights are one flat dict: `E` (inputs, embedding), the blocks of the first layer under the
    paper's names, those of layer l with `_l` appended, those that read backwards with `_reverse`
    after that; `W_a`, `b_a`, `v_a` of attention; `W_y` (K, P) and `b_y` (K,).

    An x is whole numbers (T,) from 0 to inputs - 1; or, without embedding, float (T, inputs), or a
    picture, uint8 (T, width, channels), whose numbers become x / 255 - ½.

    Layers, dropout, the second direction and attention are what Poudel et al. (section V) leave as
    future work.

    Examples
    --------
    >>> from lstmlab.tasks import load
    >>> from lstmlab.training import BatchRecipe, Classifier, train_classifier
    >>> task = load("reviews", source="generated")
    >>> network = Classifier(task.inputs, 32, embedding=16, pooling="mean")
    >>> run = train_classifier(network, task, BatchRecipe(lr=0.01, epochs=5))  # doctest: +SKIP
    >>> pictures = load("images", source="embedded")  # 8 rows of 8 numbers
    >>> rows = Classifier(8, 32, pictures.outputs, embedding=0, loss="softmax")
    """

    inputs: int
    blocks: int
    outputs: int = 1
    embedding: int = 32
    variant: Cell | str = "NP"
    loss: str = "sigmoid"
    layers: int = 1
    directions: int = 1
    pooling: str = "last"
    dropout: float = 0.0
    _cell: Cell = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_cell", as_cell(self.variant))
        for name in ("inputs", "blocks", "outputs", "layers"):
            object.__setattr__(self, name, check_positive(name, getattr(self, name)))
        if self.embedding != 0 or isinstance(self.embedding, bool):
            try:
                object.__setattr__(self, "embedding", check_positive("embedding", self.embedding))
            except ValueError as error:
                raise ValueError(
                    f"embedding must be a whole number, 0 or more, got {self.embedding!r}"
                ) from error
        if self.loss not in ("sigmoid", "softmax"):
            raise ValueError(f"loss must be 'sigmoid' or 'softmax', got {self.loss!r}")
        if type(self.directions) is not int or self.directions not in (1, 2):
            raise ValueError(f"directions must be 1 or 2, got {self.directions!r}")
        if self.pooling not in POOLINGS:
            raise ValueError(f"pooling must be one of {', '.join(POOLINGS)}, got {self.pooling!r}")
        share = self.dropout
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share < 1:
            raise ValueError(f"dropout must be at least 0 and below 1, got {share!r}")

    @property
    def cell(self) -> Cell:
        """What the layers are made of, as a value."""
        return self._cell

    @property
    def size(self) -> int:
        """How many weights the network has."""
        return sum(math.prod(shape) for shape in self.shapes.values())

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every weight array."""
        found: dict[str, tuple[int, ...]] = {}
        width = self.embedding or self.inputs
        if self.embedding:
            found["E"] = (self.inputs, self.embedding)
        P = self.directions * output_size(self._cell, self.blocks)
        for suffixes in self._suffixes:
            for suffix in suffixes:
                own = param_shapes(self._cell, width, self.blocks)
                found |= {name + suffix: shape for name, shape in own.items()}
            width = P
        if self.pooling == "attention":
            found |= {"W_a": (self.blocks, P), "b_a": (self.blocks,), "v_a": (self.blocks,)}
        return found | {"W_y": (self.outputs, P), "b_y": (self.outputs,)}

    def init(self, rng: np.random.Generator, dtype: DTypeLike = np.float32) -> Params:
        """Draw the first weights as Keras does, whose layers Poudel et al. used.

        Matrices come from U(-r, r) with r = √(6 / (rows + columns)) (Glorot and Bengio 2010), the
        embedding from U(-0.05, 0.05). Biases are 0, those of forget gates 1.
        """
        params: Params = {}
        dtype = check_dtype("dtype", dtype)
        for name, shape in self.shapes.items():
            reach = math.sqrt(6 / sum(shape)) if len(shape) == 2 else 0.0
            if name == "E":
                reach = 0.05
            elif name == "v_a":
                reach = math.sqrt(6 / (1 + self.blocks))
            params[name] = rng.uniform(-reach, reach, shape).astype(dtype)
            if name.startswith("b_f"):
                params[name] += 1
        return params

    def check(self, params: Params) -> None:
        """Refuse weights that are not this network's, in names, shapes or dtype."""
        check_weights(params, self.shapes, None, "classifier")

    def predict(self, params: Params, xs: Sequence[Words]) -> Array:
        """Probabilities of the outputs, (n, K), for n sequences.

        Raises
        ------
        ValueError, TypeError
            If the weights are not this network's, or an x is not what it reads.
        """
        self.check(params)
        order = sorted(range(len(xs)), key=lambda n: -len(xs[n]))
        found = np.empty((len(xs), self.outputs), params["W_y"].dtype)
        for first in range(0, len(xs), TOGETHER):
            places = order[first : first + TOGETHER]
            a, _, _ = self._run(params, [xs[n] for n in places])
            found[places] = LOSSES[self.loss].probabilities(a)
        return found

    def attention(self, params: Params, x: Words) -> Array:
        """How much of the pooled vector each step of one sequence is, (T,); it sums to 1."""
        self.check(params)
        _, pooled, _ = self._run(params, [x])
        return pooled.alpha[:, 0]

    def gradient(
        self,
        params: Params,
        xs: Sequence[Words],
        targets: Sequence[Target],
        rng: np.random.Generator | None = None,
    ) -> tuple[float, Params]:
        """E, the mean loss of a batch in nats, and ∂E/∂(every weight) by BPTT.

        Parameters
        ----------
        params : dict of str to ndarray
        xs : sequence of ndarray
            In any order.
        targets : sequence of ndarray
            (K,) each of numbers from 0 to 1, or a class each.
        rng : Generator, optional
            What is dropped; without it nothing is.

        Raises
        ------
        ValueError, TypeError
            If x or target is not what the network reads and says.
        """
        if not len(xs) or len(xs) != len(targets):
            raise ValueError(
                f"xs and targets must be as many, 1 or more, got {len(xs)} and {len(targets)}"
            )
        order = sorted(range(len(xs)), key=lambda n: -len(xs[n]))
        a, _, back = self._run(params, [xs[n] for n in order], rng)
        target = np.stack([targets[n] for n in order])
        target = LOSSES[self.loss].cast(target, a.dtype)
        LOSSES[self.loss].check_target(target, a)
        E, delta = LOSSES[self.loss].cross_entropy(a, target)
        return E / len(xs), back(delta / len(xs))

    @property
    def _suffixes(self) -> list[tuple[str, ...]]:
        """What the names of the weights of each direction of each layer end in."""
        layers = ("" if layer == 1 else f"_{layer}" for layer in range(1, self.layers + 1))
        return [(layer, layer + REVERSE)[: self.directions] for layer in layers]

    def _run(
        self, params: Params, xs: Sequence[Words], rng: np.random.Generator | None = None
    ) -> tuple[Array, Pooled, Callable[[Array], Params]]:
        """Output pre-activations (B, K), the pooled vector, and BPTT; the longest x is first."""
        lengths = np.array([len(x) for x in xs])
        words, embed = self._embedded(params, xs, lengths)
        y, keep = _dropped(words, self.dropout, rng)
        backs = [(embed, keep)]
        for layer, suffixes in enumerate(self._suffixes):
            y, back = self._layer(params, suffixes, y, lengths)
            keep = np.ones((), y.dtype)
            if layer + 1 < self.layers:
                y, keep = _dropped(y, self.dropout, rng)
            backs.append((back, keep))
        pooled = pool(self.pooling, params, y, lengths, output_size(self._cell, self.blocks))
        s, keep_s = _dropped(pooled.s, self.dropout, rng)
        a = s @ params["W_y"].T + params["b_y"]

        def back_all(delta: Array) -> Params:
            grads: Params = {"W_y": delta.T @ s, "b_y": delta.sum(axis=0)}
            d, own = pooled.back(keep_s * (delta @ params["W_y"]))
            grads |= own
            for back, keep in reversed(backs):
                d, own = back(keep * d)
                grads |= own
            return grads

        return a, pooled, back_all

    def _layer(
        self, params: Params, suffixes: tuple[str, ...], x: Array, lengths: Lengths
    ) -> tuple[Array, Callable[[Array], tuple[Array, Params]]]:
        """One layer, in one or both directions: outputs (T, B, P) in the order of time."""
        names = param_shapes(self._cell, 1, self.blocks)
        outputs, backs = [], []
        for n, suffix in enumerate(suffixes):
            own = {name: params[name + suffix] for name in names}
            y, back = read(self._cell, own, turned_round(x, lengths) if n else x, lengths)
            outputs.append(turned_round(y, lengths) if n else y)
            backs.append(back)

        def back_both(dy: Array) -> tuple[Array, Params]:
            grads: Params = {}
            dx = np.zeros_like(x)
            parts = np.split(dy, len(suffixes), axis=2)
            for n, (suffix, back, part) in enumerate(zip(suffixes, backs, parts, strict=True)):
                d, own = back(turned_round(part, lengths) if n else part)
                dx += turned_round(d, lengths) if n else d
                grads |= {name + suffix: gradient for name, gradient in own.items()}
            return dx, grads

        return np.concatenate(outputs, axis=2), back_both

    def _embedded(
        self, params: Params, xs: Sequence[Words], lengths: Lengths
    ) -> tuple[Array, Callable[[Array], tuple[Array, Params]]]:
        """A padded batch (T, B, ·), and what differentiates the embedding."""
        dtype = params["W_y"].dtype
        for n, x in enumerate(xs):
            self._check_x(f"x[{n}]", x)
        T, B = lengths[0], len(xs)
        if not self.embedding:
            batch = np.zeros((T, B, self.inputs), dtype)
            for n, x in enumerate(xs):
                rows = x.reshape(len(x), -1)
                batch[: len(x), n] = rows / 255 - 0.5 if x.dtype == np.uint8 else rows
            return batch, lambda d: (d, {})
        tokens = np.zeros((T, B), int)
        for n, x in enumerate(xs):
            tokens[: len(x), n] = x
        there = np.arange(T)[:, None] < lengths

        def back(d: Array) -> tuple[Array, Params]:
            dE = np.zeros_like(params["E"])
            seen, gradients = tokens[there], d[there]
            order = np.argsort(seen, kind="stable")
            words, first = np.unique(seen[order], return_index=True)
            dE[words] = np.add.reduceat(gradients[order], first)
            return d, {"E": dE}

        return params["E"][tokens], back

    def _check_x(self, name: str, x: Words) -> None:
        """Refuse what the network cannot read."""
        if not isinstance(x, np.ndarray) or x.ndim == 0 or not len(x):
            raise ValueError(f"{name} must be an array of one step or more, got {x!r}")
        if self.embedding:
            if x.ndim != 1 or x.dtype.kind not in "iu" or x.min() < 0 or x.max() >= self.inputs:
                raise ValueError(
                    f"{name} must be whole numbers from 0 to {self.inputs - 1}, (T,), got {x!r}"
                )
            return
        right = x.dtype == np.uint8 if x.ndim == 3 else x.dtype.kind == "f"
        if x.ndim not in (2, 3) or x[0].size != self.inputs or not right:
            raise ValueError(
                f"{name} must be float (T, {self.inputs}), or a picture, uint8 (T, width, "
                f"channels) with {self.inputs} numbers a row, got {x.dtype} {x.shape}"
            )
        if x.ndim == 2:
            check_finite(name, x)


def _dropped(x: Array, share: float, rng: np.random.Generator | None) -> tuple[Array, Array]:
    """What is left of x, and what it was multiplied with."""
    if rng is None or not share:
        return x, np.ones((), x.dtype)
    keep = (rng.random(x.shape, np.float32) >= share).astype(x.dtype) / x.dtype.type(1 - share)
    return x * keep, keep
