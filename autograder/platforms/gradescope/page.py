"""The page that a student sees on Gradescope, from results.json alone: one file with nothing to load."""

from __future__ import annotations

import re
from dataclasses import dataclass

import jinja2
from markupsafe import Markup, escape

from autograder.feedback import formats
from autograder.platforms.gradescope.contract import Format, Results, Test
from autograder.platforms.gradescope.simulate import Simulated

_UNKNOWN_TAG = re.compile(r"<(?!/?(?:p|pre|ul|ol|li|code|b|strong|em|i|h[1-6])>)")
"""What starts a tag that is not shown as one. Tags with attributes are none of those that are."""

NEVER = "hidden"


@dataclass(frozen=True)
class Shown:
    """One test as a reader sees it: `hidden_until` says what a student waits for."""

    test: Test
    body: Markup
    colour: str
    hidden_until: str


def page(simulated: Simulated, *, title: str, instructor: bool = False) -> str:
    """The student's page before the due date, or what instructors see at any time."""
    results = simulated.results
    tests = [_shown(test, results) for test in results.tests] if results else []
    seen = [one for one in tests if instructor or not one.hidden_until]
    waits = any(one.hidden_until not in ("", NEVER) for one in tests)  # as Gradescope has it: only what will be shown
    total = results.score if results and (instructor or not waits) else None
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("autograder.platforms.gradescope"), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("page.html.j2").render(
        title=title,
        student=formats.name(simulated.student),
        results=results,
        problem=simulated.problem,
        total=total,
        points=sum(one.test.max_score or 0 for one in tests),
        tests=seen,
        withheld=len(tests) - len(seen),
        output=_body(results.output, results.output_format or "simple_format") if results else "",
        stdout=formats.visible(formats.output(simulated.stdout)) if instructor else "",
        instructor=instructor,
        seconds=simulated.seconds,
    )


def _shown(test: Test, results: Results | None) -> Shown:
    assert results is not None
    visibility = test.visibility or results.visibility or "visible"
    return Shown(
        test,
        _body(test.output, test.output_format or results.test_output_format or "text"),
        _colour(test),
        "" if visibility == "visible" else visibility.replace("_", " "),
    )


def _colour(test: Test) -> str:
    if test.status is not None:
        return "good" if test.status == "passed" else ("part" if test.score else "bad")
    if test.score is None or test.max_score is None:
        return "plain"
    return "good" if test.score >= test.max_score else ("part" if test.score else "bad")


def _body(words: str, kind: Format) -> Markup:
    """What Gradescope makes of an output: HTML loses what it does not know, everything else is text here."""
    if kind == "html":
        return Markup(_UNKNOWN_TAG.sub("&lt;", formats.visible(words)))
    body = escape(formats.visible(words))
    return Markup("<p>{}</p>").format(body) if kind == "simple_format" else Markup("<pre>{}</pre>").format(body)
