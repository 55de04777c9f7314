"""Run an assignment's image or zip as Gradescope does: its folders, its limits, no terminal, a fresh container each
time."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import time
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.config import AssignmentConfig
from autograder.errors import ContainerError, ResultsFormatError, UnusableFileError
from autograder.intake import Entry, disk
from autograder.intake.disk import Kind
from autograder.model import Report
from autograder.platforms.gradescope import contract
from autograder.platforms.gradescope.build import LABEL, made_from
from autograder.platforms.gradescope.contract import Results
from autograder.platforms.gradescope.results import report_in

LARGEST = 100_000_000
"""Bytes that Gradescope takes of one submission."""

FAILED = "The autograder failed to execute correctly. Please ensure that your submission is valid."
"""What Gradescope tells a student when there is no valid results.json."""

SETUP = (
    "mkdir -p /autograder/submission /autograder/results && cp -a /zip /autograder/source && cd /autograder "
    "&& cp source/run_autograder . && chmod 755 run_autograder && bash source/setup.sh"
)
"""What Gradescope does with a zip, once."""


@dataclass(frozen=True)
class Engine:
    """podman or docker, which take the same words. `more` are further words for `run` or `build`."""

    command: str
    more: tuple[str, ...] = ()

    @staticmethod
    def find(command: str | None = None, more: Iterable[str] = ()) -> Engine:
        """Return the engine asked for, or the first there is. Raises `ContainerError`."""
        for name in (command,) if command else ("podman", "docker"):
            if shutil.which(name):
                engine = Engine(name, tuple(more))
                engine.check()
                return engine
        raise ContainerError(f"{command or 'podman or docker'} is not installed (Debian: apt-get install podman)")

    def check(self) -> None:
        """Raise `ContainerError` where it cannot be reached: docker is a client, and asks a daemon for everything."""
        done = subprocess.run([self.command, "version"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2] or f"exit code {done.returncode}"
            raise ContainerError(
                f"{self.command} is installed, but does not answer: {said.rstrip('.')}. Start its daemon and see that "
                "this user may talk to it, or install podman, which needs none (Debian: apt-get install podman)"
            )

    def build(self, folder: Path, tag: str, base: str = "") -> None:
        """Build an image from a folder with a Containerfile, on a base image. Raises `ContainerError`."""
        words = [self.command, "build", *self.more, "-t", tag, "-f", str(folder / "Containerfile"), str(folder)]
        if subprocess.run(words, stdin=subprocess.DEVNULL, check=False).returncode != 0:
            raise ContainerError(f"the image could not be built: {' '.join(words)}{self.on_names(base)}")

    def made_from(self, tag: str) -> dict[str, str]:
        """Return what an image says that it was built from; nothing where it does not say."""
        words = [self.command, "image", "inspect", "--format", "{{json .Config.Labels}}", tag]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        labels: dict[str, str] = (json.loads(done.stdout) or {}) if done.returncode == 0 else {}
        return {name.removeprefix(LABEL): text for name, text in labels.items() if name.startswith(LABEL)}

    def on_names(self, image: str) -> str:
        """Say that podman may not know where a short name leads."""
        full = full_name(image)
        if self.command != "podman" or not image or image == full:
            return ""
        return f". If podman says above that {image} is a short name: its full name is {full}"

    def has(self, tag: str) -> bool:
        """Whether there is such an image."""
        words = [self.command, "image", "inspect", tag]
        return subprocess.run(words, capture_output=True, check=False).returncode == 0


def full_name(image: str) -> str:
    """Return an image's name with its registry: docker's own where none is named. podman has no such default."""
    first, slash, _ = image.partition("/")
    if slash and (first == "localhost" or "." in first or ":" in first):
        return image
    return f"docker.io/{image}" if slash else f"docker.io/library/{image}"


def archived(archive: Path) -> dict[str, str]:
    """Return what a zip was made from. Raises `ContainerError`."""
    try:
        with zipfile.ZipFile(archive) as opened:
            return made_from({name: opened.read(name) for name in opened.namelist()})
    except (zipfile.BadZipFile, OSError) as error:
        raise ContainerError(f"{archive} cannot be unpacked: {error}") from error


def install(engine: Engine, archive: Path, base: str, tag: str) -> None:
    """An image from the zip, made as Gradescope makes one: unpacked on the base, and `setup.sh` run. `engine.more` are
    words for `run`. Raises `ContainerError`."""
    from autograder.sandbox.host.workspace import Workspace  # Linux only, and this is loaded at home too

    with Workspace() as workspace:
        source = workspace.path / "source"
        try:
            _unpack(archive, source)
        except (zipfile.BadZipFile, OSError) as error:
            raise ContainerError(f"{archive} cannot be unpacked: {error}") from error
        for name in ("setup.sh", "run_autograder"):
            if not (source / name).is_file():
                raise ContainerError(f"{archive} has no {name} at its root, which Gradescope asks for")
        name = workspace.path.name
        words = [engine.command, "run", "--name", name, *engine.more, "-v", f"{source}:/zip:ro", base]
        try:
            installed = subprocess.run(
                [*words, "bash", "-c", SETUP], stdin=subprocess.DEVNULL, check=False, pass_fds=[workspace.descriptor]
            )
            if installed.returncode != 0:
                raise ContainerError(f"setup.sh failed: {' '.join(words)}{engine.on_names(base)}")
            words = [engine.command, "commit", "-q", "--change", "WORKDIR /autograder", name, tag]
            if subprocess.run(words, stdin=subprocess.DEVNULL, check=False).returncode != 0:
                raise ContainerError(f"the container could not be kept: {' '.join(words)}")
        finally:
            subprocess.run([engine.command, "rm", "-f", name], capture_output=True, check=False)


def _unpack(archive: Path, folder: Path) -> None:
    """The files with their modes, as unzip has them."""
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
        for info in opened.infolist():
            if mode := info.external_attr >> 16 & 0o777:
                (folder / info.filename).chmod(mode)


@dataclass(frozen=True)
class Simulated:
    """One submission's run. `results` is None where Gradescope would say that the autograder failed: `problem`."""

    student: str
    results: Results | None
    problem: str
    stdout: str
    seconds: float

    @property
    def report(self) -> Report | None:
        """The report that the results carry, for the records."""
        return report_in(self.results.extra_data) if self.results else None


def metadata(student: str, settings: AssignmentConfig, created: datetime, previous: Sequence[Results] = ()) -> bytes:
    """What Gradescope would tell about a submission handed in at `created`, after attempts an hour apart."""
    due = settings.due.isoformat() if settings.due else None
    earlier: list[dict[str, Any]] = []
    for number, results in enumerate(previous):
        time_of = datetime.fromtimestamp(created.timestamp() - 3600 * (len(previous) - number), created.tzinfo)
        latest = number == len(previous) - 1
        earlier.append(
            {
                "submission_time": time_of.isoformat(),
                "score": results.score,
                "autograder_error": False,
                "results": json.loads(contract.encode(results)) if latest else None,
            }
        )
    data = {
        "id": 1,
        "created_at": created.isoformat(),
        "assignment": {
            "id": 1, "course_id": 1, "title": settings.title, "due_date": due, "late_due_date": None,
            "release_date": None, "group_size": None, "group_submission": False, "total_points": "100.0",
        },
        "submission_method": "upload",
        "users": [{"id": 1, "name": student, "email": student}],
        "previous_submissions": earlier,
    }  # fmt: skip
    return json.dumps(data).encode()


def simulate(
    engine: Engine, image: str, submission: Path, student: str, settings: AssignmentConfig, data: bytes
) -> Simulated:
    """Grade one submission in a fresh container. Raises `ContainerError` where none can be started."""
    from autograder.sandbox.host.workspace import Workspace

    limits = settings.gradescope
    with Workspace() as workspace:
        root = workspace.path
        _hand_in(submission, root / "submission")
        (root / "results").mkdir()
        (root / "submission_metadata.json").write_bytes(data)
        name = root.name
        words = [
            engine.command, "run", "--rm", "--name", name, "--memory", f"{limits.memory_mb}m", "--memory-swap",
            f"{limits.memory_mb}m", "--cpus", f"{limits.cpus:g}", *engine.more,
        ]  # fmt: skip
        for one in ("submission", "results", "submission_metadata.json"):
            words += ["-v", f"{root / one}:/autograder/{one}"]
        began = time.monotonic()
        problem, said = "", ""
        try:
            done = subprocess.run(
                [*words, image, "/autograder/run_autograder"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, timeout=limits.timeout_minutes * 60, check=False,
                cwd=root,  # the engine leaves a note there when memory runs out
                pass_fds=[workspace.descriptor],  # the folder is in use as long as the container is
            )  # fmt: skip
            said = done.stdout.decode(errors="replace")
            if done.returncode in (125, 126, 127):
                raise ContainerError(f"the container did not start: {said.strip()[-500:]}")
        except subprocess.TimeoutExpired:
            subprocess.run([engine.command, "kill", name], capture_output=True, check=False)
            problem = f"Gradescope ends a submission after {limits.timeout_minutes:g} minutes, and gives it 0."
        seconds = time.monotonic() - began
        results = None
        if not problem:
            try:
                results = contract.check((root / "results/results.json").read_bytes())
            except (OSError, ResultsFormatError) as error:
                problem = f"{FAILED} ({error})"
    return Simulated(student, results, problem, said, seconds)


def simulate_class(
    engine: Engine, image: str, entries: Iterable[Entry], settings: AssignmentConfig, created: datetime
) -> Iterator[Simulated]:
    """One fresh container for each student, one after the other."""
    for entry in entries:
        data = metadata(entry.student, settings, created)
        yield simulate(engine, image, entry.path, entry.student, settings, data)


def _hand_in(submission: Path, folder: Path) -> None:
    """Gradescope unpacks a zip at the top level and keeps other files as they are. Of more than it takes, there is only
    a part; links and devices do not come along."""
    with disk.located(submission) as (above, name):
        if above.look(name) is Kind.FOLDER:
            with above.enter(name) as inner:
                disk.copy(inner, folder, LARGEST)
            return
        folder.mkdir()
        with suppress(UnusableFileError):
            data = above.read(name, LARGEST)[:LARGEST]
            try:
                with zipfile.ZipFile(io.BytesIO(data)) as archive:
                    if sum(member.file_size for member in archive.infolist()) <= LARGEST:
                        archive.extractall(folder)
            except (zipfile.BadZipFile, OSError, ValueError, RuntimeError):
                (folder / name).write_bytes(data)
