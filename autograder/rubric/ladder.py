"""Turn a metric into points: a ladder of baselines, and the score that a check returns."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from autograder.model import Curve


class Score(msgspec.Struct, frozen=True):
    """The result of a check that gives a part of its points.

    A check may also return the fraction alone, as a float, or nothing for all of its points.

    Attributes:
        fraction: The share of the check's points, from 0 to 1.
        message: What the student reads next to the points.
        curve: The training curve to draw in the report, if there is one.

    Example:
        >>> Score(0.5, "3 of 6 sentences are translated right.").fraction
        0.5
    """

    fraction: float
    message: str = ""
    curve: Curve | None = None


class Rung(msgspec.Struct, frozen=True):
    """One level of a ladder.

    Attributes:
        name: What the level is called, such as "simple" or "boss".
        bound: The metric's value that reaches it, in the metric's units.
        fraction: The share of the points that it is worth, from 0 to 1.
        technique: What gets a student there, in a few words; shown to those who are still below.

    Example:
        >>> Rung("strong", 0.5, 0.8, "look back a week").bound
        0.5
    """

    name: str
    bound: float
    fraction: float
    technique: str


class Ladder(msgspec.Struct, frozen=True):
    """Baselines from simple to boss. Between two of them the points are interpolated linearly.

    Attributes:
        metric: What is measured, with its unit: "unseen MAE in degrees".
        rungs: The levels, easiest first, with rising fractions.
        lower_is_better: False for an accuracy, True for a loss.

    Example:
        >>> ladder = Ladder("unseen MAE", (Rung("simple", 1.0, 0.2, "train at all"), Rung("boss", 0.5, 1.0, "go deep")))
        >>> ladder.fraction(0.4)
        1.0
    """

    metric: str
    rungs: tuple[Rung, ...]
    lower_is_better: bool = True

    def reaches(self, value: float, rung: Rung) -> bool:
        """Return whether a value is good enough for a rung.

        Args:
            value: The metric. NaN reaches nothing.
            rung: The level to reach. Being equal to its bound is enough.

        Returns:
            True if it is.

        Example:
            >>> ladder = Ladder("accuracy", (Rung("simple", 0.9, 1.0, "two layers"),), lower_is_better=False)
            >>> ladder.reaches(0.9, ladder.rungs[0])
            True
        """
        return value <= rung.bound if self.lower_is_better else value >= rung.bound

    def fraction(self, value: float) -> float:
        """Return the share of the points that a value is worth.

        Between two rungs it is interpolated linearly: fraction + (next fraction - fraction) * (value - bound) / (next
        bound - bound).

        Args:
            value: The metric.

        Returns:
            From 0 to 1: 0 below the first rung, for NaN and for infinity; the last rung's fraction from there up.

        Example:
            >>> ladder = Ladder("loss", (Rung("simple", 2.0, 0.5, "train"), Rung("boss", 1.0, 1.0, "normalise")))
            >>> [ladder.fraction(loss) for loss in (2.5, 2.0, 1.5, 0.1)]
            [0.0, 0.5, 0.75, 1.0]
        """
        reached = [rung for rung in self.rungs if self.reaches(value, rung)]
        if not math.isfinite(value) or not reached:
            return 0.0
        if len(reached) == len(self.rungs):
            return self.rungs[-1].fraction
        here, above = self.rungs[len(reached) - 1], self.rungs[len(reached)]
        return here.fraction + (above.fraction - here.fraction) * (value - here.bound) / (above.bound - here.bound)

    def score(self, value: float, losses: Sequence[float] = (), unit: str = "") -> Score:
        """Return the score for a value, with a message that names the next rung, and the picture for the report.

        Args:
            value: The metric.
            losses: The training losses to draw, in order; the first 2,000 finite ones are kept.
            unit: What one entry of `losses` is: "step" or "epoch".

        Returns:
            What the check returns in turn.

        Example:
            >>> ladder = Ladder("loss", (Rung("simple", 2.0, 0.5, "train"), Rung("boss", 1.0, 1.0, "normalise")))
            >>> print(ladder.score(1.5, losses=[3.0, 2.0, 1.5], unit="epoch").message)
            loss: 1.5. Next baseline, boss: 1 (normalise).
        """
        fraction = self.fraction(value)
        missing = [rung for rung in self.rungs if rung.fraction > fraction + 1e-9]
        message = f"{self.metric}: {value:.3g}."
        if missing:
            digits = next(n for n in range(3, 18) if f"{value:.{n}g}" != f"{missing[0].bound:.{n}g}" or n == 17)
            message = f"{self.metric}: {value:.{digits}g}."
            message += f" Next baseline, {missing[0].name}: {missing[0].bound:.{digits}g} ({missing[0].technique})."
        rungs = tuple((rung.name, rung.bound) for rung in self.rungs)
        finite = tuple(float(loss) for loss in losses if math.isfinite(loss))[:2_000]
        return Score(fraction, message, Curve(self.metric, unit, finite, value, self.metric, rungs))
