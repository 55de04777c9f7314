"""Train at home on public data: show where an exercise stands on its ladder, for no points."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import ConversationEndedError
from autograder.grading.hosts import Host
from autograder.rubric import MismatchError, Rung, Score, Student, StudentError
from autograder.rubric.exercise import Exercise, Practice
from autograder.rubric.reference import Reference

SEED = 2_024
"""Everybody trains with the same seed at home; the grader draws its own."""
SECONDS = 600.0
"""A generous limit: a laptop may be slow, and only its owner waits."""


@dataclass(frozen=True)
class Practised:
    """A training run at home: its score on the ladder, or the problem that ended it."""

    number: str
    practice: Practice
    score: Score | None
    problem: str
    seconds: float

    @property
    def value(self) -> float | None:
        """Return the ladder's metric, or None where there was a problem."""
        return self.score.curve.metric if self.score and self.score.curve else None

    @property
    def rungs(self) -> list[tuple[Rung, bool]]:
        """Return every rung, simplest first, and whether it is reached."""
        ladder, value = self.practice.ladder, self.value
        return [(rung, value is not None and ladder.reaches(value, rung)) for rung in ladder.rungs]

    @property
    def next(self) -> Rung | None:
        """Return the first rung that is not reached, or None."""
        return next((rung for rung, reached in self.rungs if not reached), None)


def practise(exercise: Exercise, host: Host, data: Path) -> list[Practised]:
    """Run the exercise's practices on the files in `data`. Never raises for what the student's code does."""
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
