"""Word what students are told, once for every medium. A medium chooses among the parts, wraps and escapes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from autograder.feedback import formats, signs
from autograder.feedback.outcomes import is_ours, unreached
from autograder.feedback.signs import SIGNS, Sign
from autograder.model import CheckResult, Difference, Outcome, Report

OUR_FAULT = "The grader met an error of its own. It is not your fault and costs you nothing."
GRADED_AGAIN = "It will be graded again, and you need not do anything."
MOST_NAMES = 3
"""How many stand-ins are named, of more than so many."""

# How the engine begins the problem of a file that does not load; the headline says it already.
_WHILE_LOADING = "While your file was loaded: "


@dataclass(frozen=True, slots=True)
class Told:
    """Something to tell a student, in parts: all but `sign` and `headline` may be empty.

    `note` is small print: what a medium with little room may leave out without the rest becoming wrong.
    Names between backticks are code.
    """

    sign: Sign
    headline: str
    message: str = ""
    hint: str = ""
    note: str = ""
    asked: str = ""

    @property
    def finding(self) -> str:
        """Return the headline and the message as one sentence."""
        return f"{self.headline}: {self.message}" if self.message else f"{self.headline}."

    @property
    def lines(self) -> tuple[str, ...]:
        """Return the finding, the hint and the note, each where there is one, for media that show plain lines."""
        return tuple(line for line in (self.finding, self.hint and f"Hint: {self.hint}", self.note) if line)


class Fact(NamedTuple):
    """One thing to know about a wrong array."""

    label: str
    value: str


def told(result: CheckResult) -> Told:
    """Return what is said of a check, in full.

    The mutant's name is for TAs only and never among the parts; nor is the traceback of a grader error.
    """
    sign = SIGNS[result.outcome]
    asked = formats.message(result.asked)
    if result.outcome is Outcome.GRADER_ERROR:
        return Told(sign, sign.title, OUR_FAULT, asked=asked)
    return Told(
        sign,
        sign.title,
        formats.message(result.message),
        formats.message(result.hint),
        _stood_in(result.stand_ins),
        asked,
    )


def computing(used: float, allowed: float) -> str:
    """Return how much of its time the student's code has used; nothing where nobody counted.

    Args:
        used: CPU seconds of all its processes.
        allowed: CPU seconds that it may use.
    """
    return f"{formats.number(used)} of {allowed:g} s of computing" if allowed else ""


def about(report: Report, *, after_our_fault: str = GRADED_AGAIN) -> tuple[Told, ...]:
    """Return what is said of the submission as a whole: nothing where it was read, loaded and graded.

    `after_our_fault` says what happens next when the grader failed, which depends on the platform. Then the report's
    problem may be a traceback, and no student reads it.
    """
    if report.status == "rejected":
        return (_rejected(report.problem),)
    if is_ours(report):
        return (our_fault(after_our_fault),)
    if report.problem:
        return (not_loaded(report.problem, nothing_checked=unreached(report)),)
    return ()


def our_fault(what_next: str = GRADED_AGAIN) -> Told:
    """Return the words for a submission that the grader failed on: nobody is charged."""
    sign = SIGNS[Outcome.GRADER_ERROR]
    return Told(sign, sign.title, OUR_FAULT, note=what_next)


def not_loaded(problem: str, *, nothing_checked: bool = False) -> Told:
    """Return the words for a file that stopped before its end while it was loaded."""
    lost = "Nothing could be checked." if nothing_checked else "What comes after that point could not be checked."
    return Told(
        signs.NOT_LOADED,
        "Your file does not load to its end",
        formats.message(problem.removeprefix(_WHILE_LOADING)),
        note=f"{lost} Run your file from the top on your own machine: it should load without an error.",
    )


def untouched(points: float) -> Told:
    """Return the words for an exercise of which nothing was attempted."""
    sign = SIGNS[Outcome.NOT_ATTEMPTED]
    wait = "point waits" if points == 1 else "points wait"
    return Told(sign, sign.title, f"{formats.points(points)} {wait} for you here.")


def facts(difference: Difference | None) -> tuple[Fact, ...]:
    """Return how an array differs from what was asked, without a value of either."""
    if difference is None:
        return ()
    asked, got = difference.expected_shape, difference.got_shape
    found = []
    if difference.what:
        found.append(Fact("Compared", formats.clip(difference.what, 200)))
    if asked is not None and asked != got:
        found.append(Fact("Shape asked for", f"`{asked}`"))
    if got is not None and asked == got and got:
        found.append(Fact("Your shape", f"`{got}`, as asked"))
    elif got is not None and asked != got:
        found.append(Fact("Your shape", f"`{got}`" if got else "`()`, a single number"))
    if difference.total > 1:
        share = difference.wrong * 100 // difference.total or "under 1"
        found.append(Fact("Wrong values", f"{difference.wrong} of {difference.total} ({share} %)"))
    if difference.first_bad_index:
        found.append(Fact("First wrong index", f"`{list(difference.first_bad_index)}`"))
    for label, value in (("absolute", difference.max_absolute), ("relative", difference.max_relative)):
        if value is not None:
            found.append(Fact(f"Largest {label} error", formats.number(value)))
    return tuple(found)


def _rejected(problem: str) -> Told:
    return Told(
        signs.REJECTED,
        "This submission could not be read",
        formats.message(problem) or "No reason was recorded.",
        note="Nothing was graded. Repair this and hand in again; check your file on your own machine first.",
    )


def _stood_in(names: Sequence[str]) -> str:
    """Return a sentence with the grader's own functions that a check ran with. Of dozens, the first few are named."""
    if not names:
        return ""
    shown = [f"`{formats.clip(name, 80)}`" for name in names[:MOST_NAMES]]
    if len(names) > MOST_NAMES:
        listed = f"{', '.join(shown)} and {len(names) - MOST_NAMES} more of the earlier functions"
    else:
        listed = " and ".join([", ".join(shown[:-1]), shown[-1]] if shown[1:] else shown)
    return f"Checked with our own {listed}, so that what is wrong or slow there costs nothing here."
