"""A class folder: one entry for each sub-folder or file."""

from __future__ import annotations

import errno
import os
import unicodedata
from pathlib import Path
from typing import Any, NoReturn

import pytest

from autograder.errors import InputError, RejectedError
from autograder.identity import clean_name
from autograder.intake import Entry, choose, find_class, read_submission


def test_folders_and_loose_files_are_entries_named_by_student(tmp_path: Path) -> None:
    (tmp_path / "zoe_ng").mkdir()
    for name in ("ada_lopez.py", "bo_li.ipynb", "cy_ray.ZIP", "roster.csv", ".hidden.py"):
        (tmp_path / name).touch()
    for name in ("__MACOSX", ".ipynb_checkpoints"):
        (tmp_path / name).mkdir()
    assert find_class(tmp_path).entries == [
        Entry("ada_lopez", tmp_path / "ada_lopez.py"),
        Entry("bo_li", tmp_path / "bo_li.ipynb"),
        Entry("cy_ray", tmp_path / "cy_ray.ZIP"),
        Entry("zoe_ng", tmp_path / "zoe_ng"),
    ]


def test_a_name_is_the_same_however_the_system_spells_it(tmp_path: Path) -> None:
    (tmp_path / unicodedata.normalize("NFD", "josé")).mkdir()
    assert find_class(tmp_path).entries[0].student == unicodedata.normalize("NFC", "josé")


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
        f"{clean_name('ada' + chr(10))} stands twice in {where}: ada?.ipynb and ada?.py. None of them is graded: keep "
        "one, or put all in a folder of that name"
    )

    def closed(_: object) -> NoReturn:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", closed)
    assert said() == (
        f"{where}: class cannot be read: Permission denied. Make that possible, then run the same command again"
    )


def test_an_entry_that_the_system_says_nothing_of_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row says that the grader could not read it; it does not just vanish."""
    for name in ("ada", "bo"):
        (tmp_path / name).mkdir()
    (tmp_path / "cy.py").touch()
    whole = os.stat

    def failing(path: Any, **how: Any) -> os.stat_result:
        if path in ("bo", "cy.py"):
            raise OSError(errno.EIO, "Input/output error")
        return whole(path, **how)

    monkeypatch.setattr(os, "stat", failing)
    assert [entry.student for entry in find_class(tmp_path).entries] == ["ada", "bo", "cy"]


def test_links_are_entries_for_intake_to_refuse_and_other_things_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "ada").mkdir()
    (tmp_path / "notes").write_text("")
    for name, target in (("bo", "ada"), ("cy.py", "nowhere"), ("readme", "notes"), ("loop", "loop")):
        (tmp_path / name).symlink_to(target)
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / "di.py")
    assert [entry.student for entry in find_class(tmp_path).entries] == ["ada", "bo", "cy", "di", "loop"]


def test_submissions_and_what_decides_about_them_do_not_lie_in_one_another(tmp_path: Path) -> None:
    """Else a student called "records" could bring the database, and the reference would be somebody's work."""
    for name in ("class/ada", "class/records", "reference/tiny"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "records").symlink_to("class/records")
    for folder, place in (
        ("class", "class/records/course.sqlite"), ("class", "records/course.sqlite"), (".", "reference/tiny"),
        ("reference", "reference/tiny"), ("reference/tiny", "reference/tiny"),
    ):  # fmt: skip
        with pytest.raises(InputError, match="lie in one another: give a folder that holds nothing but submissions"):
            find_class(tmp_path / folder, apart=[tmp_path / place])
    assert find_class(tmp_path / "class", apart=[tmp_path / "reference/tiny", tmp_path / "r/c.sqlite"]).entries


def test_an_entry_that_holds_the_reports_is_left_out(tmp_path: Path) -> None:
    for name in ("class/ada", "class/report/students"):
        (tmp_path / name).mkdir(parents=True)
    for place in ("class/report", "class/report/tiny"):
        found = find_class(tmp_path / "class", reports=[tmp_path / place, tmp_path / "elsewhere"])
        assert [entry.student for entry in found.entries] == ["ada"]
        assert found.left_out == (f"report was left out: it holds the course's own {tmp_path / place}",)


def test_a_students_name_is_the_folders_whole_name_up_to_a_length(tmp_path: Path) -> None:
    (tmp_path / "ada.lopez").mkdir()
    (tmp_path / ("b" * 250)).mkdir()
    students = [entry.student for entry in find_class(tmp_path).entries]
    assert students == ["ada.lopez", clean_name("b" * 250)]


def test_some_students_of_a_class_are_chosen_in_its_order() -> None:
    entries = [Entry(name, Path(name)) for name in ("ada", "bo", "cy")]
    assert choose(entries, None) == choose(entries, []) == entries
    assert choose(entries, {"cy", "ada"}) == [entries[0], entries[2]]
    assert choose(entries, [" cy"]) == [entries[2]], "as it is typed, in whatever spelling"
    with pytest.raises(InputError) as caught:
        choose(entries, ["zoe", "bo", "al"])
    assert str(caught.value) == "no submission by al, zoe; the class has: ada, bo, cy"
    many = [Entry(f"s{number:02}", Path("x")) for number in range(25)]
    with pytest.raises(InputError, match=r"s18, s19$"):
        choose(many, {"zoe"})


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("ada.rar", "ada.rar is a RAR archive (.rar) that is not opened here. Make a plain zip of your files, or hand "
         "in the .py or .ipynb file itself."),
        ("ada.7z", "ada.7z is a 7-Zip archive (.7z) that is not opened here."),
        ("ada.tar.xz", "ada.tar.xz is packed in a way (.xz) that is not opened here."),
        ("ada.py.gz", "ada.py.gz is packed in a way (.gz) that is not opened here."),
        ("ada.pdf", "ada.pdf is a PDF: it holds no code that can run. Hand in the .py or .ipynb file itself."),
        ("ada.py.txt", "ada.py.txt: its name ends in .txt. Rename it to ada.py, and hand that in."),
        ("ada.ipynb.json", "ada.ipynb.json: its name ends in .json. Rename it to ada.ipynb, and hand that in."),
        ("ada.txt", "ada.txt is a text file. If that is your code, rename it to ada.py, and hand that in."),
        ("ada.tar.gz", "ada.tar.gz is not a tar archive that can be opened: it is damaged, or another kind of archive"),
        ("ada", "ada: only .py, .ipynb, .zip and .tar files are graded. Hand in one of these."),
    ],
)  # fmt: skip
def test_what_cannot_be_graded_is_an_entry_that_is_rejected_with_the_way_out(
    tmp_path: Path, name: str, reason: str
) -> None:
    (tmp_path / name).write_text("x")
    (entry,) = find_class(tmp_path).entries
    assert entry.student == "ada"
    with pytest.raises(RejectedError) as caught:
        read_submission(entry.path, entry.student)
    assert caught.value.reason.startswith(reason)


@pytest.mark.parametrize("course", ["roster.csv", "README.md", "readme", "grades.xlsx", "metadata.yml", "course.db"])
def test_the_courses_own_files_are_no_entries(tmp_path: Path, course: str) -> None:
    (tmp_path / "ada.py").touch()
    (tmp_path / course).touch()
    found = find_class(tmp_path)
    assert [entry.student for entry in found.entries] == ["ada"] and not found.left_out


def test_what_lies_beside_code_of_the_same_name_takes_nothing_from_it(tmp_path: Path) -> None:
    for name in ("ada.ipynb", "ada.pdf", "bo.pdf", "bo.rar"):
        (tmp_path / name).touch()
    found = find_class(tmp_path)
    assert [entry.path.name for entry in found.entries] == ["ada.ipynb", "bo.pdf"] and not found.left_out
    assert found.remarks == ("ada.pdf is not graded: there is code beside it",)


def test_a_folder_without_code_says_what_is_there_instead(tmp_path: Path) -> None:
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "hw.py.txt").touch()
    with pytest.raises(
        RejectedError, match=r"no \.py or \.ipynb file in this folder\. hw\.py\.txt: its name ends in \.txt"
    ):
        read_submission(tmp_path / "ada", "ada")
