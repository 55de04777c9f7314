"""Which configuration counts for a course of nbgrader's."""

from __future__ import annotations

import sys

import pytest
from typer.testing import CliRunner

from autograder.cli.app import app
from autograder.platforms.nbgrader.course import open_nbgrader
from tests import tiny


@pytest.fixture(autouse=True)
def path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))


def test_a_course_is_configured_by_its_own_file_and_modules_beside_it(tmp_path):
    (tmp_path / "nbgrader_config.py").write_text(
        "import names_of_ours\nc = get_config()\nc.CourseDirectory.course_id = names_of_ours.NAME\n"
    )
    (tmp_path / "names_of_ours.py").write_text('NAME = "dl"\n')
    assert open_nbgrader(tmp_path).course_id == "dl"


@pytest.mark.parametrize("name", ["nbgrader_config", "jupyter_config", "jupyter_nbgrader_config", "colorama"])
def test_nothing_is_taken_from_the_folder_one_stands_in(tmp_path, monkeypatch, name):
    """It may be a submission."""
    submission, course = tmp_path / "mallory", tmp_path / "course"
    submission.mkdir()
    course.mkdir()
    (submission / f"{name}.py").write_text(f"open({str(submission / 'TAKEN')!r}, 'w').close()\n")
    monkeypatch.chdir(submission)
    before = list(sys.path)
    open_nbgrader(course)
    assert not (submission / "TAKEN").exists()
    assert sys.path == [*before, str(course)]


def test_a_course_without_a_name_is_told_before_nbgrader_refuses(tmp_path, monkeypatch):
    tiny.write(tmp_path)
    tiny.config(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "course").mkdir()
    result = CliRunner().invoke(app, ["nbgrader", "source", "tiny", "course"])
    assert result.exit_code == 0 and "course_id" in result.stderr
    config = tmp_path / "course" / "nbgrader_config.py"
    config.write_text(config.read_text() + 'get_config().CourseDirectory.course_id = "dl"\n')
    result = CliRunner().invoke(app, ["nbgrader", "source", "tiny", "course"])
    assert result.exit_code == 0 and "course_id" not in result.stderr
