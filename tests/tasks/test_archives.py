"""Archives give what they hold, or say what is wrong; they are never believed, nor unpacked."""

import gzip
import io
import stat
import tarfile
import zipfile

import pytest

from lstmlab.tasks import DataError
from lstmlab.tasks.archives import members

from .packing import KINDS, damaged, entry, packed, tar_of

FILES = {"a/": b"", "a/one.txt": b"one" * 400, "a/two.bin": bytes(range(256)) * 4, "empty": b""}
HELD = {name: data for name, data in FILES.items() if not name.endswith("/")}


def read(tmp_path, data, **more):
    path = tmp_path / "set.archive"
    path.write_bytes(data)
    bounds = {"most": 1 << 16, "largest": 1 << 12, "count": 50} | more
    return dict(members(path, **bounds))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_its_files_in_order(tmp_path, kind):
    found = read(tmp_path, packed(FILES, kind))
    assert found == HELD
    assert list(found) == list(HELD)


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_and_letters_of_every_country_are_read(tmp_path, form):
    long = "/".join(["folder" * 8] * 3) + "/é日.txt"
    files = {long: b"long", "./here/./a": b"b"}
    assert read(tmp_path, packed(files, form=form)) == {long: b"long", "here/a": b"b"}


def test_unwanted_files_are_passed_over(tmp_path):
    for kind in KINDS:
        found = read(tmp_path, packed(FILES, kind), wanted=lambda name: name.endswith(".bin"))
        assert found == {"a/two.bin": FILES["a/two.bin"]}


def test_streams_that_follow_each_other_are_one_file(tmp_path):
    plain = packed(FILES)
    assert (
        read(tmp_path, gzip.compress(plain[:700]) + gzip.compress(plain[700:]) + bytes(9)) == HELD
    )


@pytest.mark.parametrize("name", ["/etc/passwd", "../up", "a/../../up", "C:/x", "c:x", "a\\..\\b"])
@pytest.mark.parametrize("kind", ["w", "stored"])
def test_a_name_that_leads_out_is_refused(tmp_path, kind, name):
    with pytest.raises(DataError, match="set.archive: .* must be a name within the archive's own"):
        read(tmp_path, packed({"good": b"", name: b"x"}, kind))


@pytest.mark.parametrize("name", ["a\nb", "b" * 2000, "."])
def test_a_name_that_no_file_can_have_is_refused(tmp_path, name):
    with pytest.raises(DataError, match="must be a name that can be written"):
        read(tmp_path, packed({name: b"x"}))


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        (tarfile.SYMTYPE, "a link"),
        (tarfile.LNKTYPE, "a link"),
        (tarfile.CHRTYPE, "a device"),
        (tarfile.BLKTYPE, "a device"),
        (tarfile.FIFOTYPE, "a pipe"),
        (tarfile.GNUTYPE_SPARSE, "something of kind"),
    ],
)
def test_links_and_devices_are_refused(tmp_path, kind, what):
    data = tar_of(entry("good", b"x"), entry("bad", kind=kind, linkname="/etc/passwd" * 20))
    with pytest.raises(DataError, match=f"'bad' must be a file or a folder, got {what}"):
        read(tmp_path, data)


def test_links_in_a_zip_are_refused(tmp_path):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        info = zipfile.ZipInfo("link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(DataError, match="link must be a file or a folder, got a link"):
        read(tmp_path, held.getvalue())


def test_the_same_name_twice_is_refused(tmp_path):
    for name in ("a", "./a", "a/."):
        with pytest.raises(DataError, match="must be there once, got it twice"):
            read(tmp_path, tar_of(entry("a", b"1"), entry(name, b"2")))
    with pytest.raises(DataError, match="'a' must be there once"):
        read(tmp_path, packed({"a": b"1", "z": b"1"}, "stored").replace(b"z", b"a"))


@pytest.mark.parametrize("kind", KINDS)
def test_the_bounds_are_kept(tmp_path, kind):
    data = packed(FILES, kind)
    with pytest.raises(DataError, match="one.txt' must have 1,000 bytes or fewer, got 1,200"):
        read(tmp_path, data, largest=1000)
    with pytest.raises(DataError, match="must hold 2,000 bytes or fewer, got more"):
        read(tmp_path, data, most=2000)
    with pytest.raises(DataError, match="must hold 3 members or fewer, got more"):
        read(tmp_path, data, count=3)


def test_what_unpacks_to_more_than_expected_is_refused_on_the_way(tmp_path):
    bomb = packed({"a": b"x"}) + bytes(1 << 26)
    with pytest.raises(DataError, match="must not unpack to more than it may hold"):
        read(tmp_path, gzip.compress(bomb))
    with pytest.raises(DataError, match="'b' must have 4,096 bytes or fewer, got 8,388,608"):
        read(tmp_path, packed({"b": bytes(1 << 23)}, "deflated"))


def test_sizes_that_are_announced_are_not_believed(tmp_path):
    huge = 10 << 30
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        with pytest.raises(DataError, match=f"must have 4,096 bytes or fewer, got {huge:,}"):
            read(tmp_path, _header("big", size=huge, form=form))
    for kind in (tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE):
        with pytest.raises(DataError, match="must have names and notes of 1,048,576 bytes, got"):
            read(tmp_path, _header("notes", size=huge, kind=kind))
    with pytest.raises(DataError, match="breaks off"):
        read(tmp_path, _header("cut", size=4000))
    with pytest.raises(DataError, match="must be a number"):
        read(tmp_path, _with_size(b"\xff" * 12))  # -1, in binary
    with pytest.raises(DataError, match="must be a number, got '-0000000001'"):
        read(tmp_path, _with_size(b"-0000000001\0"))


def _header(name, size, kind=tarfile.REGTYPE, form=tarfile.GNU_FORMAT):
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(form) + bytes(1024)


def _with_size(field):
    block = bytearray(_header("x", 0))
    block[124:136] = field
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block[:512])
    return bytes(block)


@pytest.mark.parametrize(
    ("note", "message"),
    [
        (b"12 size=-10\n", "must be a number, got '-10'"),
        (b"0 path=x\n", "must be 'length key=value'"),
        (b"99999999999999999999999 path=x\n", "must be 'length key=value'"),
        (b"9 path=x", "must be 'length key=value'"),
        (b"12 path=\xff\xfe\n", "must be"),
        (b"22 GNU.sparse.major=1\n", "must hold whole files"),
        (b"15 path=../../x\n", "must be"),
    ],
)
def test_notes_on_a_member_are_checked(tmp_path, note, message):
    block = _header("notes", len(note), tarfile.XHDTYPE)[:512]
    data = block + note.ljust(512, b"\0") + packed({"a": b""})
    with pytest.raises(DataError, match=message):
        read(tmp_path, data)
    of_all = _header("notes", 9, tarfile.XGLTYPE)[:512] + b"9 path=x\n".ljust(512, b"\0")
    with pytest.raises(DataError, match="must not give every member one path"):
        read(tmp_path, of_all + packed({"a": b""}))


def test_a_tar_without_its_end_is_truncated(tmp_path):
    data = packed(FILES).rstrip(b"\0")
    whole = len(data) + -len(data) % 512
    for blocks in range(whole // 512 + 2):
        cut = packed(FILES)[: blocks * 512]
        for kind in (cut, gzip.compress(cut)):
            with pytest.raises(DataError):
                read(tmp_path, kind)
    assert read(tmp_path, packed(FILES)[: whole + 1024]) == HELD
    with pytest.raises(DataError, match="must end with blocks of zeros"):
        read(tmp_path, packed(FILES) + b"more")


@pytest.mark.parametrize("data", [b"", b"text", b"\0" * 2000, b"no archive " * 200])
def test_what_is_no_archive_says_so(tmp_path, data):
    with pytest.raises(DataError, match="set.archive is not an archive"):
        read(tmp_path, data)


def test_encrypted_and_unusual_zip_members_are_refused(tmp_path):
    plain = packed({"a": b"abc"}, "stored")
    place = plain.index(b"PK\1\2")
    locked = bytearray(plain)
    locked[place + 8] |= 1
    with pytest.raises(DataError, match="a must not be encrypted"):
        read(tmp_path, bytes(locked))
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a", "abc")
    with pytest.raises(DataError, match="a must be stored or deflated, got method 14"):
        read(tmp_path, held.getvalue())


def test_names_in_another_coding_are_refused(tmp_path):
    data = packed({"xy": b""}).replace(b"xy", b"\xe4y")
    data = data[:148] + b"%06o\0 " % (sum(data[:148]) + 256 + sum(data[156:512])) + data[156:]
    with pytest.raises(DataError, match="must be a name in UTF-8"):
        read(tmp_path, data)
    with pytest.raises(DataError, match="must be a name in UTF-8"):
        read(tmp_path, packed({"xy": b""}, "stored").replace(b"xy", b"\xe4y"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_archive_gives_right_files_or_is_refused(tmp_path, kind):
    data, messages = packed(FILES, kind), []
    for seed in range(500):
        try:
            found = read(tmp_path, damaged(data, seed))
        except DataError as error:
            messages.append(str(error))
            continue
        if kind != "w":  # a plain tar has no checksums but those of its headers
            assert set(found.values()) <= set(HELD.values())
    assert len(messages) > 200
    assert all(message.isprintable() and len(message) < 300 for message in messages)
    assert [path.name for path in tmp_path.iterdir()] == ["set.archive"]
