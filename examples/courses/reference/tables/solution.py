# %% [markdown]
# # Tables, and a model for them
#
# Thermometers report when they like, twice at times, and sometimes nothing. Clean their readings, put the heights of the
# stations beside them, and fit a model that knows the season.
#
# - Return new tables: the ones that you are given stay as they are.

# %%
import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

# %% [markdown]
# ## Exercise 1 · Clean (5 points)


# %%
def clean(readings):
    """Readings without those that say nothing or the same again.

    readings: columns station (text), time (text such as "2027-01-31 06:00"), celsius (float, may be missing).
    Returns the same columns, time as datetime64, station without spaces around it and in lower case; rows with a missing
    value or of the same station and time as an earlier row are left out; sorted by station and time, index 0, 1, 2 ...
    """
    # SOLUTION
    table = readings.dropna(subset=["celsius"]).copy()
    table["station"] = table["station"].str.strip().str.lower()
    table["time"] = pd.to_datetime(table["time"])
    table = table.drop_duplicates(["station", "time"])
    return table.sort_values(["station", "time"]).reset_index(drop=True)
    # END


# %% [markdown]
# ## Exercise 2 · Daily means (4 points)


# %%
def daily_means(cleaned):
    """One row a station and day: columns station, day (datetime64, midnight), celsius (the mean), readings (how many).

    Sorted by station and day, index 0, 1, 2 ...
    """
    # SOLUTION
    days = cleaned.assign(day=cleaned["time"].dt.normalize()).groupby(["station", "day"])["celsius"]
    return days.agg(celsius="mean", readings="count").reset_index()
    # END


# %% [markdown]
# ## Exercise 3 · Heights (4 points)


# %%
def with_heights(daily, stations):
    """daily with a column height from stations (columns station, height): all rows stay, in their order.

    A station that is not in the table, or without a height in it, gets the median of the table's heights.
    """
    # SOLUTION
    heights = stations.set_index("station")["height"]
    return daily.assign(height=daily["station"].map(heights).fillna(heights.median()))
    # END


# %% [markdown]
# ## Exercise 4 · A model (7 points)
#
# Warm in summer, cold on mountains. We call `predict` of what you return, on days of another year.


# %%
def fit(table):
    """A fitted estimator of scikit-learn's: table has the columns day, height, celsius; the first two are its inputs."""
    # SOLUTION
    def features(inputs):
        turn = 2 * np.pi * inputs["day"].dt.dayofyear / 365.25
        return np.column_stack([np.sin(turn), np.cos(turn), inputs["height"]])

    model = make_pipeline(FunctionTransformer(features), LinearRegression())
    return model.fit(table[["day", "height"]], table["celsius"])
    # END
