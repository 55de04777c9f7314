"""Processes that share a command's work: they take nothing from where one stands, and end with the command."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, TimeoutError
from multiprocessing import get_context, parent_process
from types import TracebackType
from typing import Self, TypeVar

from autograder.errors import RejectedError

Item = TypeVar("Item")
Result = TypeVar("Result")

CPU_SECONDS = 60.0
"""What one piece of students' work may make a process compute."""
WALL_SECONDS = 1_200.0
"""And how long it may take by the clock, on a machine as busy as can be."""
MEMORY = 1 << 30
"""Bytes that such a process may take beyond what it starts with."""
TOO_LONG = "it takes too long, or too much memory, to read"


def worker_pool(jobs: int) -> ProcessPoolExecutor:
    """Return a pool of fresh interpreters, to be used from the thread that makes it."""
    _leave_out_this_folder()
    return ProcessPoolExecutor(jobs, get_context("spawn"), initializer=_end_with_parent)


class BoundedPool:
    """Processes for work on what students handed in, with an end to their time and memory. Use it in a `with`.

    Args:
        jobs: so many processes.
    """

    def __init__(self, jobs: int) -> None:
        from pebble import ProcessPool

        _leave_out_this_folder()
        self._pool = ProcessPool(jobs, context=get_context("spawn"), initializer=_settle)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()

    def map(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result | RejectedError]:
        """Yield what a function makes of each item, in order.

        An item that the function refuses, or that ends its process, has a `RejectedError` instead; the others go on.
        Whatever else the function raises is raised.
        """
        from pebble import ProcessExpired

        futures = [self._pool.schedule(_limited, args=(function, item), timeout=WALL_SECONDS) for item in items]
        for future in futures:
            try:
                yield future.result()
            except RejectedError as rejected:
                yield rejected
            except (MemoryError, RecursionError, TimeoutError, ProcessExpired):
                yield RejectedError(TOO_LONG)


def _limited(function: Callable[[Item], Result], item: Item) -> Result:
    from autograder.errors import WorkTimeoutError
    from autograder.grading.alarm import cpu_limit

    try:
        with cpu_limit(CPU_SECONDS):
            return function(item)
    except WorkTimeoutError as error:
        raise RejectedError(TOO_LONG) from error


def _leave_out_this_folder() -> None:
    os.environ["PYTHONSAFEPATH"] = "1"  # multiprocessing starts them with -c, which would look into this folder first


def _settle() -> None:
    import resource  # not on Windows

    from autograder.sandbox.layers.rlimits import data_size

    _end_with_parent()
    limit = data_size() + MEMORY
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _end_with_parent() -> None:
    """Be killed when the command is: a worker that waits for work would wait for ever."""
    from autograder.sandbox.layers import kernel

    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = parent_process()
    if parent is None or os.getppid() != parent.pid:
        os._exit(1)
