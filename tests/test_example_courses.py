"""Homework of other kinds, in examples/courses: each is sound, can be released, and grades what is handed in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

COURSES = Path(__file__).parents[1] / "examples" / "courses"

RIGHT_LINES = {
    "layers": ("return dout @ w.T, x.T @ dout, dout.sum(axis=0)", "return dout @ w.T, x.T @ dout, dout.mean(axis=0)"),
    "scalars": ("node.grad += upstream[id(node)]", "node.grad = upstream[id(node)]"),
    "digits": ("argmax(1)", "max(1).values"),
    "tables": (".fillna(heights.median())", ".fillna(heights.mean())"),
}
"""A line of each solution, and a mistake in its place."""
LOSES = {"layers": "1", "scalars": "1", "digits": "1", "tables": "3"}
"""The exercise that the mistake belongs to."""
POINTS = {"layers": 22, "scalars": 20, "digits": 10, "tables": 20}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(params=sorted(RIGHT_LINES))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def course(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / "course"
    shutil.copytree(COURSES, folder, ignore=shutil.ignore_patterns("__pycache__", "assignments", ".course_secret"))
    (folder / ".course_secret").write_text("0" * 64)
    return folder


def autograder(course: Path, *arguments: str) -> str:
    environment = os.environ | {"COLUMNS": "200"}
    command = [sys.executable, "-m", "autograder", *arguments, "--config", str(course / "grader_config.yml")]
    done = subprocess.run(command, cwd=course.parent, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def hand_in(course: Path, name: str, student: str, source: str) -> None:
    folder = course.parent / "class" / student
    folder.mkdir(parents=True)
    (folder / f"{name}.py").write_text(source, encoding="utf-8")
    for one in (course / "reference" / name / "handed_in").glob("*"):
        shutil.copy(one, folder)


def test_it_is_sound(course: Path, name: str) -> None:
    assert "The rubric is sound." in autograder(course, "validate", name, "--seeds", "1", "--jobs", "1")


def test_it_is_released_and_grades(course: Path, name: str) -> None:
    autograder(course, "release", name)
    starter = (course / "assignments" / name / f"{name}.py").read_text(encoding="utf-8")
    solution = (course / "reference" / name / "solution.py").read_text(encoding="utf-8")
    right, wrong = RIGHT_LINES[name]
    assert right in solution and right not in starter
    for student, source in {"ada": solution, "bo": solution.replace(right, wrong)}.items():
        hand_in(course, name, student, source)
    printed = autograder(course, "grade", name, str(course.parent / "class"), "--json", "--jobs", "1")
    reports: dict[str, dict[str, Any]] = {one["student"]: one for one in json.loads(printed)}
    full, less = reports["ada"]["exercises"], reports["bo"]["exercises"]
    assert sum(full.values()) == pytest.approx(POINTS[name]), full
    assert [number for number in full if less[number] < full[number]] == [LOSES[name]]
