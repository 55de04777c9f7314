"""Read one submission of any shape into clean sources that are ready to load."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec

from autograder.errors import RejectedError
from autograder.intake.archive import read_files
from autograder.intake.candidates import Candidate, Unit, choose_main, stem
from autograder.intake.exported import plain_module
from autograder.intake.handed_in import choose_files
from autograder.intake.helper import HELPER, HELPER_SOURCE
from autograder.intake.imports import allowed_modules, own_modules
from autograder.intake.notebook import looks_like_notebook, read_notebook
from autograder.intake.recovery import MAX_NOTES, recover
from autograder.intake.seen import Text, seen
from autograder.intake.selection import Rules
from autograder.intake.source import LEFT_OUT, clean
from autograder.intake.text import printable, source_text
from autograder.intake.written import answers_in
from autograder.model import DEFAULT_PACKAGES, NO_QUESTIONS, Questions, Submission


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
    questions: Questions = NO_QUESTIONS,
    asked: Sequence[str] = (),
) -> Submission:
    """Read a module, a notebook, a zip or a folder. Nothing is executed.

    `main` is the file asked for; `expected` are the functions asked for, which find it under another name;
    `packages` may be imported, as may the standard library and the submission's own modules. No link below `within`, by
    default the folder above, is followed. `questions` are answered in words; `asked` are files besides
    code, which may come alone.

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
        questions=questions,
        asked=asked,
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
    questions: Questions = NO_QUESTIONS,
    asked: Sequence[str] = (),
) -> WholeSubmission:
    """Do as `read_submission`, and return the graded file beside it: nobody has to read it again, or another."""
    try:
        code = read_files(path, max_bytes, within, asked)
    except RejectedError as rejected:
        also = f" This assignment takes {' and '.join(asked)}, too." if asked else ""
        raise RejectedError(f"{rejected.reason}{also}") from None
    notes = list(code.notes)
    files, handed = _rooted(code.files), dict[str, str]()
    if asked:
        chosen_files = choose_files(files, asked, main)
        files, handed = chosen_files.code, chosen_files.files
        notes += chosen_files.notes
    units: dict[str, Unit] = {}
    problems: dict[str, RejectedError] = {}
    for name in sorted(files):
        try:
            units[name] = _unit(name, files[name], files.keys())
        except RejectedError as rejected:
            problems[name] = rejected
    if not units:
        raise _first(problems, main)
    for name in [name for name in units if _shadows(name, main, packages)]:
        if len(units) > 1:
            del units[name]
            notes.append(f"{printable(name)} was left out: it has the name of a library. Rename it to use it.")
    named = (name for unit in units.values() for name in (*(unit.files or ()), *(f"{run}.py" for run in unit.runs)))
    own = own_modules({*units, *named})
    rules = Rules(allowed_modules(packages, own), own, expected, run_top_level)
    candidates = [_candidate(unit, rules) for unit in units.values()]
    if problems and not any(candidate.defined for candidate in candidates):
        raise _first(problems, main)
    chosen, why = choose_main(candidates, main)
    notes += why
    notes += [problem.reason for problem in problems.values()]
    answers, more_notes = _answers(files, chosen.path, questions)
    submission = _assembled(chosen, candidates, rules, student, notes + more_notes, handed)
    submission = msgspec.structs.replace(submission, answers=answers)
    return WholeSubmission(submission, printable(chosen.path), files[chosen.path])


def read_sources(path: Path, *, max_bytes: int = 20_000_000, within: Path | None = None) -> dict[str, str]:
    """Read all code of a submission, before anything is left out for grading: what parses, with every line in place.

    A notebook is its code cells, and the modules that it writes are files of their own. Nothing is executed.

    Raises `RejectedError` where there is no code to be read, and `StorageError` when the file system fails.
    """
    files = _rooted(read_files(path, max_bytes, within).files)
    sources: dict[str, str] = {}
    problems: dict[str, RejectedError] = {}
    for name in sorted(files):
        try:
            unit = _unit(name, files[name], files.keys())
        except RejectedError as rejected:
            problems[name] = rejected
            continue
        sources[name] = unit.source if unit.recovered else recover(unit.source, unit.place)[0]
        for module, text in (unit.files or {}).items():
            sources.setdefault(module, recover(text, unit.place)[0])
    if not sources:
        raise _first(problems, "")
    return sources


def _answers(files: Mapping[str, bytes], main: str, questions: Questions) -> tuple[dict[str, str], list[str]]:
    """Return the written answers, and a note on each that stands in another file than the one that is graded."""
    answers: dict[str, str] = {}
    notes = []
    for name in sorted(files, key=lambda name: (name != main, name)) if questions.numbers else ():
        new = {
            number: text for number, text in answers_in(files[name], name, questions).items() if number not in answers
        }
        answers |= new
        if new and name != main:
            notes.append(f"Your answer to {', '.join(new)} was found in {printable(name)}.")
    return answers, notes


def _first(problems: Mapping[str, RejectedError], main: str) -> RejectedError:
    """Return what is wrong with the file asked for; failing that, with any other."""
    return problems[min(problems, key=lambda name: (stem(name) != main.lower(), name))]


def _candidate(unit: Unit, rules: Rules) -> Candidate:
    cleaned = clean(unit.source, unit.place, rules, already_recovered=unit.recovered)
    asked = rules.expected or cleaned.defined
    return Candidate(unit, cleaned, cleaned.written & asked, cleaned.defined & asked)


def _assembled(
    chosen: Candidate,
    candidates: list[Candidate],
    rules: Rules,
    student: str,
    notes: list[str],
    handed: Mapping[str, str],
) -> Submission:
    """Return the submission: the main file, the other modules under the paths that it imports them by, and the files
    that were handed in with them."""
    folder = str(PurePosixPath(chosen.path).parent)
    prefix = "" if folder == "." else f"{folder}/"
    key = chosen.path.removeprefix(prefix)
    sources = {key: chosen.cleaned.source}
    notes += [*chosen.unit.notes, *chosen.cleaned.notes]
    written = [_candidate(_module_unit(prefix + name, text), rules) for name, text in (chosen.unit.files or {}).items()]
    run = frozenset(path for candidate in candidates for path in candidate.unit.runs)
    needs_helper = chosen.cleaned.needs_helper
    for helper in (*written, *candidates):
        name = helper.path.removeprefix(prefix)
        module = f"{name.rpartition('.')[0]}.py"
        if name == key or module in sources or not (name == module or module[:-3] in run):
            continue
        name = module
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
    whole = Submission.of(student, key, {**sources, **handed}, tuple(kept))
    wanted = (rules.expected | chosen.cleaned.reads) - chosen.cleaned.defined
    texts = [Text(one.path, one.unit.source, one.unit.place, one.unit.prose) for one in (chosen, *candidates)]
    return msgspec.structs.replace(
        whole, seen=seen(wanted, texts[0], [text for text in texts if text.path != chosen.path])
    )


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


def _unit(name: str, data: bytes, files: Collection[str]) -> Unit:
    folder = name.rpartition("/")[0]
    beside = {other.removeprefix(f"{folder}/") for other in files if not folder or other.startswith(f"{folder}/")}
    if looks_like_notebook(data) or (name.lower().endswith(".ipynb") and not _is_renamed_module(data)):
        notebook = read_notebook(data, printable(name), beside)
        return Unit(
            name, notebook.source, notebook.place, tuple(notebook.notes), notebook.files, frozenset(notebook.runs),
            tuple(notebook.prose), True,
        )  # fmt: skip
    return _module_unit(name, source_text(data, printable(name)), beside)


def _module_unit(name: str, text: str, beside: Collection[str] = ()) -> Unit:
    module = plain_module(text, beside)
    return Unit(name, module.text, module.place, tuple(module.notes), module.files, frozenset(module.runs))


def _is_renamed_module(data: bytes) -> bool:
    """Return whether this is a Python file with a notebook's name."""
    return re.search(rb"^(def|import|from) ", data[:100_000], re.MULTILINE) is not None and not data.lstrip(
        b"\xef\xbb\xbf \t\r\n"
    ).startswith((b"{", b"<", b"["))
