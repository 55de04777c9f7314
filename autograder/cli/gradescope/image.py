"""`autograder gradescope image`: a container image on a base of your own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.course import open_course
from autograder.cli.gradescope.build import note_on_wheels
from autograder.cli.options import ConfigFile, Container, ContainerWords, Gpu, Name

EXAMPLES = (
    "autograder gradescope image regression --make",
    "autograder gradescope image regression --make --engine podman",
)


def image(
    name: Name,
    to: Annotated[Path | None, typer.Option("--to", help="The folder to build from.")] = None,
    base: Annotated[str | None, typer.Option("--base", help="Another base image.")] = None,
    tag: Annotated[str | None, typer.Option("--tag", help="The image's name.", show_default="autograder-NAME")] = None,
    make: Annotated[bool, typer.Option("--make", help="Build it too, with podman or docker.")] = False,
    gpu: Gpu = False,
    engine: Container = None,
    option: ContainerWords = None,
    config: ConfigFile = None,
) -> None:
    """Write the Containerfile and the files of an image; --make builds it. Keep both private."""
    from autograder.platforms.gradescope.build import bundle, write_context
    from autograder.platforms.gradescope.simulate import Engine

    course = open_course(name, config)
    folder = to or course.config.root / "build" / f"{name}-image"
    base = base or course.config.course.container.base
    write_context(bundle(course.config, name, gpu=gpu), folder, base)
    print(folder)
    note_on_wheels(course, gpu=gpu)
    if make:
        Engine.find(engine, option or ()).build(folder, tag or image_name(name), base)


def image_name(assignment: str) -> str:
    """What an assignment's image is called where nothing else is said."""
    return f"autograder-{assignment}"
