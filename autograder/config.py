"""Read `grader_config.yml`: the course, its assignments, limits and where records are. An error names the line."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import tempfile
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from autograder.config_parts import ZONE, CourseTime, LateConfig, Section
from autograder.errors import ConfigError
from autograder.files import changeable, foreign
from autograder.model import DEFAULT_PACKAGES
from autograder.zones import zone_of

NAME = "grader_config.yml"
VARIABLE = "AUTOGRADER_CONFIG"
"""The environment variable that names a configuration, so that none is looked for."""

LEAST_CONTAINER_MB = 768
"""Memory of a container in which right work on each assignment of the course gets its points and nothing is killed, as
measured. It is the size that Gradescope gives by itself, too."""

LEAST_SECRET = 32
"""Characters of a secret that nobody guesses."""

REMOVED = {
    "cpu_seconds": "check_seconds counts CPU seconds itself. Remove the line",
    "submission_cpu_seconds": "submission_seconds counts CPU seconds itself. Remove the line",
    "gradescope.late": "lateness costs the same everywhere. Move it one level up, beside `gradescope`",
}
"""Settings of earlier versions, and what to use instead."""


class Device(StrEnum):
    """What students' code computes on: the CPU alone, or a GPU as well."""

    CPU = "cpu"
    CUDA = "cuda"


class Leaderboard(StrEnum):
    """Whether students get a page with the best results in training, and what they are called there."""

    NONE = "none"
    PSEUDONYMS = "pseudonyms"
    NAMES = "names"


class WrittenPoints(StrEnum):
    """Where the points of written answers go: beside those of the checks, or inside their total."""

    BESIDE = "beside"
    INSIDE = "inside"


class LimitsConfig(Section):
    """Limits of one submission: CPU seconds, megabytes, kilobytes, processes."""

    check_seconds: float = Field(default=20, gt=0)
    load_seconds: float = Field(default=30, gt=0)
    submission_seconds: float = Field(default=300, gt=0)
    memory_mb: int = Field(default=2048, gt=0)
    processes: int = Field(default=64, gt=0)
    disk_mb: int = Field(default=64, gt=0)
    output_kb: int = Field(default=64, gt=0)
    message_mb: int = Field(default=64, gt=0)


class GradescopeConfig(Section):
    """How an assignment behaves on Gradescope. Memory, CPUs and time-out must be those of its settings page there."""

    hidden_checks: Literal["visible", "after_due_date", "after_published", "hidden"] = "after_due_date"
    leaderboard: bool = True
    attempts: int | None = Field(default=None, gt=0)
    attempts_hours: float | None = Field(default=None, gt=0)
    memory_mb: int = 768
    cpus: float = Field(default=0.5, gt=0)
    timeout_minutes: float = Field(default=10, ge=3, le=40)

    @field_validator("memory_mb")
    @classmethod
    def _holds_the_grader(cls, memory_mb: int) -> int:
        if memory_mb < LEAST_CONTAINER_MB:
            raise ValueError(
                f"grading needs {LEAST_CONTAINER_MB} MB at least: torch is loaded for the grader and for the student's "
                "code. Choose more here and in the assignment's settings on Gradescope"
            )
        return memory_mb


class AttemptsConfig(Section):
    """Which attempt counts, where a download holds several of a student's; `chosen` has students' own numbers."""

    counts: Literal["last", "best", "first"] = "last"
    chosen: dict[str, int] = Field(default_factory=dict)


class AssignmentConfig(Section):
    """One assignment. `packages` are the ones a student may import; `late` goes before the course's.

    `written`: whether written answers add to the checks' points, or take their part of them.
    """

    title: str
    due: CourseTime | None = None
    late: LateConfig | None = None
    device: Device = Device.CPU
    limits: LimitsConfig = LimitsConfig()
    packages: tuple[str, ...] = DEFAULT_PACKAGES
    run_top_level: bool = False
    attempts: AttemptsConfig = AttemptsConfig()
    leaderboard: Leaderboard = Leaderboard.NONE
    written: WrittenPoints = WrittenPoints.BESIDE
    gradescope: GradescopeConfig = GradescopeConfig()

    @model_validator(mode="after")
    def _ends_after_it_is_due(self) -> Self:
        end = self.late.hard_deadline if self.late is not None else None
        if end is not None and self.due is not None and end < self.due:
            raise ValueError(f"late.hard_deadline {end.isoformat()} lies before due {self.due.isoformat()}")
        return self


class ContainerConfig(Section):
    """What containers are built on: the base image, and where pip finds the CPU build of torch."""

    base: str = Field(default="docker.io/gradescope/autograder-base:ubuntu-22.04", pattern=r"^[\w][\w./:@-]*$")
    torch_wheels: str = Field(default="", pattern=r"^\S*$")


class CourseConfig(Section):
    """The course as a whole; paths are relative to the configuration file."""

    name: str = Field(min_length=1)
    secret_file: str = ".course_secret"
    records: str = "records/course.sqlite"
    reports: str = "reports"
    roster: str = ""
    time_zone: str = ""
    late: LateConfig | None = None
    late_days: int = Field(default=0, ge=0)
    extensions: str = ""
    container: ContainerConfig = ContainerConfig()

    @field_validator("time_zone")
    @classmethod
    def _exists(cls, name: str) -> str:
        if name:
            zone_of(name)
        return name

    @property
    def zone(self) -> ZoneInfo | None:
        """Return the course's time zone, if it has named one."""
        return zone_of(self.time_zone) if self.time_zone else None


class Config(Section):
    """The validated file. `root` is its folder."""

    course: CourseConfig
    assignments: dict[str, AssignmentConfig] = Field(min_length=1)
    root: Path = Field(default=Path(), exclude=True)

    def assignment(self, name: str) -> AssignmentConfig:
        """Return an assignment's settings. Raises `ConfigError`, which lists the assignments there are."""
        if name not in self.assignments:
            known = ", ".join(sorted(self.assignments))
            raise ConfigError(f"{self.root / NAME} has no assignment called {name!r}; it has: {known}")
        return self.assignments[name]

    def late(self, name: str) -> LateConfig | None:
        """Return what lateness costs in an assignment: its own rules, or the course's."""
        return self.assignment(name).late or self.course.late

    @property
    def records_url(self) -> str:
        """Return the SQLAlchemy URL of the records; a plain path means SQLite."""
        place = self.course.records
        return place if "://" in place else f"sqlite:///{self.root / place}"

    def secret(self) -> bytes:
        """Return the course's secret, made on first use and readable by its owner only.

        It decides all hidden draws: without it, scores cannot be reproduced.
        """
        path = self.root / self.course.secret_file
        if not path.exists():
            _make_secret(path)
        try:
            secret = path.read_text(encoding="ascii", errors="replace").strip()
        except OSError as error:
            raise ConfigError(f"{path}: the course's secret cannot be read: {error.strerror}") from error
        if len(secret) < LEAST_SECRET:
            raise ConfigError(
                f"{path} is too short for a secret ({LEAST_SECRET} characters at least); delete it to get a new one"
            )
        return secret.encode()


def _make_secret(path: Path) -> None:
    """Write a new secret, unless somebody else does so at the same time: it is there whole or not at all."""
    try:
        descriptor, draft = tempfile.mkstemp(prefix=path.name, dir=path.parent)  # its owner's only
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_hex(32) + "\n")
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
        finally:
            os.unlink(draft)
    except OSError as error:
        raise ConfigError(
            f"{path}: the course's secret cannot be written: {error.strerror}. Make that possible, or set "
            f"course.secret_file in {NAME} to another place"
        ) from error


def find(start: Path) -> Path:
    """Return the configuration file of the course that `start` lies in. Raises `ConfigError`.

    A course runs code, and a student can hand one in: what was not named is used only if nobody else can have put it
    there. See `refused`.
    """
    path = search(start)
    if path is None:
        raise ConfigError(
            f"no {NAME} in {start.resolve()} or above it: run this in the course's folder, or use --config"
        )
    return path


def search(start: Path) -> Path | None:
    """Return the configuration file in a folder or the next one above it, or None. Raises `ConfigError`."""
    folders = (start.resolve(), *start.resolve().parents)
    found = [folder / NAME for folder in folders if (folder / NAME).is_file()]
    if not found:
        return None
    path, *above = found
    problem = untrusted((path.parent, path))
    if problem:
        raise refused(path, problem)
    outer = next((one for one in above if not untrusted((one.parent, one))), None)
    if outer is not None:
        raise refused(path, f"it lies inside another course, {outer.parent}, as a hand-in would")
    return path


def untrusted(paths: Iterable[Path]) -> str:
    """Say which of these is another user's, or may be changed by every user; nothing where none is."""
    return next((problem for path in paths if (problem := foreign(path) or changeable(path))), "")


def refused(path: Path, problem: str) -> ConfigError:
    """Return the error for a course that was found, but is not to be used."""
    return ConfigError(
        f"{path} was found, but is not used: {problem}. A course runs code, and a student can hand one in. Go to your "
        f"course's folder; or if you trust this one, say so: --config {path}, or set {VARIABLE} to it"
    )


def load(path: Path) -> Config:
    """Read and validate a configuration. Raises `ConfigError` with the line of each mistake."""
    try:
        text = path.read_text(encoding="utf-8")
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{path}{line}: not valid YAML: {getattr(error, 'problem', error)}") from error
    except ValueError as error:
        raise ConfigError(f"{path}{_impossible(tree, error)}") from error
    except RecursionError:
        raise ConfigError(f"{path}: lists or settings are nested too deep") from None
    if not isinstance(data, dict):
        raise ConfigError(f"{path}, line 1: expected `course:` and `assignments:` at the top")
    odd = next((name for name in data if not isinstance(name, str)), None)
    if odd is not None:
        raise ConfigError(f"{path}: the names at the top must be words: {odd} is none")
    try:
        return Config.model_validate(data | {"root": path.resolve().parent}, context={ZONE: _zone(data)})
    except ValidationError as error:
        lines = [f"{path}, line {_line(tree, one['loc'])}: {_said(one)}" for one in error.errors()]
        raise ConfigError("\n".join(lines)) from error


def _zone(data: dict[str, Any]) -> ZoneInfo | None:
    """Return the course's time zone, which other settings are read with; one that does not exist is told with them."""
    course = data.get("course")
    name = course.get("time_zone") if isinstance(course, dict) else None
    try:
        return zone_of(name) if name and isinstance(name, str) else None
    except ValueError:
        return None


def _line(tree: yaml.Node | None, place: tuple[int | str, ...]) -> int:
    """Return the line of the deepest node that exists on the way to `place`."""
    line = 1
    for key in place:
        if isinstance(tree, yaml.MappingNode):
            found = [(k, v) for k, v in tree.value if k.value == str(key)]
        elif isinstance(tree, yaml.SequenceNode) and isinstance(key, int) and key < len(tree.value):
            found = [(tree.value[key], tree.value[key])]
        else:
            found = []
        if not found:
            return line
        line = int(found[0][0].start_mark.line) + 1
        tree = found[0][1]
    return line


def _impossible(tree: yaml.Node | None, error: ValueError) -> str:
    """Say which value has the form of a date or a number, and is none."""
    for node in _scalars(tree):
        try:
            yaml.SafeLoader("").construct_object(node)
        except ValueError as wrong:
            line = int(node.start_mark.line) + 1
            if node.tag.endswith(":timestamp"):
                return f", line {line}: {node.value} is not a date that exists: {wrong}"
            return f", line {line}: {node.value[:20]} is not a number that can be read: {wrong}"
    return f": {error}"


def _scalars(tree: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    """Every value and name of a tree, which an alias can lead back into."""
    waiting = [tree]
    seen = set()
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, yaml.ScalarNode):
            yield node
        elif isinstance(node, yaml.CollectionNode) and id(node) not in seen:
            seen.add(id(node))
            for child in node.value:
                waiting += child if isinstance(child, tuple) else [child]


def _said(error: Any) -> str:
    name = ".".join(str(part) for part in error["loc"])
    removed = next((way for old, way in REMOVED.items() if f".{name}".endswith(f".{old}")), "")
    match error["type"]:
        case "extra_forbidden" if removed:
            return f"{name} is no setting any more: {removed}"
        case "extra_forbidden":
            return f"{name} is not a setting that exists; check its spelling against docs/configuration.md"
        case "missing":
            return f"{name} is missing; add it"
        case "value_error" if isinstance(error["input"], dict):
            return f"{name}: {error['ctx']['error']}"
        case _:
            found = re.sub(r"(://[^:/@\s]*):\S*@", r"\1:***@", repr(error["input"]))  # a password of a database
            return f"{name}: {error['msg']} (it is {found})"
