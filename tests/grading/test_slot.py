"""A slot: what is in a student's hand is limited there, and a slot that ends is replaced."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import psutil
import pytest
import torch

from autograder.errors import (
    ConversationEndedError,
    InterruptedGradingError,
    RejectedError,
    SlotDiedError,
    StorageError,
)
from autograder.grading import grade, slot
from autograder.grading.executors import local, local_slot
from autograder.grading.executors.local import LocalExecutor, LocalSlot
from autograder.grading.executors.parts import how_ended
from autograder.grading.messages import NotConnected
from autograder.grading.slot import run_slot
from autograder.intake import Entry
from autograder.model import Outcome, Report, Submission
from autograder.protocol.codec import decode, encode
from autograder.protocol.limits import Limits
from autograder.protocol.messages import Ask, Raised, Returned
from autograder.rubric.assignment import Assignment, load
from autograder.sandbox.host.sandbox import Sandbox
from tests import tiny
from tests.slots import Shelf, directly, executing, run, settings

RIGHT = "def square(x):\n    return x * x\ndef total(x):\n    return square(x).sum()\ndef slope(x):\n    return 2 * x\n"
LOG = """
from pathlib import Path

LOG = Path({log!r})
WHAT = Path({what!r})

def begins(name, student):
    with LOG.open("a") as log:
        log.write(name + "\\n")
    for line in WHAT.read_text().splitlines():
        check, times, what = line.split(",", 2)
        if check == name and LOG.read_text().splitlines().count(name) <= int(times):
            exec(what)
"""
DIES = "import os; os.kill(os.getpid(), 11)"
KILLED = "import os; os.kill(os.getpid(), 9)"


class Course:
    """An assignment whose checks note that they begin, and then do what they are told to."""

    def __init__(self, root: Path) -> None:
        self.log, self.what = root / "log", root / "what"
        self.reset()
        checks = tiny.CHECKS
        for docstring, name in (
            ("Squares 1, 2 and 3.", "small"),
            ("Squares numbers of both signs.", "random"),
            ("Adds the squares.", "adds"),
            ("The gradient is right.", "gradient"),
        ):
            checks = checks.replace(f'"""{docstring}"""', f'"""{docstring}"""\n    begins("{name}", student)')
        self.folder = tiny.write(root, LOG.format(log=str(self.log), what=str(self.what)) + checks)
        (root / "class" / "ada").mkdir(parents=True)
        (root / "class" / "bob").mkdir()
        self.ada, self.bob = (Entry(name, root / "class" / name) for name in ("ada", "bob"))
        for entry in (self.ada, self.bob):
            (entry.path / "tiny.py").write_text(RIGHT)

    def reset(self, what: str = "", check: str = "adds", times: int = 99) -> None:
        """Tell a check what to do, so many times at first."""
        self.log.write_text("")
        self.what.write_text(f"{check},{times},{what}" if what else "")

    @property
    def begun(self) -> list[str]:
        """The checks that have begun; one that passes does so twice, for it runs in two dtypes."""
        return self.log.read_text().splitlines()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(preload=("torch",)) as running:
        yield running


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, sandbox: Sandbox) -> Iterator[tuple[Course, LocalExecutor]]:
    course = Course(tmp_path_factory.mktemp("course"))
    with executing(settings(course.folder), sandbox) as executor:
        yield course, executor


@pytest.fixture
def course(shared: tuple[Course, LocalExecutor]) -> Course:
    shared[0].reset()
    return shared[0]


@pytest.fixture
def executor(shared: tuple[Course, LocalExecutor]) -> LocalExecutor:
    return shared[1]


def graded(executor: LocalExecutor, *entries: Entry) -> dict[str, Report]:
    shelf = Shelf()
    assert len(run(executor, shelf, entries, jobs=2)) == len(entries)
    return shelf


def slots_of(executor: LocalExecutor) -> list[psutil.Process]:
    children = psutil.Process(executor.pid).children()
    return [child for child in children if child.status() != psutil.STATUS_ZOMBIE]


# --- a slot that ends ---------------------------------------------------------------------------------------------


def test_what_the_system_kills_is_an_error_of_ours_though_the_reference_gets_through(
    course: Course, executor: LocalExecutor
) -> None:
    """As the kernel does for lack of memory."""
    course.reset(KILLED, times=4)
    report = graded(executor, course.ada)["ada"]
    assert [one.outcome for one in report.results] == [
        Outcome.PASSED, Outcome.PASSED, Outcome.GRADER_ERROR, Outcome.PASSED
    ]  # fmt: skip
    assert "lack of memory" in report.results[2].message


@pytest.mark.parametrize(("how", "killed"), [(KILLED, True), (DIES, False), ("import os; os._exit(0)", False)])
def test_it_is_known_how_a_slot_has_ended(course: Course, executor: LocalExecutor, how: str, killed: bool) -> None:
    course.reset(how)
    with executor.slot() as one, pytest.raises(SlotDiedError) as caught:
        one.read(course.ada)
        one.grade()
    assert (caught.value.check, caught.value.killed) == ("2 adds", killed)


@pytest.mark.parametrize(
    ("code", "words"),
    [(-9, "ran out of memory"), (-11, "Segmentation fault ended it"), (1, "ended by itself, with exit code 1")],
)
def test_how_the_grader_ended_is_a_sentence(code: int, words: str) -> None:
    assert words in how_ended(code) and "signal" not in how_ended(code)


def test_a_slot_that_dies_is_replaced_and_grading_goes_on_after_the_last_result(
    course: Course, executor: LocalExecutor
) -> None:
    course.reset(DIES, times=1)
    report = graded(executor, course.ada)["ada"]
    assert (report.status, report.score) == ("graded", 10)
    assert course.begun == ["small"] * 2 + ["random"] * 2 + ["adds"] * 3 + ["gradient"] * 2


def test_a_check_that_ends_its_slot_with_the_references_answers_too_is_an_error_of_ours(
    course: Course, executor: LocalExecutor
) -> None:
    course.reset(DIES)
    reports = graded(executor, course.ada, course.bob)
    for report in reports.values():
        assert (report.status, report.score) == ("grader error", 8)
        assert [(one.name, one.message) for one in report.results if one.earned < one.points] == [
            ("2 adds", grade.ENDED)
        ]


def test_one_that_somebody_kills_costs_nobody_anything(course: Course, executor: LocalExecutor) -> None:
    """It is killed while its second check is under way."""
    course.reset("import time; time.sleep(3600)", "random", times=1)

    def kill() -> None:
        while "random" not in course.begun:
            time.sleep(0.02)
        (victim,) = slots_of(executor)
        victim.kill()

    killer = threading.Thread(target=kill)
    killer.start()
    report = graded(executor, course.ada)["ada"]
    killer.join()
    assert (report.status, report.score) == ("graded", 10)
    assert course.begun.count("small") == 2, "what was done is not done again"


def test_a_warm_grader_that_is_gone_is_started_again(course: Course, executor: LocalExecutor) -> None:
    psutil.Process(executor.pid).kill()
    assert graded(executor, course.ada)["ada"].score == 10


@pytest.mark.parametrize("times", [1, 2])
def test_one_that_ends_while_it_starts_is_started_again(
    course: Course, executor: LocalExecutor, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    with failing_to_start(monkeypatch, times):
        psutil.Process(executor.pid).kill()
        assert graded(executor, course.ada)["ada"].score == 10


def test_one_that_never_starts_is_an_error_of_ours_and_the_next_submission_tries_again(
    course: Course, executor: LocalExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with failing_to_start(monkeypatch, 99):
        psutil.Process(executor.pid).kill()
        with pytest.raises(RuntimeError, match=r"did not start: .* \(it ended by itself, with exit code 7\)"):
            executor.slot()
    assert graded(executor, course.ada)["ada"].score == 10


@contextmanager
def failing_to_start(monkeypatch: pytest.MonkeyPatch, times: int) -> Iterator[None]:
    """So many warm graders that are started meanwhile end at once."""
    started = iter(range(times))
    start = local._warm_grader

    def fails(sock: socket.socket) -> subprocess.Popen[bytes]:
        return start(sock) if next(started, None) is None else subprocess.Popen([sys.executable, "-c", "exit(7)"])

    with monkeypatch.context() as patched:
        patched.setattr(local, "_warm_grader", fails)
        yield


@contextmanager
def waiting(course: Course, executor: LocalExecutor, what: str) -> Iterator[tuple[LocalSlot, list[Exception]]]:
    """A slot whose first check does something without end, and what grading there comes to."""
    course.reset(what, "small")
    ended: list[Exception] = []

    def grading() -> None:
        try:
            one.grade()
        except Exception as error:
            ended.append(error)

    with executor.slot() as one:
        one.read(course.ada)
        thread = threading.Thread(target=grading)
        thread.start()
        while not course.begun and thread.is_alive():
            time.sleep(0.02)
        yield one, ended
        thread.join(60)


@pytest.mark.parametrize(
    ("limit", "what"), [("SILENT_CPU_SECONDS", "while True: pass"), ("SILENT_SECONDS", "import time; time.sleep(900)")]
)
def test_one_that_says_nothing_for_too_long_is_ended(
    course: Course, executor: LocalExecutor, monkeypatch: pytest.MonkeyPatch, limit: str, what: str
) -> None:
    before = executor.settings
    executor.settings = settings(course.folder, Limits(check_seconds=0.1))
    with waiting(course, executor, what) as (_, ended):
        monkeypatch.setattr(local_slot, limit, 0.5)
    executor.settings = before
    assert [(type(error), error.check) for error in ended if isinstance(error, SlotDiedError)] == [
        (SlotDiedError, "1 small")
    ]


def test_who_interrupts_does_not_wait_for_it(course: Course, executor: LocalExecutor) -> None:
    with waiting(course, executor, "import time; time.sleep(900)") as (one, ended):
        one.stop()
    assert [type(error) for error in ended] == [InterruptedGradingError]


def test_no_slot_outlives_its_submission(course: Course, executor: LocalExecutor) -> None:
    graded(executor, course.ada)
    assert not executor._slots
    executor.slot().__exit__(None, None, None)  # the warm grader waits for its children when it makes the next one
    deadline = time.monotonic() + 60
    while (left := slots_of(executor)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == []


# --- memory -------------------------------------------------------------------------------------------------------


def test_an_answer_that_asks_for_too_much_memory_costs_its_own_check(course: Course, executor: LocalExecutor) -> None:
    """The slot has a cap; the right answer stays below it, and the scheduler does not grow at all."""
    course.reset("import torch; [bytearray(1 << 27) for _ in range(int(student.square(torch.tensor(2.0))))]", "random")
    (course.bob.path / "tiny.py").write_text(RIGHT.replace("return x * x", "return x * x if x.dim() else 400 * x"))
    before = psutil.Process().memory_info().rss
    reports = graded(executor, course.ada, course.bob)
    assert psutil.Process().memory_info().rss - before < 64 << 20
    assert (reports["ada"].score, reports["bob"].score) == (10, 7)
    random = reports["bob"].results[1]
    assert random.outcome is Outcome.FAILED
    assert random.message == grade.UNBEARABLE


# --- reading ------------------------------------------------------------------------------------------------------


@contextmanager
def forked(assignment: Assignment) -> Iterator[LocalSlot]:
    """A slot that is forked from this process, with the limits that a test has set."""
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        run_slot(theirs, assignment, settings(assignment.folder), ())
    theirs.close()
    with LocalSlot(
        ours, child, lambda question: (NotConnected("none"), None), lambda pid: False, lambda one: None
    ) as running:
        yield running
    os.waitpid(child, 0)


def test_what_takes_too_long_to_read_is_rejected(
    tiny_assignment: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python takes the square of a format string's length to parse it."""
    monkeypatch.setattr(slot, "READ_SECONDS", 0.5)
    submission = tmp_path / "tiny.py"
    submission.write_text(RIGHT + "def more(x): return f'" + "{x}" * 25_000 + "'\n")
    with forked(tiny_assignment) as one:
        with pytest.raises(RejectedError) as caught:
            one.read(Entry("ada", submission))
        assert caught.value.reason == slot.TOO_LONG
        submission.write_text(RIGHT)
        assert one.read(Entry("ada", submission)).digest


def test_an_error_of_the_readers_is_not_the_students(
    tiny_assignment: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(slot, "read_whole", broken)
    with forked(tiny_assignment) as one, pytest.raises(RuntimeError, match="the disk is gone"):
        one.read(Entry("ada", tmp_path))


def test_an_error_of_the_file_system_is_told_as_such(
    tiny_assignment: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tiny.py").write_text(RIGHT)

    def broken(*_: object) -> NoReturn:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("autograder.intake.disk.os.scandir", broken)
    with forked(tiny_assignment) as one, pytest.raises(StorageError, match="cannot be read: Input/output error"):
        one.read(Entry("ada", tmp_path))


def test_a_name_in_any_encoding_can_be_read(tiny_assignment: Assignment, tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    folder.mkdir()
    (folder / "tiny.py").write_text(RIGHT)
    with forked(tiny_assignment) as one:
        assert one.read(Entry("caf_", folder)).digest


# --- stand-ins and the search for shortcuts -----------------------------------------------------------------------


@pytest.fixture
def slow_for_eight(tmp_path: Path) -> Assignment:
    """The tiny assignment, whose own `square` does not come to an end for eight numbers."""
    folder = tiny.write(tmp_path)
    source = tiny.SOLUTION.replace("    return x * x", "    while len(x) == 8: pass\n    return x * x")
    (folder / "solution.py").write_text(source, encoding="utf-8")
    return load(folder)


def question(size: int) -> Ask:
    return Ask("square", [encode(torch.full((size,), 3.0))], {})


def test_a_question_to_a_stand_in_has_a_limit(slow_for_eight: Assignment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grade, "ANSWER_SECONDS", 0.3)
    answers = grade.StandInAnswers(slow_for_eight)
    refused = answers(question(8))
    assert isinstance(refused, Raised) and refused.type_name == "TimeoutError"
    assert refused.message == "square takes too long or too much memory for these arguments"
    answer = answers(question(2))
    assert isinstance(answer, Returned) and decode(answer.value).tolist() == [9.0, 9.0]


def test_all_questions_of_a_check_have_one_together(
    slow_for_eight: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grade, "ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(grade, "ANSWERS_SECONDS", 0.5)
    answers = grade.StandInAnswers(slow_for_eight)
    for _ in range(3):
        answers(question(8))
    assert isinstance(answers(question(2)), Raised)
    assert isinstance(grade.StandInAnswers(slow_for_eight)(question(2)), Returned), "the next check has its own"


@pytest.mark.parametrize("body", ["torch.empty(1 << 50)", "bytearray(1 << 50)"])
def test_a_stand_in_that_does_not_fit_into_a_small_slot_is_an_error_of_ours(tmp_path: Path, body: str) -> None:
    folder = tiny.write(tmp_path)
    source = tiny.SOLUTION.replace("    return x * x", f"    return {body}")
    (folder / "solution.py").write_text(source, encoding="utf-8")
    assignment = load(folder)
    with pytest.raises(ConversationEndedError, match="too little memory") as caught:
        grade.StandInAnswers(assignment, little_memory=True)(question(2))
    assert caught.value.outcome is Outcome.GRADER_ERROR
    assert isinstance(grade.StandInAnswers(assignment)(question(2)), Raised), "elsewhere it is the arguments"


def test_a_source_that_takes_hours_to_search_is_left_to_a_person(
    sandbox: Sandbox, tiny_assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(*_: object) -> None:
        while True:
            pass

    monkeypatch.setattr(grade, "SEARCH_SECONDS", 0.3)
    monkeypatch.setattr(grade, "find_shortcuts", endless)
    submission = Submission.of("ada", "tiny.py", {"tiny.py": RIGHT})
    report = grade.grade(submission, tiny_assignment, settings(tiny_assignment.folder), directly(sandbox))
    assert (report.score, report.flags) == (10, grade.NOT_SEARCHED)
