"""What most commands open first: the configuration, the assignment, the records.

What needs torch is imported when it is first needed: a mistyped name is answered at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from autograder.cli.found import check_found, is_named, open_config
from autograder.config import AssignmentConfig, Config, WrittenPoints
from autograder.errors import AssignmentError
from autograder.files import readable_by_all
from autograder.grading.settings import MAX_BYTES, GradingSettings, Reading
from autograder.protocol.limits import Limits

if TYPE_CHECKING:
    from autograder.records import Records
    from autograder.records.standings import Standings
    from autograder.rubric.assignment import Assignment
    from autograder.scoring.adjustments import Adjustment
    from autograder.scoring.extensions import Extension


@dataclass(frozen=True)
class CourseAssignment:
    """One assignment of a course, ready to use. `name` is a folder of the course's reference/."""

    config: Config
    settings: AssignmentConfig
    name: str

    @cached_property
    def assignment(self) -> Assignment:
        """The rubric with its reference, loaded when first needed. Raises `AssignmentError`."""
        from autograder.rubric.assignment import load as load_assignment

        return load_assignment(self.folder)

    @property
    def folder(self) -> Path:
        """The assignment's folder, reference/NAME."""
        return self.config.root / "reference" / self.name

    def grading_settings(self, max_bytes: int = MAX_BYTES, *, keep_cells: bool = False) -> GradingSettings:
        """Return what grading needs to know; makes the course's secret on first use."""
        settings = self.settings
        return GradingSettings(
            folder=str(self.folder.resolve()),
            reading=Reading(self.name, tuple(settings.packages), settings.run_top_level, max_bytes, keep_cells),
            limits=msgspec.convert(settings.limits.model_dump(), Limits),
            secret=self.config.secret(),
            device=settings.device,
            written_inside=settings.written is WrittenPoints.INSIDE,
        )

    @property
    def apart(self) -> tuple[Path, ...]:
        """The places that no submission may lie in or hold: the reference, the secret, the records."""
        course, root = self.config.course, self.config.root
        return (self.folder, root / course.secret_file, root / course.records)

    @property
    def private(self) -> list[Path]:
        """What a student's code must not reach, whatever the layers: the sandbox tries before it starts."""
        return [place for place in self.apart if place.exists()]

    @property
    def reports(self) -> Path:
        """Where the assignment's pages go where nobody says otherwise."""
        return self.config.root / self.config.course.reports / self.name

    @property
    def journal(self) -> Path:
        """Where the assignment's last batch says how far it is."""
        return self.config.root / self.config.course.reports / f".{self.name}.batch.json"

    def records(self) -> Records:
        """The course's records, made where they do not exist."""
        from autograder.records import Records  # students, who have no database, check at home through here too

        records = Records(self.config.records_url)
        if records.migration is not None:
            print(f"autograder: {records.migration}", file=sys.stderr)
        return records

    def standings(
        self, records: Records, *, also: Sequence[Adjustment] = (), also_extended: Sequence[Extension] = ()
    ) -> Standings:
        """Return the scores that stand: with adjustments, extensions and lateness, or with more of these."""
        from autograder.records.standings import Standings

        return Standings(records, self.config, self.name, also=also, also_extended=also_extended)


def open_course(
    name: str, config_file: Path | None, device: str | None = None, submissions: Path | None = None
) -> CourseAssignment:
    """Open an assignment of the course; `device` goes before the configuration's.

    Raises:
        ConfigError: for a configuration that cannot be used, a name that is not in it, or a course that was found and
            may be a student's, such as one among `submissions`.
        AssignmentError: where the assignment's folder is not what it should be.
    """
    config = open_config(config_file)
    settings = config.assignment(name)
    if not is_named(config_file):
        check_found(config, name, submissions)
    if device is not None:
        settings = settings.model_copy(update={"device": device})
    course = CourseAssignment(config, settings, name)
    check_folder(course.folder)
    return course


def tell_exposed(course: CourseAssignment, reports: Path | None = None) -> None:
    """Say which private files every user of the machine may read. Their modes are for the user to change."""
    settings = course.config.course
    places = [course.config.root / settings.secret_file]
    places += [course.config.root / settings.records] if "://" not in settings.records else []
    places += [reports] if reports is not None else []
    for place in places:
        if readable_by_all(place):
            print(f"autograder: every user of this machine may read {place}: chmod o-rwx {place}", file=sys.stderr)


def check_folder(folder: Path) -> None:
    """Raise `AssignmentError` where a folder is not an assignment's. Loading it takes seconds, this takes none."""
    for needed in ("solution.py", "checks.py"):
        if not (folder / needed).is_file():
            raise AssignmentError(f"{folder} has no {needed}: an assignment needs solution.py and checks.py")
