"""Answers as a file to grade in, and points back from it: for those who like a table better than a page."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping

from autograder.errors import InputError
from autograder.feedback.formats import visible
from autograder.marking.answers import Answer, Sheet, grades
from autograder.model import HandGrade
from autograder.platforms.grades import harmless, number, written

COLUMNS = ("question", "answer", "points", "of", "comment", "text")
NAMES = "students"
KEY = 16
"""Characters of a text's digest that stand for it."""


def as_csv(sheets: Iterable[Sheet], *, names: bool) -> bytes:
    """Return a line for each answer: fill in `points` and `comment`. With `names`, who wrote it."""
    rows = [[*COLUMNS, *([NAMES] if names else [])]]
    for sheet, answer in _answers(sheets):
        points, comment = ("", "") if answer.grade is None else (number(answer.grade.points), answer.grade.comment)
        cells = [sheet.question.number, answer.key[:KEY], points, number(sheet.question.points), comment, answer.text]
        cells += [", ".join(answer.students)] if names else []
        rows.append([*cells[:4], *(harmless(visible(cell)) for cell in cells[4:])])
    return written(rows)


def as_markdown(sheets: Iterable[Sheet], *, names: bool) -> bytes:
    """Return the answers to be read, below what a full one has. Points come back in the CSV."""
    return "\n".join(line for sheet in sheets for line in _markdown(sheet, names=names)).encode("utf-8", "replace")


def from_csv(data: bytes, sheets: Mapping[str, Sheet], grader: str) -> list[HandGrade]:
    """Return the points in a filled table, where they are new.

    Raises:
        InputError: It is no such table, or a line of it does not fit; every such line is named.
    """
    try:
        reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), dialect=_dialect(data))
        missing = [column for column in COLUMNS[:5] if column not in (reader.fieldnames or ())]
        lines = [] if missing else [(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"this is no CSV in UTF-8: {error}. Save the table that --to wrote as CSV") from None
    if missing:
        raise InputError(f"the table has no column {missing[0]!r}: take the one that --to wrote")
    found: list[HandGrade] = []
    problems: list[str] = []
    for line, row in lines:
        try:
            found += _new(row, sheets, grader)
        except InputError as error:
            problems.append(f"line {line}: {error}")
    if problems:
        raise InputError("nothing was taken in. " + "; ".join(problems))
    return found


def _new(row: Mapping[str, str | None], sheets: Mapping[str, Sheet], grader: str) -> list[HandGrade]:
    """Return the points in one line; none where they are what stands already."""
    sheet = sheets.get((row["question"] or "").strip())
    if sheet is None:
        raise InputError(f"there is no question {row['question']!r}; there are {', '.join(sheets)}")
    answer = sheet.answer((row["answer"] or "").strip())
    if answer is None and not (row["points"] or row["comment"] or "").strip():
        return []
    if answer is None:
        raise InputError(
            f"nobody's latest answer to {sheet.question.number} is {row['answer']!r}: it was handed in anew, or the "
            "key was changed. Write the table again with --to"
        )
    made = grades(sheet, answer, row["points"] or "", _plain(row["comment"] or ""), grader)
    before = answer.grade
    if made[0].points is None and before is None:
        return []
    if before is not None and (before.points, before.comment) == (made[0].points, made[0].comment):
        return []
    return made


def _plain(comment: str) -> str:
    """Return a comment without the apostrophe that kept a spreadsheet from computing it."""
    return comment[1:] if comment.startswith("'") and harmless(comment[1:]) == comment else comment


def _dialect(data: bytes) -> type[csv.Dialect]:
    """Return the dialect of a table; a spreadsheet in many languages separates by semicolons."""
    first = data.partition(b"\n")[0]
    return _Semicolons if first.count(b";") > first.count(b",") else csv.excel


class _Semicolons(csv.excel):
    delimiter = ";"


def _answers(sheets: Iterable[Sheet]) -> Iterator[tuple[Sheet, Answer]]:
    return ((sheet, answer) for sheet in sheets for answer in sheet.answers)


def _markdown(sheet: Sheet, *, names: bool) -> Iterator[str]:
    question = sheet.question
    yield f"# {question.number} {question.title} ({question.points:g} points)\n"
    yield "A full answer has:\n"
    yield from (f"- {element}" for element in question.elements)
    for answer in sheet.answers:
        yield f"\n## Answer {answer.key[:KEY]}\n"
        if names:
            yield f"{visible(', '.join(answer.students))}\n"
        yield from (f"> {line}" for line in visible(answer.text).splitlines())
        if answer.grade is not None:
            said = visible(answer.grade.comment)
            yield f"\n{number(answer.grade.points)} of {question.points:g} points. {said}".rstrip()
    yield ""
