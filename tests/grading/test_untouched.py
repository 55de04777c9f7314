"""A function that nothing was written in counts as not attempted, however the starter leaves it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from autograder.grading.engine import Engine
from autograder.grading.hosts import LocalHost
from autograder.intake import read_submission
from autograder.model import CheckResult, Outcome
from autograder.rubric.assignment import load
from autograder.sandbox.guest.untouched import is_untouched
from tests import tiny

UNTOUCHED = {
    "pass": "pass",
    "dots": "...",
    "None": "return None",
    "return": "return",
    "a docstring": "'''What is asked.'''",
    "a docstring and pass": "'''What is asked.'''\n    pass",
    "a name": "out = None\n    return out",
    "two names": "out, cache = None, None\n    return out, cache",
    "two lines": "out = None\n    cache = None\n    return out, cache",
    "a tuple": "return None, None",
    "dots to return": "return ...",
}
WRITTEN = {
    "the argument": "return x",
    "a product": "return x * x",
    "a number": "return 0",
    "a call": "print(x)",
    "an assignment into the argument": "x[0] = None",
    "a condition": "if x is None:\n        return None",
    "an attribute": "x.grad = None",
    "a forgotten return": "y = x * x",
    "an error": "raise ValueError",
}


def function(body: str) -> Any:
    namespace: dict[str, Any] = {}
    exec(f"def square(x):\n    {body}\n", namespace)
    return namespace["square"]


@pytest.mark.parametrize("body", UNTOUCHED.values(), ids=UNTOUCHED)
def test_a_function_that_hands_out_none_whatever_it_gets_is_untouched(body: str) -> None:
    assert is_untouched(function(body))


@pytest.mark.parametrize("body", WRITTEN.values(), ids=WRITTEN)
def test_a_function_that_does_anything_is_not(body: str) -> None:
    assert not is_untouched(function(body))


@pytest.mark.parametrize("blank", [None, ..., (None, None)])
def test_a_variable_that_is_still_blank_is_untouched(blank: object) -> None:
    assert is_untouched(blank)


@pytest.mark.parametrize("other", [3, int, "square", (), [], 0])
def test_what_is_no_function_and_not_blank_is_not(other: object) -> None:
    assert not is_untouched(other)


def results(folder: Path, body: str) -> dict[str, CheckResult]:
    """The tiny assignment with another body of `square`."""
    assignment = load(folder)
    host = LocalHost(lambda: assignment.solution({"square": function(body)}))
    return {result.name: result for result in Engine(assignment, b"").run(host, "")}


@pytest.mark.parametrize("body", UNTOUCHED.values(), ids=UNTOUCHED)
def test_it_is_reported_as_not_attempted(tiny_folder: Path, body: str) -> None:
    found = results(tiny_folder, body)
    for name in ("1 small", "1 random"):
        assert (found[name].outcome, found[name].earned) == (Outcome.NOT_ATTEMPTED, 0)
        assert found[name].message == "`square` is still to be written."
    assert found["2 adds"].outcome is Outcome.PASSED, "the reference's square is lent"


def test_a_forgotten_return_is_a_mistake(tiny_folder: Path) -> None:
    found = results(tiny_folder, "y = x * x")["1 small"]
    assert found.outcome is Outcome.FAILED and "return" in found.message


def test_a_function_that_is_to_do_nothing_is_right_as_it_is(tmp_path: Path) -> None:
    folder = tiny.write(tmp_path)
    solution = tiny.SOLUTION.replace("return x * x", "return None").replace("square(x).sum()", "(x * x).sum()")
    (folder / "solution.py").write_text(solution, encoding="utf-8")
    assert {name: one.outcome for name, one in results(folder, "pass").items()} == dict.fromkeys(
        ("1 small", "1 random", "2 adds", "2 gradient"), Outcome.PASSED
    )


@pytest.mark.parametrize("body", UNTOUCHED.values(), ids=UNTOUCHED)
def test_of_two_definitions_the_one_that_is_written_counts(tmp_path: Path, body: str) -> None:
    path = tmp_path / "tiny.py"
    written = "def square(x):\n    return x * x\n"
    path.write_text(f"{written}\n\ndef square(x):\n    {body}\n", encoding="utf-8")
    submission = read_submission(path, "ada", main="tiny", expected=frozenset({"square"}))
    kept = [line for line in submission.files[submission.main].splitlines() if not line.startswith("#")]
    assert [line for line in kept if line] == written.splitlines()


def test_a_starter_of_nothing_but_pass_can_be_handed_in(tmp_path: Path) -> None:
    path = tmp_path / "tiny.py"
    path.write_text("def square(x):\n    pass\n", encoding="utf-8")
    submission = read_submission(path, "ada", main="tiny", expected=frozenset({"square"}))
    assert "def square" in submission.files[submission.main]
