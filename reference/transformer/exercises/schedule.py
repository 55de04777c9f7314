"""5.7 Warm-up."""

from __future__ import annotations

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    answer,
    matches,
)

from .common import all_match

exercise = Exercise("5.7", "Warm-up", owns=("noam_rate", "noam_rates", "ANSWERS"), points=5)


@exercise.check("noam_rate", 1, public=True)
def at_the_top(student: Student, reference: Reference, draw: Draw) -> None:
    """noam_rate(100, 64, 100) is 0.0125, the highest rate of width 64 and warm-up 100."""
    matches(student, reference, "noam_rate", 100, 64, 100)


@exercise.check("noam_rate", 1.5)
def up_and_down(student: Student, reference: Reference, draw: Draw) -> None:
    """The rate climbs in a straight line for `warmup` updates, then falls with the square root."""
    for width, warmup in ((64, 100), (draw.integer(20, 600), draw.integer(50, 900))):
        steps = (1, warmup // 3, warmup, warmup + 1, 10 * warmup)
        all_match(student, reference, "noam_rate", [(step, width, warmup) for step in steps])


@exercise.check("noam_rates", 1)
def first_updates(student: Student, reference: Reference, draw: Draw) -> None:
    """noam_rates(n, ...) are the rates of updates 1 to n, in order."""
    for steps, warmup in ((1, 5), (12, 4), (30, 50)):
        matches(student, reference, "noam_rates", steps, draw.integer(16, 400), warmup)


@exercise.check("ANSWERS", 0.5)
def answer_top(student: Student, reference: Reference, draw: Draw) -> None:
    """Warm-up 4000: the update with the highest rate."""
    answer(student, "ANSWERS", "update with the highest rate", 4000)


@exercise.check("ANSWERS", 0.5)
def answer_fall(student: Student, reference: Reference, draw: Draw) -> None:
    """Warm-up 4000: the rate of update 16 000, divided by that of update 4000."""
    answer(student, "ANSWERS", "rate of 16000 over rate of 4000", 0.5, 1e-3)


@exercise.check("ANSWERS", 0.5)
def answer_width(student: Student, reference: Reference, draw: Draw) -> None:
    """Four times the width: the new highest rate divided by the old one."""
    answer(student, "ANSWERS", "highest rate, four times as wide", 0.5, 1e-3)


# --- mistakes ---


@exercise.mistake(
    "noam_rate", "Which of the two is smaller at the first update: the rising or the falling one? Which do you take?"
)
def max_for_min(step, width, warmup):
    return width**-0.5 * max(step**-0.5, step * warmup**-1.5)


@exercise.mistake("noam_rate", "Wide models want smaller steps. Does your rate know the width?")
def no_d(step, width, warmup):
    return min(step**-0.5, step * warmup**-1.5)


@exercise.mistake("noam_rate", "What should happen after the warm-up?")
def no_decay(step, width, warmup):
    return width**-0.5 * min(warmup**-0.5, step * warmup**-1.5)


@exercise.mistake("noam_rate", "The rate starts high and falls at once in yours. Where is the warm-up?")
def no_warmup(step, width, warmup):
    return width**-0.5 * step**-0.5


@exercise.mistake("noam_rate", "The two branches should meet at step = warmup. Check the power of warmup.")
def branches_apart(step, width, warmup):
    return width**-0.5 * min(step**-0.5, step * warmup**-0.5)


@exercise.mistake("noam_rate", "After warm-up the rate falls with the root of the step, not with the step itself.")
def falls_too_fast(step, width, warmup):
    return width**-0.5 * min(warmup**0.5 / step, step * warmup**-1.5)


@exercise.mistake("noam_rate", "Counting from 0 or from 1: what is the number of the first update?")
def counts_from_zero(step, width, warmup):
    return width**-0.5 * min((step + 1) ** -0.5, (step + 1) * warmup**-1.5)


@exercise.mistake("noam_rates", "The first update's rate is not 0. With which number does your list start?")
def list_from_zero(steps, width, warmup):
    return [0.0, *(noam_rate(step, width, warmup) for step in range(1, steps))]


@exercise.mistake("noam_rates", "How many rates are in your list, and how many updates were asked for?")
def one_short(steps, width, warmup):
    return [noam_rate(step, width, warmup) for step in range(1, steps)]


RIGHT = {
    "update with the highest rate": 4000,
    "rate of 16000 over rate of 4000": 0.5,
    "highest rate, four times as wide": 0.5,
}


exercise.wrong_value(
    "rises_forever", "ANSWERS", "The rate rises only as long as the warm-up lasts.",
    RIGHT | {"update with the highest rate": 16000},
)  # fmt: skip


exercise.wrong_value(
    "falls_with_step", "ANSWERS", "Four times as many updates, but the rate falls with the root of their number.",
    RIGHT | {"rate of 16000 over rate of 4000": 0.25},
)  # fmt: skip


exercise.wrong_value(
    "falls_with_width", "ANSWERS", "Which power of the width is in the formula?",
    RIGHT | {"highest rate, four times as wide": 0.25},
)  # fmt: skip
