"""Read one submission of any shape into clean sources that are ready to load."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from autograder.errors import RejectedError
from autograder.intake.archive import read_files
from autograder.intake.helper import HELPER, HELPER_SOURCE
from autograder.intake.imports import allowed_modules, own_modules
from autograder.intake.notebook import looks_like_notebook, read_notebook
from autograder.intake.recovery import MAX_NOTES
from autograder.intake.selection import Rules
from autograder.intake.source import LEFT_OUT, Cleaned, clean
from autograder.intake.text import printable, source_text
from autograder.model import DEFAULT_PACKAGES, Submission


@dataclass(frozen=True)
class _Unit:
    """One code file before filtering. `place` turns a line number into words."""

    path: str
    source: str
    place: Callable[[int], str]
    notes: tuple[str, ...]
    files: Mapping[str, str]
    recovered: bool


@dataclass(frozen=True)
class _Candidate:
    """A unit and what is left of it after filtering."""

    unit: _Unit
    cleaned: Cleaned
    written: int
    defined: int

    @property
    def path(self) -> str:
        return self.unit.path

    @property
    def stem(self) -> str:
        return _stem(self.path)


@dataclass(frozen=True)
class WholeSubmission:
    """A submission, and the file that is graded as it was handed in: `original` are its bytes."""

    submission: Submission
    name: str
    original: bytes


def read_submission(
    path: Path,
    student: str,
    *,
    main: str = "regression",
    packages: frozenset[str] = frozenset(DEFAULT_PACKAGES),
    run_top_level: bool = False,
    max_bytes: int = 20_000_000,
    expected: frozenset[str] = frozenset(),
    within: Path | None = None,
) -> Submission:
    """Read a module, a notebook, a zip or a folder. Nothing is executed.

    `main` is the file asked for; `expected` are the functions asked for, which find it under another name;
    `packages` may be imported, as may the standard library and the submission's own modules. No link below `within`, by
    default the folder above, is followed.

    Raises `RejectedError` with a reason for the student, and `StorageError` when the file system fails.
    """
    return read_whole(
        path,
        student,
        main=main,
        packages=packages,
        run_top_level=run_top_level,
        max_bytes=max_bytes,
        expected=expected,
        within=within,
    ).submission


def read_whole(
    path: Path,
    student: str,
    *,
    main: str = "regression",
    packages: frozenset[str] = frozenset(DEFAULT_PACKAGES),
    run_top_level: bool = False,
    max_bytes: int = 20_000_000,
    expected: frozenset[str] = frozenset(),
    within: Path | None = None,
) -> WholeSubmission:
    """Do as `read_submission`, and return the graded file beside it: nobody has to read it again, or another."""
    code = read_files(path, max_bytes, within)
    notes = list(code.notes)
    files = _rooted(code.files)
    units: dict[str, _Unit] = {}
    problems: dict[str, RejectedError] = {}
    for name in sorted(files):
        try:
            units[name] = _unit(name, files[name])
        except RejectedError as rejected:
            problems[name] = rejected
    if not units:
        raise _first(problems, main)
    for name in [name for name in units if _shadows(name, main, packages)]:
        if len(units) > 1:
            del units[name]
            notes.append(f"{printable(name)} was left out: it has the name of a library. Rename it to use it.")
    own = own_modules({*units, *(name for unit in units.values() for name in unit.files)})
    rules = Rules(allowed_modules(packages, own), own, expected, run_top_level)
    candidates = [_candidate(unit, rules) for unit in units.values()]
    if problems and not any(candidate.defined for candidate in candidates):
        raise _first(problems, main)
    chosen, why = _main_of(candidates, main, rules)
    notes += why
    notes += [problem.reason for problem in problems.values()]
    submission = _assembled(chosen, candidates, rules, student, notes)
    return WholeSubmission(submission, printable(chosen.path), files[chosen.path])


def _first(problems: Mapping[str, RejectedError], main: str) -> RejectedError:
    """Return what is wrong with the file asked for; failing that, with any other."""
    return problems[min(problems, key=lambda name: (_stem(name) != main.lower(), name))]


def _stem(path: str) -> str:
    return PurePosixPath(path).stem.lower()


def _candidate(unit: _Unit, rules: Rules) -> _Candidate:
    cleaned = clean(unit.source, unit.place, rules, already_recovered=unit.recovered)
    if not rules.expected:
        return _Candidate(unit, cleaned, len(cleaned.written), len(cleaned.defined))
    return _Candidate(unit, cleaned, len(cleaned.written & rules.expected), len(cleaned.defined & rules.expected))


def _main_of(candidates: list[_Candidate], main: str, rules: Rules) -> tuple[_Candidate, list[str]]:
    """Choose the file to grade: the one with the asked name, else the one with most of the asked functions.

    The name does not count where nothing in the file was written, and nothing of the student's own is imported.
    """

    def rank(one: _Candidate) -> tuple[bool, int, int, int, str]:
        named = one.stem == main.lower() and (one.written > 0 or bool(one.cleaned.imported & rules.own))
        return not named, -one.written, -one.defined, one.path.count("/"), one.path

    best, *others = sorted(candidates, key=rank)
    name = printable(best.path)
    twins = [other for other in others if other.stem == best.stem == main.lower()]
    if twins:
        return best, [f"Both {name} and {printable(twins[0].path)} are here: {name} is graded, it has more in it."]
    if best.stem == main.lower() or not others:
        return best, []
    if not best.defined:
        raise RejectedError(
            f"None of these files has the functions asked for. Name the one to grade {main}.py, or .ipynb."
        )
    return best, [f"{name} is graded: of these files it has most of the functions asked for."]


def _assembled(
    chosen: _Candidate, candidates: list[_Candidate], rules: Rules, student: str, notes: list[str]
) -> Submission:
    """Return the submission: the main file, and the other modules under the paths that it imports them by."""
    folder = str(PurePosixPath(chosen.path).parent)
    prefix = "" if folder == "." else f"{folder}/"
    key = chosen.path.removeprefix(prefix)
    sources = {key: chosen.cleaned.source}
    notes += [*chosen.unit.notes, *chosen.cleaned.notes]
    written = [_candidate(_module_unit(prefix + name, text), rules) for name, text in chosen.unit.files.items()]
    needs_helper = chosen.cleaned.needs_helper
    for helper in (*written, *candidates):
        name = helper.path.removeprefix(prefix)
        if name in sources or not name.endswith(".py"):
            continue
        sources[name] = helper.cleaned.source
        notes += [f"{printable(name)}: {note}" for note in helper.cleaned.notes if not note.startswith(LEFT_OUT)]
        needs_helper = needs_helper or helper.cleaned.needs_helper
    for package in {str(parent) for name in sources for parent in PurePosixPath(name).parents} - {"."}:
        sources.setdefault(f"{package}/__init__.py", "")
    if needs_helper:
        sources[f"{HELPER}.py"] = HELPER_SOURCE
    kept = [printable(note, 300) for note in dict.fromkeys(notes)]
    if len(kept) > MAX_NOTES:
        kept[MAX_NOTES:] = [f"... and {len(kept) - MAX_NOTES} more remarks like these."]
    return Submission.of(student, key, sources, tuple(kept))


def _shadows(path: str, main: str, packages: frozenset[str]) -> bool:
    """Return whether a module would be mistaken for an installed one."""
    module = path.split("/")[0].removesuffix(".py")
    return path.endswith(".py") and module != main and module in allowed_modules(packages, ())


def _rooted(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files relative to the innermost folder that holds them all."""
    folders = [PurePosixPath(name).parent.parts for name in files]
    depth = 0
    while all(len(parts) > depth for parts in folders) and len({parts[depth] for parts in folders}) == 1:
        depth += 1
    return {"/".join(PurePosixPath(name).parts[depth:]): data for name, data in files.items()}


def _unit(name: str, data: bytes) -> _Unit:
    if looks_like_notebook(data) or (name.lower().endswith(".ipynb") and not _is_renamed_module(data)):
        notebook = read_notebook(data, printable(name))
        return _Unit(name, notebook.source, notebook.place, tuple(notebook.notes), notebook.files, True)
    return _module_unit(name, source_text(data, printable(name)))


def _module_unit(name: str, text: str) -> _Unit:
    return _Unit(name, text, lambda line: f"line {line}", (), {}, False)


def _is_renamed_module(data: bytes) -> bool:
    """Return whether this is a Python file with a notebook's name."""
    return re.search(rb"^(def|import|from) ", data[:100_000], re.MULTILINE) is not None and not data.lstrip(
        b"\xef\xbb\xbf \t\r\n"
    ).startswith((b"{", b"<", b"["))
