"""Recognise a known mistake: a mutant that answers the same questions as the student did."""

from __future__ import annotations

import torch

from autograder.grading.local import LocalConversation
from autograder.grading.verdict import Judge, Verdict
from autograder.rubric.assignment import Gradable
from autograder.rubric.rubric import Check
from autograder.rubric.student import same_exchanges
from autograder.rubric.variants import Mutant


def mutants_alike(
    judge: Judge,
    assignment: Gradable,
    check: Check,
    digest: str,
    dtype: torch.dtype,
    stand_ins: tuple[str, ...],
    verdict: Verdict,
) -> list[Mutant]:
    """Return the mutants of the check's exercise whose answers are the student's. With several there is no hint: one
    that may be wrong is worse than none."""
    if check.trains or not verdict.exchanges:
        return []
    owns = set(assignment.rubric.owner_of(check).owns)
    found = []
    for mutant in assignment.mutants:
        if mutant.of in owns:
            conversation = LocalConversation(assignment.solution({mutant.of: mutant.change}))
            theirs = judge.verdict(conversation, check, digest, dtype, stand_ins, repeated=verdict.exchanges)
            if theirs.outcome is verdict.outcome and same_exchanges(verdict.exchanges, theirs.exchanges):
                found.append(mutant)
    return found
