"""Score a metric on a ladder of baselines."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from autograder.model import Curve


class Score(msgspec.Struct, frozen=True):
    """What a check returns when it is worth a part: `fraction` of its points in [0, 1], and why."""

    fraction: float
    message: str = ""
    curve: Curve | None = None


class Rung(msgspec.Struct, frozen=True):
    """One level of a ladder: reaching `bound` is worth `fraction` of the points; `technique` gets you there."""

    name: str
    bound: float
    fraction: float
    technique: str


class Ladder(msgspec.Struct, frozen=True):
    """Baselines from simple to boss, best last. Between two rungs the points are interpolated."""

    metric: str
    rungs: tuple[Rung, ...]
    lower_is_better: bool = True

    def reaches(self, value: float, rung: Rung) -> bool:
        """Whether `value` is good enough for a rung. NaN never is."""
        return value <= rung.bound if self.lower_is_better else value >= rung.bound

    def fraction(self, value: float) -> float:
        """The part of the points that `value` is worth: 0 below the first rung, 1 from the last one up."""
        reached = [rung for rung in self.rungs if self.reaches(value, rung)]
        if not math.isfinite(value) or not reached:
            return 0.0
        if len(reached) == len(self.rungs):
            return self.rungs[-1].fraction
        here, above = self.rungs[len(reached) - 1], self.rungs[len(reached)]
        return here.fraction + (above.fraction - here.fraction) * (value - here.bound) / (above.bound - here.bound)

    def score(self, value: float, losses: Sequence[float] = (), unit: str = "") -> Score:
        """The points for a metric, where it stands, what would lift it, and the picture for the report."""
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
