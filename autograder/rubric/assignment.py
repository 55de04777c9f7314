"""Load an assignment from disk: rubric, hidden solution, mutants and equivalents."""

from __future__ import annotations

import copy
import hashlib
import importlib.util
import sys
import types
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, TypeVar

import torch

from autograder.errors import AssignmentError
from autograder.model import Questions
from autograder.protocol.handed_in import global_of, packed, unpacked
from autograder.rubric.authored import SOLUTION, authored, near, shown, source_of
from autograder.rubric.clashes import refuse_clashes
from autograder.rubric.dependencies import dependencies
from autograder.rubric.draw import Draw
from autograder.rubric.exercise import Check, Exercise
from autograder.rubric.reference import Reference
from autograder.rubric.rubric import Rubric
from autograder.rubric.variants import Equivalent, Mutant, Variants, apply
from autograder.rubric.written import prose_of

Kind = TypeVar("Kind")
HANDED_IN = "handed_in"
"""The folder of the files that the reference hands in."""


class Gradable(Protocol):
    """What the engine needs of an assignment: the whole one, or its public side."""

    @property
    def name(self) -> str: ...
    @property
    def rubric(self) -> Rubric: ...
    @property
    def mutants(self) -> Sequence[Mutant]: ...
    def solution(self, changes: dict[str, Any] | None = None) -> dict[str, Any]: ...
    def reference(self, check: Check, dtype: torch.dtype) -> Reference: ...
    def draw(self, check: Check, dtype: torch.dtype, seed: int) -> Draw: ...


@dataclass(frozen=True)
class Assignment:
    """`reference/NAME/`: `solution.py`, `checks.py` (with `rubric`), `exercises/`, `mutants.py` and `equivalents.py`.

    `depends` says for each check what its result depends on, and `digest` covers it all: what was graded with another
    digest is graded again, as far as it depends on what was changed.
    """

    name: str
    folder: Path
    rubric: Rubric
    package: types.ModuleType = field(repr=False)

    @cached_property
    def depends(self) -> dict[str, str]:
        """Return a digest of what each check's result depends on, by name, in the rubric's order."""
        return dependencies(self.folder, self.rubric, self.mutants)

    @cached_property
    def digest(self) -> str:
        """Return a digest of all that results, and what is said about them, depend on."""
        asked = [(one.number, one.title, one.owns, one.points, one.bonus) for one in self.rubric.exercises]
        return hashlib.sha256(repr((asked, list(self.depends.items()))).encode()).hexdigest()

    @cached_property
    def solution_source(self) -> str:
        """Return the text of `solution.py`, from which solutions, starters and handouts are made."""
        return source_of(self.folder / SOLUTION)

    def solution(self, changes: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the solution; return its fresh namespace, with `changes` put in. Raises `AssignmentError`."""
        namespace: dict[str, Any] = {"__name__": "submission", **copy.deepcopy(self._handed_in)}
        with authored(self.folder / SOLUTION):
            exec(self._solution_code, namespace)
        return apply(namespace, changes or {})

    def reference(self, check: Check, dtype: torch.dtype) -> Reference:
        """Return the reference for one run of a check."""
        return Reference(self.solution(), numpy=self.rubric.numpy)

    def draw(self, check: Check, dtype: torch.dtype, seed: int) -> Draw:
        """Return the draws of one run of a check."""
        return Draw(seed, dtype, numpy=self.rubric.numpy)

    @cached_property
    def questions(self) -> Questions:
        """Return what is asked in words."""
        return Questions(tuple(question.number for question in self.rubric.questions), prose_of(self.solution_source))

    @cached_property
    def _handed_in(self) -> dict[str, Any]:
        """Return the files that the reference hands in, by the variables that hold them. Raises `AssignmentError`."""
        found = {}
        for file in self.rubric.files:
            path = self.folder / HANDED_IN / file
            try:
                found[global_of(file)] = unpacked(file, packed(file, path.read_bytes()))
            except (OSError, ValueError) as error:
                said = getattr(error, "strerror", None) or error
                raise AssignmentError(
                    f"{shown(self.folder / 'checks.py')} asks for {file}: put a right one into "
                    f"{self.folder.name}/{HANDED_IN}/ ({said})"
                ) from None
        return found

    @cached_property
    def _solution_code(self) -> types.CodeType:
        with authored(self.folder / SOLUTION):
            return compile(self.solution_source, SOLUTION, "exec", dont_inherit=True)

    @cached_property
    def mutants(self) -> list[Mutant]:
        """Return the wrong implementations that the rubric must catch: the exercises' own and `mutants.py`.

        Raises `AssignmentError`.
        """
        variants = self._variants("mutants")
        mutants = [mutant for exercise in self.rubric.exercises for mutant in exercise.mistakes]
        mutants += variants.mutants if variants else []
        names: set[str] = set()
        for mutant in mutants:
            if not _is_there(mutant, self.rubric, self.solution()):
                raise self._problem(mutant.change, f"mutant {mutant.name} is of {mutant.of}, which no exercise owns."
                                    f"{near(mutant.of, self.rubric.functions)}")  # fmt: skip
            if mutant.name in names:
                raise self._problem(mutant.change, f"two mutants are called {mutant.name}: rename one")
            names.add(mutant.name)
        return mutants

    @cached_property
    def equivalents(self) -> list[Equivalent]:
        """Return the right implementations that the rubric must let pass. Raises `AssignmentError`."""
        variants = self._variants("equivalents")
        equivalents = variants.equivalents if variants else []
        known = self.solution().keys()
        for one in equivalents:
            if known.isdisjoint(one.changes):
                names = ", ".join(one.changes) or "nothing"
                function = next(iter(one.changes.values()), None)
                raise self._problem(function, f"equivalent {one.name} replaces {names}, which the solution has not."
                                    f"{near(names, known)}", "equivalents")  # fmt: skip
        return equivalents

    def owner(self, mutant: Mutant) -> Exercise:
        """Return the exercise that must catch a mutant."""
        return self.rubric.owner(mutant.owned)

    def _variants(self, module: str) -> Variants | None:
        path = self.folder / f"{module}.py"
        if not path.exists():
            return None
        with authored(path):
            found = importlib.import_module(f"{self.package.__name__}.{module}")
            return _named(found, "variants", Variants)

    def _problem(self, function: Any, what: str, module: str = "mutants") -> AssignmentError:
        """Return an error about a variant: where its function stands, and what is wrong."""
        code = getattr(function, "__code__", None)
        if code is None:
            return AssignmentError(f"{shown(self.folder / module)}.py: {what}")
        return AssignmentError(f"{shown(Path(code.co_filename))}, line {code.co_firstlineno}: {what}")


def load(folder: Path) -> Assignment:
    """Load `reference/NAME`. Raises `AssignmentError`, which names the file, the line and what to do."""
    folder = folder.resolve()
    for needed in (SOLUTION, "checks.py"):
        if not (folder / needed).is_file():
            raise AssignmentError(f"{folder} has no {needed}: an assignment needs solution.py and checks.py")
    package = _package(folder)
    with authored(folder / "checks.py"):
        rubric = _named(importlib.import_module(f"{package.__name__}.checks"), "rubric", Rubric)
    assignment = Assignment(folder.name, folder, rubric, package)
    solution = assignment.solution()
    for exercise in rubric.exercises:
        for name in exercise.owns:
            if name not in solution:
                line = f"{shown(Path(exercise.line[0]))}, line {exercise.line[1]}"
                raise AssignmentError(
                    f"{line}: exercise {exercise.number} owns {name}, which solution.py does not define."
                    f"{near(name, [one for one in solution if not one.startswith('_')])}"
                )
    with authored(folder / "checks.py"):
        rubric.verify()
        refuse_clashes(folder, rubric)
    return assignment


def _is_there(mutant: Mutant, rubric: Rubric, solution: dict[str, Any]) -> bool:
    """Return whether a mutant is of something that the solution has, in a class where it names a method."""
    if mutant.of != mutant.owned:
        return hasattr(solution.get(mutant.owned), mutant.of.partition(".")[2])
    return mutant.of in rubric.functions or mutant.of in solution


def _named(module: types.ModuleType, name: str, kind: type[Kind]) -> Kind:
    """Return what an author's module has to define under a name. Raises `AssignmentError`."""
    found = getattr(module, name, None)
    if isinstance(found, kind):
        return found
    file = shown(Path(module.__file__ or name))
    other = next((one for one, value in vars(module).items() if isinstance(value, kind)), None)
    said = f" `{other}` is one: call it `{name}`." if other else ""
    raise AssignmentError(f"{file} has no `{name} = {kind.__name__}()`.{said}")


def _package(folder: Path) -> types.ModuleType:
    """Import the folder as a package with a name of its own, so that its modules can import one another."""
    name = f"reference_{folder.name}_{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_loader(name, loader=None, is_package=True)
    assert spec is not None
    package = importlib.util.module_from_spec(spec)
    package.__path__ = [str(folder)]
    sys.modules[name] = package
    return package
