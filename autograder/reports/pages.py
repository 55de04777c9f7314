"""Render a summary or a report as a page."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import jinja2
import msgspec
from markupsafe import Markup

from autograder.feedback import formats, sentences, signs
from autograder.feedback.outcomes import CLOSE, ExerciseResult, is_ours, unreached
from autograder.feedback.sentences import Fact, Told
from autograder.feedback.signs import SIGNS, sign_of
from autograder.model import CheckResult, Curve, ExerciseInfo, Outcome, Report
from autograder.reports import pictures
from autograder.reports.board import Board
from autograder.reports.histogram import histogram
from autograder.reports.rows import Row
from autograder.reports.summary import ClassSummary

FEW = 5
"""Mistakes that are told with an example."""


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
    def got(self) -> str:
        """Return the points; a dash where nobody has given any yet."""
        return "–" if self.told.sign is SIGNS[Outcome.NOT_GRADED] else formats.points(self.earned)

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
    def got(self) -> str:
        """Return the points; a dash where nobody has given any yet."""
        return "–" if self.cell.outcome is Outcome.NOT_GRADED else formats.points(self.cell.earned)

    @property
    def settled(self) -> bool:
        """Return whether the exercise may be folded away: complete, and without a picture to look at."""
        return self.cell.complete and not any(check.curve for check in self.checks)


@dataclass(frozen=True, slots=True)
class Script:
    """A script in a page, and the digest by which the page allows this one and no other."""

    text: Markup
    policy: str


def class_page(summary: ClassSummary, *, course: str, title: str, board: Board | None = None) -> str:
    """Return the page for TAs and instructors."""
    return (
        environment()
        .get_template("class.html.j2")
        .render(
            script=script("class.js"),
            summary=summary,
            course=course,
            title=title,
            board=board,
            few=FEW,
            to_read=signs.TO_READ,
            histogram=histogram(summary.shares),
            row_of=_cells_by,
            tags_of=_tags(summary),
            keys_of=_keys(summary),
        )
    )


def board_page(summary: ClassSummary, board: Board, *, course: str, title: str) -> str:
    """Return the leaderboard for the class, with the names that the board has."""
    template = environment().get_template("board.html.j2")
    return template.render(standings=summary.standings, course=course, title=title, board=board)


def student_page(
    report: Report, row: Row, *, course: str, title: str, stamp: str = "", board: Board | None = None
) -> str:
    """Return the page for one student. What students may not see never reaches the template."""
    pairs = enumerate(zip(report.exercises, row.cells, strict=True), 1)
    exercises = tuple(_view(report, f"exercise-{place}", info, cell) for place, (info, cell) in pairs)
    done = (None, Outcome.PASSED, Outcome.GRADER_ERROR, Outcome.NOT_GRADED)
    open_ones = [exercise for exercise in exercises if exercise.cell.outcome not in done]
    begun = [exercise for exercise in open_ones if not exercise.untouched]
    return (
        environment()
        .get_template("student.html.j2")
        .render(
            stamp=stamp,
            course=course,
            title=title,
            board=board if row.reached else None,
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


def _tags(summary: ClassSummary) -> Callable[[Row], str]:
    """Return what tells for a row what the page's script filters by; a number is an exercise that lacks points."""
    to_look_at = summary.to_look_at

    def tags_of(row: Row) -> str:
        done = row.points > 0 and row.score >= row.points - CLOSE
        tags = ["ungraded"] if row.status != "graded" else ["full" if done else "open"]
        tags += ["look"] if row.student in to_look_at else []
        cells = _cells_by(row)
        lacking = (
            str(place)
            for place, exercise in enumerate(summary.exercises)
            if (cell := cells.get(exercise.number)) is None or cell.earned < cell.points - CLOSE
        )
        return " ".join((*tags, *lacking))

    return tags_of


def _keys(summary: ClassSummary) -> Callable[[Row], str]:
    """Return what tells for a row what the page's script sorts by: the score, each exercise's points, the seconds."""

    def keys_of(row: Row) -> str:
        cells = _cells_by(row)
        earned = [cells.get(exercise.number) for exercise in summary.exercises]
        values = [
            row.score if row.status == "graded" else None,
            *(None if cell is None or cell.outcome is None else cell.earned for cell in earned),
            row.own_seconds if row.ran else None,
        ]
        return " ".join("-" if value is None else f"{value:.4g}" for value in values)

    return keys_of


@cache
def script(name: str) -> Script:
    """Return a script of ours, to be put into a page."""
    loader = environment().loader
    assert loader is not None
    text = loader.get_source(environment(), name)[0]
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Script(Markup(text), f"sha256-{digest}")


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
        moment=formats.moment,
        sign=sign_of,
        plot=pictures.plot,
    )
    return environment
