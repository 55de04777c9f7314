"""Compute the geometry of a training curve beside its ladder: where lines and labels go. Templates draw it as SVG.

Not with matplotlib: this way a picture has 2 KB instead of 20, takes well under a millisecond, uses the page's fonts
and colours (in dark mode as well), and equal data gives equal bytes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.feedback.formats import number
from autograder.model import Curve

MOST_POINTS = 240
LARGEST, SMALLEST = 1e100, 1e-100
"""Larger values are drawn as the first, smaller ones as 0, so that no difference and no ratio of two overflows."""

SAME_SCALE = re.compile(r"\b(loss|cross.?entropy|nll|mse)\b", re.IGNORECASE)
"""Matches metrics that may share an axis with the training loss."""

WIDTH, HEIGHT = 500, 268
TOP, BOTTOM, LEFT = 32, 222, 54
CURVE_END, LADDER_END, LABELS = 300, 356, 364
GAP = 16


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values to heights, linearly or logarithmically."""

    low: float
    high: float
    log: bool

    @staticmethod
    def of(values: Sequence[float]) -> Scale:
        """Return a scale that holds all values with some margin: logarithmic where they are positive and span much."""
        low, high = min(values), max(values)
        if low > 0 and high / low > 6:
            air = (high / low) ** 0.05
            return Scale(low / air, high * air, True)
        largest = max(abs(low), abs(high))
        air = (high - low) * 0.06 if high - low > 1e-9 * largest else largest * 0.1 or 1.0
        return Scale(low - air, high + air, False)

    def y(self, value: float) -> float:
        """Return the height of a value in the picture."""
        low, high, value = (math.log(v) if self.log else v for v in (self.low, self.high, value))
        return round(BOTTOM - (BOTTOM - TOP) * (value - low) / (high - low), 1)

    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Return about five round values and their heights."""
        values = self._decades() if self.log else _round_steps(self.low, self.high)
        return tuple((self.y(value), f"{value:.4g}") for value in values)

    def _decades(self) -> list[float]:
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        for parts in ((1, 2, 5), (1, 3), (1,)):
            values = [part * 10.0**power for power in range(first, last + 1) for part in parts]
            inside = [value for value in values if self.low <= value <= self.high]
            if len(inside) <= 6:
                return inside
        return inside[:: math.ceil(len(inside) / 6)]


def _round_steps(low: float, high: float) -> list[float]:
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(part * power for part in (1, 2, 5, 10) if part * power >= rough * 0.999)
    return [i * step for i in range(math.ceil(low / step), math.floor(high / step) + 1)][:8]


@dataclass(frozen=True, slots=True)
class Label:
    """A rung or the student's own value: its height on the scale, the height of its text, and the text."""

    at: float
    y: float
    name: str
    value: str
    own: bool


@dataclass(frozen=True, slots=True)
class Plot:
    """A training curve and a ladder of baselines."""

    words: str
    path: str
    dense: bool
    dot: tuple[float, float] | None
    y_ticks: tuple[tuple[float, str], ...]
    x_ticks: tuple[tuple[float, str], ...]
    x_name: str
    y_name: str
    ladder_name: str
    labels: tuple[Label, ...]
    axis_end: int
    lines_from: int
    width: int = WIDTH
    height: int = HEIGHT
    top: int = TOP
    bottom: int = BOTTOM
    left: int = LEFT
    lines_to: int = LADDER_END
    label_x: int = LABELS


def plot(curve: Curve) -> Plot | None:
    """Return the picture of a curve, or None where there is nothing finite to draw.

    A metric that is itself a loss shares the curve's axis, so that the baselines run through the curve. Any other
    (an accuracy, say) gets an axis of its own next to it. `curve.unit` is what one entry of the losses is.
    """
    losses = [_bounded(loss) for loss in curve.losses if math.isfinite(loss)]
    rungs = [(name, _bounded(value)) for name, value in curve.rungs if math.isfinite(value)]
    marks = [*rungs]
    metric = curve.metric if curve.metric is not None and math.isfinite(curve.metric) else None
    if metric is not None:
        marks.append(("you", _bounded(metric)))
    if not losses and not marks:
        return None
    levels = [value for _, value in marks]
    shared = not losses or (bool(marks) and SAME_SCALE.search(curve.metric_name) is not None)
    left = Scale.of(losses + levels if shared else losses)
    right = left if shared else Scale.of(levels) if levels else None
    axis_end = CURVE_END if marks else WIDTH - 20
    unit = curve.unit or "epoch"
    points = [(round(_across(index, len(losses), axis_end), 1), left.y(losses[index])) for index in _thinned(losses)]
    return Plot(
        words=_words(curve, losses, rungs, metric, unit),
        path=" ".join(f"{x:g},{y:g}" for x, y in points) if len(points) > 1 else "",
        dense=len(losses) > MOST_POINTS,
        dot=points[-1] if points else None,
        y_ticks=left.ticks(),
        x_ticks=tuple((round(_across(i, len(losses), axis_end), 1), str(i + 1)) for i in _x_ticks(len(losses))),
        x_name=unit if losses else "",
        y_name="training loss" if losses else curve.metric_name,
        ladder_name="" if shared and not losses else curve.metric_name if marks else "",
        labels=_labels(marks, right, metric is not None) if right else (),
        axis_end=axis_end,
        lines_from=LEFT if shared else CURVE_END + 20,
    )


def _bounded(value: float) -> float:
    return 0.0 if abs(value) < SMALLEST else max(-LARGEST, min(LARGEST, float(value)))


def _across(index: int, count: int, end: int) -> float:
    return LEFT + 8 + (end - LEFT - 16) * (index / (count - 1) if count > 1 else 0.5)


def _x_ticks(count: int) -> list[int]:
    return sorted({0, (count - 1) // 2, count - 1}) if count else []


def _thinned(values: Sequence[float]) -> list[int]:
    """Return the indices to draw: all of a short curve; the lowest and the highest of each stretch of a long one."""
    if len(values) <= MOST_POINTS:
        return list(range(len(values)))
    kept = {0, len(values) - 1}
    stretch = len(values) / (MOST_POINTS // 2)
    for part in range(MOST_POINTS // 2):
        indices = range(int(part * stretch), int((part + 1) * stretch))
        kept |= {min(indices, key=values.__getitem__), max(indices, key=values.__getitem__)}
    return sorted(kept)


def _labels(marks: Sequence[tuple[str, float]], scale: Scale, own: bool) -> tuple[Label, ...]:
    """Return labels next to their lines, moved apart where they would overlap."""
    last = len(marks) - 1 if own else -1
    ordered = sorted((scale.y(value), index) for index, (_, value) in enumerate(marks))
    gap = min(GAP, (BOTTOM - TOP) / max(1, len(ordered) - 1))
    heights: list[float] = []
    for at, _ in ordered:
        heights.append(max(at, heights[-1] + gap) if heights else at)
    for i in range(len(heights) - 1, -1, -1):
        limit = BOTTOM if i == len(heights) - 1 else heights[i + 1] - gap
        heights[i] = min(heights[i], limit)
    return tuple(
        Label(at, round(y, 1), marks[index][0], number(marks[index][1]), index == last)
        for (at, index), y in zip(ordered, heights, strict=True)
    )


def _words(
    curve: Curve, losses: Sequence[float], rungs: Sequence[tuple[str, float]], metric: float | None, unit: str
) -> str:
    words = []
    if losses:
        words.append(f"Training loss from {number(losses[0])} to {number(losses[-1])}, {len(losses)} x {unit}.")
    if metric is not None:
        words.append(f"Your {curve.metric_name or 'result'}: {number(metric)}.")
    if rungs:
        words.append("Baselines: " + ", ".join(f"{name} {number(value)}" for name, value in rungs) + ".")
    return " ".join(words)
