"""Grade a class: many submissions in parallel, each in a slot of its own, each result stored the moment it exists."""

from __future__ import annotations

import os
import queue
import traceback
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from itertools import islice, takewhile

from msgspec.structs import replace

from autograder.errors import InterruptedGradingError, RejectedError, SlotDiedError, StorageError, UserError
from autograder.grading.interfaces import Executor, Known, Progress, Slot, Store
from autograder.grading.messages import WasRead
from autograder.grading.places import Place
from autograder.grading.reports import as_read, without_results
from autograder.grading.settings import AssignmentInfo, engine_version
from autograder.intake.classroom import Entry
from autograder.intake.stored import StoredCell
from autograder.model import NO_BOUNDARY, CheckResult, Outcome, Report
from autograder.protocol.limits import LEEWAY

TRIES = 2
"""How often a submission is tried when its slot dies at the same place: a process that somebody else killed looks just
like one that could not bear what was handed in."""
KILLED = "The system killed the grader's own process while it read the submission, most likely for lack of memory."
UNREADABLE = "Your file takes too long, or too much memory, to read. Hand in plain code."


class Kind(Enum):
    """What happened to an entry of the class."""

    GRADED = "graded"
    STANDING = "standing"


@dataclass(frozen=True)
class Done:
    """One entry is finished: graded now, or standing from an earlier run.

    `cells` are those of the file that was graded, where the batch keeps them.
    """

    kind: Kind
    report: Report
    cells: tuple[StoredCell, ...] = ()


@dataclass(frozen=True)
class _Later:
    """An entry to be graded once more, alone: what went wrong may be the machine's fault."""

    entry: Entry
    known: Mapping[str, CheckResult]


class Batch:
    """Grades entries in `jobs` slots at a time.

    `fresh` grades again what already stands; `again` names checks that are run again for everybody. `known` gives
    results of an earlier run that need not be found again; `progress` is told of each result. A submission that cannot
    be read is stored as rejected; one the grader fails on is graded once more, alone, at the end, and then stored as a
    grader error, never charged to the student. What the machine or a neighbour may have spoilt, by starving a
    submission, slowing it down, ending its process or leaving it short of something, is repeated likewise: the first
    result never stands.
    """

    def __init__(
        self,
        executor: Executor,
        boundary: tuple[str, ...],
        store: Store,
        *,
        jobs: int = 1,
        fresh: bool = False,
        again: Collection[str] = (),
        known: Known | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._executor = executor
        self._boundary = boundary
        self._store = store
        self._jobs = max(1, jobs)
        self._fresh = fresh
        self._again = frozenset(again)
        self._known = known
        self._progress = progress
        cores = sorted(os.sched_getaffinity(0))
        others = os.getpid()  # another batch on this machine begins at another core
        self._places: queue.SimpleQueue[Place[Slot]] = queue.SimpleQueue()
        for number in range(self._jobs):
            self._places.put(Place(executor.slot, (cores[(others + number) % len(cores)],)))

    def run(self, entries: Iterable[Entry]) -> Iterator[Done]:
        """Yield entries as they finish. Memory does not grow with the class: few are in flight at a time."""
        try:
            yield from self._run(iter(entries))
        finally:
            for _ in range(self._jobs):
                place = self._places.get()
                place.close()
                self._places.put(place)

    def _run(self, waiting: Iterator[Entry]) -> Iterator[Done]:
        later: list[_Later] = []
        with ThreadPoolExecutor(self._jobs, thread_name_prefix="grade") as pool:
            flying: set[Future[Done | _Later]] = set()
            try:
                while True:
                    for entry in islice(waiting, self._jobs + 1 - len(flying)):
                        flying.add(pool.submit(self._one, entry))
                    if not flying:
                        break
                    finished, flying = wait(flying, return_when=FIRST_COMPLETED)
                    for future in finished:
                        result = future.result()
                        if isinstance(result, Done):
                            yield result
                        else:
                            later.append(result)
            finally:
                for future in flying:
                    future.cancel()
                if flying:  # somebody interrupts: nobody waits for what is under way
                    self._executor.stop()
        for again in later:
            result = self._one(again.entry, again)
            assert isinstance(result, Done)
            yield result

    def _one(self, entry: Entry, again: _Later | None = None) -> Done | _Later:
        place = self._places.get()
        try:
            return _Grading(self, entry, place, again).run()
        finally:
            self._places.put(place)

    @property
    def leeway(self) -> float:
        """How many times its CPU seconds a check may use while others are graded."""
        return LEEWAY if self._jobs > 1 else 1.0

    @property
    def info(self) -> AssignmentInfo:
        """The assignment."""
        return self._executor.info

    @property
    def store(self) -> Store:
        """Where reports go."""
        return self._store

    def known(self, student: str, digest: str) -> Mapping[str, CheckResult]:
        """Return the results of an earlier run that need not be found again."""
        return self._known(student, digest) if self._known is not None else {}

    def progress(self, result: CheckResult) -> None:
        """Tell whoever wants to know of a result."""
        if self._progress is not None:
            self._progress(result)

    def same_work(self, report: Report, digest: str) -> bool:
        """Return whether an earlier report is of work with this digest, by this grader."""
        if self._fresh or (report.boundary == NO_BOUNDARY != self._boundary):
            return False  # what was graded without a boundary proves nothing
        return (report.digest, report.engine, report.status) == (digest, engine_version(), "graded")

    def earlier(self, report: Report) -> tuple[CheckResult, ...]:
        """Return the results of an earlier report of the same work, without what they depend on where their checks are
        to be run again: those about the same function too, which are judged together."""
        info = self._executor.info
        again = {depends for name, depends in zip(info.checks, info.depends, strict=True) if name in self._again}
        return tuple(replace(one, depends="") if one.depends in again else one for one in report.results)

    def stands(self, report: Report, digest: str) -> bool:
        """Return whether an earlier report is still the right one for work with this digest."""
        return (
            not self._again
            and self.same_work(report, digest)
            and report.assignment_digest == self._executor.info.digest
        )


class _Grading:
    """One entry on its way: slots that die are replaced, and grading goes on after the last result."""

    def __init__(self, batch: Batch, entry: Entry, place: Place[Slot], again: _Later | None) -> None:
        self._batch = batch
        self._entry = entry
        self._place = place
        self._alone = again is not None
        self._digest = ""
        self._cells: tuple[StoredCell, ...] = ()
        self._earlier: tuple[CheckResult, ...] = ()
        self._known: dict[str, CheckResult] = dict(again.known) if again is not None else {}
        self._deaths: dict[str, int] = {}
        self._given_up: list[str] = []
        self._broken: list[str] = []

    def run(self) -> Done | _Later:
        """Read, and grade unless a report stands."""
        while True:
            try:
                with self._place.slot() as slot:
                    was_read = slot.read(self._entry)
                    standing = self._took(was_read)
                    if standing is not None:
                        self._place.keep()
                        return Done(Kind.STANDING, standing, self._cells)
                    report = slot.grade(
                        known=tuple(self._known.values()),
                        earlier=self._earlier,
                        given_up=tuple(self._given_up),
                        broken=tuple(self._broken),
                        alone=self._alone,
                        leeway=1.0 if self._alone else self._batch.leeway,
                        progress=self._add,
                    )
                return self._judged(report)
            except RejectedError as rejected:
                return self._keep(without_results(self._entry.student, "", self._info, "rejected", rejected.reason))
            except SlotDiedError as died:
                if self._place.reused:  # what others have handed in may have been too much for it
                    continue
                if (over := self._after_death(died.check, killed=died.killed)) is not None:
                    return over
            except StorageError as error:
                return self._failed(str(error))
            except (InterruptedGradingError, UserError):
                raise  # nothing can be graded, or recorded, any more
            except Exception:
                return self._failed(f"The grader failed on this submission:\n{traceback.format_exc(limit=-4)}")

    def _took(self, was_read: WasRead) -> Report | None:
        """Take note of what was read; return the report that stands for it, if one does."""
        if self._digest and was_read.digest != self._digest:
            self._known.clear()  # the files were changed meanwhile: all is new
            self._earlier = ()
        first, self._digest, self._cells = not self._digest, was_read.digest, was_read.cells
        if not first:
            return None
        standing = self._batch.store.latest(self._info.name, self._entry.student)
        if standing is not None and self._batch.same_work(standing, was_read.digest):
            self._earlier = self._batch.earlier(standing)
        if self._alone:
            return None
        self._known.update(self._batch.known(self._entry.student, was_read.digest))
        if standing is None or not self._batch.stands(standing, was_read.digest):
            return None
        true = as_read(standing, self._info, was_read.notes, was_read.answers)
        if true is not standing:
            self._batch.store.save(true)
        return true

    @property
    def _info(self) -> AssignmentInfo:
        return self._batch.info

    def _add(self, result: CheckResult) -> None:
        self._known[result.name] = result
        self._batch.progress(result)

    def _judged(self, report: Report) -> Done | _Later:
        """Keep a report, unless something in it may be the machine's fault and can be repeated."""
        before = self._before_any_doubt(report.results)
        if self._alone:
            return self._keep(replace(report, results=tuple(replace(one, doubtful=False) for one in report.results)))
        if len(before) == len(report.results):
            return self._keep(report)
        return _Later(self._entry, before)

    def _failed(self, problem: str) -> Done | _Later:
        if not self._alone:
            return _Later(self._entry, self._before_any_doubt(self._known.values()))
        return self._keep(self._ours(problem))

    def _ours(self, problem: str) -> Report:
        """Return the report of an error of ours. Where nothing could be read, an earlier score stays with it: nobody
        knows of any other work."""
        earlier = None if self._digest else self._batch.store.latest(self._info.name, self._entry.student)
        if earlier is None or not earlier.results:
            return without_results(self._entry.student, self._digest, self._info, "grader error", problem)
        return replace(earlier, status="grader error", problem=problem, graded=datetime.now(UTC))

    def _after_death(self, check: str, *, killed: bool) -> Done | _Later | None:
        """Decide what follows a slot's death: None to go on in a new one. What the system has killed is never charged:
        a slot keeps to its memory, so it is the machine that had too little."""
        self._deaths[check] = self._deaths.get(check, 0) + 1
        if self._deaths[check] % TRIES:
            return None
        if not self._digest and killed:
            return self._failed(KILLED)
        if not self._digest:
            return self._keep(without_results(self._entry.student, "", self._info, "rejected", UNREADABLE))
        if not self._alone:
            return _Later(self._entry, self._before_any_doubt(self._known.values()))
        if check in (*self._given_up, *self._broken):
            return self._failed("The grader's own process ended again and again.")
        (self._given_up if not killed and self._bears_ours(check) else self._broken).append(check)
        return None

    def _bears_ours(self, check: str) -> bool:
        """Return whether a check comes to its end with the reference's answers: then the student's are to blame."""
        if not check:
            return True
        try:
            with self._place.slot() as slot:
                slot.probe(check)
        except SlotDiedError:
            return False
        return True

    def _keep(self, report: Report) -> Done:
        self._batch.store.save(report)
        return Done(Kind.GRADED, report, self._cells)

    def _before_any_doubt(self, results: Iterable[CheckResult]) -> dict[str, CheckResult]:
        """Return the results before the first one that may not be the student's doing: later ones may depend on it."""
        return {result.name: result for result in takewhile(lambda result: not self._in_doubt(result), results)}

    def _in_doubt(self, result: CheckResult) -> bool:
        """Return whether a result may be the machine's fault, or a neighbour's. A time-out is not: beside others it
        comes only after a multiple of the limit."""
        if result.outcome in (Outcome.GRADER_ERROR, Outcome.CRASHED):
            return True
        slow = result.outcome is not Outcome.TIMED_OUT and 0 < result.cpu_allowed < result.cpu_seconds
        return self._batch.leeway > 1 and (result.doubtful or slow)
