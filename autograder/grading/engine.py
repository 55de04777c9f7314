"""Run a rubric against a student: outcomes, points, stand-ins, hints."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import msgspec
import torch

from autograder.errors import ConversationEndedError
from autograder.grading.hosts import Host, LocalHost
from autograder.model import CheckResult, Outcome
from autograder.protocol.conversation import Answerer, Conversation
from autograder.rubric import MismatchError, Score, Student, StudentError
from autograder.rubric.assignment import Gradable
from autograder.rubric.draw import seed_of
from autograder.rubric.rubric import Check
from autograder.rubric.student import Exchange, same_exchanges
from autograder.rubric.variants import Mutant

PRECISIONS = (torch.float64, torch.float32)
"""Unit checks run in float64 first; what passes runs again in float32, with that dtype's tolerance."""

FORKED = "Cannot re-initialize CUDA in forked subprocess"
"""torch's words to a check, which is a fork of the loaded module, about a GPU that was in use before."""


class Verdict(msgspec.Struct, frozen=True):
    """What one run of a check gave; for a wrong answer also the exchanges it had with the student."""

    outcome: Outcome
    fraction: float = 0.0
    message: str = ""
    mismatch: MismatchError | None = None
    score: Score | None = None
    exchanges: tuple[Exchange, ...] = ()

    @property
    def answered(self) -> bool:
        """Whether the student's code came to its end, right or wrong."""
        return self.score is not None or self.mismatch is not None

    @property
    def stuck(self) -> bool:
        """Whether it did not, for something that may lie in what it calls."""
        return not self.answered and self.outcome in (Outcome.FAILED, Outcome.TIMED_OUT, Outcome.OUT_OF_MEMORY)


class Engine:
    """Grades hosts against one assignment. Seeds come from `secret` and the `digest` of what is graded.

    `answers` makes what answers the stand-ins of a check; without it, that happens here, with no limit on time.
    `precisions` are the dtypes of a unit check, in turn; training is in the first.
    """

    def __init__(
        self,
        assignment: Gradable,
        secret: bytes,
        answers: Callable[[], Answerer] | None = None,
        precisions: tuple[torch.dtype, ...] = PRECISIONS,
    ) -> None:
        self._assignment = assignment
        self._secret = secret
        self._answers = answers
        self._precisions = precisions

    def run(
        self,
        host: Host,
        digest: str,
        *,
        checks: Iterable[Check] | None = None,
        hints: bool = True,
        stand_ins: bool = True,
        progress: Callable[[CheckResult], None] | None = None,
        known: Mapping[str, CheckResult] | None = None,
        beside: Host | None = None,
    ) -> list[CheckResult]:
        """Every check's result, in rubric order. Never raises for what the student or a check does.

        `known` results, by the check's name, are taken as they are: a run that was cut short goes on. `beside` has the
        same code on a second device.
        """
        rubric = self._assignment.rubric
        results: list[CheckResult] = []
        wrong: set[str] = set()
        unfit: set[str] = set()
        endless = False
        for check in rubric.checks if checks is None else checks:
            not_theirs = unfit if check.trains else ()
            lent = tuple(
                name for name in check.uses if stand_ins and (name in not_theirs or rubric.owner(name).number in wrong)
            )
            result = (known or {}).get(check.name)
            if result is None:
                result, verdict = self._checked(host, check, digest, lent, hints=hints, beside=beside)
                again = verdict.stuck and not (endless and result.outcome is Outcome.TIMED_OUT)
                if check.trains and again and stand_ins and lent != check.uses:
                    result = self._with_ours(host, check, digest, result, verdict, hints=hints, beside=beside)
            if result.outcome is not Outcome.PASSED:
                wrong.add(check.exercise)
            if check.trains:
                unfit.update(result.stand_ins)
                endless = endless or result.outcome is Outcome.TIMED_OUT
            results.append(result)
            if progress is not None:
                progress(result)
        return results

    def _with_ours(
        self,
        host: Host,
        check: Check,
        digest: str,
        first: CheckResult,
        verdict: Verdict,
        *,
        hints: bool,
        beside: Host | None,
    ) -> CheckResult:
        """Training that took too long or raised an error, with stand-ins for all that it uses: a loop where one line
        would do is right, arrays that no gradient comes through may be, and their own exercise is where they are
        graded. What it comes to then counts; where it does not come to its end either, all stays as it was.

        After a time-out it draws other data and another seed: what was prepared in that time is of no use. After an
        error it is the same draw, for nobody is to try another by raising, in the time that is left.
        """
        for one in (host, beside):
            if one is not None:
                one.lengthen(first.seconds)
        again = check
        if first.outcome is Outcome.TIMED_OUT:
            said, digest = "What you wrote for other exercises takes too long to train with.", f"{digest} with ours"
        else:
            said = f"This does not train with what you wrote for other exercises: {verdict.message}"
            if check.seconds is not None:
                again = replace(check, seconds=max(1.0, check.seconds - first.seconds))
        second, answer = self._checked(host, again, digest, check.uses, hints=hints, beside=beside)
        seconds = round(first.seconds + second.seconds, 4)
        if not answer.answered:
            return msgspec.structs.replace(first, seconds=seconds)
        return msgspec.structs.replace(second, message=f"{said} {second.message}".strip(), seconds=seconds)

    def run_check(
        self,
        host: Host,
        check: Check,
        digest: str,
        stand_ins: tuple[str, ...] = (),
        *,
        hints: bool = True,
        beside: Host | None = None,
    ) -> CheckResult:
        """One check: in float64, then in float32; with the hint of a recognised mistake when it fails.

        Unit checks are decided on the CPU, so that a score is the same everywhere: what is right there runs once more
        `beside`, for a remark. Training counts there, or, where it comes to no end there, on the CPU.
        """
        return self._checked(host, check, digest, stand_ins, hints=hints, beside=beside)[0]

    def _checked(
        self,
        host: Host,
        check: Check,
        digest: str,
        stand_ins: tuple[str, ...],
        *,
        hints: bool,
        beside: Host | None,
    ) -> tuple[CheckResult, Verdict]:
        """The same, and the verdict behind it."""
        started = time.perf_counter()
        mutant: Mutant | None = None  # where several answer alike, a hint that may be wrong is worse than none
        dtype, verdict, remark = self._decided(host, beside, check, digest, stand_ins)
        if hints:
            found = self._alike(check, digest, dtype, stand_ins, verdict)
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
            stand_ins=stand_ins,
            seconds=round(time.perf_counter() - started, 4),
        )
        return result, verdict

    def _decided(
        self, host: Host, beside: Host | None, check: Check, digest: str, stand_ins: tuple[str, ...]
    ) -> tuple[torch.dtype, Verdict, str]:
        """The verdict that counts, the dtype it came in, and a remark on what the second device makes of the check."""
        precisions = self._precisions[:1] if check.trains else self._precisions
        if beside is None:
            return *self._in_turn(host, check, digest, stand_ins, precisions), ""

        def run(one: Host, other: Host, dtypes: tuple[torch.dtype, ...]) -> tuple[torch.dtype, Verdict]:
            began = time.monotonic()
            found = self._in_turn(one, check, digest, stand_ins, dtypes)
            other.lengthen(time.monotonic() - began)
            return found

        if check.trains:
            dtype, there = run(beside, host, precisions)
            if there.answered:
                return dtype, there, ""
            return *run(host, beside, precisions), f"Trained on the CPU. {_said(beside, there)}"
        dtype, verdict = run(host, beside, precisions)
        remark = ""
        if verdict.outcome is Outcome.PASSED:
            _, there = run(beside, host, precisions[-1:])
            if there.outcome is not Outcome.PASSED:
                remark = f"Right on the CPU, which decides. {_said(beside, there)}"
        return dtype, verdict, remark

    def verdict(self, host: Host, check: Check, digest: str) -> Verdict:
        """What a check gives, without stand-ins or hints."""
        return self._in_turn(host, check, digest, (), self._precisions)[1]

    def _in_turn(
        self,
        host: Host,
        check: Check,
        digest: str,
        stand_ins: tuple[str, ...],
        precisions: tuple[torch.dtype, ...],
        repeated: tuple[Exchange, ...] = (),
    ) -> tuple[torch.dtype, Verdict]:
        """The check in one dtype after the other, in one conversation, up to the first that does not pass."""
        dtype = precisions[0]
        try:
            with host.check(check.seconds) as conversation:
                for dtype in precisions:
                    verdict = self._verdict(conversation, check, digest, dtype, stand_ins, repeated)
                    if verdict.outcome is not Outcome.PASSED:
                        break
        except ConversationEndedError as ended:
            verdict = Verdict(ended.outcome, message=ended.message)
        return dtype, verdict

    def _verdict(
        self,
        conversation: Conversation,
        check: Check,
        digest: str,
        dtype: torch.dtype,
        stand_ins: tuple[str, ...],
        repeated: tuple[Exchange, ...],
    ) -> Verdict:
        """One run of a check in one dtype. An error that is not the student's is a grader error."""
        reference = self._assignment.reference(check, dtype)
        if self._answers is not None:
            reference.answered_by(self._answers())
        seed = seed_of(self._secret, self._assignment.name, check.name, digest, str(dtype))
        draw = self._assignment.draw(check, dtype, seed)
        student = Student(conversation, reference, repeated)
        try:
            if stand_ins:
                student.stand_in(stand_ins)
            bans = self._assignment.rubric.owner_of(check).bans
            if bans and not repeated:  # our own mutants run beside other submissions' checks, in this very process
                student.ban(bans)
            score = _as_score(check.run(student, reference, draw))
        except MismatchError as mismatch:
            return Verdict(Outcome.FAILED, 0.0, str(mismatch), mismatch, None, tuple(student.exchanges))
        except StudentError as error:
            return Verdict(error.outcome, message=error.message)
        except ConversationEndedError as ended:
            return Verdict(ended.outcome, message=ended.message)
        except (Exception, SystemExit):
            return Verdict(Outcome.GRADER_ERROR, message=traceback.format_exc(limit=-6))
        if score.fraction >= 1 - 1e-9:
            return Verdict(Outcome.PASSED, 1.0, score.message, None, score)
        outcome = Outcome.PARTLY if score.fraction > 0 else Outcome.FAILED
        return Verdict(outcome, max(0.0, score.fraction), score.message, None, score, tuple(student.exchanges))

    def alike(self, host: Host, check: Check, digest: str) -> list[str]:
        """The known mistakes that answer a check's questions as the host does: with more than one there is no hint."""
        precisions = self._precisions[:1] if check.trains else self._precisions
        dtype, verdict = self._in_turn(host, check, digest, (), precisions)
        return [mutant.name for mutant in self._alike(check, digest, dtype, (), verdict)]

    def _alike(
        self, check: Check, digest: str, dtype: torch.dtype, stand_ins: tuple[str, ...], verdict: Verdict
    ) -> list[Mutant]:
        if check.trains or not verdict.exchanges:
            return []
        owns = set(self._assignment.rubric.owner_of(check).owns)
        return [
            mutant
            for mutant in self._assignment.mutants
            if mutant.of in owns and self._answers_alike(mutant, check, digest, dtype, stand_ins, verdict)
        ]

    def _answers_alike(
        self,
        mutant: Mutant,
        check: Check,
        digest: str,
        dtype: torch.dtype,
        stand_ins: tuple[str, ...],
        verdict: Verdict,
    ) -> bool:
        host = LocalHost(lambda: self._assignment.solution({mutant.of: mutant.change}))
        _, theirs = self._in_turn(host, check, digest, stand_ins, (dtype,), repeated=verdict.exchanges)
        return theirs.outcome is verdict.outcome and same_exchanges(verdict.exchanges, theirs.exchanges)


def _said(host: Host, verdict: Verdict) -> str:
    """What came of a check elsewhere. What is our own error is nothing to read for a student."""
    said = verdict.message or str(verdict.outcome)
    if verdict.outcome is Outcome.GRADER_ERROR:
        said = "an error of ours."
    elif FORKED in said:
        said = "your module uses the GPU while it is loaded, and then no function can. Move that code into a function."
    return f"On {host.device}: {said}"


def _as_score(returned: Score | float | None) -> Score:
    if returned is None:
        return Score(1.0)
    return returned if isinstance(returned, Score) else Score(float(returned))
