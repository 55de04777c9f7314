"""Find an author's slips: what cannot be meant, though the rubric loads and the reference may pass."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import torch

from autograder.grading.verdict import TOLERANCE
from autograder.rubric.assignment import Assignment
from autograder.rubric.authored import CHECKS, described, modules, parsed, shown


def slips(assignment: Assignment) -> Iterator[str]:
    """Yield what has to be put right: what nothing checks, checks for no points, mutants of what nobody writes."""
    for mutant in assignment.mutants:
        if mutant.owned not in assignment.rubric.functions:
            yield f"mutant {mutant.name} is of {mutant.of}, which no exercise owns: no check is about it"
    for check in assignment.rubric.checks:
        if not check.points and not check.public:  # a public one may be there to be tried, and for nothing else
            yield f"check {check.name} ({shown(Path(check.line[0]))}, line {check.line[1]}) is worth 0 points"
    for exercise in assignment.rubric.exercises:
        if not exercise.checks:
            yield f"exercise {exercise.number} has no check: nothing that is handed in changes the score"
            continue
        about = {check.function for check in exercise.checks}
        for name in exercise.owns:
            if name not in about and name not in exercise.given:
                yield (
                    f"exercise {exercise.number} has no check about `{name}`: add one, or take `{name}` out of `owns`"
                )


def notes(assignment: Assignment) -> Iterator[str]:
    """Yield what an author may want to know: exercises without mutants, and checks that assert or print."""
    mutated = {mutant.owned for mutant in assignment.mutants}
    if not mutated:
        yield "no mutants: nothing shows that wrong work loses points. Write the mistakes you expect into mutants.py"
    elif without := [one.number for one in assignment.rubric.exercises if mutated.isdisjoint(one.owns)]:
        word = "exercise" if len(without) == 1 else "exercises"
        yield f"no mutants in {word} {', '.join(without)}: nothing shows that wrong work loses points there"
    for path in modules(assignment.folder):
        for node in parsed(path).body:
            if isinstance(node, ast.FunctionDef) and any(map(_is_check, node.decorator_list)):
                yield from (f"{shown(path)}, line {line}: {what}" for line, what in _odd(node))


def odd_return(value: object) -> str:
    """Say what cannot be meant about what a check returned; "" where all is well. Grading takes any number."""
    if isinstance(value, bool | torch.Tensor):
        return (
            f"returns {described(value)}, and students would not read why: say "
            '`expect(condition, "what should hold")`, and return nothing'
        )
    if isinstance(value, int | float) and not -TOLERANCE <= value <= 1 + TOLERANCE:
        return f"returns {described(value)}: return nothing, or the part of its points that is earned, from 0 to 1"
    return ""


def _is_check(decorator: ast.expr) -> bool:
    match decorator:
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in CHECKS
        case _:
            return False


def _odd(function: ast.FunctionDef) -> Iterator[tuple[int, str]]:
    for node in ast.walk(function):
        match node:
            case ast.Assert():
                yield node.lineno, 'students do not read an `assert`: write `expect(condition, "what should hold")`'
            case ast.Call(func=ast.Name(id="print")):
                yield node.lineno, "a check that prints speaks to nobody, and at home to the student: take it out"
            case ast.Call(func=ast.Name(id="input" | "breakpoint" as name)):
                yield node.lineno, f"a check that calls `{name}` waits for ever when a class is graded: take it out"
            case ast.Call(func=ast.Attribute(value=ast.Name(id="pdb"))):
                yield node.lineno, "a check that calls `pdb` waits for ever when a class is graded: take it out"
