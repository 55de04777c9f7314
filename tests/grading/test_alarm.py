"""The limit on what the grader itself computes because of what a student handed in."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from autograder.errors import WorkTimeoutError
from autograder.grading.alarm import cpu_limit


def busy(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_work_that_is_too_long_is_stopped() -> None:
    with pytest.raises(WorkTimeoutError, match=r"more than 0.2 s of computing"), cpu_limit(0.2):
        busy(3600)


def test_sleep_is_no_work() -> None:
    with cpu_limit(0.5):
        time.sleep(1)


def test_work_that_catches_the_alarm_hears_it_again() -> None:
    with pytest.raises(WorkTimeoutError), cpu_limit(0.1):
        for _ in range(2):
            try:
                busy(3600)
            except Exception:
                continue
        busy(3600)


def test_what_code_makes_of_the_alarm_is_the_alarm() -> None:
    """The parser turns an error that reaches it in the middle of its work into one of its own."""
    with pytest.raises(WorkTimeoutError), cpu_limit(0.1):
        try:
            busy(3600)
        except WorkTimeoutError as error:
            raise SystemError("recursion depth mismatch") from error


def test_an_error_in_time_is_left_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError), cpu_limit(60):
        _ = 1 / 0


def test_an_inner_limit_leaves_the_outer_one_its_time() -> None:
    with cpu_limit(60):
        with pytest.raises(WorkTimeoutError, match=r"0.1 s"), cpu_limit(0.1):
            busy(3600)
        left, _ = signal.getitimer(signal.ITIMER_PROF)
        assert 50 < left < 61
    assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)


def test_other_threads_have_no_limit() -> None:
    def work() -> None:
        with cpu_limit(0.05):
            busy(0.5)
        done.set()

    done = threading.Event()
    thread = threading.Thread(target=work)
    thread.start()
    thread.join(60)
    assert done.is_set()
