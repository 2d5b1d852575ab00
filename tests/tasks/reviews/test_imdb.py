"""IMDB as texts: archives and folders are read, split and counted, and what is wrong is named."""

import hashlib
import io
import tarfile
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from lstmlab.tasks import reviews
from lstmlab.tasks.reviews import imdb
from lstmlab.tasks.store import DataError, DownloadError, MissingDataError

from .files import archive, folder, texts

pytestmark = pytest.mark.usefixtures("nowhere")
CASES = 600


@pytest.fixture
def real(tmp_path, monkeypatch):
    """A small archive that stands in for the published one, in a folder of its own."""
    data = archive()
    record = replace(reviews.ARCHIVE, sha256=hashlib.sha256(data).hexdigest(), size=len(data))
    monkeypatch.setattr(reviews, "ARCHIVE", record)
    monkeypatch.setattr(reviews, "PUBLISHED", {record.filename: record})
    monkeypatch.setattr(reviews, "_KNOWN", {record.sha256})
    path = tmp_path / "data" / record.filename
    path.parent.mkdir()
    path.write_bytes(data)
    return path


def content(task):
    return {
        split: sorted((reviews.text(task, x), float(y[0])) for x, y in task.split(split))
        for split in ("train", "valid", "test")
    }


def test_an_archive_a_folder_and_a_zip_give_the_same_reviews(tmp_path):
    for mode in ("gz", "xz", "bz2", ""):
        (tmp_path / f"a.tar.{mode}").write_bytes(archive(mode=f"w:{mode}"))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        for name, data in reversed(texts().items()):
            packed.writestr(name, data)
    place = folder(tmp_path)
    tasks = [reviews.load(root=path) for path in (*tmp_path.glob("a.*"), place, tmp_path)]
    assert len(tasks) == 7
    for task in tasks:
        assert content(task) == content(tasks[0])
        for (x, _), (same, _) in zip(task.train, tasks[0].train, strict=True):
            assert np.array_equal(x, same)
    assert tasks[-1].caption == "aclImdb (own folder), 8/2/4 reviews"
    assert tasks[0].source.endswith("(own file)")


def test_a_fifth_of_each_class_is_for_validation_whatever_the_seed(tmp_path):
    lengths = {name: b"a " * (at + 1) for at, name in enumerate(texts(train=20))}
    folder(tmp_path, lengths)
    task, other = (reviews.load(root=tmp_path, seed=seed) for seed in (0, 1))
    assert content(task) == content(other)
    for split, size in (("train", 16), ("valid", 4), ("test", 2)):
        assert [y for _, y in content(task)[split]].count(1.0) == size
    every = [len(x) - 1 for split in ("train", "valid", "test") for x, _ in task.split(split)]
    assert sorted(every) == list(range(1, 45))


def test_words_are_ranked_by_the_training_set_alone(tmp_path):
    files = dict.fromkeys(texts(), b"b a c a")
    files = {name: b"z z z z" if "test" in name else data for name, data in files.items()}
    task = reviews.load(root=folder(tmp_path, files))
    assert task.vocabulary == ("<PAD>", "<START>", "<UNK>", "a", "b", "c")
    assert task.train[0][0].tolist() == [1, 4, 3, 5, 3]
    assert task.test[0][0].tolist() == [1, 2, 2, 2, 2]
    assert reviews.load(root=tmp_path, words=1).train[0][0].tolist() == [1, 2, 3, 2, 3]
    assert reviews.load(root=tmp_path, length=2).train[0][0].tolist() == [1, 4]


def test_reviews_without_a_rating_are_not_read(tmp_path):
    files = texts() | {"train/unsup/0_0.txt": b"\xff", "README": b"\xff", "imdb.vocab": b""}
    (tmp_path / "a.tar").write_bytes(archive(files, "w:"))
    assert reviews.load(root=tmp_path / "a.tar").caption == "a.tar (own file), 8/2/4 reviews"


def test_the_published_file_is_known_by_its_checksum(real, tmp_path):
    for root in (real, real.parent):
        assert reviews.REVIEWS.available(root) == "IMDB"
        task = reviews.load(source="real", root=root)
        assert task.caption == "IMDB (real), 8/2/4 reviews"
    renamed = tmp_path / "renamed.tar.gz"
    renamed.write_bytes(real.read_bytes())
    assert reviews.load(source="IMDB", root=renamed).source == "IMDB"
    assert reviews.REVIEWS.available(renamed) == "IMDB"
    assert reviews.verify(real) == "IMDB, checksum right"


def test_under_the_published_name_nothing_else_is_read(real):
    real.write_bytes(archive(texts(train=6)))
    for source in ("auto", "real"):
        with pytest.raises(DataError, match="is not IMDB as published: expected sha256"):
            reviews.load(source=source, root=real)
    with pytest.raises(DataError, match="is not IMDB as published: expected sha256"):
        reviews.verify(real)


def test_what_was_read_is_kept_and_a_changed_file_is_read_again(tmp_path, monkeypatch):
    path = tmp_path / "a.tar"
    path.write_bytes(archive(mode="w:"))
    first = reviews.load(root=path)
    path.write_bytes(archive(texts(train=10), "w:"))
    assert len(reviews.load(root=path).train) == 16
    path.write_bytes(archive(mode="w:"))
    again = reviews.load(root=path)
    monkeypatch.setattr(imdb, "read", None)
    for task in (again, reviews.load(root=path)):
        assert content(task) == content(first)


def test_what_lies_behind_a_link_is_read_again_when_it_changes(tmp_path):
    away, place = folder(tmp_path), tmp_path / "own"
    place.mkdir()
    for split in ("train", "test"):
        (place / split).symlink_to(away / split)
    before = content(reviews.load(root=place))
    for name in texts():
        (away / name).write_bytes(b"now others")
    assert content(reviews.load(root=place)) != before


def test_what_lies_beside_the_reviews_does_not_have_them_read_again(tmp_path, monkeypatch):
    place = folder(tmp_path)
    first = content(reviews.load(root=place))
    (place / "README").write_bytes(b"about")
    (place / "train" / "unsup").mkdir()
    (place / "train" / "unsup" / "0_0.txt").write_bytes(b"not rated")
    monkeypatch.setattr(imdb, "read", None)
    assert content(reviews.load(root=place)) == first


def test_data_of_your_own_are_not_the_real_set(tmp_path):
    place = folder(tmp_path)
    (tmp_path / "a.tar").write_bytes(archive(mode="w:"))
    for root in (place, tmp_path / "a.tar"):
        with pytest.raises(DataError, match="is not IMDB .* has 8/2/4 reviews .* 20000/5000/25000"):
            reviews.load(source="real", root=root)
    with pytest.raises(DataError, match="has 8/2/4 reviews, IMDB has 20000/5000/25000"):
        reviews.verify(place)
    assert reviews.REVIEWS.available(tmp_path) == "aclImdb (own folder)"
    assert reviews.REVIEWS.available(tmp_path / "a.tar") == "a.tar (own file)"


def test_a_folder_is_the_real_set_if_it_has_as_many_files(tmp_path, monkeypatch):
    place = folder(tmp_path)
    monkeypatch.setattr(reviews, "FILES", [5, 5, 2, 2])
    monkeypatch.setenv("LSTMLAB_DATA", str(tmp_path))
    assert reviews.REVIEWS.available() == "IMDB"
    assert reviews.load(source="real").caption == "IMDB (real), 8/2/4 reviews"
    assert reviews.verify(place) == "IMDB, known by its numbers of files, every file read"


def test_without_a_copy_it_says_where_to_get_one(tmp_path):
    assert reviews.REVIEWS.available() == "generated"
    assert reviews.load().source == "generated"
    with pytest.raises(MissingDataError, match=r"aclImdb_v1.tar.gz is in none of .*ai.stanford"):
        reviews.load(source="real")
    with pytest.raises(MissingDataError, match="root must be a folder or a file such as aclImdb"):
        reviews.load(root=tmp_path / "absent")
    for wrong in ({"source": "TIMIT"}, {"seed": -1}, {"words": 0}, {"length": 0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            reviews.load(**wrong)


def test_it_is_fetched_where_it_is_asked_for(real, tmp_path, server, monkeypatch):
    address = f"http://127.0.0.1:{server.server_address[1]}/absent"
    monkeypatch.setattr(reviews, "ARCHIVE", replace(reviews.ARCHIVE, url=address))
    with pytest.raises(DownloadError, match="IMDB: .* could not be fetched"):
        reviews.load(download=True)
    assert server.asked == ["/absent"]
    assert reviews.load(download=True, source="generated").source == "generated"


WRONG = [
    ({"train/pos/9_6.txt": b"a"}, "train/pos/9_6.txt must have a rating from 7 to 10, got 6"),
    ({"test/neg/9_10.txt": b"a"}, "test/neg/9_10.txt must have a rating from 1 to 4, got 10"),
    ({"train/pos/9.txt": b"a"}, "'train/pos/9.txt' must be named ID_RATING.txt, such as 0_9.txt"),
    ({"train/neg/9_1.txt.bak": b"a"}, "must be named ID_RATING.txt"),
    ({"train/neg/9_1.txt": b"ab\xff"}, "train/neg/9_1.txt must be UTF-8 text, got byte 2"),
    ({"train/neg/9_1.txt": "a".encode("utf-16")}, "must be UTF-8 text, got byte 0"),
    ({"train/neg/9_1.txt": b""}, "train/neg/9_1.txt must hold a word or more, got none"),
    ({"train/neg/9_1.txt": b" ...\r\n"}, "must hold a word or more, got none"),
    ({"train/neg/9_1.txt": b"a " * (1 << 20)}, "train/neg/9_1.txt.* must have 1,048,576 bytes or"),
]


@pytest.mark.parametrize(("extra", "message"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_review_is_named(tmp_path, extra, message):
    (tmp_path / "a.tar.gz").write_bytes(archive(texts() | extra))
    for root in (tmp_path / "a.tar.gz", folder(tmp_path, texts() | extra)):
        with pytest.raises(DataError, match=message):
            reviews.load(root=root)


def test_too_few_reviews_are_refused(tmp_path):
    for files, message in (
        (texts(train=4), "must have 5 positive reviews or more for training, got 4"),
        (texts(test=0), "must have reviews for the test, got none"),
        ({"README": b"a"}, "must have 5 positive reviews or more for training, got 0"),
    ):
        (tmp_path / "a.tar").write_bytes(archive(files, "w:"))
        with pytest.raises(DataError, match=message):
            reviews.load(root=tmp_path / "a.tar")


def member(name, kind=tarfile.REGTYPE, size=0, target=""):
    made = tarfile.TarInfo(name)
    made.type, made.size, made.linkname = kind, size, target
    return made


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (member("../train/pos/9_9.txt"), "must be a name within the archive's own folder"),
        (member("/train/pos/9_9.txt"), "must be a name within the archive's own folder"),
        (member("train/pos/9_9.txt", tarfile.SYMTYPE, target="/etc/passwd"), "got a link"),
        (member("train/pos/9_9.txt", tarfile.LNKTYPE, target="train/pos/0_9.txt"), "got a link"),
        (member("train/pos/9_9.txt", tarfile.FIFOTYPE), "got a pipe"),
        (member("train/pos/9_9.txt", size=10 << 30), "must have 67,108,864 bytes or fewer"),
        (member("aclImdb/train/pos/0_9.txt"), "must be there once, got it twice|hold a word"),
        (member("other/train/pos/9_9.txt"), "must hold one set of reviews|must hold a word"),
    ],
    ids=range(8),
)
def test_a_hostile_archive_is_refused_and_nothing_is_written(tmp_path, extra, message):
    path = tmp_path / "data" / "a.tar"
    path.parent.mkdir()
    path.write_bytes(archive(mode="w:", extra=[extra]))
    with pytest.raises(DataError, match=message):
        reviews.load(root=path)
    assert [str(found.relative_to(tmp_path)) for found in tmp_path.rglob("*")] == [
        "data", "data/a.tar"
    ]  # fmt: skip


def test_two_sets_in_one_archive_are_refused(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for top in ("one", "two"):
            for name, data in texts().items():
                packed.writestr(f"{top}/{name}", data)
    with pytest.raises(DataError, match=r"must hold one set of reviews, got \['one', 'two'\]"):
        reviews.load(root=path)


def damaged(data, rng):
    """Cut, overwrite or repeat some of a file."""
    data = bytearray(data)
    for _ in range(rng.integers(1, 4)):
        at, length = int(rng.integers(len(data) + 1)), int(rng.integers(0, 40))
        kind = rng.integers(4)
        if kind == 0:
            del data[at:]
        elif kind == 1:
            data[at : at + length] = rng.bytes(length)
        elif kind == 2:
            data[at:at] = data[at : at + length]
        else:
            data[at : at + 1] = bytes([int(rng.integers(256))])
    return bytes(data)


@pytest.mark.parametrize("mode", ["w:", "w:gz", "zip"])
def test_a_damaged_archive_is_read_or_refused_and_nothing_else(tmp_path, mode):
    if mode == "zip":
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, data in texts().items():
                packed.writestr(name, data)
        whole = out.getvalue()
    else:
        whole = archive(mode=mode)
    rng, path, refused = np.random.default_rng(0), tmp_path / "a", 0
    for _ in range(CASES):
        path.write_bytes(damaged(whole, rng))
        try:
            found = imdb.read(path)
        except DataError:
            refused += 1
            continue
        assert len(found["lengths"]) == found["sizes"].sum()
        assert len(found["tokens"]) == found["lengths"].sum()
    assert refused > CASES / 10
    assert list(tmp_path.iterdir()) == [path]


PIECES = (
    b"", b"\xff\xfe", b"\xef\xbb\xbfa", b"a\r\nb\rc\n", b"\0", b"<br />", b"...", b"\xc3",
    b"\xed\xa0\x80", "\u2028 \u00a0".encode(), b"word " * 300, b"it's",
)  # fmt: skip
NAMES = (
    "0_9.txt", "9_9.txt", "9_3.txt", "9_11.txt", "9_0.txt", "-1_9.txt", "9_9.TXT", "9_9.txt.gz",
    "_.txt", "\u0663_9.txt", "9_9", "a b.txt", "9_9.txt\n",
)  # fmt: skip


def test_a_folder_of_anything_is_read_or_refused_and_nothing_else(tmp_path):
    rng, place, outcomes = np.random.default_rng(0), folder(tmp_path), set()
    for _ in range(CASES):
        path = place / str(rng.choice(imdb.FOLDERS)) / NAMES[rng.integers(len(NAMES))]
        before = path.read_bytes() if path.exists() else None
        picked = rng.integers(len(PIECES), size=rng.integers(1, 4))
        path.write_bytes(b"".join(PIECES[at] for at in picked))
        try:
            found = imdb.read(place)
        except DataError as error:
            outcomes.add(str(error).rpartition(" must ")[2][:12])
        else:
            outcomes.add("read")
            assert len(found["tokens"]) == found["lengths"].sum()
        if before is None:
            path.unlink()
        else:
            path.write_bytes(before)
    assert {"read", "be UTF-8 tex", "hold a word ", "have a ratin", "be named ID_"} <= outcomes


def test_what_systems_leave_is_passed_over(tmp_path):
    files = texts() | {"train/neg/.DS_Store": b"a", "test/pos/._2_10.txt": b"\xff"}
    (tmp_path / "a.tar.gz").write_bytes(archive(files))
    for root in (tmp_path / "a.tar.gz", folder(tmp_path, files)):
        assert len(reviews.load(root=root).test) == 4
    assert imdb.counted(tmp_path / "aclImdb") == [5, 5, 2, 2]


@pytest.mark.parametrize(("limit", "most"), [("TEXT", 100), ("WORDS", 20), ("DIFFERENT", 7)])
def test_too_much_text_is_refused_while_it_is_read(tmp_path, monkeypatch, limit, most):
    monkeypatch.setattr(imdb, limit, most)
    (tmp_path / "a.tar.gz").write_bytes(archive())
    for root in (tmp_path / "a.tar.gz", folder(tmp_path)):
        with pytest.raises(DataError, match=rf"^{root.name} must have .*\b{most}\b.* got more"):
            reviews.load(root=root)


def test_a_folder_of_something_else_is_not_replaced(tmp_path):
    place = folder(tmp_path)
    (place / "test/pos").rename(place / "test/good")
    for asked in (reviews.REVIEWS.available, lambda root: reviews.load(root=root)):
        with pytest.raises(MissingDataError, match=r"root must hold aclImdb_v1.tar.gz.* 'aclImdb'"):
            asked(tmp_path)
    assert reviews.load(source="generated", root=tmp_path).source == "generated"


def test_links_and_folders_among_the_reviews_are_refused(tmp_path):
    place = folder(tmp_path)
    secret = tmp_path / "secret.txt"
    secret.write_text("a secret")
    link = place / "train/pos/9_9.txt"
    link.symlink_to(secret)
    with pytest.raises(DataError, match="aclImdb: 'train/pos/9_9.txt' must be a file, got a"):
        reviews.load(root=place)
    link.unlink()
    link.mkdir()
    with pytest.raises(DataError, match="aclImdb: 'train/pos/9_9.txt' must be a file, got a"):
        reviews.load(root=place)


def test_the_labelled_half_has_the_papers_sizes(lstmlab_data):
    if not (lstmlab_data / reviews.LABELLED.filename).is_file():
        pytest.skip("LSTMLAB_DATA has no aclImdb-labelled.tar.xz")
    task = reviews.load(source="real", root=lstmlab_data)
    assert task.caption == "IMDB (real), 20000/5000/25000 reviews"
    assert task.inputs == 5003
    for split in ("train", "valid", "test"):
        assert np.mean([target for _, target in task.split(split)]) == 0.5
    lengths = [len(x) - 1 for split in ("train", "valid", "test") for x, _ in task.split(split)]
    assert np.mean(lengths) == pytest.approx(235.03, abs=0.01)  # the paper: 234.75, 172.91
    assert np.std(lengths) == pytest.approx(174.05, abs=0.01)
