"""Write `checks.py`: an exercise for each question, a check for each of its tests."""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from autograder.release.importing.crossing import VOCABULARY, Converted, Crossing, NotConvertedError
from autograder.release.importing.master import Problem
from autograder.release.importing.names import Names, Statement, bound, reads
from autograder.release.importing.plan import Plan, Planned, PlannedExercise
from autograder.release.importing.testcode import parsed
from autograder.release.outside import READERS

TYPES = ("Draw", "Reference", "Rubric", "Student")


@dataclass
class Check:
    """A check as it will be written.

    Attributes:
        name: Its function's name.
        planned: What it is made of.
        asked: What students read.
        body: Its lines.
        demands: Whether it demands anything.
        problems: What of its tests could not be converted.
    """

    name: str
    planned: Planned
    asked: str
    body: list[str]
    demands: bool
    problems: list[Problem]


@dataclass
class Checks:
    """The checks of a notebook, and what they need."""

    plan: Plan
    found: dict[str, list[Check]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    needed: list[Statement] = field(default_factory=list)

    @property
    def problems(self) -> list[Problem]:
        """Return what could not be converted."""
        return [problem for checks in self.found.values() for check in checks for problem in check.problems]

    def points(self, exercise: PlannedExercise) -> Fraction:
        """Return what the checks of an exercise add up to."""
        return sum((check.planned.tests.points for check in self.found[exercise.number] if check.demands), Fraction(0))

    @property
    def total(self) -> Fraction:
        """Return what all checks add up to."""
        return sum((self.points(exercise) for exercise in self.plan.exercises), Fraction(0))

    @property
    def count(self) -> int:
        """Return how many checks there are."""
        return sum(check.demands for checks in self.found.values() for check in checks)


def checks_of(plan: Plan, stumbled: Mapping[str, str] | None = None) -> Checks:
    """Return the checks of a notebook.

    Args:
        plan: What the notebook becomes.
        stumbled: Why the solution does not pass a check, by the check's name: such a check is not converted.
    """
    maker = _Maker(plan, stumbled or {})
    for exercise in plan.exercises:
        maker.checks.found[exercise.number] = [maker.check(exercise, at) for at in range(len(exercise.checks))]
    order = [id(one) for one in plan.names.given]
    maker.checks.needed = sorted(maker.chosen, key=lambda one: order.index(id(one)))
    return maker.checks


class _Maker:
    """Makes check after check; each has a name of its own."""

    def __init__(self, plan: Plan, stumbled: Mapping[str, str]) -> None:
        self.checks = Checks(plan)
        self.chosen: list[Statement] = []
        self._plan = plan
        self._stumbled = stumbled
        self._taken: set[str] = {*TYPES, *VOCABULARY, "rubric", *plan.names.kinds}

    def check(self, exercise: PlannedExercise, at: int) -> Check:
        """Convert the tests of one check."""
        planned = exercise.checks[at]
        tests = planned.tests
        name = self._name(exercise, tests.public)
        crossing = Crossing(self._plan.names, planned.function, tests.public, tests.failure)
        body: list[str] = []
        problems: list[Problem] = []
        demands = False
        for piece, cell in self._pieces(planned, crossing):
            body += piece.code
            demands = demands or piece.demands
            if piece.problem is not None:
                problems.append(_problem(cell, piece))
        if name in self._stumbled and demands:
            why = self._stumbled[name]
            body = [f"# Not converted: the solution does not pass: {why}", *(f"# {line}" for line in body)]
            demands = False
            problems = [Problem(tests.cell, f"the solution does not pass these tests here ({why})",
                                "They stand in checks.py as a comment: write them by hand")]  # fmt: skip
        if demands:
            self.checks.used |= crossing.used
        elif not problems:
            problems = [Problem(tests.cell, "these tests assert nothing", "They earn nothing here: add a check")]
        return Check(name, planned, _asked(exercise, planned), body, demands, problems)

    def _pieces(self, planned: Planned, crossing: Crossing) -> Iterator[tuple[Converted, int]]:
        """Yield the pieces of a check, with the cells that they come from: first the given code that it needs."""
        own = [node for case in planned.tests.cases for node in parsed(case)]
        used = set[str]().union(*(now | later for now, later in map(reads, own)))
        local = {name for node in own for name in bound(node) if not isinstance(node, ast.Import | ast.ImportFrom)}
        for one in self._plan.names.needed(used - local):
            if problem := _elsewhere(one):
                crossing.lost |= one.binds
                yield Converted([], problem=problem), planned.tests.cell
            elif self._plan.names.is_students(one.loads | one.inside):
                yield crossing.convert(one.node), planned.tests.cell
            elif one not in self.chosen:
                self.chosen.append(one)
        for case in planned.tests.cases:
            nodes = parsed(case)
            if not nodes and any(line.strip()[:1] not in ("", "#") for line in case.source.split("\n")):
                problem = NotConvertedError("this is not valid Python", "Write the check by hand")
                yield Converted([f"# {line}" for line in case.source.split("\n")], problem=problem), case.cell
            for node in nodes:
                yield crossing.convert(node), case.cell

    def _name(self, exercise: PlannedExercise, public: bool) -> str:
        bare = re.sub(r"\W+", "_", exercise.question, flags=re.ASCII).strip("_").lower()
        bare = f"q{bare}" if not bare or bare[0].isdigit() or keyword.iskeyword(bare) else bare
        stem = f"{bare}_{'public' if public else 'hidden'}"
        name, count = stem, 1
        while name in self._taken:
            count += 1
            name = f"{stem}_{count}"
        self._taken.add(name)
        return name


def _problem(cell: int, piece: Converted) -> Problem:
    assert piece.problem is not None
    text = next((line.removeprefix("# ") for line in piece.code if not line.startswith("# Not converted")), "")
    shown = f"`{text.strip()[:60]}`: {piece.problem}" if text else str(piece.problem)
    return Problem(cell, shown, piece.problem.todo)


def _elsewhere(statement: Statement) -> NotConvertedError | None:
    """Return what is wrong with given code that reads a file, which is not there where checks run."""
    for node in ast.walk(statement.node):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in READERS and isinstance(node.args[0].value, str):
                return NotConvertedError(
                    f"`{ast.unparse(statement.node).splitlines()[0][:60]}` reads the file {node.args[0].value}",
                    "Read it in checks.py, by `Path(__file__).parent`, and hand the data to the function",
                )
    return None


def _asked(exercise: PlannedExercise, planned: Planned) -> str:
    """Return what students read: what the tests are about, and that there are some of both kinds."""
    kind = "tests that you have" if planned.tests.public else "hidden tests"
    return f"{planned.function} passes the {kind}."


def checks_source(checks: Checks, title: str) -> str:
    """Return the text of checks.py."""
    lines = [f'"""The rubric of {title}."""', "", "from __future__ import annotations", ""]
    imports = [one for one in checks.needed if isinstance(one.node, ast.Import | ast.ImportFrom)]
    lines += list(_imports(checks, imports))
    arrays = "numpy=True" if _imports_numpy(checks.plan.names) else ""
    vocabulary = sorted({*TYPES, *checks.used}, key=lambda name: (name[0].islower(), name))
    lines += [f"from autograder.rubric import {', '.join(vocabulary)}", "", f"rubric = Rubric({arrays})", ""]
    for one in checks.needed:
        if one not in imports:
            lines += ["", *ast.unparse(one.node).split("\n")]
    for exercise in checks.plan.exercises:
        lines += ["", *_exercise(exercise, checks)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _imports_numpy(names: Names) -> bool:
    """Return whether a notebook's arrays are to cross as arrays."""
    imports = (one.node for one in names.given if isinstance(one.node, ast.Import))
    return any(alias.name.partition(".")[0] == "numpy" for node in imports for alias in node.names)


def _imports(checks: Checks, imports: Sequence[Statement]) -> Iterator[str]:
    """Yield the imports that the checks use, each once."""
    rest = [one.node for one in checks.needed if one not in imports]
    used = set[str]().union(*(now | later for now, later in map(reads, rest)))
    for group in checks.found.values():
        for check in group:
            if check.demands:
                now, later = reads(ast.parse("\n".join(check.body)))
                used |= now | later
    if "partial" in used:
        yield "from functools import partial"
    seen: set[str] = set()
    for one in imports:
        assert isinstance(one.node, ast.Import | ast.ImportFrom)
        for alias in one.node.names:
            name = (alias.asname or alias.name).partition(".")[0]
            if name in used:
                single = ast.Import([alias]) if isinstance(one.node, ast.Import) else ast.ImportFrom(
                    one.node.module, [alias], one.node.level)  # fmt: skip
                if (text := ast.unparse(single)) not in seen:
                    seen.add(text)
                    yield text
    if seen:
        yield ""


def _exercise(exercise: PlannedExercise, checks: Checks) -> Iterator[str]:
    found = checks.found[exercise.number]
    names: Names = checks.plan.names
    about = {check.planned.function for check in found if check.demands}
    owns = tuple(name for name in names.kinds if name in about)
    yield f"# --- {exercise.number}: {exercise.title} ---"
    yield ""
    if owns:
        variable = f"exercise_{exercise.number}"
        inside = ", ".join(map(repr, owns)).replace("'", '"') + ("," if len(owns) == 1 else "")
        points = written(checks.points(exercise))
        title = f"{_quoted(exercise.number)}, {_quoted(exercise.title)}"
        yield f"{variable} = rubric.exercise({title}, owns=({inside}), points={points})"
    for check in found:
        if not check.demands:
            yield from ("", *check.body) if check.body else ()
            continue
        public = ", public=True" if check.planned.tests.public else ""
        points = written(check.planned.tests.points)
        yield from ("", "")
        yield f"@exercise_{exercise.number}.check({_quoted(check.planned.function)}, {points}{public})"
        yield f"def {check.name}(student: Student, reference: Reference, draw: Draw) -> None:"
        yield f'    """{check.asked}"""'
        yield from (f"    {line}" if line else "" for line in check.body)
    yield ""


def written(points: Fraction) -> str:
    """Return points as code: a number, or a fraction that has no short one."""
    if points.denominator == 1:
        return str(points.numerator)
    decimal = format(float(points), ".4g")
    return decimal if Fraction(decimal) == points else f"{points.numerator} / {points.denominator}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
