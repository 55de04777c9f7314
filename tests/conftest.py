"""What several rooms' tests share."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, settings

from autograder.rubric.assignment import Assignment, load
from tests import tiny

# How long an example takes says something about the machine, not about the code: no deadline, and none is too slow.
settings.register_profile(
    "gate", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("fuzz", max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))


@pytest.fixture
def tiny_folder(tmp_path: Path) -> Path:
    """The tiny assignment's reference folder, in a course of its own."""
    return tiny.write(tmp_path)


@pytest.fixture
def tiny_assignment(tiny_folder: Path) -> Assignment:
    """The tiny assignment, loaded."""
    return load(tiny_folder)


@pytest.fixture(scope="session")
def namespaces() -> None:
    """Skip where bubblewrap can make no namespaces, as far as bubblewrap itself says: the grader is not asked."""
    command = ["bwrap", "--ro-bind", "/", "/", "--unshare-all", "true"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("bubblewrap is not installed")
    if done.returncode:
        pytest.skip(f"no namespaces here (autograder doctor says more): {done.stderr.strip()}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first: in parallel, none is left to be waited for alone in the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    if not torch.cuda.is_available():
        for item in items:
            if item.get_closest_marker("gpu") is not None:
                item.add_marker(pytest.mark.skip(reason="torch sees no CUDA device"))
