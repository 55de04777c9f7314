"""What becomes results.json: the one place that everything published goes through.

It withholds what the configuration withholds, whoever made the results: the grader at its end, what it had when it
failed, or the answers that stand for an attempt that was not graded. The watchdog uses it when the grader is dead, with
the system's Python: this needs the standard library alone, of Python 3.10.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from html import escape
from typing import Any

from autograder.platforms.gradescope.metadata import Metadata

UNCOUNTED = "uncounted_attempts"
"""The key in `extra_data` under which the times of attempts that failed through our fault travel on."""
OURS = "grader_error"
"""The key that marks an attempt that failed through our fault."""
REFUSED = "refused"
"""The key that marks an attempt beyond the limit, which was not graded."""
REPORT = "report"
"""The key under which the whole report travels."""

LATER = {"after_due_date": "after the due date", "after_published": "when grades are published"}
"""When Gradescope shows what is withheld, and the total with it."""
STRICTEST = "hidden"
VISIBILITIES = ("visible", "after_due_date", "after_published", "hidden")
FORMATS = ("text", "html", "simple_format", "md", "ansi")
TOTAL = "Your total"
"""A row without points that waits for the total's time: Gradescope shows no total as long as a row waits."""

FAILED = (
    "! Grader error: The grader met an error of its own. It is not your fault and costs you nothing. "
    "This attempt does not count, and the points of your last one stand. Please hand in again; if this comes back, "
    "tell your instructor."
)
"""As `feedback.sentences` says it, which cannot be imported here; a test holds the two together."""
BELOW = "What you see below was found in that one."
"""Said of an earlier attempt's results."""


def uncounted(metadata: Metadata) -> tuple[str, ...]:
    """The times of earlier attempts that do not count. Gradescope hands back the latest results only, so each
    attempt carries the list on to the next."""
    latest = metadata.latest
    if latest is None:
        return ()
    kept = latest.extra.get(UNCOUNTED)
    times = [time for time in kept if isinstance(time, str)] if isinstance(kept, list) else []
    if latest.failed or latest.extra.get(OURS) or latest.extra.get(REFUSED):
        times.append(latest.time)
    return tuple(dict.fromkeys(time for time in times if time))


def standing(metadata: Metadata) -> float | None:
    """The score that stands from before: the latest earlier attempt's that has one and did not fail."""
    done = [one for one in metadata.previous if not one.failed and one.points is not None]
    return max(done, key=lambda one: one.moment).points if done else None


def standing_results(metadata: Metadata) -> dict[str, Any]:
    """What was published of the attempt whose score stands: its rows, and its place on the leaderboard.

    Empty where it is not known: Gradescope hands back the latest results only. An attempt that was not graded has
    carried on those of the one before.
    """
    latest = metadata.latest
    if latest is None or latest.failed or latest.points is None:
        return {}
    rows = _rows(latest.results.get("tests"), _ROW)
    if not rows:
        return {}
    found: dict[str, Any] = {"tests": rows, "leaderboard": _rows(latest.results.get("leaderboard"), _LEADER)}
    for key in ("test_output_format", "test_name_format"):
        if latest.results.get(key) in FORMATS:
            found[key] = latest.results[key]
    return found


def unchanged(metadata: Metadata, mark: str, words: str) -> dict[str, Any]:
    """The results of an attempt that leaves everything as it was: the score that stands, and what was shown of it.

    Args:
        metadata: of this attempt.
        mark: `OURS` or `REFUSED`: why nothing was graded.
        words: for the student.
    """
    earlier = standing_results(metadata)
    lines = [words, *([BELOW] if earlier else [])]
    extra: dict[str, Any] = {mark: True, UNCOUNTED: list(uncounted(metadata))}
    if metadata.latest is not None and isinstance(metadata.latest.extra.get(REPORT), dict):
        extra[REPORT] = metadata.latest.extra[REPORT]
    return {
        "score": round(standing(metadata) or 0.0, 4),
        "output": "".join(f"<p>{escape(line)}</p>" for line in lines),
        "output_format": "html",
        "extra_data": extra,
        **earlier,
    }


def withheld(results: dict[str, Any], hidden_checks: Any) -> dict[str, Any]:
    """The results as they are published. `hidden_checks` is the setting; anything else is taken for the strictest.

    Hidden checks get the setting's visibility. Whoever sees the total learns of them too, so that waits as well: for
    as long as they do, or, where they are never shown, until grades are published. Gradescope withholds a total while
    a row waits, but not for rows that are never shown.
    """
    setting = hidden_checks if hidden_checks in VISIBILITIES else STRICTEST
    rows = [dict(row) for row in results.get("tests", ()) if row.get("name") != TOTAL]
    hidden = [row for row in rows if row.get("visibility", "visible") != "visible" or "hidden" in row.get("tags", ())]
    for row in hidden:
        row["visibility"] = setting
    extra = results.get("extra_data", {})
    known = bool(rows) and len(rows) == len(results.get("tests", ()))  # no total was withheld before
    secret = bool(hidden) or bool(extra.get(OURS)) or (bool(extra.get(REFUSED)) and not known)
    if setting == "visible" or not secret:
        return {**results, "tests": rows}
    waits = setting if setting in LATER else "after_published"
    if setting == "hidden":
        said = f"Hidden checks count too. What they found is not shown; your total is, {LATER[waits]}."
    else:
        said = f"Hidden checks count too. What they found, and your total, are shown {LATER[waits]}."
    if not any("score" in row and row.get("visibility") == waits for row in rows):
        total = {"name": TOTAL, "score": 0.0, "max_score": 0.0, "output": "Your total counts hidden checks too."}
        rows.append({**total, "output_format": "text", "visibility": waits})
    return {**results, "tests": rows, "output": f"{results.get('output', '')}<p>{said}</p>"}


def _text(value: Any) -> bool:
    return isinstance(value, str) and not any("\ud800" <= letter <= "\udfff" for letter in value)


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


_ROW: dict[str, Callable[[Any], bool]] = {
    "name": _text,
    "score": _finite,
    "max_score": _finite,
    "status": lambda value: value in ("passed", "failed"),
    "number": _text,
    "output": _text,
    "name_format": lambda value: value in FORMATS,
    "output_format": lambda value: value in FORMATS,
    "tags": lambda value: isinstance(value, list) and all(map(_text, value)),
    "visibility": lambda value: value in VISIBILITIES,
}
_LEADER: dict[str, Callable[[Any], bool]] = {
    "name": _text,
    "value": lambda value: _finite(value) or _text(value),
    "order": lambda value: value in ("asc", "desc"),
}


def _rows(data: Any, fields: dict[str, Callable[[Any], bool]]) -> list[dict[str, Any]]:
    """The rows of earlier results, without what is none of the contract's: it comes back by way of Gradescope."""
    if not isinstance(data, list):
        return []
    rows = [
        {key: value for key, value in row.items() if key in fields and fields[key](value)}
        for row in data
        if isinstance(row, dict)
    ]
    return [row for row in rows if "name" in row and ("value" in row or fields is not _LEADER)]
