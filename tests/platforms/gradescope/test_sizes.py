"""How large a container is, and what is left in it for a submission."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.platforms.gradescope import sizes
from autograder.platforms.gradescope.sizes import LEAST_MB, RESERVE_MB, Size, container_size, memory_left


def test_a_machine_without_limits_has_enough() -> None:
    assert memory_left(Size(None, None)) is None


def test_what_the_grader_takes_is_not_the_submissions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "_taken_mb", lambda: 500.0)
    assert memory_left(Size(1536, 1)) == 1536 - 500 - RESERVE_MB


def test_a_submission_gets_something_even_where_nothing_is_left() -> None:
    assert memory_left(Size(1, 1)) == LEAST_MB


@pytest.mark.parametrize(
    "files",
    [
        {"memory.max": "805306368\n", "cpu.max": "50000 100000\n"},
        {
            "memory/memory.limit_in_bytes": "805306368\n",
            "cpu/cpu.cfs_quota_us": "50000\n",
            "cpu/cpu.cfs_period_us": "100000\n",
        },
    ],
    ids=["control groups v2", "v1"],
)
def test_a_containers_limits_are_read(tmp_path: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert container_size(tmp_path) == Size(768, 0.5)


def test_what_says_no_limit_is_none(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert container_size(tmp_path) == Size(None, None)
    assert container_size(tmp_path / "nowhere") == Size(None, None)
