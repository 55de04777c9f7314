"""A class made by code: honest solutions, and copies of some of them in disguise.

An honest solution takes, for each function, the reference's way, an equivalent's or a mistake's, and writes it in a
style of its own: operands change sides, parts of an expression get a name, methods become functions, results are named
before they are returned, shapes are printed. Nothing of it is run.
"""

from __future__ import annotations

import ast
import copy
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
HABIT = 0.35
"""How often somebody follows a habit of theirs where it could be followed."""
USUAL = 0.5
"""How often somebody writes a function as most do."""
METHODS = ("mean", "sum", "abs", "exp", "log", "sqrt", "clamp", "reshape", "flatten", "sign")
WORDS = tuple(
    f"{one}{two}"
    for one in ("tmp", "val", "cur", "res", "my", "aux", "the", "new")
    for two in ("", "_a", "_b", "_x", "2")
)
ENGLISH = ("first the shapes", "now the loss", "as in the lecture", "be careful here", "sum over the batch", "done")
GERMAN = ("zuerst die Formen", "jetzt der Verlust", "wie in der Vorlesung", "hier aufpassen", "Summe", "fertig")


@dataclass(frozen=True)
class Ways:
    """The ways to write each function of an assignment, and what stands around them."""

    imports: list[ast.stmt]
    functions: dict[str, list[ast.FunctionDef]]

    @staticmethod
    def of(name: str) -> Ways:
        """Collect them from the solution, its equivalents and the known mistakes."""
        folder = ROOT / "reference" / name
        solution = ast.parse((folder / "solution.py").read_text(encoding="utf-8"))
        functions = {node.name: [node] for node in solution.body if isinstance(node, ast.FunctionDef)}
        for path in (folder / "equivalents.py", *sorted((folder / "exercises").glob("*.py"))):
            for of, function in _variants(ast.parse(path.read_text(encoding="utf-8"))):
                if of in functions:
                    function = copy.deepcopy(function)
                    function.name, function.decorator_list = of, []
                    functions[of].append(function)
        return Ways([node for node in solution.body if isinstance(node, ast.Import | ast.ImportFrom)], functions)


def _variants(module: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in module.body:
        if isinstance(node, ast.ClassDef):
            yield from ((one.name, one) for one in node.body if isinstance(one, ast.FunctionDef))
        elif isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and getattr(decorator.func, "attr", "") in ("mistake", "mutant"):
                    named = [*decorator.args, *(one.value for one in decorator.keywords if one.arg == "of")]
                    if named and isinstance(named[0], ast.Constant):
                        yield str(named[0].value), node


def honest(ways: Ways, draw: random.Random) -> list[ast.stmt]:
    """Write a solution of one's own."""
    style = _Style(draw)
    functions = [
        style.rewritten(choices[0] if draw.random() < USUAL else draw.choice(choices))
        for choices in ways.functions.values()
    ]
    return [*copy.deepcopy(ways.imports), *functions]


class _Style(ast.NodeTransformer):
    """One person's habits: which are theirs, and how often they follow them."""

    def __init__(self, draw: random.Random, often: float = HABIT) -> None:
        self.draw = draw
        self.often = often
        self.has = {habit: draw.random() < 0.6 for habit in ("swap", "square", "function", "return", "hoist", "print")}
        self.count = 0

    def rewritten(self, function: ast.FunctionDef) -> ast.FunctionDef:
        function = self.visit(copy.deepcopy(function))
        function.body = self._block(function.body)
        return renamed(function, self.draw)

    def follows(self, habit: str) -> bool:
        return self.has[habit] and self.draw.random() < self.often

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Add | ast.Mult) and self.follows("swap"):
            node.left, node.right = node.right, node.left
        if isinstance(node.op, ast.Pow) and isinstance(node.left, ast.Name) and self.follows("square"):
            return ast.BinOp(node.left, ast.Mult(), copy.deepcopy(node.left))
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        other = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE}.get(type(node.ops[0]))
        if other and len(node.ops) == 1 and self.follows("swap"):
            return ast.Compare(node.comparators[0], [other()], [node.left])
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        function = node.func
        if not isinstance(function, ast.Attribute) or function.attr not in METHODS or not self.follows("function"):
            return node
        if not (isinstance(function.value, ast.Name) and function.value.id in ("torch", "np", "math")):
            torch = ast.Attribute(ast.Name("torch", ast.Load()), function.attr, ast.Load())
            return ast.Call(torch, [function.value, *node.args], node.keywords)
        return node

    def _block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        for statement in body:
            for field in ("body", "orelse"):
                if isinstance(inner := getattr(statement, field, None), list):
                    setattr(statement, field, self._block(inner))
            if isinstance(statement, ast.Assign | ast.Return) and self.follows("hoist"):
                made += self._hoisted(statement)
            if isinstance(statement, ast.Return) and statement.value and self.follows("return"):
                made.append(ast.Assign([ast.Name(self._word(), ast.Store())], statement.value))
                statement = ast.Return(ast.Name(made[-1].targets[0].id, ast.Load()))
            if isinstance(statement, ast.Assign) and self.follows("print") and self.draw.random() < 0.3:
                made.append(ast.Expr(ast.Call(ast.Name("print", ast.Load()), [ast.Constant("here")], [])))
            made.append(statement)
        return made

    def _hoisted(self, statement: ast.Assign | ast.Return) -> list[ast.stmt]:
        """Give a part of a statement's expression a name of its own."""
        parts = [
            (parent, field, child)
            for parent in ast.walk(statement)
            if isinstance(parent, ast.BinOp | ast.Call | ast.Subscript)
            for field, child in ast.iter_fields(parent)
            if field in ("left", "right", "value") and isinstance(child, ast.BinOp | ast.Call)
        ]
        if not parts or any(isinstance(node, ast.Lambda | ast.comprehension) for node in ast.walk(statement)):
            return []
        parent, field, child = self.draw.choice(parts)
        name = self._word()
        setattr(parent, field, ast.Name(name, ast.Load()))
        return [ast.Assign([ast.Name(name, ast.Store())], child)]

    def _word(self) -> str:
        self.count += 1
        return f"part_{self.count}"


def renamed(function: ast.FunctionDef, draw: random.Random) -> ast.FunctionDef:
    """Give what a function binds other names, and leave its arguments, which are asked for."""
    stores = {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    words = draw.sample(WORDS, len(WORDS))
    names = {name: f"{words[place % len(words)]}{place}" for place, name in enumerate(sorted(stores))}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id in names:
            node.id = names[node.id]
    return function


def disguised(solution: list[ast.stmt], draw: random.Random) -> list[ast.stmt]:
    """Copy a solution: other names, another order, and a part of some functions moved into helpers."""
    imports = [node for node in solution if not isinstance(node, ast.FunctionDef)]
    functions = [renamed(copy.deepcopy(node), draw) for node in solution if isinstance(node, ast.FunctionDef)]
    long = [one for one in functions if len(one.body) >= 4]
    helpers = [_moved_out(one, f"helper_{place}") for place, one in enumerate(draw.sample(long, min(3, len(long))))]
    style = _Style(draw, often=0.12)  # and here and there a line is written otherwise
    functions = [style.rewritten(one) for one in [*functions, *helpers]]
    draw.shuffle(functions)
    return [*imports, *functions]


def _moved_out(function: ast.FunctionDef, name: str) -> ast.FunctionDef:
    """Move the middle of a function into a helper."""
    third = len(function.body) // 3
    moved, function.body[third : 2 * third] = (
        function.body[third : 2 * third],
        [ast.Assign([ast.Name("out", ast.Store())], ast.Call(ast.Name(name, ast.Load()), [], []))],
    )
    arguments = ast.arguments([], [ast.arg("given")], None, [], [], None, [])
    return ast.FunctionDef(name, arguments, [*moved, ast.Return(ast.Name("given", ast.Load()))], [])


def module(solution: list[ast.stmt], draw: random.Random, comments: tuple[str, ...] = ENGLISH) -> str:
    """Return a solution as a module, with remarks between the lines."""
    text = ast.unparse(ast.fix_missing_locations(ast.Module(copy.deepcopy(solution), [])))
    lines: list[str] = []
    for line in text.split("\n"):
        if line.startswith("    ") and draw.random() < 0.15:
            lines.append(f"{line[: len(line) - len(line.lstrip())]}# {draw.choice(comments)}")
        lines.append(line)
    return "\n".join(lines) + "\n"


def notebook(source: str) -> str:
    """Return a module as a notebook, a cell for each function."""
    cells = [part for part in source.replace("\ndef ", "\n\x00def ").split("\x00") if part.strip()]
    return json.dumps({
        "nbformat": 4, "nbformat_minor": 5, "metadata": {},
        "cells": [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": cell}
                  for cell in cells],
    })  # fmt: skip


def write_class(
    folder: Path, name: str, size: int, copies: int, seed: int = 1, ways_of: Callable[[str], Ways] = Ways.of
) -> set[frozenset[str]]:
    """Write a class of `size` honest solutions and of `copies`; return who copied from whom."""
    ways = ways_of(name)
    solutions = {f"student{number:04d}": honest(ways, random.Random(f"{seed} {number}")) for number in range(size)}
    planted = set()
    draw = random.Random(seed)
    files = {student: module(solution, draw) for student, solution in solutions.items()}
    for number, original in enumerate(draw.sample(sorted(solutions), copies)):
        student = f"student{size + number:04d}"
        files[student] = module(disguised(solutions[original], draw), draw, GERMAN)
        planted.add(frozenset((student, original)))
    for student, source in files.items():
        (folder / student).mkdir(parents=True)
        if draw.random() < 0.5:
            (folder / student / f"{name}.ipynb").write_text(notebook(source), encoding="utf-8")
        else:
            (folder / student / f"{name}.py").write_text(source, encoding="utf-8")
    return planted
