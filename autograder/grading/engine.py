"""Run a rubric against a student: outcomes, points, stand-ins, hints."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import msgspec
import torch

from autograder.errors import ConversationEndedError
from autograder.grading.hints import mutants_alike
from autograder.grading.hosts import Host
from autograder.grading.verdict import Judge, Verdict
from autograder.model import CheckResult, Outcome
from autograder.protocol.conversation import Answerer
from autograder.rubric.assignment import Gradable
from autograder.rubric.rubric import Check
from autograder.rubric.variants import Mutant

PRECISIONS = (torch.float64, torch.float32)
"""Unit checks run in float64 first; what passes runs again in float32, with that dtype's tolerance."""

FORKED = "Cannot re-initialize CUDA in forked subprocess"
"""torch's words to a check, which is a fork of the loaded module, about a GPU that was in use before."""


@dataclass(frozen=True)
class _Question:
    """A check to be put to a submission: with which draws, and with which functions answered by the reference."""

    check: Check
    digest: str
    stand_ins: tuple[str, ...]


@dataclass
class _RunState:
    """What earlier checks of a run mean for later ones.

    `wrong`: exercises that have lost points. `unfit`: functions that training does not work with. `slow`: functions
    that did not come to an end, with the stand-ins that they had then.
    """

    wrong: set[str] = field(default_factory=set)
    unfit: set[str] = field(default_factory=set)
    endless_training: bool = False
    slow: dict[str, frozenset[str]] = field(default_factory=dict)

    def slow_with(self, stand_ins: tuple[str, ...]) -> frozenset[str]:
        """Return the functions that would not come to an end again, with these stand-ins."""
        return frozenset(name for name, had in self.slow.items() if had >= frozenset(stand_ins))

    def note(self, check: Check, result: CheckResult) -> None:
        """Take a result into account."""
        if result.outcome is not Outcome.PASSED:
            self.wrong.add(check.exercise)
        if check.trains:
            self.unfit.update(result.stand_ins)
            self.endless_training = self.endless_training or result.outcome is Outcome.TIMED_OUT


class Engine:
    """Grades hosts against one assignment. Seeds come from `secret` and the `digest` of what is graded.

    `answers` makes what answers the stand-ins of a check; without it, that happens here, with no limit on time.
    `precisions` are the dtypes of a unit check, in turn; training is in the first. `limited`: what a rubric computes
    because of an answer has a limit, too.
    """

    def __init__(
        self,
        assignment: Gradable,
        secret: bytes,
        answers: Callable[[], Answerer] | None = None,
        precisions: tuple[torch.dtype, ...] = PRECISIONS,
        *,
        limited: bool = False,
    ) -> None:
        self._assignment = assignment
        self._judge = Judge(assignment, secret, answers, limited=limited)
        self._precisions = precisions

    def run(
        self,
        host: Host,
        digest: str,
        *,
        checks: Iterable[Check] | None = None,
        hints: bool = True,
        stand_ins: bool = True,
        begin: Callable[[Check], None] | None = None,
        progress: Callable[[CheckResult], None] | None = None,
        known: Mapping[str, CheckResult] | None = None,
        second: Host | None = None,
    ) -> list[CheckResult]:
        """Run every check. Never raises for what the student or a check does.

        Args:
            host: where the student's code is.
            digest: of the submission; it decides the draws.
            checks: those to run; all of the rubric's if not given.
            hints: whether to look for known mistakes.
            stand_ins: whether the reference answers for functions of exercises that lost points.
            begin: called before each check that is run.
            progress: called with each result.
            known: results by the check's name that are taken as they are: a run that was cut short goes on.
            second: the same code on a second device.

        Returns:
            The results, in rubric order.
        """
        rubric = self._assignment.rubric
        results: list[CheckResult] = []
        state = _RunState()
        for check in rubric.checks if checks is None else checks:
            result = (known or {}).get(check.name)
            if result is None:
                if begin is not None:
                    begin(check)
                unfit = state.unfit if check.trains else set()
                replaced = tuple(
                    name
                    for name in check.uses
                    if stand_ins and (name in unfit or rubric.owner(name).number in state.wrong)
                )
                question = _Question(check, digest, replaced)
                result, verdict = self._checked(host, question, state, hints=hints, second=second)
                again = verdict.stuck and not (state.endless_training and result.outcome is Outcome.TIMED_OUT)
                if check.trains and again and stand_ins and replaced != check.uses:
                    result = self._with_ours(host, question, result, verdict, state, hints=hints, second=second)
            state.note(check, result)
            results.append(result)
            if progress is not None:
                progress(result)
        return results

    def _with_ours(
        self,
        host: Host,
        question: _Question,
        first: CheckResult,
        verdict: Verdict,
        state: _RunState,
        *,
        hints: bool,
        second: Host | None,
    ) -> CheckResult:
        """Repeat training that took too long or raised an error, with stand-ins for all that it uses.

        A loop where one line would do is right, arrays that no gradient comes through may be, and their own exercise
        is where they are graded. The second result replaces the first, unless it does not come to its end either.

        After a time-out other data and another seed are drawn: what was prepared in that time is of no use. After an
        error the draw is the same, for nobody is to try another by raising, and only the time that was left remains.
        """
        check, digest = question.check, question.digest
        if first.outcome is Outcome.TIMED_OUT:
            said, digest = "What you wrote for other exercises takes too long to train with.", f"{digest} with ours"
        else:
            said = f"This does not train with what you wrote for other exercises: {verdict.message}"
            if check.seconds is not None:
                check = replace(check, seconds=max(1.0, check.seconds - first.cpu_seconds))
        again = _Question(check, digest, question.check.uses)
        other, answer = self._checked(host, again, state, hints=hints, second=second)
        seconds, cpu = round(first.seconds + other.seconds, 4), round(first.cpu_seconds + other.cpu_seconds, 4)
        if not answer.answered:
            return msgspec.structs.replace(first, seconds=seconds, cpu_seconds=cpu)
        message = f"{said} {other.message}".strip()
        return msgspec.structs.replace(other, message=message, seconds=seconds, cpu_seconds=cpu)

    def run_check(
        self,
        host: Host,
        check: Check,
        digest: str,
        stand_ins: tuple[str, ...] = (),
        *,
        hints: bool = True,
        second: Host | None = None,
    ) -> CheckResult:
        """Run one check: in float64, then in float32; with the hint of a recognised mistake when it fails.

        Unit checks are decided on the CPU, so that a score is the same everywhere: what is right there runs once more
        on the second device, for a remark. Training counts there, or, where it comes to no end there, on the CPU.
        """
        question = _Question(check, digest, stand_ins)
        return self._checked(host, question, _RunState(), hints=hints, second=second)[0]

    def _checked(
        self, host: Host, question: _Question, state: _RunState, *, hints: bool, second: Host | None
    ) -> tuple[CheckResult, Verdict]:
        """Return the result of a check, and the verdict behind it."""
        check = question.check
        started, cpu = time.perf_counter(), host.cpu_seconds
        mutant: Mutant | None = None
        dtype, verdict, remark = self._decided(host, second, question, state)
        if hints:
            found = mutants_alike(
                self._judge, self._assignment, check, question.digest, dtype, question.stand_ins, verdict
            )
            mutant = found[0] if len(found) == 1 else None
        message = verdict.message
        if dtype is not self._precisions[0] and verdict.outcome is Outcome.FAILED:
            message = f"Right in float64, but with float32 inputs: {message}"
        message = " ".join(filter(None, (message, remark)))
        result = CheckResult(
            name=check.name,
            exercise=check.exercise,
            asked=check.asked,
            points=check.points,
            earned=round(check.points * verdict.fraction, 4),
            outcome=verdict.outcome,
            public=check.public,
            message=message,
            hint=mutant.hint if mutant else "",
            mutant=mutant.name if mutant else "",
            difference=verdict.mismatch.difference if verdict.mismatch else None,
            curve=verdict.score.curve if verdict.score else None,
            stand_ins=question.stand_ins,
            seconds=round(time.perf_counter() - started, 4),
            cpu_seconds=round(host.cpu_seconds - cpu, 4),
            cpu_allowed=host.allowed(check.seconds),
            doubtful=verdict.doubtful,
        )
        return result, verdict

    def _decided(
        self, host: Host, second: Host | None, question: _Question, state: _RunState
    ) -> tuple[torch.dtype, Verdict, str]:
        """Return the verdict that counts, the dtype it came in, and a remark on what the second device makes of it."""
        precisions = self._precisions[:1] if question.check.trains else self._precisions
        if second is None:
            return *self._in_turn(host, question, precisions, state), ""
        if question.check.trains:
            dtype, there = self._in_turn(second, question, precisions, state)
            if there.answered:
                return dtype, there, ""
            return *self._in_turn(host, question, precisions, state), f"Trained on the CPU. {_said(second, there)}"
        dtype, verdict = self._in_turn(host, question, precisions, state)
        remark = ""
        if verdict.outcome is Outcome.PASSED:
            _, there = self._in_turn(second, question, precisions[-1:], state)
            if there.outcome is not Outcome.PASSED:
                remark = f"Right on the CPU, which decides. {_said(second, there)}"
        return dtype, verdict, remark

    def verdict(self, host: Host, check: Check, digest: str) -> Verdict:
        """Return what a check gives, without stand-ins or hints."""
        return self._in_turn(host, _Question(check, digest, ()), self._precisions, _RunState())[1]

    def alike(self, host: Host, check: Check, digest: str) -> list[str]:
        """Return the known mistakes that answer a check's questions as the host does."""
        precisions = self._precisions[:1] if check.trains else self._precisions
        dtype, verdict = self._in_turn(host, _Question(check, digest, ()), precisions, _RunState())
        found = mutants_alike(self._judge, self._assignment, check, digest, dtype, (), verdict)
        return [mutant.name for mutant in found]

    def _in_turn(
        self, host: Host, question: _Question, precisions: tuple[torch.dtype, ...], state: _RunState
    ) -> tuple[torch.dtype, Verdict]:
        """Run a check in one dtype after the other, in one conversation, up to the first that does not pass."""
        dtype = precisions[0]
        slow = state.slow_with(question.stand_ins)
        try:
            with host.check(question.check.seconds) as conversation:
                for dtype in precisions:
                    verdict = self._judge.verdict(
                        conversation, question.check, question.digest, dtype, question.stand_ins, slow=slow
                    )
                    if verdict.outcome is not Outcome.PASSED:
                        break
        except ConversationEndedError as ended:
            verdict = Verdict(ended.outcome, message=ended.message)
        if verdict.outcome is Outcome.TIMED_OUT and verdict.calling:
            state.slow[verdict.calling] = frozenset(question.stand_ins)
        return dtype, verdict


def _said(host: Host, verdict: Verdict) -> str:
    """Say what came of a check elsewhere. What is our own error is nothing to read for a student."""
    said = verdict.message or str(verdict.outcome)
    if verdict.outcome is Outcome.GRADER_ERROR:
        said = "an error of ours."
    elif FORKED in said:
        said = "your module uses the GPU while it is loaded, and then no function can. Move that code into a function."
    return f"On {host.device}: {said}"
