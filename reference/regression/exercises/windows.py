"""1.1 Windows."""

from __future__ import annotations

import torch

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    matches,
)

exercise = Exercise("1.1", "Windows", owns=("make_windows",), points=8)


@exercise.check("make_windows", 1, public=True)
def counts_to_six(student: Student, reference: Reference, draw: Draw) -> None:
    """make_windows([1, 2, 3, 4, 5, 6], 2) has the rows [2, 1], [3, 2], [4, 3], [5, 4] and the labels 3, 4, 5, 6."""
    matches(student, reference, "make_windows", torch.arange(1.0, 7.0).to(draw.dtype), 2)


@exercise.check("make_windows", 5)
def random_series(student: Student, reference: Reference, draw: Draw) -> None:
    """Each row holds the values before its label, yesterday first; the label itself is not in it."""
    for length, days in ((7, 3), (12, 5), (40, 7), (90, 28)):
        matches(student, reference, "make_windows", draw.uniform(length, low=1, high=9), days)


@exercise.check("make_windows", 2)
def shortest_and_longest(student: Student, reference: Reference, draw: Draw) -> None:
    """It works for one day, and for as many days as leave a single row."""
    matches(student, reference, "make_windows", draw.uniform(9, low=1, high=9), 1)
    matches(student, reference, "make_windows", draw.uniform(9, low=1, high=9), 8)


# --- mistakes ---


@exercise.mistake("make_windows", "The window includes the day you predict: column 0 is yesterday, not today.")
def off_by_one_leak(series, days):
    x = torch.stack([series[days - back : len(series) - back] for back in range(days)], dim=1)
    return x, series[days:]


@exercise.mistake("make_windows", "Your window stops two days before the label: yesterday itself is missing.")
def skip_day(series, days):
    x = torch.stack([series[days - 1 - back : len(series) - 1 - back] for back in range(days)], dim=1)
    return x[:-1], series[days + 1 :]


@exercise.mistake("make_windows", "The columns run from the oldest day to the newest; yesterday comes first.")
def oldest_first(series, days):
    x = torch.stack([series[back : len(series) - days + back] for back in range(days)], dim=1)
    return x, series[days:]


@exercise.mistake("make_windows", "The last row is missing: a series of T days gives T - days rows.")
def last_row_missing(series, days):
    columns = [series[days - 1 - back : len(series) - 2 - back] for back in range(days)]
    return torch.stack(columns, dim=1), series[days:-1]


@exercise.mistake("make_windows", "The windows do not overlap: move on by one day a row, not by a whole window.")
def strided(series, days):
    rows = list(range(days, len(series), days))
    return torch.stack([series[r - days : r].flip(0) for r in rows]), series[rows]
