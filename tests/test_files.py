"""A file is there whole, or as it was; a zip tells of its files and of nothing else."""

import io
import os
import stat
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.files import replace, zipped


def test_a_file_is_written_and_nothing_else_is_left(tmp_path):
    replace(tmp_path / "page.html", b"one")
    replace(tmp_path / "page.html", b"two")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("page.html", b"two")]


def test_a_mode_is_what_it_is_whatever_the_umask(tmp_path):
    before = os.umask(0o077)
    try:
        replace(tmp_path / "shared", b"", 0o664)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "shared").stat().st_mode) == 0o664


def test_what_cannot_be_written_leaves_what_was_there(tmp_path):
    (tmp_path / "results").mkdir()
    with pytest.raises(OSError):
        replace(tmp_path / "results", b"a file where a folder is")
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


@given(
    st.dictionaries(st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8}){0,2}", fullmatch=True), st.binary(max_size=64)),
    st.randoms(),
)
def test_a_zip_holds_its_files_and_does_not_tell_in_what_order_they_came(files, random):
    shuffled = list(files.items())
    random.shuffle(shuffled)
    data = zipped(files)
    assert zipped(dict(shuffled)) == data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files


def test_what_may_be_executed_in_a_zip_is_said_there():
    with zipfile.ZipFile(
        io.BytesIO(zipped({"run": b"", "text": b""}, {"run": 0o755, "text": 0o644}.__getitem__))
    ) as archive:
        modes = {info.filename: stat.S_IMODE(info.external_attr >> 16) for info in archive.infolist()}
    assert modes == {"run": 0o755, "text": 0o644}
