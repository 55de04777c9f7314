"""Share the grading of a class among several who use the same records: each entry is graded by one of them."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from types import TracebackType
from typing import Protocol, TypeVar

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from autograder.errors import RecordsError
from autograder.records.schema import LeaseRow
from autograder.records.store import Records

LEASE = timedelta(seconds=120)
"""How long an entry is somebody's who does not say that they are still at it. Clocks may differ by half of it."""
RENEWAL = 30.0
"""Seconds between two times that they say so."""
TRIES = 5
"""How often leases are asked for where others ask for the same ones in that moment."""
QUICK = 1.0
"""Seconds: entries that are through sooner stand, most likely, and twice as many are taken next time."""
MOST = 128
"""So many entries are taken together at most."""
POLL = 1.0
"""Seconds between two looks at what others are grading."""


class Named(Protocol):
    """An entry of a class, as far as leases know it."""

    @property
    def student(self) -> str: ...


E = TypeVar("E", bound=Named)


def _now() -> datetime:
    return datetime.now(UTC)


class Leases:
    """Leases on the entries of one assignment. What is held is renewed while this is open, and given back at the end;
    what a killed process held is free again after `LEASE`. Raises `RecordsError`."""

    def __init__(
        self, records: Records, assignment: str, *, holder: str = "", now: Callable[[], datetime] = _now
    ) -> None:
        self.holder = holder or f"{socket.gethostname()}, process {os.getpid()}"
        self._records = records
        self._assignment = assignment
        self._now = now
        self._closed = threading.Event()
        self._renewing = threading.Thread(target=self._keep_renewing, name="leases", daemon=True)

    def __enter__(self) -> Leases:
        self._renewing.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        self._renewing.join()
        with contextlib.suppress(RecordsError), self._records.session() as session, session.begin():
            session.execute(delete(LeaseRow).where(self._own))

    @property
    def _own(self) -> ColumnElement[bool]:
        return (LeaseRow.assignment == self._assignment) & (LeaseRow.holder == self.holder)

    def take(self, entries: Iterable[str]) -> set[str]:
        """Return which of the entries are ours now: those that nobody else holds."""
        wanted = set(entries)
        for _ in range(TRIES):
            with contextlib.suppress(IntegrityError), Session(self._records.engine) as session, session.begin():
                return self._taken(session, wanted)
        return set()

    def _taken(self, session: Session, wanted: set[str]) -> set[str]:
        among = (LeaseRow.assignment == self._assignment) & LeaseRow.entry.in_(wanted)
        session.execute(delete(LeaseRow).where(among, LeaseRow.until < self._now()))
        held = {row.entry: row.holder for row in session.execute(select(LeaseRow).where(among)).scalars()}
        until = self._now() + LEASE
        session.add_all(
            LeaseRow(assignment=self._assignment, entry=entry, holder=self.holder, until=until)
            for entry in sorted(wanted - held.keys())
        )
        return {entry for entry in wanted if held.get(entry, self.holder) == self.holder}

    def give_back(self, entries: Iterable[str]) -> None:
        """End our leases on these entries."""
        with self._records.session() as session, session.begin():
            session.execute(delete(LeaseRow).where(self._own, LeaseRow.entry.in_(set(entries))))

    def renew(self) -> None:
        """Say that we are still at what we hold."""
        with self._records.session() as session, session.begin():
            session.execute(update(LeaseRow).where(self._own).values(until=self._now() + LEASE))

    def _keep_renewing(self) -> None:
        while not self._closed.wait(RENEWAL):
            with contextlib.suppress(RecordsError):  # grading itself says what is wrong with the records
                self.renew()


class SharedWork:
    """The entries of a batch: first those that nobody else is grading, a few at a time; then, as soon as the others are
    through with them, the rest, whose reports stand by then.

    Args:
        leases: who holds what.
        at_once: how many are taken together, where they have to be graded.
        wait: waits for others.
        clock: tells seconds, to see whether entries are graded or stand.
    """

    def __init__(
        self,
        leases: Leases,
        at_once: int,
        *,
        wait: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._leases = leases
        self._least = self._at_once = max(1, at_once)
        self._wait = wait
        self._clock = clock
        self._began = clock()
        self._done: list[str] = []

    def mine(self, entries: Iterable[E], elsewhere: list[E]) -> Iterator[E]:
        """Yield the entries that are ours, and set those of others aside in `elsewhere`."""
        waiting = iter(entries)
        while some := list(islice(waiting, self._at_once)):
            taken = self._next(some)
            elsewhere += [entry for entry in some if entry.student not in taken]
            yield from (entry for entry in some if entry.student in taken)

    def rest(self, entries: Sequence[E]) -> Iterator[E]:
        """Yield what others had, when it is free."""
        left = list(entries)
        while left:
            taken = self._next(left[: self._at_once])
            yield from (entry for entry in left if entry.student in taken)
            left = [entry for entry in left if entry.student not in taken]
            if left and not taken:
                self._wait(POLL)

    def done(self, entry: str) -> None:
        """Take note that an entry's report is kept."""
        self._done.append(entry)

    def _next(self, some: Sequence[Named]) -> set[str]:
        """Take some entries, give back those that are done, and settle how many to take next time: each time costs a
        write, which a class that stands would notice."""
        now = self._clock()
        self._at_once = min(MOST, 2 * self._at_once) if now - self._began < QUICK else self._least
        self._began = now
        if self._done:
            self._leases.give_back(self._done)
            self._done.clear()
        return self._leases.take(entry.student for entry in some)
