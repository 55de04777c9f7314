"""Two who grade on one database share the work: nothing is graded twice, and nothing is left."""

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from autograder.records import Records
from autograder.records.leases import LEASE, Leases, SharedWork
from tests.records.postgresql import server


@dataclass(frozen=True)
class Entry:
    student: str


CLASS = [Entry(f"s{number:03}") for number in range(40)]


class Clock:
    """A clock that is set by hand."""

    def __init__(self):
        self.time = datetime(2027, 3, 1, tzinfo=UTC)

    def __call__(self):
        return self.time


@pytest.fixture(params=["sqlite", "postgresql"])
def records(request, tmp_path):
    if request.param == "sqlite":
        with Records(f"sqlite:///{tmp_path}/course.sqlite") as records:
            yield records
    else:
        with server() as url, Records(url) as records:
            yield records


def leases(records, holder, clock=None, assignment="tiny"):
    return Leases(records, assignment, holder=holder, now=clock or Clock())


def test_what_one_holds_no_other_gets(records):
    ada, bob = leases(records, "ada"), leases(records, "bob")
    assert ada.take(["a", "b"]) == {"a", "b"}
    assert bob.take(["b", "c"]) == {"c"}
    assert ada.take(["a"]) == {"a"}, "asking again is no harm"
    assert leases(records, "bob", assignment="other").take(["a"]) == {"a"}
    ada.give_back(["a", "c"])
    assert bob.take(["a", "b", "c"]) == {"a", "c"}, "nobody gives back what is another's"


def test_what_a_killed_process_held_is_free_after_a_while_and_what_is_renewed_is_not(records):
    clock = Clock()
    dead, alive, other = (leases(records, name, clock) for name in ("dead", "alive", "other"))
    dead.take(["a"])
    alive.take(["b"])
    clock.time += LEASE - timedelta(seconds=1)
    alive.renew()
    assert other.take(["a", "b"]) == set()
    clock.time += timedelta(seconds=2)
    assert other.take(["a", "b"]) == {"a"}


def test_everything_is_given_back_at_the_end(records):
    with Leases(records, "tiny", holder="ada") as ada:
        ada.take(["a", "b"])
    assert leases(records, "bob").take(["a", "b"]) == {"a", "b"}


def test_two_at_once_grade_each_entry_once(records):
    """Whoever is faster does more. What the other had is looked at last, when its report is there."""
    graded: list[tuple[str, str]] = []
    kept: set[str] = set()
    start = threading.Barrier(2)

    def grader(name):
        with Leases(records, "tiny", holder=name) as own:
            work = SharedWork(own, 4, wait=lambda _: None)
            elsewhere: list[Entry] = []
            start.wait()
            for entry in work.mine(CLASS, elsewhere):
                if entry.student not in kept:
                    graded.append((name, entry.student))
                    kept.add(entry.student)
                work.done(entry.student)
            for entry in work.rest(elsewhere):
                assert entry.student in kept, "who had it is through with it"
                work.done(entry.student)

    threads = [threading.Thread(target=grader, args=(name,)) for name in ("ada", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(student for _, student in graded) == [entry.student for entry in CLASS]


def test_what_another_holds_is_waited_for(records):
    ada, bob = leases(records, "ada"), leases(records, "bob")
    ada.take(["s000", "s001"])
    naps = []

    def nap(seconds):
        naps.append(seconds)
        ada.give_back([f"s00{len(naps) - 1}"])

    work = SharedWork(bob, 2, wait=nap)
    elsewhere: list[Entry] = []
    assert list(work.mine(CLASS[:3], elsewhere)) == [CLASS[2]]
    assert elsewhere == CLASS[:2]
    assert list(work.rest(elsewhere)) == CLASS[:2] and len(naps) == 2


@pytest.mark.parametrize(("seconds", "times"), [(0.0, 6), (1.0, 20)])
def test_a_class_that_stands_is_taken_by_ever_more_at_once(records, seconds, times):
    clock = iter(range(1_000))
    own = leases(records, "ada")
    taken: list[int] = []

    class Counted:
        def take(self, entries):
            got = own.take(entries)
            taken.append(len(got))
            return got

    work = SharedWork(Counted(), 2, clock=lambda: next(clock) * seconds)
    assert list(work.mine(CLASS, [])) == CLASS
    assert len(taken) <= times and (seconds == 0.0 or set(taken) == {2})


def test_alone_the_order_is_that_of_the_class(records):
    work = SharedWork(leases(records, "ada"), 4)
    elsewhere: list[Entry] = []
    assert list(work.mine(CLASS, elsewhere)) == CLASS
    assert elsewhere == [] and list(work.rest(elsewhere)) == []
