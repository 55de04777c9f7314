"""`autograder serve`: a batch while it runs, in the browser."""

from __future__ import annotations

import secrets
from typing import Annotated

import typer

from autograder.cli.course import open_course
from autograder.cli.options import ConfigFile, Name

EXAMPLES = ("autograder serve regression", "autograder serve regression --port 8100")


def serve(
    name: Name,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="The port on this machine; 0 for a free one.")
    ] = 8765,
    config: ConfigFile = None,
) -> None:
    """Show a running or finished batch in the browser: progress, who waits, what failed, everybody's page.

    On this machine alone, to read only, under an address that is printed and holds for this run. Ctrl-C ends it.
    """
    from autograder.cli.live import live_app
    from autograder.cli.loopback import address, listen, serve_until_interrupted

    course = open_course(name, config)
    token = secrets.token_urlsafe(24)
    with course.records() as records, listen(port) as listening:
        print(f"{address(listening)}/{token}/", flush=True)
        serve_until_interrupted(live_app(course, records, course.journal, token), listening)
