"""Wrong implementations that must lose points in their own exercise."""

from autograder.rubric import Variants

variants = Variants()


@variants.mutant(of="clean", hint="Which of two readings of one station and time stays, the first or the last?")
def keeps_the_last(readings):
    table = readings.dropna(subset=["celsius"]).copy()
    table["station"] = table["station"].str.strip().str.lower()
    table["time"] = pd.to_datetime(table["time"])
    table = table.drop_duplicates(["station", "time"], keep="last")
    return table.sort_values(["station", "time"]).reset_index(drop=True)


@variants.mutant(of="clean", hint="When are two stations the same: before or after you clean their names?")
def duplicates_first(readings):
    table = readings.dropna(subset=["celsius"]).drop_duplicates(["station", "time"]).copy()
    table["station"] = table["station"].str.strip().str.lower()
    table["time"] = pd.to_datetime(table["time"])
    return table.sort_values(["station", "time"]).reset_index(drop=True)


@variants.mutant(of="daily_means", hint="Is the mean over the day's readings, or over the station's?")
def of_the_station(cleaned):
    days = cleaned.assign(day=cleaned["time"].dt.normalize()).groupby(["station", "day"])["celsius"]
    table = days.agg(celsius="mean", readings="count").reset_index()
    return table.assign(celsius=table["station"].map(cleaned.groupby("station")["celsius"].mean()))


@variants.mutant(of="with_heights", hint="Which rows does your join leave out, and in which order is the rest?")
def an_inner_join(daily, stations):
    return daily.merge(stations, on="station").dropna(ignore_index=True)


@variants.mutant(of="with_heights", hint="The median, not the mean, fills what is missing.")
def fills_with_the_mean(daily, stations):
    heights = stations.set_index("station")["height"]
    return daily.assign(height=daily["station"].map(heights).fillna(heights.mean()))


@variants.mutant(of="fit", hint="We call `predict` of what you return: return the model itself.")
def returns_predictions(table):
    model = LinearRegression().fit(table[["height"]], table["celsius"])
    return model.predict(table[["height"]])
