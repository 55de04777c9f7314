"""Run a rubric against a student: outcomes, points, stand-ins, hints."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import msgspec
import torch

from autograder.errors import ConversationEndedError
from autograder.grading.earlier import Earlier
from autograder.grading.hints import Evidence, Suspects
from autograder.grading.hosts import Host
from autograder.grading.verdict import Judge, Verdict
from autograder.model import CheckResult, Outcome
from autograder.protocol.conversation import Answerer
from autograder.rubric.assignment import Gradable
from autograder.rubric.contracts import GRADIENTS, REPEATS
from autograder.rubric.exercise import Check
from autograder.rubric.student import MISSING
from autograder.rubric.variants import Mutant

PRECISIONS = (torch.float64, torch.float32)
"""Unit checks run in float64 first; what passes runs again in float32, with that dtype's tolerance."""

UNDEFINED = re.compile(rf"`(\w+)` is {re.escape(MISSING)}|name '(\w+)' is not defined")
"""Matches what is said of a name that is not there: by us, and by Python."""
FORKED = "Cannot re-initialize CUDA in forked subprocess"
"""torch's words to a check, which is a fork of the loaded module, about a GPU that was in use before."""


@dataclass(frozen=True)
class _Question:
    """A check to be put to a submission: with which draws, and with which functions answered by the reference."""

    check: Check
    digest: str
    stand_ins: tuple[str, ...] = ()


@dataclass
class _RunState:
    """What earlier checks of a run mean for later ones.

    `wrong`: functions that have lost points. `unfit`: functions that training does not work with. `slow`: functions
    that did not come to an end, with the stand-ins that they had then. `charged`: the breaches of a function's contract
    that were charged. `repeated`: functions that were asked the same twice. `suspects`: the mistakes that a function
    may have made.
    """

    wrong: set[str] = field(default_factory=set)
    unfit: set[str] = field(default_factory=set)
    endless_training: bool = False
    slow: dict[str, frozenset[str]] = field(default_factory=dict)
    charged: dict[str, set[str]] = field(default_factory=dict)
    repeated: set[str] = field(default_factory=set)
    suspects: dict[str, Suspects] = field(default_factory=dict)

    def slow_with(self, stand_ins: tuple[str, ...]) -> frozenset[str]:
        """Return the functions that would not come to an end again, with these stand-ins."""
        return frozenset(name for name, had in self.slow.items() if had >= frozenset(stand_ins))

    def forgiven(self, function: str) -> frozenset[str]:
        """Return the breaches that are not looked for (any more). Only a function's first run repeats a question."""
        found = frozenset(self.charged.get(function, ()))
        if function in self.repeated:
            found |= {REPEATS}
        self.repeated.add(function)
        return found

    def note(self, check: Check, result: CheckResult) -> None:
        """Take a result into account."""
        if result.outcome is not Outcome.PASSED:
            self.wrong.add(check.function)
        if check.trains:
            self.unfit.update(result.stand_ins)
            self.endless_training = self.endless_training or result.outcome is Outcome.TIMED_OUT


class Engine:
    """Grades hosts against one assignment. Seeds come from `secret` and the `digest` of what is graded.

    `answers` makes what answers the stand-ins of a check; without it, that happens here, with no limit on time.
    `precisions` are the dtypes of a unit check, in turn; training is in the first. `limited`: what a rubric computes
    because of an answer has a limit, too. `seen` says of names that are not defined where they stand all the same.
    """

    def __init__(
        self,
        assignment: Gradable,
        secret: bytes,
        answers: Callable[[], Answerer] | None = None,
        precisions: tuple[torch.dtype, ...] = PRECISIONS,
        *,
        limited: bool = False,
        seen: Mapping[str, str] | None = None,
    ) -> None:
        self._assignment = assignment
        self._seen = seen or {}
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
        depends: Mapping[str, str] | None = None,
        earlier: Earlier | None = None,
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
            depends: what a check's result depends on, by its name: each result says so.
            earlier: results of an earlier run of the same work, of which some may stand.

        Returns:
            The results, in rubric order.
        """
        earlier = earlier or Earlier()
        rubric = self._assignment.rubric
        results: list[CheckResult] = []
        state = _RunState()
        for check in rubric.checks if checks is None else checks:
            result = (known or {}).get(check.name) or earlier.standing(check.name)
            if result is None:
                if begin is not None:
                    begin(check)
                result = self._result(host, _Question(check, digest), state, hints, second, lend=stand_ins)
                result = msgspec.structs.replace(result, depends=(depends or {}).get(check.name, ""))
            earlier.note(result)
            state.note(check, result)
            results.append(result)
            if progress is not None:
                progress(result)
        return [self._hinted(result, state) for result in results] if hints else results

    def _result(
        self, host: Host, question: _Question, state: _RunState, hints: bool, second: Host | None, *, lend: bool
    ) -> CheckResult:
        """Run a check, with stand-ins for earlier functions that are wrong; also without, or with more of them, where
        that may help: it passes if it does so in either way."""
        check = question.check
        before = self._lendable(check) if lend else ()
        unfit = state.unfit if check.trains else set()
        lent = tuple(name for name in before if name in state.wrong or name in unfit)
        first = replace(question, stand_ins=lent)
        result, verdict = self._checked(host, first, state, hints=hints, second=second)
        if check.trains:
            again = verdict.stuck and not (state.endless_training and result.outcome is Outcome.TIMED_OUT)
            if again and lent != before:
                return self._with_ours(host, first, before, result, verdict, state, hints=hints, second=second)
        elif result.outcome in (Outcome.FAILED, Outcome.PARTLY):
            others: list[tuple[str, ...]] = [()] if result.stand_ins else []
            if verdict.stuck or verdict.breach == GRADIENTS:
                others.append(before)  # arrays, and what is by hand, may be right and have no gradients to give
            charged = state.charged.setdefault(check.function, set())
            for stand_ins in (one for one in others if one != lent):
                charged.discard(verdict.breach)  # it may not be this function's
                other, _ = self._checked(
                    host, replace(question, stand_ins=stand_ins), state, hints=False, second=second
                )
                if other.outcome is Outcome.PASSED:
                    return other
            charged |= {verdict.breach} - {""}
        return result

    def _lendable(self, check: Check) -> tuple[str, ...]:
        """Return the earlier functions that can be lent to a check; a short answer or a class cannot."""
        return tuple(
            name
            for name in self._assignment.rubric.before(check.function)
            if _can_be_lent(self._solution.get(name)) and (check.lends is None or name in check.lends)
        )

    @cached_property
    def _solution(self) -> dict[str, Any]:
        return self._assignment.solution()

    def _hinted(self, result: CheckResult, state: _RunState) -> CheckResult:
        """Give a failure the hint of the one mistake that explains all that its function did, or no hint."""
        function = next(one.function for one in self._assignment.rubric.checks if one.name == result.name)
        suspects = state.suspects.get(function)
        if suspects is None or result.outcome not in (Outcome.FAILED, Outcome.PARTLY):
            return result
        mutant = suspects.only
        if result.mutant == (mutant.name if mutant else ""):
            return result
        return msgspec.structs.replace(result, hint=mutant.hint if mutant else "", mutant=mutant.name if mutant else "")

    def _with_ours(
        self,
        host: Host,
        question: _Question,
        before: tuple[str, ...],
        first: CheckResult,
        verdict: Verdict,
        state: _RunState,
        *,
        hints: bool,
        second: Host | None,
    ) -> CheckResult:
        """Repeat training that took too long or raised an error, with stand-ins for all that comes before it.

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
        again = _Question(check, digest, before)
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
        runs, remark = self._decided(host, second, question, state)
        dtype, verdict = runs[-1].dtype, runs[-1].verdict
        if verdict.breach:
            state.charged.setdefault(check.function, set()).add(verdict.breach)
        if hints:
            suspects = state.suspects.setdefault(
                check.function, Suspects(self._judge, self._assignment, check.function)
            )
            for run in runs:
                suspects.add(run)
            failed = verdict.outcome in (Outcome.FAILED, Outcome.PARTLY)
            mutant = suspects.only if failed else None
        message = verdict.message
        if dtype is not self._precisions[0] and verdict.outcome is Outcome.FAILED:
            message = f"Right in float64, but with float32 inputs: {message}"
        message = " ".join(filter(None, (self._where(message), message, remark)))
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
            stand_ins=verdict.asked,
            seconds=round(time.perf_counter() - started, 4),
            cpu_seconds=round(host.cpu_seconds - cpu, 4),
            cpu_allowed=host.allowed(check.seconds),
            doubtful=verdict.doubtful,
        )
        return result, verdict

    def _where(self, message: str) -> str:
        """Say of a name that a message calls undefined where it stands all the same."""
        found = UNDEFINED.search(message)
        return self._seen.get(found[1] or found[2], "") if found else ""

    def _decided(
        self, host: Host, second: Host | None, question: _Question, state: _RunState
    ) -> tuple[list[Evidence], str]:
        """Return the runs in one dtype after the other, the last of which counts, and what the second device says."""
        precisions = self._precisions[:1] if question.check.trains else self._precisions
        if second is None:
            return self._in_turn(host, question, precisions, state), ""
        if question.check.trains:
            runs = self._in_turn(second, question, precisions, state)
            there = runs[-1].verdict
            if there.answered:
                return runs, ""
            return self._in_turn(host, question, precisions, state), f"Trained on the CPU. {_said(second, there)}"
        runs = self._in_turn(host, question, precisions, state)
        remark = ""
        if runs[-1].verdict.outcome is Outcome.PASSED:
            there = self._in_turn(second, question, precisions[-1:], state)[-1].verdict
            if there.outcome is not Outcome.PASSED:
                remark = f"Right on the CPU, which decides. {_said(second, there)}"
        return runs, remark

    def verdict(self, host: Host, check: Check, digest: str) -> Verdict:
        """Return what a check gives, without stand-ins or hints."""
        return self._in_turn(host, _Question(check, digest), self._precisions, _RunState())[-1].verdict

    def alike(self, host: Host, function: str, digest: str) -> list[str]:
        """Return the known mistakes that explain all that a function does."""
        suspects = Suspects(self._judge, self._assignment, function)
        for check in self._assignment.rubric.checks:
            if check.function == function and not check.trains:
                for run in self._in_turn(host, _Question(check, digest), self._precisions, _RunState()):
                    suspects.add(run)
        return [mutant.name for mutant in suspects.found]

    def _in_turn(
        self, host: Host, question: _Question, precisions: tuple[torch.dtype, ...], state: _RunState
    ) -> list[Evidence]:
        """Run a check in one dtype after the other, in one conversation, up to the first that does not pass."""
        check, digest, stand_ins = question.check, question.digest, question.stand_ins
        slow = state.slow_with(stand_ins)
        runs: list[Evidence] = []
        forgiven: frozenset[str] = frozenset()
        try:
            with host.check(check.seconds) as conversation:
                for dtype in precisions:
                    forgiven = state.forgiven(check.function)
                    verdict = self._judge.verdict(
                        conversation, check, digest, dtype, stand_ins, slow=slow, forgiven=forgiven
                    )
                    runs.append(Evidence(check, digest, dtype, stand_ins, forgiven, verdict))
                    if verdict.outcome is not Outcome.PASSED:
                        break
        except ConversationEndedError as ended:
            verdict = Verdict(ended.outcome, message=ended.message)
            runs.append(Evidence(check, digest, precisions[0], stand_ins, forgiven, verdict))
        if verdict.outcome is Outcome.TIMED_OUT and verdict.calling:
            state.slow[verdict.calling] = frozenset(stand_ins)
        return runs


def _can_be_lent(value: Any) -> bool:
    """Return whether another process can answer for this: for a function, by its answers; not for a class."""
    return callable(value) and not isinstance(value, type)


def _said(host: Host, verdict: Verdict) -> str:
    """Say what came of a check elsewhere. What is our own error is nothing to read for a student."""
    said = verdict.message or str(verdict.outcome)
    if verdict.outcome is Outcome.GRADER_ERROR:
        said = "an error of ours."
    elif FORKED in said:
        said = "your module uses the GPU while it is loaded, and then no function can. Move that code into a function."
    return f"On {host.device}: {said}"
