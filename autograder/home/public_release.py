"""Read `public.json`, the public side of a rubric, as an assignment that runs public checks only."""

from __future__ import annotations

import linecache
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import torch

from autograder.errors import NotRecordedError, PublicReleaseError
from autograder.files import foreign
from autograder.home.examples import Example
from autograder.home.recorded import Recorded, RecordedDraw, RecordedReference
from autograder.model import Questions
from autograder.protocol.codec import decode
from autograder.protocol.values import Value
from autograder.rubric.draw import Draw
from autograder.rubric.exercise import Check, Exercise
from autograder.rubric.ladder import Ladder
from autograder.rubric.reference import Reference
from autograder.rubric.rubric import Rubric
from autograder.rubric.variants import Mutant

FILE = "public.json"
CODE = "public checks"
"""What a release's code is called in tracebacks."""


class PublicCases(msgspec.Struct, frozen=True, omit_defaults=True):
    """The sizes and tolerances of `Exercise.cases`, and the name of its driver in the release's code."""

    sizes: list[Value]
    rtol: float | None
    atol: float | None
    driver: str = ""


class PublicCheck(msgspec.Struct, frozen=True):
    """A check that runs at home. `run` is its name in the release's code, `about` the student's function.

    `reaches`: the functions that the reference comes to call on the way. `cases`: for a check that is nothing but
    inputs, what its function takes for each call, and the tolerances.
    """

    run: str
    about: str
    asked: str
    points: float
    reaches: tuple[str, ...]
    trains: bool
    recorded: list[Recorded]
    cases: PublicCases | None = None


class LaterCheck(msgspec.Struct, frozen=True):
    """A check that only the grader runs: what it asks and what it is worth."""

    asked: str
    points: float


class PublicPractice(msgspec.Struct, frozen=True):
    """What can be trained at home: a function of the release's code, and the ladder for its metric."""

    function: str
    ladder: Ladder


class PublicExercise(msgspec.Struct, frozen=True):
    """An exercise as students may know it. `examples`: of functions that no public check is about; `sealed`: hints."""

    number: str
    title: str
    owns: tuple[str, ...]
    points: float
    bans: tuple[str, ...]
    public: list[PublicCheck]
    later: list[LaterCheck]
    practices: list[PublicPractice] = []
    examples: list[Example] = []
    sealed: list[bytes] = []


class PublicQuestion(msgspec.Struct, frozen=True):
    """A question that is answered in words: a person grades it."""

    number: str
    title: str
    points: float


class PublicRelease(msgspec.Struct, frozen=True, omit_defaults=True):
    """The public side of an assignment.

    `code` defines the public checks' functions; `numpy`: arrays are arrays; `prose` is the text that students get,
    where questions are answered in words; `files` are handed in beside the code.
    """

    assignment: str
    title: str
    packages: tuple[str, ...]
    code: str
    exercises: list[PublicExercise]
    numpy: bool = False
    written: list[PublicQuestion] = []
    prose: str = ""
    files: list[str] = []

    @property
    def questions(self) -> Questions:
        """Return what is asked in words."""
        return Questions(tuple(question.number for question in self.written), self.prose)

    @property
    def functions(self) -> frozenset[str]:
        """Return the names of all that the student is asked to write."""
        return frozenset(name for exercise in self.exercises for name in exercise.owns)

    @property
    def bans(self) -> dict[str, tuple[str, ...]]:
        """Return what each exercise bans, by its number."""
        return {exercise.number: exercise.bans for exercise in self.exercises}

    def write(self) -> bytes:
        """Return the release as JSON. Equal releases give the same bytes."""
        return msgspec.json.encode(self, order="deterministic") + b"\n"


def find_release(folder: Path) -> Path:
    """Return the path of `public.json` in this folder or in one above it; it has code that runs.

    Raises `PublicReleaseError`, for a file of somebody else's too.
    """
    for place in (folder.resolve(), *folder.resolve().parents):
        path = place / FILE
        if path.is_file():
            problem = foreign(path)
            if problem:
                raise PublicReleaseError(
                    f"{path} is not used: {problem}, and it has code that would run as you. Copy the assignment to a "
                    "folder of your own if you trust it"
                )
            return path
    raise PublicReleaseError(
        f"no {FILE} in {folder} or above it: run this in the folder of the assignment you were given"
    )


def read_release(path: Path) -> PublicRelease:
    """Read `public.json`. Raises `PublicReleaseError`."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=PublicRelease)
    except (OSError, msgspec.MsgspecError) as error:
        raise PublicReleaseError(f"{path} cannot be read ({error}): unpack the assignment again") from error


@dataclass
class PublicAssignment:
    """A release to grade with: the interface of `rubric.assignment.Assignment`, without its secrets.

    `examples`: checks that are worth nothing, of functions that no public check is about.
    """

    release: PublicRelease
    name: str = field(init=False)
    rubric: Rubric = field(init=False)
    mutants: Sequence[Mutant] = ()

    def __post_init__(self) -> None:
        self.name = self.release.assignment
        self.rubric = Rubric(numpy=self.release.numpy)
        self.examples: list[Check] = []
        self._recorded: dict[tuple[str, str], Recorded] = {}
        module = types.ModuleType("public_checks")
        lines = self.release.code.splitlines(True)
        linecache.cache[CODE] = (len(self.release.code), None, lines, CODE)  # drivers are sent as source
        exec(compile(self.release.code, CODE, "exec", dont_inherit=True), module.__dict__)
        for wanted in self.release.exercises:
            points = sum(check.points for check in wanted.public)
            exercise = self.rubric.exercise(
                wanted.number, wanted.title, owns=wanted.owns, points=points, bans=wanted.bans
            )
            for check in wanted.public:
                driver = getattr(module, check.cases.driver) if check.cases and check.cases.driver else None
                _add(exercise, check, getattr(module, check.run), driver)
                for run in check.recorded:
                    self._recorded[exercise.checks[-1].name, run.dtype] = run
            for example in wanted.examples:
                self.examples.append(self._example(exercise, example))
            for practice in wanted.practices:
                exercise.practice(practice.ladder)(getattr(module, practice.function))

    def _example(self, exercise: Exercise, example: Example) -> Check:
        """Return an example as a check that is worth nothing. It stays out of the rubric."""
        name = f"{exercise.number} {example.name}"
        for run in example.runs:
            self._recorded[name, run.dtype] = run
        function, check = example.function, example.check()
        return Check(name, exercise.number, function, example.asked, 0, True, False, None, None, check)

    def solution(self, changes: dict[str, Any] | None = None) -> dict[str, Any]:
        """Raise `NotRecordedError`: a release holds no solution."""
        raise NotRecordedError

    def reference(self, check: Check, dtype: torch.dtype) -> Reference:
        """Return the reference's recorded answers."""
        run = self._run(check, dtype)
        return RecordedReference(run.answers, run.rights, self.release.functions)

    def draw(self, check: Check, dtype: torch.dtype, seed: int) -> Draw:
        """Return the recorded inputs."""
        return RecordedDraw(self._run(check, dtype).draws, dtype)

    def _run(self, check: Check, dtype: torch.dtype) -> Recorded:
        found = self._recorded.get((check.name, str(dtype)))
        if found is None:
            raise NotRecordedError
        return found


def _add(
    exercise: Exercise, check: PublicCheck, run: Callable[..., Any], driver: Callable[..., Any] | None = None
) -> None:
    """Add a check of the release to an exercise."""
    if check.cases is None:
        exercise.check(check.about, check.points, public=True, trains=check.trains)(run)
        return
    sizes = [decode(size) for size in check.cases.sizes]
    rtol, atol = check.cases.rtol, check.cases.atol
    exercise.cases(check.about, check.points, sizes=sizes, public=True, rtol=rtol, atol=atol, driver=driver)(run)
