"""`autograder regrade`: who gains and who loses by a change of the rubric, and why, before it counts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.cli.app import app
from tests import tiny

RIGHT = "def square(x):\n    return x * x\ndef total(x):\n    return square(x).sum()\n"
RIGHT += "def slope(x):\n    return 2 * x\n"
WRONG = {"ada": RIGHT, "bob": RIGHT.replace("x * x", "2 * x")}


def run(*words: str):
    return CliRunner().invoke(app, words)


def scores() -> dict[str, float]:
    return {row["student"]: row["score"] for row in json.loads(run("status", "tiny", "--json").stdout)}


@pytest.fixture
def edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """A graded class of two; returns what edits the rubric."""
    tiny.write(tmp_path)
    tiny.config(tmp_path)
    for student, source in WRONG.items():
        (tmp_path / "class" / student).mkdir(parents=True)
        (tmp_path / "class" / student / "tiny.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    assert run("grade", "tiny", "class", "--no-report").exit_code == 0
    assert scores() == {"ada": 10, "bob": 6}
    checks = tmp_path / "reference" / "tiny" / "checks.py"

    def change(before: str, after: str) -> None:
        text = checks.read_text()
        assert before in text
        checks.write_text(text.replace(before, after, 1))

    return change


LENIENT = ('matches(student, reference, "square", draw.normal(size, 2))', "pass")


def test_a_dry_run_shows_the_difference_and_keeps_nothing(edit):
    edit(*LENIENT)
    result = run("regrade", "tiny", "class", "--dry-run")
    assert result.exit_code == 0
    assert "bob      6       9      +3  1 random: 0 → 3" in result.output
    assert "1 would have more points, 0 fewer, 1 the same. Nothing was kept" in result.output
    assert scores() == {"ada": 10, "bob": 6}


def test_a_regrade_counts(edit):
    edit(*LENIENT)
    result = run("regrade", "tiny", "class", "--json")
    told = json.loads(result.stdout)
    assert told == {
        "kept": True,
        "graded": 2,
        "changed": [
            {
                "student": "bob",
                "before": 6.0,
                "after": 9.0,
                "checks": [{"name": "1 random", "before": 0.0, "after": 3.0}],
            }
        ],
    }
    assert scores() == {"ada": 10, "bob": 9}
    again = run("regrade", "tiny", "class")
    assert "0 have more points, 0 fewer, 2 the same." in again.output


def test_a_comment_changes_nobody(edit):
    edit("rubric = Rubric()", "rubric = Rubric()  # of two exercises")
    assert "0 would have more points, 0 fewer, 2 the same." in run("regrade", "tiny", "class", "--dry-run").output


def test_a_check_can_be_run_again_though_nothing_was_changed(edit):
    result = run("regrade", "tiny", "class", "--check", "1 random", "--dry-run", "--only", "bob")
    assert "0 would have more points, 0 fewer, 1 the same." in result.output


def test_a_mistyped_check_is_refused_with_those_that_are_like_it(edit):
    result = run("regrade", "tiny", "class", "--check", "Random")
    assert result.exception is not None
    assert str(result.exception) == (
        "there is no check 'Random'. Do you mean '1 random'? `autograder validate` lists them all"
    )
