"""The course's rubrics are sound: what `autograder validate --all` says, on one seed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAMES = sorted(path.parent.name for path in (ROOT / "reference").glob("*/checks.py"))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", NAMES)
def test_mutants_are_blamed_rightly_and_right_solutions_get_full_marks(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "validate", name, "--seeds", "1", "--jobs", "1", "--json"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert [one for one in found["mutants"] if one["lost"] != [one["owner"]]] == []
    assert [one for one in found["mutants"] if one["hinted"] not in ("", one["name"])] == []
    assert [one for one in found["left_out"] if one["lost"] != [one["exercise"]]] == []
    assert (found["failures"], found["starter_points"], found["starter_oddities"]) == ([], 0, [])
    assert found["broken_bounds"] == []
    hinted = sum(one["hinted"] == one["name"] for one in found["mutants"])
    assert hinted >= 0.95 * len(found["mutants"])
    assert len(found["mutants"]) >= (20 if name == "gan" else 40)
    assert len(found["right"]) > 12
