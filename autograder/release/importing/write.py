"""Make `reference/NAME/` of a notebook: solution, checks, handout, data, and a list of what is left to do."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from autograder.feedback.formats import points as in_points
from autograder.model import DEFAULT_PACKAGES
from autograder.release.importing.checks import Checks, checks_of, checks_source
from autograder.release.importing.master import Manual, Master, Problem, worth
from autograder.release.importing.plan import Plan, plan_of
from autograder.release.importing.solution import solution_source
from autograder.release.importing.trial import stumbles
from autograder.release.scaffold import free_folder, start

LIST = "imported.md"
"""The file with what could not be converted."""
HANDOUT = """\
# {title}

Work in `{name}.ipynb`, in `{name}.py`, or on Colab in `{name}_colab.ipynb`, and hand in one of them.

<!-- how to check -->

| exercise | points |
|---|---|
{rows}
"""


@dataclass(frozen=True)
class Imported:
    """What came of a notebook.

    Attributes:
        written: The files.
        exercises: How many exercises there are.
        checks: How many checks.
        points: What they are worth.
        asked: What the notebook's tests are worth.
        problems: What could not be converted.
    """

    written: tuple[Path, ...]
    exercises: int
    checks: int
    points: Fraction
    asked: Fraction
    problems: tuple[Problem, ...]


def import_master(root: Path, name: str, title: str, master: Master, beside: Path) -> Imported:
    """Write reference/`name`.

    The notebook's code is run: a check that its own solution does not pass is not converted.

    Args:
        root: The course's folder.
        name: The assignment's name.
        title: What students read.
        master: The notebook, taken apart.
        beside: The folder of the notebook, for the files that it names.

    Returns:
        What was written, and what could not be converted.

    Raises:
        ScaffoldError: The name cannot be one, or is taken.
        AssignmentError: The notebook's own code does not run.
    """
    free_folder(root, name)
    plan = plan_of(master)
    source, problems = solution_source(plan, title)
    data, missing = _data(master, beside)
    checks = checks_of(plan)
    files = {"solution.py": source.encode(), "checks.py": checks_source(checks, title).encode(), **data}
    if checks.count and (stumbled := stumbles(name, files)):
        checks = checks_of(plan, stumbled)
        files["checks.py"] = checks_source(checks, title).encode()
    files["handout.md"] = _handout(name, title, checks).encode()
    whole = (*plan.problems, *problems, *missing, *checks.problems, *_by_hand(master.manuals))
    listed = sorted(dict.fromkeys(whole), key=lambda one: one.cell)
    asked = sum((tests.points for tests in master.tests), Fraction(0))
    files[LIST] = _list(title, checks, asked, listed, master.manuals).encode()
    written = start(root, name, title, files, _packages(plan))
    exercises = sum(checks.points(one) > 0 for one in plan.exercises)
    return Imported(tuple(written), exercises, checks.count, checks.total, asked, tuple(listed))


def _by_hand(manuals: Sequence[Manual]) -> Iterator[Problem]:
    for one in manuals:
        what = "code" if one.code else "an answer in words"
        yield Problem(one.cell, f"{one.name}: {what}, graded by hand ({worth(one.points)})", f"Its text is in {LIST}")


def _packages(plan: Plan) -> tuple[str, ...]:
    """Return the packages that students need, where they need others than usual."""
    found = dict.fromkeys(DEFAULT_PACKAGES)
    for one in plan.names.given:
        match one.node:
            case ast.Import(names=names):
                found |= dict.fromkeys(alias.name.partition(".")[0] for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                found |= dict.fromkeys([module.partition(".")[0]])
    more = [name for name in found if name not in DEFAULT_PACKAGES and name not in sys.stdlib_module_names]
    return (*DEFAULT_PACKAGES, *more) if more else ()


def _data(master: Master, beside: Path) -> tuple[dict[str, bytes], list[Problem]]:
    """Return the notebook's files by their place in the reference folder, and what is missing."""
    found: dict[str, bytes] = {}
    problems = []
    for folder, names in (("public", master.files), ("hidden", master.hidden_files)):
        for name in names:
            path = beside / name
            inside = path.resolve().is_relative_to(beside.resolve())
            paths = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
            if not inside or not all(one.is_file() for one in paths):
                problems.append(Problem(0, f"the file {name} is not there", f"Put it into {folder}/"))
                continue
            found |= {f"{folder}/{one.relative_to(beside).as_posix()}": one.read_bytes() for one in paths}
    return found, problems


def _handout(name: str, title: str, checks: Checks) -> str:
    rows = [
        f"| {one.number} {one.title} | {in_points(float(checks.points(one)))} |"
        for one in checks.plan.exercises
        if checks.points(one)
    ]
    return HANDOUT.format(name=name, title=title, rows="\n".join(rows))


def _list(title: str, checks: Checks, asked: Fraction, problems: Sequence[Problem], manuals: Sequence[Manual]) -> str:
    lines = [f"# {title}: what the import left to do", ""]
    lines += [f"{checks.count} checks, {in_points(float(checks.total))} of {in_points(float(asked))} points.", ""]
    lines += [f"- {problem}" for problem in problems] or ["Everything was converted."]
    for one in manuals:
        lines += ["", f"## {one.name} ({worth(one.points)}), graded by hand", "", one.prompt.strip()]
        if one.answer.strip():
            lines += ["", "Model answer, which students do not get:", "", one.answer.strip()]
    return "\n".join(lines).rstrip() + "\n"
