"""Show the result of a check at home: in the terminal, and as HTML under a notebook cell."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import jinja2
from rich.console import Console, Group, RenderableType
from rich.padding import Padding

from autograder.feedback import sentences
from autograder.feedback.outcomes import overall
from autograder.feedback.sentences import Told
from autograder.feedback.signs import SIGNS, Sign, Tone, sign_of
from autograder.feedback.terminal import escape, styled
from autograder.home.practice import Practised
from autograder.home.public_release import PublicExercise, PublicQuestion, PublicRelease
from autograder.model import CheckResult, Outcome

COLOURS = {
    Tone.GOOD: "#1a7f37",
    Tone.PART: "#8a5a00",
    Tone.BAD: "#b3261e",
    Tone.STOPPED: "#6a3a9c",
    Tone.NEUTRAL: "#777",
    Tone.OURS: "#14598c",
}
"""What the tones look like under a notebook cell, on a light page and on a dark one."""


WRONG = frozenset(Outcome) - {Outcome.PASSED, Outcome.NOT_ATTEMPTED, Outcome.SKIPPED}
"""Outcomes of an example that there is something to say about."""


@dataclass(frozen=True)
class Line:
    """An exercise with the results of its public checks. `begun`: some of it is written.

    `examples`: how the functions did that no public check is about; they are worth nothing.
    """

    exercise: PublicExercise
    results: tuple[CheckResult, ...]
    examples: tuple[CheckResult, ...]
    absent: tuple[str, ...]
    left_out: tuple[str, ...]
    begun: bool

    @property
    def untouched(self) -> bool:
        """Return whether nothing of it was attempted."""
        return not self.begun and all(one.outcome is Outcome.NOT_ATTEMPTED for one in (*self.results, *self.examples))

    @property
    def sign(self) -> Sign:
        """Return one sign for the whole, by the rule of the grader's reports."""
        if self.absent or any(one.outcome in WRONG for one in self.examples):
            return SIGNS[Outcome.FAILED]
        return sign_of(overall(self.results, sum(result.points for result in self.results)))

    @property
    def missing(self) -> list[str]:
        """Return a sentence for each function that cannot be checked."""
        return [
            f"`{name}` was left out: the note above says why." if name in self.left_out else f"`{name}` is not there."
            for name in self.absent
        ]

    @property
    def later(self) -> float:
        """Return the points that only the grader gives."""
        return sum(check.points for check in self.exercise.later)

    @property
    def state(self) -> str:
        """Return its state in a few words."""
        if self.untouched and (self.results or self.examples):
            return f"{SIGNS[Outcome.NOT_ATTEMPTED].word}, {self.exercise.points:g} points"
        earned, public = (sum(getattr(one, field) for one in self.results) for field in ("earned", "points"))
        parts = [f"{earned:g} of {public:g} public"] if self.results else []
        fit = sum(one.outcome is Outcome.PASSED for one in self.examples)
        if fit:
            parts.append(f"{fit} of {len(self.examples)} examples fit")
        here = ", ".join(parts) or "nothing public to check"
        return here + (f", {self.later:g} more later" if self.later else "")

    @property
    def open_ones(self) -> list[Told]:
        """Return what there is to say about the checks that did not pass."""
        if self.untouched:
            return []
        wrong = [one for one in self.examples if one.outcome in WRONG]
        return [sentences.told(one) for one in self.results if one.outcome is not Outcome.PASSED] + [
            sentences.told(one) for one in wrong
        ]


@dataclass(frozen=True)
class Question:
    """A written question, and whether it is answered; None where nobody could look."""

    asked: PublicQuestion
    answered: bool | None

    @property
    def sign(self) -> Sign:
        """Return its sign: no answer yet, or one that waits for a person."""
        return SIGNS[Outcome.NOT_ATTEMPTED if self.answered is False else Outcome.NOT_GRADED]

    @property
    def state(self) -> str:
        """Return its state in a few words."""
        points = f"{self.asked.points:g} points"
        if self.answered is None:
            return f"{points}, read by a person in your saved notebook"
        return f"answered, a person gives up to {points}" if self.answered else f"no answer yet, {points}"


@dataclass(frozen=True)
class Checked:
    """The result of a check at home. Shows itself as HTML in a notebook.

    `absent` names the functions that are not defined, or were left out while reading (`left_out`): without them public
    checks cannot run. `written` names those that differ from the starter's. `answered`: the numbers of the written
    questions that have an answer, where the file was read.
    """

    release: PublicRelease
    file: str
    results: tuple[CheckResult, ...]
    chosen: tuple[str, ...]
    absent: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problem: str = ""
    practised: tuple[Practised, ...] = ()
    examples: tuple[CheckResult, ...] = ()
    answered: frozenset[str] | None = None

    @property
    def passed(self) -> bool:
        """Return whether every public check passed."""
        right = all(result.outcome is Outcome.PASSED for result in (*self.results, *self.examples))
        return right and not self.problem and not self.absent

    @cached_property
    def lines(self) -> list[Line]:
        """Return the chosen exercises, in order."""
        return [
            Line(
                exercise,
                tuple(result for result in self.results if result.exercise == exercise.number),
                tuple(result for result in self.examples if result.exercise == exercise.number),
                tuple(name for name in exercise.owns if name in self.absent),
                self.left_out,
                any(name in self.written for name in exercise.owns),
            )
            for exercise in self.release.exercises
            if exercise.number in self.chosen
        ]

    @property
    def questions(self) -> list[Question]:
        """Return the chosen written questions, in order."""
        return [
            Question(one, None if self.answered is None else one.number in self.answered)
            for one in self.release.written
            if one.number in self.chosen
        ]

    @property
    def broken(self) -> Told | None:
        """Return what is said where the file stopped before its end."""
        return sentences.not_loaded(self.problem) if self.problem else None

    @property
    def summary(self) -> str:
        """Return the public points, worded so that they never look like full marks."""
        earned = sum(result.earned for result in self.results)
        public = sum(result.points for result in self.results)
        later = sum(line.later for line in self.lines)
        text = f"{earned:g} of {public:g} public points." if public else "There is no public check here."
        if later:
            text += f" {later:g} more points are checked when you hand in, on other inputs."
        if written := sum(question.asked.points for question in self.questions):
            text += f" A person gives up to {written:g} for your written answers."
        return text

    @property
    def to_practise(self) -> str:
        """Return how to train an exercise at home, where nothing was trained."""
        numbers = [line.exercise.number for line in self.lines if line.exercise.practices]
        if not numbers or self.practised:
            return ""
        how = f"autograder check --practice -e {numbers[0]}"
        inside = f'autograder.check("{numbers[0]}", practice=True)'
        return f"Where does your training stand? `{how}` trains on your data; in a notebook, {inside}."

    def to_terminal(self, console: Console) -> None:
        """Print for a person."""
        console.print(f"[bold]{escape(self.release.title)}[/]: the public checks on {escape(self.file)}")
        if self.broken:
            console.print(f"{styled(self.broken.sign)} {_found(self.broken)}")
        for note in self.notes:
            console.print(f"Note: {escape(note)}", highlight=False)
        for line in self.lines:
            console.print(_terminal(line))
        for question in self.questions:
            asked = question.asked
            console.print(
                f"{styled(question.sign)} [bold]{asked.number}[/] {escape(asked.title)}  [dim]{question.state}[/]"
            )
        for practised in self.practised:
            console.print(_trained(practised))
        console.print(f"[bold]{self.summary}[/]")
        if self.to_practise:
            console.print(escape(self.to_practise), highlight=False)

    def _repr_html_(self) -> str:
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True
        )
        return environment.get_template("checked.html.j2").render(
            checked=self, colours=COLOURS, rung_sign=_rung_sign, other_data=OTHER_DATA
        )

    def __repr__(self) -> str:
        console = Console(width=100, force_terminal=False, force_jupyter=False)
        with console.capture() as captured:
            self.to_terminal(console)
        return captured.get()


OTHER_DATA = "The grader trains on other data of this kind: you will stand about here, not exactly here."


def _trained(practised: Practised) -> RenderableType:
    ladder = practised.practice.ladder
    head = f"[bold]Practice {practised.number}[/] [dim]({practised.seconds:.0f} s on your data, no points)[/]"
    if practised.value is None:
        return Group(head, _indented(f"[red]{escape(practised.problem)}[/]"))
    places = [
        styled(sign, f"{sign.symbol} {rung.name} {rung.bound:g}")
        for rung, sign in ((rung, _rung_sign(reached)) for rung, reached in practised.rungs)
    ]
    lines = [f"{escape(ladder.metric)}: [bold]{practised.value:.3g}[/]", "   ".join(places)]
    if practised.next:
        lines.append(f"To reach {escape(practised.next.name)}: {escape(practised.next.technique)}.")
    return Group(head, *map(_indented, lines), _indented(f"[dim]{OTHER_DATA}[/]"))


def _rung_sign(reached: bool) -> Sign:
    return SIGNS[Outcome.PASSED if reached else Outcome.NOT_ATTEMPTED]


def _found(told: Told) -> str:
    """Return the finding as markup, the headline in the sign's colour."""
    return styled(told.sign, told.headline) + escape(told.finding.removeprefix(told.headline))


def _indented(text: str) -> Padding:
    """Return a paragraph that stays indented where it wraps."""
    return Padding(text, (0, 0, 0, 4))


def _terminal(line: Line) -> RenderableType:
    exercise = line.exercise
    parts: list[RenderableType] = [
        f"{styled(line.sign)} [bold]{exercise.number}[/] {escape(exercise.title)}  [dim]{line.state}[/]"
    ]
    for sentence in line.missing:
        parts.append(_indented(f"[red]{sentence}[/]"))
    for told in line.open_ones:
        parts.append(_indented(escape(told.asked)))
        parts.append(_indented(f"{styled(told.sign)} {_found(told)}"))
        parts += [_indented(escape(more)) for more in told.lines[1:]]
    return Group(*parts)
