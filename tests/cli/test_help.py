"""Help that can be copied, and names that a shell completes."""

from __future__ import annotations

import shlex

import pytest
import typer
from typer.testing import CliRunner

from autograder.cli.app import app
from tests import tiny


def commands(group, path=("autograder",)):
    """Every command of the command line, with the words that lead to it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


ALL = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_help_ends_with_two_examples_that_the_command_takes(path):
    shown = CliRunner().invoke(app, [*path[1:], "--help"], terminal_width=80).output
    lines = [line.strip() for line in shown.rstrip().splitlines()]
    start = lines.index("Examples:")
    examples = lines[start + 1 :]
    assert len(examples) == 2, "each fits a line of an ordinary terminal"
    for example in examples:
        words = tuple(shlex.split(example))
        assert words[: len(path)] == path
        ALL[path].make_context(path[-1], list(words[len(path) :]))  # an option it lacks is an error here


def test_a_shell_can_be_taught_to_complete():
    shown = CliRunner().invoke(app, ["--help"]).output
    assert "--install-completion" in shown and "--show-completion" in shown


def completed(words: str, monkeypatch) -> list[str]:
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(words.count(" ")))
    result = CliRunner().invoke(app, prog_name="autograder", env={"_AUTOGRADER_COMPLETE": "complete_bash"})
    return result.output.split()


def test_a_shell_completes_commands_and_assignments(tmp_path, monkeypatch):
    tiny.write(tmp_path)
    tiny.config(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert completed("autograder stat", monkeypatch) == ["status"]
    assert completed("autograder status ti", monkeypatch) == ["tiny"]
    assert completed("autograder grade ", monkeypatch) == ["tiny"]


def test_without_a_course_there_is_nothing_to_complete_and_no_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert completed("autograder status ti", monkeypatch) == []
