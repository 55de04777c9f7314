"""A file is there whole, or as it was."""

import os
import stat

import pytest

from autograder.files import replace


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
