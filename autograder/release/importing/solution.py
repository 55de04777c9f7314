"""Write `solution.py`: text cells, given code, and solutions in blocks that are cut."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from autograder.release.importing.master import Code, Line, Part, Problem, Text, worth
from autograder.release.importing.names import Names, Statement, plain, statements
from autograder.release.importing.plan import Plan, PlannedExercise, title_of_notebook

BEGIN, STARTER, END = "# SOLUTION", "# STARTER", "# END"
PLACEHOLDER = "..."
MISSING = "raise NotImplementedError"
SHOWS = frozenset(
    ("print", "display", "plt", "sns", "fig", "ax", "head", "tail", "describe", "info", "show", "plot", "hist")
)
"""First or last parts of the names of calls that only show something."""
MAIN = 'if __name__ == "__main__":'
_OWN_HEADING = re.compile(r"^##+\s+\S")
_NUMBER_LINE = re.compile(r"^#+ Exercise \S+", re.MULTILINE)
_Definition = ast.FunctionDef | ast.AsyncFunctionDef


def solution_source(plan: Plan, title: str) -> tuple[str, list[Problem]]:
    """Return the text of solution.py, and what of the code could not be taken along."""
    writer = _Writer(plan)
    parts = plan.master.parts
    if not title_of_notebook(plan.master):
        writer.text(f"# {title}")
    begins = _begins(parts, plan)
    for at, part in enumerate(parts):
        writer.take(part, begins.get(at))
    return "\n".join(writer.lines).strip("\n") + "\n", writer.problems


def _begins(parts: Sequence[Part], plan: Plan) -> dict[int, PlannedExercise]:
    """Return the exercises by the place of the part that each begins with: the text about it, or its code."""
    found: dict[int, PlannedExercise] = {}
    texts: list[int] = []
    for at, part in enumerate(parts):
        if isinstance(part, Text):
            texts.append(at)
            continue
        exercise = plan.exercise_of(part.question) if isinstance(part, Code) and part.cut else None
        if exercise is not None and exercise not in found.values():
            found[_first_text(parts, texts, at)] = exercise
        if exercise is not None or not isinstance(part, Code):
            texts = []
    return found


def _first_text(parts: Sequence[Part], texts: Sequence[int], code: int) -> int:
    """Return where the text about a code cell begins: the last heading, or what stands right above; else the code."""
    sources = {at: part.source for at in texts if isinstance(part := parts[at], Text)}
    headed = [at for at in texts if _OWN_HEADING.match(sources[at])]
    close: list[int] = []
    while code - len(close) - 1 in sources and not sources[code - len(close) - 1].startswith("# "):
        close.append(code - len(close) - 1)
    first = headed[-1] if headed else close[-1] if close else code
    below = [text.partition("\n")[2] if at == first else text for at, text in sources.items() if at >= first]
    return code if any(_NUMBER_LINE.search(text) for text in below) else first


class _Writer:
    """Writes part after part."""

    def __init__(self, plan: Plan) -> None:
        self.lines: list[str] = []
        self.problems: list[Problem] = []
        self._plan = plan

    def take(self, part: Part, exercise: PlannedExercise | None) -> None:
        """Write a part, below the heading of the exercise that begins with it."""
        if isinstance(part, Text):
            self.text(_headed(part.source, exercise))
        elif exercise is not None:
            self.text(heading(exercise))
        if isinstance(part, Code):
            self._code(part)

    def text(self, source: str) -> None:
        """Write a text cell."""
        self.lines += ["# %% [markdown]", *(f"# {line}".rstrip() for line in source.split("\n")), ""]

    def _code(self, code: Code) -> None:
        for line in code.lines:
            if line.text.lstrip().startswith("!") or line.text.lstrip().startswith("%run"):
                todo = "It is a comment now. What it brings has to be there when students' work is graded"
                self.problems.append(Problem(code.cell, f"`{line.text.strip()}`", todo))
        try:
            found = statements(code)
        except SyntaxError as error:
            todo = f"It is left out: line {error.lineno} is not valid Python ({error.msg})"
            self.problems.append(Problem(code.cell, "the whole cell", todo))
            return
        exercise = self._plan.exercise_of(code.question)
        written = list(Blocks(code, found, self._plan.names, exercise.number if exercise else "").written())
        if any(line.strip() for line in written):
            self.lines += ["# %%", *written, ""]


def heading(exercise: PlannedExercise) -> str:
    """Return the heading of an exercise."""
    return f"## Exercise {exercise.number} · {exercise.title} ({worth(exercise.points)})"


def _headed(text: str, exercise: PlannedExercise | None) -> str:
    """Return a text below an exercise's heading, which takes the place of its own."""
    if exercise is None:
        return text
    first, _, rest = text.partition("\n")
    return f"{heading(exercise)}\n\n{rest if _OWN_HEADING.match(first) else text}".replace("\n\n\n", "\n\n").rstrip()


class Blocks:
    """A code cell with its solutions in blocks."""

    def __init__(self, code: Code, found: Sequence[Statement], names: Names, number: str) -> None:
        self._code = code
        self._found = found
        self._names = names
        self._number = number
        self._instead: Mapping[int, tuple[str, ...]] = code.instead

    def written(self) -> Iterator[str]:
        """Yield the cell's lines."""
        at = 0
        for one in self._joined():
            above = self._code.lines[at : one.first]
            yield from (plain(line.text) for line in above if not line.region)
            lines = self._code.lines[one.first : one.last]
            if lines[0].region and not isinstance(one.node, _Definition | ast.ClassDef):
                lines = (*(line for line in above if line.region), *lines)
            made = list(self._statement(one.node, lines))
            yield from _guarded(made) if self._waits(one, lines) else made
            at = one.last
        yield from (plain(line.text) for line in self._code.lines[at:] if not line.region)

    def _joined(self) -> Iterator[Statement]:
        """Yield the statements; those of one region whose starter the author wrote are one."""
        open_one: Statement | None = None
        for one in self._found:
            region = self._code.lines[one.first].region
            before = open_one and self._code.lines[open_one.first].region
            if open_one and before == region and self._instead.get(region):
                binds, loads = open_one.binds | one.binds, open_one.loads | one.loads
                open_one = replace(open_one, last=one.last, binds=binds, loads=loads)
                continue
            if open_one:
                yield open_one
            open_one = one
        if open_one:
            yield open_one

    def _waits(self, one: Statement, lines: Sequence[Line]) -> bool:
        """Return whether a statement is only run by hand: it shows something, or needs what students write."""
        if isinstance(one.node, _Definition | ast.Import | ast.ImportFrom) or _spans_a_string(one.node):
            return False
        if any(line.region for line in lines):
            return not one.binds
        return self._names.is_students(one.loads) or _only_shows(one.node)

    def _statement(self, node: ast.stmt, lines: Sequence[Line]) -> Iterator[str]:
        if not any(line.region for line in lines):
            yield from (plain(line.text) for line in lines)
        elif lines[0].region in self._instead and self._replaces(node, lines):
            yield from self._replaced(lines)
        elif isinstance(node, ast.ClassDef):
            yield from self._class(node, lines)
        elif isinstance(node, _Definition):
            yield from self._function(node, lines)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (line.text for line in lines)
        else:
            yield from _block([line.text for line in lines], list(self._stub(node)))

    def _replaces(self, node: ast.stmt, lines: Sequence[Line]) -> bool:
        """Return whether the author said what students get in the place of the whole statement."""
        told = self._instead[lines[0].region]
        return bool(told) or not isinstance(node, _Definition | ast.ClassDef)

    def _replaced(self, lines: Sequence[Line]) -> Iterator[str]:
        """Yield a block whose starter is the author's."""
        yield from _block([line.text for line in lines], self._instead[lines[0].region])

    def _stub(self, node: ast.stmt) -> Iterator[str]:
        """Yield what students get in the place of a statement at the top level."""
        bound = [name for name in self._names.kinds if name in set(_targets(node))]
        for name in bound:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
                yield f"def {name}({ast.unparse(node.value.args)}):"
                yield f"    {self._raise(name)}"
            else:
                yield f"{name} = {PLACEHOLDER}"
        if not bound:
            yield PLACEHOLDER

    def _class(self, node: ast.ClassDef, lines: Sequence[Line]) -> Iterator[str]:
        """Yield a class: the head and the methods' signatures stay."""
        offset = min([node.lineno, *(one.lineno for one in node.decorator_list)]) - 1
        at = 0
        whole = bool(lines[0].region)
        for one in node.body:
            decorators = getattr(one, "decorator_list", [])
            first = min([one.lineno, *(each.lineno for each in decorators)]) - 1 - offset
            last = (one.end_lineno or one.lineno) - offset
            yield from (line.text for line in lines[at:first] if whole or not line.region)
            part = lines[first:last]
            if isinstance(one, _Definition) and any(line.region for line in part):
                yield from self._function(one, part)
            elif any(line.region for line in part) and not _is_docstring(one, node):
                indent = " " * one.col_offset
                yield from _block([line.text for line in part], [f"{indent}pass"])
            else:
                yield from (line.text for line in part)
            at = last
        yield from (line.text for line in lines[at:] if not line.region)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, lines: Sequence[Line]) -> Iterator[str]:
        """Yield a function: signature and docstring stay."""
        if len(node.body) == 1 and _is_docstring(node.body[0], node):
            yield from (line.text for line in lines)
            return
        if lines[0].region:
            first = node.body[1] if _is_docstring(node.body[0], node) else node.body[0]
            head = first.lineno - min([node.lineno, *(one.lineno for one in node.decorator_list)])
            if head == 0:  # all of it on one line
                head, lines = 1, [Line(one, 1) for one in ast.unparse(node).split("\n")]
            lines = [Line(line.text, 0 if at < head else max(line.region, 1)) for at, line in enumerate(lines)]
            inherited: Mapping[int, tuple[str, ...]] = {}
        else:
            inherited = self._instead
        regions = list(_runs(lines))
        cut = [run for run in regions if run[0].region]
        last = [run for run in regions if any(line.text.strip()[:1] not in ("", "#") for line in run)][-1]
        if len(cut) == 1 and last is cut[0]:
            for run in regions:
                yield from _block([line.text for line in run], None) if run[0].region else (line.text for line in run)
            return
        for run in regions:
            if not run[0].region:
                yield from (line.text for line in run)
                continue
            indent = run[0].text[: len(run[0].text) - len(run[0].text.lstrip())]
            told = list(inherited.get(run[0].region, ()))
            if run is cut[0]:
                told = [f"{indent}{self._raise(node.name)}", *told]
            yield from _block([line.text for line in run], told or [f"{indent}{PLACEHOLDER}"])

    def _raise(self, name: str) -> str:
        return f'raise NotImplementedError("Exercise {self._number}: {name}")' if self._number else MISSING


def _block(lines: Sequence[str], starter: Sequence[str] | None) -> Iterator[str]:
    """Yield lines in a block; without a starter, `NotImplementedError` takes their place."""
    first = next((line for line in lines if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip())]
    yield f"{indent}{BEGIN}"
    yield from lines
    if starter is not None:
        yield f"{indent}{STARTER}"
        for line in starter:
            bare = line.lstrip()
            yield f"{line[: len(line) - len(bare)]}# {bare}".rstrip()
    yield f"{indent}{END}"


def _runs(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Yield neighbouring lines of one region."""
    run: list[Line] = []
    for line in lines:
        if run and line.region != run[0].region:
            yield run
            run = []
        run.append(line)
    if run:
        yield run


def _guarded(lines: Sequence[str]) -> Iterator[str]:
    yield MAIN
    yield from (f"    {line}" if line.strip() else line for line in lines)


def _targets(node: ast.stmt) -> Iterator[str]:
    for one in ast.walk(node):
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
            yield one.id


def _is_docstring(node: ast.stmt, owner: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    return node is owner.body[0] and ast.get_docstring(owner, clean=False) is not None


def _spans_a_string(node: ast.stmt) -> bool:
    """Return whether a statement holds text over several lines, which an indent would change."""
    return any(
        isinstance(one, ast.Constant | ast.JoinedStr) and (one.end_lineno or one.lineno) > one.lineno
        for one in ast.walk(node)
    )


def _only_shows(node: ast.stmt) -> bool:
    """Return whether a statement sets nothing and shows something: `df.head()`, `plt.plot(x)`, `x`."""
    if not isinstance(node, ast.Expr) or isinstance(node.value, ast.Constant):
        return False
    if not isinstance(node.value, ast.Call):
        return True
    words = ast.unparse(node.value.func).replace("(", ".").replace("[", ".").split(".")
    return words[0] in SHOWS or words[-1] in SHOWS
