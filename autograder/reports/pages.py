"""Render a summary or a report as a page, and write it to a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import jinja2
import msgspec
from markupsafe import Markup

from autograder.feedback import formats
from autograder.model import CheckResult, ExerciseInfo, Outcome, Report
from autograder.reports import pictures
from autograder.reports.summary import SIGNS, Cell, ClassSummary, Row


@dataclass(frozen=True, slots=True)
class ExerciseView:
    """One exercise on a student's page. `alike` is set where one message speaks for all its checks."""

    anchor: str
    info: ExerciseInfo
    cell: Cell
    checks: tuple[CheckResult, ...]
    alike: CheckResult | None

    @property
    def untouched(self) -> bool:
        """Return whether nothing was attempted here."""
        return self.cell.outcome is Outcome.NOT_ATTEMPTED

    @property
    def settled(self) -> bool:
        """Return whether the exercise may be folded away: complete, and without a picture to look at."""
        return self.cell.complete and not any(check.curve for check in self.checks)


def class_page(summary: ClassSummary, *, course: str, title: str) -> str:
    """Return the page for TAs and instructors."""
    template = _environment().get_template("class.html.j2")
    return template.render(
        summary=summary, course=course, title=title, histogram=pictures.histogram(summary.shares), row_of=_cells_by
    )


def student_page(report: Report, row: Row, *, course: str, title: str) -> str:
    """Return the page for one student. What students may not see never reaches the template."""
    pairs = enumerate(zip(report.exercises, row.cells, strict=True), 1)
    exercises = tuple(_view(report, f"exercise-{place}", info, cell) for place, (info, cell) in pairs)
    ours = report.status == "grader error"
    # Without results, the problem of a grader error is our own traceback.
    problem = "" if ours and not report.results else report.problem
    done = (None, Outcome.PASSED, Outcome.GRADER_ERROR)
    open_ones = [exercise for exercise in exercises if exercise.cell.outcome not in done]
    begun = [exercise for exercise in open_ones if not exercise.untouched]
    return (
        _environment()
        .get_template("student.html.j2")
        .render(
            course=course,
            title=title,
            report=msgspec.structs.replace(
                report, problem=problem, results=(), flags=(), boundary=(), assignment_digest=""
            ),
            exercises=exercises,
            complete=sum(cell.complete for cell in row.cells),
            untouched=sum(cell.outcome is Outcome.NOT_ATTEMPTED for cell in row.cells),
            ran=row.ran,
            unreached=_unreached(report),
            ours=ours,
            our_checks=sum(result.outcome is Outcome.GRADER_ERROR for result in report.results),
            next=next(iter(begun or open_ones), None),
        )
    )


def _view(report: Report, anchor: str, info: ExerciseInfo, cell: Cell) -> ExerciseView:
    checks = tuple(_for_student(result) for result in report.of_exercise(info.number))
    first = checks[0] if checks else None
    same = len(checks) > 1 and all(
        (check.outcome, check.message) == (checks[0].outcome, checks[0].message)
        and not (check.hint or check.difference or check.curve or check.stand_ins)
        and check.outcome is not Outcome.PASSED
        for check in checks
    )
    return ExerciseView(anchor, info, cell, checks, first if same else None)


def _unreached(report: Report) -> bool:
    """Return whether loading failed, so that each check would only repeat the report's problem."""
    ends = {(result.outcome, result.message) for result in report.results}
    if len(ends) != 1:
        return False
    outcome, message = ends.pop()
    return outcome is not Outcome.PASSED and bool(message) and message in report.problem


def _for_student(result: CheckResult) -> CheckResult:
    """Return a result without what only TAs may see: the mutant's name, and the trace of a grader error."""
    if result.outcome is Outcome.GRADER_ERROR:
        return msgspec.structs.replace(result, mutant="", message="", hint="", difference=None, curve=None)
    return msgspec.structs.replace(result, mutant="")


def _cells_by(row: Row) -> dict[str, Cell]:
    return {cell.number: cell for cell in row.cells}


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("autograder.reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(
        name=formats.name,
        message=formats.message,
        clip=formats.clip,
        output=formats.output,
        code=formats.code,
        number=formats.number,
        points=formats.points,
        moment=_moment,
        kind=_kind,
        sign=SIGNS.__getitem__,
        plot=pictures.plot,
    )
    return environment


def _finalize(value: Any) -> Any:
    """Clean every text that a template prints, so that no hidden character reaches a page."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return formats.visible(value)


def _moment(moment: datetime) -> str:
    moment = moment if moment.tzinfo is None else moment.astimezone(UTC)
    return f"{moment:%Y-%m-%d %H:%M}" + (" UTC" if moment.tzinfo else "")


def _kind(outcome: Outcome | None) -> str:
    """Return the CSS class of an outcome."""
    if outcome is None:
        return "none"
    return {
        Outcome.PASSED: "good",
        Outcome.PARTLY: "part",
        Outcome.FAILED: "bad",
        Outcome.NOT_ATTEMPTED: "none",
        Outcome.SKIPPED: "none",
        Outcome.GRADER_ERROR: "ours",
    }.get(outcome, "stop")
