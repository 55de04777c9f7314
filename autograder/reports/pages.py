"""Render a summary or a report as a page, and write it to a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import jinja2
import msgspec

from autograder.feedback import formats, sentences
from autograder.feedback.outcomes import ExerciseResult, is_ours, unreached
from autograder.feedback.sentences import Fact, Told
from autograder.feedback.signs import SIGNS, sign_of
from autograder.model import CheckResult, Curve, ExerciseInfo, Outcome, Report
from autograder.reports import pictures
from autograder.reports.summary import ClassSummary, Row


@dataclass(frozen=True, slots=True)
class CheckView:
    """One check on a student's page: what may be told of it, and nothing else."""

    told: Told
    facts: tuple[Fact, ...]
    curve: Curve | None
    name: str
    public: bool
    earned: float
    points: float
    computing: str
    answer: str | None

    @staticmethod
    def of(result: CheckResult) -> CheckView:
        """Return the view of a result. Leave out what is for TAs only, and every detail of an error of ours."""
        ours = result.outcome is Outcome.GRADER_ERROR
        return CheckView(
            told=sentences.told(result),
            facts=() if ours else sentences.facts(result.difference),
            curve=None if ours else result.curve,
            name=result.name,
            public=result.public,
            earned=result.earned,
            points=result.points,
            computing=sentences.computing(result.cpu_seconds, result.cpu_allowed) if result.cpu_seconds >= 1 else "",
            answer=result.answer,
        )

    @property
    def kind(self) -> str:
        """Return how it is graded, in a word or two."""
        if self.answer is not None:
            return "graded by hand"
        return "public" if self.public else "hidden"

    @property
    def passed(self) -> bool:
        """Return whether there is nothing to repair here."""
        return self.told.sign is SIGNS[Outcome.PASSED]


@dataclass(frozen=True, slots=True)
class ExerciseView:
    """One exercise on a student's page. `alike` is set where one finding speaks for all its checks;
    `shown` is not where its checks would only repeat what is said of the whole."""

    anchor: str
    info: ExerciseInfo
    cell: ExerciseResult
    checks: tuple[CheckView, ...]
    alike: Told | None
    shown: bool

    @property
    def untouched(self) -> Told | None:
        """Return what is said where nothing was attempted."""
        return sentences.untouched(self.info.points) if self.cell.outcome is Outcome.NOT_ATTEMPTED else None

    @property
    def settled(self) -> bool:
        """Return whether the exercise may be folded away: complete, and without a picture to look at."""
        return self.cell.complete and not any(check.curve for check in self.checks)


def class_page(summary: ClassSummary, *, course: str, title: str) -> str:
    """Return the page for TAs and instructors."""
    template = environment().get_template("class.html.j2")
    return template.render(
        summary=summary, course=course, title=title, histogram=pictures.histogram(summary.shares), row_of=_cells_by
    )


def student_page(report: Report, row: Row, *, course: str, title: str) -> str:
    """Return the page for one student. What students may not see never reaches the template."""
    pairs = enumerate(zip(report.exercises, row.cells, strict=True), 1)
    exercises = tuple(_view(report, f"exercise-{place}", info, cell) for place, (info, cell) in pairs)
    done = (None, Outcome.PASSED, Outcome.GRADER_ERROR)
    open_ones = [exercise for exercise in exercises if exercise.cell.outcome not in done]
    begun = [exercise for exercise in open_ones if not exercise.untouched]
    return (
        environment()
        .get_template("student.html.j2")
        .render(
            course=course,
            title=title,
            report=msgspec.structs.replace(report, problem="", results=(), flags=(), boundary=(), assignment_digest=""),
            about=sentences.about(report),
            exercises=exercises,
            complete=sum(cell.complete for cell in row.cells),
            untouched=sum(cell.outcome is Outcome.NOT_ATTEMPTED for cell in row.cells),
            computing=sentences.computing(report.cpu_seconds, report.cpu_allowed),
            ran=row.ran,
            waiting=report.waiting,
            ours=is_ours(report),
            next=next(iter(begun or open_ones), None),
        )
    )


def _view(report: Report, anchor: str, info: ExerciseInfo, cell: ExerciseResult) -> ExerciseView:
    checks = tuple(CheckView.of(result) for result in report.of_exercise(info.number))
    alike = len(checks) > 1 and all(
        check.told.finding == checks[0].told.finding
        and not (check.told.hint or check.told.note or check.facts or check.curve or check.passed)
        for check in checks
    )
    shown = bool(checks) and (not unreached(report) or any(check.answer is not None for check in checks))
    return ExerciseView(anchor, info, cell, checks, checks[0].told if alike else None, shown)


def _cells_by(row: Row) -> dict[str, ExerciseResult]:
    return {cell.number: cell for cell in row.cells}


@cache
def environment() -> jinja2.Environment:
    """Return what renders all pages: every text is escaped, and shows what is hidden in it."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("autograder.reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=formats.shown,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(signs=tuple(SIGNS.values()))
    environment.filters.update(
        name=formats.name,
        clip=formats.clip,
        output=formats.output,
        code=formats.code,
        number=formats.number,
        points=formats.points,
        moment=_moment,
        sign=sign_of,
        plot=pictures.plot,
    )
    return environment


def _moment(moment: datetime) -> str:
    moment = moment if moment.tzinfo is None else moment.astimezone(UTC)
    return f"{moment:%Y-%m-%d %H:%M}" + (" UTC" if moment.tzinfo else "")
