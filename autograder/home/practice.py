"""Training at home, on public data: where an exercise stands on its ladder, for no points."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import ConversationEndedError
from autograder.grading.hosts import Host
from autograder.rubric import MismatchError, Rung, Score, Student, StudentError
from autograder.rubric.rubric import Exercise, Practice
from autograder.rubric.student import Reference

SEED = 2_024
"""Everybody trains with the same one; the grader draws its own."""
SECONDS = 600.0
"""A laptop may be slow, and nobody waits but its owner."""


@dataclass(frozen=True)
class Practised:
    """A training run at home: its score on the ladder, or the problem that came first."""

    number: str
    practice: Practice
    score: Score | None
    problem: str
    seconds: float

    @property
    def value(self) -> float | None:
        """The ladder's metric."""
        return self.score.curve.metric if self.score and self.score.curve else None

    @property
    def rungs(self) -> list[tuple[Rung, bool]]:
        """Every rung, simplest first, and whether it is reached."""
        ladder, value = self.practice.ladder, self.value
        return [(rung, value is not None and ladder.reaches(value, rung)) for rung in ladder.rungs]

    @property
    def next(self) -> Rung | None:
        """The first rung that is still above."""
        return next((rung for rung, reached in self.rungs if not reached), None)


def practise(exercise: Exercise, host: Host, data: Path) -> list[Practised]:
    """Train what the exercise has to train, on the files in `data`. Never raises for what the student does."""
    return [_practised(exercise.number, practice, host, data) for practice in exercise.practices]


def _practised(number: str, practice: Practice, host: Host, data: Path) -> Practised:
    started = time.monotonic()
    score, problem = None, ""
    try:
        with host.check(SECONDS) as conversation:
            student = Student(conversation, Reference({}))
            score = practice.ladder.score(*practice.run(student, data, SEED))
    except ConversationEndedError as ended:
        problem = ended.message
    except MismatchError as mismatch:
        problem = str(mismatch)
    except StudentError as error:
        problem = error.message
    except FileNotFoundError as error:
        problem = f"{error.filename} is missing: unpack the assignment again."
    except Exception as error:  # a practice measures what it is given, in whatever form
        problem = f"What came back cannot be used ({type(error).__name__}: {error}). Is it what the docstring asks for?"
    return Practised(number, practice, score, problem, time.monotonic() - started)
