"""The data that travels between the rooms: submissions, check results, reports.

Everything here is immutable, holds plain data only, and turns into JSON with `msgspec.json`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

DEFAULT_PACKAGES = ("numpy", "torch", "pandas", "sklearn", "scipy", "matplotlib", "tqdm")
"""The packages that students may import where the configuration names none."""

NO_BOUNDARY = ("none: --unsafe-no-sandbox",)
"""The layers of a sandbox that has none."""


class Outcome(StrEnum):
    """The result of one check. All but SKIPPED, NOT_GRADED and GRADER_ERROR say something about the student's work.

    NOT_GRADED is a written answer that waits for a person.
    """

    PASSED = "passed"
    PARTLY = "partly"
    FAILED = "failed"
    NOT_ATTEMPTED = "not attempted"
    SKIPPED = "skipped"
    NOT_GRADED = "not graded yet"
    TIMED_OUT = "timed out"
    OUT_OF_MEMORY = "out of memory"
    CRASHED = "crashed"
    GRADER_ERROR = "grader error"


STOPPED = (Outcome.TIMED_OUT, Outcome.OUT_OF_MEMORY, Outcome.CRASHED)
"""Outcomes that ended the student's process, the one that explains most first."""


class Questions(msgspec.Struct, frozen=True):
    """What is asked in words: the questions' numbers, and all the text that students were given, which answers none."""

    numbers: tuple[str, ...] = ()
    prose: str = ""


NO_QUESTIONS = Questions()


class Submission(msgspec.Struct, frozen=True, tag="submission"):
    """One student's work, clean and ready to run.

    `files` maps relative paths (forward slashes) to Python source, or to what was handed in beside it, packed as text;
    `main` names the module to load.
    `notes` are kind remarks from intake ("2 shell lines were left out"), shown to the student; `seen` says of names
    that are not defined where they stand all the same. `answers` are the written ones by question: they are no part of
    the digest, which decides what the checks draw.
    """

    student: str
    main: str
    files: dict[str, str]
    digest: str
    notes: tuple[str, ...] = ()
    received: datetime | None = None
    seen: dict[str, str] = {}
    answers: dict[str, str] = {}

    @staticmethod
    def of(
        student: str, main: str, files: Mapping[str, str], notes: tuple[str, ...] = (), received: datetime | None = None
    ) -> Submission:
        """Make a submission with the digest of its sources: equal work has an equal digest."""
        digest = hashlib.sha256()
        for path in sorted(files):
            for part in (path, files[path]):
                data = part.encode("utf-8", "surrogatepass")
                digest.update(len(data).to_bytes(8, "big") + data)
        digest.update(main.encode("utf-8", "surrogatepass"))
        return Submission(student, main, dict(files), digest.hexdigest(), notes, received)


class Difference(msgspec.Struct, frozen=True):
    """How a student's array differs from the reference, without giving either away."""

    what: str
    expected_shape: tuple[int, ...] | None = None
    got_shape: tuple[int, ...] | None = None
    first_bad_index: tuple[int, ...] | None = None
    wrong: int = 0
    total: int = 0
    max_absolute: float | None = None
    max_relative: float | None = None


class Curve(msgspec.Struct, frozen=True):
    """A training curve and the rungs of a baseline ladder (name, value), for a picture in the report."""

    title: str
    unit: str
    losses: tuple[float, ...]
    metric: float | None = None
    metric_name: str = ""
    rungs: tuple[tuple[str, float], ...] = ()


class CheckResult(msgspec.Struct, frozen=True):
    """One check's verdict. `asked` is the check's docstring; `mutant` names the recognised mistake, for TAs.

    `seconds` is the wall time of the whole check, `cpu_seconds` what the student's code computed of the `cpu_allowed`
    (0: no limit). `doubtful`: something ran out that submissions share, and others ran at the same time. `depends` is a
    digest of what the result depends on besides the submission and the grader: where it is the same, the result stands.
    `answer` is what the student wrote, where this is a written question; None for a check.
    """

    name: str
    exercise: str
    asked: str
    points: float
    earned: float
    outcome: Outcome
    public: bool
    message: str = ""
    hint: str = ""
    mutant: str = ""
    difference: Difference | None = None
    curve: Curve | None = None
    stand_ins: tuple[str, ...] = ()
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    cpu_allowed: float = 0.0
    doubtful: bool = False
    depends: str = ""
    answer: str | None = None


class HandGrade(msgspec.Struct, frozen=True):
    """What a person gave for one written answer. `points` is None where that was taken back.

    It is for the text with the digest `answer`: another text of the same student is graded anew.
    """

    student: str
    question: str
    answer: str
    points: float | None
    given: datetime
    grader: str = ""
    comment: str = ""


def answer_digest(text: str) -> str:
    """Return what a written answer is known by."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Person(msgspec.Struct, frozen=True):
    """Whose work it is, as the system says it that the work came from.

    `id` is that system's own: Canvas's user id, Moodle's participant number, an e-mail address on Gradescope, a user
    name on GitHub. `number` is the university's, where the system shows one.
    """

    system: str = ""
    id: str = ""
    name: str = ""
    email: str = ""
    number: str = ""


class ExerciseInfo(msgspec.Struct, frozen=True):
    """The number, title and points of an exercise or a written question, carried in the report so that it reads on its
    own."""

    number: str
    title: str
    points: float
    bonus: bool = False


class Report(msgspec.Struct, frozen=True):
    """One submission graded against one assignment.

    `status` is "graded", "rejected" (unreadable: `problem` says why) or "grader error" (retried next time).
    `own_seconds` is time spent waiting for the student's code, `cpu_seconds` what it computed of the `cpu_allowed`
    (0: no limit); `wall_seconds` is the whole.
    `flags` are places that a TA should look at (possible library shortcuts); they cost nothing by themselves.
    `boundary` lists the sandbox layers that held. `assignment_digest` covers rubric, reference, data and limits.
    `person`, `attempt` and `late` are what the download says of it that the work came in. `arithmetic` says how the
    score comes about, where lateness or a person changed it; it is worked out when a report is read, not stored.
    `check_weight` is what the checks' points are multiplied by, where written answers take a part of the total.
    """

    student: str
    assignment: str
    digest: str
    assignment_digest: str
    engine: str
    status: str
    score: float
    points: float
    exercises: tuple[ExerciseInfo, ...] = ()
    results: tuple[CheckResult, ...] = ()
    notes: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    problem: str = ""
    output: str = ""
    boundary: tuple[str, ...] = ()
    received: datetime | None = None
    graded: datetime | None = None
    own_seconds: float = 0.0
    cpu_seconds: float = 0.0
    cpu_allowed: float = 0.0
    wall_seconds: float = 0.0
    person: Person | None = None
    attempt: int = 0
    late: bool = False
    check_weight: float = 1.0
    arithmetic: str = ""

    @property
    def waiting(self) -> float:
        """Return the points of written answers that nobody has graded yet."""
        return math.fsum(result.points for result in self.results if result.outcome is Outcome.NOT_GRADED)

    @property
    def by_hand(self) -> float:
        """Return the points that written answers can earn: grading again earns none of them."""
        bonus = {one.number for one in self.exercises if one.bonus}
        return math.fsum(one.points for one in self.results if one.answer is not None and one.exercise not in bonus)

    def of_exercise(self, number: str) -> tuple[CheckResult, ...]:
        """Return the results of one exercise, in rubric order."""
        return tuple(result for result in self.results if result.exercise == number)


def score_of(results: Iterable[CheckResult], check_weight: float = 1.0) -> float:
    """Return the score that results come to: the checks' points by their weight, and those of written answers."""
    checks, written = list[float](), list[float]()
    for result in results:
        (checks if result.answer is None else written).append(result.earned)
    return round(check_weight * math.fsum(checks) + math.fsum(written), 4)
