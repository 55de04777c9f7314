"""A clock for code in this process: an endless loop is interrupted as Ctrl-C would."""

from __future__ import annotations

import _thread
import contextlib
import signal
import threading
import time
from typing import Any

from autograder.model import Outcome
from autograder.sandbox.conversation import Answerer, Ended, LocalConversation
from autograder.sandbox.devices import CPU
from autograder.sandbox.messages import Raised, Request, Returned

AGAIN_SECONDS = 0.5
"""A loop may catch an interrupt and go on: it gets another one, until it ends."""


class TimedConversation(LocalConversation):
    """A conversation with a namespace in this process that is over after so many seconds, as the grader's is."""

    def __init__(
        self, namespace: dict[str, Any], seconds: float, files: frozenset[str] = frozenset(), device: str = CPU
    ) -> None:
        super().__init__(namespace, files, device)
        self._limit = seconds
        self._left = seconds

    def perform(self, request: Request, answer: Answerer) -> Returned | Raised:
        """Raises `Ended` when time is up, and `KeyboardInterrupt` when it was the student who interrupted."""
        began = time.monotonic()
        with _Alarm(self._left) as alarm:
            reply: Returned | Raised | None = None
            try:
                reply = super().perform(request, answer)
            except KeyboardInterrupt:
                if not alarm.rang:  # it came late: the answer was there already
                    raise
        self._left -= time.monotonic() - began
        if alarm.rang or reply is None:
            text = f"stopped after {self._limit:g} s: is there an endless loop?"
            raise Ended(Outcome.TIMED_OUT, text)
        if isinstance(reply, Raised) and reply.type_name == "KeyboardInterrupt":
            raise KeyboardInterrupt
        return reply


class _Alarm:
    """Interrupts the main thread after so many seconds, again and again, until the block is left."""

    def __init__(self, seconds: float) -> None:
        self._seconds = max(0.0, seconds)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._handler: Any = None
        self.rang = False

    def __enter__(self) -> _Alarm:
        if threading.current_thread() is threading.main_thread():  # no other thread can be interrupted
            self._handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # in a shell's background: ignored
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        if self._thread.ident is None:
            return
        try:
            with contextlib.suppress(KeyboardInterrupt):  # one that came late
                self._thread.join()
                time.sleep(0)
        finally:
            signal.signal(signal.SIGINT, self._handler or signal.SIG_DFL)  # None: it was not Python's

    def _watch(self) -> None:
        wait = self._seconds
        while not self._done.wait(wait):
            self.rang = True
            if hasattr(signal, "pthread_kill"):  # wakes a sleeping thread, too
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            else:
                _thread.interrupt_main()
            wait = AGAIN_SECONDS
