"""What a case of the corpus is, and what must hold for each: nothing lost, and a message with the next step."""

from __future__ import annotations

import json
import re
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from autograder.errors import RejectedError
from autograder.intake import read_submission
from autograder.model import Submission
from autograder.sandbox.guest import loader

FINE = "def double(x):\n    return 2 * x\n"
"""The exercise that is done: whatever stands around it, it keeps its points."""

EXPECTED = frozenset({"double", "halve"})

Content = str | bytes | Mapping[str, Any]
"""A file: text is written as UTF-8, a mapping as JSON."""

_NEXT_STEP = re.compile(
    r"\b(hand in|hand it in|save|make it|unpack|name the|open it|use|write|set it|rename|define)\b", re.I
)
_GRADED_ANYWAY = re.compile(
    r"everything else is graded|was left out|were left out|counts|is graded|are graded|not opened|more remarks"
)


@dataclass(frozen=True)
class Case:
    """Files handed in together (one file: on its own; more: in a folder), and what the student should read.

    `rejected` is a part of the reason; without it the submission is read, `double` works, and each of `notes` is a
    part of some remark. `silent` asks that there be no remark at all.
    """

    id: str
    files: Mapping[str, Content]
    notes: tuple[str, ...] = ()
    rejected: str = ""
    silent: bool = False
    options: Mapping[str, Any] | None = None


def rejected(name: str, file: str, content: Content, reason: str) -> Case:
    """One file that cannot be read."""
    return Case(name, {file: content}, rejected=reason)


def module(name: str, content: str | bytes, *notes: str, silent: bool = False) -> Case:
    """A module that is read."""
    return Case(name, {"homework.py": content}, notes, silent=silent)


def cells(name: str, *sources: str, notes: tuple[str, ...] = (), silent: bool = False) -> Case:
    """A notebook of these code cells that is read."""
    return Case(name, {"homework.ipynb": notebook(*sources)}, notes, silent=silent)


def notebook(*sources: Any, **more: Any) -> dict[str, Any]:
    """A notebook of code cells as Jupyter writes it; `more` replaces top-level entries."""
    found = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": source} for source in sources]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": found, **more}


def as_bytes(content: Content) -> bytes:
    """A file's content."""
    if isinstance(content, Mapping):
        content = json.dumps(content)
    return content.encode() if isinstance(content, str) else content


def zip_of(files: Mapping[str, Content]) -> bytes:
    """A zip of these files."""
    memory = BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, as_bytes(content))
    return memory.getvalue()


def put(folder: Path, files: Mapping[str, Content]) -> Path:
    """Write the files of a case; returns what to hand in."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_bytes(content))
    return folder / next(iter(files)) if len(files) == 1 and "/" not in next(iter(files)) else folder


def verify(case: Case, folder: Path) -> None:
    """Hand the case in and hold intake to what it promises."""
    hold(case, put(folder, case.files))


def hold(case: Case, path: Path) -> None:
    """Read `path` and compare with what `case` expects."""
    try:
        submission = read_submission(path, "ada", main="homework", expected=EXPECTED, **(case.options or {}))
    except RejectedError as problem:
        assert case.rejected, problem.reason
        assert case.rejected in problem.reason
        for_students(problem.reason)
        assert _NEXT_STEP.search(problem.reason), problem.reason
        return
    assert not case.rejected, f"it was read, with the notes {submission.notes}"
    for part in case.notes:
        assert any(part in note for note in submission.notes), submission.notes
    if case.silent:
        assert submission.notes == ()
    for note in submission.notes:
        for_students(note)
        assert _NEXT_STEP.search(note) or _GRADED_ANYWAY.search(note), note
    assert namespace_of(submission)["double"](3) == 6


def for_students(text: str) -> None:
    """Short, printable, and without the grader's own insides."""
    assert all(character.isprintable() or character in "\u200c\u200d" for character in text)
    assert 10 < len(text) <= 300
    for inside in ("Traceback", "autograder/", "site-packages", "_autograder_intake", "<submission>", "UnicodeDecode"):
        assert inside not in text


def namespace_of(submission: Submission) -> dict[str, Any]:
    """The submission's globals, loaded as in the sandbox; no trace of it stays."""
    known, finders = set(sys.modules), list(sys.meta_path)
    try:
        namespace, error = loader.load(submission.files, submission.main)
    finally:
        sys.meta_path[:] = finders
        for name in set(sys.modules) - known:
            if getattr(sys.modules[name], "__file__", "") in submission.files:
                del sys.modules[name]
    assert error is None, error
    return namespace
