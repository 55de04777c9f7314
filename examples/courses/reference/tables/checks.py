"""The rubric of tables: DataFrames in and out, and an estimator that is fitted here and asked later."""

from __future__ import annotations

import numpy as np
import pandas as pd

from autograder.rubric import Draw, Ladder, Reference, Rubric, Rung, Score, Student, compare, expect, matches

rubric = Rubric(numpy=True)
NAMES = ("alma", "brook", "crest", "dale")


def readings(draw: Draw, rows: int) -> pd.DataFrame:
    """Readings with spaces, capitals, gaps and rows that come twice, in no order."""
    names = [draw.choice(NAMES) for _ in range(rows)]
    spelt = [draw.choice((one, f" {one}", one.upper(), f"{one.title()} ")) for one in names]
    days, hours = draw.integers(0, 4, rows), draw.integers(0, 4, rows)
    times = [f"2027-01-{day + 29:02d} {6 * hour:02d}:00" for day, hour in zip(np.minimum(days, 2), hours, strict=True)]
    celsius = [None if draw.number(0, 1) < 0.15 else round(draw.number(-5, 15), 1) for _ in range(rows)]
    return pd.DataFrame({"station": spelt, "time": times, "celsius": pd.Series(celsius, dtype="float64")})


# --- 1 ---------------------------------------------------------------------------------------------------------------

cleaning = rubric.exercise("1", "Clean", owns=("clean",), points=5)


@cleaning.cases("clean", 1, public=True)
def four_rows(draw: Draw) -> tuple[object, ...]:
    """Of four readings, one missing and one there twice, two are left: the earlier one first."""
    return (
        pd.DataFrame(
            {
                "station": ["Dale ", "alma", "dale", "alma"],
                "time": ["2027-01-31 06:00", "2027-01-31 12:00", "2027-01-31 06:00", "2027-01-31 00:00"],
                "celsius": [1.5, None, 9.0, -2.0],
            }
        ),
    )


@cleaning.cases("clean", 4, sizes=(8, 60))
def any_readings(draw: Draw, rows: int) -> tuple[object, ...]:
    """The first reading of each station and time is kept, sorted by station and time."""
    return (readings(draw, rows),)


# --- 2 ---------------------------------------------------------------------------------------------------------------

daily = rubric.exercise("2", "Daily means", owns=("daily_means",), points=4)


@daily.check("daily_means", 4)
def each_day(student: Student, reference: Reference, draw: Draw) -> None:
    """A row for each station and day, with the mean and the number of its readings."""
    for rows in (8, 60):
        matches(student, reference, "daily_means", reference.clean(readings(draw, rows)))


# --- 3 ---------------------------------------------------------------------------------------------------------------

heights = rubric.exercise("3", "Heights", owns=("with_heights",), points=4)


@heights.check("with_heights", 4)
def all_rows_stay(student: Student, reference: Reference, draw: Draw) -> None:
    """Each row has its station's height, or the median of the table's."""
    table = reference.daily_means(reference.clean(readings(draw, 60))).iloc[::-1].reset_index(drop=True)
    stations = pd.DataFrame(
        {"station": ["crest", "alma", "elm", "brook"], "height": [draw.number(900, 1800), draw.number(0, 300), 700, None]}
    )
    matches(student, reference, "with_heights", table, stations)


# --- 4 ---------------------------------------------------------------------------------------------------------------

model = rubric.exercise("4", "A model", owns=("fit",), points=7)
LADDER = Ladder(
    "squared error as a share of the variance",
    (
        Rung("simple", 0.90, 0.2, "the height alone"),
        Rung("medium", 0.50, 0.6, "the month"),
        Rung("strong", 0.20, 1.0, "the season, as an angle or in a tree"),
    ),
)


def climate(draw: Draw, year: int, rows: int) -> pd.DataFrame:
    """Days of a year, heights, and temperatures that follow from both, with some noise."""
    days = pd.Timestamp(year, 1, 1) + pd.to_timedelta(draw.integers(0, 365, rows), unit="D")
    height = draw.uniform(rows, low=0, high=2000)
    turn = 2 * np.pi * (days.dayofyear.to_numpy() - 110) / 365.25
    celsius = 12 + 10 * np.sin(turn) - 0.004 * height + draw.normal(rows)
    return pd.DataFrame({"day": days, "height": height, "celsius": celsius})


@model.check("fit", 1, public=True)
def predicts_a_number_each(student: Student, reference: Reference, draw: Draw) -> None:
    """What it returns predicts a number for each row."""
    table = climate(draw, 2026, 60)
    found = student.drive(predicted, student.fit(table), table[["day", "height"]].head(7))
    compare(np.shape(found), (7,), "the shape of the predictions")


@model.check("fit", 6, trains=True, seconds=30)
def another_year(student: Student, reference: Reference, draw: Draw) -> Score:
    """Fitted on one year, it predicts another one."""
    seen, unseen = climate(draw, 2026, 500), climate(draw, 2027, 300)
    fitted = student.fit(seen)
    found = np.asarray(student.drive(predicted, fitted, unseen[["day", "height"]]), dtype=float)  # sent after the fit
    expect(found.shape == (300,) and bool(np.isfinite(found).all()), "there is a number for each row")
    wrong = ((found - unseen["celsius"].to_numpy()) ** 2).mean()
    return LADDER.score(float(wrong / unseen["celsius"].var(ddof=0)))


@model.driver
def predicted(student, fitted, inputs):
    """What a fitted model says of these rows."""
    return fitted.predict(inputs)
