"""Pictures at half their size."""

import numpy as np
import pytest

from lstmlab.tasks import load
from lstmlab.tasks.images.half import halved
from lstmlab.tasks.task import Pictures, Task


def of(x):
    pictures = Pictures(x, np.zeros(len(x), dtype=np.int64))
    return Task(
        name="images", source="mine", train=pictures, valid=pictures, test=pictures,
        inputs=x[0].size, outputs=2, loss="softmax", metric="error rate", form="pictures",
        answer="sequence",
    )  # fmt: skip


def test_every_two_by_two_pixels_become_their_mean_in_each_channel():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (3, 6, 4, 2), dtype=np.uint8)
    task = halved(of(x))
    assert task.train.x.shape == (3, 3, 2, 2)
    assert task.inputs == 12
    for row in range(3):
        for column in range(2):
            block = x[:, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
            mean = block.astype(float).mean(axis=(1, 2))
            assert (abs(task.valid.x[:, row, column] - mean) <= 0.5).all()


def test_the_brightest_pictures_stay_so():
    x = np.full((1, 4, 4, 1), 255, dtype=np.uint8)
    assert (halved(of(x)).test.x == 255).all()


def test_classes_and_source_stay_and_the_title_says_the_size():
    task = load("images", source="embedded")
    half = halved(task)
    assert half.caption == "digits of scikit-learn (seed 0) at 4 x 4, 1197/300/300 pictures"
    assert half.source == task.source
    for split in ("train", "valid", "test"):
        assert (half.split(split).classes == task.split(split).classes).all()


def test_what_cannot_be_halved_is_refused():
    x = np.zeros((1, 4, 5, 1), dtype=np.uint8)
    with pytest.raises(ValueError, match="task must have pictures of even sides, got 4 x 5"):
        halved(of(x))
    with pytest.raises(ValueError, match="task must be of pictures, got 'copy'"):
        halved(load("copy"))
