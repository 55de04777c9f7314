"""A new assignment: it works from the first minute, and the configuration keeps what was in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.cli.app import app
from autograder.config import load
from autograder.errors import ConfigError, ScaffoldError
from autograder.release.scaffold import scaffold
from autograder.rubric.assignment import load as load_assignment

CONFIG = """\
# The course of 2027.
course:
  name: Mine  # for now

assignments:
  # The first one.
  week_1:
    title: One
    limits:
      check_seconds: 5

  week_2:
    title: Two   # and last


# The end.
"""


@pytest.mark.slow
def test_it_validates_and_is_released_at_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for words in (
        ["new", "week_3"],
        ["validate", "week_3", "--training", "--seeds", "2", "-j", "1"],
        ["release", "week_3"],
    ):
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, result.output
        assert "validate" not in words or "The rubric is sound." in result.output
    released = {path.name for path in (tmp_path / "assignments/week_3").iterdir()}
    assert released == {"README.md", "public.json", "week_3.py", "week_3.ipynb", "week_3_colab.ipynb"}
    assert "Week 3" in (tmp_path / "assignments/week_3/README.md").read_text()
    assert CliRunner().invoke(app, ["release", "week_3", "--check"]).exit_code == 0


def test_it_has_a_check_of_each_kind_and_what_stands_beside_them(tmp_path):
    scaffold(tmp_path, "week_3", "Three")
    checks = (tmp_path / "reference/week_3/checks.py").read_text()
    kinds = (
        "matches(",
        "agrees_with_numerical(",
        "same_trajectory(",
        "expect(",
        "ladder.score(",
        "answer(",
        "tensor_of(",
    )
    assert [kind for kind in kinds if kind not in checks] == []
    assignment = load_assignment(tmp_path / "reference/week_3")
    assert (len(assignment.mutants), len(assignment.equivalents)) == (1, 1)
    assert assignment.rubric.points == 12


def test_an_entry_is_added_and_everything_else_stays(tmp_path):
    (tmp_path / "grader_config.yml").write_text(CONFIG)
    scaffold(tmp_path, "week_3", 'Lines: "more" & ümlauts')
    text = (tmp_path / "grader_config.yml").read_text()
    added = '\n  week_3:\n    title: "Lines: \\"more\\" & ümlauts"\n'
    assert text == CONFIG.replace("# and last\n", "# and last\n" + added)
    assert load(tmp_path / "grader_config.yml").assignment("week_3").title == 'Lines: "more" & ümlauts'


@pytest.mark.parametrize(
    "config",
    [
        "assignments:\n  a:\n    title: A\ncourse:\n  name: Last\n",
        "assignments:\n    a:\n        title: A\n\n# between\n\ncourse:\n    name: Last\n",
        "course: {name: X}\nassignments:\n  a: {title: A}",
        "course:\n  name: X\nassignments:\n  a:\n    title: >\n      two\n      lines\n",
    ],
)
def test_wherever_the_assignments_stand(tmp_path, config):
    (tmp_path / "grader_config.yml").write_text(config)
    before = load(tmp_path / "grader_config.yml")
    scaffold(tmp_path, "week_3", "Three")
    after = load(tmp_path / "grader_config.yml")
    assert after.assignment("week_3").title == "Three"
    assert (after.course, after.assignment("a")) == (before.course, before.assignment("a"))
    assert all(line in (tmp_path / "grader_config.yml").read_text() for line in config.splitlines())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Week", "small letters"),
        ("week 3", "small letters"),
        ("class", "small letters"),
        ("../x", "small letters"),
        ("wöche", "small letters"),
        ("random", "the name of a library"),
        ("torch", "the name of a library"),
        ("week_1", "has an assignment called week_1 already"),
    ],
)
def test_a_name_that_will_not_do_writes_nothing(tmp_path, name, said):
    (tmp_path / "grader_config.yml").write_text(CONFIG)
    with pytest.raises(ScaffoldError, match=said):
        scaffold(tmp_path, name, "Title")
    assert [path.name for path in Path(tmp_path).iterdir()] == ["grader_config.yml"]
    assert (tmp_path / "grader_config.yml").read_text() == CONFIG


def test_nothing_is_written_over(tmp_path):
    scaffold(tmp_path, "week_3", "Three")
    with pytest.raises(ScaffoldError, match="is there already"):
        scaffold(tmp_path, "week_3", "Three")


def test_a_configuration_that_cannot_be_read_or_added_to_is_left_alone(tmp_path):
    path = tmp_path / "grader_config.yml"
    path.write_text("course: {name: X}\nassignments: {a: {title: A}}\n")
    with pytest.raises(ScaffoldError, match="one entry below the other"):
        scaffold(tmp_path, "week_3", "Three")
    path.write_text("course: [\n")
    with pytest.raises(ConfigError):
        scaffold(tmp_path, "week_3", "Three")
    assert not (tmp_path / "reference").exists()
