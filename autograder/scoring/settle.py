"""A report as it counts: adjusted, with lateness taken off, and the arithmetic in one line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from autograder.config_parts import LateConfig
from autograder.model import Report
from autograder.scoring.adjustments import WHOLE, Adjustment, Kind, adjusted, whole
from autograder.scoring.late import Lateness
from autograder.zones import shown


def settled(report: Report, lateness: Lateness, adjustments: Sequence[Adjustment] = ()) -> Report:
    """Return a report whose score is the one that counts.

    First the adjustments of exercises and checks are taken in, then lateness is taken off, then come the adjustments of
    the whole score: a person's last word.
    """
    report = adjusted(report, adjustments)
    earned = report.score
    cost, bound = lateness.priced(earned, report.points)
    words = [number(earned)]
    for_lateness = said(lateness, bound)
    if cost:
        words.append(f"− {number(cost)} ({for_lateness})")
    elif for_lateness:
        words.append(f"− 0 ({for_lateness})")
    score = round(earned - cost, 4)
    for one in adjustments:
        if one.part == WHOLE:
            change = whole(score, one)
            score = round(score + change, 4)
            percent = f"{one.value:+g} %, " if one.kind is Kind.PERCENT else ""
            words.append(f"{'−' if change < 0 else '+'} {number(abs(change))} ({percent}{one.reason})")
    arithmetic = f"{' '.join(words)} = {number(score)}" if len(words) > 1 else ""
    known = lateness.came is not None and lateness.deadline.due is not None
    return replace(report, score=score, late=lateness.late if known else report.late, arithmetic=arithmetic)


def said(lateness: Lateness, bound: str = "") -> str:
    """Say how late a work came and what that costs by the rules; nothing where it came in time by the usual date.

    `bound` is the setting that made it cost less than the rate comes to.
    """
    deadline, rule = lateness.deadline, lateness.rule
    if deadline.due is None or lateness.came is None:
        return ""
    if not lateness.late:
        return f"in time: extended to {shown(deadline.due)}" if deadline.extended else ""
    if lateness.refused:
        return f"{_since(lateness)}: too late to count"
    if deadline.excused:
        return f"{_since(lateness)}: excused"
    if rule is None:
        return ""
    parts = []
    if lateness.late_days:
        parts.append(_plural(lateness.late_days, "late day") + " used")
    if lateness.units:
        parts.append(f"{_plural(lateness.units, 'hour' if lateness.hourly else 'day')} begun{_rate(lateness)}")
    return ", ".join([_since(lateness), *parts, *([_bound(rule, bound)] if bound else [])])


def number(value: float) -> str:
    """Return points as they are, without the digits that floats add."""
    return f"{round(value, 4) + 0.0:.4f}".rstrip("0").rstrip(".")


def _since(lateness: Lateness) -> str:
    due, came = lateness.deadline.due, lateness.came
    assert due is not None and came is not None
    extended = "extended to " if lateness.deadline.extended else "due "
    return f"handed in {_short(came.astimezone(due.tzinfo))}, {extended}{shown(due)}"


def _short(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _rate(lateness: Lateness) -> str:
    rule = lateness.rule
    assert rule is not None
    each = "hour" if lateness.hourly else "day"
    percent = rule.percent_per_hour if lateness.hourly else rule.percent_per_day
    points = rule.points_per_hour if lateness.hourly else rule.points_per_day
    if percent is not None:
        return f" at {percent:g} % a {each}"
    return f" at {_plural(points, 'point')} a {each}" if points is not None else ""


def _bound(rule: LateConfig, setting: str) -> str:
    value = getattr(rule, setting)
    match setting:
        case "max_percent":
            return f"at most {value:g} %"
        case "max_points":
            return f"at most {_plural(value, 'point')}"
    return f"not below {value:g} % of all points"


def _plural(count: float, word: str) -> str:
    return f"{count:g} {word}{'' if count == 1 else 's'}"
