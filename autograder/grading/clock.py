"""A clock for code in this process: an endless loop is interrupted as Ctrl-C would."""

from __future__ import annotations

import _thread
import contextlib
import signal
import threading
import time
from typing import Any

AGAIN_SECONDS = 0.5
"""A loop may catch an interrupt and go on: it gets another one, until it ends."""
PATIENCE = 20.0
"""How many times longer than its CPU seconds something may take by the clock: the machine may be busy."""


class Alarm:
    """Interrupts the main thread after so many seconds, again and again, until the block is left.

    Args:
        seconds: how long.
        computing: whether these are this process's CPU seconds, rather than the clock's.
    """

    def __init__(self, seconds: float, *, computing: bool = False) -> None:
        self._seconds = max(0.0, seconds)
        self._computing = computing
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._handler: Any = None
        self.rang = False

    def __enter__(self) -> Alarm:
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
        began, cpu = time.monotonic(), time.process_time()
        while not self._done.wait(wait):
            left = self._seconds - (time.process_time() - cpu)
            if self._computing and left > 0 and time.monotonic() - began < PATIENCE * self._seconds:
                wait = max(left, 0.01)
                continue
            self.rang = True
            if hasattr(signal, "pthread_kill"):  # wakes a sleeping thread, too
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            else:
                _thread.interrupt_main()
            wait = AGAIN_SECONDS
