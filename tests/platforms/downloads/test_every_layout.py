"""Whatever a class comes as, everybody in it is one student, under the same name, and nobody is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.errors import InputError
from autograder.intake import read_submission
from autograder.platforms.classroom import Classroom, read_classroom
from tests.platforms.downloads.layouts import LAYOUTS, PEOPLE, WORK, gradescope, put, tarred, zipped

MOST = 1_000_000


def read(tmp_path: Path, place: Path | str = "class", **how: object) -> Classroom:
    staging = tmp_path / "staging"
    staging.mkdir()
    return read_classroom(tmp_path / place, "homework", staging, most=MOST, **how)  # type: ignore[arg-type]


def sources(classroom: Classroom) -> list[str]:
    """What is graded of each entry."""
    return [
        "".join(read_submission(one.path, one.student, main="homework", within=one.within).files.values())
        for one in classroom.entries
    ]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_everybody_is_one_student(layout: str, tmp_path: Path) -> None:
    put(tmp_path / "class", LAYOUTS[layout]())
    found = read(tmp_path)
    assert found.system == layout.split()[0]
    assert len(found.students) == len({one.name for one in found.students}) == len(PEOPLE)
    assert sources(found) == [WORK] * len(PEOPLE)
    assert not found.incomplete


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("around", ["", "class/", "a/b/"])
@pytest.mark.parametrize("kind", ["zip", "Windows zip", "tar.gz", "tar"])
def test_an_archive_of_it_is_the_same_class(layout: str, around: str, kind: str, tmp_path: Path) -> None:
    files = {around + name: content for name, content in LAYOUTS[layout]().items()}
    files |= {f"__MACOSX/{around}._x.py": "x", f"{around}.DS_Store": "x"}
    if kind == "Windows zip":
        files = {name.replace("/", "\\"): content for name, content in files.items()}
    data = zipped(files) if "zip" in kind else tarred(files, "w:gz" if kind == "tar.gz" else "w")
    kind = kind.split()[-1]
    put(tmp_path, {f"all.{kind}": data})
    put(tmp_path / "class", LAYOUTS[layout]())
    archived = read(tmp_path, f"all.{kind}")
    (tmp_path / "staging").rename(tmp_path / "before")
    assert [one.name for one in archived.students] == [one.name for one in read(tmp_path).students]
    (tmp_path / "staging").rename(tmp_path / "again")
    (tmp_path / "before").rename(tmp_path / "staging")
    assert sources(archived) == [WORK] * len(PEOPLE)


@pytest.mark.parametrize("layout", [one for one in LAYOUTS if one != "nbgrader inbound"])
def test_a_folder_one_level_too_high_is_refused_with_the_right_one(layout: str, tmp_path: Path) -> None:
    put(tmp_path / "class/below", LAYOUTS[layout]())
    with pytest.raises(InputError, match=f"give {tmp_path}/class/below"):
        read(tmp_path)


def test_a_folder_that_holds_the_archive_is_refused_with_its_name(tmp_path: Path) -> None:
    put(tmp_path / "class", {"submissions.zip": zipped(gradescope())})
    with pytest.raises(InputError, match=f"give it: {tmp_path}/class/submissions.zip"):
        read(tmp_path)
    (tmp_path / "staging").rename(tmp_path / "other")
    assert len(read(tmp_path, layout="folder").students) == 1, "a class of one, if a person says so"


def test_one_students_folder_is_no_class(tmp_path: Path) -> None:
    put(tmp_path / "class", {"homework.py": WORK})
    with pytest.raises(InputError, match=r"one student's homework\.py, it seems, not a class: give the folder above"):
        read(tmp_path)


def test_a_class_of_one_is_a_class(tmp_path: Path) -> None:
    put(tmp_path / "class", {"ada/homework.py": WORK, "ada/helpers.py": "", "ada/data/load.py": ""})
    assert [one.name for one in read(tmp_path).students] == ["ada"]


@pytest.mark.parametrize("name", ["ada.py", "ada.ipynb"])
def test_one_students_file_is_a_class_of_one(name: str, tmp_path: Path) -> None:
    put(tmp_path, {name: WORK, "bo.py": WORK})
    found = read(tmp_path, name)
    assert [one.name for one in found.students] == ["ada"] and "one student's file" in found.what
    assert found.entries[0].path.read_text() == WORK


def test_what_a_student_hands_in_never_decides_how_the_class_is_read(tmp_path: Path) -> None:
    """Eve's folder looks like an export that names others. In a class it is hers; nearly alone, a person is asked."""
    put(tmp_path / "class", {f"eve/{name}": content for name, content in gradescope().items()})
    with pytest.raises(InputError, match="lies above a Gradescope export"):
        read(tmp_path)
    (tmp_path / "staging").rename(tmp_path / "old")
    put(tmp_path / "class", {"ada.py": WORK, "bo.py": WORK, "cy.py": WORK})
    assert [one.name for one in read(tmp_path).students] == ["ada", "bo", "cy", "eve"]


def test_what_is_no_class_is_said_with_the_way_out(tmp_path: Path) -> None:
    put(tmp_path, {"notes.txt": "", "bad.zip": b"no zip", "empty/notes.txt": ""})
    for place, said in (
        ("nowhere", "does not exist: give the class"),
        ("notes.txt", "is neither a folder nor a zip or tar, nor a module"),
        ("bad.zip", "cannot be opened: .* Download it again"), ("empty", "holds no submissions: it needs"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=said):
            read(tmp_path, place)
        (tmp_path / "staging").rename(tmp_path / f"staging {place}")


def test_everything_that_is_passed_over_is_told(tmp_path: Path) -> None:
    more = {"README.txt": "", ".DS_Store": ""}
    for number, layout in enumerate(LAYOUTS):
        if layout == "nbgrader inbound":
            continue
        put(tmp_path / f"class{number}", LAYOUTS[layout]() | more)
        told = {one.name for one in read(tmp_path, f"class{number}").passed_over}
        assert set(more) <= told, layout
        (tmp_path / "staging").rename(tmp_path / f"staging{number}")


@pytest.mark.parametrize("layout", ["gradescope", "canvas", "folder"])
def test_a_folder_several_levels_too_high_is_refused(layout: str, tmp_path: Path) -> None:
    put(tmp_path / "class/a/b", LAYOUTS[layout]())
    with pytest.raises(InputError, match=f"give {tmp_path}/class/a/b"):
        read(tmp_path)


def test_a_folder_of_several_classes_is_refused(tmp_path: Path) -> None:
    for name in ("hw1", "hw2", "starter"):
        put(tmp_path / "class" / name, LAYOUTS["folder"]())
    with pytest.raises(InputError, match=f"lies above what looks like a class of 6: give {tmp_path}/class/hw1"):
        read(tmp_path)


def test_one_students_folders_in_a_small_class_are_no_class(tmp_path: Path) -> None:
    files = (
        "ada/src/a.py",
        "ada/src/b.py",
        "ada/lib/c.py",
        "bo/homework.py",
        "bo/1.py",
        "bo/2.py",
        "bo/3.py",
        "bo/4.py",
    )
    put(tmp_path / "class", dict.fromkeys(files, WORK))
    assert [one.name for one in read(tmp_path).students] == ["ada", "bo"]


def test_what_is_said_of_an_archive_names_the_archive(tmp_path: Path) -> None:
    put(tmp_path, {"all.zip": zipped({"homework.py": WORK})})
    with pytest.raises(InputError, match=f"{tmp_path}/all.zip holds one student's homework.py"):
        read(tmp_path, "all.zip")


def test_a_zip_of_a_zip_is_not_taken_for_one_student(tmp_path: Path) -> None:
    put(tmp_path, {"all.zip": zipped({"submissions.zip": zipped(gradescope())})})
    with pytest.raises(InputError, match=r"give it: .*all\.zip/submissions\.zip.* \(unpack all\.zip first\)"):
        read(tmp_path, "all.zip")
