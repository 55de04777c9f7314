"""A class folder: one entry for each sub-folder or file."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from autograder.errors import InputError
from autograder.intake import Entry, find_class


def test_folders_and_loose_files_are_entries_named_by_student(tmp_path: Path) -> None:
    (tmp_path / "zoe_ng").mkdir()
    for name in ("ada_lopez.py", "bo_li.ipynb", "cy_ray.ZIP", "roster.csv", ".hidden.py"):
        (tmp_path / name).touch()
    for name in ("__MACOSX", ".ipynb_checkpoints"):
        (tmp_path / name).mkdir()
    assert find_class(tmp_path) == [
        Entry("ada_lopez", tmp_path / "ada_lopez.py"),
        Entry("bo_li", tmp_path / "bo_li.ipynb"),
        Entry("cy_ray", tmp_path / "cy_ray.ZIP"),
        Entry("zoe_ng", tmp_path / "zoe_ng"),
    ]


def test_a_name_is_the_same_however_the_system_spells_it(tmp_path: Path) -> None:
    (tmp_path / unicodedata.normalize("NFD", "josé")).mkdir()
    assert find_class(tmp_path)[0].student == unicodedata.normalize("NFC", "josé")


def test_a_student_who_stands_there_twice_is_named(tmp_path: Path) -> None:
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada.py").touch()
    with pytest.raises(InputError, match=r"ada stands twice .*: ada and ada\.py"):
        find_class(tmp_path)


@pytest.mark.parametrize(
    ("name", "message"), [("nowhere", "does not exist"), ("file", "is not a folder"), ("", "holds no")]
)
def test_a_folder_that_cannot_be_used_is_an_error(tmp_path: Path, name: str, message: str) -> None:
    if name == "file":
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=message):
        find_class(tmp_path / name)
