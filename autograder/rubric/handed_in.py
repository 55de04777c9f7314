"""Check files that are handed in: predictions on hidden data, and trained weights."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from typing import Any

from autograder.errors import MismatchError, StudentError
from autograder.model import Outcome
from autograder.protocol.handed_in import global_of
from autograder.rubric.compare import shown
from autograder.rubric.student import Student

MOST = 1_000_000
"""Lines of a table that are read."""


def handed_in(student: Student, file: str) -> Any:
    """Return the content of a file that `Rubric.file` asks for.

    Args:
        student: The student's code, as passed to the check.
        file: The file's name, as in `Rubric.file`.

    Returns:
        The text of a table; the dictionary of arrays in an `.npz`, or of tensors in a `.pt` or `.safetensors`.

    Raises:
        StudentError: It was not handed in, or cannot be read.

    Example:
        >>> print(handed_in(student, "predictions.csv"))
        id,label
        0,3
        1,7
        <BLANKLINE>
    """
    try:
        return student.read(global_of(file))
    except StudentError:
        raise StudentError(
            Outcome.NOT_ATTEMPTED, f"{file} was not handed in, or cannot be read: then a line at the top says why."
        ) from None


def predictions(
    student: Student,
    file: str,
    ids: Sequence[object],
    *,
    columns: tuple[str, str] = ("id", "label"),
    number: bool = True,
) -> list[Any]:
    """Return what a handed-in table predicts for each id.

    Args:
        student: The student's code, as passed to the check.
        file: The file's name, as in `Rubric.file`.
        ids: The ids that are asked for, as they stand in the data that students have.
        columns: The names of the column of ids and of the one of predictions. Others are not looked at.
        number: Whether predictions are numbers; else they are text.

    Returns:
        A number or a text for each of `ids`, in their order, to be scored by a metric of your own.

    Raises:
        MismatchError: A column or a prediction is missing, there twice, of an unknown id, or no finite number; the
            message names the line.
        StudentError: The file was not handed in.

    Example:
        >>> predictions(student, "predictions.csv", ids=[1, 0])
        [7.0, 3.0]
        >>> predictions(student, "predictions.csv", ids=[0, 1, 2])
        Traceback (most recent call last):
        autograder.errors.MismatchError: predictions.csv has no line for 1 of the 3 ids: 2 is missing.
    """
    key, value = columns
    found: dict[str, tuple[int, Any]] = {}
    asked = {str(one) for one in ids}
    for line, row in _rows(file, handed_in(student, file), columns):
        name = row[key].strip()
        if name not in asked:
            raise MismatchError(f"{file}, line {line}: there is no {key} {_cell(name)} in the data.")
        if name in found:
            raise MismatchError(f"{file}, line {line}: {key} {_cell(name)} is there already, in line {found[name][0]}.")
        found[name] = (line, _number(file, line, value, row[value]) if number else row[value].strip())
    if missing := [str(one) for one in ids if str(one) not in found]:
        which = f"{missing[0]} is missing" if len(missing) == 1 else f"the first that is missing is {missing[0]}"
        raise MismatchError(f"{file} has no line for {len(missing):,} of the {len(asked):,} {key}s: {which}.")
    return [found[str(one)][1] for one in ids]


def _rows(file: str, text: Any, columns: tuple[str, str]) -> list[tuple[int, dict[str, str]]]:
    """Return the lines of a table with their numbers. Raises `MismatchError`."""
    if not isinstance(text, str) or not text.strip():
        raise MismatchError(f"{file} is empty.")
    first = text.lstrip().partition("\n")[0]
    delimiter = next((sign for sign in ",;\t" if sign in first), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[tuple[int, dict[str, str]]] = []
    try:
        header = [name.strip() for name in next(reader)]
        if absent := [name for name in columns if header.count(name) != 1]:
            there = ", ".join(_cell(name) for name in header[:10])
            many = "there more than once" if absent[0] in header else "missing"
            raise MismatchError(
                f"{file}: the column {absent[0]} is {many}. Its first line is {there}, and {', '.join(columns)} is "
                "asked for."
            )
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                raise MismatchError(
                    f"{file}, line {reader.line_num}: {len(cells)} cells, and the first line has {len(header)}."
                )
            rows.append((reader.line_num, dict(zip(header, cells, strict=True))))
            if len(rows) > MOST:
                raise MismatchError(f"{file} has more than {MOST:,} lines.")
    except csv.Error as error:
        raise MismatchError(f"{file}, line {reader.line_num}: this is no CSV ({error}).") from None
    return rows


def _number(file: str, line: int, column: str, cell: str) -> float:
    try:
        found = float(cell)
    except ValueError:
        raise MismatchError(f"{file}, line {line}: the {column} {_cell(cell)} is no number.") from None
    if not math.isfinite(found):
        raise MismatchError(f"{file}, line {line}: the {column} is {found}, which is not finite.")
    return found


def _cell(text: str) -> str:
    return shown(text[:40])
