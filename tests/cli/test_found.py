"""A course that was found, not named: it runs code, so it must not be one that a student handed in."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.cli.app import app
from autograder.errors import UserError
from tests import tiny
from tests.places import give_away

WORK = "def square(x):\n    return x * x\n"
COMMANDS = (
    ("status", "tiny"), ("report", "tiny"), ("validate", "tiny"), ("release", "tiny"), ("calibrate", "tiny"),
    ("grade", "tiny", "."), ("grade", "tiny", ".."), ("gradescope", "build", "tiny"),
)  # fmt: skip


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course below a folder of its own; the user stands in it."""
    monkeypatch.delenv("AUTOGRADER_CONFIG", raising=False)
    place = tmp_path / "teaching" / "course"
    tiny.write(place)
    tiny.config(place)
    monkeypatch.chdir(place)
    return place


def hijack(folder: Path) -> Path:
    """A submission that brings a course, whose checks run code. Gives what that code writes."""
    taken = folder / "TAKEN"
    tiny.write(folder, tiny.CHECKS + f"\nopen({str(taken)!r}, 'w').close()\n")
    tiny.config(folder)
    return taken


def refusal(*words: str) -> str:
    result = CliRunner().invoke(app, words)
    assert isinstance(result.exception, UserError), result.output
    assert result.exception.exit_code == 2
    return str(result.exception)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_course_beside_a_students_work_is_not_used(tmp_path, monkeypatch, words):
    folder = tmp_path / "class" / "mallory"
    taken = hijack(folder)
    (folder / "tiny.py").write_text(WORK)
    monkeypatch.chdir(folder)
    said = refusal(*words)
    assert f"{folder}/grader_config.yml was found, but is not used" in said
    assert "--config" in said and "AUTOGRADER_CONFIG" in said
    assert not taken.exists()
    assert not (folder / ".course_secret").exists() and not (folder / "records").exists()


@pytest.mark.parametrize("below", [".", "deep", "deep/er"])
def test_a_course_among_others_hand_ins_is_not_used(tmp_path, monkeypatch, below):
    """The work itself lies where the attacker likes."""
    for student, file in (("ada", "tiny.py"), ("bob", "tiny.ipynb"), ("cem", "tiny/tiny.py")):
        path = tmp_path / "class" / student / file
        path.parent.mkdir(parents=True)
        path.write_text(WORK)
    taken = hijack(tmp_path / "class" / "mallory")
    (tmp_path / "class" / "mallory" / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "class" / "mallory" / below)
    assert "hand-ins of 3 others" in refusal("validate", "tiny")
    assert not taken.exists()


def test_neither_is_one_among_files_of_a_flat_download(tmp_path, monkeypatch):
    taken = hijack(tmp_path / "class" / "mallory")
    for student in ("ada", "bob"):
        (tmp_path / "class" / f"{student}_4711_tiny.py").write_text(WORK)
    monkeypatch.chdir(tmp_path / "class" / "mallory")
    assert "hand-ins of 2 others" in refusal("validate", "tiny")
    assert not taken.exists()


@pytest.mark.parametrize("graded", [".", "..", "../.."])
def test_a_course_in_the_folder_that_is_graded_is_not_used(tmp_path, monkeypatch, graded):
    taken = hijack(tmp_path / "class" / "mallory" / "work")
    monkeypatch.chdir(tmp_path / "class" / "mallory" / "work")
    assert "which is to be graded" in refusal("grade", "tiny", graded)
    assert not taken.exists()


def test_a_course_inside_another_is_not_used(course, monkeypatch):
    taken = hijack(course / "submissions" / "mallory")
    monkeypatch.chdir(course / "submissions" / "mallory")
    assert f"it lies inside another course, {course}" in refusal("validate", "tiny")
    assert "inside another course" in refusal("new", "week_3")
    assert not taken.exists()


@pytest.mark.parametrize(
    "theirs",
    ["grader_config.yml", ".", "reference", "reference/tiny", "reference/tiny/checks.py", "reference/tiny/mutants.py"],
)
def test_a_course_of_another_users_is_not_used(course, monkeypatch, theirs):
    give_away(monkeypatch, course / theirs)
    assert "belongs to user 4711, not to you" in refusal("status", "tiny")


@pytest.mark.parametrize("open_to_all", ["grader_config.yml", ".", "reference/tiny", "reference/tiny/checks.py"])
def test_a_course_that_everybody_may_change_is_not_used(course, open_to_all):
    (course / open_to_all).chmod(0o777)
    assert f"everybody may change {(course / open_to_all).resolve()} (chmod o-w)" in refusal("status", "tiny")


def test_a_link_of_another_users_is_not_followed(course, tmp_path, monkeypatch):
    place = tmp_path / "box"
    place.mkdir()
    (place / "grader_config.yml").symlink_to(course / "grader_config.yml")
    give_away(monkeypatch, place / "grader_config.yml")
    monkeypatch.chdir(place)
    assert "belongs to user 4711" in refusal("status", "tiny")


def test_another_users_configuration_above_changes_nothing(course, monkeypatch):
    """Otherwise one file in /tmp would stop everybody's commands below."""
    outer = tiny.config(course.parent)
    outer.chmod(0o777)
    assert CliRunner().invoke(app, ["status", "tiny"]).exit_code == 0


def test_a_course_that_a_group_may_change_is_used(course):
    """TAs who share a course share a group."""
    for path in (course, *course.rglob("*")):
        path.chmod(0o770 if path.is_dir() else 0o660)
    assert CliRunner().invoke(app, ["status", "tiny"]).exit_code == 0


@pytest.mark.parametrize("way", ["option", "variable"])
def test_a_course_that_is_named_is_used(tmp_path, monkeypatch, way):
    folder = tmp_path / "class" / "mallory"
    hijack(folder)
    (folder / "tiny.py").write_text(WORK)
    config = str(folder / "grader_config.yml")
    monkeypatch.chdir(tmp_path)
    if way == "variable":
        monkeypatch.setenv("AUTOGRADER_CONFIG", config)
    words = ["status", "tiny", *(["--config", config] if way == "option" else [])]
    assert CliRunner().invoke(app, words).exit_code == 0


def test_a_course_is_used_beside_and_above_the_class(course, monkeypatch):
    for place in (course / "submissions", course.parent / "submissions"):
        for student in ("ada", "bob"):
            (place / student).mkdir(parents=True)
            (place / student / "tiny.py").write_text(WORK)
    (course / "submissions" / "ada").mkdir(exist_ok=True)
    for place in (course, course / "submissions", course / "submissions" / "ada"):
        monkeypatch.chdir(place)
        assert CliRunner().invoke(app, ["status", "tiny"]).exit_code == 0
