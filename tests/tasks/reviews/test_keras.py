"""IMDB as Keras has it: ranks become numbers, and a pickle is never run."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest

from lstmlab.tasks import reviews
from lstmlab.tasks.reviews import keras
from lstmlab.tasks.store import DataError

from .files import evil, npz, objects, ranks
from .test_imdb import damaged

pytestmark = pytest.mark.usefixtures("nowhere")
CASES = 600


def test_rank_1_is_number_3(tmp_path):
    path = tmp_path / "own.npz"
    path.write_bytes(npz())
    task = reviews.load(root=path)
    assert task.caption == "own.npz (own file), 8/2/4 reviews"
    assert task.vocabulary[:5] == ("<PAD>", "<START>", "<UNK>", "#4", "#5")
    said = sorted(map(tuple, ranks()["x_test"]))
    assert sorted(tuple((x[1:] - 2).tolist()) for x, _ in task.test) == said
    assert all(x[0] == 1 for x, _ in task.train)
    small = reviews.load(root=path, words=5)
    assert small.inputs == 8
    for (x, _), (whole, _) in zip(small.train, task.train, strict=True):
        assert np.array_equal(x, np.where(whole < 8, whole, 2))


def test_words_get_their_names_from_the_list_beside_it(tmp_path):
    path, index = tmp_path / "own.npz", tmp_path / keras.INDEX
    path.write_bytes(npz())
    reviews.load(root=path)  # what is kept holds no names
    index.write_text(json.dumps({"the": 1, "and": 2, "zebra": 99_999}))
    assert reviews.load(root=path).vocabulary[3:6] == ("the", "and", "#6")
    for said, message in (
        ("[]", "must be an object of words and their ranks"),
        ('{"a": 0}', "must give each word a rank of 1 or more, got 0 for 'a'"),
        ('{"a": "1"}', "must give each word a rank of 1 or more, got '1' for 'a'"),
        ('{"a": true}', "must give each word a rank"),
        ('{"a": 1', "must be JSON in UTF-8"),
        ("[" * 100_000, "must be JSON in UTF-8"),
    ):
        index.write_text(said)
        with pytest.raises(DataError, match=f"{keras.INDEX} {message}"):
            reviews.load(root=path)
    index.write_bytes(b'{"\xff": 1}')
    with pytest.raises(DataError, match="must be JSON in UTF-8"):
        reviews.load(root=path)


def test_it_is_known_by_its_checksum(tmp_path, monkeypatch):
    path = tmp_path / "imdb.npz"
    path.write_bytes(npz())
    with pytest.raises(DataError, match="is not IMDB as Keras has it as published: expected sha2"):
        reviews.load(root=tmp_path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    record = replace(reviews.NUMBERS, sha256=digest)
    monkeypatch.setattr(reviews, "PUBLISHED", {record.filename: record})
    monkeypatch.setattr(reviews, "_KNOWN", {digest})
    task = reviews.load(source="IMDB", root=tmp_path)
    assert task.source == "IMDB"
    assert task.caption == "IMDB as Keras has it (real), 8/2/4 reviews"


def odd(row):
    """Ten reviews, one of which is what it is."""
    return objects([[1], row, *[[2]] * 8])


Y = ranks()["y_train"]
ODD = [
    ({"y_train": None}, "must hold x_train.npy and y_train.npy"),
    ({"x_test": None, "y_test": None}, "must hold x_test.npy and y_test.npy"),
    ({"other": Y}, "must hold x_train.npy, .*, got 'other.npy'"),
    ({"y_train": Y[:9]}, "must have as many labels as reviews for train, got 9 and 10"),
    ({"y_train": Y + 1}, "y_train.npy must be whole numbers .*, 0 or 1"),
    ({"y_train": Y / 2}, "y_train.npy must be whole numbers"),
    ({"y_train": Y[:, None]}, "y_train.npy must be whole numbers"),
    ({"x_train": Y}, "x_train.npy must be an array .* of lists, got int64"),
    ({"x_train": odd([])}, r"x_train.npy\[1\] must be a list of whole numbers"),
    ({"x_train": odd(None)}, r"x_train.npy\[1\] must be a list of whole numbers"),
    ({"x_train": odd([1.5])}, r"x_train.npy\[1\] must be a list of whole numbers"),
    ({"x_train": odd([True])}, r"x_train.npy\[1\] must be a list of whole numbers"),
    ({"x_train": odd([[1]])}, r"x_train.npy\[1\] must be a list of whole numbers"),
    ({"x_train": odd(["a"])}, r"x_train.npy\[1\] must be a list of whole numbers"),
    ({"x_train": odd({})}, r"x_train.npy\[1\] must be a list of whole numbers"),
    ({"x_train": odd([0])}, r"x_train.npy\[1\] must hold ranks from 1 to 1,048,57"),
    ({"x_train": odd([-4])}, r"x_train.npy\[1\] must hold ranks from 1"),
    ({"x_train": odd([1 << 80])}, r"x_train.npy\[1\] must hold ranks|x_train.npy"),
    ({"x_train": objects([[1]] * 10).reshape(5, 2)}, "must be an array .* of lists|objects"),
    ({"x_train": b""}, "x_train.npy is not an array"),
    ({"x_train": b"\x93NUMPY"}, "x_train.npy"),
]


@pytest.mark.parametrize(("changes", "message"), ODD, ids=range(len(ODD)))
def test_odd_content_is_named(tmp_path, changes, message):
    path = tmp_path / "own.npz"
    path.write_bytes(npz(**changes))
    with pytest.raises(DataError, match=message):
        reviews.load(root=path)


@pytest.mark.parametrize("inside", [True, False])
def test_a_pickle_with_code_is_not_run(tmp_path, inside):
    made = tmp_path / "made"
    path = tmp_path / "own.npz"
    path.write_bytes(npz(x_train=evil(made, inside)))
    with pytest.raises(DataError, match="x_train.npy"):
        reviews.load(root=path)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("where", ["file", "member"])
def test_a_damaged_file_is_read_or_refused_and_nothing_else(tmp_path, where):
    rng, path, refused = np.random.default_rng(0), tmp_path / "own.npz", 0
    whole = npz()
    begin = whole.index(b"\x93NUMPY")
    member = whole[begin : whole.index(b"PK\3\4", begin)]
    for _ in range(CASES):
        data = damaged(whole, rng) if where == "file" else npz(x_train=damaged(member, rng))
        path.write_bytes(data)
        try:
            found = keras.read(path)
        except DataError:
            refused += 1
            continue
        assert len(found["tokens"]) == found["lengths"].sum()
        assert found["tokens"].min() >= 1
    assert CASES / 10 < refused
    assert list(tmp_path.iterdir()) == [path]


def test_too_many_words_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(keras, "WORDS", 20)
    (tmp_path / "mine.npz").write_bytes(npz())
    with pytest.raises(DataError, match="mine.npz must have 20 words or fewer, got"):
        reviews.load(root=tmp_path / "mine.npz")
