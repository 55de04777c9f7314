"""Search a student's source for library shortcuts: what an exercise bans, through aliases, `getattr` and helpers.

A call that is certain is stopped at run time too, and the student is told. What only might be one is listed for a
person to look at; it never costs a point by itself.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import torch

from autograder.protocol.families import AUTOGRAD, Family, families, libraries
from autograder.protocol.names import resolve
from autograder.rubric.detours import DYNAMIC, detours
from autograder.rubric.exercise import Exercise
from autograder.rubric.numerical import differences
from autograder.rubric.rubric import Rubric
from autograder.rubric.sources import Aliases, Sources, dotted_name, library_object, text_of


@dataclass(frozen=True)
class Shortcut:
    """A place in the source of an exercise, or of no exercise in particular ("").

    `certain`: it names a banned function; otherwise it only might call one.
    """

    exercise: str
    file: str
    line: int
    what: str
    certain: bool

    def __str__(self) -> str:
        place = f"({self.file}, line {self.line})"
        if not self.exercise:
            return f"Might go round a ban: {self.what} {place}."
        says = "uses" if self.certain else "might go round a ban with"
        return f"Exercise {self.exercise} {says} {self.what} {place}."


def find_shortcuts(files: Mapping[str, str], rubric: Rubric) -> list[Shortcut]:
    """Find every place where code that an exercise owns, or code that it calls, reaches for what the exercise bans; and
    what could get round a ban wherever it stands, code that runs when a file is loaded included."""
    banning = [exercise for exercise in rubric.exercises if exercise.bans]
    if not banning:
        return []
    sources = Sources.of(files)
    found = {one for exercise in banning for one in _of_exercise(exercise, sources)}
    known = {(one.file, one.line) for one in found}
    for file, line, what in detours(sources):
        if (file, line) not in known:
            found.add(Shortcut("", file, line, what, False))
    return sorted(found, key=lambda one: (one.exercise, one.file, one.line, one.what))


@dataclass(frozen=True)
class _Banned:
    """What an exercise bans."""

    names: tuple[str, ...]

    @cached_property
    def families(self) -> tuple[Family, ...]:
        return families(self.names)

    @cached_property
    def libraries(self) -> frozenset[str]:
        return frozenset(libraries(self.families))

    @cached_property
    def objects(self) -> Mapping[int, str]:
        more = [name for family in self.families for name in family.names]
        found = {id(library_object(name)): name for name in more}
        return found | {id(resolve(name)): name for name in self.names}

    def name(self, dotted: str) -> str | None:
        """Return the name of what is banned that a library name stands for, or None."""
        thing = library_object(dotted)
        if thing is None:
            return None
        if id(thing) in self.objects:
            return self.objects[id(thing)]
        if any(family.means(dotted) or family.has(dotted.rpartition(".")[2]) for family in self.families):
            return dotted if dotted.startswith("torch.") else None
        return None

    def has_method(self, name: str) -> bool:
        """Return whether it is a method of tensors that does the banned work."""
        return hasattr(torch.Tensor, name) and (
            f"torch.Tensor.{name}" in self.names or any(family.has(name) for family in self.families)
        )


def _of_exercise(exercise: Exercise, sources: Sources) -> Iterator[Shortcut]:
    banned = _Banned(exercise.bans)
    for definition, aliases in sources.reached(exercise.owns):
        given = definition.arguments if exercise.owns and definition.names & set(exercise.owns) else frozenset()
        for line, what, certain in _in(definition.node, aliases, banned, given):
            yield Shortcut(exercise.number, definition.file, line, what, certain)
        if AUTOGRAD in banned.families:
            for line, what in differences(definition.node, sources.by_name):
                yield Shortcut(exercise.number, definition.file, line, what, False)


def _in(
    definition: ast.AST, aliases: Aliases, banned: _Banned, given: frozenset[str]
) -> Iterator[tuple[int, str, bool]]:
    """Yield the places in a definition. `given`: names that hold what the grader gives, such as "sigmoid"."""
    for node in ast.walk(definition):
        line = getattr(node, "lineno", 0)
        dotted = dotted_name(node, aliases) if isinstance(node, ast.expr) else None
        if dotted is not None:
            name = banned.name(dotted)
            if name is not None:
                yield line, name, True
            elif dotted.partition(".")[0] in banned.libraries:
                yield line, dotted, False
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and banned.has_method(node.attr):
            yield line, f".{node.attr}", False
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in DYNAMIC and node.func.id not in aliases:
                yield line, f"{node.func.id}()", False
            elif node.func.id == "getattr" and len(node.args) > 1:
                name = text_of(node.args[1])
                if isinstance(node.args[1], ast.Name) and node.args[1].id in given:
                    continue
                if name is None or banned.has_method(name):
                    yield line, "getattr()" if name is None else f"getattr(…, {name!r})", False
