"""Two TAs who grade the same class at the same time, on one database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

import autograder
from autograder.records import Records
from tests import tiny
from tests.cli.test_commands import RIGHT
from tests.records.postgresql import server

CLASS = 8


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_nobody_is_graded_twice_and_both_have_all_scores(tmp_path: Path, kind: str) -> None:
    tiny.write(tmp_path)
    config = tiny.config(tmp_path)
    for number in range(CLASS):
        (tmp_path / f"class/s{number}").mkdir(parents=True)
        (tmp_path / f"class/s{number}/tiny.py").write_text(f"{RIGHT}\n# {number}\n")
    if kind == "sqlite":
        _grade_twice(tmp_path, f"sqlite:///{tmp_path}/records/course.sqlite")
        return
    with server() as url:
        config.write_text(config.read_text().replace("name: Tiny course", f"name: Tiny course\n  records: {url}"))
        _grade_twice(tmp_path, url)


def _grade_twice(course: Path, url: str) -> None:
    words = [sys.executable, "-P", "-m", "autograder", "grade", "tiny", "class", "--no-report", "--json", "--jobs", "1"]
    environment = {**os.environ, "PYTHONPATH": str(Path(autograder.__file__).parents[1])}
    running = [
        subprocess.Popen(words, cwd=course, stdout=subprocess.PIPE, text=True, env=environment) for _ in range(2)
    ]
    said = [json.loads(process.communicate()[0]) for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert [len(rows) for rows in said] == [CLASS, CLASS]
    assert {row["score"] for rows in said for row in rows} == {10.0}
    with Records(url) as records, records.engine.connect() as connection:
        counts = connection.execute(text("SELECT student, count(*) FROM reports GROUP BY student")).all()
        assert [count for _, count in counts] == [1] * CLASS
        assert connection.execute(text("SELECT count(*) FROM leases")).scalar_one() == 0
