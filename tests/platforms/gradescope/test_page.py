"""The page that the student would see."""

from __future__ import annotations

import json

from autograder.config import GradescopeConfig
from autograder.model import Outcome
from autograder.platforms.gradescope.contract import Results, Test, check, encode
from autograder.platforms.gradescope.page import page
from autograder.platforms.gradescope.publication import withheld
from autograder.platforms.gradescope.results import results_of
from autograder.platforms.gradescope.simulate import Simulated
from tests.platforms.gradescope.sample import LADDER, metadata, report, result

HIDDEN = result("random", public=False, asked="Squares SECRET numbers.", earned=0.0, outcome=Outcome.FAILED)


def shown(*results, instructor=False, settings=GradescopeConfig()):
    published = withheld(
        json.loads(encode(results_of(report(*results, output="hello"), settings, metadata()))), settings.hidden_checks
    )
    found = check(json.dumps(published).encode())
    return page(Simulated("ada", found, "", "layers: seccomp", 3.0), title="Tiny", instructor=instructor)


def test_a_student_sees_public_checks_and_neither_hidden_ones_nor_the_total():
    html = shown(result(curve=LADDER), HIDDEN)
    assert "Squares x." in html.replace("`", "") and "validation loss" in html
    assert "SECRET" not in html and "hello" not in html and "layers" not in html
    assert "2 tests are not shown yet" in html


def test_the_total_is_not_there_where_hidden_checks_are_never_shown():
    html = shown(result(), HIDDEN, settings=GradescopeConfig(hidden_checks="hidden"))
    assert "SECRET" not in html and 'class="total">–' in html
    loose = Results(score=2.0, tests=(Test(name="x", score=2.0, visibility="hidden"),))
    assert 'class="total">2' in page(Simulated("ada", loose, "", "", 1.0), title="T"), "Gradescope would show it"


def test_an_instructor_sees_everything():
    html = shown(result(), HIDDEN, instructor=True)
    assert "SECRET" in html and "hello" in html and "layers: seccomp" in html and "after due date" in html


def test_without_hidden_checks_the_total_is_there():
    assert "2 <small>/ 2</small>" in shown(result(), settings=GradescopeConfig(hidden_checks="visible"))


def test_markup_that_is_not_ours_is_text():
    nasty = Test(
        name="<b>x", output="<p onclick=x>hi</p><script>alert(1)</script><b>ok</b>", output_format="html", score=1.0
    )
    html = page(Simulated("<i>ada", Results(tests=(nasty,)), "", "", 1.0), title="<u>")
    assert "<script" not in html and "<p onclick" not in html and "<b>ok</b>" in html
    assert "&lt;i&gt;ada" in html and "&lt;b&gt;x" in html


def test_a_failure_is_what_gradescope_says():
    assert "failed to execute" in page(Simulated("ada", None, "The autograder failed to execute.", "", 1.0), title="T")
