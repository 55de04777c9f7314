"""What most commands open first: the configuration, the assignment, the records.

What needs torch is imported when it is first needed: a mistyped name is answered at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from autograder.config import AssignmentConfig, Config, find, load
from autograder.protocol.limits import Limits

if TYPE_CHECKING:
    from autograder.grading.grade import GradingSettings
    from autograder.grading.worker_pool import Reader
    from autograder.records import Records
    from autograder.rubric.assignment import Assignment
    from autograder.sandbox.host.sandbox import Sandbox


@dataclass(frozen=True)
class CourseAssignment:
    """One assignment of a course, ready to use."""

    config: Config
    settings: AssignmentConfig
    assignment: Assignment

    def job(self, beside: Sandbox | None = None) -> GradingSettings:
        """What grading needs to know; makes the course's secret on first use."""
        from autograder.grading.grade import GradingSettings

        limits = msgspec.convert(self.settings.limits.model_dump(), Limits)
        return GradingSettings(self.assignment, limits, self.config.secret(), beside=beside)

    @property
    def private(self) -> list[Path]:
        """What a student's code must not reach, whatever the layers: the sandbox tries before it starts."""
        course = self.config.course
        places = (self.assignment.folder, self.config.root / course.secret_file, self.config.root / course.records)
        return [place for place in places if place.exists()]

    @cached_property
    def reader(self) -> Reader:
        """Intake with this assignment's settings, in a process that can be stopped."""
        from autograder.grading.worker_pool import MAX_BYTES

        return self.reader_up_to(MAX_BYTES)

    def reader_up_to(self, max_bytes: int) -> Reader:
        """The same, for submissions of another size."""
        from autograder.grading.worker_pool import Reader, Reading

        expected = tuple(sorted(self.assignment.rubric.functions))
        packages = tuple(self.settings.packages)
        return Reader(Reading(self.assignment.name, packages, self.settings.run_top_level, expected, max_bytes))

    def records(self) -> Records:
        """The course's records, made where they do not exist."""
        from autograder.records import Records  # students, who have no database, check at home through here too

        return Records(self.config.records_url)


def open_config(config_file: Path | None) -> Config:
    """The configuration given, or the one in this folder or above it. Raises `ConfigError`."""
    return load(config_file) if config_file is not None else load(find(Path.cwd()))


def open_course(name: str, config_file: Path | None, device: str | None = None) -> CourseAssignment:
    """`device` goes before the configuration's. Raises `ConfigError` or `AssignmentError`."""
    config = open_config(config_file)
    settings = config.assignment(name)
    if device is not None:
        settings = settings.model_copy(update={"device": device})
    from autograder.rubric.assignment import load as load_assignment

    return CourseAssignment(config, settings, load_assignment(config.root / "reference" / name))
