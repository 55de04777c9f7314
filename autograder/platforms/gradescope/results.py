"""A report as Gradescope shows it. Whatever a report holds, what comes out is valid and safe to display."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from markupsafe import Markup

from autograder.config import GradescopeConfig
from autograder.feedback import formats, sentences
from autograder.feedback.outcomes import is_ours
from autograder.model import CheckResult, Curve, Outcome, Report
from autograder.platforms.gradescope import policy
from autograder.platforms.gradescope.contract import Leader, Results, Test, Visibility
from autograder.platforms.gradescope.metadata import Metadata
from autograder.platforms.gradescope.publication import (
    BELOW,
    OURS,
    REFUSED,
    REPORT,
    UNCOUNTED,
    standing,
    standing_results,
    unchanged,
    uncounted,
)
from autograder.scoring.late import Deadline, Lateness
from autograder.scoring.settle import said, settled

IN_TIME = Lateness(Deadline(None), None, None)
"""What nothing is known of costs nothing."""
LARGEST = 1 << 20
"""Bytes of `extra_data`: beyond that, a report is not handed on for resuming."""

HAND_IN_AGAIN = (
    "This attempt does not count, and the points of your last one stand. Please hand in again; if this comes back, "
    "tell your instructor."
)
"""What follows when the grader failed: here nobody grades again unasked. The watchdog says the same."""


def results_of(
    report: Report,
    settings: GradescopeConfig,
    metadata: Metadata,
    *,
    late: Lateness = IN_TIME,
    unreached: Sequence[str] = (),
) -> Results:
    """What came of a report, before anything is withheld. `unreached` names checks that an error of ours left undone.

    After an error of ours the better of two scores stands, and what is shown belongs to it.
    """
    ours = is_ours(report) or bool(unreached)
    counting = settled(
        msgspec.structs.replace(report, score=_number(report.score), points=_number(report.points)), late
    )
    earned = counting.score
    before = standing(metadata) or 0.0
    score = max(earned, before) if ours else earned
    hidden = settings.hidden_checks
    secret = hidden != "visible" and any(not result.public for result in report.results)
    tests = (*_tests(report, hidden), *_sum(counting, hidden if secret else "visible"), *_printed(report, hidden))
    lines = [*_remarks(report, ours=ours), *_rules(settings, metadata, late)]
    earlier = standing_results(metadata) if ours and before > earned else {}
    if earlier:
        tests = msgspec.convert(earlier["tests"], tuple[Test, ...])
        lines.append(BELOW)
    return Results(
        score=round(score, 4),
        execution_time=round(_number(report.wall_seconds), 2),
        output=_paragraphs(lines),
        output_format="html",
        test_output_format="html",
        test_name_format="text",
        extra_data=_extra(report, metadata, ours=ours),
        tests=tests,
        leaderboard=tuple(_leaders(report)) if settings.leaderboard and not ours else (),
    )


def refused(attempts: policy.Attempts, metadata: Metadata) -> Results:
    """The answer to an attempt beyond the limit: nothing is graded, the earlier score stands, and what was shown of
    it is shown again."""
    again = f" The next one is possible from {formats.moment(attempts.again)}." if attempts.again else ""
    words = f"You have used all {attempts.limit} attempts, so this one was not graded: your last score stands.{again}"
    return msgspec.convert(unchanged(metadata, REFUSED, words), Results)


def report_in(extra: dict[str, Any]) -> Report | None:
    """The report that earlier results carry, if it is all there."""
    try:
        return msgspec.convert(extra[REPORT], Report)
    except (KeyError, msgspec.ValidationError):
        return None


def _tests(report: Report, hidden: Visibility) -> Iterator[Test]:
    counted: Counter[str] = Counter()
    titles = {exercise.number: exercise.title for exercise in report.exercises}
    for result in report.results:
        counted[result.exercise] += 1
        ours = result.outcome in (Outcome.GRADER_ERROR, Outcome.NOT_GRADED)
        points = max(0.0, _number(result.points))
        title = titles.get(result.exercise, "")
        yield Test(
            name=_line(f"{title}{'' if title.endswith('?') else ':'} {result.asked}" if title else result.asked),
            score=None if ours else min(points, round(max(0.0, _number(result.earned)), 4)),
            max_score=None if ours else points,
            status=None if ours else ("passed" if result.outcome is Outcome.PASSED else "failed"),
            number=_line(f"{result.exercise}.{counted[result.exercise]}"),
            output=_output(result),
            tags=(_line(result.exercise), str(result.outcome), "public" if result.public else "hidden"),
            visibility="visible" if result.public else hidden,
        )


def _printed(report: Report, visibility: Visibility) -> Iterator[Test]:
    """What the student's code printed. Hidden checks call it too, so it is shown when they are."""
    printed = formats.output(report.output)
    if printed:
        body = str(Markup("<pre>{}</pre>").format(formats.visible(printed)))
        yield Test(name="What your code printed", number="~", output=body, tags=("output",), visibility=visibility)


def _output(result: CheckResult) -> str:
    """The sign and the sentences of a check, and the facts of what came back as a list."""
    told = sentences.told(result)
    facts = () if result.outcome is Outcome.GRADER_ERROR else sentences.facts(result.difference)
    rows = "".join(f"<li>{formats.code(f'{fact.label}: {fact.value}')}</li>" for fact in facts)
    said = _paragraphs([f"{told.sign.symbol} {told.finding}", *told.lines[1:]])
    return said + (f"<ul>{rows}</ul>" if rows else "")


def _remarks(report: Report, *, ours: bool) -> Iterator[str]:
    about = sentences.about(report, after_our_fault=HAND_IN_AGAIN)
    if ours and not is_ours(report):
        about = (sentences.our_fault(HAND_IN_AGAIN), *about)
    for told in about:
        space = "\n" if "\n" in told.message else " "
        yield f"{told.sign.symbol} {space.join(told.lines)}"
    yield from report.notes


def _sum(counting: Report, visibility: Visibility) -> Iterator[Test]:
    """How the total comes about, where lateness has a part in it. It tells what hidden checks found, and waits too."""
    if counting.arithmetic:
        line = _paragraphs([counting.arithmetic])
        yield Test(name="How your total comes about", number="=", output=line, tags=("total",), visibility=visibility)


def _rules(settings: GradescopeConfig, metadata: Metadata, late: Lateness) -> Iterator[str]:
    if late.late and late.rule is not None:
        yield f"Late: {said(late)}."
    done = policy.attempts(metadata, settings)
    if done.limit is not None:
        window = f" in {settings.attempts_hours:g} hours" if settings.attempts_hours else ""
        yield f"This is attempt {done.used + 1} of {done.limit}{window}."


def _leaders(report: Report) -> Iterator[Leader]:
    """The metrics of the baseline ladders, and the highest rung that each reached."""
    ladders = [(r.exercise, r.curve) for r in report.results if r.curve is not None and r.curve.metric is not None]
    names = Counter(curve.metric_name for _, curve in ladders)
    for exercise, curve in ladders:
        value = curve.metric
        shown = math.nan if value is None else float(f"{value:.4g}")  # the largest floats round to infinity
        if value is None or not math.isfinite(shown):
            continue
        name = curve.metric_name if names[curve.metric_name] == 1 else f"{exercise} {curve.metric_name}"
        yield Leader(_line(name or "metric"), shown, "asc" if _falls(curve) else "desc")
        if curve.rungs:
            yield Leader(_line(f"{name} baseline"), _line(_rung(curve, value)))


def _falls(curve: Curve) -> bool:
    """Whether lower is better, as the rungs go from simple to boss."""
    return len(curve.rungs) < 2 or curve.rungs[0][1] > curve.rungs[-1][1]


def _rung(curve: Curve, value: float) -> str:
    sign = -1.0 if _falls(curve) else 1.0
    reached = [name for name, bound in curve.rungs if sign * value >= sign * bound]
    return f"{len(reached)}/{len(curve.rungs)} {reached[-1] if reached else 'none yet'}"


def _extra(report: Report, metadata: Metadata, *, ours: bool) -> dict[str, Any]:
    extra: dict[str, Any] = {UNCOUNTED: list(uncounted(metadata))}
    if ours:
        extra[OURS] = True
    if len(metadata.group) > 1:
        extra["group"] = list(metadata.group)
    kept = msgspec.structs.replace(report, output=formats.clip(report.output))
    carried = _plain(msgspec.to_builtins(kept))
    if len(msgspec.json.encode(carried)) <= LARGEST:
        extra[REPORT] = carried
    return _plain_dict(extra)


def _plain_dict(data: dict[str, Any]) -> dict[str, Any]:
    return {str(_plain(key)): _plain(value) for key, value in data.items()}


def _plain(data: Any) -> Any:
    """The same data without what JSON cannot hold: half characters and numbers that are none."""
    match data:
        case str():
            return data.encode("utf-8", "replace").decode()
        case float():
            return data if math.isfinite(data) else None
        case dict():
            return _plain_dict(data)
        case list() | tuple():
            return [_plain(item) for item in data]
        case _:
            return data


def _paragraphs(lines: Sequence[str]) -> str:
    """Escaped HTML: a paragraph a line; what has several lines keeps them."""
    parts = []
    for line in lines:
        body = formats.code(formats.clip(line.strip("\n")))
        if line.strip():
            parts.append(f"<pre>{body}</pre>" if "\n" in line.strip() else f"<p>{body}</p>")
    return "".join(parts)


def _line(words: str) -> str:
    return formats.visible(formats.clip(" ".join(words.split()), 300)) or "(no name)"


def _number(value: float) -> float:
    return float(value) if math.isfinite(value) else 0.0
