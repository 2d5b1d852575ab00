"""Checks of the exercises in the chapter "Learning Bach"."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from lstmlab.exercises import Wrong, exercise
from lstmlab.exercises.answers import (
    array,
    call,
    choice,
    close,
    function,
    mapping,
    number,
    several,
    whole,
)
from lstmlab.exercises.network.key_tables import (
    Array64,
    one_back,
    price,
    random_roll,
    seen,
    two_back,
)
from lstmlab.tasks import load

SETS = ("training", "validation", "test")


@exercise("network.three-sets", kind="recall")
def three_sets(answer: object) -> str:
    """Which of the three sets decides what."""
    given = mapping(answer, ("gradients", "epoch", "rate", "report"))
    chosen = {what: choice(given[what], SETS) for what in given}
    if "test" in (chosen["epoch"], chosen["rate"]):
        raise Wrong("chosen-on-test", "You choose something on the test set.",
                    hint="Of many numbers the lowest is also the luckiest. Is the test result of "
                         "what it chose still an honest one?")  # fmt: skip
    if chosen["gradients"] != "training":
        raise Wrong("learns-elsewhere", "The gradients come from another set.",
                    hint="Which chorales may the network learn by heart without spoiling "
                         "anything?")  # fmt: skip
    if "training" in (chosen["epoch"], chosen["rate"]):
        raise Wrong("chosen-on-training", "You choose something by the training loss.",
                    hint="Look at the two curves of the longer run: which one keeps falling "
                         "whatever happens?")  # fmt: skip
    if chosen["report"] != "test":
        raise Wrong("already-used", "The result that you report comes from a set that was used.",
                    hint="Something was chosen so that it looks good on that set. On which set "
                         "was nothing chosen?")  # fmt: skip
    return "The test set has been looked at once, after everything was chosen."


@exercise("network.one-price", kind="derive")
def one_price(answer: object) -> str:
    """The best probability to give for every key alike, and what it costs per frame."""
    f = function(answer, "m", "K")
    for m, K in ((4.0, 88), (3.0, 10), (0.5, 61), (30.0, 40)):
        gave_p, gave_nats = several(call(f, m, K), "p", "nats")
        p, nats = number(gave_p), number(gave_nats)
        best = m / K
        if close(p, 0.5):
            raise Wrong("a-coin", "You toss a fair coin for each key.",
                        hint="Write down what a frame costs with m keys down and K - m up, and set "
                             "its derivative by p to 0.")  # fmt: skip
        if close(p, 1 - best):
            raise Wrong("up-for-down", "Your p is the probability that a key is up.",
                        hint="With 4 keys of 88 down, should p be near 0 or near 1?")  # fmt: skip
        if not close(p, best):
            raise Wrong("another-p", "Another p is cheaper.",
                        hint="Write down what a frame costs with m keys down and K - m up, and set "
                             "its derivative by p to 0.")  # fmt: skip
        want = -m * np.log(best) - (K - m) * np.log(1 - best)
        if close(nats, want):
            continue
        if close(nats, -want):
            raise Wrong("sign", "The price is negative.",
                        hint="The logarithm of a probability is negative, and a price is "
                             "paid.")  # fmt: skip
        if close(nats, want / K):
            raise Wrong("per-key", "That is the price of one key.",
                        hint="The price of a frame is summed over its keys.")  # fmt: skip
        if close(nats, want / np.log(2)):
            raise Wrong("bits", "That is the price in bits.",
                        hint="Which logarithm has the nat for its unit?")  # fmt: skip
        if close(nats, -m * np.log(best)):
            raise Wrong("only-down", "You pay for the keys that are down, and for no others.",
                        hint="Doubt about a key that stays up costs something too, and there are "
                             "many of them.")  # fmt: skip
        raise Wrong("wrong-price", "p is right and the price is not.",
                    hint="m keys pay for being down, K - m for being up.")  # fmt: skip
    return "For the four voices: 16.3 nats, where 88 fair coins cost 61.0."


@exercise("network.exact-price", kind="build")
def exact_price(answer: object) -> None:
    """Nats per frame, from pre-activations, however sure the network was."""
    f = function(answer, "a", "k")
    rng = np.random.default_rng(8)
    for T, K, size in ((5, 4, 1.0), (3, 88, 3.0), (1, 1, 1.0)):
        a = size * rng.standard_normal((T, K))
        k = (rng.random((T, K)) < 0.4).astype(np.float64)
        found = array(call(f, a, k))
        each = np.logaddexp(0, a) - k * a
        frames = each.sum(axis=1)
        if found.shape != (T,):
            raise Wrong("not-per-frame", f"Your answer has shape {found.shape} for {T} frames of "
                                         f"{K} keys.",
                        hint="One number per frame is wanted: over what is the sum?")  # fmt: skip
        if close(found, frames):
            continue
        if close(found, -frames):
            raise Wrong("sign", "The prices are negative.",
                        hint="The logarithm of a probability is negative, and a price is "
                             "paid.")  # fmt: skip
        if close(found, each.mean(axis=1)):
            raise Wrong("mean-of-keys", "That is the mean over the keys.",
                        hint="Nats per frame are summed over the keys.")  # fmt: skip
        if close(found, (np.logaddexp(0, -a) * k).sum(axis=1)):
            raise Wrong("only-down", "You pay for the keys that are down, and for no others.",
                        hint="Where `k` is 0 the network pays for its word as well.")  # fmt: skip
        if close(found, (np.logaddexp(0, a) + k * a).sum(axis=1)) or close(
            found, (np.logaddexp(0, -a) + k * a).sum(axis=1)
        ):
            raise Wrong("up-for-down", "You charge for a key that is down as for one that is up.",
                        hint="What should it cost when a is large and the key is down: much, or "
                             "next to nothing?")  # fmt: skip
        raise Wrong("wrong-price", "Some prices are wrong though no a is large.",
                    hint="Take a = 0: whatever comes, one key costs log 2.")  # fmt: skip
    a, k = np.array([[50.0], [-50.0], [1000.0], [-1000.0], [700.0]]), np.zeros((5, 1))
    for keys in (k, 1 - k):
        found = array(call(f, a, keys), (5,), finite=False)
        if not np.all(np.isfinite(found)):
            step = 1 + int(np.argmax(~np.isfinite(found)))
            raise Wrong("log-of-zero", f"With a = {a[step - 1, 0]:g} the price is "
                                       f"{found[step - 1]}.",
                        hint="There p is 0 or 1 to the last digit of a float, and exp is infinite. "
                             "Do without p: `np.logaddexp` adds under a logarithm.")  # fmt: skip
        want = np.maximum(a[:, 0], 0) - keys[:, 0] * a[:, 0]
        if not np.all(np.abs(found - want) < 1e-6 * (1 + want)):
            worst = int(np.argmax(np.abs(found - want)))
            raise Wrong("clipped", f"With a = {a[worst, 0]:g} a wrong guess costs "
                                   f"{want[worst]:g} nats, and you charge {found[worst]:.4g}.",
                        hint="Clipping p makes certainty cheap. What is -log(1 - p) as a function "
                             "of a, for a large a?")  # fmt: skip


@exercise("network.early-stopping", kind="build")
def early_stopping(answer: object) -> None:
    """After which epoch a run ends, and which epoch's weights are kept."""
    f = function(answer, "valid", "patience")
    rng = np.random.default_rng(9)
    shown = ([5.0, 4.0, 4.5, 4.2, 4.1, 3.0], 2)  # ends at 5, keeps 2; 3.0 is never seen
    cases = [shown, ([3.0, 2.0, 1.0], 15), ([2.0, 2.0, 2.0, 2.0], 1), ([1.0, 2.0, 0.5], 0)]
    for _ in range(40):
        walk = np.cumsum(rng.choice([-1, 0, 1], size=int(rng.integers(1, 40))))
        cases.append(((10 + walk / 4).tolist(), int(rng.integers(0, 6))))
    gave = [several(call(f, valid, patience), "ends", "kept") for valid, patience in cases]
    found = [(whole(ends), whole(kept)) for ends, kept in gave]
    want = [_stop(*case) for case in cases]
    if found == want:
        return
    if found == [(ends - 1, kept - 1) for ends, kept in want]:
        raise Wrong("from-zero", "Your epochs are counted from 0.",
                    hint="The first epoch is epoch 1.")  # fmt: skip
    ends = [epoch for epoch, _ in found]
    if ends == [epoch for epoch, _ in want]:
        raise _kept(cases, [epoch for _, epoch in found], ends)
    for mistake, says, hint, rule in ENDINGS:
        if ends == [rule(valid, patience) for valid, patience in cases]:
            raise Wrong(mistake, says, hint=hint)
    (valid, patience), answer = next(
        (case, one) for case, one, right in zip(cases, found, want, strict=True) if one != right
    )
    raise Wrong("wrong-epochs", f"For {_few(valid)} and patience {patience} your function gives "
                                f"{answer[0]} and {answer[1]}.",
                hint="Go through that list by hand: note the best so far, and how many epochs "
                     "ago it was.")  # fmt: skip


def _stop(valid: Sequence[float], patience: int, ties: bool = False) -> tuple[int, int]:
    best, kept = np.inf, 0
    for epoch, loss in enumerate(valid, start=1):
        if loss < best or (ties and loss == best):
            best, kept = loss, epoch
        elif epoch - kept > patience:
            return epoch, kept
    return len(valid), kept


def _since_last(valid: Sequence[float], patience: int) -> int:
    """Where a run ends if each epoch is compared with the one before."""
    waited = 0
    for epoch, (before, loss) in enumerate(pairwise(valid), start=2):
        waited = 0 if loss < before else waited + 1
        if waited > patience:
            return epoch
    return len(valid)


ENDINGS = (
    ("never-stops", "Your runs go on to the end of the list.",
     "After which epoch does patience run out? Nothing after it has happened.",
     lambda valid, patience: len(valid)),
    ("impatient", "Your runs end one epoch too early.",
     "They stop after *more than* so many epochs without improvement.",
     lambda valid, patience: _stop(valid, patience - 1)[0]),
    ("too-patient", "Your runs end one epoch too late.",
     "With patience 0 the first epoch without improvement is the last.",
     lambda valid, patience: _stop(valid, patience + 1)[0]),
    ("ties", "An epoch that is only as good as the best counts as better.",
     "Improvement means less than the best so far.",
     lambda valid, patience: _stop(valid, patience, ties=True)[0]),
    ("against-the-last", "You compare each epoch with the one before.",
     "What counts is the best so far.", _since_last),
)  # fmt: skip


def _kept(cases: Sequence[tuple[list[float], int]], kept: list[int], ends: list[int]) -> Wrong:
    """What is wrong where the runs end as they should."""
    if kept == ends:
        return Wrong("keeps-the-last", "The weights of the last epoch are kept.",
                     hint="What has happened on the validation set in the epochs that patience "
                          "waited for?")  # fmt: skip
    if kept == [1 + int(np.argmin(valid)) for valid, _ in cases]:
        return Wrong("sees-the-future", "Epochs are kept that come after the end of their run.",
                     hint="The list goes on after the end of the run: those epochs never "
                          "happened.")  # fmt: skip
    return Wrong("another-epoch", "The runs end where they should, and another epoch is kept.",
                 hint="Of the epochs that happened, which was the first to be best?")  # fmt: skip


def _few(valid: Sequence[float]) -> str:
    return f"[{', '.join(f'{loss:g}' for loss in valid[:8])}{', …' * (len(valid) > 8)}]"


@exercise("network.two-frames-back", kind="build")
def two_frames_back(answer: object) -> str:
    """How often a key is down, by what it did in the two frames before."""
    f = function(answer, "rolls")
    rng = np.random.default_rng(10)
    for lengths, keys in (((400,), 3), ((9, 3, 30, 5), 4), ((2, 1, 7), 2)):
        rolls = [random_roll(rng, T, keys) for T in lengths]
        found = array(call(f, rolls), (2, 2, keys))
        want = two_back(rolls)
        if close(found, want, 1e-9):
            continue
        if close(found, want.swapaxes(0, 1), 1e-9):
            raise Wrong("swapped", "Your first two axes are the wrong way round.",
                        hint="The first index is the older frame.")  # fmt: skip
        if close(found, two_back([np.concatenate(rolls)]), 1e-9):
            raise Wrong("across-the-end", "You count from the end of one chorale into the next.",
                        hint="What comes before the first frame of a chorale? Not the last "
                             "chorale.")  # fmt: skip
        if any(close(found, two_back(_after_silence(rolls, pad)), 1e-9) for pad in (1, 2)):
            raise Wrong("silence-before", "You put silence before the first frame of a chorale.",
                        hint="Only frames with two frames of their own chorale before them count. "
                             "Which is the first of these?")  # fmt: skip
        bare = (want * (seen(rolls) + 2) - 1) / np.maximum(seen(rolls), 1)
        if np.any((found <= 0) | (found >= 1)) or close(found, bare, 1e-9):
            raise Wrong("never-certain", "Some probabilities are, or can become, 0 or 1.",
                        hint="Once the impossible happens, it costs infinitely much. Count one "
                             "more of each, as the chapter does.")  # fmt: skip
        if close(found, 1 - want, 1e-9):
            raise Wrong("up-for-down", "You count how often a key is up.",
                        hint="P is the probability that the key goes down.")  # fmt: skip
        frames = sum(max(len(roll) - 2, 0) for roll in rolls)
        if close(found, want * (seen(rolls) + 2) / (frames + 2), 1e-9):
            raise Wrong("joint", "You divide by the number of all frames.",
                        hint="Given that a key was up and then down: in how many of *those* frames "
                             "is it down next?")  # fmt: skip
        if np.allclose(found[0], found[1]):
            raise Wrong("one-frame", "The older frame makes no difference in your table.",
                        hint="That is the bigram table, for each older frame. Select the frames by "
                             "both.")  # fmt: skip
        number = f"{len(rolls)} roll{'s' * (len(rolls) > 1)}"
        raise Wrong("miscounted", f"For {number} of {keys} keys some entries are wrong.",
                    hint="Make a roll of one key and six frames, count by hand, and "
                         "compare.")  # fmt: skip
    task = load("music", source="generated")
    train, test = (
        [np.concatenate([x[:1], k]).astype(np.float64) for x, k in part]
        for part in (task.train, task.test)
    )
    yours = price(array(call(f, train), (2, 2, task.outputs)), test)
    return (f"On the test set of the generated chorales your table pays {yours:.2f} nats per "
            f"frame, one that looks a single frame back {price(one_back(train), test):.2f}."
            )  # fmt: skip


def _after_silence(rolls: Sequence[Array64], frames: int) -> list[Array64]:
    """The rolls with so many silent frames before each."""
    return [np.pad(roll, ((frames, 0), (0, 0))) for roll in rolls]
