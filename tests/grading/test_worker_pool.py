"""Worker processes of the grader: one that somebody kills costs nobody anything."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import msgspec
import psutil
import pytest

from autograder.errors import WorkerTimeoutError
from autograder.grading.worker_pool import WorkerPool

HERE = __name__


class Question(msgspec.Struct, frozen=True, tag="question"):
    """What to do."""

    what: str


class Answer(msgspec.Struct, frozen=True, tag="answer"):
    """Who did it."""

    pid: int


def serving() -> tuple[Any, Callable[[Question], Answer]]:
    """A worker that does as it is told."""

    def answer(question: Question) -> Answer:
        if question.what == "sleep":
            time.sleep(60)
        if question.what == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if question.what == "eat":
            bytearray(1 << 30)
        return Answer(os.getpid())

    return Question, answer


@pytest.fixture(params=[False, True], ids=["started", "forked"])
def workers(request):
    pool: WorkerPool[Question, Answer] = WorkerPool(
        f"{HERE}:serving", (), Answer, seconds=20, megabytes=256, fork=request.param
    )
    yield pool
    pool.close()


def test_a_process_serves_again(workers):
    assert workers.ask(Question("")).pid == workers.ask(Question("")).pid


def test_one_that_was_killed_meanwhile_is_replaced_unnoticed(workers):
    first = workers.ask(Question("")).pid
    psutil.Process(first).kill()
    assert workers.ask(Question("")).pid != first


@pytest.mark.parametrize("what", ["die", "eat"])
def test_a_question_that_ends_every_process_is_refused(workers, what):
    with pytest.raises(WorkerTimeoutError):
        workers.ask(Question(what))
    assert workers.ask(Question("")).pid > 0


def test_one_that_takes_too_long_is_stopped(workers):
    first = workers.ask(Question("")).pid
    with pytest.raises(WorkerTimeoutError):
        workers.ask(Question("sleep"), seconds=0.3)
    assert not psutil.pid_exists(first)
