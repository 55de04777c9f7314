"""Reports and metadata for the Gradescope tests."""

from __future__ import annotations

import json
from typing import Any

from autograder.model import CheckResult, Curve, ExerciseInfo, Outcome, Report
from autograder.platforms.gradescope.metadata import Metadata, read_metadata

DUE = "2027-03-01T23:59:00+01:00"


def result(name: str = "small", **more: Any) -> CheckResult:
    fields: dict[str, Any] = {
        "exercise": "1.1", "asked": "Squares `x`.", "points": 2.0, "earned": 2.0, "outcome": Outcome.PASSED,
        "public": True,
    }  # fmt: skip
    return CheckResult(name=name, **(fields | more))


def report(*results: CheckResult, **more: Any) -> Report:
    fields: dict[str, Any] = {
        "student": "ada", "assignment": "tiny", "digest": "d", "assignment_digest": "a", "engine": "e",
        "status": "graded", "score": sum(r.earned for r in results), "points": sum(r.points for r in results),
        "exercises": (ExerciseInfo("1.1", "Square", 4.0),), "results": results,
    }  # fmt: skip
    return Report(**(fields | more))


def metadata(created: str = "2027-03-01T12:00:00+01:00", *previous: dict[str, Any], **more: Any) -> Metadata:
    return read_metadata(metadata_json(created, *previous, **more))


def metadata_json(created: str = "2027-03-01T12:00:00+01:00", *previous: dict[str, Any], **more: Any) -> bytes:
    data: dict[str, Any] = {
        "id": 7,
        "created_at": created,
        "assignment": {"due_date": DUE, "group_size": 2, "group_submission": False, "total_points": "10.0"},
        "submission_method": "upload",
        "users": [{"email": "ada@example.org", "id": 1, "name": "Ada"}],
        "previous_submissions": list(previous),
    }
    return json.dumps(data | more).encode()


def previous(time: str, score: float | str = 5.0, *, error: bool = False, **extra: Any) -> dict[str, Any]:
    results = {"score": score, "extra_data": extra} if extra else None
    return {"submission_time": time, "score": score, "autograder_error": error, "results": results}


LADDER = Curve("validation loss", "epoch", (3.0, 2.0), 1.5, "validation loss", (("simple", 1.9), ("boss", 1.3)))
