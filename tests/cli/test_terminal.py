"""What becomes of the output: a terminal that lacks characters, a reader that has gone, a disk that is full."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.cli import main
from autograder.cli.terminal import ERRORS
from autograder.feedback import signs
from autograder.model import Report
from autograder.records import Records
from tests import tiny

STUDENTS = ("José", "李", "Łukasz", "😀 & Söhne…")


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course with a class that is graded."""
    tiny.write(tmp_path)
    tiny.config(tmp_path)
    with Records(f"sqlite:///{tmp_path}/records/course.sqlite") as records:
        for student in STUDENTS:
            records.save(Report(student, "tiny", "d", "a", "e", "graded", 5.0, 10.0))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run a command with another standard output; give its exit code."""

    def run(words: list[str], output: object) -> int:
        monkeypatch.setattr(sys, "argv", ["autograder", *words])
        with monkeypatch.context() as patch, pytest.raises(SystemExit) as ended:
            patch.setattr(sys, "stdout", output)
            main()
        return ended.value.code

    return run


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "big5", "utf-8"])
def test_no_encoding_of_the_terminal_ends_a_command(course, run, encoding):
    with open(course / "out", "w", encoding=encoding) as output:
        assert run(["status", "tiny"], output) == 0
    shown = (course / "out").read_bytes().decode(encoding)
    assert ("José" in shown) is (encoding in ("latin-1", "utf-8"))
    assert ("李" in shown) is (encoding in ("big5", "utf-8"))
    assert shown.count("5.0") >= len(STUDENTS)


def test_signs_stay_apart_where_the_terminal_lacks_them():
    shown = [*signs.SIGNS.values(), signs.NO_RESULT, signs.REJECTED, signs.NOT_LOADED, signs.TO_READ]
    printed = [one.symbol.encode("ascii", ERRORS).decode() for one in shown]
    assert len(set(printed)) == len(shown) and all(len(one) == 1 for one in printed)
    assert printed.count("?") == 1  # a sign of ours, not one that is missing


def test_a_character_that_is_missing_is_told_by_another_or_by_its_number(course, run):
    with open(course / "out", "w", encoding="ascii") as output:
        run(["status", "tiny"], output)
    shown = (course / "out").read_text(encoding="ascii")
    assert r"Jos\xe9" in shown and r"\u674e" in shown and "? & S" in shown
    assert "o not attempted" in shown and "x failed" in shown


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_json_says_the_same_in_every_encoding(course, run, encoding):
    with open(course / "out", "w", encoding=encoding) as output:
        assert run(["status", "tiny", "--json"], output) == 0
    rows = json.loads((course / "out").read_text(encoding=encoding))
    assert {row["student"] for row in rows} == set(STUDENTS)


def test_a_reader_that_has_gone_is_nothing_to_speak_of(course, run, capfd):
    """As in `autograder status tiny | head -1`."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as output:
        assert run(["status", "tiny"], output) == 0
    assert capfd.readouterr().err == ""


def test_output_that_does_not_fit_on_the_disk_is_said(course, run, capfd):
    with open("/dev/full", "w", encoding="utf-8") as output:
        assert run(["status", "tiny"], output) == 1
    assert capfd.readouterr().err == "autograder: the output is not complete: No space left on device\n"


def test_a_report_is_written_whatever_becomes_of_the_table(course, run, capfd):
    (course / "class").mkdir()
    (course / "class" / "ada.py").write_text("def square(x):\n    return x * x\n", encoding="utf-8")
    with open("/dev/full", "w", encoding="utf-8") as output:
        assert run(["grade", "tiny", "class", "--quiet", "--report", "report"], output) == 1
    assert "ada" in (course / "report/index.html").read_text(encoding="utf-8")
    assert "Traceback" not in capfd.readouterr().err
