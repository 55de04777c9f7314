"""Load an assignment from disk: rubric, hidden solution, mutants and equivalents."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import types
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import torch

from autograder.errors import AssignmentError
from autograder.rubric.draw import Draw
from autograder.rubric.exercise import Check, Exercise
from autograder.rubric.reference import Reference
from autograder.rubric.rubric import Rubric
from autograder.rubric.variants import Equivalent, Mutant, Variants, apply


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

    `digest` covers every file in that folder: results made with another digest are regraded.
    """

    name: str
    folder: Path
    rubric: Rubric
    digest: str
    package: types.ModuleType = field(repr=False)

    @cached_property
    def solution_source(self) -> str:
        """Return the text of `solution.py`, from which solutions, starters and handouts are made."""
        return (self.folder / "solution.py").read_text(encoding="utf-8")

    def solution(self, changes: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the solution; return its fresh namespace, with `changes` put in."""
        namespace: dict[str, Any] = {"__name__": "submission"}
        exec(self._solution_code, namespace)
        return apply(namespace, changes or {})

    def reference(self, check: Check, dtype: torch.dtype) -> Reference:
        """Return the reference for one run of a check."""
        return Reference(self.solution())

    def draw(self, check: Check, dtype: torch.dtype, seed: int) -> Draw:
        """Return the draws of one run of a check."""
        return Draw(seed, dtype)

    @cached_property
    def _solution_code(self) -> types.CodeType:
        return compile(self.solution_source, "solution.py", "exec", dont_inherit=True)

    @cached_property
    def mutants(self) -> list[Mutant]:
        """Return the wrong implementations that the rubric must catch: the exercises' own and `mutants.py`."""
        variants = self._variants("mutants")
        own = [mutant for exercise in self.rubric.exercises for mutant in exercise.mistakes]
        return own + (variants.mutants if variants else [])

    @cached_property
    def equivalents(self) -> list[Equivalent]:
        """Return the right implementations that the rubric must let pass."""
        variants = self._variants("equivalents")
        return variants.equivalents if variants else []

    def owner(self, mutant: Mutant) -> Exercise:
        """Return the exercise that must catch a mutant."""
        return self.rubric.owner(mutant.of)

    def _variants(self, module: str) -> Variants | None:
        if not (self.folder / f"{module}.py").exists():
            return None
        found = importlib.import_module(f"{self.package.__name__}.{module}").variants
        assert isinstance(found, Variants)
        return found


def load(folder: Path) -> Assignment:
    """Load `reference/NAME`. Raises `AssignmentError`."""
    folder = folder.resolve()
    for needed in ("solution.py", "checks.py"):
        if not (folder / needed).is_file():
            raise AssignmentError(f"{folder} has no {needed}: an assignment needs solution.py and checks.py")
    package = _package(folder)
    try:
        checks = importlib.import_module(f"{package.__name__}.checks")
        rubric = checks.rubric
        rubric.verify()
    except Exception as error:
        raise AssignmentError(f"{folder / 'checks.py'}: {type(error).__name__}: {error}") from error
    return Assignment(folder.name, folder, rubric, digest_of(folder), package)


def digest_of(folder: Path) -> str:
    """Return a SHA-256 digest of every file under `folder`, by path and content."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


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
