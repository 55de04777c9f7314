"""The class folder: names of students in any script, what does not belong there, and what cannot be used."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import msgspec
import pytest

from autograder.errors import InputError
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
    "spaces all round": "  ada  ",
    "a dash first": "-rf",
    "percent and braces": "%s {0} ${HOME} `id`",
    "SQL": "Robert'); DROP TABLE reports;--",
    "the longest name a file may have": "a" * 255,
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
    assert [entry.student for entry in find_class(tmp_path)] == sorted([name, "zz"])
    (entry,) = [entry for entry in find_class(tmp_path) if entry.student == name]
    assert (entry.path / "homework.py").exists()


@pytest.mark.parametrize("name", BAD.values(), ids=BAD)
def test_what_cannot_be_shown_of_a_name_becomes_a_question_mark(name: str, tmp_path: Path) -> None:
    put(tmp_path, {f"{name}/homework.py": FINE, f"{name} too.py": FINE, "zz/homework.py": FINE})
    one, two, other = find_class(tmp_path)
    assert one.student.isprintable() and "?" in one.student and other.student == "zz"
    assert one.path.name == name and two.student == f"{one.student} too"
    assert list(read_submission(two.path, two.student, main="homework").files) == [f"{two.student}.py"]


def test_a_name_in_broken_utf_8_is_taken(tmp_path: Path) -> None:
    for suffix, content in (("", FINE), (".ipynb", notebook(FINE)), (".zip", zip_of({"homework.py": FINE}))):
        with open(os.fsencode(tmp_path) + b"/jos\xe9" + (suffix or ".py").encode(), "wb") as file:
            file.write(as_bytes(content))
        (entry,) = find_class(tmp_path)
        assert entry.student == "jos?"
        submission = read_submission(entry.path, entry.student, main="homework")
        msgspec.json.encode(submission)
        assert namespace_of(submission)["double"](3) == 6
        entry.path.unlink()


def test_two_names_that_read_the_same_are_named(tmp_path: Path) -> None:
    put(tmp_path, {"ada\x01/homework.py": FINE, "ada\x02/homework.py": FINE})
    with pytest.raises(InputError, match=r"ada\? stands twice .*: ada\? and ada\?; keep one"):
        find_class(tmp_path)


def test_two_spellings_of_one_name_are_named(tmp_path: Path) -> None:
    for form in ("NFC", "NFD"):
        (tmp_path / unicodedata.normalize(form, "josé")).mkdir()
    with pytest.raises(InputError, match="josé stands twice"):
        find_class(tmp_path)


@pytest.mark.parametrize(
    "other", ["ada.py", "ada.ipynb", "ada.zip", "ada.ZIP"], ids=["module", "notebook", "zip", "zip in capitals"]
)
def test_a_student_who_stands_there_twice_is_named(other: str, tmp_path: Path) -> None:
    put(tmp_path, {"ada/homework.py": FINE, other: zip_of({})})
    with pytest.raises(InputError, match=rf"ada stands twice .*: ada and {other}; keep one"):
        find_class(tmp_path)


def test_what_does_not_belong_there_is_passed_over(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "ada.py": FINE, ".DS_Store": "", "._ada.py": "", "__MACOSX/._ada.py": "", ".ipynb_checkpoints/a.ipynb": "",
            "grades.csv": "", "feedback.pdf": "", "index.html": "", "notes.txt": "", "Thumbs.db": "",
        },
    )  # fmt: skip
    assert [entry.student for entry in find_class(tmp_path)] == ["ada"]


@pytest.mark.parametrize("files", [{}, {".DS_Store": ""}, {"grades.csv": ""}, {"__MACOSX/ada.py": FINE}])
def test_a_class_without_submissions_is_an_error(files: dict[str, str], tmp_path: Path) -> None:
    put(tmp_path, {"class/notes.txt": "", **{f"class/{name}": content for name, content in files.items()}})
    with pytest.raises(InputError, match="holds no submissions: it needs"):
        find_class(tmp_path / "class")


def test_links_to_folders_and_nowhere_are_entries_for_intake_to_refuse(tmp_path: Path) -> None:
    put(tmp_path, {"class/ada.py": FINE, "secret/homework.py": FINE})
    (tmp_path / "class" / "bo").symlink_to("../secret")
    (tmp_path / "class" / "cy.py").symlink_to("nowhere")
    assert [entry.student for entry in find_class(tmp_path / "class")] == ["ada", "bo", "cy"]


def test_a_class_folder_that_may_not_be_opened_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(InputError, match="cannot be opened: Permission denied"):
        find_class(tmp_path)
