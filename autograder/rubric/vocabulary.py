"""The words a rubric is written in. Each raises `MismatchError` when the student's work is not what was asked."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import msgspec
import torch

from autograder.errors import MismatchError, StudentError
from autograder.model import Curve, Outcome
from autograder.protocol.values import Opaque
from autograder.rubric.compare import as_tensor, compare, shown
from autograder.rubric.student import Reference, Student

BLANK = Opaque("ellipsis")
"""`...`, as it comes from the student's side: an answer still to be given, as None is."""


class Score(msgspec.Struct, frozen=True):
    """What a check returns when it is worth a part: `fraction` of its points in [0, 1], and why."""

    fraction: float
    message: str = ""
    curve: Curve | None = None


def expect(condition: bool | torch.Tensor, message: str) -> None:
    """An invariant: `message` says to the student what should hold and does not."""
    if not bool(condition):
        raise MismatchError(message)


def matches(student: Student, reference: Reference, name: str, *args: Any, **kwargs: Any) -> Any:
    """The student's function returns what the reference returns. Gives back the student's result."""
    expected = reference.call(name, *args, **kwargs)
    got = student.call(name, *args, **kwargs)
    compare(got, expected, f"`{name}`")
    return got


def tensor_of(value: Any, shape: tuple[int, ...], what: str) -> torch.Tensor:
    """The student's value as a float tensor of the given shape, or a `MismatchError` that names both shapes."""
    tensor = as_tensor(value)
    if tensor is None:
        raise MismatchError(f"{what}: expected a tensor of shape {shape}, got {shown(value)}.")
    if tuple(tensor.shape) != shape and not (tensor.numel() == 1 and math.prod(shape) == 1):
        raise MismatchError(f"{what} has shape {tuple(tensor.shape)}; asked for is {shape}.")
    return tensor.reshape(shape).double()


def numerical_gradient(f: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, h: float = 1e-5) -> torch.Tensor:
    """Centred differences (f(x + h) - f(x - h)) / 2h of a scalar `f` in float64, one element at a time."""
    x = x.detach().double().clone()
    gradient = torch.empty_like(x)
    flat, out = x.view(-1), gradient.view(-1)
    for i in range(flat.numel()):
        saved = float(flat[i])
        flat[i] = saved + h
        above = float(f(x))
        flat[i] = saved - h
        out[i] = (above - float(f(x))) / (2 * h)
        flat[i] = saved
    return gradient


def agrees_with_numerical(analytic: Any, f: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, what: str) -> None:
    """A gradient written by hand equals the numerical one: h 1e-5, rtol 1e-4, atol 1e-6 (away from kinks)."""
    compare(analytic, numerical_gradient(f, x), what, rtol=1e-4, atol=1e-6)


def same_trajectory(got: Any, expected: Sequence[Any], what: str) -> None:
    """Two training runs agree step by step; the message names the first step that differs."""
    if not isinstance(got, list | tuple) and not (isinstance(got, torch.Tensor) and got.ndim):
        raise MismatchError(f"{what}: expected one value for each of {len(expected)} steps, got {shown(got)}.")
    if len(got) != len(expected):
        raise MismatchError(f"{what}: expected {len(expected)} entries, got {len(got)}.")
    for step, (one, other) in enumerate(zip(got, expected, strict=True)):
        compare(one, other, f"{what}, step {step}")


def in_order(values: Sequence[tuple[str, float]], message: str, slack: float = 0.0) -> None:
    """Named values fall from first to last: each is at most its predecessor times (1 + slack)."""
    for (before, high), (after, low) in pairwise(values):
        if not low <= high * (1 + slack):
            raise MismatchError(f"{message}: {after} gives {low:.3g}, which is not below {before} with {high:.3g}.")


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


def short_answers(student: Student, name: str, questions: Mapping[str, float | str]) -> Score:
    """The share of short answers that are right, with what is wrong with the first that is not; raises that where none
    is right."""
    right = 0
    problem: MismatchError | StudentError | None = None
    for key, expected in questions.items():
        try:
            answer(student, name, key, expected)
            right += 1
        except (MismatchError, StudentError) as error:  # not what ends the conversation: that is no answer
            problem = problem or error
    if not right and problem is not None:
        raise problem
    return Score(right / len(questions), str(problem or ""))


def answer(student: Student, name: str, key: str, expected: float | str, tolerance: float = 0.0) -> None:
    """A short answer: `name` is the student's dictionary of answers, `key` the question."""
    answers = student.read(name)
    given = answers.get(key) if isinstance(answers, dict) else None
    if given is None or given == BLANK:
        raise StudentError(Outcome.NOT_ATTEMPTED, f"{name}[{key!r}] has no answer yet.")
    if isinstance(expected, str):
        right = isinstance(given, str) and given.strip().lower() == expected.lower()
    else:
        if isinstance(given, str):
            raise MismatchError(f"{name}[{key!r}] is text, {shown(given)}: a number is asked for, without quotes.")
        number = as_tensor(given)
        right = number is not None and number.numel() == 1 and abs(number.item() - expected) <= tolerance
    expect(right, f"{name}[{key!r}] is not right: you answered {shown(given)}.")
