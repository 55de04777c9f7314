"""Decide what becomes of a notebook: its exercises, what each owns, and which tests are about what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from autograder.release.importing.master import Master, Problem, Tests, Text
from autograder.release.importing.names import Names, bound, names_of, reads
from autograder.release.importing.testcode import parsed

_NUMBERED = re.compile(
    r"^(?:(?:exercise|question|problem|task|part|aufgabe)\s*)?[\dA-Za-z]?\d*(?:\.\d+)*[a-z]?\s*[.:·)–-]+\s*(?=\S)",
    re.IGNORECASE,
)
_HEADING = re.compile(r"^##+\s+(.+?)\s*#*$", re.MULTILINE)
_BEGINS = re.compile(r"\W*(?:exercise|question|problem|task)\b", re.IGNORECASE)
LONGEST_TITLE = 60


@dataclass(frozen=True)
class Planned:
    """Tests that become a check, and the student's name that it is about."""

    tests: Tests
    function: str


@dataclass
class PlannedExercise:
    """A question with tests.

    Attributes:
        number: "1", "2", ...
        question: Its name in the notebook.
        title: What it is called.
        checks: Its tests, in order.
    """

    number: str
    question: str
    title: str
    checks: list[Planned] = field(default_factory=list)

    def owns(self, names: Names) -> tuple[str, ...]:
        """Return the names that its tests are about, in the order in which they are written."""
        about = {check.function for check in self.checks}
        return tuple(name for name in names.kinds if name in about)

    @property
    def points(self) -> Fraction:
        """Return what its tests are worth."""
        return sum((check.tests.points for check in self.checks), Fraction(0))


@dataclass
class Plan:
    """What a notebook becomes."""

    master: Master
    names: Names
    exercises: list[PlannedExercise]
    problems: list[Problem]

    def exercise_of(self, question: str) -> PlannedExercise | None:
        """Return the exercise that a question becomes; None where nothing tests it."""
        return next((one for one in self.exercises if one.question == question), None)


def plan_of(master: Master) -> Plan:
    """Return what becomes of a notebook."""
    names = names_of(master.codes)
    problems = list(master.problems)
    found: dict[str, list[Planned]] = {}
    for tests in master.tests:
        function = _about(tests, names)
        if function:
            found.setdefault(names.questions[function], []).append(Planned(tests, function))
        elif any(case.source.strip() for case in tests.cases):
            problems.append(
                Problem(tests.cell, "these tests use nothing that students write", "They are left out of checks.py")
            )
    order = list(dict.fromkeys(names.questions.values()))
    questions = sorted(found, key=order.index)
    exercises = [
        PlannedExercise(str(number), question, title_of(question, master), found[question])
        for number, question in enumerate(questions, 1)
    ]
    tested = {name for exercise in exercises for name in exercise.owns(names)}
    manual = {part.name for part in master.manuals}
    for code in master.codes:
        cut = {name for name, question in names.questions.items() if question == code.question and code.cut}
        if cut and not cut & tested and code.question not in manual:
            shown = ", ".join(f"`{name}`" for name in sorted(cut))
            problems.append(Problem(code.cell, f"no test asks for {shown}", "It is cut, and not graded: add a check"))
    return Plan(master, names, exercises, problems)


def title_of(question: str, master: Master) -> str:
    """Return a question's title: the heading above its code, or how its text begins, or its name."""
    above: list[str] = []
    for part in master.parts:
        if isinstance(part, Text) and part.question in ("", question):
            above.append(part.source)
        elif getattr(part, "question", "") == question:
            break
        elif isinstance(part, Tests) or getattr(part, "cut", False):
            above = []
    headings = [found for text in above for found in _HEADING.findall(text)]
    begins = [
        text.strip().split("\n")[0]
        for text in above
        if re.match(r"\W*(?:exercise|question|problem|task)\b", text, re.I)
    ]
    for candidate in (*headings[-1:], *begins[-1:]):
        bare = _NUMBERED.sub("", re.sub(r"[*_`]{2,}|^\W+", "", candidate)).strip("*_ ")
        short = re.split(r"(?<=\w)[.:](?:\s|$)", bare)[0].strip()
        if short and len(short) <= LONGEST_TITLE:
            return short
    return question.replace("_", " ").replace("-", " ").strip().capitalize()


def title_of_notebook(master: Master) -> str:
    """Return what a notebook calls itself: its first heading of the first level; "" where it has none."""
    for part in master.parts:
        if isinstance(part, Text) and (found := re.search(r"^#\s+(.+?)\s*#*$", part.source, re.MULTILINE)):
            return found[1].strip("* ")
    return ""


def _about(tests: Tests, names: Names) -> str:
    """Return the student's name that tests are about: the last that is written, of those that they use themselves."""
    used, local = set[str](), set[str]()
    for case in tests.cases:
        for node in parsed(case):
            now, later = reads(node)
            used |= now | later
            local |= set(bound(node))
    direct = [name for name in names.kinds if name in used - local]
    if direct:
        return direct[-1]
    needed = names.needed(used - local)
    through = set().union(*(one.loads | one.inside for one in needed)) if needed else set()
    reached: Sequence[str] = [name for name in names.kinds if name in through]
    return reached[-1] if reached else ""
