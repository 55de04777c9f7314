"""What Gradescope takes: a zip, or the folder that a container image is built from."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import yaml

import autograder
from autograder.config import Config
from autograder.errors import BuildFolderError
from autograder.files import replace, zipped

HOME = "/opt/autograder"
"""Where the environment and the engine lie in an image. Everybody may read them: they hold nothing of the course's."""
NEEDED = (
    "torch", "numpy", "pandas", "scikit-learn", "scipy", "matplotlib", "tqdm", "msgspec", "psutil", "pydantic",
    "pyseccomp", "pyyaml", "jinja2", "typer", "rich", "sqlalchemy", "alembic", "jupytext", "parso", "tzdata",
)  # fmt: skip
"""What grading needs of our own dependencies, and the command line imports: no Jupyter, no nbgrader, nothing for
development."""
ON_A_GPU = re.compile(r"(nvidia|cuda|triton)", re.IGNORECASE)


LABEL = "org.autograder.made-from."
"""What the labels of an image begin with that say what it was built from."""
PARTS = {
    "configuration": r"grader_config\.yml|container\.json",
    "reference": r"reference/.*",
    "secret": r"course_secret",
    "packages": r"requirements\.txt",
    "engine": r"autograder/.*|run_autograder|.*\.sh|grade_class",
}
"""What an image or a zip is made from, and the files that say so. Where the build of torch comes from is none of it."""
_SLOW = "environment.sh"


@dataclass(frozen=True)
class BuildFiles:
    """The files of a build, by their path from the root of the zip. `environment` covers what the slow part of
    building depends on: two assignments with an equal one share that layer."""

    files: dict[str, bytes]
    environment: str


def bundle(config: Config, name: str, *, gpu: bool = False) -> BuildFiles:
    """Everything that goes to Gradescope for one assignment. Treat it like the course's secret: it holds it."""
    settings = config.assignment(name)
    course = {"name": config.course.name, "secret_file": "course_secret", "records": "/results/records.sqlite"}
    if config.course.time_zone:
        course["time_zone"] = config.course.time_zone
    plain = settings.model_dump(mode="json", exclude_unset=True)
    late = config.late(name)
    if late is not None:
        plain["late"] = late.model_dump(mode="json", exclude_unset=True)
    container = {
        "assignment": name,
        "python": f"{HOME}/venv/bin/python",
        "engine": f"{HOME}/engine",
        "timeout_seconds": settings.gradescope.timeout_minutes * 60,
        "hidden_checks": settings.gradescope.hidden_checks,
    }
    slow = {
        "environment.sh": _template(
            "environment.sh.j2", home=HOME, gpu=gpu, wheels=config.course.container.torch_wheels
        ),
        "requirements.txt": "".join(f"{pin}\n" for pin in pins()).encode(),
    }
    found = {
        **slow,
        "setup.sh": _template("setup.sh.j2"),
        "install.sh": _template("install.sh.j2", home=HOME),
        "run_autograder": _watchdog(),
        "grade_class": _template("grade_class.j2", home=HOME, name=name),
        "container.json": json.dumps(container, indent=1).encode(),
        "grader_config.yml": yaml.safe_dump({"course": course, "assignments": {name: plain}}).encode(),
        "course_secret": config.secret() + b"\n",
        **_tree(Path(autograder.__file__).parent, "autograder"),
        **_tree(config.root / "reference" / name, f"reference/{name}"),
    }
    digest = hashlib.sha256(b"\0".join(slow[key] for key in sorted(slow))).hexdigest()
    return BuildFiles(found, digest[:16])


def write_zip(built: BuildFiles, path: Path) -> None:
    """The zip for Gradescope's upload: setup.sh and run_autograder at its root, executable."""
    path.parent.mkdir(parents=True, exist_ok=True)
    replace(path, zipped(built.files, mode_of), 0o600)  # it holds the reference and the secret


def write_context(built: BuildFiles, folder: Path, base: str) -> None:
    """The folder to build an image from: a Containerfile, and the same files as in the zip under source/. What is there
    of an earlier one goes; raises `BuildFolderError` for a folder that holds anything else."""
    others = {path.name for path in folder.iterdir()} - {"source", "Containerfile"} if folder.exists() else set()
    if others:
        raise BuildFolderError(f"{folder} is not empty ({min(others)}): give a folder of its own, or a new one")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    write_files(built, folder / "source")
    (folder / "Containerfile").write_bytes(
        _template("Containerfile.j2", home=HOME, base=base, label=LABEL, made_from=made_from(built.files))
    )


def made_from(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return a digest of each part of what a zip or an image consists of."""
    return {
        part: _digest(files[name] for name in sorted(files) if name != _SLOW and re.fullmatch(pattern, name))
        for part, pattern in PARTS.items()
    }


def _digest(contents: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for data in contents:
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:16]


def write_files(built: BuildFiles, folder: Path) -> None:
    """The files of the zip, unpacked."""
    for name, data in built.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(mode_of(name))


def mode_of(name: str) -> int:
    """Scripts may be executed."""
    return 0o755 if name.endswith(".sh") or name in ("run_autograder", "grade_class") else 0o644


@cache
def pins(needed: tuple[str, ...] = NEEDED) -> tuple[str, ...]:
    """The versions that this machine grades with, of what grading needs and of all that this needs in turn."""
    found: dict[str, str] = {}
    waiting = list(needed)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found or ON_A_GPU.match(name):
            continue
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # asked for on other systems only
        found[name] = distribution.version.partition("+")[0]
        for requirement in distribution.requires or ():
            if "extra ==" not in requirement:
                waiting += re.findall(r"^[A-Za-z0-9._-]+", requirement)
    return tuple(f"{name}=={found[name]}" for name in sorted(found))


def _watchdog() -> bytes:
    source = files("autograder.platforms.gradescope").joinpath("watchdog.py").read_text(encoding="utf-8")
    return f"#!/usr/bin/env python3\n{source}".encode()


def _tree(folder: Path, prefix: str) -> dict[str, bytes]:
    """Every file below a folder, but for what Python and tests leave there."""
    return {
        f"{prefix}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }


def _template(file: str, **values: Any) -> bytes:
    # No escaping: these are shell scripts, and config.py checks what is put in.
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("autograder.platforms.gradescope"), undefined=jinja2.StrictUndefined,
        trim_blocks=True, keep_trailing_newline=True, autoescape=False,
    )  # fmt: skip
    return environment.get_template(file).render(values).encode()
