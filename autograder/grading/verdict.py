"""One run of a check in one dtype: what the student's code made of it."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import msgspec
import torch

from autograder.errors import (
    ConversationEndedError,
    MismatchError,
    NotRecordedError,
    RubricError,
    StudentError,
    WorkTimeoutError,
)
from autograder.grading.alarm import cpu_limit
from autograder.grading.local import LocalConversation
from autograder.model import Outcome
from autograder.protocol.codec import decode
from autograder.protocol.conversation import Answerer, Conversation
from autograder.protocol.messages import Raised
from autograder.rubric import Draw, Reference, Score, Student
from autograder.rubric.assignment import Gradable
from autograder.rubric.authored import described, said
from autograder.rubric.compare import shown
from autograder.rubric.contracts import GRADIENTS
from autograder.rubric.draw import seed_of
from autograder.rubric.exchanges import Exchange
from autograder.rubric.exercise import Check

RUBRIC_SECONDS = 60.0
"""CPU seconds for a check's own code, its reference included; a check that trains has twice its limit more."""
RETURNS = "and it may return nothing, or a part of its points: a number from 0 to 1, or a `Score`"
TOLERANCE = 1e-9
"""How far a sum of parts may be off."""
UNBEARABLE = "What your code answered takes too long, or too much memory, to be checked. Return what is asked for."


class Verdict(msgspec.Struct, frozen=True):
    """What one run of a check gave; for a wrong answer also the exchanges it had with the student.

    `calling` names the student's function that had the word when the conversation ended early, `breach` the kind of
    breach of the function's contract, `asked` the stand-ins that were called. `doubtful`: another submission may have
    had a part in it.
    """

    outcome: Outcome
    fraction: float = 0.0
    message: str = ""
    mismatch: MismatchError | None = None
    score: Score | None = None
    exchanges: tuple[Exchange, ...] = ()
    calling: str = ""
    breach: str = ""
    asked: tuple[str, ...] = ()
    doubtful: bool = False

    @property
    def answered(self) -> bool:
        """Whether the student's code came to its end, right or wrong."""
        return self.score is not None or self.mismatch is not None

    @property
    def stuck(self) -> bool:
        """Whether it did not, for something that may lie in what it calls."""
        return not self.answered and self.outcome in (Outcome.FAILED, Outcome.TIMED_OUT, Outcome.OUT_OF_MEMORY)


class Judge:
    """Runs checks against one assignment. Seeds come from `secret` and the digest of what is graded.

    `answers` makes what answers the stand-ins of a check; without it, that happens here, with no limit on time.
    `limited`: the rubric's code may compute only for so long as an honest answer needs.
    """

    def __init__(
        self,
        assignment: Gradable,
        secret: bytes,
        answers: Callable[[], Answerer] | None = None,
        *,
        limited: bool = False,
    ) -> None:
        self._assignment = assignment
        self._secret = secret
        self._answers = answers
        self._limited = limited

    def verdict(
        self,
        conversation: Conversation,
        check: Check,
        digest: str,
        dtype: torch.dtype,
        stand_ins: tuple[str, ...] = (),
        repeated: tuple[Exchange, ...] = (),
        slow: frozenset[str] = frozenset(),
        forgiven: frozenset[str] = frozenset(),
    ) -> Verdict:
        """Run a check once.

        Args:
            conversation: with the student's code, or with a variant of ours.
            check: the check.
            digest: of the submission; it decides the draws.
            dtype: of the floating-point inputs.
            stand_ins: functions that are answered by the reference.
            repeated: exchanges to be repeated: the run ends with the first answer that differs.
            slow: functions that did not come to an end before: they get little time.
            forgiven: breaches of the function's contract that were charged before.
        """
        reference = self._assignment.reference(check, dtype)
        if self._answers is not None:
            reference.answered_by(self._answers())
        watched = "" if check.trains else check.function
        if self._assignment.rubric.owner_of(check).by_hand:
            forgiven |= {GRADIENTS}  # there is no autograd that they could come through
        numpy = self._assignment.rubric.numpy
        student = Student(conversation, reference, repeated, slow, watched, forgiven, about=check.function, numpy=numpy)
        found = self._found(student, reference, check, digest, dtype, stand_ins, ban=not repeated)
        if found.outcome is Outcome.FAILED and student.untouched(check.function):
            message = f"`{check.function}` is still to be written."
            found = Verdict(Outcome.NOT_ATTEMPTED, message=message)
        return msgspec.structs.replace(
            found, exchanges=tuple(student.exchanges), asked=tuple(sorted(reference.asked.intersection(stand_ins)))
        )

    def _found(
        self,
        student: Student,
        reference: Reference,
        check: Check,
        digest: str,
        dtype: torch.dtype,
        stand_ins: tuple[str, ...],
        *,
        ban: bool,
    ) -> Verdict:
        exercise = self._assignment.rubric.owner_of(check)
        draw = self._draw(check, digest, dtype)
        try:
            if stand_ins:
                student.stand_in(stand_ins, gradients=not exercise.by_hand)
            bans = exercise.bans
            if bans and ban:  # our own mutants run in this very process, which has no ban to obey
                student.ban(bans)
            with cpu_limit(RUBRIC_SECONDS + 2 * (check.seconds or 0)) if self._limited else nullcontext():
                score = _as_score(check.run(student, reference, draw))
        except MismatchError as mismatch:
            return Verdict(Outcome.FAILED, 0.0, str(mismatch), mismatch)
        except StudentError as error:
            return Verdict(error.outcome, message=error.message, doubtful=error.doubtful)
        except ConversationEndedError as ended:
            return Verdict(ended.outcome, message=ended.message, calling=student.calling)
        except NotRecordedError as error:
            return _ours(error, check)
        except (Exception, SystemExit) as error:
            if student.exchanges and not self._stumbles_by_itself(check, digest, dtype):
                return _wrong_answer(student.exchanges[-1], error)
            return _ours(error, check)
        if student.breach is not None:
            message = student.breach.message
            return Verdict(Outcome.FAILED, message=message, mismatch=MismatchError(message), breach=student.breach.kind)
        if score.fraction >= 1 - TOLERANCE:
            return Verdict(Outcome.PASSED, 1.0, score.message, None, score)
        outcome = Outcome.PARTLY if score.fraction > 0 else Outcome.FAILED
        return Verdict(outcome, max(0.0, score.fraction), score.message, None, score)

    def _draw(self, check: Check, digest: str, dtype: torch.dtype) -> Draw:
        """Return the inputs of one run of a check: the same at every regrade."""
        seed = seed_of(self._secret, self._assignment.name, check.name, digest, str(dtype))
        return self._assignment.draw(check, dtype, seed)

    def _stumbles_by_itself(self, check: Check, digest: str, dtype: torch.dtype) -> bool:
        """Return whether the check raises an error with the right solution too: then it is the check that is wrong,
        and not the answer. The same draws make it a fair trial."""
        try:
            reference = self._assignment.reference(check, dtype)
            right = LocalConversation(self._assignment.solution())
            student = Student(right, reference, numpy=self._assignment.rubric.numpy)
            _as_score(check.run(student, reference, self._draw(check, digest, dtype)))
        except NotRecordedError:
            return False  # at home there is no solution; the release was made with checks that pass on it
        except (Exception, SystemExit):
            return True
        return False


def _wrong_answer(last: Exchange, error: BaseException) -> Verdict:
    """Return the verdict on an answer of a kind that the check did not reckon with: text in the place of a number, or
    more than it can go through."""
    if isinstance(error, WorkTimeoutError | MemoryError | RecursionError):
        return Verdict(Outcome.FAILED, message=UNBEARABLE, mismatch=MismatchError(UNBEARABLE))
    got = "an error" if isinstance(last.answer, Raised) else shown(decode(last.answer.value))
    text = f"`{last.name}` returned {got}: that is not the kind of result that is asked for."
    return Verdict(Outcome.FAILED, message=text, mismatch=MismatchError(text))


def _ours(error: BaseException, check: Check) -> Verdict:
    """Return the verdict on an error of the check's own: a sentence for its author, and below it where it came from."""
    trace = "".join(traceback.format_exception(error, limit=-6))
    return Verdict(Outcome.GRADER_ERROR, message=f"{said(error, Path(check.line[0]))}\n{trace}")


def _as_score(returned: Any) -> Score:
    """Return what a check returned as a score. Raises `RubricError` for what can be none."""
    if returned is None:
        return Score(1.0)
    if isinstance(returned, Score):
        return returned
    try:
        return Score(float(returned))
    except (TypeError, ValueError, RuntimeError) as error:
        raise RubricError(f"the check returned {described(returned)}, {RETURNS}") from error
