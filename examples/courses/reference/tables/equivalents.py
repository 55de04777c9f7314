"""Right implementations, written differently: they must get full marks."""

from autograder.rubric import Variants

variants = Variants()


@variants.equivalent
class in_other_words:
    """A merge, a pivot of lists, and trees."""

    def daily_means(cleaned):
        rows = [
            (station, pd.Timestamp(day), group["celsius"].mean(), len(group))
            for (station, day), group in cleaned.groupby(["station", cleaned["time"].dt.date])
        ]
        return pd.DataFrame(rows, columns=["station", "day", "celsius", "readings"])

    def with_heights(daily, stations):
        merged = daily.merge(stations[["station", "height"]], on="station", how="left")
        merged["height"] = merged["height"].fillna(stations["height"].median())
        return merged

    def fit(table):
        def features(inputs):
            return np.column_stack([inputs["day"].dt.dayofyear, inputs["height"]])

        model = make_pipeline(FunctionTransformer(features), HistGradientBoostingRegressor(max_iter=60))
        return model.fit(table[["day", "height"]], table["celsius"])
