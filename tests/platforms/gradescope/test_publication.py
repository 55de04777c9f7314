"""What is published, whoever made it: nothing that the configuration withholds."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograder
from autograder.platforms.gradescope import contract
from autograder.platforms.gradescope.metadata import Metadata, Previous
from autograder.platforms.gradescope.publication import (
    FAILED,
    OURS,
    REFUSED,
    TOTAL,
    standing_results,
    unchanged,
    withheld,
)
from tests.platforms.gradescope.sample import metadata

NOW, BEFORE = "2027-03-01T12:00:00+01:00", "2027-02-28T12:00:00+01:00"
SHOWN = {"name": "Public", "score": 2.0, "max_score": 2.0, "output": "<p>ok</p>", "tags": ["1", "passed", "public"],
         "visibility": "visible"}  # fmt: skip
HIDDEN = {"name": "Hidden", "score": 1.0, "max_score": 3.0, "tags": ["1", "partly", "hidden"],
          "visibility": "after_due_date"}  # fmt: skip


def after(*rows, score=3.0, **extra):
    """The metadata of an attempt after one with these rows."""
    results = {"score": score, "tests": list(rows), "extra_data": extra, "test_output_format": "html",
               "leaderboard": [{"name": "loss", "value": 1.5, "order": "asc"}]}  # fmt: skip
    return metadata(NOW, {"submission_time": BEFORE, "score": str(score), "results": results})


def published(data, hidden_checks="after_due_date"):
    found = withheld(data, hidden_checks)
    contract.check(json.dumps(found).encode())
    return found


def total_is_shown(data) -> bool:
    """As Gradescope has it: rows that are never shown do not matter."""
    return all(row.get("visibility", "visible") in ("visible", "hidden") for row in data["tests"])


@pytest.mark.parametrize("mark", [OURS, REFUSED])
@pytest.mark.parametrize("setting", ["after_due_date", "after_published", "hidden", "nonsense", None])
@pytest.mark.parametrize("earlier", [(), (SHOWN,), (SHOWN, HIDDEN)])
def test_an_attempt_that_was_not_graded_gives_no_hidden_total_away(mark, setting, earlier):
    data = published(unchanged(after(*earlier, grader_error=True), mark, FAILED), setting)
    if mark == REFUSED and earlier == (SHOWN,):
        assert total_is_shown(data), "all there is to see was shown before"
    else:
        assert not total_is_shown(data)
        assert "your total" in data["output"]
    assert data["score"] == 3.0


@pytest.mark.parametrize("mark", [OURS, REFUSED])
def test_what_was_public_of_the_attempt_that_stands_is_shown_again(mark):
    data = published(unchanged(after(SHOWN, HIDDEN), mark, "Words."))
    assert data["tests"] == [SHOWN, HIDDEN]
    assert data["leaderboard"] == [{"name": "loss", "value": 1.5, "order": "asc"}]
    assert data["test_output_format"] == "html"
    assert "found in that one" in data["output"]


def test_it_travels_through_any_number_of_attempts():
    data = published(unchanged(after(SHOWN, HIDDEN), REFUSED, "Words."), "hidden")
    for _ in range(3):
        data = published(unchanged(metadata(NOW, {"submission_time": BEFORE, "score": 3, "results": data}), OURS, "W."))
    assert [row["name"] for row in data["tests"]] == ["Public", "Hidden"]


def test_nothing_is_carried_on_from_an_attempt_whose_score_does_not_stand():
    failed = Previous(points=None, results={"tests": [SHOWN]})
    assert standing_results(Metadata(previous=(failed,))) == {}
    assert standing_results(Metadata(previous=(Previous(points=1.0, failed=True, results={"tests": [SHOWN]}),))) == {}
    assert standing_results(Metadata()) == {}


def test_hidden_rows_get_the_visibility_that_the_configuration_has_now():
    for setting in ("after_due_date", "after_published", "visible", "hidden"):
        rows = published({"score": 3.0, "tests": [SHOWN, HIDDEN | {"visibility": "visible"}]}, setting)["tests"]
        assert [row["visibility"] for row in rows[:2]] == ["visible", setting]


def test_where_hidden_checks_are_never_shown_the_total_waits_for_the_publication():
    data = published({"score": 3.0, "tests": [SHOWN, HIDDEN]}, "hidden")
    assert [row["visibility"] for row in data["tests"]] == ["visible", "hidden", "after_published"]
    assert data["tests"][-1]["name"] == TOTAL and not data["tests"][-1]["max_score"]
    assert "What they found is not shown; your total is, when grades are published." in data["output"]


def test_without_anything_hidden_the_total_is_shown():
    assert total_is_shown(published({"score": 2.0, "tests": [SHOWN]}))
    assert total_is_shown(published({"score": 3.0, "tests": [SHOWN, HIDDEN]}, "visible"))
    assert total_is_shown(published({"score": 0.0, "output": "<p>Your file could not be read.</p>"}))


KEYS = st.sampled_from(["name", "score", "tags", "visibility", "tests", "leaderboard", "value", "output", "extra_data"])
LEAVES = st.none() | st.booleans() | st.floats() | st.text(max_size=9)


@given(st.recursive(LEAVES, lambda x: st.lists(x, max_size=3) | st.dictionaries(KEYS, x)))
def test_whatever_came_back_as_earlier_results_the_file_is_valid(data):
    results = data if isinstance(data, dict) else {"tests": data, "leaderboard": data, "extra_data": data}
    found = unchanged(Metadata(previous=(Previous(points=1.0, results=results),)), OURS, FAILED)
    contract.check(json.dumps(withheld(found, "after_due_date"), allow_nan=False).encode())


ALONE = """
import sys
sys.path.insert(0, sys.argv[1])
from autograder.platforms.gradescope import metadata, publication
loaded = {name.partition(".")[0] for name in sys.modules} - set(sys.stdlib_module_names) - {"autograder", "__main__"}
sys.exit(f"loaded: {loaded}" if loaded else 0)
"""


@pytest.mark.parametrize("file", ["watchdog.py", "publication.py", "metadata.py", "__init__.py"])
def test_the_watchdog_runs_with_the_python_of_gradescopes_base_image(file):
    """Ubuntu 22.04 has 3.10."""
    text = (Path(autograder.__file__).parent / "platforms/gradescope" / file).read_text(encoding="utf-8")
    ast.parse(text, feature_version=(3, 10))


def test_the_watchdog_needs_nothing_but_the_standard_library():
    place = str(Path(autograder.__file__).parents[1])
    subprocess.run([sys.executable, "-I", "-S", "-c", ALONE, place], check=True)
