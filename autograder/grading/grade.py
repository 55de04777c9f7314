"""Grade one submission in a sandbox: the way from a Submission to a Report."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial

from autograder.errors import ConversationEndedError, SandboxUnavailableError, WorkTimeoutError
from autograder.grading.alarm import cpu_limit
from autograder.grading.earlier import Earlier
from autograder.grading.engine import Engine
from autograder.grading.hosts import SubmissionHost
from autograder.grading.opening import Opening
from autograder.grading.reports import ON_THE_CPU, report_on
from autograder.grading.settings import SLOT_MB, AssignmentInfo, GradingSettings
from autograder.grading.slot_sandbox import SlotSandbox
from autograder.grading.verdict import UNBEARABLE
from autograder.model import NO_BOUNDARY, CheckResult, ExerciseInfo, Outcome, Report, Submission
from autograder.protocol.handed_in import is_handed_in
from autograder.protocol.messages import Ask, Raised, Returned
from autograder.rubric.assignment import Assignment
from autograder.rubric.exercise import Check
from autograder.rubric.reference import answer_question
from autograder.rubric.shortcuts import find_shortcuts
from autograder.sandbox.host.session import Session

ANSWER_SECONDS, ANSWERS_SECONDS = 10.0, 60.0
"""CPU seconds for the answer to one question of a stand-in, and to all of one check's."""
NO_ROOM = "The grader has too little memory for our own function that stands in here. Give it more."
SEARCH_SECONDS = 20.0
"""CPU seconds for the search for shortcuts: a source can be made to take hours."""
NOT_SEARCHED = ("The source is too long or too deeply nested to be searched for shortcuts: look at it yourself.",)
ENDED = (
    "The grader's own process ended in this check, and the student's answers are not to blame: the system killed it, "
    "most likely for lack of memory, or it ends with the reference's answers too."
)


def info_of(assignment: Assignment) -> AssignmentInfo:
    """Describe an assignment for reports."""
    rubric = assignment.rubric
    return AssignmentInfo(
        name=assignment.name,
        digest=assignment.digest,
        points=rubric.points,
        exercises=tuple(ExerciseInfo(one.number, one.title, one.points, one.bonus) for one in rubric.parts),
        checks=tuple(assignment.depends),
        depends=tuple(assignment.depends.values()),
        questions=tuple(question.number for question in rubric.questions),
        written_points=rubric.written_points,
    )


class StandInAnswers:
    """Answers the stand-ins of one check, for so many CPU seconds in all.

    `little_memory`: this process has less than is usual, so that what does not fit may be honest.
    """

    def __init__(self, assignment: Assignment, *, little_memory: bool = False) -> None:
        self._assignment = assignment
        self._little_memory = little_memory
        self._left = ANSWERS_SECONDS

    def __call__(self, question: Ask) -> Returned | Raised:
        """Answer, or tell the student that the arguments ask for too much."""
        began = time.process_time()
        try:
            if self._left > 0:
                with cpu_limit(min(ANSWER_SECONDS, self._left)):
                    answer = answer_question(self._assignment.solution(), question, numpy=self._assignment.rubric.numpy)
                if _lacked_memory(answer) and self._little_memory:
                    raise ConversationEndedError(Outcome.GRADER_ERROR, NO_ROOM)
                if not (isinstance(answer, Raised) and answer.type_name == WorkTimeoutError.__name__):
                    return answer
        except WorkTimeoutError:
            pass
        finally:
            self._left -= time.process_time() - began
        return Raised("error", "TimeoutError", f"{question.name} takes too long or too much memory for these arguments")


def _lacked_memory(answer: Returned | Raised) -> bool:
    """Return whether a stand-in failed for lack of memory, in Python or in torch."""
    if not isinstance(answer, Raised):
        return False
    return answer.type_name == "MemoryError" or (
        answer.type_name == "RuntimeError" and "DefaultCPUAllocator: can't allocate memory" in answer.message
    )


def grade(
    submission: Submission,
    assignment: Assignment,
    settings: GradingSettings,
    sandbox: SlotSandbox,
    *,
    second: SlotSandbox | None = None,
    begin: Callable[[Check], None] | None = None,
    progress: Callable[[CheckResult], None] | None = None,
    known: Mapping[str, CheckResult] | None = None,
    earlier: Sequence[CheckResult] = (),
    given_up: Sequence[str] = (),
    broken: Sequence[str] = (),
) -> Report:
    """Grade one submission.

    Args:
        submission: what was read.
        assignment: what it is graded against.
        settings: limits and secret.
        sandbox: opens sandboxes.
        second: opens sandboxes with a second device.
        begin: called before each check.
        progress: called with each result.
        known: results by the check's name that are taken as they are.
        earlier: results of an earlier run of the same work; those stand that depend on nothing that was changed.
        given_up: checks that end the grader's own process, and are not run; "" is the search for shortcuts.
        broken: those that end it with the reference's answers too.

    Raises:
        SandboxUnavailableError: when no sandbox can be had. What the student does ends in the report.
    """
    started = time.perf_counter()
    little = settings.slot_mb < SLOT_MB
    engine = Engine(
        assignment, settings.secret, lambda: StandInAnswers(assignment, little_memory=little), limited=True,
        seen=submission.seen,
    )  # fmt: skip
    info = settings.decided(info_of(assignment))
    limits = settings.limits
    ended = {check.name: _given_up(check, ours=check.name in broken) for check in assignment.rubric.checks}
    taken = {name: ended[name] for name in (*given_up, *broken) if name in ended} | dict(known or {})
    problem = output = ""
    notes = submission.notes
    own = cpu = 0.0
    try:
        with ExitStack() as opened:
            opening = Opening(sandbox, submission, limits)
            host = opened.enter_context(_host(opening, settings, sandbox.leeway))
            problem = _problem(opening.problems, host.load_error)
            other, remark = _opened_second(second, opening, settings, opened)
            notes = (*notes, *remark)
            depends = dict(zip(info.checks, info.depends, strict=True))
            results = engine.run(
                host, submission.digest, begin=begin, progress=progress, known=taken, second=other, depends=depends,
                earlier=Earlier(earlier, depends),
            )  # fmt: skip
            stood = sum(result.cpu_seconds for result in results if result in earlier)
        output, own, cpu = host.output, host.own_seconds, host.cpu_seconds + stood
    except ConversationEndedError as ended:
        problem = f"While your file was loaded: {ended.message}"
        results = _unreached(assignment, ended)
        own = time.perf_counter() - started
    return report_on(
        submission,
        info,
        results,
        notes=notes,
        flags=NOT_SEARCHED if "" in (*given_up, *broken) else _shortcuts(submission, assignment),
        problem=problem,
        output=output,
        boundary=_boundary(sandbox, second),
        own_seconds=own,
        cpu_seconds=cpu,
        cpu_allowed=limits.submission_seconds,
        wall_seconds=time.perf_counter() - started,
    )


def _opened_second(
    second: SlotSandbox | None, opening: Opening, settings: GradingSettings, opened: ExitStack
) -> tuple[SubmissionHost | None, tuple[str, ...]]:
    """Open the same submission on the second device, or return a note on why it is not there."""
    if second is None:
        return None, ()
    try:
        host = _host(partial(opening.once, second), settings, second.leeway)
    except ConversationEndedError as ended:
        return None, (f"{ON_THE_CPU}. On {second.device}, {ended.message}.",)
    except SandboxUnavailableError:
        return None, (f"{ON_THE_CPU}: {second.device} could not be had.",)
    opened.callback(_close, host)
    return host, ()


def _problem(left_out: list[str], error: Raised | None) -> str:
    """Say what went wrong while a file was loaded, if anything did."""
    problems = list(left_out)
    if error is not None:
        problems.append(error.sentence)
    return f"While your file was loaded: {'; '.join(problems)}" if problems else ""


def _host(opening: Callable[[], Session], settings: GradingSettings, leeway: float) -> SubmissionHost:
    return SubmissionHost(opening, settings.limits, ends=settings.ends, cpus=settings.cpus, leeway=leeway)


def _close(host: SubmissionHost) -> None:
    """Close a sandbox. A driver that does not let go of a process costs nobody the report."""
    with suppress(RuntimeError):
        host.__exit__()


def _boundary(sandbox: SlotSandbox, second: SlotSandbox | None) -> tuple[str, ...]:
    """Return the layers that held; for a second device those of its sandbox too."""
    if second is None or sandbox.boundary == NO_BOUNDARY:
        return sandbox.boundary
    return (*sandbox.boundary, f"on {second.device}: {', '.join(second.boundary)}")


def _shortcuts(submission: Submission, assignment: Assignment) -> tuple[str, ...]:
    """Return the places that a TA should look at."""
    sources = {name: text for name, text in submission.files.items() if not is_handed_in(name)}
    try:
        with cpu_limit(SEARCH_SECONDS):
            return tuple(map(str, find_shortcuts(sources, assignment.rubric)))
    except (WorkTimeoutError, RecursionError, MemoryError):
        return NOT_SEARCHED


def _given_up(check: Check, *, ours: bool) -> CheckResult:
    outcome, message = (Outcome.GRADER_ERROR, ENDED) if ours else (Outcome.FAILED, UNBEARABLE)
    return CheckResult(check.name, check.exercise, check.asked, check.points, 0.0, outcome, check.public, message)


def _unreached(assignment: Assignment, ended: ConversationEndedError) -> list[CheckResult]:
    return [
        CheckResult(c.name, c.exercise, c.asked, c.points, 0.0, ended.outcome, c.public, ended.message)
        for c in assignment.rubric.checks
    ]
