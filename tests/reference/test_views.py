"""The generated views: the features the lecture talks about are there, and the students' file is current."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reference.regression import calibration, views
from reference.regression.calibration import MODELS, TRAIN, UNSEEN, Measured, Ordering, Row, Years

SEEDS = (views.PUBLIC_SEED, *views.HIDDEN_SEEDS)


@pytest.fixture(scope="module", params=SEEDS)
def table(request: pytest.FixtureRequest) -> pd.DataFrame:
    made = views.generate(request.param)
    made["day"] = pd.to_datetime(made["date"])
    return made


def test_a_seed_always_makes_the_same_series() -> None:
    pd.testing.assert_frame_equal(views.generate(3), views.generate(3))
    assert not np.allclose(views.generate(3)["views"], views.generate(4)["views"])


def test_every_day_of_five_years_once(table: pd.DataFrame) -> None:
    assert list(table["day"]) == list(pd.date_range("2017-01-01", "2021-12-31"))
    assert table["date"].iloc[0] == "2017-01-01"
    assert np.isfinite(table["views"]).all()
    assert table["views"].between(0.5, 15).all()


def test_friday_and_saturday_are_the_lows(table: pd.DataFrame) -> None:
    week = table.groupby(table["day"].dt.day_of_week)["views"].mean()
    assert week[[4, 5]].max() < week[[0, 1, 2, 3, 6]].min() - 0.2


def test_views_grow(table: pd.DataFrame) -> None:
    years = table.groupby(table["day"].dt.year)["views"].mean()
    assert 1.08 < years[2021] / years[2017] < 1.35


@pytest.mark.parametrize("new_year", views.LUNAR_NEW_YEAR)
def test_lunar_new_year_is_a_dip(table: pd.DataFrame, new_year: str) -> None:
    """Against the same weekday of the weeks around it, and back a fortnight later."""
    series = table.set_index("date")["views"]
    day = series.index.get_loc(new_year)
    around = series.iloc[[day - 21, day - 14, day + 14, day + 21]].mean()
    assert series.iloc[day] < 0.75 * around


def test_the_students_file_is_current(tmp_path: Path) -> None:
    views.write_public(tmp_path / "views.csv")
    assert views.PUBLIC_CSV.read_text() == (tmp_path / "views.csv").read_text(), (
        "run: python -m reference.regression.views"
    )


def test_the_public_series_is_not_a_hidden_one() -> None:
    assert views.PUBLIC_SEED not in views.HIDDEN_SEEDS
    assert len(set(views.HIDDEN_SEEDS)) >= 8


def test_the_fold_rises_turns_and_repeats() -> None:
    quarter = views.FOLD_PERIOD / 4
    assert views.fold(0.0) == pytest.approx(0.0)
    assert views.fold(quarter) == pytest.approx(views.FOLD_HEIGHT)
    assert views.fold(-quarter) == pytest.approx(-views.FOLD_HEIGHT)
    assert views.fold(0.3 + views.FOLD_PERIOD) == pytest.approx(views.fold(0.3))


@pytest.mark.parametrize("seed", SEEDS)
def test_linear_models_follow_the_lecture(seed: int) -> None:
    """7 days beat 1, 28 beat 7, 56 hardly beat 28: by a margin that a student's own training keeps."""
    years = Years.of(seed)
    one, week, month, two = (years.errors(model) for model in MODELS[:4])
    for period in (TRAIN, UNSEEN):
        assert week[period] < 0.95 * one[period]
        assert month[period] < 0.8 * week[period]
    assert abs(month[UNSEEN] - two[UNSEEN]) < 0.1 * two[UNSEEN]


def test_a_network_beats_the_linear_model() -> None:
    years = Years.of(views.HIDDEN_SEEDS[0])
    linear, network = (model for model in MODELS if model.name in ("linear, 56 days", "2 layers of 100"))
    assert years.errors(network, repeats=1)[UNSEEN] < 0.95 * years.errors(linear)[UNSEEN]


def test_periods_meet_at_new_year() -> None:
    years = Years.of(0)
    series = views.generate(0)["views"].to_numpy()
    assert years.x_train.shape == (1461 - 56, 56)
    assert years.x_unseen.shape == (365, 56)
    assert years.x_unseen[0, 0] == series[1460] == years.y_train[-1]
    assert years.y_unseen[0] == series[1461]


def test_the_report_shows_both_columns_and_the_claims() -> None:
    quick: list[tuple[int, Measured]] = [(7, {"net": (0.25, 0.5)})]
    report = calibration.markdown([Row("net", 0.34, None, 0.351, 0.4)], [Ordering("more days help", 7, 8)], quick)
    assert "| net | 0.34 | 0.35 | - | 0.40 |" in report
    assert "| more days help | 7 of 8 seeds |" in report
    assert "| 7 | 0.250 / 0.500 |" in report
