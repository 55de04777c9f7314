"""Make the public side of a rubric: the public checks' code, their inputs, and the reference's answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
import torch

from autograder.errors import PublicCheckError
from autograder.grading.engine import PRECISIONS, Engine
from autograder.grading.hosts import LocalHost
from autograder.grading.reach import reached
from autograder.home.examples import Example, blank
from autograder.home.public_release import (
    LaterCheck,
    PublicCases,
    PublicCheck,
    PublicExercise,
    PublicPractice,
    PublicQuestion,
    PublicRelease,
)
from autograder.home.recorded import Answered, Recorded, Right
from autograder.home.sealed import NotingHost, keys, seal
from autograder.model import Outcome
from autograder.protocol.codec import encode
from autograder.protocol.messages import Returned
from autograder.protocol.values import Value
from autograder.release.coverage import refuse_uncut
from autograder.release.generate import starter_of
from autograder.rubric.assignment import Assignment
from autograder.rubric.cases import Cases
from autograder.rubric.draw import Draw
from autograder.rubric.drivers import Driver, driver_of
from autograder.rubric.exercise import Check, Exercise
from autograder.rubric.reference import Reference
from autograder.rubric.rubric import Rubric
from autograder.rubric.slicing import sliced
from autograder.rubric.variants import Mutant
from autograder.rubric.written import with_answer_cells

SEED = b"public"
"""Everybody has the same public inputs, so they follow from no secret."""


def public_release(assignment: Assignment, title: str, packages: Iterable[str]) -> PublicRelease:
    """Run the public checks on the reference, and record what they draw and what it answers.

    Raises `PublicCheckError` for a check that needs hidden modules, or that the reference does not pass, and
    `MarkerError` where something that the rubric asks for is not cut.
    """
    starter_of(assignment.solution_source)
    with_answer_cells(assignment.solution_source, assignment.questions.numbers)
    refuse_uncut(assignment.solution_source, assignment.rubric)
    recording = _Recording(assignment)
    public = [check for check in assignment.rubric.checks if check.public]
    results = Engine(recording, SEED).run(LocalHost(assignment.solution), "public", checks=public, hints=False)
    for result in results:
        if result.outcome is not Outcome.PASSED:
            said = result.message.partition("\n")[0]  # below it there may be a traceback
            raise PublicCheckError(f"public check {result.name!r} does not pass on the reference: {said}")
    exercises = [
        PublicExercise(
            exercise.number,
            exercise.title,
            exercise.owns,
            exercise.points,
            exercise.bans,
            [_public_check(assignment, check, recording.runs(check)) for check in exercise.checks if check.public],
            [LaterCheck(check.asked, check.points) for check in exercise.checks if not check.public],
            [PublicPractice(practice.run.__name__, practice.ladder) for practice in exercise.practices],
            list(_examples(assignment, exercise)),
            list(_sealed(assignment, exercise)),
        )
        for exercise in assignment.rubric.exercises
    ]
    functions: list[Callable[..., Any]] = [
        check.run.inputs if isinstance(check.run, Cases) else check.run for check in public
    ]
    drivers = [check.run.driver for check in public if isinstance(check.run, Cases) and check.run.driver]
    functions += dict.fromkeys(driver_of(driver).function for driver in drivers)
    functions += [practice.run for exercise in assignment.rubric.exercises for practice in exercise.practices]
    names = [function.__name__ for function in functions]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise PublicCheckError(f"two public checks or practices are called {twice[0]}: rename one of them")
    code = sliced(assignment.folder, functions)
    written = [PublicQuestion(one.number, one.title, one.points) for one in assignment.rubric.questions]
    prose = assignment.questions.prose if written else ""
    numpy = assignment.rubric.numpy
    return PublicRelease(
        assignment.name, title, tuple(sorted(packages)), code, exercises, numpy, written, prose, assignment.rubric.files
    )


def _public_check(assignment: Assignment, check: Check, runs: list[Recorded]) -> PublicCheck:
    called = reached(assignment, check, Engine(assignment, SEED), "public")
    solution = assignment.solution()
    functions = tuple(
        name
        for name in assignment.rubric.before(check.function)
        if name in called and not isinstance(solution[name], type)  # nobody sees who uses a class
    )
    public_cases = None
    if isinstance(check.run, Cases):
        sizes = [encode(size) for size in check.run.sizes]
        driver = driver_of(check.run.driver).name if check.run.driver else ""
        public_cases = PublicCases(sizes, check.run.rtol, check.run.atol, driver)
    return PublicCheck(
        check.run.__name__,
        check.function,
        check.asked,
        check.points,
        functions,
        check.trains,
        runs,
        public_cases,
    )


def _sealed(assignment: Assignment, exercise: Exercise) -> Iterator[bytes]:
    """Yield the hints of mistakes that public checks see, each sealed by what its mistake answers there.

    Where two mistakes answer alike, neither has a hint.
    """
    found: dict[bytes, list[Mutant]] = {}
    for mutant in assignment.mutants:
        checks = [
            check for check in exercise.checks if check.function == mutant.owned and check.public and not check.trains
        ]
        if not checks:
            continue
        change = {mutant.of: mutant.change}
        host = NotingHost(partial(assignment.solution, change))
        results = Engine(assignment, SEED).run(
            host, "public", checks=checks, hints=False, stand_ins=False, begin=host.begin
        )
        if any(result.outcome in (Outcome.FAILED, Outcome.PARTLY) for result in results):
            exchanges = [one for check in checks for one in host.first(check)]
            for key in keys(mutant.owned, exchanges):
                found.setdefault(key, []).append(mutant)
    for key, mutants in found.items():
        if len(mutants) == 1 and mutants[0].hint:
            yield seal(mutants[0].hint, key)


MOST_BYTES = 4_000
"""What the arguments of an example may take: it is to be looked at."""


def _examples(assignment: Assignment, exercise: Exercise) -> Iterator[Example]:
    """Yield an example of each function that no public check is about: the first small question of its first check,
    on public draws. Training has practices instead."""
    for function in exercise.owns:
        checks = [check for check in exercise.checks if check.function == function and not check.trains]
        if not checks or any(check.public for check in checks):
            continue
        recording = _Recording(assignment)
        Engine(recording, SEED).run(LocalHost(assignment.solution), "public", checks=checks[:1], hints=False)
        runs = recording.runs(checks[0])
        small = [
            place
            for place, right in enumerate(runs[0].rights if runs else ())
            if len(msgspec.json.encode((right.args, right.kwargs, blank(right.result.value)))) <= MOST_BYTES
        ]
        if small:
            yield Example(function, [Recorded(run.dtype, [], [], [_blanked(run.rights[small[0]])]) for run in runs])


def _blanked(right: Right) -> Right:
    result = Returned(blank(right.result.value), right.result.changed)
    return msgspec.structs.replace(right, result=result)


class _Recording:
    """An assignment that records its draws and the reference's answers."""

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        self._draws: dict[tuple[str, torch.dtype], list[Value]] = {}
        self._answers: dict[tuple[str, torch.dtype], list[Answered]] = {}
        self._rights: dict[tuple[str, torch.dtype], list[Right]] = {}

    @property
    def name(self) -> str:
        return self._assignment.name

    @property
    def rubric(self) -> Rubric:
        return self._assignment.rubric

    @property
    def mutants(self) -> Sequence[Mutant]:
        return ()

    def solution(self, changes: dict[str, Any] | None = None) -> dict[str, Any]:
        return self._assignment.solution(changes)

    def reference(self, check: Check, dtype: torch.dtype) -> Reference:
        answers = self._answers[check.name, dtype] = []
        rights = self._rights[check.name, dtype] = []
        return _RecordingReference(self.solution(), answers, rights, numpy=self.rubric.numpy)

    def draw(self, check: Check, dtype: torch.dtype, seed: int) -> Draw:
        draws = self._draws[check.name, dtype] = []
        return _RecordingDraw(seed, dtype, draws, numpy=self.rubric.numpy)

    def runs(self, check: Check) -> list[Recorded]:
        """Return what was recorded for a check, one run for each dtype."""
        return [
            Recorded(
                str(dtype),
                self._draws[check.name, dtype],
                self._answers[check.name, dtype],
                self._rights[check.name, dtype],
            )
            for dtype in PRECISIONS
            if (check.name, dtype) in self._draws
        ]


class _RecordingReference(Reference):
    def __init__(self, namespace: dict[str, Any], answers: list[Answered], rights: list[Right], *, numpy: bool) -> None:
        super().__init__(namespace, numpy=numpy)
        self._answers = answers
        self._rights = rights

    def again(self, name: str, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Returned | None:
        found = super().again(name, args, kwargs)
        if found is not None:
            self._rights.append(Right(name, list(args), dict(kwargs), found))
        return found

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        return self._noted(name, super().call(name, *args, **kwargs), args, kwargs)

    def drive(self, driver: Driver | Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return self._noted(driver_of(driver).name, super().drive(driver, *args, **kwargs), args, kwargs)

    def _noted(self, name: str, result: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        asked = [encode(value) for value in (*args, *kwargs.values())]
        self._answers.append(Answered(name, asked, encode(result)))
        return result


class _RecordingDraw(Draw):
    def __init__(self, seed: int, dtype: torch.dtype, draws: list[Value], *, numpy: bool) -> None:
        super().__init__(seed, dtype, numpy=numpy)
        self._log = draws

    def _made(self, value: Any) -> Any:
        made = super()._made(value)
        self._log.append(encode(made))
        return made
