"""The live view: what a batch says while it runs, to read, for who has the address."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from autograder.cli.app import app
from autograder.cli.course import open_course
from autograder.cli.journal import Journal, read_journal
from autograder.cli.live import live_app
from autograder.model import Outcome
from autograder.records import Records
from tests import tiny
from tests.reports import sample

TOKEN = "t" * 32
RIGHT = "def square(x):\n    return x * x\n"


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tiny.write(tmp_path)
    tiny.config(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def records(course: Path):
    with Records(f"sqlite:///{course}/records/course.sqlite") as opened:
        yield opened


@pytest.fixture
def browser(course: Path, records: Records) -> TestClient:
    opened = open_course("tiny", None)
    return TestClient(live_app(opened, records, opened.journal, TOKEN), base_url="http://127.0.0.1:8765")


def graded(student: str, **more: object):
    return sample.report(student, sample.all_of(Outcome.PASSED), assignment="tiny", **more)


def journal() -> Journal:
    return Journal(open_course("tiny", None).journal, "tiny", {name: name for name in ("ada", "bob", "cyd", "eve")})


def rejected(student: str):
    return sample.report(student, status="rejected", problem="The notebook is cut off.\nmore", assignment="tiny")


def test_a_running_batch_shows_how_far_it_is_who_waits_and_what_failed(browser, monkeypatch):
    monkeypatch.setattr("autograder.cli.journal.PAUSE", 0.0)
    batch = journal()
    assert "Running: 0 of 4" in browser.get(f"/{TOKEN}/").text
    batch.note(graded("ada"), standing=True)
    batch.note(rejected("bob"), standing=False)
    page = browser.get(f"/{TOKEN}/").text
    assert "Running: 2 of 4" in page and "1 stood already" in page
    assert "Under way or waiting: 2" in page and "cyd, eve" in page
    assert "The notebook is cut off." in page.partition("<h2>Failures</h2>")[2].partition("</ul>")[0]
    assert '<main id="live" data-running>' in page, "it asks for itself again"
    batch.end(stopped=False)
    page = browser.get(f"/{TOKEN}/").text
    assert "Finished: 2 of 4" in page and '<main id="live">' in page


def test_a_batch_that_was_killed_does_not_run(course):
    journal()
    path = open_course("tiny", None).journal
    state = json.loads(path.read_text())
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    path.write_text(json.dumps({**state, "process": child}))
    found = read_journal(path)
    assert found is not None and found.ended == "stopped"


def test_before_the_first_batch_the_page_says_so(browser):
    assert "No batch of this assignment has run yet" in browser.get(f"/{TOKEN}/").text


def test_from_a_name_one_comes_to_the_students_page_and_to_the_class(browser, records):
    records.save(graded("Ada & Bob"))
    page = browser.get(f"/{TOKEN}/student", params={"name": "Ada & Bob"})
    assert page.status_code == 200 and "<h1><bdi>Ada &amp; Bob</bdi></h1>" in page.text
    index = browser.get(f"/{TOKEN}/index.html").text
    link = index.partition('href="students/')[2].partition('"')[0]
    assert "Ada &amp; Bob" in browser.get(f"/{TOKEN}/students/{link}").text
    assert browser.get(f"/{TOKEN}/student", params={"name": "eve"}).status_code == 404


@pytest.mark.parametrize("path", ["/", "/index.html", "/wrong/", "/wrong/index.html", "/wrong/student?name=ada", "/é/"])
def test_without_the_token_there_is_nothing(browser, records, path):
    records.save(graded("ada"))
    answer = browser.get(path)
    assert answer.status_code == 404 and "ada" not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_it_is_to_read_only(browser, method):
    assert browser.request(method, f"/{TOKEN}/").status_code == 405


def test_under_another_name_it_answers_nobody(browser):
    """A page elsewhere that leads its own name to this machine."""
    assert browser.get(f"/{TOKEN}/", headers={"Host": "evil.example"}).status_code == 400


def test_nothing_is_kept_and_no_address_is_passed_on(browser):
    headers = browser.get(f"/{TOKEN}/").headers
    assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "no-referrer")


def test_the_journal_is_its_owners_and_a_disk_that_refuses_it_costs_nothing(course):
    journal()
    path = open_course("tiny", None).journal
    assert path.stat().st_mode & 0o777 == 0o600
    path.unlink()
    path.mkdir()
    batch = journal()
    batch.note(graded("ada"), standing=False)
    batch.end(stopped=False)
    assert read_journal(path) is None


def test_grading_writes_it(course):
    (course / "class").mkdir()
    (course / "class" / "ada.py").write_text(RIGHT)
    (course / "class" / "bob.py").write_text("def square(:")
    CliRunner().invoke(app, ["grade", "tiny", "class", "--no-report", "--quiet"])
    state = read_journal(course / "reports" / ".tiny.batch.json")
    assert state is not None and (state.ended, state.done, state.waiting) == ("finished", 2, ())
