"""A class folder: one entry for each sub-folder or file."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from autograder.errors import InputError
from autograder.intake import Entry, choose, find_class


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


def test_what_is_wrong_with_a_class_folder_is_said_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said() -> str:
        with pytest.raises(InputError) as caught:
            find_class(tmp_path / "class")
        return str(caught.value)

    where = tmp_path / "class"
    way_out = "give the folder that holds one sub-folder or file for each student"
    assert said() == f"{where} does not exist: {way_out}"
    where.touch()
    assert said() == f"{where} is not a folder: {way_out}"
    where.unlink()
    where.mkdir()
    (where / "readme.txt").touch()
    assert said() == f"{where} holds no submissions: it needs a sub-folder, .py, .ipynb or .zip for each student"
    for name in ("ada\n.py", "ada\n.ipynb"):
        (where / name).touch()
    assert said() == (
        f"ada? stands twice in {where}: ada?.ipynb and ada?.py; keep one, or put both in a folder of that name"
    )

    def closed(_: Path) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", closed)
    assert said() == f"{where} cannot be opened: Permission denied"


def test_a_students_name_may_be_long_and_is_the_folders_whole_name(tmp_path: Path) -> None:
    (tmp_path / "ada.lopez").mkdir()
    (tmp_path / ("b" * 250)).mkdir()
    assert [entry.student for entry in find_class(tmp_path)] == ["ada.lopez", "b" * 250]


def test_some_students_of_a_class_are_chosen_in_its_order() -> None:
    entries = [Entry(name, Path(name)) for name in ("ada", "bo", "cy")]
    assert choose(entries, None) == choose(entries, []) == entries
    assert choose(entries, {"cy", "ada"}) == [entries[0], entries[2]]
    with pytest.raises(InputError) as caught:
        choose(entries, ["zoe", "bo", "al"])
    assert str(caught.value) == "no submission by al, zoe; the class has: ada, bo, cy"
    many = [Entry(f"s{number:02}", Path("x")) for number in range(25)]
    with pytest.raises(InputError, match=r"s18, s19$"):
        choose(many, {"zoe"})
