"""Checks of the exercises in the chapter "What mattered"."""

from __future__ import annotations

import numpy as np

from lstmlab.evidence import Boxes
from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import array, call, close, function, members, number
from lstmlab.search.cube import Array


@exercise("search.what-a-share-says", kind="recall")
def what_a_share_says(answer: object) -> str:
    """Which statements follow from shares of the variance."""
    given = members(answer, list("abcdefg"))
    for key, mistake, says, hint in (
        ("b", "direction", "A share tells no direction, but b needs one.",
         "What happens to the shares if every error changes its sign?"),
        ("c", "range", "Statement c takes the share into another range.",
         "Move the slider of the smallest learning rate, and watch the share."),
        ("e", "size", "Statement e takes a share of the variance for a share of the error.",
         "Add 1,000 to every error. What do the shares do?"),
        ("g", "nearby", "Statement g is about the neighbourhood of one setting.",
         "Over what is a share averaged? How much of that lies near the best setting?"),
    ):  # fmt: skip
        if key in given:
            raise Wrong(mistake, says, hint=hint)
    for key, mistake, says, hint in (
        ("a", "told", "You leave out a.",
         "The variance divides in two: that of the mean given the rate, and what is left around "
         "it."),
        ("d", "momentum", "You leave out d.",
         "Which variance is small when the share of momentum is? That of which mean?"),
        ("f", "scale", "You leave out f.",
         "What does a factor of 10 do to the variance above the line, and to the one below?"),
    ):  # fmt: skip
        if key not in given:
            raise Wrong(mistake, says, hint=hint)
    return "The high out-of-bag R² is what makes it worth saying at all."


@exercise("search.corner", kind="derive")
def corner(answer: object) -> str:
    """The shares of a surface that is 1 in one corner of the square."""
    f = function(answer, "s", "r")
    for s, r in ((0.5, 0.5), (0.3, 0.8), (0.85, 0.4), (0.1, 0.2), (0.9, 0.95)):
        F = array(call(f, s, r), (3,))
        want, variances = _corner(s, r)
        if close(F, want):
            continue
        if close(F, variances):
            raise Wrong("variances", "Those are the three variances.",
                        hint="A share is a part of the whole. What is the variance of something "
                             "that is 1 with some probability, and else 0?")  # fmt: skip
        if close(F, want[[1, 0, 2]]):
            raise Wrong("exchanged", "The shares of the two knobs are exchanged.",
                        hint="Let r go to 0. Which of the knobs then has everything?")  # fmt: skip
        if close(F, _corner(1 - s, 1 - r)[0]):
            raise Wrong("other-corner", "That is a surface that is 1 in the opposite corner.",
                        hint="How long is the part of the first side on which it can "
                             "be 1?")  # fmt: skip
        if close(F, np.array([*want[:2], 1.0])):
            raise Wrong("total", "Your third share counts what each knob does alone as well.",
                        hint="The effect of both is what is left without the effects of "
                             "each.")  # fmt: skip
        if close(F, 100 * want):
            raise Wrong("percent", "Those are percentages.",
                        hint="A share is a part of 1.")  # fmt: skip
        if not close(F.sum(), 1.0):
            raise Wrong("not-one", f"With s = {s} and r = {r} your shares sum to {F.sum():.3f}.",
                        hint="Nothing is left over with two knobs. Find the first two, and the "
                             "third follows.")  # fmt: skip
        raise Wrong("other-shares", f"With s = {s} and r = {r} the shares are others.",
                    hint="What are the two values of the marginal of the first knob, and how long "
                         "are they taken?")  # fmt: skip
    return "With both thresholds at one half: a third each."


def _corner(s: float, r: float) -> tuple[Array, Array]:
    """The shares and the variances."""
    tree = Boxes(
        np.array([[0, 0], [s, 0], [s, r]]),
        np.array([[s, 1.0], [1, r], [1, 1]]),
        np.array([0.0, 0.0, 1.0]),
    )
    variances = np.array([tree.effect(*w).variance() for w in ((0,), (1,), (0, 1))])
    return np.asarray(variances / tree.V), variances


@exercise("search.narrower-range", kind="derive")
def narrower_range(answer: object) -> str:
    """The share of a log-uniform knob whose marginal is one step."""
    f = function(answer, "low", "high", "at", "d", "W")
    for low, high, at, d, W in (
        (1e-6, 1e-2, 1e-4, 3.0, 0.5), (1e-5, 1e-2, 1e-4, 3.0, 0.5), (9e-5, 1e-2, 1e-4, 3.0, 0.5),
        (0.01, 1.0, 0.5, -2.0, 0.1), (20.0, 200.0, 63.0, 0.3, 0.01),
    ):  # fmt: skip
        share = number(call(f, low, high, at, d, W))
        V = _step(np.log(at / low) / np.log(high / low)) * d**2
        if close(share, V / (V + W)):
            continue
        linear = _step((at - low) / (high - low)) * d**2
        if close(share, linear / (linear + W)):
            raise Wrong("linear", "Your step is where it is on a linear scale.",
                        hint="How large is the chance that a log-uniform draw falls below the "
                             "step?")  # fmt: skip
        if close(share, V):
            raise Wrong("variance", "That is the variance of the step.",
                        hint="A share is a part of all the variance. What else is in it, and do "
                             "variances of independent things add up?")  # fmt: skip
        if close(share, V / W):
            raise Wrong("ratio", "You divide by the variance of the other knobs.",
                        hint="Let W be 0. The share should then be 1.")  # fmt: skip
        if close(share, d**2 / (d**2 + W)):
            raise Wrong("height-alone", "Your share does not depend on where the step is.",
                        hint="What is the variance of something that has one value with "
                             "probability s, and another else?")  # fmt: skip
        s = np.log(at / low) / np.log(high / low)
        root = s * (1 - s) * abs(d)
        if close(share, root / (root + W)):
            raise Wrong("not-squared", "The height of the step comes in with its first power.",
                        hint="Double all errors: what happens to their variance?")  # fmt: skip
        raise Wrong("other-share", f"With low = {low:g}, high = {high:g} and at = {at:g} the "
                    "share is another.",
                    hint="First find the place of the step on the side of the cube, then take "
                         "the variance of the tree of two leaves.")  # fmt: skip
    return "In the first three cases the step is the same, and the range is what changes."


def _step(s: float) -> float:
    """The variance of a step of height 1 at s."""
    return s * (1 - s)


@exercise("search.pairs-of-leaves", kind="build")
def pairs_of_leaves(answer: object) -> str:
    """F_j from pairs of boxes."""
    f = function(answer, "low", "high", "value", "j")
    rng = np.random.default_rng(5)
    for sides, cuts in ((2, 2), (2, 6), (3, 9), (4, 12), (1, 4)):
        tree = _grown(sides, cuts, rng)
        for j in range(sides):
            share = number(call(f, tree.low, tree.high, tree.value, j))
            V_j = tree.effect(j).variance()
            if close(share, V_j / tree.V):
                continue
            if close(share, V_j):
                raise Wrong("variance", "That is V_j, the variance of the effect.",
                            hint="Which part of the tree's whole variance is it?")  # fmt: skip
            if close(share, (V_j + tree.f_0**2) / tree.V):
                raise Wrong("mean-kept", "You take the marginal for the effect.",
                            hint="The effect has mean 0. What is subtracted from the marginal, "
                                 "and what does that do to its mean square?")  # fmt: skip
            if close(share, _whole_volumes(tree, j)):
                raise Wrong("whole-volume", "You weigh a leaf by its whole volume.",
                            hint="How long the leaf is on side j is in the overlap "
                                 "already.")  # fmt: skip
            if close(share, _same_leaf(tree, j)):
                raise Wrong("same-leaf", "You count each leaf with itself only.",
                            hint="Two different leaves can lie above the same place of "
                                 "side j.")  # fmt: skip
            if close(share, _negative_overlaps(tree, j)):
                raise Wrong("negative-overlap", "Leaves that do not meet overlap by less than 0.",
                            hint="How long is what they have in common?")  # fmt: skip
            raise Wrong("other-share", f"For a tree of {len(tree.value)} leaves the share of side "
                        f"{j} is another.",
                        hint="Try the tree of two leaves, where it is 1 for side 0, and 0 for "
                             "side 1.")  # fmt: skip
    return "It agrees with the sums along the steps, for trees of up to 13 leaves."


def _grown(sides: int, cuts: int, rng: np.random.Generator) -> Boxes:
    """A random tree with one leaf more than cuts; no two of its values are equal."""
    low, high = np.zeros((1, sides)), np.ones((1, sides))
    for n in range(cuts):
        leaf, j = int(rng.integers(len(low))), n % sides
        at = low[leaf, j] + rng.uniform(0.2, 0.8) * (high[leaf, j] - low[leaf, j])
        low, high = np.vstack([low, low[leaf]]), np.vstack([high, high[leaf]])
        high[leaf, j] = low[-1, j] = at
    return Boxes(low, high, 9 + rng.normal(0, 1, len(low)))


def _overlap(tree: Boxes, j: int) -> Array:
    """How far any two leaves overlap on side j, (L, L); negative where they do not."""
    ends = np.minimum(tree.high[:, None, j], tree.high[None, :, j])
    return np.asarray(ends - np.maximum(tree.low[:, None, j], tree.low[None, :, j]))


def _others(tree: Boxes, j: int) -> Array:
    """Each leaf's value times the volume of its other sides."""
    size = np.delete(tree.high - tree.low, j, axis=1)
    return np.asarray(tree.value * np.prod(size, axis=1))


def _whole_volumes(tree: Boxes, j: int) -> float:
    h = tree.value * tree.volume
    return float((h @ np.maximum(_overlap(tree, j), 0) @ h - tree.f_0**2) / tree.V)


def _same_leaf(tree: Boxes, j: int) -> float:
    h = _others(tree, j)
    return float((h**2 @ (tree.high - tree.low)[:, j] - tree.f_0**2) / tree.V)


def _negative_overlaps(tree: Boxes, j: int) -> float:
    h = _others(tree, j)
    return float((h @ _overlap(tree, j) @ h - tree.f_0**2) / tree.V)


@exercise("search.out-of-bag", kind="build")
def out_of_bag(answer: object) -> str:
    """R² of each trial's predictions by the trees that have not seen it."""
    f = function(answer, "predicted", "drawn", "y")
    rng = np.random.default_rng(3)
    for trees, n in ((40, 12), (25, 30), (4, 20), (3, 15)):
        y = rng.normal(9, 1, n)
        drawn = np.array([np.bincount(rng.integers(0, n, n), minlength=n) for _ in range(trees)])
        predicted = y + rng.normal(0, 0.6, (trees, n)) * np.where(drawn, 0.3, 1.0)
        R2 = number(call(f, predicted, drawn, y))
        unseen = drawn == 0
        some = unseen.any(axis=0)
        y_hat = np.sum(predicted * unseen, axis=0) / np.maximum(unseen.sum(axis=0), 1)
        want = _R2(y_hat[some], y[some])
        if close(R2, want):
            continue
        if close(R2, _R2(predicted.mean(axis=0), y)):
            raise Wrong("all-trees", "Your trees predict trials that they have seen.",
                        hint="Which trees may speak about a given trial?")  # fmt: skip
        seen = drawn > 0
        inside = np.sum(predicted * seen, axis=0) / np.maximum(seen.sum(axis=0), 1)
        if close(R2, _R2(inside[seen.any(axis=0)], y[seen.any(axis=0)])):
            raise Wrong("in-bag", "You ask the trees that have seen the trial.",
                        hint="A trial is out of a tree's bag if it was drawn how many "
                             "times?")  # fmt: skip
        if close(R2, 1 - want):
            raise Wrong("what-is-left", "That is the part that is not explained.",
                        hint="A perfect forest has 1.")  # fmt: skip
        if close(R2, _R2(y_hat, y)):
            raise Wrong("predicted-zero", "A trial that every tree has seen is predicted as 0.",
                        hint="Nobody may speak about that trial. Leave it out of both "
                             "sums.")  # fmt: skip
        total = np.sum((y - y.mean()) ** 2)
        around = np.sum((y[some] - y.mean()) ** 2)
        error = np.sum((y_hat[some] - y[some]) ** 2)
        if close(R2, 1 - error / total) or close(R2, 1 - error / around):
            raise Wrong("other-trials", "Below the line there are trials that are not above it, or "
                        "their mean is.",
                        hint="Choose the trials first, then forget the others.")  # fmt: skip
        if close(R2, _R2(predicted[unseen], np.broadcast_to(y, unseen.shape)[unseen])):
            raise Wrong("tree-by-tree", "You judge every tree alone.",
                        hint="A forest predicts by the mean of those trees that may "
                             "speak.")  # fmt: skip
        raise Wrong("other-value", "For a forest that you have not seen the number is another.",
                    hint="For each trial: the mean of the predictions of the trees that did not "
                         "draw it. Then the two sums of squares.")  # fmt: skip
    return "Also where a few trials are in every tree's sample."


def _R2(predicted: Array, y: Array) -> float:
    return float(1 - np.sum((predicted - y) ** 2) / np.sum((y - y.mean()) ** 2))
