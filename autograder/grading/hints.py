"""Recognise a known mistake: a mutant that answers every question as the student did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from autograder.grading.local import TimedConversation
from autograder.grading.verdict import Judge, Verdict
from autograder.model import Outcome
from autograder.protocol.messages import Returned
from autograder.rubric.assignment import Gradable
from autograder.rubric.exchanges import same_exchanges
from autograder.rubric.exercise import Check
from autograder.rubric.variants import Mutant

TRY_SECONDS = 20.0
"""CPU seconds for one try of a known mistake: some of them never end, and the student's own run did."""
JUDGED = (Outcome.PASSED, Outcome.FAILED, Outcome.PARTLY)


@dataclass(frozen=True)
class Evidence:
    """One run of a check on the student's function, and what came of it."""

    check: Check
    digest: str
    dtype: torch.dtype
    stand_ins: tuple[str, ...]
    forgiven: frozenset[str]
    verdict: Verdict


@dataclass
class Suspects:
    """The known mistakes that explain all that one function has done so far.

    Nothing is tried before the function fails: most do not. With several mistakes left there is no hint, and none
    where only errors were seen: one that may be wrong is worse than none.
    """

    judge: Judge
    assignment: Gradable
    function: str
    _waiting: list[Evidence] = field(default_factory=list)
    _left: list[Mutant] | None = None
    _answered: bool = False

    def add(self, evidence: Evidence) -> None:
        """Take a run into account."""
        verdict = evidence.verdict
        if evidence.check.trains or not verdict.exchanges or verdict.outcome not in JUDGED:
            return
        self._waiting.append(evidence)
        if verdict.outcome is not Outcome.PASSED:
            said = any(isinstance(exchange.answer, Returned) for exchange in verdict.exchanges[-1:])
            self._answered = self._answered or said
            self._look()

    def _look(self) -> None:
        if self._left is None:
            self._left = [mutant for mutant in self.assignment.mutants if mutant.owned == self.function]
        waiting, self._waiting = self._waiting, []
        for evidence in waiting:
            self._left = [mutant for mutant in self._left if self._explains(mutant, evidence)]

    @property
    def found(self) -> Sequence[Mutant]:
        """The mistakes that explain everything; none before a failure."""
        if self._left is None or not self._answered:
            return ()
        if self._left and self._waiting:
            self._look()
        return tuple(self._left)

    @property
    def only(self) -> Mutant | None:
        """The one mistake that explains everything; None where there are several, or none."""
        return self.found[0] if len(self.found) == 1 else None

    def _explains(self, mutant: Mutant, evidence: Evidence) -> bool:
        conversation = TimedConversation(
            self.assignment.solution({mutant.of: mutant.change}), TRY_SECONDS, computing=True
        )
        theirs, mine = (
            self.judge.verdict(
                conversation,
                evidence.check,
                evidence.digest,
                evidence.dtype,
                evidence.stand_ins,
                repeated=evidence.verdict.exchanges,
                forgiven=evidence.forgiven,
            ),
            evidence.verdict,
        )
        return (theirs.outcome, theirs.breach) == (mine.outcome, mine.breach) and same_exchanges(
            mine.exchanges, theirs.exchanges
        )
