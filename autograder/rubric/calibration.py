"""Measure what each rung's technique reaches, to choose a ladder's bounds from."""

from __future__ import annotations

import math
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import torch

from autograder.files import replace
from autograder.rubric.ladder import Ladder, Rung

COVERAGE, CONFIDENCE = 0.99, 0.95
"""A bound is one that 99 % of all seeds reach, with 95 % confidence."""


@dataclass(frozen=True)
class Level:
    """One rung of an exercise's ladder, measured by `autograder calibrate`; `calibration.py` lists them in `LEVELS`.

    Attributes:
        exercise: The exercise's number.
        ladder: The ladder, as the rubric has it.
        rung: The name of one of its rungs.
        run: `run(seed)` trains as the rung's technique says and returns the metric.

    Example:
        >>> ladder = Ladder("loss", (Rung("simple", 0.5, 1.0, "train at all"),))
        >>> level = Level("1.4", ladder, "simple", lambda seed: 0.25 * seed)
        >>> level.measure([0, 1, 2]).values
        [0.0, 0.25, 0.5]
    """

    exercise: str
    ladder: Ladder
    rung: str
    run: Callable[[int], float]

    @property
    def bound(self) -> float:
        """Return what the rubric asks for on this rung."""
        return self._rung.bound

    def reached(self, value: float) -> bool:
        """Return whether a value is good enough for this rung.

        Args:
            value: The metric.

        Returns:
            True if it is.

        Example:
            >>> ladder = Ladder("loss", (Rung("simple", 0.5, 1.0, "train at all"),))
            >>> Level("1.4", ladder, "simple", lambda seed: 0.4).reached(0.5)
            True
        """
        return self.ladder.reaches(value, self._rung)

    @property
    def _rung(self) -> Rung:
        return next(rung for rung in self.ladder.rungs if rung.name == self.rung)

    def measure(self, seeds: Sequence[int]) -> Measured:
        """Run every seed, one after the other.

        Args:
            seeds: The seeds to pass to `run`.

        Returns:
            The metric of each, and the seconds of one run on average.

        Example:
            >>> ladder = Ladder("loss", (Rung("simple", 0.5, 1.0, "train at all"),))
            >>> measured = Level("1.4", ladder, "simple", lambda seed: 0.4 + seed / 100).measure(range(20))
            >>> round(measured.mean, 3), measured.allows(0.5)
            (0.495, False)
        """
        started = time.perf_counter()
        values = [float(self.run(seed)) for seed in seeds]
        return Measured(
            self.exercise,
            self.rung,
            self.ladder.metric,
            self.ladder.lower_is_better,
            values,
            (time.perf_counter() - started) / len(seeds),
        )


class Measured(msgspec.Struct, frozen=True):
    """What a rung's technique reached, seed by seed, and the seconds of one run."""

    exercise: str
    rung: str
    metric: str
    lower_is_better: bool
    values: list[float]
    seconds: float

    @property
    def mean(self) -> float:
        """Return the mean over the seeds."""
        return statistics.fmean(self.values)

    @property
    def sd(self) -> float:
        """Return the sample standard deviation over the seeds (n - 1 in the denominator); 0 for a single seed."""
        return statistics.stdev(self.values) if len(self.values) > 1 else 0.0

    @property
    def tolerance_bound(self) -> float:
        """Return the one-sided tolerance bound, mean -/+ k sd (NIST/SEMATECH e-Handbook, 7.2.6.3).

        A ladder should not ask for more than this. With a single seed it is the mean.
        """
        if len(self.values) < 2:
            return self.mean
        margin = tolerance_factor(len(self.values)) * self.sd
        return self.mean + margin if self.lower_is_better else self.mean - margin

    def allows(self, bound: float) -> bool:
        """Return whether the rung's own technique reaches a bound as good as always."""
        return self.tolerance_bound <= bound if self.lower_is_better else self.tolerance_bound >= bound


class Calibration(msgspec.Struct, frozen=True):
    """The measurements of an assignment, and where they were made."""

    torch: str
    python: str
    machine: str
    levels: list[Measured]

    @classmethod
    def of(cls, levels: list[Measured]) -> Calibration:
        """Combine measurements that were made on this machine."""
        machine = f"{platform.machine()}, {os.cpu_count()} cores, one thread"
        return cls(torch.__version__.split("+")[0], platform.python_version(), machine, levels)

    @classmethod
    def read(cls, path: Path) -> Calibration:
        """Read a calibration. Raises `OSError`, or `msgspec.ValidationError` for a file that is not one."""
        return msgspec.json.decode(path.read_bytes(), type=cls)

    def write(self, path: Path) -> None:
        """Write it as JSON with one figure to a line, so that a diff shows what changed."""
        replace(path, msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n")


def tolerance_factor(n: int, coverage: float = COVERAGE, confidence: float = CONFIDENCE) -> float:
    """Return k of the one-sided tolerance bound mean - k sd of n normal values.

    k = t(confidence; n - 1, z sqrt(n)) / sqrt(n): a quantile of the noncentral t distribution, with z the normal
    quantile of `coverage` (NIST/SEMATECH e-Handbook, 7.2.6.3). It is 3.295 for n = 20.
    """
    from scipy import stats  # slow to import, and a check at home has no use for it

    root = math.sqrt(n)
    return float(stats.nct.ppf(confidence, n - 1, stats.norm.ppf(coverage) * root)) / root
