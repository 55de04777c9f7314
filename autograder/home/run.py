"""Run a release's public checks on a file, or on the state of a notebook. For one's own code only."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from autograder.errors import PublicReleaseError, RejectedError
from autograder.files import foreign
from autograder.grading.engine import Engine
from autograder.home.cells import as_notebook, cells_run, differences, fingerprint, saved_file, unsaved
from autograder.home.practice import Practised, practise
from autograder.home.public_release import PublicAssignment, PublicRelease, find_release, read_release
from autograder.home.sealed import NotingHost, keys, unseal
from autograder.home.show import Checked
from autograder.intake import read_submission
from autograder.intake.archive import is_archive
from autograder.intake.handed_in import choose_files
from autograder.model import CheckResult, Outcome, Submission
from autograder.rubric.exercise import Check
from autograder.rubric.student import MISSING
from autograder.sandbox.guest.loader import load
from autograder.sandbox.guest.untouched import is_untouched

ANYONE = "you"
NOTEBOOK = "this notebook"
CELL = re.compile(r"(?:notebook\.ipynb, )?code cell (\d+)")
"""Where something is in a notebook that is running; people know its cells by the numbers beside them."""
DATA = "data"
"""The folder of a release that holds its data."""
CHECK_SECONDS = 20.0
"""The limit of a check at home that has none of its own."""


def check_file(path: Path | None = None, exercises: Iterable[str] = (), *, practice: bool = False) -> Checked:
    """Check a module, a notebook, a folder or a zip, read as the grader reads it.

    Without a path: the assignment's module or notebook in this folder, whichever was saved last. `exercises` are
    numbers or function names; none means all. With `practice`, train too, on the public data.

    Raises `PublicReleaseError` and `RejectedError`.
    """
    place = find_release(Path.cwd() if path is None else path if path.is_dir() else path.resolve().parent)
    release = read_release(place)
    path = path or _latest(place.parent, release.assignment)
    if not path.exists():
        way = f"for an exercise: autograder check -e {path}" if str(path) in _names(release) else "is its name right?"
        raise PublicReleaseError(f"there is no {path.name} in {path.resolve().parent}: {way}")
    data = place.parent / DATA if practice else None
    return _checked(release, _read(release, path), exercises, path.name, data)


def check(*exercises: str, practice: bool = False) -> Checked:
    """Check what a notebook has defined so far: all of it, or some exercises by number or function name.

    What counts is in the cells that were run, read as the grader reads them; where the kernel holds something else, a
    note says so.
    """
    place = find_release(Path.cwd())
    release = read_release(place)
    _wanted(release, exercises)
    data = place.parent / DATA if practice else None
    live = sys.modules["__main__"].__dict__
    cells = cells_run()
    if cells is None:
        files = frozenset(code.co_filename for value in live.values() if (code := getattr(value, "__code__", None)))
        return _checked(release, _Read(live, files), exercises, NOTEBOOK, data)
    saved = saved_file(live)
    with (
        TemporaryDirectory(prefix="autograder-check-") as folder,
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart,
    ):
        notebook = as_notebook(cells, Path(folder))
        checking = apart.submit(check_cells, place, notebook, exercises, data, saved)
        checked, fingerprints, there = checking.result()
    notes = [*checked.notes, *differences(live, fingerprints, sorted(release.functions))]
    if saved is not None:
        notes += unsaved(fingerprints, there, saved.name)
    return replace(checked, notes=tuple(CELL.sub(r"In [\1]", note) for note in notes))


def check_cells(
    place: Path, notebook: Path, exercises: Sequence[str], data: Path | None, saved: Path | None
) -> tuple[Checked, dict[str, str], frozenset[str]]:
    """Check a running notebook's cells, in a process that holds nothing of its kernel.

    Args:
        place: The release's `public.json`.
        notebook: A file with the cells that were run.
        exercises: As in `check`.
        data: The folder to train on, if any.
        saved: The notebook's own file, where it is known.

    Returns:
        The result; the functions that were found, with their fingerprints; the names of those in the saved file.
    """
    release = read_release(place)
    answers = None if saved is None else _answers_in(release, saved)  # text is in no cell that was run
    read = replace(_read_if_any(release, notebook), answers=answers)
    checked = _checked(release, read, exercises, NOTEBOOK, data)
    found = {name: fingerprint(read.namespace[name]) for name in release.functions if name in read.namespace}
    return checked, found, frozenset() if saved is None else _written_in(release, saved)


@dataclass(frozen=True)
class _Read:
    """What was read of somebody's work: what it defines, where it comes from, and what is to be said about it."""

    namespace: Mapping[str, Any]
    files: frozenset[str]
    notes: tuple[str, ...] = ()
    problem: str = ""
    seen: Mapping[str, str] | None = None
    answers: Mapping[str, str] | None = None


def _hinted(
    results: Sequence[CheckResult], checks: Sequence[Check], release: PublicRelease, host: NotingHost
) -> Iterator[CheckResult]:
    """Yield the results; the first failure of each function has the hint that its answers open, if any."""
    sealed = {exercise.number: exercise.sealed for exercise in release.exercises}
    done: set[str] = set()
    for result, check in zip(results, checks, strict=True):
        function = check.function
        if function in done or result.outcome not in (Outcome.FAILED, Outcome.PARTLY):
            yield result
            continue
        done.add(function)
        exchanges = [one for other in checks if other.function == function for one in host.first(other)]
        hint = unseal(sealed[result.exercise], keys(function, exchanges))
        yield msgspec.structs.replace(result, hint=hint) if hint else result


def _written_in(release: PublicRelease, path: Path) -> frozenset[str]:
    """Return the functions and answers that a file has, without running anything of it."""
    try:
        submission = _submission(release, path)
    except RejectedError:
        return frozenset()
    found: set[str] = set()
    for node in ast.walk(ast.parse(submission.files[submission.main])):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return release.functions & found


def _answers_in(release: PublicRelease, path: Path) -> Mapping[str, str]:
    """Return the written answers that a file has."""
    try:
        return _submission(release, path).answers
    except RejectedError:
        return {}


def _submission(release: PublicRelease, path: Path) -> Submission:
    packages = frozenset(release.packages)
    asked = release.files if path.is_dir() or is_archive(path.name) else ()
    submission = read_submission(
        path, ANYONE, main=release.assignment, packages=packages, expected=release.functions,
        questions=release.questions, asked=asked,
    )  # fmt: skip
    if asked or not release.files:
        return submission
    there = {name: (path.parent / name).read_bytes() for name in release.files if (path.parent / name).is_file()}
    found = choose_files({path.name: b"", **there}, release.files, release.assignment)
    files, notes = {**submission.files, **found.files}, (*submission.notes, *found.notes)
    return msgspec.structs.replace(submission, files=files, notes=notes)


def _read_if_any(release: PublicRelease, path: Path) -> _Read:
    try:
        return _read(release, path)
    except RejectedError:  # nothing is defined yet
        return _Read({}, frozenset())


def _read(release: PublicRelease, path: Path) -> _Read:
    """Read a submission as the grader reads it, and load it here. Raises `RejectedError`."""
    submission = _submission(release, path)
    namespace, error = load(submission.files, submission.main)
    problem = "" if error is None else error.sentence
    return _Read(namespace, frozenset(submission.files), submission.notes, problem, submission.seen, submission.answers)


def _latest(folder: Path, name: str) -> Path:
    places = (folder / f"{name}.py", folder / f"{name}.ipynb", folder / f"{name}_colab.ipynb")
    found = [path for path in places if path.is_file() and not foreign(path)]
    if not found:
        raise PublicReleaseError(f"neither {name}.py nor {name}.ipynb of yours is in {folder}: say which file to check")
    return max(found, key=lambda path: path.stat().st_mtime)


def _checked(release: PublicRelease, read: _Read, exercises: Iterable[str], file: str, data: Path | None) -> Checked:
    """Run the checks and, where `data` is a folder to train on, the practices."""
    namespace, notes, problem = read.namespace, read.notes, read.problem
    wanted = _wanted(release, exercises)
    assignment = PublicAssignment(release)
    host = NotingHost(lambda: dict(namespace), timed=True, seconds=CHECK_SECONDS, files=read.files)
    checks = [check for check in assignment.rubric.checks if check.exercise in wanted]
    engine = Engine(assignment, b"", seen=read.seen)
    results = engine.run(host, "", checks=checks, hints=False, stand_ins=False, begin=host.begin)
    tried = [check for check in assignment.examples if check.exercise in wanted and check.function in namespace]
    examples = [_at_home(one, file) for one in engine.run(host, "", checks=tried, hints=False, stand_ins=False)]
    about = {check.name: check.function for check in checks}
    reaches = {f"{e.number} {check.run}": check.reaches for e in release.exercises for check in e.public}
    wrong = {about[result.name] for result in results if result.outcome is not Outcome.PASSED}
    results = [
        _told(result, file, reaches[result.name], [name for name in reaches[result.name] if name in wrong])
        for result in results
    ]
    results = list(_hinted(results, checks, release, host))
    practised: list[Practised] = []
    if data is not None:
        for exercise in assignment.rubric.exercises:
            if exercise.number in wanted:
                practised += practise(exercise, host, data)
    left_out = tuple(name for name in release.functions if any(f"`{name}` was left out" in note for note in notes))
    absent = tuple(
        name
        for exercise in release.exercises
        for name in exercise.owns
        if exercise.number in wanted and (name in left_out or name not in namespace)
    )
    there = release.functions & namespace.keys()
    written = tuple(name for name in there if not _is_stub(name, namespace[name]))
    return Checked(
        release,
        file,
        tuple(results),
        tuple(wanted),
        absent,
        left_out,
        written,
        notes,
        problem,
        tuple(practised),
        tuple(examples),
        None if read.answers is None else frozenset(read.answers),
    )


def _is_stub(name: str, value: object) -> bool:
    """Return whether a function, or a method of a class, is the starter's: it raises and names itself, or is empty."""
    if not isinstance(value, type) and is_untouched(value):
        return True
    functions = vars(value) if isinstance(value, type) else {name: value}
    codes = {key: getattr(getattr(one, "__func__", one), "__code__", None) for key, one in functions.items()}
    return any(
        "NotImplementedError" in code.co_names
        and any(isinstance(constant, str) and constant.endswith(f": {key}") for constant in code.co_consts)
        for key, code in codes.items()
        if code is not None
    )


def _wanted(release: PublicRelease, exercises: Iterable[str]) -> list[str]:
    """Return the chosen exercises' numbers, in order. Raises `PublicReleaseError` for one that does not exist."""
    known = _names(release)
    chosen = list(exercises)
    unknown = [name for name in chosen if name not in known]
    if unknown:
        known_ones = ", ".join(f"{exercise.number} ({', '.join(exercise.owns)})" for exercise in release.exercises)
        raise PublicReleaseError(f"there is no exercise or function {unknown[0]!r}; there are {known_ones}")
    asked = {known[name] for name in chosen}
    return [number for number in _numbers(release) if not chosen or number in asked]


def _numbers(release: PublicRelease) -> list[str]:
    return [*(exercise.number for exercise in release.exercises), *release.questions.numbers]


def _names(release: PublicRelease) -> dict[str, str]:
    """Return, for each number and each function's name, the number of its exercise."""
    known = {number: number for number in _numbers(release)}
    return known | {name: exercise.number for exercise in release.exercises for name in exercise.owns}


def _at_home(result: CheckResult, file: str) -> CheckResult:
    """Say what is missing in a notebook, and what cannot run on this machine, in other words than the grader's."""
    if file == NOTEBOOK:
        message = result.message.replace(MISSING, "not defined: run its cell.")
        result = msgspec.structs.replace(result, message=CELL.sub(r"In [\1]", message))
    if result.outcome is Outcome.GRADER_ERROR:
        message = "This check cannot run on your machine. The grader will run it."
        return msgspec.structs.replace(result, outcome=Outcome.SKIPPED, message=message)
    return result


def _told(result: CheckResult, file: str, reaches: Sequence[str], wrong: Sequence[str]) -> CheckResult:
    """Adapt a result to being at home.

    There are no stand-ins: another function's mistake is only named. What a notebook does not define may
    not have been run yet.
    """
    result = _at_home(result, file)
    if result.outcome in (Outcome.PASSED, Outcome.NOT_ATTEMPTED, Outcome.SKIPPED):
        return result
    note = ""
    if wrong:
        names = " and ".join(f"`{name}`" for name in wrong)
        verb = "is" if len(wrong) == 1 else "are"
        note = f"If yours calls {names}: begin there, {names} {verb} not right yet. The grader uses its own."
    elif reaches and result.outcome is Outcome.FAILED:
        names = ", ".join(f"`{name}`" for name in reaches)
        note = f"If yours calls {names}: a mistake in there shows here too."
    message = result.message if result.message[-1:] in ("", ".", "?", "!") else f"{result.message}."
    return msgspec.structs.replace(result, message=f"{message} {note}".strip())
