"""The embedded Reber grammar: what is legal, how often, and what a network is told."""

from collections import Counter

import numpy as np
import pytest

from lstmlab.tasks import available, load, reber
from lstmlab.tasks.reber import EMBEDDED, END, REBER, SYMBOLS


def texts(task_x):
    return "".join(SYMBOLS[k] for k in task_x.argmax(axis=1))


@pytest.fixture(scope="module")
def many():
    rng = np.random.default_rng(3)
    return [reber.string(rng) for _ in range(4000)]


def test_every_string_is_accepted_and_no_beginning_of_it_is(many):
    for text in many[:300]:
        assert reber.accepts(text)
        assert not any(reber.accepts(text[:n]) for n in range(len(text)))
        assert not reber.accepts(text + text)


def test_a_string_that_is_changed_anywhere_but_in_loops_is_not_accepted():
    text = "BTBTXSETE"
    assert reber.accepts(text)
    for place in range(len(text)):
        others = {text[:place] + s + text[place + 1 :] for s in SYMBOLS if s != text[place]}
        assert not any(reber.accepts(other) for other in others)


def test_the_second_last_symbol_is_the_second(many):
    assert all(text[1] == text[-2] for text in many)
    assert all(reber.accepts(text[2:-2], REBER) for text in many)


def test_both_branches_are_equally_frequent_at_every_node(many):
    ways = Counter(
        (node, symbol)
        for text in many
        for node, symbol in zip([0, *reber.walk(text)], text, strict=False)
    )
    for node, on in EMBEDDED.items():
        found = [ways[node, symbol] for symbol in on]
        assert len(on) in (1, 2)
        if len(on) == 2:
            assert abs(found[0] - found[1]) < 4 * np.sqrt(sum(found))


def test_strings_have_nine_symbols_or_more_and_twelve_in_the_mean(many):
    lengths = [len(text) for text in many]
    assert min(lengths) == 9
    # E(steps from each node), solved exactly: inner strings have 8 in the mean.
    size = len(EMBEDDED)
    way = np.zeros((size, size))
    for node, on in EMBEDDED.items():
        for to in on.values():
            if to != END:
                way[node, to] += 1 / len(on)
    mean = np.linalg.solve(np.eye(size) - way, np.ones(size))[0]
    assert np.isclose(mean, 12)
    assert abs(np.mean(lengths) - mean) < 4 * np.std(lengths) / np.sqrt(len(lengths))


def test_targets_are_exactly_the_legal_successors(many):
    for text in many[:100]:
        x, target = reber.encode(text)
        assert texts(x) == text
        for n in range(1, len(text)):
            legal = {s for s, wanted in zip(SYMBOLS, target[n - 1], strict=True) if wanted}
            # A symbol is legal if some string goes on with it: here, those that were drawn.
            seen = {other[n] for other in many if other.startswith(text[:n])}
            assert seen <= legal
            assert text[n] in legal
            assert legal == set(EMBEDDED[reber.walk(text[:n])[-1]])
        assert "".join(s for s, wanted in zip(SYMBOLS, target[-1], strict=True) if wanted) == "B"


def test_a_node_knows_which_branch_it_is_in():
    upper, lower = reber.walk("BTBPVVE")[-1], reber.walk("BPBPVVE")[-1]
    assert (set(EMBEDDED[upper]), set(EMBEDDED[lower])) == ({"T"}, {"P"})


def test_a_stream_is_strings_one_after_the_other():
    rng = np.random.default_rng(5)
    text = reber.stream(rng, 500)
    assert len(text) == 500
    nodes = reber.walk(text)
    ends = [n for n, node in enumerate(nodes) if node == END]
    parts = [text[a + 1 : b + 1] for a, b in zip([-1, *ends], ends, strict=False)]
    assert len(parts) > 20
    assert all(reber.accepts(part) for part in parts)
    assert "".join(parts) == text[: ends[-1] + 1]
    assert np.array_equal(reber.encode(text)[1][ends[0]], reber.one_hot("B")[0])


@pytest.mark.parametrize(
    ("name", "sizes", "lengths"),
    [("reber", (256, 256, 256), None), ("continual-reber", (256, 64, 64), {100})],
)
def test_tasks_hold_what_the_generators_draw(name, sizes, lengths):
    task = load(name, source="generated", seed=2)
    assert (len(task.train), len(task.valid), len(task.test)) == sizes
    assert task.caption == f"generated {name} (seed 2), {'/'.join(map(str, sizes))} sequences"
    assert (task.inputs, task.outputs, task.loss) == (7, 7, "sigmoid")
    assert available(name) == "generated"
    for x, target in [*task.train, *task.valid, *task.test]:
        assert np.array_equal(target, reber.encode(texts(x))[1])
        if lengths:
            assert len(x) in lengths
        else:
            assert SYMBOLS[target[-1].argmax()] == "E"
            assert reber.accepts(texts(x) + "E")


def test_the_same_seed_gives_the_same_and_splits_and_seeds_differ():
    for name in ("reber", "continual-reber"):
        once, again, other = load(name), load(name), load(name, seed=1)
        same = [np.array_equal(a[0], b[0]) for a, b in zip(once.test, again.test, strict=True)]
        assert all(same)
        drawn = [
            "|".join(texts(x) for x, _ in split[:50])
            for split in (once.train, once.valid, once.test, other.train)
        ]
        assert len(set(drawn)) == 4


def test_right_is_every_legal_symbol_above_a_half_and_every_other_below():
    target = np.array([[1, 0, 1], [0, 1, 0], [0, 1, 0.0]])
    said = np.array([[0.51, 0.49, 0.9], [0.1, 0.5, 0.2], [0.6, 0.9, 0.1]])
    assert reber.right(said, target).tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda rng: reber.encode(""), "text must hold 1 symbol or more, got none"),
        (lambda rng: reber.encode("BTX"), "symbol 3 must be B after 'BT', got 'X'"),
        (lambda rng: reber.encode("BTBTXSEP"), "symbol 8 must be T after 'BTBTXSE', got 'P'"),
        (lambda rng: reber.encode("BTBTXSETEB?"), "symbol 11 must be T or P after"),
        (lambda rng: reber.stream(rng, 0), "symbols must be a whole number, 1 or more, got 0"),
        (lambda rng: reber.strings(rng, 2.5), "count must be a whole number, 1 or more, got 2.5"),
        (lambda rng: reber.streams(rng, True), "count must be a whole number"),
    ],
)
def test_what_cannot_be_is_refused(call, message):
    with pytest.raises(ValueError, match=message.replace("?", r"\?")):
        call(np.random.default_rng(0))
