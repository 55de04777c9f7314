"""A course that nbgrader's own commands made, with a class of students who each mangled something."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook

from tests import tiny
from tests.platforms.nbgrader.mangled import every, solved

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parents[3]


@dataclass
class NbCourse:
    """The folder above the course holds reference/ and the configuration; `expected` are the scores."""

    root: Path
    expected: dict[str, float] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.root / "course"

    @property
    def released(self) -> dict[str, Any]:
        return json.loads((self.folder / "release/tiny/tiny.ipynb").read_text())

    def nbgrader(self, *words: str, at: Path | None = None, code: int = 0) -> str:
        return _run([str(BIN / "nbgrader"), *words], at or self.folder, code)

    def autograder(self, *words: str, code: int = 0) -> str:
        return _run([sys.executable, "-m", "autograder", *words], self.root, code)

    def gradebook(self) -> Gradebook:
        return Gradebook(f"sqlite:///{self.folder / 'gradebook.db'}", "dl")

    def hand_in(self, student: str, files: dict[str, str], when: str = "2026-11-20 10:00:00 UTC") -> None:
        folder = self.folder / "submitted" / student / "tiny"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, text in {**files, "timestamp.txt": when}.items():
            (folder / name).write_text(text)

    def autograded(self, student: str) -> dict[str, Any]:
        return json.loads((self.folder / "autograded" / student / "tiny/tiny.ipynb").read_text())


def _run(command: list[str], at: Path, code: int) -> str:
    environment = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command,
        cwd=at,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == code, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def released_course(tmp_path_factory: pytest.TempPathFactory) -> NbCourse:
    """Source, release and exchange, by the commands in docs/nbgrader.md."""
    if not (BIN / "nbgrader").is_file():
        pytest.skip("the nbgrader command is not installed beside this Python")
    root = tmp_path_factory.mktemp("nb")
    course = NbCourse(root)
    tiny.write(root)
    config = tiny.config(root)
    config.write_text(config.read_text() + '    due: "2026-11-20T12:00:00+00:00"\n')
    course.folder.mkdir()
    course.autograder("nbgrader", "source", "tiny", "course")
    (root / "exchange").mkdir(mode=0o777)
    (root / "exchange").chmod(0o777)
    with (course.folder / "nbgrader_config.py").open("a") as file:
        file.write(
            "c = get_config()\n"
            "c.CourseDirectory.course_id = 'dl'\n"
            f"c.Exchange.root = {str(root / 'exchange')!r}\n"
            f"c.Exchange.cache = {str(root / 'cache')!r}\n"
            "c.LateSubmissionPlugin.penalty_method = 'zero'\n"
        )
    course.nbgrader("generate_assignment", "tiny")
    course.nbgrader("release_assignment", "tiny")
    return course


@pytest.fixture(scope="module")
def graded_course(released_course: NbCourse) -> Iterator[NbCourse]:
    """One student came through the exchange, the others lie in submitted/; all are graded."""
    course = released_course
    home = course.root / "ada"
    home.mkdir()
    shutil.copy(course.folder / "nbgrader_config.py", home)
    course.nbgrader("fetch_assignment", "tiny", "--course=dl", at=home)
    (home / "tiny/tiny.ipynb").write_text(json.dumps(solved(course.released)))
    course.nbgrader("submit", "tiny", "--course=dl", "--student=ada", at=home)
    course.nbgrader("collect", "tiny")
    course.expected["ada"] = 10
    for student, files, score in every(course.released):
        course.hand_in(student, files)
        course.expected[student] = score
    course.hand_in("late", {"tiny.ipynb": json.dumps(solved(course.released))}, "2026-11-20 13:00:00 UTC")
    course.expected["late"] = 10
    course.autograder("nbgrader", "grade", "course", "tiny", "--quiet")
    yield course
