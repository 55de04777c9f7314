"""Ladders are calibrated: bounds that a rung's own technique reaches, as good as always."""

from __future__ import annotations

import math

import pytest

from autograder.rubric import Ladder, Level, Rung
from autograder.rubric.calibration import Calibration, Measured, tolerance_factor

LADDER = Ladder("error", (Rung("simple", 0.5, 0.5, "try"), Rung("boss", 0.1, 1.0, "try harder")))


def test_the_tolerance_factor_is_the_tabulated_one():
    """NIST/SEMATECH e-Handbook, 7.2.6.3, and the usual tables for 99 % coverage at 95 % confidence."""
    assert tolerance_factor(20) == pytest.approx(3.295, abs=0.001)
    assert tolerance_factor(10) == pytest.approx(3.981, abs=0.001)


def test_a_level_runs_every_seed_and_knows_its_rung():
    level = Level("1", LADDER, "boss", lambda seed: seed / 100)
    measured = level.measure(range(4))
    assert measured.values == [0.0, 0.01, 0.02, 0.03]
    assert level.bound == 0.1
    assert measured.mean == pytest.approx(0.015)


@pytest.mark.parametrize("lower", [True, False])
def test_the_bound_lies_on_the_worse_side_of_the_mean(lower):
    measured = Measured("1", "boss", "metric", lower, [0.9, 1.0, 1.1], 1.0)
    side = 1 if lower else -1
    assert side * (measured.tolerance_bound - measured.mean) > 0
    assert measured.allows(measured.tolerance_bound + side * 0.01)
    assert not measured.allows(measured.mean)


def test_the_tolerance_factor_depends_on_coverage_and_confidence():
    """The same tables: 90 % coverage at 95 %, and 99 % at 90 %."""
    assert tolerance_factor(20, coverage=0.90) == pytest.approx(1.926, abs=0.001)
    assert tolerance_factor(20, confidence=0.90) == pytest.approx(3.052, abs=0.001)


@pytest.mark.parametrize(("lower", "bound"), [(True, 0.2), (False, -0.2)])
def test_a_level_is_reached_at_its_bound(lower, bound):
    level = Level("1", Ladder("error", (Rung("only", bound, 1.0, ""),), lower), "only", float)
    assert level.reached(bound)
    assert level.reached(bound + (-0.1 if lower else 0.1))
    assert not level.reached(bound + (0.1 if lower else -0.1))


def test_what_was_measured_says_of_what(monkeypatch):
    clock = iter([10.0, 16.0])
    monkeypatch.setattr("autograder.rubric.calibration.time.perf_counter", lambda: next(clock))
    ladder = Ladder("accuracy", LADDER.rungs, lower_is_better=False)
    measured = Level("1.2", ladder, "simple", lambda seed: seed).measure([3, 4, 8])
    assert measured == Measured("1.2", "simple", "accuracy", False, [3.0, 4.0, 8.0], 2.0)


@pytest.mark.parametrize("lower", [True, False])
def test_the_bound_is_so_many_standard_deviations_away(lower):
    """3 values: k is 10.553 for 99 % at 95 %, and these have a standard deviation of 1."""
    measured = Measured("1", "boss", "metric", lower, [1.0, 2.0, 3.0], 1.0)
    k = tolerance_factor(3)
    assert k == pytest.approx(10.553, abs=0.001)
    assert measured.sd == 1 and measured.tolerance_bound == pytest.approx(2 + k if lower else 2 - k)
    assert measured.allows(measured.tolerance_bound)


def test_two_values_have_a_spread():
    assert Measured("1", "boss", "metric", True, [1.0, 3.0], 1.0).sd == pytest.approx(math.sqrt(2))


def test_one_value_has_no_spread():
    assert Measured("1", "boss", "metric", True, [0.9], 1.0).sd == 0
    assert Measured("1", "boss", "metric", True, [0.9], 1.0).tolerance_bound == 0.9


def test_a_calibration_says_where_it_was_made(monkeypatch):
    monkeypatch.setattr("autograder.rubric.calibration.torch.__version__", "2.13.0+cpu")
    monkeypatch.setattr("autograder.rubric.calibration.os.cpu_count", lambda: 12)
    monkeypatch.setattr("autograder.rubric.calibration.platform.machine", lambda: "z80")
    monkeypatch.setattr("autograder.rubric.calibration.platform.python_version", lambda: "3.99")
    assert Calibration.of([]) == Calibration("2.13.0", "3.99", "z80, 12 cores, one thread", [])


def test_a_calibration_has_a_figure_a_line(tmp_path):
    Calibration("t", "p", "m", [Measured("1", "boss", "metric", True, [0.5, 1.0], 2.0)]).write(tmp_path / "c.json")
    text = (tmp_path / "c.json").read_text()
    assert "\n    0.5,\n    1.0\n" in text and text.endswith("}\n")


def test_a_calibration_is_written_and_read_again(tmp_path):
    found = Calibration.of([Level("1", LADDER, "boss", float).measure(range(3))])
    found.write(tmp_path / "calibration.json")
    assert Calibration.read(tmp_path / "calibration.json") == found
