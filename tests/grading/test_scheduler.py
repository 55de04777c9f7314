"""A batch: bad submissions do not disturb the rest, nothing is lost, finished work is not done twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from autograder.errors import InterruptedGradingError, RecordsError, RejectedError, SlotDiedError, StorageError
from autograder.grading.messages import WasRead
from autograder.grading.reports import without_results
from autograder.grading.scheduler import UNREADABLE, Batch, Done, Kind
from autograder.grading.settings import AssignmentInfo, engine_version
from autograder.intake import Entry, find_class
from autograder.model import CheckResult, Outcome, Report
from autograder.protocol.devices import CPU
from autograder.protocol.limits import LEEWAY, Limits
from autograder.records import Records
from autograder.sandbox.host.sandbox import Sandbox
from tests import tiny
from tests.slots import Shelf, executing, run, settings

RIGHT = "def square(x):\n    return x * x\ndef total(x):\n    return square(x).sum()\n"
RIGHT += "def slope(x):\n    return 2 * x\n"
WRONG = RIGHT.replace("return x * x", "return 2 * x")
CLASS = {
    "right": RIGHT,
    "wrong": WRONG,
    "hangs": RIGHT.replace("return square(x).sum()", "while True: pass"),
    "quits": RIGHT.replace("return x * x", "import os; os._exit(0)"),
    "greedy": RIGHT.replace("return 2 * x", "return [bytearray(1 << 28) for _ in range(64)]"),
    "broken": "def square(x:\n",
    "late_syntax": RIGHT + "def other(:\n    pass\n",
}


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "class"
    for student, source in CLASS.items():
        (place / student).mkdir(parents=True)
        (place / student / "tiny.py").write_text(source, encoding="utf-8")
    (place / "junk").mkdir()
    (place / "junk" / "tiny.ipynb").write_bytes(b"\x00\x01\x02")
    return place


@pytest.fixture
def executor(tmp_path: Path, sandbox: Sandbox):
    wanted = settings(tiny.write(tmp_path), Limits(check_seconds=3, memory_mb=128))
    with executing(wanted, sandbox) as running:
        yield running


def test_one_bad_submission_never_stops_the_others(tmp_path, executor, folder):
    with Records(f"sqlite:///{tmp_path}/r.sqlite") as records:
        done = run(executor, records, find_class(folder).entries, jobs=2)
        assert len(done) == len(CLASS) + 1
        reports = {report.student: report for report in records.all_latest("tiny")}
    assert {name: report.score for name, report in reports.items()} == {
        "right": 10, "wrong": 6, "hangs": 8, "quits": 6, "greedy": 6, "broken": 0, "late_syntax": 10, "junk": 0,
    }  # fmt: skip
    assert {reports[name].status for name in CLASS} == {"graded"}
    assert reports["junk"].status == "rejected"
    assert outcome(reports["hangs"], "2 adds") == "timed out"
    assert outcome(reports["quits"], "1 small") == "crashed"
    assert outcome(reports["greedy"], "2 gradient") == "out of memory"


def outcome(report, check):
    return next(result.outcome.value for result in report.results if result.name == check)


def test_finished_work_stands_until_something_changes(tmp_path, executor, folder):
    entries = [Entry("right", folder / "right"), Entry("wrong", folder / "wrong")]
    with Records(f"sqlite:///{tmp_path}/r.sqlite") as records:
        assert [one.kind for one in run(executor, records, entries)] == [Kind.GRADED] * 2
        assert [one.kind for one in run(executor, records, entries)] == [Kind.STANDING] * 2
        assert [one.kind for one in run(executor, records, entries, fresh=True)] == [Kind.GRADED] * 2
        (folder / "wrong" / "tiny.py").write_text(RIGHT)
        kinds = {one.report.student: one.kind for one in run(executor, records, entries)}
        assert kinds == {"right": Kind.STANDING, "wrong": Kind.GRADED}
        executor.settings = replace(executor.settings, limits=Limits(check_seconds=4, memory_mb=128))
        assert [one.kind for one in run(executor, records, entries)] == [Kind.GRADED] * 2


def test_a_changed_check_is_run_again_and_nothing_else(tmp_path, sandbox, folder):
    """A comment changes nothing. Another check of a function runs that function's checks again; the rest stands."""
    place = tiny.write(tmp_path)
    entries = [Entry(name, folder / name) for name in ("right", "wrong")]
    shelf = Shelf()

    def graded_again() -> tuple[set[str], set[str]]:
        ran: list[str] = []
        with executing(settings(place), sandbox) as executor:
            before = {name: report.results for name, report in shelf.items()}
            done = run(executor, shelf, entries, progress=lambda result: ran.append(result.name))
        new = {one.name for name in before for one in shelf[name].results if one not in before[name]}
        return {one.report.student for one in done if one.kind is Kind.GRADED}, new

    graded_again()
    checks = place / "checks.py"
    checks.write_text("# A comment.\n" + checks.read_text())
    assert graded_again() == (set(), set())
    checks.write_text(checks.read_text().replace("draw.normal(4)", "draw.normal(5)", 1))
    assert graded_again() == ({"right", "wrong"}, {"2 adds"})
    assert (shelf["right"].score, shelf["wrong"].score) == (10, 6)


def test_where_a_check_comes_out_otherwise_what_follows_is_run_again(tmp_path, sandbox, folder):
    """`total` calls `square`, which the reference answers for as soon as it is wrong."""
    place = tiny.write(tmp_path)
    shelf = Shelf()
    with executing(settings(place), sandbox) as executor:
        run(executor, shelf, [Entry("right", folder / "right")])
    before = {one.name: one for one in shelf["right"].results}
    solution = place / "solution.py"
    solution.write_text(solution.read_text().replace("return x * x", "return 3 * x"))
    with executing(settings(place), sandbox) as executor:
        run(executor, shelf, [Entry("right", folder / "right")])
    assert not any(before[one.name] is one or before[one.name] == one for one in shelf["right"].results)


def test_what_stands_is_read_in_one_slot_and_what_is_new_is_graded_in_another(tmp_path, executor, folder):
    """Nothing of a student's runs while a report is found to stand."""
    entries = [Entry(name, folder / name) for name in ("right", "wrong", "late_syntax", "broken")]
    shelf = Shelf()
    run(executor, shelf, entries)
    (folder / "late_syntax" / "tiny.py").write_text(WRONG)
    pids: list[int] = []
    forked = executor.slot

    def counted(cores):
        slot = forked(cores)
        pids.append(slot._pid)
        return slot

    executor.slot = counted
    kinds = {one.report.student: one.kind for one in run(executor, shelf, entries)}
    assert kinds == dict.fromkeys(kinds, Kind.STANDING) | {"late_syntax": Kind.GRADED}
    assert shelf["late_syntax"].score == 6
    assert len(pids) == 2  # one for the first three, and one for what comes after a submission that ran


def test_who_comes_after_others_in_a_slot_that_dies_is_read_again_in_a_new_one():
    """A slot that has read others' work may die of that: nobody loses a try."""

    class Reading(Part):
        def read(self, entry: Entry) -> WasRead:
            if entry.student == "bob" and self.acts[0] == "dies after ada":
                del self.acts[0]
                raise SlotDiedError()
            return super().read(entry)

    whole = report()
    part, shelf = Reading("dies after ada", "dies while it reads", replace(whole, student="bob")), Shelf()
    shelf["ada"] = replace(whole, digest="digest", assignment_digest=INFO.digest, engine=engine_version())
    done = list(Batch(part, (), shelf).run([Entry("ada", Path("ada.py")), Entry("bob", Path("bob.py"))]))
    assert [one.kind for one in done] == [Kind.STANDING, Kind.GRADED]
    assert done[1].report.status == "graded" and part.acts == []


def test_a_report_that_stands_says_what_lies_beside_the_work_now(tmp_path, executor, folder):
    """The work is the same, and so is its digest; what was left out of it is not."""
    entries = [Entry("right", folder / "right")]
    (folder / "right" / "link.py").symlink_to("tiny.py")
    with Records(f"sqlite:///{tmp_path}/r.sqlite") as records:
        (first,) = run(executor, records, entries)
        (same,) = run(executor, records, entries)
        assert (same.kind, same.report) == (Kind.STANDING, first.report)
        assert first.report.notes == ("link.py was left out: it is a link. Hand in the file itself.",)
        (folder / "right" / "link.py").unlink()
        (then,) = run(executor, records, entries)
        assert (then.kind, then.report) == (Kind.STANDING, replace(first.report, notes=()))
        assert records.latest("tiny", "right") == then.report


def test_a_copy_of_another_s_work_is_graded_for_itself(tmp_path, executor, folder):
    """Equal work has an equal digest; a report stands for the student it was written for."""
    (folder / "right_too").mkdir()
    (folder / "right_too" / "tiny.py").write_text(RIGHT)
    entries = [Entry(name, folder / name) for name in ("right", "right_too")]
    with Records(f"sqlite:///{tmp_path}/r.sqlite") as records:
        run(executor, records, entries[:1])
        done = {one.report.student: one for one in run(executor, records, entries)}
    assert {student: one.kind for student, one in done.items()} == {"right": Kind.STANDING, "right_too": Kind.GRADED}
    assert done["right"].report.digest == done["right_too"].report.digest


def test_what_is_exchanged_after_it_was_read_is_not_graded(tmp_path, executor, folder):
    """What was read is what is graded and recorded: a slot never reads twice."""
    entry = Entry("right", folder / "right")
    with executor.slot() as slot:
        was_read = slot.read(entry)
        (folder / "right" / "tiny.py").write_text("def square(x):\n    return 0\n")
        report = slot.grade()
    assert (report.score, report.digest) == (10, was_read.digest)


def test_what_was_graded_without_a_boundary_does_not_stand(tmp_path, executor, sandbox, folder):
    entries = [Entry("right", folder / "right")]
    with Records(f"sqlite:///{tmp_path}/r.sqlite") as records, Sandbox(preload=("torch",), unsafe=True) as unsafe:
        for way, kind in (
            (unsafe, Kind.GRADED),
            (unsafe, Kind.STANDING),
            (sandbox, Kind.GRADED),
            (unsafe, Kind.STANDING),
        ):
            executor.sandboxes = {CPU: way}
            assert [one.kind for one in run(executor, records, entries)] == [kind]


def test_an_error_of_the_graders_is_tried_again_and_never_stands(tmp_path, sandbox, folder):
    broken = tiny.CHECKS.replace('"""Adds the squares."""', '"""Adds the squares."""\n    1 / 0')
    entries = [Entry("right", folder / "right")]
    wanted = settings(tiny.write(tmp_path / "other", broken))
    with executing(wanted, sandbox) as executor, Records(f"sqlite:///{tmp_path}/r.sqlite") as records:
        (one,) = run(executor, records, entries)
        assert one.report.status == "grader error"
        assert run(executor, records, entries)[0].kind is Kind.GRADED


def comparable(report):
    """A report without what a clock decides."""
    results = tuple(replace(result, seconds=0.0, cpu_seconds=0.0) for result in report.results)
    return replace(report, results=results, graded=None, own_seconds=0.0, cpu_seconds=0.0, wall_seconds=0.0)


@pytest.mark.timeout(180)
def test_a_batch_that_was_killed_ends_as_if_it_had_not_been(tmp_path, folder):
    course = tmp_path / "course"
    tiny.write(course)
    config = tiny.config(course)
    with config.open("a") as file:
        file.write("    limits: {check_seconds: 3, memory_mb: 128}\n")
    (course / ".course_secret").write_text("0" * 64)
    command = [
        sys.executable, "-c", "from autograder.cli import main; main()", "grade", "tiny", str(folder),
        "--jobs", "2", "--config", str(config), "--no-report", "--quiet",
    ]  # fmt: skip
    url = f"sqlite:///{course}/records/course.sqlite"

    def stored():
        with Records(url) as records:
            return [comparable(report) for report in records.all_latest("tiny")]

    undisturbed = subprocess.run(command, cwd=course, capture_output=True, text=True, check=False)
    assert undisturbed.returncode == 0, undisturbed.stderr
    whole = stored()
    for file in (course / "records").iterdir():
        file.unlink()
    killed = subprocess.Popen(command, cwd=course, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (Path(course / "records/course.sqlite").exists() and stored()):
        time.sleep(0.05)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    assert 0 < len(stored()) < len(whole)
    assert subprocess.run(command, cwd=course, capture_output=True, check=False).returncode == 0
    assert stored() == whole


# --- what is repeated, in slots that play a part ------------------------------------------------------------------

INFO = AssignmentInfo("tiny", "digest", 4.0, (), ("a", "b", "c", "d"), ("1", "1", "2", "3"))


def result(name: str, outcome: Outcome = Outcome.PASSED) -> CheckResult:
    return CheckResult(name, "1", "Asked.", 1.0, float(outcome is Outcome.PASSED), outcome, public=False)


def report(**outcomes: Outcome) -> Report:
    """A report in which all checks pass but those that are named."""
    results = tuple(result(name, outcomes.get(name, Outcome.PASSED)) for name in INFO.checks)
    status = "grader error" if Outcome.GRADER_ERROR in outcomes.values() else "graded"
    empty = without_results("ada", "digest", INFO, status, "")
    return replace(empty, results=results, score=sum(one.earned for one in results))


class Part:
    """A slot that does as it is told, and an executor that has one such slot after the other.

    Each `act` is what the next slot answers: a report, an error, or for a slot that dies the results before.
    """

    info = INFO

    def __init__(self, *acts: Any, killed: bool = False) -> None:
        self.acts = list(acts)
        self.killed = killed
        self.asked: list[dict[str, Any]] = []
        self.stopped = False

    def __enter__(self) -> Part:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def slot(self, cores: tuple[int, ...] = ()) -> Part:
        return self

    def stop(self) -> None:
        self.stopped = True

    def probe(self, check: str) -> None:
        if self.acts[0] == "dies with ours":
            del self.acts[0]
            raise SlotDiedError(check)

    def read(self, entry: Entry) -> WasRead:
        if self.acts[0] == "dies while it reads":
            del self.acts[0]
            raise SlotDiedError(killed=self.killed)
        if isinstance(self.acts[0], RejectedError | StorageError):
            raise self.acts.pop(0)
        return WasRead("digest")

    def grade(self, *, progress: Callable[[CheckResult], None], **asked: Any) -> Report:
        asked["known"] = "".join(one.name for one in asked["known"])
        asked.pop("earlier")
        self.asked.append(asked)
        act = self.acts.pop(0)
        if isinstance(act, Exception):
            raise act
        if isinstance(act, str):  # the checks that are done before it dies at the next one
            for name in act:
                progress(result(name))
            raise SlotDiedError("abcd"[len(asked["known"] + act)], killed=self.killed)
        return act


def played(*acts: Any, killed: bool = False, jobs: int = 1) -> tuple[Report, Part]:
    """What is kept of a submission, and what was asked of its slots."""
    part, shelf = Part(*acts, killed=killed), Shelf()
    (done,) = Batch(part, (), shelf, jobs=jobs).run([Entry("ada", Path("ada.py"))])
    assert part.acts == [] and shelf["ada"] is done.report
    return done.report, part


def asked(
    known: str = "",
    given_up: tuple[str, ...] = (),
    broken: tuple[str, ...] = (),
    *,
    alone: bool = False,
    leeway: float = 1.0,
) -> dict[str, Any]:
    return {"known": known, "given_up": given_up, "broken": broken, "alone": alone, "leeway": leeway}


def test_grading_goes_on_after_the_last_result_when_a_slot_dies():
    kept, part = played("ab", report())
    assert (kept.score, part.asked) == (4, [asked(), asked("ab")])


def test_deaths_at_different_places_are_no_reason_to_give_anything_up():
    kept, part = played("a", "b", "c", report())
    assert (kept.score, part.asked) == (4, [asked(), asked("a"), asked("ab"), asked("abc")])


def test_a_check_that_ends_its_slot_again_and_again_is_given_up_when_that_happens_alone_too():
    kept, part = played("a", "", "", "", report(b=Outcome.FAILED))
    assert kept.score == 3
    alone = asked("a", alone=True)
    assert part.asked == [asked(), asked("a"), alone, alone, asked("a", ("b",), alone=True)]


def test_a_check_that_ends_its_slot_with_the_reference_too_is_an_error_of_ours():
    kept, part = played("a", "", "", "", "dies with ours", report(b=Outcome.GRADER_ERROR))
    assert kept.status == "grader error"
    assert part.asked[-1] == asked("a", (), ("b",), alone=True)


def test_a_slot_that_the_system_kills_is_an_error_of_ours_even_where_the_reference_gets_through():
    """A slot keeps to its memory: it is the machine that had too little, and not the student who took too much."""
    kept, part = played("a", "", "", "", report(b=Outcome.GRADER_ERROR), killed=True)
    assert kept.status == "grader error"
    assert part.asked[-1] == asked("a", (), ("b",), alone=True)
    kept, _ = played(*["dies while it reads"] * 4, killed=True)
    assert kept.status == "grader error" and "lack of memory" in kept.problem


def test_a_file_that_ends_its_slot_while_it_is_read_again_and_again_is_rejected():
    kept, _ = played(*["dies while it reads"] * 2)
    assert (kept.status, kept.problem) == ("rejected", UNREADABLE)
    assert played("dies while it reads", report())[0].score == 4


def test_what_cannot_be_read_is_rejected_with_the_reason():
    kept, _ = played(RejectedError("Hand in code."))
    assert (kept.status, kept.problem) == ("rejected", "Hand in code.")


@pytest.mark.parametrize("outcome", [Outcome.GRADER_ERROR, Outcome.CRASHED])
def test_what_the_machine_may_have_spoilt_is_repeated_alone_and_the_second_result_counts(outcome):
    kept, part = played(report(b=outcome), report())
    assert (kept.score, part.asked) == (4, [asked(), asked("a", alone=True)])
    kept, _ = played(report(b=outcome, d=outcome), report(b=outcome))
    assert (kept.score, kept.results[1].outcome, kept.results[3].outcome) == (3, outcome, Outcome.PASSED)


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.TIMED_OUT, Outcome.OUT_OF_MEMORY])
def test_what_the_student_did_is_not(outcome):
    kept, part = played(report(b=outcome))
    assert (kept.score, len(part.asked)) == (3, 1)


def test_what_the_file_system_refuses_is_tried_again_alone_and_then_an_error_of_ours():
    refused = StorageError("ada.py cannot be read: Input/output error")
    kept, part = played(refused, report())
    assert (kept.status, part.asked) == ("graded", [asked(alone=True)])
    kept, _ = played(refused, refused)
    assert (kept.status, kept.problem, kept.score) == ("grader error", str(refused), 0)


def test_an_earlier_score_stays_where_nothing_can_be_read():
    """Nobody knows of any other work; and the next run tries again."""
    refused = StorageError("ada.py cannot be read: Input/output error")
    earlier = report(b=Outcome.FAILED)
    shelf = Shelf(ada=earlier)
    for _ in range(2):
        (done,) = Batch(Part(refused, refused), (), shelf).run([Entry("ada", Path("ada.py"))])
        assert (done.report.status, done.report.problem) == ("grader error", str(refused))
        assert (done.report.score, done.report.results, done.report.digest) == (3, earlier.results, earlier.digest)
        assert shelf["ada"] is done.report
    (done,) = Batch(Part(report()), (), shelf).run([Entry("ada", Path("ada.py"))])
    assert (done.kind, done.report.status, done.report.score) == (Kind.GRADED, "graded", 4)
    rejected = without_results("ada", "", INFO, "rejected", "Hand in code.")
    (done,) = Batch(Part(refused, refused), (), Shelf(ada=rejected)).run([Entry("ada", Path("ada.py"))])
    assert (done.report.status, done.report.problem) == ("grader error", str(refused))


@pytest.mark.parametrize(
    ("change", "again"),
    [
        ({"doubtful": True, "outcome": Outcome.FAILED, "earned": 0.0}, True),
        ({"cpu_seconds": 25.0, "cpu_allowed": 20.0}, True),
        ({"cpu_seconds": 40.0, "cpu_allowed": 20.0, "outcome": Outcome.TIMED_OUT, "earned": 0.0}, False),
        ({"cpu_seconds": 25.0, "cpu_allowed": 0.0}, False),
    ],
    ids=["short of something", "slowed down", "twice its limit", "no limit"],
)
def test_what_a_neighbour_may_have_spoilt_is_decided_alone(change, again):
    first = report()
    first = replace(first, results=(first.results[0], replace(first.results[1], **change), *first.results[2:]))
    kept, part = played(first, *([report()] if again else []), jobs=2)
    assert part.asked == [asked(leeway=LEEWAY), *([asked("a", alone=True)] if again else [])]
    assert not any(one.doubtful for one in kept.results)
    assert len(played(first)[1].asked) == 1  # where nobody is beside it, there is nobody to blame


def test_a_grader_that_fails_is_tried_again_alone_and_then_said_to_have_failed():
    kept, part = played(RuntimeError("no luck"), report())
    assert (kept.status, part.asked) == ("graded", [asked(), asked(alone=True)])
    kept, _ = played(*[RuntimeError("no luck")] * 2)
    assert kept.status == "grader error" and "no luck" in kept.problem


def test_what_a_person_has_to_put_right_first_ends_the_batch():
    class Full(Shelf):
        def save(self, report: Report) -> None:
            raise RecordsError("the disk is full")

    part = Part(report())
    with pytest.raises(RecordsError):
        list(Batch(part, (), Full()).run([Entry("ada", Path("ada.py")), Entry("bob", Path("bob.py"))]))
    assert len(part.asked) == 1


def test_what_is_repeated_comes_when_everything_else_is_done():
    part, shelf = Part(report(b=Outcome.CRASHED), report(), report(d=Outcome.FAILED)), Shelf()
    done = [one.report.student for one in Batch(part, (), shelf).run([Entry(name, Path(name)) for name in ("x", "y")])]
    assert len(done) == 2
    assert [one["alone"] for one in part.asked] == [False, False, True]


def test_known_results_of_an_earlier_run_are_not_found_again():
    part = Part(report())
    batch = Batch(part, (), Shelf(), known=lambda student, digest: {"a": result("a")} if digest == "digest" else {})
    assert [one.report.score for one in batch.run([Entry("ada", Path("ada.py"))])] == [4]
    assert part.asked == [asked("a")]


def test_who_interrupts_does_not_wait_for_what_is_under_way():
    class Waiting(Part):
        def __init__(self) -> None:
            super().__init__(report())
            self.busy, self.over = threading.Event(), threading.Event()

        def stop(self) -> None:
            super().stop()
            self.over.set()

        def read(self, entry: Entry) -> WasRead:
            if entry.student == "second":
                self.busy.set()
                assert self.over.wait(60)
                raise InterruptedGradingError
            assert self.busy.wait(60)
            return super().read(entry)

    part = Waiting()
    running = Batch(part, (), Shelf(), jobs=2).run([Entry(name, Path(name)) for name in ("first", "second")])
    assert isinstance(next(running), Done)
    running.close()
    assert part.stopped
