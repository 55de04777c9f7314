"""What `--json` prints is what docs/schemas/ says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

from autograder.cli.app import app
from autograder.cli.results import SCHEMAS, schema
from autograder.model import Outcome, Report
from autograder.records import Records
from tests import tiny
from tests.reports import sample

FOLDER = Path(__file__).parents[2] / "docs" / "schemas"


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course of two assignments, one of which has a class with every kind of report."""
    tiny.write(tmp_path)
    tiny.config(tmp_path)
    config = tmp_path / "grader_config.yml"
    config.write_text(config.read_text().replace("title: Tiny", "title: Tiny\n    due: 2026-03-02T12:00:00+01:00"))
    late = sample.report("late", sample.all_of(Outcome.PASSED), received=sample.WHEN - timedelta(hours=1), attempt=2)
    reports = [*sample.a_class(30), late]
    reports.append(sample.report("read", sample.all_of(Outcome.PASSED), flags=("mse may call a library",)))
    with Records(f"sqlite:///{tmp_path}/records/course.sqlite") as records:
        for report in reports:
            records.save(_of_tiny(report))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _of_tiny(report: Report) -> Report:
    values = {name: getattr(report, name) for name in report.__struct_fields__}
    return Report(**{**values, "assignment": "tiny"})


def printed(*words: str) -> list[dict[str, object]]:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_published_schemas_are_current(name):
    assert (FOLDER / f"{name}.json").read_bytes() == schema(name), "python tools/schemas.py writes them again"


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_field_of_a_schema_is_described(name):
    found = json.loads(schema(name))["$defs"]
    assert all("description" in field for one in found.values() for field in one["properties"].values())


def test_results_fit_their_schema(course):
    rows = printed("status", "tiny", "--json")
    jsonschema.validate(rows, json.loads(schema("results")))
    assert len(rows) == 32 and [row["student"] for row in rows] == sorted(row["student"] for row in rows)


def test_results_have_flags_times_and_policy(course):
    rows = {row["student"]: row for row in printed("status", "tiny", "--json")}
    assert rows["read"]["flags"] == ["mse may call a library"] and rows["late"]["flags"] == []
    assert (rows["late"]["late"], rows["late"]["attempt"], rows["read"]["late"]) == (True, 2, False)
    assert (
        datetime.fromisoformat(rows["late"]["graded"]) == sample.WHEN
        and rows["late"]["received"] < rows["late"]["graded"]
    )
    policy = rows["late"]["policy"]
    assert datetime.fromisoformat(policy["due"]) == datetime(2026, 3, 2, 11, tzinfo=UTC)
    assert policy["attempts"] == "last"


def test_the_course_at_a_glance_fits_its_schema(course):
    (one,) = found = printed("status", "--json")
    jsonschema.validate(found, json.loads(schema("status")))
    assert (one["assignment"], one["submissions"], one["rejected"], one["grader_errors"], one["flagged"]) == (
        "tiny", 32, 2, 1, 1,
    )  # fmt: skip
    assert one["graded"] + one["rejected"] + one["grader_errors"] == one["submissions"]


def test_the_course_at_a_glance_is_a_line_for_each_assignment(course):
    shown = CliRunner().invoke(app, ["status"]).output
    (line,) = [line for line in shown.splitlines() if line.startswith("tiny") or line.startswith(" tiny")]
    assert "29 of 32" in line and "⊘\u00a02" in line and "2026-03-02 12:00 UTC+01:00" in shown


def test_a_course_without_reports_says_so(tmp_path, monkeypatch):
    tiny.write(tmp_path)
    tiny.config(tmp_path)
    monkeypatch.chdir(tmp_path)
    (one,) = printed("status", "--json")
    assert (one["submissions"], one["mean"], one["last_graded"]) == (0, None, None)
