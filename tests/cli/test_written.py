"""`autograder written`: a class is asked, a person grades its answers, and the points go everywhere."""

from __future__ import annotations

import csv
import json
import re
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.cli.app import app
from tests import asked, tiny
from tests.asked import RIGHT, notebook

TEXT = "It is convex."


def hand_in(root: Path, student: str, text: str) -> None:
    (root / "class").mkdir(exist_ok=True)
    cells = ("code", RIGHT), ("markdown", f"**Your answer to 3:**\n{text}", "3")
    (root / "class" / f"{student}.ipynb").write_bytes(notebook(*cells))


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    asked.write(tmp_path)
    tiny.config(tmp_path)
    hand_in(tmp_path, "ada", TEXT)
    hand_in(tmp_path, "bo", "No idea.")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str):
    return CliRunner().invoke(app, words)


def grades(course: Path) -> dict[str, dict[str, str]]:
    run("export", "tiny", "--to", "grades.csv")
    with (course / "grades.csv").open(newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def give(course: Path, points: str) -> None:
    """Fill in the table for what ada wrote."""
    assert run("written", "tiny", "--to", "answers.csv").exit_code == 0
    table = course / "answers.csv"
    lines = [
        re.sub(r"^(3,\w+),[^,]*,3,[^,]*,", rf"\1,{points},3,Well seen.,", line) if TEXT in line else line
        for line in table.read_text().splitlines()
    ]
    table.write_text("\n".join(lines) + "\n")
    assert run("written", "tiny", "--from", "answers.csv", "--grader", "Grace").exit_code == 0


def test_points_are_in_every_export_and_page_and_stay_at_a_regrade(course):
    run("grade", "tiny", "class", "--quiet")
    found = run("export", "tiny")
    assert "2 students have written answers that nobody has graded yet" in " ".join(found.stderr.split())
    before = grades(course)["ada"]
    assert (before["score"], before["points"], before["exercise 3"], before["ungraded"]) == ("10", "15", "", "3")

    give(course, "2.5")
    for words in ((), ("grade", "tiny", "class", "--quiet"), ("grade", "tiny", "class", "--fresh", "--quiet")):
        if words:
            run(*words)
        after = grades(course)
        assert (after["ada"]["score"], after["ada"]["exercise 3"], after["ada"]["ungraded"]) == ("12.5", "2.5", "")
        assert (after["bo"]["score"], after["bo"]["exercise 3"]) == ("10", "")
    (status,) = (one for one in json.loads(run("status", "tiny", "--json").stdout) if one["student"] == "ada")
    assert (status["score"], status["ungraded"]) == (12.5, 0)
    assert "✎\u00a01" in run("status").stdout
    for words in (("--only", "ada"), ()):
        rows = json.loads(run("grade", "tiny", "class", *words, "--json").stdout)
        assert {row["student"]: row["score"] for row in rows}["ada"] == 12.5

    run("report", "tiny")
    (page,) = (course / "reports" / "tiny" / "students").glob("ada.*.html")
    text = page.read_text()
    assert f"<blockquote>{TEXT}</blockquote>" in text and "Well seen." in text and "graded by hand" in text
    (other,) = (course / "reports" / "tiny" / "students").glob("bo.*.html")
    assert "3 points not graded yet" in other.read_text()


def test_a_new_text_is_ungraded_until_somebody_reads_it(course):
    run("grade", "tiny", "class", "--quiet")
    give(course, "3")
    hand_in(course, "ada", "It is strictly convex.")
    run("grade", "tiny", "class", "--quiet")
    assert (grades(course)["ada"]["score"], grades(course)["ada"]["ungraded"]) == ("10", "3")
    hand_in(course, "ada", TEXT)
    run("grade", "tiny", "class", "--quiet")
    assert grades(course)["ada"]["score"] == "13"


def test_points_inside_the_total_by_configuration(course):
    config = course / "grader_config.yml"
    config.write_text(config.read_text() + "    written: inside\n")
    run("grade", "tiny", "class", "--quiet")
    assert (grades(course)["ada"]["score"], grades(course)["ada"]["points"]) == ("5", "10")
    give(course, "3")
    assert grades(course)["ada"]["score"] == "8"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--question", "9"), "tiny has no written question 9; it has 3, 4"),
        (("--to", "answers.xlsx"), "answers.xlsx: give it a name that ends in .csv, to fill in, or in .md, to read"),
        (("--from", "absent.csv"), "absent.csv: No such file or directory"),
    ],
)
def test_what_cannot_be_done_is_told(course, words, said):
    assert said in str(run("written", "tiny", *words).exception)


def test_an_assignment_without_questions_says_how_to_ask_one(tmp_path, monkeypatch):
    tiny.write(tmp_path)
    tiny.config(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert 'rubric.written("1.9", "Why ...?", ...) adds one' in str(run("written", "tiny").exception)


def test_the_page_is_served_on_the_loopback_device_until_it_is_ended(course):
    run("grade", "tiny", "class", "--quiet")
    command = [sys.executable, "-m", "autograder", "written", "tiny", "--no-open", "--grader", "Grace"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as serving:
        try:
            assert serving.stdout is not None
            address = re.search(r"http://127\.0\.0\.1:(\d+)/\?token=\S+", serving.stdout.readline())
            assert address is not None
            opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
            with opener.open(address[0]) as page:
                assert TEXT in page.read().decode()
            own = next((one[4][0] for one in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)), "")
            if own and not own.startswith("127."):
                with socket.socket() as probe:
                    assert probe.connect_ex((own, int(address[1]))) != 0
        finally:
            serving.terminate()
    assert serving.returncode is not None
