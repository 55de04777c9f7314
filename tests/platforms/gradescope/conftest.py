"""The image that the tests in real containers run, and the summary of the attacks tried there."""

from __future__ import annotations

import pytest

from autograder.config import load
from tests import tiny
from tests.platforms.gradescope import containers


@pytest.fixture(scope="session")
def course(tmp_path_factory):
    """The tiny course, with its image built."""
    root = tmp_path_factory.mktemp("course")
    tiny.write(root)
    config = load(tiny.config(root))
    containers.build(config, root / "context")
    return config


def pytest_terminal_summary(terminalreporter):
    """Say what the attacks gained in each container."""
    for report in [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]:
        for name, value in report.user_properties:
            if name.startswith("in a container"):
                terminalreporter.write_line(f"{name}: {value}")
