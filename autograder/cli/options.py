"""Arguments and options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.config import Device
from autograder.errors import ConfigError


def _assignments(incomplete: str) -> list[str]:
    """Return the assignments that a shell may complete a name to; none where there is no course."""
    from autograder.cli.found import open_config

    try:
        names = open_config(None).assignments
    except ConfigError:
        return []
    return [name for name in names if name.startswith(incomplete)]


Name = Annotated[
    str,
    typer.Argument(help="The assignment, as in grader_config.yml.", show_default=False, autocompletion=_assignments),
]
NameOrAll = Annotated[
    str | None,
    typer.Argument(help="The assignment; without it, all.", show_default=False, autocompletion=_assignments),
]
ConfigFile = Annotated[Path | None, typer.Option("--config", help="Another grader_config.yml.", show_default=False)]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=1, help="Submissions at a time.")]
Only = Annotated[list[str] | None, typer.Option("--only", help="Just this student (repeatable).")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Grade again what is done already.")]
Unsafe = Annotated[bool, typer.Option("--unsafe-no-sandbox", help="Grade without a boundary. Only code you trust.")]
OnDevice = Annotated[
    Device | None, typer.Option("--device", help="cuda: a GPU as well as the CPU, docs/devices.md.", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]
Gpu = Annotated[bool, typer.Option("--gpu", help="torch with CUDA. Gradescope has no GPU.")]
Container = Annotated[str | None, typer.Option("--engine", help="podman or docker.", show_default="the first there is")]
ContainerWords = Annotated[
    list[str] | None, typer.Option("--engine-option", help="A further word for podman or docker (repeatable).")
]
NbgraderFolder = Annotated[Path, typer.Argument(help="The folder of the nbgrader course.", show_default=False)]
Layout = Annotated[
    str | None,
    typer.Option("--as", help="gradescope, moodle, canvas, nbgrader, github or folder.", show_default=False),
]
RosterFile = Annotated[
    Path | None, typer.Option("--roster", help="Who belongs to the course: any system's CSV.", show_default=False)
]
