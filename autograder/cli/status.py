"""`autograder status`: what the records say of every student."""

from __future__ import annotations

from autograder.cli import show
from autograder.cli.course import open_course
from autograder.cli.options import AsJson, ConfigFile, Name


def status(name: Name, json: AsJson = False, config: ConfigFile = None) -> None:
    """Show the latest report of every student."""
    course = open_course(name, config)
    with course.records() as records:
        show.table(name, records.all_counted(name), json=json)
