"""Pickles are read as plain data; whatever else they ask for is refused, and nothing is run."""

import io
import pickle
import pickletools
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lstmlab.tasks import DataError
from lstmlab.tasks.pickles import array, loads

from .packing import damaged

ARRAYS = [
    np.arange(6, dtype=np.uint8).reshape(2, 3),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.arange(4, dtype=">i4"),
    np.empty((0, 3)),
    np.array(2.5, np.float32),
    np.array([True, False]),
]

leaves = (
    st.none() | st.booleans() | st.integers(-(2**80), 2**80) | st.floats(allow_nan=False)
    | st.text(max_size=300) | st.binary(max_size=300)
)  # fmt: skip
trees = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=5) | st.binary(max_size=5), inner, max_size=5)
    ),
    max_leaves=20,
)


@settings(max_examples=500, deadline=None)
@given(trees, st.integers(2, 4))
def test_plain_data_come_back(value, protocol):
    # What Python may share between two places is written as one object, and refused.
    alone = pickle.loads(pickle.dumps(value, protocol))
    assert loads(pickle.dumps(alone, protocol)) == value


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize("place", range(len(ARRAYS)))
def test_arrays_come_back(place, protocol):
    wanted = ARRAYS[place]
    found = loads(pickle.dumps({"data": wanted, "labels": [1, 2]}, protocol))
    assert found["labels"] == [1, 2]
    assert found["data"].dtype == wanted.dtype
    assert np.array_equal(found["data"], wanted)


@pytest.mark.parametrize("core", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
def test_both_spellings_of_numpys_core_are_known(core):
    data = pickle.dumps(ARRAYS[0], 2).replace(b"numpy.core.multiarray", core)
    assert np.array_equal(loads(data.replace(b"numpy._core.multiarray", core)), ARRAYS[0])


def test_what_python_2_wrote_is_bytes():
    """A dict as in CIFAR-10's batches: protocol 2, with str in the place of bytes."""
    pixels = bytes(range(12))
    data = (
        b"\x80\x02}q\x01(U\x04dataq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03"
        b"cnumpy\nndarray\nq\x04K\x00\x85U\x01b\x87Rq\x05(K\x01K\x02K\x06\x86cnumpy\ndtype\nq\x06"
        b"U\x02u1K\x00K\x01\x87Rq\x07(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89T\x0c\x00\x00\x00" + pixels + b"tbU\x06labelsq\x08]q\x09(K\x06K\x09eu."
    )
    found = loads(data)
    assert found.keys() == {b"data", b"labels"}
    assert found[b"labels"] == [6, 9]
    assert np.array_equal(found[b"data"], np.arange(12, dtype=np.uint8).reshape(2, 6))


def test_arrays_of_lists_come_back():
    wanted = np.empty(3, object)
    wanted[:] = [[1, 2], [3], []]
    equal = np.empty((2, 2), object)
    equal[0, 0], equal[0, 1], equal[1, 0], equal[1, 1] = [1, 2], [3, 4], [5, 6], [7, 8]
    for some in (wanted, equal, np.asfortranarray(equal)):
        held = io.BytesIO()
        np.save(held, some, allow_pickle=True)
        found = array(held.getvalue())
        assert found.dtype == object
        assert found.tolist() == some.tolist()


@pytest.mark.parametrize("place", range(len(ARRAYS)))
def test_npy_arrays_are_read_from_bytes_and_files(place):
    held = io.BytesIO()
    np.save(held, ARRAYS[place])
    for source in (held.getvalue(), io.BytesIO(held.getvalue())):
        found = array(source)
        assert found.dtype == ARRAYS[place].dtype
        assert np.array_equal(found, ARRAYS[place])


class Runs:
    """Its pickle makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("protocol", range(6))
def test_no_code_is_run(tmp_path, protocol):
    marker = tmp_path / "marker"
    data = pickle.dumps(Runs(marker), protocol)
    pickle.loads(data).close()
    assert marker.exists()  # it would
    marker.unlink()
    for some in (data, pickle.dumps([1, {"a": Runs(marker)}], protocol)):
        with pytest.raises(DataError, match="must hold plain data"):
            loads(some, "batch")
    objects = np.empty(1, object)
    objects[0] = Runs(marker)
    held = io.BytesIO()
    np.save(held, objects, allow_pickle=True)
    with pytest.raises(DataError, match="asks for 'io', 'open'"):
        array(held.getvalue(), "x.npy")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        ("builtins", "eval"), ("os", "system"), ("posix", "system"), ("numpy", "load"),
        ("numpy.core.multiarray", "fromfile"), ("numpy", "memmap"), ("_codecs", "lookup"),
        ("numpy.core.multiarray", "_reconstruct.__class__"), ("builtins", "getattr"),
    ],
)  # fmt: skip
def test_other_names_are_not_looked_up(name):
    module, what = (part.encode() for part in name)
    for data in (
        b"\x80\x02c" + module + b"\n" + what + b"\n.",
        b"\x80\x04\x8c" + bytes([len(module)]) + module + b"\x8c" + bytes([len(what)]) + what
        + b"\x93.",
    ):  # fmt: skip
        with pytest.raises(DataError, match=f"asks for '{name[0]}', '{name[1]}'; it was not look"):
            loads(data)


RECONSTRUCT = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n"
EMPTY = RECONSTRUCT + b"K\x00\x85C\x01b\x87R"
BYTES = b"cnumpy\ndtype\nX\x02\x00\x00\x00u1\x89\x88\x87R"
OBJECTS = BYTES.replace(b"u1", b"O8")


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (b"B\xff\xff\xff\xff.", "not a pickle that can be read"),
        (b"\x8e" + struct.pack("<Q", 10 << 30) + b".", "not a pickle that can be read"),
        (b"\x8d" + b"\xff" * 8 + b".", "not a pickle that can be read"),
        (b"\x96" + struct.pack("<Q", 10 << 30) + b".", "instruction 0x96"),
        (b"\x8b\xff\xff\xff\x7f.", "instruction 0x8b"),
        (b"Nr\xff\xff\xff\xff.", None),
        (b"j\xff\xff\xff\xff.", "not a pickle"),
        (b"]q\x00h\x00a.", "must hold every list, dict and array once"),
        (b"]q\x00(h\x00h\x00e.", "must hold every list, dict and array once"),
        (b"N\x85q\x00h\x00\x86\x85q\x01h\x01\x86.", "must hold every list"),
        (b"]" * 50 + b"a" * 49 + b".", "must have lists in lists 20 deep or less"),
        (b"N" + b"\x85" * 5000 + b".", "must have lists in lists 20 deep or less"),
        (b"(" * (1 << 21) + b".", "must hold 1,048,576 lists, dicts and tuples or fewer"),
        (b"}" + b"K\x01K\x01s.", "must have dicts with text as keys"),
        (b"}]Ns.", "must have dicts with text as keys"),
        (b"}(Nu.", "not a pickle"),
        (b"NNs.", "not a pickle"),
        (b"NNa.", "not a pickle"),
        (b"cnumpy\ndtype\n.", "must hold plain data, got global"),
        (BYTES + b".", "must hold plain data, got dtype"),
        (EMPTY + b".", "must hold plain data, got shell"),
        (BYTES.replace(b"u1", b"V9") + b".", "must hold arrays of plain numbers, got dtype 'V9'"),
        (BYTES + b"(K\x03X\x01\x00\x00\x00|N)}K\x00K\x00K\x00tb.", "got a dtype with parts"),
        (EMPTY + b"(K\x01K\x09\x85" + BYTES + b"\x89C\x02abtb.", "must have 9 bytes, got 2"),
        (EMPTY + b"(K\x01J\xff\xff\xff\x7f\x85" + BYTES + b"\x89C\x02abtb.", "2,147,483,647 byte"),
        (EMPTY + b"(K\x01J\xfe\xff\xff\xff\x85" + BYTES + b"\x89C\x02abtb.", "not a pickle"),
        (EMPTY + b"(K\x01K\x09\x85" + OBJECTS + b"\x89]tb.", "not a pickle"),
        (EMPTY + b"(K\x01K\x02\x85" + OBJECTS + b"\x89C\x02abtb.", "not a pickle"),
        (RECONSTRUCT + b"J\xff\xff\xff\x7f\x85C\x01b\x87R.", "not a pickle"),
        (b"cnumpy\nndarray\nK\x05\x85R.", "not a pickle"),
        (b"c_codecs\nencode\nX\x01\x00\x00\x00aX\x03\x00\x00\x00rot\x86R.", "not a pickle"),
        (b"N.N", "not a pickle"),
        (b"NN.", "not a pickle"),
        (b"(N.", "not a pickle"),
        (b".", "not a pickle"),
        (b"", "not a pickle"),
        (b"\x80\x02]q", "not a pickle"),
        (b"X\x01\x00\x00\x00\xff.", "not a pickle"),
    ],
    ids=range(38),
)  # fmt: skip
def test_hostile_programs_are_refused(program, message):
    if message is None:
        assert loads(program) is None
        return
    with pytest.raises(DataError, match=message) as caught:
        loads(program, "batch")
    assert str(caught.value).startswith("batch")
    assert len(str(caught.value)) < 200


def test_a_text_that_is_encoded_again_and_again_is_refused():
    text = b"X\xe8\x03\x00\x00" + b"a" * 1000 + b"q\x00"
    again = b"c_codecs\nencode\nh\x00X\x06\x00\x00\x00latin1\x86R"
    with pytest.raises(DataError, match="must hold every text once"):
        loads(b"(" + text + again * 9 + b"l.")


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (4,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-2,), }",
        "{'descr': '<f8', 'fortran_order': 1, 'shape': (2,), }",
        "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,), }",
        "{'descr': '<M8', 'fortran_order': False, 'shape': (2,), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (2,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (" + "1" * 5000 + "!,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (" + "9, " * 3000 + "), }",
        "__import__('os').system('true')",
        "(" * 9000,
        "",
    ],
    ids=range(12),
)
def test_npy_headers_that_announce_something_else_are_refused(header):
    text = header.encode()
    data = b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text + bytes(16)
    with pytest.raises(DataError, match="x.npy"):
        array(data, "x.npy")


def test_a_header_that_is_cut_off_is_refused():
    held = io.BytesIO()
    np.save(held, ARRAYS[0])
    for cut in range(len(held.getvalue())):
        with pytest.raises(DataError):
            array(held.getvalue()[:cut])


def _samples():
    objects = np.empty(2, object)
    objects[:] = [[1, 2, 300], [70000]]
    batch = {"data": ARRAYS[0], "labels": [6, 9], "filenames": ["a.png", "b.png"]}
    arrays = []
    for some in (objects, ARRAYS[2]):
        held = io.BytesIO()
        np.save(held, some)
        arrays.append((array, held.getvalue()))
    return [(loads, pickle.dumps(batch, 2)), (loads, pickle.dumps(batch, 4)), *arrays]


@pytest.mark.parametrize("place", range(4))
def test_damaged_bytes_are_plain_data_or_refused(place):
    read, data = _samples()[place]
    refused = 0
    for seed in range(1000):
        try:
            repr(read(damaged(data, seed)))
        except DataError:
            refused += 1
    assert refused > 300


def test_any_order_of_instructions_is_plain_data_or_refused():
    codes = [opcode.code.encode("latin-1") for opcode in pickletools.opcodes]
    pieces = [*codes, b"K\x00", b"C\x01b", b"X\x02\x00\x00\x00u1", b"\x87R", b"tb", RECONSTRUCT,
              BYTES, EMPTY, OBJECTS, b"q\x00", b"h\x00", b"(K\x01K\x02\x85"]  # fmt: skip
    rng = np.random.default_rng(0)
    read = 0
    for _ in range(5000):
        chosen = rng.integers(0, len(pieces), rng.integers(1, 12))
        try:
            repr(loads(b"".join(pieces[place] for place in chosen) + b"."))
            read += 1
        except DataError:
            pass
    assert read
