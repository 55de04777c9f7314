"""Frames on a stream socket: four bytes of length, then MessagePack. Both sides use it; only the grader hurries."""

from __future__ import annotations

import functools
import select
import socket
import time
from collections.abc import Callable
from typing import Any

import msgspec

from autograder.errors import ConnectionClosedError, DeadlineError, MalformedMessageError

HEADER = 4
TICK = 0.25
"""Seconds between looks at the clock and the memory while a student's code works."""


@functools.cache
def decoder(receives: Any) -> msgspec.msgpack.Decoder[Any]:
    """What decodes messages of a type. It takes milliseconds to make, as long as a short check: so once."""
    return msgspec.msgpack.Decoder(receives)


class Channel:
    """Sends and receives messages of one type within a deadline (monotonic seconds; None waits for ever).

    No message may have more bytes than `largest`; `largest_sent` is for a side that may say more than it hears.
    """

    def __init__(
        self,
        sock: socket.socket,
        receives: Any,
        largest: int,
        tick: Callable[[], None] | None = None,
        *,
        largest_sent: int | None = None,
    ) -> None:
        self._sock = sock
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = decoder(receives)
        self._largest = largest
        self._largest_sent = largest if largest_sent is None else largest_sent
        self._tick = tick
        sock.setblocking(False)

    def send(self, message: Any, deadline: float | None = None) -> None:
        """Raises `ConnectionClosedError`, `DeadlineError` and `MalformedMessageError` (for a message over the
        size that the other side takes)."""
        body = self._encoder.encode(message)
        if len(body) > self._largest_sent:
            raise MalformedMessageError(_too_large(len(body), self._largest_sent))
        view = memoryview(len(body).to_bytes(HEADER, "big") + body)
        while view:
            try:
                view = view[self._sock.send(view) :]
            except BlockingIOError:
                self._wait(select.POLLOUT, deadline)
            except OSError as error:
                raise ConnectionClosedError from error

    def receive(self, deadline: float | None = None) -> Any:
        """Return the next message, decoded and checked against its type.

        Raises `ConnectionClosedError`, `DeadlineError` and `MalformedMessageError`.
        """
        if self._tick is not None:
            self._tick()  # who always has something to say is never waited for
        length = int.from_bytes(self._exactly(HEADER, deadline), "big")
        if length > self._largest:
            raise MalformedMessageError(_too_large(length, self._largest))
        try:
            return self._decoder.decode(self._exactly(length, deadline))
        except (msgspec.MsgspecError, RecursionError, ValueError) as error:
            raise MalformedMessageError(str(error)) from error

    def _exactly(self, count: int, deadline: float | None) -> bytearray:
        buffer = bytearray()
        while len(buffer) < count:
            try:
                part = self._sock.recv(min(count - len(buffer), 1 << 20))
            except BlockingIOError:
                self._wait(select.POLLIN, deadline)
                continue
            except OSError as error:
                raise ConnectionClosedError from error
            if not part:
                raise ConnectionClosedError
            buffer += part
        return buffer

    def _wait(self, event: int, deadline: float | None) -> None:
        poll = select.poll()
        poll.register(self._sock, event)
        while True:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise DeadlineError
            pause = left if self._tick is None else TICK if left is None else min(left, TICK)
            if poll.poll(None if pause is None else max(1, int(pause * 1000))):
                return
            if self._tick is not None:
                self._tick()


def _too_large(size: int, largest: int) -> str:
    return f"a message of {size / 2**20:.1f} MB; {largest / 2**20:.1f} MB are allowed"
