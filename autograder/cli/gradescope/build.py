"""`autograder gradescope build`: the zip that Gradescope takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from autograder.cli.course import CourseAssignment, open_course
from autograder.cli.options import ConfigFile, Gpu, Name

EXAMPLES = (
    "autograder gradescope build regression",
    "autograder gradescope build regression --to regression.zip",
)


def build(
    name: Name,
    to: Annotated[Path | None, typer.Option("--to", help="The zip.", show_default="build/NAME.zip")] = None,
    gpu: Gpu = False,
    config: ConfigFile = None,
) -> None:
    """Make the zip for Gradescope's upload. It holds the reference and the course's secret: keep it private."""
    from autograder.platforms.gradescope.build import bundle, write_zip

    course = open_course(name, config)
    path = to or course.config.root / "build" / f"{name}.zip"
    write_zip(bundle(course.config, name, gpu=gpu), path)
    print(path)
    note_on_wheels(course, gpu=gpu)


def note_on_wheels(course: CourseAssignment, *, gpu: bool) -> None:
    """Say that torch may come with CUDA where no place for CPU wheels is set."""
    if not gpu and not course.config.course.container.torch_wheels:
        Console(stderr=True, soft_wrap=True).print(
            "Note: course.container.torch_wheels is not set. Unless pip finds a CPU build of torch by itself, the "
            "image gets the one with CUDA, several GB larger: docs/gradescope.md"
        )
