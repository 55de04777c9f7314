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


def test_one_value_has_no_spread():
    assert Measured("1", "boss", "metric", True, [0.9], 1.0).sd == 0
    assert not math.isnan(Measured("1", "boss", "metric", True, [0.9], 1.0).tolerance_bound)


def test_a_calibration_is_written_and_read_again(tmp_path):
    found = Calibration.of([Level("1", LADDER, "boss", float).measure(range(3))])
    found.write(tmp_path / "calibration.json")
    assert Calibration.read(tmp_path / "calibration.json") == found
