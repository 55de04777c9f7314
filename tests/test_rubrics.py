"""The course's rubrics are sound: what `autograder validate --all` says, on one seed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from autograder.errors import ConversationEndedError
from autograder.grading.engine import Engine
from autograder.grading.local import LocalConversation
from autograder.model import Outcome
from autograder.protocol.conversation import Answerer
from autograder.protocol.messages import Call, Raised, Read, Request, Returned
from autograder.rubric.assignment import Assignment, load

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
    assert [one for one in found["mutants"] if one["lost"] != [one["of"]]] == []
    assert [one for one in found["mutants"] if one["hinted"] not in ("", one["name"])] == []
    assert [one for one in found["left_out"] if one["lost"] != [one["function"]]] == []
    assert (found["failures"], found["starter_points"], found["starter_oddities"]) == ([], 0, [])
    assert found["broken_bounds"] == []
    hinted = sum(one["hinted"] == one["name"] for one in found["mutants"])
    assert hinted >= 0.95 * len(found["mutants"])
    assert len(found["mutants"]) >= (20 if name == "gan" else 40)
    assert len(found["right"]) > 12


class _Ends:
    """Right at first; its process ends when it is asked for the second time."""

    device = "cpu"
    cpu_seconds = 0.0

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment

    @contextmanager
    def check(self, seconds: float | None = None) -> Iterator[_Ends]:
        self._right = LocalConversation(self._assignment.solution())
        self._asked = 0
        yield self

    def allowed(self, seconds: float | None) -> float:
        return 0.0

    used = 0.0

    def hurry(self) -> None: ...

    def perform(self, request: Request, answer: Answerer) -> Returned | Raised:
        self._asked += isinstance(request, Call | Read)
        if self._asked > 1:
            raise ConversationEndedError(Outcome.CRASHED, "it is gone")
        return self._right.perform(request, answer)


@pytest.mark.parametrize("name", NAMES)
def test_a_process_that_ends_is_never_taken_for_a_wrong_answer(name: str) -> None:
    assignment = load(ROOT / "reference" / name)
    checks = [check for check in assignment.rubric.checks if not check.trains]
    results = Engine(assignment, b"ends").run(_Ends(assignment), "ends", checks=checks, hints=False)
    assert [result.name for result in results if result.outcome is not Outcome.CRASHED] == []
