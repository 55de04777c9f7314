"""A limit on the CPU time of work in this process whose length is in a student's hand."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from autograder.errors import WorkTimeoutError

AGAIN_SECONDS = 0.2
"""Code may catch the first alarm and go on: it is rung again, until the work is left."""


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Raise `WorkTimeoutError` in the work inside once this process has computed for so many seconds.

    An operation in C is not interrupted before it is done. In other threads than the main one, and where there are no
    such alarms, there is no limit. Limits may lie in one another: the outer one waits meanwhile.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    rang = over = False

    def ring(number: int, frame: FrameType | None) -> None:
        nonlocal rang
        rang = True
        if not over:
            raise WorkTimeoutError(f"more than {seconds:g} s of computing")

    handler = signal.signal(signal.SIGPROF, ring)
    outer = signal.setitimer(signal.ITIMER_PROF, max(0.001, seconds), AGAIN_SECONDS)
    try:
        yield
    except Exception as error:
        over = True
        if rang and not isinstance(error, WorkTimeoutError):  # code in C, the parser's, makes another error of it
            raise WorkTimeoutError(str(error)) from error
        raise
    finally:
        over = True
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, handler)
        signal.setitimer(signal.ITIMER_PROF, *outer)
