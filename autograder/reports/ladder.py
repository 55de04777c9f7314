"""Draw a calibrated ladder: a dot for each seed, a line at the rubric's bound."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from autograder.rubric.calibration import Calibration


def write_ladder(calibration: Calibration, bounds: Sequence[float], path: Path) -> None:
    """Write an SVG with one row for each rung, in the order of `calibration.levels`; `bounds` are the rubric's."""
    levels = calibration.levels
    figure = Figure(figsize=(7, 0.8 + 0.45 * len(levels)), layout="constrained")
    axes = figure.subplots()
    for row, (level, bound) in enumerate(zip(levels, bounds, strict=True)):
        axes.plot(level.values, [row] * len(level.values), "o", alpha=0.45, markersize=5, color="#2f6db5")
        axes.plot([bound, bound], [row - 0.35, row + 0.35], color="#b5542f", linewidth=2)
    axes.set_yticks(range(len(levels)), [f"{level.exercise} {level.rung}" for level in levels])
    axes.set_xlabel(f"{levels[0].metric} (dots: seeds; lines: what the rubric asks)")
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.savefig(path, format="svg", metadata={"Date": None})
