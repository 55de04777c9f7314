"""`results.json`, as Gradescope's contract has it. What we write is strict: an unknown field is a mistake of ours.

What we are given is read with patience: `metadata.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from autograder.errors import ResultsFormatError

Visibility = Literal["visible", "after_due_date", "after_published", "hidden"]
Format = Literal["text", "html", "simple_format", "md", "ansi"]


class _Written(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    pass


class Test(_Written, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One row of the student's page."""

    __test__ = False  # not one of pytest's

    name: str = ""
    score: float | None = None
    max_score: float | None = None
    status: Literal["passed", "failed"] | None = None
    number: str | None = None
    output: str = ""
    name_format: Format | None = None
    output_format: Format | None = None
    tags: tuple[str, ...] = ()
    visibility: Visibility | None = None
    extra_data: dict[str, Any] = {}


class Leader(_Written, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One column of the leaderboard; the highest value comes first unless `order` is "asc"."""

    name: str
    value: float | str
    order: Literal["asc", "desc"] | None = None


class Results(_Written, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The whole of `results.json`."""

    score: float | None = None
    execution_time: float | None = None
    output: str = ""
    output_format: Format | None = None
    test_output_format: Format | None = None
    test_name_format: Format | None = None
    visibility: Visibility | None = None
    stdout_visibility: Visibility | None = None
    extra_data: dict[str, Any] = {}
    tests: tuple[Test, ...] = ()
    leaderboard: tuple[Leader, ...] = ()


def encode(results: Results) -> bytes:
    """The file's bytes, checked against the contract. Raises `ResultsFormatError`."""
    try:
        data = msgspec.json.encode(results)
    except (UnicodeEncodeError, TypeError, ValueError) as error:
        raise ResultsFormatError(f"results.json cannot be written: {error}") from error
    _check_numbers(results)
    check(data)
    return data


def check(data: bytes) -> Results:
    """Read a `results.json` as strictly as the published contract has it. Raises `ResultsFormatError`."""
    try:
        results = msgspec.json.decode(data, type=Results)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ResultsFormatError(f"results.json: {error}") from error
    if results.score is None and all(test.score is None for test in results.tests):
        raise ResultsFormatError("results.json: it needs a score, or tests with scores")
    _check_numbers(results)
    return results


def _check_numbers(results: Results) -> None:
    """JSON has no NaN: msgspec writes null for one, which reads as if nothing had been given."""
    numbers: Iterable[float | str | None] = (
        results.score,
        results.execution_time,
        *(number for test in results.tests for number in (test.score, test.max_score)),
        *(leader.value for leader in results.leaderboard),
    )
    if any(isinstance(number, float) and not math.isfinite(number) for number in numbers):
        raise ResultsFormatError("results.json: a number is not finite")
