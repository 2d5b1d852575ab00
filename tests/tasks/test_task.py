"""A task is checked when it is made, and its caption says where its data comes from."""

import numpy as np
import pytest

from lstmlab.tasks import Task, names
from lstmlab.tasks.task import Pictures, Texts


def pairs(count=1, inputs=3, outputs=2, dtype=np.float32):
    return [(np.zeros((4, inputs), dtype), np.zeros((4, outputs), dtype)) for _ in range(count)]


def task(**changes):
    values = {
        "name": "toy",
        "source": "generated",
        "train": pairs(3),
        "valid": pairs(2),
        "test": pairs(1),
        "inputs": 3,
        "outputs": 2,
    }
    return Task(**values | changes)


@pytest.mark.parametrize(
    ("changes", "caption"),
    [
        ({"seed": 4}, "generated toy (seed 4), 3/2/1 sequences"),
        ({"source": "embedded"}, "embedded toy, 3/2/1 sequences"),
        ({"source": "Real Set"}, "Real Set (real), 3/2/1 sequences"),
        ({"title": "my data"}, "my data, 3/2/1 sequences"),
    ],
)
def test_the_caption_names_source_seed_and_sizes(changes, caption):
    assert task(**changes).caption == caption


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"valid": []}, "valid must hold 1 sequence or more, got none"),
        (
            {"test": pairs(inputs=4)},
            r"test\[0\] must have x of float32 \(T, 3\), got float32 \(4, 4\)",
        ),
        ({"train": pairs(dtype=np.float64)}, r"train\[0\] must have x of float32 .*, got float64"),
        ({"test": [(np.zeros((4, 3), np.float32), np.full((4, 2), 9, np.float32))]}, "from 0 to 1"),
        ({"test": [(np.zeros((4, 3), np.float32), np.full((4, 2), np.nan, np.float32))]}, "0 to 1"),
        (
            {"loss": "softmax"},
            r"train\[0\] must have a target of whole numbers \(4,\), got float32",
        ),
        ({"test": [(np.full((4, 3), np.nan, np.float32), np.zeros((4, 2), np.float32))]}, "finite"),
        ({"form": "words"}, "form must be one of .*, got 'words'"),
        ({"answer": "all"}, "answer must be one of .*, got 'all'"),
        ({"answer": "sequence", "loss": "ctc"}, "answer must be 'frame' for ctc"),
        ({"answer": "sequence"}, r"train\[0\] must have a target of float32 \(2,\)"),
        ({"vocabulary": ("a",)}, "vocabulary must hold 3 names or none, got 1"),
        ({"labels": ("a",)}, "labels must hold 2 names or none, got 1"),
        ({"form": "tokens"}, r"train\[0\] must have x of whole numbers \(T,\)"),
        ({"form": "pictures"}, r"train\[0\] must have x of uint8 \(height, width, channels\)"),
    ],
)
def test_a_task_that_is_not_whole_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        task(**changes)


def test_classes_are_whole_numbers_of_one_dimension():
    x = np.zeros((4, 3), np.float32)

    def classes(target):
        sets = {name: [(x, target)] for name in ("train", "valid", "test")}
        return task(loss="softmax", **sets)

    assert classes(np.array([0, 1, 1, 0])).loss == "softmax"
    with pytest.raises(ValueError, match="must have targets from 0 to 1, got 0 to 2"):
        classes(np.array([0, 1, 2, 0]))
    with pytest.raises(ValueError, match=r"a target of whole numbers \(4,\), got float64 \(4,\)"):
        classes(np.zeros(4))


def test_labels_are_whole_numbers_that_fit_their_sequence():
    x = np.zeros((4, 3), np.float32)

    def labels(target, **changes):
        sets = {name: [(x, target)] for name in ("train", "valid", "test")}
        return task(loss="ctc", outputs=3, **sets, **changes)

    assert labels(np.array([2, 1, 1])).loss == "ctc"
    assert labels(np.array([], int)).metric == "nats per frame"
    for target, message in (
        (np.array([0, 1]), "must have targets from 1 to 2, got 0 to 1"),
        (np.array([3]), "must have targets from 1 to 2, got 3 to 3"),
        (np.array([1.0]), "a target of whole numbers .U,., got float64"),
        (np.array([[1]]), "a target of whole numbers .U,., got int64 .1, 1."),
        (np.array([1, 1, 1]), "must have labels that fit into its 4 frames, got 3 that need 5"),
    ):
        with pytest.raises(ValueError, match=message):
            labels(target)


def test_a_metric_must_be_one_of_the_loss():
    message = "metric must be one of the loss 'sigmoid', got 'frame error rate'"
    with pytest.raises(ValueError, match=message):
        task(metric="frame error rate")


def test_splits_are_had_by_name_and_arrays_are_not_shown():
    whole = task()
    assert whole.split("valid") is whole.valid
    with pytest.raises(ValueError, match="split must be one of train, valid, test, got 'dev'"):
        whole.split("dev")
    assert "array" not in repr(whole)


def test_music_is_among_the_names():
    assert "music" in names


def test_tokens_stand_for_frames_and_are_named():
    words, verdict = np.array([0, 2, 1]), np.ones(1, np.float32)
    sets = {name: [(words, verdict)] for name in ("train", "valid", "test")}
    whole = task(form="tokens", answer="sequence", outputs=1, vocabulary=tuple("abc"), **sets)
    assert "".join(whole.vocabulary[word] for word in whole.train[0][0]) == "acb"
    with pytest.raises(ValueError, match="train.0. must have x from 0 to 1, got 0 to 2"):
        task(form="tokens", answer="sequence", outputs=1, inputs=2, **sets)
    empty = [(words[:0], verdict)]
    with pytest.raises(ValueError, match="one or more, got int64"):
        task(form="tokens", answer="sequence", outputs=1, **sets | {"test": empty})


def test_a_target_may_be_a_sequence_of_its_own():
    def translation(target):
        sets = {name: [(np.array([0, 1]), target)] for name in ("train", "valid", "test")}
        return task(form="tokens", answer="tokens", loss="softmax", unit="pairs", **sets)

    assert translation(np.array([1, 0, 1, 1])).caption.endswith("1/1/1 pairs")
    with pytest.raises(ValueError, match="a target of 1 token or more, got none"):
        translation(np.array([], int))
    with pytest.raises(ValueError, match="must have targets from 0 to 1, got 0 to 2"):
        translation(np.array([0, 2]))


def test_pictures_are_views_of_one_block():
    block = np.arange(2 * 2 * 3, dtype=np.uint8).reshape(2, 2, 3, 1)
    pictures = Pictures(block, np.array([1, 0]))
    x, target = pictures[1]
    assert np.shares_memory(x, block)
    assert target == 0
    assert [int(target) for _, target in pictures] == [1, 0]
    assert len(pictures[1:]) == 1
    sets = dict.fromkeys(("train", "valid", "test"), pictures)
    kinds = {"form": "pictures", "answer": "sequence", "loss": "softmax", "inputs": 6}
    assert len(task(**kinds, **sets).train) == 2
    with pytest.raises(ValueError, match="train must have targets from 0 to 1, got 0 to 2"):
        task(**kinds, **sets | {"train": Pictures(block, np.array([2, 0]))})
    with pytest.raises(ValueError, match="train must have x of uint8"):
        task(**kinds | {"inputs": 7}, **sets)
    with pytest.raises(ValueError, match="x must be uint8"):
        Pictures(block.astype(float), np.array([1, 0]))
    with pytest.raises(ValueError, match="classes must be whole numbers"):
        Pictures(block, np.array([1, 0, 0]))


def test_texts_are_views_of_one_block_and_checked_at_once():
    tokens, targets = np.array([0, 2, 1, 1, 0], np.int32), np.array([[1], [0]], np.float32)
    texts = Texts(tokens, np.array([2, 3]), targets)
    assert [x.tolist() for x, _ in texts] == [[0, 2], [1, 1, 0]]
    assert [float(y[0]) for _, y in texts] == [1, 0]
    assert np.shares_memory(texts[1][0], tokens)
    assert [x.tolist() for x, _ in texts[1:]] == [[1, 1, 0]]
    sets = dict.fromkeys(("train", "valid", "test"), texts)
    kinds = {"form": "tokens", "answer": "sequence", "outputs": 1}
    assert len(task(**kinds, **sets).train) == 2
    for changes, message in (
        ({"train": Texts(tokens + 1, np.array([2, 3]), targets)}, "train must have x from 0 to 2"),
        ({"valid": Texts(tokens, np.array([2, 3]), targets + 1)}, "valid must have targets from"),
        ({"test": Texts(tokens, np.array([2, 3]), targets[:, 0])}, "test must have a target of"),
        ({"outputs": 2}, "train must have a target of float32"),
    ):
        with pytest.raises(ValueError, match=message):
            task(**kinds | sets | changes)
    for lengths in ([2, 2], [0, 5], [6, -1], [[2, 3]]):
        with pytest.raises(ValueError, match="lengths must be 1 or more each and 5 in all"):
            Texts(tokens, np.array(lengths), targets)
    with pytest.raises(ValueError, match="targets must be 2, got 1"):
        Texts(tokens, np.array([2, 3]), targets[:1])
    with pytest.raises(ValueError, match="tokens must be whole numbers"):
        Texts(tokens / 2, np.array([2, 3]), targets)
