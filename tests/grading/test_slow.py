"""A right function that training cannot use, a loop where one line would do or one that no gradient comes through,
costs no points in the training that calls it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from autograder.errors import ConversationEndedError
from autograder.grading.engine import Engine
from autograder.grading.hosts import LocalHost
from autograder.grading.local import LocalConversation
from autograder.grading.validate import Validator
from autograder.model import CheckResult, Outcome
from autograder.protocol.conversation import Answerer, Conversation
from autograder.protocol.messages import Raised, Request, Returned
from autograder.rubric.assignment import Assignment, load
from tests import tiny

TRAINING = '''
from autograder.rubric import expect

three = rubric.exercise("3", "Training", owns=("train",), points=6)

@three.check("train", 2, trains=True, seconds=60)
def learns(student, reference, draw):
    """Gets an error below 1."""
    expect(student.train(draw.normal(8)) < 1, "The error is not below 1.")

@three.check("train", 4, trains=True, seconds=60)
def learns_more(student, reference, draw):
    """Gets an error below 0.1."""
    expect(student.train(draw.normal(8)) < 0.1, "The error is not below 0.1.")
'''


def written(root: Path, seconds: int = 60, equivalents: str = "") -> Assignment:
    """The tiny assignment with an exercise that trains, and its time limit."""
    checks = TRAINING.replace("seconds=60", f"seconds={seconds}")
    folder = tiny.write_training(root, checks, 6, "x", "return 0 * square(x).sum()")
    (folder / "equivalents.py").write_text(tiny.EQUIVALENTS + equivalents, encoding="utf-8")
    return load(folder)


@pytest.fixture
def assignment(tmp_path: Path) -> Assignment:
    return written(tmp_path)


TOO_LONG = "stopped after 60 s of computing: is there an endless loop?"


class Clock:
    """Time as the student's code uses it."""

    def __init__(self) -> None:
        self.hours = 0

    @property
    def slow(self) -> Callable[[torch.Tensor], torch.Tensor]:
        """A right `square` that takes an hour."""

        def square(x: torch.Tensor) -> torch.Tensor:
            self.hours += 1
            return x * x

        return square


class TimedHost(LocalHost):
    """Ends a training request in which an hour goes by."""

    def __init__(self, assignment: Assignment, clock: Clock, **changes: Any) -> None:
        super().__init__(lambda: assignment.solution(changes))
        self._clock = clock

    @contextmanager
    def check(self, seconds: float | None = None) -> Iterator[Conversation]:
        with super().check(seconds) as conversation:
            yield _Timed(conversation, self._clock) if seconds == 60 else conversation


class _Timed(Conversation):
    def __init__(self, inner: LocalConversation, clock: Clock) -> None:
        self._inner, self._clock = inner, clock

    def perform(self, request: Request, answer: Answerer) -> Returned | Raised:
        before = self._clock.hours
        reply = self._inner.perform(request, answer)
        if self._clock.hours > before:
            raise ConversationEndedError(
                Outcome.TIMED_OUT, "stopped after 60 s of computing: is there an endless loop?"
            )
        return reply

    used = 0.0

    def hurry(self) -> None:
        """An hour is too long either way."""


def graded(assignment: Assignment, clock: Clock, **changes: Any) -> dict[str, CheckResult]:
    host = TimedHost(assignment, clock, **changes)
    return {result.name: result for result in Engine(assignment, b"s").run(host, "d")}


def test_training_goes_on_with_ours(assignment: Assignment) -> None:
    clock = Clock()
    results = graded(assignment, clock, square=clock.slow)
    assert all(result.outcome is Outcome.PASSED for result in results.values()), results
    first = results["3 learns"]
    assert (first.earned, first.stand_ins) == (2, ("square",))
    assert first.message == "What you wrote for other exercises takes too long to train with."


def test_the_next_training_does_not_wait_for_it_again(assignment: Assignment) -> None:
    clock = Clock()
    results = graded(assignment, clock, square=clock.slow)
    called, clock.hours = clock.hours, 0
    assert (results["3 learns_more"].earned, results["3 learns_more"].stand_ins) == (4, ("square",))
    without = Engine(assignment, b"s").run(
        TimedHost(assignment, clock, square=clock.slow), "d",
        checks=[check for check in assignment.rubric.checks if check.name != "3 learns_more"],
    )  # fmt: skip
    assert called == clock.hours and len(without) == 5


def test_going_on_after_an_interruption_remembers(assignment: Assignment) -> None:
    clock = Clock()
    known = graded(assignment, clock, square=clock.slow)
    del known["3 learns_more"]
    clock.hours = 0
    host = TimedHost(assignment, clock, square=clock.slow)
    *_, last = Engine(assignment, b"s").run(host, "d", known=known)
    assert (last.earned, clock.hours) == (4, 0)


def test_training_that_is_slow_itself_is_tried_with_ours_once(assignment: Assignment) -> None:
    clock = Clock()
    calls, slow = [], clock.slow

    def train(x: torch.Tensor) -> torch.Tensor:
        calls.append(x)
        return slow(x).sum()

    results = graded(assignment, clock, train=train)
    assert [results[name].outcome for name in ("3 learns", "3 learns_more")] == [Outcome.TIMED_OUT] * 2
    assert results["3 learns"].stand_ins == ()
    assert results["3 learns"].message == TOO_LONG
    assert len(calls) == 3


def test_what_was_found_endless_before_an_interruption_is_not_tried_again(assignment: Assignment) -> None:
    clock = Clock()
    slow = clock.slow

    def train(x: torch.Tensor) -> torch.Tensor:
        return slow(x).sum()

    known = graded(assignment, clock, train=train)
    del known["3 learns_more"]
    clock.hours = 0
    host = TimedHost(assignment, clock, train=train)
    *_, last = Engine(assignment, b"s").run(host, "d", known=known)
    assert (last.outcome, clock.hours) == (Outcome.TIMED_OUT, 1)


def test_the_second_run_draws_other_data(assignment: Assignment) -> None:
    """What was prepared in the first, until its time was up, is of no use."""
    clock, given = Clock(), []

    def train(x: torch.Tensor) -> torch.Tensor:
        given.append(x)
        return 0 * square(x).sum()  # noqa: F821

    graded(assignment, clock, square=clock.slow, train=train)
    first, again, _ = given
    assert not torch.equal(first, again)


def test_what_does_not_learn_with_ours_either_is_told_why(assignment: Assignment) -> None:
    clock = Clock()
    results = graded(assignment, clock, square=clock.slow, train=lambda x: square(x).sum() * 0 + 2)  # noqa: F821
    trained = [results[name] for name in ("3 learns", "3 learns_more")]
    assert [(one.outcome, one.stand_ins) for one in trained] == [(Outcome.FAILED, ("square",))] * 2
    assert trained[0].message.endswith("takes too long to train with. The error is not below 1.")
    assert trained[1].message == "The error is not below 0.1."


def test_what_comes_out_with_ours_counts_as_it_is(assignment: Assignment) -> None:
    clock = Clock()
    results = graded(assignment, clock, square=clock.slow, train=lambda x: square(x).sum() * 0 + 0.5)  # noqa: F821
    assert (results["3 learns"].earned, results["3 learns_more"].earned) == (2, 0)
    assert "not below 0.1" in results["3 learns_more"].message


def test_training_goes_on_with_ours_where_theirs_cannot_be_trained_with(assignment: Assignment) -> None:
    """Arrays are right answers, and no gradient comes through them."""

    def arrays(x: torch.Tensor) -> Any:
        return x.numpy() ** 2 if len(x) == 8 else x * x

    def train(x: torch.Tensor) -> torch.Tensor:
        weight = torch.ones((), requires_grad=True)
        square(weight * x).sum().backward()  # noqa: F821
        return 0 * weight.grad

    clock = Clock()
    results = graded(assignment, clock, square=arrays, train=train)
    assert all(result.outcome is Outcome.PASSED for result in results.values()), results
    first, second = results["3 learns"], results["3 learns_more"]
    assert (first.stand_ins, second.stand_ins) == (("square",), ("square",))
    assert first.message.startswith("This does not train with what you wrote for other exercises: `train` raised Runt")
    assert second.message == ""


def test_a_helper_that_asks_for_too_much_memory_is_done_without(assignment: Assignment) -> None:
    def square(x: torch.Tensor) -> torch.Tensor:
        if len(x) == 8:
            raise MemoryError
        return x * x

    results = graded(assignment, Clock(), square=square)
    assert [results[name].earned for name in ("3 learns", "3 learns_more")] == [2, 4]


def test_training_that_fails_with_ours_too_leaves_the_next_one_its_chance(assignment: Assignment) -> None:
    errors = iter([5, 0])

    def square(x: torch.Tensor) -> Any:
        return x.numpy() ** 2 if len(x) == 8 else x * x

    def train(x: torch.Tensor) -> torch.Tensor:
        return 0 * globals()["square"](x.requires_grad_()).sum() + next(errors)

    def told(result: CheckResult) -> str:
        return result.message.partition(" instead. ")[2]

    results = graded(assignment, Clock(), square=square, train=train)
    assert [results[name].earned for name in ("3 learns", "3 learns_more")] == [0, 4]
    assert told(results["3 learns"]) == "The error is not below 1."


@pytest.mark.parametrize("error", [RuntimeError("no"), NotImplementedError])
def test_training_that_raises_by_itself_gains_nothing_by_it(assignment: Assignment, error: Exception) -> None:
    """Not even another draw."""
    calls = []

    def train(x: torch.Tensor) -> torch.Tensor:
        calls.append(x)
        raise error

    results = graded(assignment, Clock(), train=train)
    assert [results[name].earned for name in ("3 learns", "3 learns_more")] == [0, 0]
    assert [results[name].stand_ins for name in ("3 learns", "3 learns_more")] == [(), ()]
    if isinstance(error, RuntimeError):
        first, again, *_ = calls
        assert torch.equal(first, again)
    else:
        assert len(calls) == 2, "what is not attempted is not tried again"


def test_the_second_try_after_an_error_has_the_time_that_was_left(assignment: Assignment) -> None:
    given = []

    class Noting(TimedHost):
        cpu_seconds = 0.0

        @contextmanager
        def check(self, seconds: float | None = None) -> Iterator[Conversation]:
            given.append(seconds)
            with super().check(seconds) as conversation:
                yield conversation

    def train(x: torch.Tensor) -> torch.Tensor:
        host.cpu_seconds += 20
        raise RuntimeError

    host = Noting(assignment, Clock(), train=train)
    trained, *_ = [result for result in Engine(assignment, b"s").run(host, "d") if result.exercise == "3"]
    assert [seconds for seconds in given if seconds is not None][:2] == [60, 40]
    assert trained.cpu_seconds == 40, "both tries"


SLOW = """
@variants.equivalent
class in_its_own_time:
    def square(x):
        import time
        time.sleep(3600 * (len(x) == 8))
        return x * x
"""


def test_validate_does_not_wait_for_a_slow_equivalent(tmp_path: Path) -> None:
    validator = Validator(written(tmp_path, seconds=1, equivalents=SLOW), training=True)
    assert validator.right("in_its_own_time", 1) == []
