"""See to it that all that a rubric asks for is cut: what nobody marked would be released as it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from autograder.errors import MarkerError
from autograder.protocol.handed_in import global_of
from autograder.release.cut import Cut
from autograder.rubric.authored import SOLUTION
from autograder.rubric.rubric import Rubric

BLANK = (None, Ellipsis, "")
"""What a starter may hold in the place of an answer."""


@dataclass(frozen=True)
class Place:
    """Where a solution gives a name its meaning.

    Attributes:
        first: The first line, decorators included.
        last: The last line.
        node: The statement.
    """

    first: int
    last: int
    node: ast.stmt


def refuse_uncut(solution: str, rubric: Rubric) -> None:
    """Raise `MarkerError` where a solution has something that the rubric asks for and the starter would give away.

    Args:
        solution: The text of solution.py.
        rubric: Says what students write, and what of it is given.
    """
    if problem := next(_uncut(solution, rubric), ""):
        raise MarkerError(f"{SOLUTION}, {problem}")


def _uncut(solution: str, rubric: Rubric) -> Iterator[str]:
    cut = Cut(solution)
    tree = ast.parse(solution)
    files = {global_of(file) for file in rubric.files}  # students make them; nothing of them is in a source
    for exercise in rubric.exercises:
        for name in exercise.owns:
            places = list(_bindings(tree.body, name))
            if name not in exercise.given and name not in files:
                yield from _unmarked(name, places, cut)
                yield from _under_another_heading(name, exercise.number, places, cut)
    try:
        starter = ast.parse(cut.starter)
    except SyntaxError:
        return  # a release says so by itself
    numbers = [number for number, _ in cut.kept]
    yield from _after_a_stub(starter, numbers, cut.stubs)
    for exercise in rubric.exercises:
        for name in exercise.owns:
            yield from _answered(name, exercise.given, tree, starter, numbers)


def _unmarked(name: str, places: Sequence[Place], cut: Cut) -> Iterator[str]:
    if not places:
        yield (
            f"line 1: `{name}` is not written here, so nothing of it can be cut. Define it at the top level; if "
            f'students are to have it, say given=("{name}",) in checks.py'
        )
    for place in places:
        inside = [block for block in cut.blocks if block.first <= place.last and place.first <= block.last]
        if not inside:
            yield (
                f"line {place.first}: `{name}` has no block that is cut, so students would get it as it is. Put its "
                f'body between `# SOLUTION` and `# END`; if they are to have it, say given=("{name}",) in checks.py'
            )
        elif not any(block.code for block in inside):
            yield (
                f"line {inside[0].first}: the block of `{name}` is empty, so nothing of it is cut. Put its body "
                "between `# SOLUTION` and `# END`"
            )


def _under_another_heading(name: str, number: str, places: Sequence[Place], cut: Cut) -> Iterator[str]:
    """Yield what is wrong with the heading above a function: its number is in the starter's `NotImplementedError`."""
    for place in places:
        for block in cut.blocks:
            within = place.first <= block.first and block.last <= place.last + 1 and block.last in cut.stubs
            if within and block.exercise.rstrip(".:") != number:
                found = f"Exercise {block.exercise}" if block.exercise else "no exercise's heading"
                yield (
                    f"line {place.first}: `{name}` stands under {found}, and checks.py has it in exercise {number}. "
                    f"Write `# ## Exercise {number} · TITLE` above it, in a text cell"
                )
                return


def _after_a_stub(starter: ast.Module, numbers: Sequence[int], stubs: set[int]) -> Iterator[str]:
    """Yield what follows the starter's `raise`: nobody comes there, but everybody reads it."""
    for node in ast.walk(starter):
        body = getattr(node, "body", None)
        for one, following in pairwise(body) if isinstance(body, list) else ():
            if isinstance(one, ast.Raise) and numbers[one.lineno - 1] in stubs:
                line = numbers[following.lineno - 1]
                yield (
                    f"line {line}: `{ast.unparse(following).splitlines()[0]}` comes after the `# END` of its function, "
                    "so students would get it. Move `# END` below it"
                )


def _answered(
    name: str, given: Sequence[str], tree: ast.Module, starter: ast.Module, numbers: Sequence[int]
) -> Iterator[str]:
    """Yield the entries of a dictionary of answers that the starter has as the solution has them."""
    right = {(key, ast.dump(value)) for place in _bindings(tree.body, name) for key, value in _entries(place.node)}
    for place in _bindings(starter.body, name):
        for key, value in _entries(place.node):
            blank = isinstance(value, ast.Constant) and any(value.value is one for one in BLANK)
            if (key, ast.dump(value)) in right and not blank and key not in given and name not in given:
                yield (
                    f"line {numbers[value.lineno - 1]}: the answer {name}[{key!r}] is not cut. Put it between "
                    "`# SOLUTION` and `# STARTER`, and what students get instead between `# STARTER` and `# END`; if "
                    f'it is to be there, say given=("{key}",) in checks.py'
                )


def _entries(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
    if isinstance(value, ast.Dict):
        for key, one in zip(value.keys, value.values, strict=True):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value, one


def _bindings(body: Sequence[ast.stmt], name: str) -> Iterator[Place]:
    """Yield each statement at the top level, in `if`, `try` and `with` too, that gives a name its meaning."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if statement.name == name:
                first = min([statement.lineno, *(one.lineno for one in statement.decorator_list)])
                yield Place(first, statement.end_lineno or first, statement)
            continue
        parts = [getattr(statement, part, []) for part in ("body", "orelse", "finalbody")]
        for part in [*parts, *(handler.body for handler in getattr(statement, "handlers", ()))]:
            yield from _bindings(part, name)
        if not any(parts) and any(
            isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
            for node in ast.walk(statement)
        ):
            yield Place(statement.lineno, statement.end_lineno or statement.lineno, statement)
