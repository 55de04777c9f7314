"""What nobody needs to do an exercise by hand, and what would get round a ban: threads, processes, frames, imports.

Python tells of most of these by its audit events, which cannot be taken off again.
"""

from __future__ import annotations

import _thread
import inspect
import sys
import sysconfig
import threading
import types
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

from autograder.errors import OutOfBoundsError

PROCESSES = frozenset((
    "os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "subprocess.Popen", "pty.spawn",
))  # fmt: skip
OBJECTS = frozenset(("gc.get_objects", "gc.get_referrers", "gc.get_referents", "sys._current_frames"))
_STARTERS = ("start_new_thread", "start_new", "start_joinable_thread", "_start_new_thread", "_start_joinable_thread")
_HOME = sysconfig.get_path("stdlib")
_LIBRARY = (_HOME, *{sysconfig.get_path(key) for key in ("purelib", "platlib")}, "<frozen ")
_MONITOR = "tqdm._monitor"
"""The one library that starts a thread in honest code: it only redraws a progress bar."""


class Watching(Protocol):
    """Whose rules hold."""

    libraries: frozenset[str]

    @property
    def is_lifted(self) -> bool: ...


class _Watch:
    """Who is watched now, in which thread. One for each process: audit hooks are the process's."""

    def __init__(self) -> None:
        self.watching: Watching | None = None
        self.thread = 0
        self._hooked = False

    def begin(self, watching: Watching | None) -> None:
        """Watch this thread for `watching`; None: watch nothing."""
        if not self._hooked:
            self._hooked = True
            sys.addaudithook(self.hear)
        self.thread = _thread.get_ident()
        self.watching = watching

    @property
    def applies(self) -> bool:
        """Whether what happens now is done by watched code."""
        watching = self.watching
        return watching is not None and _thread.get_ident() == self.thread and not watching.is_lifted

    def hear(self, event: str, args: Any) -> None:
        """Raise `OutOfBoundsError` for an event that would get round a ban."""
        if self.watching is None or event not in _HEARD or not self.applies:
            return
        if event in PROCESSES:
            raise OutOfBoundsError("starts another process")
        if event == "import":
            library = str(args[0]).partition(".")[0]
            if library in self.watching.libraries and _asked_by_student(passing=(_HOME, "<frozen ")):
                raise OutOfBoundsError(f"uses `{library}`")
        elif event.startswith("object."):
            if args[1] == ("tb_frame" if event.endswith("getattr__") else "__code__") and _asked_by_student():
                raise OutOfBoundsError(f"uses `{args[1]}`")
        elif event == "sys._getframe":
            if _asked_by_student(passing=(inspect.__file__,)):
                raise OutOfBoundsError("looks at frames of the interpreter")
        elif _asked_by_student(passing=(_HOME,)):
            raise OutOfBoundsError(f"uses `{event}`")


_HEARD = PROCESSES | OBJECTS | {
    "import", "sys._getframe", "object.__getattr__", "object.__setattr__", "ctypes.dlopen", "ctypes.dlsym",
    "ctypes.addressof", "ctypes.cdata", "ctypes.string_at",
}  # fmt: skip
_WATCH = _Watch()


@contextmanager
def watched(watching: Watching) -> Iterator[None]:
    """Inside, threads, processes, frames and libraries raise `OutOfBoundsError` in this thread, unless lifted."""
    before = _WATCH.watching
    with ExitStack() as stack:
        for module in (_thread, threading):
            for name in _STARTERS:
                if hasattr(module, name):
                    stack.enter_context(_no_thread(module, name))
        _WATCH.begin(watching)
        try:
            yield
        finally:
            _WATCH.watching = before


@contextmanager
def _no_thread(module: types.ModuleType, name: str) -> Iterator[None]:
    start = getattr(module, name)

    def refuse(*args: Any, **kwargs: Any) -> Any:
        if _WATCH.applies and not _by_library(_MONITOR):
            raise OutOfBoundsError("starts a thread")
        return start(*args, **kwargs)

    setattr(module, name, refuse)
    try:
        yield
    finally:
        setattr(module, name, start)


def _by_library(name: str) -> bool:
    """Return whether the first caller outside of the standard library is the library's module `name`."""
    frame = _first_caller(passing=(_HOME,))
    return frame is not None and frame.f_globals.get("__name__") == name


def _asked_by_student(passing: tuple[str, ...] = ()) -> bool:
    """Return whether the caller is the student's code; files that begin with one of `passing` hand the question on."""
    frame = _first_caller(passing)
    return frame is not None and not frame.f_code.co_filename.startswith(_LIBRARY)


def _first_caller(passing: tuple[str, ...]) -> types.FrameType | None:
    watching, _WATCH.watching = _WATCH.watching, None  # what we do here is not heard
    try:
        frame: types.FrameType | None = sys._getframe(2)
        while frame is not None and frame.f_code.co_filename.startswith((__file__, *passing)):
            if "-packages" in frame.f_code.co_filename and not frame.f_code.co_filename.startswith(__file__):
                break
            frame = frame.f_back
        return frame
    finally:
        _WATCH.watching = watching
