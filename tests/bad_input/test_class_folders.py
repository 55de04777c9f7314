"""The class folder: names of students in any script, what does not belong there, and what cannot be used."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import msgspec
import pytest

from autograder.errors import InputError
from autograder.identity import clean_name
from autograder.intake import find_class, read_submission
from tests.bad_input.corpus import FINE, as_bytes, namespace_of, notebook, put, zip_of

NAMES = {
    "accents": "José Núñez",
    "Chinese": "林怡君",
    "Arabic": "محمد علي",
    "Hebrew": "דנה כהן",
    "Hindi, with joiners": "क्षितिज",
    "emoji": "🦊",
    "a family emoji, with joiners": "👩‍👩‍👧",
    "an apostrophe and a comma": "O'Brien, Conan",
    "quotes and angle brackets": "<b>\"Bobby\"</b> & 'Tables'".replace("/", "|"),
    "dots": "J. R. R. Tolkien",
    "percent and braces": "%s {0} ${HOME} `id`",
    "SQL": "Robert'); DROP TABLE reports;--",
    "the longest name in Chinese": "林" * 85,
    "digits only": "20240117",
    "a mail address": "ada@example.edu",
    "as Canvas writes it": "lopezada_LATE_12345_678910_homework-1",
    "as Moodle writes it": "Ada López_1234567_assignsubmission_file_",
}
BAD = {
    "a control character": "ada\x07lopez",
    "a line break": "ada\nlopez",
    "a tab": "ada\tlopez",
    "an escape sequence": "ada\x1b[31m",
    "a mark that turns the line round": "ada\u202egnp",
    "a zero-width space": "ada\u200b",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_student_may_have_any_name(name: str, tmp_path: Path) -> None:
    put(tmp_path, {f"{name}/homework.py": FINE, "zz/homework.py": FINE})
    assert [entry.student for entry in find_class(tmp_path).entries] == sorted([name, "zz"])
    (entry,) = [entry for entry in find_class(tmp_path).entries if entry.student == name]
    assert (entry.path / "homework.py").exists()


@pytest.mark.parametrize("name", BAD.values(), ids=BAD)
def test_what_cannot_be_shown_of_a_name_leaves_a_mark(name: str, tmp_path: Path) -> None:
    put(tmp_path, {f"{name}/homework.py": FINE, f"{name} too.py": FINE, "zz/homework.py": FINE})
    found = find_class(tmp_path)
    assert {entry.path.name for entry in found.entries} == {name, f"{name} too.py", "zz"}
    for entry in found.entries:
        assert entry.student == clean_name(entry.path.name.removesuffix(".py"))
        told = f"{entry.student} stands for an entry whose own name cannot be shown" in found.remarks
        assert told == (entry.path.name != "zz")
        assert namespace_of(read_submission(entry.path, entry.student, main="homework"))["double"](3) == 6


def test_a_name_in_broken_utf_8_is_taken(tmp_path: Path) -> None:
    for suffix, content in (("", FINE), (".ipynb", notebook(FINE)), (".zip", zip_of({"homework.py": FINE}))):
        with open(os.fsencode(tmp_path) + b"/jos\xe9" + (suffix or ".py").encode(), "wb") as file:
            file.write(as_bytes(content))
        (entry,) = find_class(tmp_path).entries
        assert entry.student == clean_name(os.fsdecode(b"jos\xe9"))
        submission = read_submission(entry.path, entry.student, main="homework")
        msgspec.json.encode(submission)
        assert namespace_of(submission)["double"](3) == 6
        entry.path.unlink()


def test_two_names_that_cannot_be_shown_are_two_people(tmp_path: Path) -> None:
    put(tmp_path, {"ada\x01/homework.py": FINE, "ada\x02/homework.py": FINE, "ada_/homework.py": FINE})
    found = find_class(tmp_path)
    assert len({entry.student for entry in found.entries}) == 3
    assert found.left_out == ()


def test_two_spellings_of_one_name_are_two_people_and_a_remark_says_so(tmp_path: Path) -> None:
    for form in ("NFC", "NFD"):
        (tmp_path / unicodedata.normalize(form, "josé")).mkdir()
    found = find_class(tmp_path)
    assert len({entry.student for entry in found.entries}) == 2
    (remark,) = found.remarks
    assert remark.startswith("josé stands there in 2 spellings")


@pytest.mark.parametrize(
    "other", ["ada.py", "ada.ipynb", "ada.zip", "ada.ZIP"], ids=["module", "notebook", "zip", "zip in capitals"]
)
def test_a_student_who_stands_there_twice_costs_that_row_alone(other: str, tmp_path: Path) -> None:
    put(tmp_path, {"ada/homework.py": FINE, other: zip_of({}), "bo.py": FINE})
    found = find_class(tmp_path)
    assert [entry.student for entry in found.entries] == ["bo"]
    (line,) = found.left_out
    assert line.startswith(f"ada stands twice in {tmp_path}: ada and {other}. None of them is graded: keep one")


def test_what_does_not_belong_there_is_passed_over(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "ada.py": FINE, ".DS_Store": "", "._ada.py": "", "__MACOSX/._ada.py": "", ".ipynb_checkpoints/a.ipynb": "",
            "grades.csv": "", "feedback.pdf": "", "index.html": "", "notes.txt": "", "Thumbs.db": "",
        },
    )  # fmt: skip
    assert [entry.student for entry in find_class(tmp_path).entries] == ["ada"]


@pytest.mark.parametrize("files", [{}, {".DS_Store": ""}, {"grades.csv": ""}, {"__MACOSX/ada.py": FINE}])
def test_a_class_without_submissions_is_an_error(files: dict[str, str], tmp_path: Path) -> None:
    put(tmp_path, {"class/notes.txt": "", **{f"class/{name}": content for name, content in files.items()}})
    with pytest.raises(InputError, match="holds no submissions: it needs"):
        find_class(tmp_path / "class")


def test_links_to_folders_and_nowhere_are_entries_for_intake_to_refuse(tmp_path: Path) -> None:
    put(tmp_path, {"class/ada.py": FINE, "secret/homework.py": FINE})
    (tmp_path / "class" / "bo").symlink_to("../secret")
    (tmp_path / "class" / "cy.py").symlink_to("nowhere")
    assert [entry.student for entry in find_class(tmp_path / "class").entries] == ["ada", "bo", "cy"]


def test_a_class_folder_that_may_not_be_opened_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(place: object) -> None:
        raise PermissionError(13, "Permission denied", str(place))

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(InputError, match="cannot be read: Permission denied"):
        find_class(tmp_path)
