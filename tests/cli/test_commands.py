"""The command line as a TA meets it: what is printed, and the exit codes."""

from __future__ import annotations

import errno
import html
import json
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
from typer.testing import CliRunner

from autograder import files
from autograder.cli import gradescope, main, nbgrader
from autograder.cli.app import app
from autograder.errors import ReportError, UserError
from autograder.identity import clean_name
from autograder.sandbox.layers import bubblewrap
from tests import tiny
from tests.places import read_only

RIGHT = "def square(x):\n    return x * x\ndef total(x):\n    return square(x).sum()\n"
RIGHT += "def slope(x):\n    return 2 * x\n"


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tiny.write(tmp_path)
    tiny.config(tmp_path)
    for student, source in (("ada", RIGHT), ("bob", RIGHT.replace("x * x", "2 * x"))):
        (tmp_path / "class" / student).mkdir(parents=True)
        (tmp_path / "class" / student / "tiny.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str):
    return CliRunner().invoke(app, words)


def test_a_command_is_found_by_its_name():
    """`autograder nbgrader grade` is all in autograder/cli/nbgrader/grade.py."""
    for package, group in (("", app), (".nbgrader", nbgrader.app), (".gradescope", gradescope.app)):
        work = [command.callback for command in group.registered_commands]
        assert [one.__module__ for one in work] == [f"autograder.cli{package}.{one.__name__}" for one in work]


def test_grading_a_class_shows_scores_and_writes_a_report(course):
    result = run("grade", "tiny", "class")
    assert result.exit_code == 0
    assert "ada" in result.output and "10.0" in result.output and "6.0" in result.output
    assert (course / "reports/tiny/index.html").is_file()


def test_what_everybody_may_read_is_told_and_left_as_it_is(course):
    """With a class, `chmod` is the user's to type."""
    (course / "records").mkdir()
    (course / "records" / "course.sqlite").touch()
    (course / "records" / "course.sqlite").chmod(0o644)
    (course / "reports" / "tiny").mkdir(parents=True)
    (course / "reports" / "tiny").chmod(0o755)
    said = run("report", "tiny").stderr
    for place in ("records/course.sqlite", "reports/tiny"):
        assert f"every user of this machine may read {course}/{place}: chmod o-rwx {course}/{place}\n" in said
    assert ".course_secret" not in said


def test_json_is_json_and_nothing_else(course):
    result = run("grade", "tiny", "class", "--json", "--no-report")
    rows = json.loads(result.stdout)
    assert {row["student"]: row["score"] for row in rows} == {"ada": 10.0, "bob": 6.0}
    assert json.loads(run("status", "tiny", "--json").stdout) == rows


def test_one_student_can_be_graded_alone(course):
    run("grade", "tiny", "class", "--only", "ada", "--no-report")
    assert [row["student"] for row in json.loads(run("status", "tiny", "--json").stdout)] == ["ada"]


def test_failed_grades_only_what_lacks_points(course):
    run("grade", "tiny", "class", "--no-report")
    result = run("grade", "tiny", "class", "--failed", "--json", "--no-report")
    assert [row["student"] for row in json.loads(result.stdout)] == ["bob"]


def test_a_second_run_says_what_still_stands(course):
    run("grade", "tiny", "class", "--no-report")
    assert "2 of 2 were graded before" in run("grade", "tiny", "class", "--no-report").output


def test_a_name_costs_its_row_and_is_the_same_wherever_it_is_shown(course):
    """A name in another encoding, one that begins a formula, one that looks like another's, one that stands twice."""
    odd = [b"caf\xe9", b"=cmd()", b"Ada", b"ada\xe3\x85\xa4", b":skull:"]
    for name in odd:
        folder = os.fsencode(course / "class") + b"/" + name
        os.mkdir(folder)
        Path(os.fsdecode(folder + b"/tiny.py")).write_text(RIGHT)
    (course / "class/bob.py").write_text(RIGHT)
    result = run("grade", "tiny", "class", "--json", "--jobs", "2")
    assert result.exit_code == 1
    assert "bob stands twice in class: bob and bob.py. None of them is graded" in result.stderr
    assert "Ada and ada look alike: they are taken for different people." in result.stderr
    rows = json.loads(result.stdout)
    students = sorted([*(clean_name(os.fsdecode(name)) for name in odd), "ada"])
    assert [row["student"] for row in rows] == students
    assert {row["score"] for row in rows} == {10.0}
    assert json.loads(run("status", "tiny", "--json").stdout) == rows
    shown = run("status", "tiny").output
    pages = course / "reports/tiny"
    index = (pages / "index.html").read_text()
    assert len(list((pages / "students").iterdir())) == len(students)
    for student in students:
        assert student in shown
        assert html.escape(student) in index
        assert any(html.escape(student) in page.read_text() for page in (pages / "students").iterdir())


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        (".", "was found, but"),
        ("reference", "lie in one another: give a folder that holds nothing but submissions"),
        ("reference/tiny", "lie in one another"),
    ],
)
def test_what_decides_about_submissions_is_not_graded_as_one(course, folder, said):
    result = run("grade", "tiny", folder)
    assert isinstance(result.exception, UserError)
    assert said in str(result.exception)


def test_reports_in_the_class_folder_are_nobody_s_work_and_no_link_leads_them_elsewhere(course):
    (course / "class/pages").mkdir()
    (course / "class/pages/students").symlink_to(course / "reference")
    result = run("grade", "tiny", "class", "--report", "class/pages", "--json")
    assert isinstance(result.exception, ReportError)
    assert "pages was left out: it holds the course's own class/pages." in result.stderr
    assert sorted(path.name for path in (course / "reference").iterdir()) == ["tiny"]
    (course / "class/pages/students").unlink()
    result = run("grade", "tiny", "class", "--report", "class/pages", "--json")
    assert [row["student"] for row in json.loads(result.stdout)] == ["ada", "bob"]


def test_validate_says_whether_the_rubric_is_sound(course):
    result = run("validate", "tiny", "--seeds", "2", "--jobs", "1")
    assert result.exit_code == 0, result.output
    assert "The rubric is sound." in result.output


def test_what_only_a_course_needs_is_named(course, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    for module in [name for name in sys.modules if name.startswith("autograder.records")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr(sys, "argv", ["autograder", "status", "tiny"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert "sqlalchemy is not installed: pip install 'autograder[course]'" in capsys.readouterr().err


def test_doctor_shows_the_layers(course):
    result = run("doctor")
    assert result.exit_code == 0
    assert "✓ │ seccomp" in result.output and "grade works" in result.output


def test_doctor_says_how_to_have_what_is_missing(course, namespaces, monkeypatch):
    monkeypatch.setattr(bubblewrap, "available", lambda: None)
    result = run("doctor")
    assert result.exit_code == 0
    assert "To have bubblewrap: Debian, Ubuntu: apt-get install bubblewrap" in result.output
    assert "make up for a layer that is missing" in result.output


def test_doctor_does_not_advise_what_was_left_out(course, namespaces):
    result = run("doctor", "--without", "landlock", "--without", "seccomp")
    assert "landlock: not wanted" in result.output and "To have" not in result.output


def test_doctor_says_what_to_do_where_there_is_no_boundary(course, monkeypatch):
    """Advice is about what is missing: not about seccomp, which is there, nor about what was left out."""
    monkeypatch.setattr(bubblewrap, "available", lambda: None)
    result = run("doctor", *(f"--without={one}" for one in ("user namespace", "separate user", "landlock")))
    assert result.exit_code == 1
    for words in ("No boundary", "apt-get install bubblewrap", "docs/boundary.md", "grade refuses"):
        assert words in result.output
    for words in ("libseccomp", "sysctl", "as root", "Linux 5.13"):
        assert words not in result.output


def test_doctor_does_not_ask_for_what_is_there(course, monkeypatch):
    monkeypatch.setattr(bubblewrap, "available", lambda: "/bin/false")
    result = run("doctor")
    assert "in bubblewrap: the fork server did not start" in result.output and "install bubblewrap" not in result.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["grade", "tinny", "class"], "it has: tiny"),
        (["grade", "tiny", "nowhere"], "nowhere"),
        (["grade", "tiny", "class", "--only", "eve"], "eve"),
        (["calibrate", "tiny"], "calibration.py"),
    ],
)
def test_wrong_input_is_one_line_and_exit_code_2(course, monkeypatch, capsys, words, said):
    monkeypatch.setattr("sys.argv", ["autograder", *words])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["status", "tiny"], "set course.records in grader_config.yml to another place"),
        (["release", "tiny"], "{}/assignments: Read-only file system. Choose a place"),
        (["new", "week_3"], "{}/reference/week_3: Read-only file system. Choose a place"),
        (["gradescope", "build", "tiny"], "the course's secret cannot be written: Read-only file system"),
    ],
)
def test_a_read_only_course_is_said_in_a_line(course, monkeypatch, capsys, words, said):
    monkeypatch.setattr("sys.argv", ["autograder", *words])
    with read_only(course), pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code != 0
    error = capsys.readouterr().err.replace("Permission denied", "Read-only file system")  # for an ordinary user
    assert said.format(course) in error and len(error.splitlines()) == 1


def test_a_full_disk_is_said_in_a_line(course, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["autograder", "release", "tiny", "--to", "dist"])
    monkeypatch.setattr(files.os, "replace", mock.Mock(side_effect=OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))))
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 1
    assert (
        capsys.readouterr().err
        == "autograder: No space left on device. Make room there, then run the same command again\n"
    )


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["grade", "tinny", "class"],
        ["validate", "tinny"],
        ["nbgrader", "source", "tinny", "x"],
        ["grade", "tiny", "clas"],
    ],
)
def test_help_and_mistyped_names_do_not_wait_for_torch(course, words):
    code = f"import sys; sys.modules['torch'] = None; sys.argv = {['autograder', *words]}\n"
    code += "from autograder.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=course)
    said = done.stdout + done.stderr
    assert "Traceback" not in said, said
    assert done.returncode == (0 if words == ["--help"] else 2), said
