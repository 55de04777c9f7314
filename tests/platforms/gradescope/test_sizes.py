"""What is left of a container's memory for a student's code."""

from __future__ import annotations

import subprocess
import sys

import pytest

from autograder.errors import SandboxUnavailableError
from autograder.platforms.gradescope import sizes
from autograder.platforms.gradescope.sizes import LEAST_MB, RESERVE_MB, Size, container_size, memory_left


@pytest.fixture(autouse=True)
def taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "_taken_mb", lambda: 400.0)


def test_a_machine_without_limits_has_enough():
    assert memory_left(Size(None, 0.5)) is None


def test_what_the_grader_takes_and_a_reserve_are_kept_back():
    assert memory_left(Size(768, None)) == 768 - 400 - RESERVE_MB


def test_where_a_students_code_does_not_fit_nothing_is_graded_and_it_is_said_what_to_do():
    assert memory_left(Size(400 + RESERVE_MB + LEAST_MB, None)) == LEAST_MB
    with pytest.raises(SandboxUnavailableError, match=r"the container's 591 MB are too few: 95 MB are left .* more"):
        memory_left(Size(400 + RESERVE_MB + LEAST_MB - 1, None))


def test_a_containers_size_is_read_from_its_control_group(tmp_path):
    (tmp_path / "memory.max").write_text("805306368\n")
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    assert container_size(tmp_path) == Size(768.0, 0.5)
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert container_size(tmp_path) == Size(None, None)
    old = tmp_path / "old"
    for name, text in (("memory/memory.limit_in_bytes", "1073741824"), ("cpu/cpu.cfs_quota_us", "200000"),
                       ("cpu/cpu.cfs_period_us", "100000")):  # fmt: skip
        (old / name).parent.mkdir(parents=True, exist_ok=True)
        (old / name).write_text(text)
    assert container_size(old) == Size(1024.0, 2.0)


FORKS = """
import os, sys
from autograder.platforms.gradescope.sizes import _taken_mb
alone = _taken_mb()
held = bytearray(os.urandom(1 << 20) * 64)
whole = _taken_mb()
for _ in range(2):
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.write(writing, b"!")
        sys.stdin.read()
        os._exit(0)
    os.read(reading, 1)
print(whole - alone, _taken_mb() - whole)
"""


def test_memory_that_forks_share_is_counted_once():
    """The slot is a fork of the warm grader: torch counted twice, right work did not fit into 768 MB."""
    with subprocess.Popen([sys.executable, "-c", FORKS], stdin=-1, stdout=-1, text=True) as process:
        assert process.stdout is not None and process.stdin is not None
        held, more = map(float, process.stdout.readline().split())
        process.stdin.close()
    assert 60 < held < 80
    assert more < 30
