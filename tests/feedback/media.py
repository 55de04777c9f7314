"""One report in every medium, as the text that a reader sees, and the sign that each shows for its first exercise."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from autograder.cli.show import Row as TerminalRow
from autograder.config import GradescopeConfig
from autograder.home.public_release import PublicExercise, PublicRelease
from autograder.home.show import Checked
from autograder.identity import page_name
from autograder.model import Report
from autograder.platforms.gradescope.results import results_of
from autograder.platforms.nbgrader import words
from autograder.reports import write_reports
from tests.platforms.gradescope.sample import metadata


def plain(page: str) -> str:
    """The text of HTML, on one line, without the marks of code."""
    page = re.sub(r"(?s)<style>.*?</style>|<svg.*?</svg>", "", page)
    return one_line(html.unescape(re.sub(r"<[^>]+>", " ", page)))


def one_line(text: str) -> str:
    """Text with its spaces, line ends and backticks made alike, so that it can be compared across media."""
    text = " ".join(text.replace("`", "").split())
    return re.sub(r" ([,.:;?!)])", r"\1", text)


def checked(report: Report) -> Checked:
    """The same results, as if they had been found at home."""
    exercises = [
        PublicExercise(info.number, info.title, ("f",), info.points, (), [], [])
        for info in report.exercises
        if report.of_exercise(info.number)
    ]
    release = PublicRelease("hw1", "Homework", (), "", exercises)
    chosen = tuple(exercise.number for exercise in exercises)
    return Checked(release, "hw1.py", report.results, chosen, written=("f",), problem=report.problem)


def pages(report: Report, folder: Path) -> tuple[str, str]:
    """The class page and the student's."""
    index = write_reports([report], folder, course="Course", title="Homework", secret=b"s")
    return index.read_text(), (folder / "students" / page_name(report.student, report.assignment, b"s")).read_text()


def student_page(report: Report, folder: Path) -> str:
    return plain(pages(report, folder)[1])


def gradescope(report: Report, folder: Path) -> str:
    results = results_of(report, GradescopeConfig(), metadata())
    return plain(results.output + "".join(f"<p>{html.escape(test.name)}</p>{test.output}" for test in results.tests))


def nbgrader(report: Report, folder: Path) -> str:
    parts = [words.results_of(report, exercise) for exercise in report.exercises]
    return one_line("\n".join([*words.remarks_on(report), *parts]))


def nbgrader_comments(report: Report, folder: Path) -> str:
    parts = [line for exercise in report.exercises for line in words.comment_on(report, exercise)]
    return one_line("\n".join([*words.remarks_on(report), *parts]))


def home_terminal(report: Report, folder: Path) -> str:
    console = Console(width=2_000, force_terminal=False)
    with console.capture() as captured:
        checked(report).to_terminal(console)
    return one_line(captured.get())


def home_notebook(report: Report, folder: Path) -> str:
    return plain(checked(report)._repr_html_())


#: Every medium that tells a student about a check in full.
TELLING: dict[str, Callable[[Report, Path], str]] = {
    "page": student_page,
    "gradescope": gradescope,
    "nbgrader": nbgrader,
    "nbgrader comment": nbgrader_comments,
    "home, terminal": home_terminal,
    "home, notebook": home_notebook,
}
GRADED = ("page", "gradescope", "nbgrader", "nbgrader comment")
"""Those that know a whole report."""


def signs(report: Report, folder: Path) -> dict[str, str]:
    """The symbol that each medium shows for the first exercise, or for its first check, read where a person looks."""
    index, page = pages(report, folder)
    first = report.exercises[0]
    home = checked(report)
    return {
        "terminal table": TerminalRow.of(report).cells[first.number].text.split()[-1],
        "class page": html.unescape(_found(r'<span class="cell \w+" title="[^"]*">([^<]+)<', index)).split()[-1],
        "class page, counted": _found(
            r'Outcomes of all checks</h2>\s*<ul[^>]*><li>\s*<span class="badge[^>]*>(.)<', index
        ),
        "student page, tile": _found(rf"<span>{re.escape(first.number)}</span><span>(.)</span>", page),
        "student page, check": _found(r'<span class="badge[^>]*>(.)</span>', page),
        "gradescope": _found(r"^<p>(.) ", results_of(report, GradescopeConfig(), metadata()).tests[0].output),
        "nbgrader": words.results_of(report, first).splitlines()[1][0],
        "home, terminal": _found(rf"(?m)^(.) {re.escape(first.number)} ", repr(home)),
        "home, notebook": _found(rf">(.)</span>\s*<strong>{re.escape(first.number)}<", home._repr_html_()),
    }


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, f"nothing like {pattern} in {text[:400]}"
    return match[1]
