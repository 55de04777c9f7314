"""A class that never was: reports with every outcome, and with names and messages that mean harm."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from autograder.model import CheckResult, Curve, Difference, ExerciseInfo, Outcome, Report

COURSE, TITLE = "Deep Learning 101", "Homework 1: from regression to attention"
WHEN = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
BOUNDARY = ("bubblewrap", "user, pid, mount, ipc, net namespaces", "landlock", "seccomp", "rlimits")

TITLES = (
    ("1.1", "Mean squared error", "mse"),
    ("1.2", "Its gradient", "mse_gradient"),
    ("1.3", "One step of gradient descent", "gd_step"),
    ("1.4", "Softmax without overflow", "softmax"),
    ("1.5", "Train a linear model", "fit"),
    ("2.1", "Cross-entropy from logits", "cross_entropy"),
    ("2.2", "Backward through a layer", "linear_backward"),
    ("2.3", "Layer normalisation", "LayerNorm"),
    ("2.4", "Scaled dot-product attention", "attention"),
    ("2.5", "The causal mask", "causal_mask"),
    ("3.1", "Train a small transformer", "train"),
    ("3.2", "Short answers", "answers"),
)
EXERCISES = tuple(ExerciseInfo(number, title, 4.0 if number == "3.1" else 3.0) for number, title, _ in TITLES)

RUNGS = (("simple", 1.9), ("medium", 1.6), ("strong", 1.42), ("boss", 1.36))
TRACE = 'Traceback (most recent call last):\n  File "checks.py", line 40, in check\n    SECRET_REFERENCE\nKeyError: 7'

MISTAKES = {
    "1.3": ("gd_step_adds", "You go up the slope. The gradient points to where the loss grows; `gd_step` goes down."),
    "1.4": ("softmax_wrong_axis", "Your rows do not sum to 1, but your columns do. Along which axis is it normalised?"),
    "2.3": ("layernorm_eps_outside", "Is your epsilon inside the square root?"),
    "2.4": ("attention_unscaled", "Your scores are not divided by the square root of the key's size."),
}


def curve(epochs: int = 20, metric: float | None = 1.47, name: str = "validation loss") -> Curve:
    """A training curve with a little noise."""
    dice = random.Random(epochs)
    losses = tuple(1.3 + 2.9 * math.exp(-6 * i / max(1, epochs)) + dice.uniform(-0.05, 0.05) for i in range(epochs))
    return Curve(name, "epoch", losses, metric, name, RUNGS)


def check(exercise: str, outcome: Outcome, part: int = 0, **more: object) -> CheckResult:
    """One check of an exercise, with what such an outcome brings along."""
    function = next(name for number, _, name in TITLES if number == exercise)
    points = next(info.points for info in EXERCISES if info.number == exercise) / 2
    asked = (
        f"`{function}` gives the right values for small and large inputs.",
        f"The gradients that flow through `{function}` are right, for the inputs and for every parameter.",
    )[part]
    earned = {Outcome.PASSED: points, Outcome.PARTLY: round(points * 0.6, 2)}.get(outcome, 0.0)
    fields: dict[str, object] = {
        "message": MESSAGES.get(outcome, ""),
        "seconds": 10.02 if outcome is Outcome.TIMED_OUT else 0.02,
    }
    if outcome is Outcome.FAILED:
        fields["difference"] = Difference(f"{function}(x)", (3, 5), (3, 5), (0, 2), 7, 15, 0.8314, 1.27)
    name = f"{function}_{('values', 'gradients')[part]}"
    base = CheckResult(name, exercise, asked, points, earned, outcome, part == 0)
    return _replaced(base, {**fields, **more})


MESSAGES = {
    Outcome.PARTLY: "validation loss: 1.47. Next baseline, strong: 1.42 (warm-up and cosine decay).",
    Outcome.FAILED: "7 of 15 values differ (first at index (0, 2), largest error 0.831).",
    Outcome.NOT_ATTEMPTED: "This is still the starter's code.",
    Outcome.SKIPPED: "This needs `gd_step` first.",
    Outcome.TIMED_OUT: "Stopped after 10 seconds. Is there a loop that never ends?",
    Outcome.OUT_OF_MEMORY: "Your code asked for more than 2 GB of memory.",
    Outcome.CRASHED: "Your program ended by itself (exit code 139).",
    Outcome.GRADER_ERROR: TRACE,
}


def _replaced(result: CheckResult, fields: dict[str, object]) -> CheckResult:
    values = {name: getattr(result, name) for name in result.__struct_fields__}
    return CheckResult(**{**values, **fields})


def report(student: str, results: tuple[CheckResult, ...] = (), **more: object) -> Report:
    """A graded report of these results."""
    ours = any(result.outcome is Outcome.GRADER_ERROR for result in results)
    fields: dict[str, object] = {
        "student": student,
        "assignment": "hw1",
        "digest": "3f" * 32,
        "assignment_digest": "a1" * 32,
        "engine": "0.1.0+c0ffee",
        "status": "grader error" if ours else "graded",
        "score": round(math.fsum(result.earned for result in results), 4),
        "points": math.fsum(info.points for info in EXERCISES),
        "exercises": EXERCISES,
        "results": results,
        "boundary": BOUNDARY if results else (),
        "received": WHEN - timedelta(hours=9),
        "graded": WHEN,
        "own_seconds": 0.4 if results else 0.0,
        "wall_seconds": 0.46 if results else 0.0,
    }
    return Report(**{**fields, **more})  # type: ignore[arg-type]


def all_of(outcome: Outcome, **more: object) -> tuple[CheckResult, ...]:
    """The whole rubric with one outcome."""
    return tuple(check(info.number, outcome, part, **more) for info in EXERCISES for part in (0, 1))


def mixed(skill: float, dice: random.Random) -> tuple[CheckResult, ...]:
    """A plausible student: the later the exercise, the harder."""
    results: list[CheckResult] = []
    wrong = False
    for place, info in enumerate(EXERCISES):
        if place > 4 and skill < 0.5 and place > 12 * (skill + 0.2):
            results += [check(info.number, Outcome.NOT_ATTEMPTED, part) for part in (0, 1)]
            continue
        for part in (0, 1):
            if info.number == "3.1" and part == 1:
                metric = 1.3 + (1 - skill) * dice.uniform(0.1, 0.6)
                outcome = Outcome.PASSED if metric < 1.36 else Outcome.PARTLY
                results.append(
                    check(
                        info.number,
                        outcome,
                        part,
                        message=f"validation loss: {metric:.3g}. Next baseline, boss: 1.36 (dropout).",
                        curve=curve(20, metric),
                        seconds=8.21,
                    )
                )
            elif dice.random() < skill - place * 0.01:
                stand_ins = ("gd_step",) if wrong and info.number == "1.5" else ()
                results.append(check(info.number, Outcome.PASSED, part, stand_ins=stand_ins))
            elif info.number in MISTAKES and dice.random() < 0.7:
                mutant, hint = MISTAKES[info.number]
                wrong = wrong or info.number == "1.3"
                results.append(check(info.number, Outcome.FAILED, part, mutant=mutant, hint=hint))
            else:
                odd = dice.choice([Outcome.FAILED] * 12 + [Outcome.TIMED_OUT, Outcome.OUT_OF_MEMORY, Outcome.CRASHED])
                results.append(check(info.number, odd, part))
    return tuple(results)


FIRST = "Ada Alan Bela Chen Dalia Emmy Farid Grace Hana Ilya Joao Karen Lin Mohamed Nour Olga Priya Quentin Rosa Sven"
LAST = "Abebe Bauer Castillo Dubois Eriksen Fofana Garcia Huang Ivanova Jensen Kim Larsen Meyer Nguyen Okafor Patel"


def a_class(size: int, seed: int = 1) -> Iterator[Report]:
    """A class in which most things go well and each thing goes wrong once in a while."""
    dice = random.Random(seed)
    for i in range(size):
        student = f"{dice.choice(LAST.split())}, {dice.choice(FIRST.split())} {i}"
        when = WHEN + timedelta(seconds=i)
        if i % 23 == 5:
            yield report(
                student,
                status="rejected",
                problem="notebook.ipynb is not JSON (line 812): was it cut off?",
                graded=when,
            )
        elif i % 29 == 7:
            yield report(student, all_of(Outcome.NOT_ATTEMPTED), graded=when)
        elif i % 31 == 9:
            message = "Stopped after 20 seconds."
            results = all_of(Outcome.TIMED_OUT, message=message)
            yield report(student, results, problem=f"While your file was loaded: {message}", graded=when)
        elif i % 37 == 3:
            results = mixed(0.8, dice)
            broken = check("1.5", Outcome.GRADER_ERROR)
            yield report(student, (*results[:8], broken, *results[9:]), graded=when)
        else:
            skill = min(0.99, dice.betavariate(6, 1.6))
            results = all_of(Outcome.PASSED) if i % 19 == 4 else mixed(skill, dice)
            yield report(
                student,
                tuple(results),
                notes=("2 shell lines were left out (`!pip install ...`).",) if i % 4 == 0 else (),
                output="epoch 1: loss 2.31\nepoch 2: loss 1.87\n" if i % 3 == 0 else "",
                graded=when,
                own_seconds=dice.uniform(0.2, 0.9),
                wall_seconds=1.0,
            )
