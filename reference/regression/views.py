"""The daily views of a lecture channel, 2017-2021, made from a seed.

The channel's own series is not public. This one has the features the lecture talks about, so that the lecture's
conclusions can be found in it again::

    views[t] = level[t] * lunar[t] * (WEEK[weekday] + residual[t])        in thousands of views

* ``WEEK``: a cycle of seven days with lows on Friday and Saturday. It is why 7 days of history beat 1.
* ``level``: slow growth, a slowly wandering level, and a bump when a course starts (late February, mid September).
* ``lunar``: the dip around Lunar New Year, the one big miss of the lecture's model.
* ``residual``: what yesterday and the same day last week say about today. It passes through a triangle wave and a
  gate that depends on the weekday: a curve with many pieces, which a linear model cannot follow and a deep net
  follows with fewer neurons than a flat one. Plain seasonal data does not make depth pay; this does.

``python -m reference.regression.views`` writes the file that students get.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

FloatArray = npt.NDArray[np.float64]

FIRST_DAY = "2017-01-01"
LAST_DAY = "2021-12-31"
#: The year nobody trains on starts here.
FIRST_UNSEEN_DAY = "2021-01-01"

#: Data that students get.
PUBLIC_SEED = 2017
#: Data that only the grader sees; calibration.py measures each of them.
HIDDEN_SEEDS = (102, 103, 104, 105, 106, 107, 108, 109)

PUBLIC_CSV = Path(__file__).resolve().parents[2] / "assignments" / "regression" / "data" / "views.csv"

#: First day of the lunar year.
LUNAR_NEW_YEAR = ("2017-01-28", "2018-02-16", "2019-02-05", "2020-01-25", "2021-02-12")
#: Depth of the dip in log views on the day itself (exp(-0.75) = 0.47) and the days it takes to fade by e.
LUNAR_DEPTH, LUNAR_FADE_BEFORE, LUNAR_FADE_AFTER = 0.75, 1.2, 2.5

#: Thousands of views of an ordinary week: the mean and, Monday first, the shape around it. The residual, which is
#: positive on the average, adds to both: about 1.1 on Sunday, 1.0 on Monday, next to nothing on Friday and Saturday.
WEEK_MEAN = 4.6
WEEK_SHAPE = (5.0, 5.1, 5.0, 4.8, 3.4, 3.1, 5.6)
WEEK_AMPLITUDE = 0.35

#: Growth of log views a year: more of it, and deep networks lose on the unseen year first (0.02: four layers still win;
#: 0.06: two are best). The wandering level is AR(1) with this memory and daily shock.
GROWTH = 0.045
LEVEL_MEMORY, LEVEL_SHOCK = 0.98, 0.002
#: Course launches (month, day), give or take LAUNCH_JITTER days; each adds LAUNCH_SIZE in log views and fades by e in
#: LAUNCH_FADE days.
LAUNCHES = ((2, 22), (9, 14))
LAUNCH_JITTER, LAUNCH_SIZE, LAUNCH_FADE = 4, 0.04, 30.0
#: Now and then a lecture goes round: a day with up to SPIKE_SIZE more in log views.
SPIKE_CHANCE, SPIKE_SIZE = 0.003, 0.3

#: residual[t] = GATE[weekday] * fold(sum of ECHO[k] * residual[t-k]) + CARRY * residual[t-1] + noise
#: The gate, Monday first, turns the echo round on Tuesday and Thursday and shuts it at the weekend's lows.
GATE = (1.0, -1.0, 1.0, -1.0, 0.0, 0.0, 1.0)
ECHO = {1: 1.0, 2: -0.5, 7: 1.0, 8: -0.5}
FOLD_PERIOD, FOLD_HEIGHT = 4.2, 1.3
CARRY, NOISE = 0.4, 0.06
#: The fold has two mirror-image moods, one with high Sundays and one with low ones. The residual starts in the first,
#: a burn-in of whole weeks before the first day, and stays there.
START, BURN_IN = 1.5, 70


def fold(x: float) -> float:
    """A triangle wave through the origin: rises to FOLD_HEIGHT, folds back, and repeats every FOLD_PERIOD."""
    distance = abs((x - FOLD_PERIOD / 4) % FOLD_PERIOD - FOLD_PERIOD / 2)
    return FOLD_HEIGHT * (4 * distance / FOLD_PERIOD - 1)


def generate(seed: int) -> pd.DataFrame:
    """One series: ``date`` (ISO string) and ``views`` (thousands), one row a day. The same seed gives the same rows."""
    rng = np.random.default_rng(seed)
    days = pd.date_range(FIRST_DAY, LAST_DAY, freq="D")
    weekday = days.day_of_week.to_numpy()
    shape = np.asarray(WEEK_SHAPE)
    week = WEEK_MEAN + WEEK_AMPLITUDE * (shape - shape.mean())
    views = np.exp(_log_level(days, rng) + _log_lunar(days)) * (week[weekday] + _residual(weekday, rng))
    return pd.DataFrame({"date": days.strftime("%Y-%m-%d"), "views": np.maximum(views, 0.05)})


def write_public(path: Path = PUBLIC_CSV) -> None:
    """Write the students' series, in thousands with three decimals: one view is the smallest step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    generate(PUBLIC_SEED).to_csv(path, index=False, float_format="%.3f", lineterminator="\n")


def _log_level(days: pd.DatetimeIndex, rng: np.random.Generator) -> FloatArray:
    """Growth, wandering level, course launches and rare spikes, in log views."""
    n = len(days)
    level = GROWTH * np.arange(n) / 365.25
    shocks = rng.normal(0.0, LEVEL_SHOCK, n)
    wander = 0.0
    for t in range(n):
        wander = LEVEL_MEMORY * wander + shocks[t]
        level[t] += wander
    for year in sorted(set(days.year)):
        for month, day in LAUNCHES:
            jitter = int(rng.integers(-LAUNCH_JITTER, LAUNCH_JITTER + 1))
            since = _days_since(days, f"{year}-{month:02d}-{day:02d}") - jitter
            level += np.where(since >= 0, LAUNCH_SIZE * np.exp(-np.maximum(since, 0) / LAUNCH_FADE), 0.0)
    spikes = rng.random(n) < SPIKE_CHANCE
    return np.asarray(level + spikes * rng.uniform(SPIKE_SIZE / 3, SPIKE_SIZE, n))


def _log_lunar(days: pd.DatetimeIndex) -> FloatArray:
    """The dip: deepest on the first day of the lunar year, back to normal within a week or so."""
    dip = np.zeros(len(days))
    for day in LUNAR_NEW_YEAR:
        since = _days_since(days, day)
        fade = np.where(since < 0, LUNAR_FADE_BEFORE, LUNAR_FADE_AFTER)
        dip -= LUNAR_DEPTH * np.exp(-np.abs(since) / fade)
    return dip


def _residual(weekday: npt.NDArray[np.int32], rng: np.random.Generator) -> FloatArray:
    """The part of a day's views that its own past decides, through the fold and the gate."""
    n = len(weekday)
    noise = rng.normal(0.0, NOISE, BURN_IN + n)
    residual = np.full(BURN_IN + n, START)
    for t in range(max(ECHO), BURN_IN + n):
        gate = GATE[int(weekday[(t - BURN_IN) % 7])]
        past = 0.0  # not sum(): since Python 3.12 that rounds otherwise, and a chaotic series becomes another
        for lag, share in ECHO.items():
            past += share * float(residual[t - lag])
        residual[t] = gate * fold(past) + CARRY * residual[t - 1] + noise[t]
    return residual[BURN_IN:]


def _days_since(days: pd.DatetimeIndex, day: str) -> FloatArray:
    return np.asarray((days - pd.Timestamp(day)).days, dtype=np.float64)


if __name__ == "__main__":
    write_public()
    print(f"wrote {PUBLIC_CSV}")
