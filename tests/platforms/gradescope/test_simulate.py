"""What a rehearsal says of a run: its exit code is 1 only where Gradescope or the grader failed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from autograder.cli.gradescope.simulate import _kept
from autograder.config import GradescopeConfig
from autograder.platforms.gradescope import policy
from autograder.platforms.gradescope.results import refused, results_of
from autograder.platforms.gradescope.simulate import Simulated
from tests.platforms.gradescope.sample import metadata, previous, report, result

EARLIER = metadata("2027-03-01T12:00:00Z", previous("2027-02-28T12:00:00Z", 3.5))
LIMIT = GradescopeConfig(attempts=1)


@pytest.mark.parametrize(
    ("results", "well"),
    [
        (results_of(report(result()), LIMIT, metadata()), True),
        (results_of(report(status="rejected", problem="Hand in code."), LIMIT, metadata()), True),
        (refused(policy.attempts(EARLIER, LIMIT), EARLIER), True),
        (results_of(report(result(), status="grader error"), LIMIT, metadata()), False),
        (None, False),
    ],
    ids=["graded", "unreadable", "beyond the limit", "an error of ours", "no results"],
)
def test_an_attempt_that_is_rightly_refused_is_no_failure(tmp_path, results: Any, well: bool) -> None:
    course: Any = SimpleNamespace(settings=SimpleNamespace(title="Tiny"))
    one = Simulated("ada", results, "" if results else "The autograder failed.", "", 1.0)
    assert _kept(one, course, tmp_path, into_records=False) is well
