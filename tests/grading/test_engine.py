"""The engine: outcomes, stand-ins, hints, and whose fault an error is."""

import pytest
import torch

from autograder.grading import verdict
from autograder.grading.engine import Engine
from autograder.grading.hosts import LocalHost
from autograder.model import Outcome
from autograder.rubric.assignment import load
from tests import tiny


def grade(assignment, digest="d", **changes):
    results = Engine(assignment, b"secret").run(LocalHost(lambda: assignment.solution(changes)), digest)
    return {result.name: result for result in results}


def outcomes(assignment, **changes):
    return [result.outcome.value for result in grade(assignment, **changes).values()]


def test_the_reference_gets_every_point(tiny_assignment):
    results = grade(tiny_assignment)
    assert sum(result.earned for result in results.values()) == 10


def test_one_mistake_costs_once(tiny_assignment):
    results = grade(tiny_assignment, square=lambda x: 2 * x)
    assert [r.outcome for r in results.values()] == [Outcome.FAILED, Outcome.FAILED, Outcome.PASSED, Outcome.PASSED]
    assert results["2 adds"].stand_ins == ("square",)
    assert results["1 small"].stand_ins == ()


def test_a_missing_function_costs_its_own_exercise_only(tiny_assignment):
    def namespace():
        whole = tiny_assignment.solution()
        del whole["square"]
        return whole

    results = Engine(tiny_assignment, b"s").run(LocalHost(namespace), "d")
    assert [r.outcome.value for r in results] == ["failed", "failed", "passed", "passed"]
    assert "not defined" in results[0].message


def test_a_known_mistake_is_named(tiny_assignment):
    result = grade(tiny_assignment, square=lambda x: x + x)["1 random"]
    assert (result.mutant, result.hint) == ("doubles", "You double instead of squaring.")


def test_looking_for_a_hint_bans_nothing_in_the_grader(tmp_path):
    """Other submissions' checks run in the same process, and their references need what is banned here."""
    folder = tiny.write(tmp_path, tiny.CHECKS.replace("points=4)", 'points=4, bans=("torch.autograd.grad",))'))
    slope = "x = x.clone().requires_grad_(); return torch.autograd.grad((x * x).sum(), x)[0]"
    mutants = tiny.MUTANTS.replace("return 2 * x", slope).replace("from auto", "import torch\nfrom auto", 1)
    (folder / "mutants.py").write_text(mutants, encoding="utf-8")
    assert grade(load(folder), square=lambda x: 2 * x)["1 random"].mutant == "doubles"


def test_an_unknown_mistake_gets_no_hint(tiny_assignment):
    assert grade(tiny_assignment, square=lambda x: x * x + 1)["1 random"].hint == ""


def test_an_untouched_function_is_not_attempted(tiny_assignment):
    def square(x):
        raise NotImplementedError("Exercise 1: square")

    assert outcomes(tiny_assignment, square=square) == ["not attempted", "not attempted", "passed", "passed"]


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(0), KeyboardInterrupt(), RecursionError()])
def test_what_a_student_raises_is_a_failed_check(tiny_assignment, error):
    def square(x):
        raise error

    result = grade(tiny_assignment, square=square)["1 small"]
    assert result.outcome is Outcome.FAILED
    assert type(error).__name__ in result.message


def test_memory_that_cannot_be_had_is_named(tiny_assignment):
    def square(x):
        raise MemoryError

    assert grade(tiny_assignment, square=square)["1 small"].outcome is Outcome.OUT_OF_MEMORY


def test_an_error_in_a_check_is_the_graders_own(tmp_path):
    broken = tiny.CHECKS.replace('"""Adds the squares."""', '"""Adds the squares."""\n    1 / 0')
    assignment = load(tiny.write(tmp_path, broken))
    result = grade(assignment)["2 adds"]
    assert result.outcome is Outcome.GRADER_ERROR
    assert "ZeroDivisionError" in result.message


def trusting(tmp_path, line):
    """The tiny assignment, whose first check works with an answer before it looks at it."""
    return load(tiny.write(tmp_path, tiny.CHECKS.replace('matches(student, reference, "square", ', f"{line} #", 1)))


def test_an_error_because_of_an_answer_is_a_wrong_answer(tmp_path):
    assignment = trusting(tmp_path, "float(student.square(draw.normal(3)).sum())")
    result = grade(assignment, square=lambda x: "nine")["1 small"]
    assert result.outcome is Outcome.FAILED
    assert result.message == "`square` returned 'nine': that is not the kind of result that is asked for."


def test_a_check_that_does_not_come_to_an_end_because_of_an_answer_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(verdict, "RUBRIC_SECONDS", 0.3)
    assignment = trusting(tmp_path, "x = student.square(draw.normal(3))\n    while (x == 0).all(): pass")
    host = LocalHost(lambda: assignment.solution({"square": torch.zeros_like}))
    small, *_ = Engine(assignment, b"s", limited=True).run(host, "d")
    assert (small.outcome, small.earned) == (Outcome.FAILED, 0)
    assert "takes too long, or too much memory, to be checked" in small.message


def test_what_is_right_in_float64_only_is_said_so(tiny_assignment):
    def square(x):
        return x * x if x.dtype is torch.float64 else x

    assert "float32" in grade(tiny_assignment, square=square)["1 random"].message


def test_inputs_depend_on_the_submission_and_repeat_at_a_regrade(tiny_assignment):
    def message(digest):
        return grade(tiny_assignment, digest, square=lambda x: x)["1 random"].message

    assert message("one") == message("one")
    assert message("one") != message("two")


def test_what_is_not_defined_is_first_said_to_stand_where_it_was_seen(tiny_assignment):
    """Be it the function asked for, or one that it calls."""
    seen = {"square": "`square` stands inside `main` (line 2).", "half": "`half` stands in a comment (line 1)."}

    def total(x):
        return half(x)  # noqa: F821 - that is the point

    results = Engine(tiny_assignment, b"s", seen=seen).run(LocalHost(lambda: {"total": total}), "d", stand_ins=False)
    messages = [result.message for result in results]
    assert any(one.startswith("`square` stands inside `main` (line 2). `square` is not defined") for one in messages)
    assert any(one.startswith("`half` stands in a comment (line 1). `total` raised NameError") for one in messages)
