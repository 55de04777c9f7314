"""How well each rung's technique really does: what a ladder's bounds are chosen from."""

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
"""A bound is one that 99 % of all seeds reach, said with 95 % confidence."""


@dataclass(frozen=True)
class Level:
    """One rung of an exercise's ladder, to be measured: `run(seed)` trains as its technique says, gives the metric."""

    exercise: str
    ladder: Ladder
    rung: str
    run: Callable[[int], float]

    @property
    def bound(self) -> float:
        """What the rubric asks for on this rung."""
        return self._rung.bound

    def reached(self, value: float) -> bool:
        """Whether a value is good enough for this rung."""
        return self.ladder.reaches(value, self._rung)

    @property
    def _rung(self) -> Rung:
        return next(rung for rung in self.ladder.rungs if rung.name == self.rung)

    def measure(self, seeds: Sequence[int]) -> Measured:
        """Run every seed, one after the other."""
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
        """The mean over the seeds."""
        return statistics.fmean(self.values)

    @property
    def sd(self) -> float:
        """The standard deviation over the seeds; 0 for a single one."""
        return statistics.stdev(self.values) if len(self.values) > 1 else 0.0

    @property
    def tolerance_bound(self) -> float:
        """The one-sided tolerance bound, mean -/+ k sd: a ladder should not ask for more than this."""
        if len(self.values) < 2:
            return self.mean
        margin = tolerance_factor(len(self.values)) * self.sd
        return self.mean + margin if self.lower_is_better else self.mean - margin

    def allows(self, bound: float) -> bool:
        """Whether a rung with this bound is reached by its own technique, as good as always."""
        return self.tolerance_bound <= bound if self.lower_is_better else self.tolerance_bound >= bound


class Calibration(msgspec.Struct, frozen=True):
    """The measurements of an assignment, and where they were made."""

    torch: str
    python: str
    machine: str
    levels: list[Measured]

    @classmethod
    def of(cls, levels: list[Measured]) -> Calibration:
        """These measurements, made on this machine."""
        machine = f"{platform.machine()}, {os.cpu_count()} cores, one thread"
        return cls(torch.__version__.split("+")[0], platform.python_version(), machine, levels)

    @classmethod
    def read(cls, path: Path) -> Calibration:
        """Raises `msgspec.ValidationError` for a file that is not one."""
        return msgspec.json.decode(path.read_bytes(), type=cls)

    def write(self, path: Path) -> None:
        """As JSON, one figure a line: a change is seen in a diff."""
        replace(path, msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n")


def tolerance_factor(n: int, coverage: float = COVERAGE, confidence: float = CONFIDENCE) -> float:
    """k of a one-sided tolerance bound mean - k sd for n normal values (3.295 for n = 20): NIST/SEMATECH 7.2.6.3."""
    from scipy import stats  # slow to import, and a check at home has no use for it

    root = math.sqrt(n)
    return float(stats.nct.ppf(confidence, n - 1, stats.norm.ppf(coverage) * root)) / root
