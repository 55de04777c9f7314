"""The whole way for each of the answers: a class of them graded in one batch, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from autograder.intake import find_class
from autograder.model import CheckResult, Outcome, Report
from autograder.protocol.limits import Limits
from autograder.reports import write_reports
from autograder.sandbox.host.sandbox import Sandbox
from tests import slots
from tests.bad_input.answers import ANSWERS, FACTS, HALVE, Answer
from tests.bad_input.corpus import FINE
from tests.slots import executing, run, settings

SOLUTION = f"""\
# %%
import torch
# %% [markdown]
# ## Exercise 1 · Asked (4 points)
# %%
{HALVE}
{FACTS}
# %% [markdown]
# ## Exercise 2 · Double (6 points)
# %%
{FINE}
"""
CHECKS = '''\
from autograder.rubric import Rubric, matches

rubric = Rubric()
one = rubric.exercise("1", "Asked", owns=("{asked}",), points=4)

@one.check("{asked}", 4)
def {asked}(student, reference, draw):
    """Answers for three numbers."""
    matches(student, reference, "{asked}", draw.uniform(3, low=1, high=2))

two = rubric.exercise("2", "Double", owns=("double",), points=6)

@two.check("double", 6)
def double(student, reference, draw):
    """Doubles three numbers."""
    matches(student, reference, "double", draw.normal(3))
'''
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("bad answers")]

LIMITS = Limits(check_seconds=2, load_seconds=3, memory_mb=256, message_mb=4, output_kb=16)
PATIENCE = 20
"""What computes too long is stopped for that, however busy this machine is; what sleeps, sleeps a while."""


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Report]]:
    """The reports of the whole class, by the answer's id."""
    shelf = slots.Shelf()
    with Sandbox() as sandbox:
        for asked in ("halve", "facts"):
            root = tmp_path_factory.mktemp(asked)
            for answer in ANSWERS:
                if answer.asked == asked:
                    (root / "class" / answer.id).mkdir(parents=True)
                    (root / "class" / answer.id / "homework.py").write_text(f"{answer.source}\n{FINE}")
            folder = root / "reference" / "homework"
            folder.mkdir(parents=True)
            (folder / "solution.py").write_text(SOLUTION)
            (folder / "checks.py").write_text(CHECKS.format(asked=asked))
            with executing(replace(settings(folder, LIMITS), patience=PATIENCE), sandbox) as executor:
                done = run(executor, shelf, find_class(root / "class").entries, jobs=4)
            assert len(done) == sum(answer.asked == asked for answer in ANSWERS)
    yield shelf


def result(report: Report, name: str) -> CheckResult:
    return next(result for result in report.results if result.name.endswith(f" {name}"))


def test_each_answer_is_somebody_elses() -> None:
    assert len({answer.id for answer in ANSWERS}) == len(ANSWERS)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.id)
def test_an_answer_gets_what_it_deserves_and_a_clear_message(answer: Answer, reports: dict[str, Report]) -> None:
    report = reports[answer.id]
    got, fine = result(report, answer.asked), result(report, "double")
    assert report.status == "graded"
    assert (got.outcome, got.earned) == (answer.outcome, got.points if answer.outcome is Outcome.PASSED else 0), got
    assert (fine.outcome is Outcome.PASSED) is answer.keeps, fine
    assert answer.says in got.message, got.message
    assert (got.message == "") is (answer.outcome is Outcome.PASSED)
    assert len(got.message) <= 5_000
    assert any(answer.notes in note for note in report.notes) or not answer.notes
    for text in (got.message, report.problem, *report.notes):
        for inside in ("Traceback", "/autograder/", "site-packages", "_autograder_intake"):
            assert inside not in text


def test_no_page_shows_what_is_hidden_or_hides(reports: dict[str, Report], tmp_path: Path) -> None:
    write_reports(reports.values(), tmp_path, course="Course", title="Homework", secret=b"s")
    pages = list((tmp_path / "students").glob("*.html"))
    assert len(pages) == len(ANSWERS)
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert all(character.isprintable() or character in "\n\t" for character in text)
        assert "Traceback" not in text and len(text) < 200_000


def test_no_output_shows_the_graders_own_lines(reports: dict[str, Report]) -> None:
    assert [name for name, report in reports.items() if "autograder/sandbox" in report.output] == []
