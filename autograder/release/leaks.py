"""Search released files for what must not go out: solutions, mutants, hidden checks and data, seeds, local paths."""

from __future__ import annotations

import ast
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autograder.release.cut import solution_lines
from autograder.release.markers import entries_of, markers_in
from autograder.rubric.authored import CHECKS, SOLUTION, modules, parsed, source_of

MISTAKES = {"mutant": 1, "mistake": 1, "mutant_value": 2, "wrong_value": 2}
"""Where a known mistake's hint stands among the arguments, if it is not given by name."""
HIDDEN = "hidden"
"""The folder of a reference that only the grader sees."""
FEWEST = 8
"""Rows of hidden data with fewer numbers than this are equal to public ones by chance."""
SMALLEST_SEED = 10_000
"""A smaller seed, on its own, is a number like any other; a list of seeds is not."""
FEWEST_SEEDS = 3
_SPACE = re.compile(r"\s+")
SOMEBODYS_FOLDER = re.compile(r"(/home/|/Users/|[A-Z]:\\+Users\\+)\w[\w.-]*")


def leaks(reference: Path, files: Mapping[str, bytes]) -> list[str]:
    """Return a finding for everything in `files` (by relative path) that the reference folder keeps secret."""
    found = solution_leaks(source_of(reference / SOLUTION), files) + list(markers_in(files))
    texts = {name: _readable(name, data) for name, data in files.items()}
    trees = {path: parsed(path) for path in modules(reference) if path.name != SOLUTION}
    kinds = {
        "a hidden check": set(_hidden_checks(trees.values())),
        "a mutant": set(_hints(trees.values())),
        "a seed": set(_seeds(trees.values())),
        "a path of this machine": {str(reference.resolve().parents[1])},
    }
    for name, text in texts.items():
        for what, secrets in kinds.items():
            found += [f"{name} holds {what}: {secret}" for secret in sorted(secrets) if secret in text]
        found += [f"{name} holds somebody's folder: {match[0]}" for match in SOMEBODYS_FOLDER.finditer(text)]
    return found + list(_hidden_data(reference / HIDDEN, files))


def solution_leaks(solution: str, files: Mapping[str, bytes]) -> list[str]:
    """Return a finding for each file and line where a line of the solution shows in a released file.

    A line as it is may stand anywhere; where only spaces or the kind of quotes differ, it has to be a whole line.
    """
    secret = {line: _squeezed(line) for line in sorted(solution_lines(solution))}
    findings = []
    for name, data in files.items():
        text = _readable(name, data)
        lines = set(map(_squeezed, text.splitlines()))
        shown = [line for line, form in secret.items() if line in text or form in lines]
        findings += [f"{name} holds a line of the solution: {line}" for line in shown]
    return findings


# --- what is secret ------------------------------------------------------------------------------------------------


def _hidden_checks(trees: Iterable[ast.Module]) -> Iterator[str]:
    """Yield `def name(draw` for every check that is not public: students write functions of that name, too."""
    for tree in trees:
        for one in tree.body:
            for call in one.decorator_list if isinstance(one, ast.FunctionDef) else ():
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in CHECKS:
                    public = any(word.arg == "public" and getattr(word.value, "value", True) for word in call.keywords)
                    if not public and isinstance(one, ast.FunctionDef):
                        first = one.args.args[0].arg if one.args.args else ""
                        yield f"def {one.name}({first}"


def _hints(trees: Iterable[ast.Module]) -> Iterator[str]:
    """Yield the hint of every mutant: it tells the mistake, and what the grader looks for."""
    for tree in trees:
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in MISTAKES:
                place = MISTAKES[call.func.attr]
                hints = [*call.args[place : place + 1], *(word.value for word in call.keywords if word.arg == "hint")]
                yield from (str(hint.value) for hint in hints if isinstance(hint, ast.Constant) and hint.value)


def _seeds(trees: Iterable[ast.Module]) -> Iterator[str]:
    """Yield, as it would be written, every value whose name says that it is a seed and not a public one."""
    for tree in trees:
        for one in tree.body:
            if not isinstance(one, ast.Assign | ast.AnnAssign) or one.value is None:
                continue
            targets = one.targets if isinstance(one, ast.Assign) else [one.target]
            names = [target.id for target in targets if isinstance(target, ast.Name)]
            if any("SEED" in name and "PUBLIC" not in name for name in names):
                value = one.value
                large = isinstance(value, ast.Constant) and isinstance(value.value, int) and value.value > SMALLEST_SEED
                if large or (isinstance(value, ast.Tuple | ast.List) and len(value.elts) >= FEWEST_SEEDS):
                    yield ast.unparse(value).strip("()[]")


def _hidden_data(folder: Path, files: Mapping[str, bytes]) -> Iterator[str]:
    """Yield hidden files, and rows of hidden arrays, that occur in a released file."""
    kept_back = (path for path in sorted(folder.rglob("*")) if path.is_file())
    hidden = {path.relative_to(folder).as_posix(): path.read_bytes() for path in kept_back}
    for name, data in files.items():
        yield from (f"{name} is the hidden file {other}" for other, kept in hidden.items() if kept == data)
        shown = {key: set(rows) for key, rows in _rows(name, data)}
        for other, kept in hidden.items():
            for key, rows in _rows(other, kept):
                for place, known in shown.items():
                    if both := sum(row in known for row in rows):
                        yield f"{name} ({place}) holds {both} rows of the hidden {other} ({key})"


def _rows(name: str, data: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Yield the arrays of an .npz with their names, each as a list of rows in bytes.

    A list of numbers is one row. Rows that are short, or hold one number only, are left out.
    """
    if not name.endswith(".npz"):
        return
    with np.load(io.BytesIO(data)) as arrays:
        for key in arrays.files:
            array = arrays[key]
            rows = array.reshape(len(array) if array.ndim > 1 else 1, -1)
            if rows.shape[1] >= FEWEST:
                yield key, [row.tobytes() for row in rows if len(np.unique(row)) > 1]


# --- reading -------------------------------------------------------------------------------------------------------


def _readable(name: str, data: bytes) -> str:
    """Return a file's text as a student reads it. A notebook stores lines as JSON strings, with quotes escaped.

    The files of a zip are read one after the other.
    """
    if inside := entries_of(name, data):
        return "\n".join(_readable(entry, content) for entry, content in inside.items())
    text = data.decode("utf-8", "replace")
    if not name.endswith((".ipynb", ".json")):
        return text
    try:
        strings = _strings(json.loads(text))
    except ValueError:
        return text
    return "\n".join(strings)


def _squeezed(text: str) -> str:
    """Return a text without what a formatter changes: white space, and which quotes there are."""
    return _SPACE.sub("", text).replace("'", '"')


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)
