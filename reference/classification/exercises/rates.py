"""2.9 Decay and warm-up."""

from __future__ import annotations

import math

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    matches,
)

exercise = Exercise("2.9", "Decay and warm-up", owns=("lr_decay", "warmup"), points=4)


@exercise.cases("lr_decay", 0.5, public=True)
def half_by_the_third(draw: Draw) -> tuple[float, int]:
    """lr_decay(1, 3) is 0.5."""
    return 1.0, 3


@exercise.cases("warmup", 0.5, sizes=(0, 1, 2, 3, 15), public=True)
def quarter_of_four(draw: Draw, t: int) -> tuple[float, int, int]:
    """warmup(1, t, 4) is 0.25, 0.5, 0.75, 1 for t = 0 to 3, and 0.5 for t = 15."""
    return 1.0, t, 4


@exercise.check("lr_decay", 1)
def decay(student: Student, reference: Reference, draw: Draw) -> None:
    """lr_decay starts at eta and falls with the root of the number of updates."""
    eta = draw.number(0.2, 2)
    for t in (0, 1, draw.integer(2, 50), draw.integer(1000, 9000)):
        matches(student, reference, "lr_decay", eta, t)


@exercise.check("warmup", 2)
def up_then_down(student: Student, reference: Reference, draw: Draw) -> None:
    """warmup climbs in equal steps to eta at t = warm - 1, and falls with the root from there, without a jump."""
    for warm in (1, draw.integer(2, 6), draw.integer(10, 40)):
        eta = draw.number(0.2, 2)
        for t in (0, warm - 1, warm, warm + 1, draw.integer(0, warm), draw.integer(2 * warm, 9 * warm)):
            matches(student, reference, "warmup", eta, t, warm)


# --- mistakes ---


@exercise.mistake("lr_decay", "It falls too fast: something is missing around t + 1.")
def decay_no_root(eta, t):
    return eta / (t + 1)


@exercise.mistake("lr_decay", "The rate itself goes under your root: eta stands outside.")
def root_of_all(eta, t):
    return math.sqrt(eta / (t + 1))


@exercise.mistake("lr_decay", "The first update is t = 0, and has the full rate: are you one step late?")
def decay_late(eta, t):
    return eta / math.sqrt(max(t, 1))


@exercise.mistake("lr_decay", "Halving is another schedule: which one is asked for?")
def halves(eta, t):
    return eta * 0.5**t


@exercise.mistake(
    "warmup", "With a rate of 0 the first update would be lost: where does the climb start, and where does it end?"
)
def starts_at_nothing(eta, t, warm):
    return eta * t / warm if t < warm else eta * math.sqrt(warm / (t + 1))


@exercise.mistake("warmup", "After the climb it stays at the top: and then?")
def never_decays(eta, t, warm):
    return eta * min(1.0, (t + 1) / warm)


@exercise.mistake("warmup", "The climb is right. Afterwards, from which t does the decay count?")
def decay_counts_anew(eta, t, warm):
    return eta * (t + 1) / warm if t < warm else eta / math.sqrt(t - warm + 1)


@exercise.mistake(
    "warmup", "There is a jump at the top: compare the last rate of the climb with the first one after it."
)
def jump(eta, t, warm):
    return eta * (t + 1) / warm if t < warm else eta / math.sqrt(t + 1)


@exercise.mistake("warmup", "It decays from the start: which way does a warm-up go?")
def no_warmup(eta, t, warm):
    return eta / math.sqrt(t + 1)


@exercise.mistake("warmup", "The climb goes in equal steps, not along a root.")
def climbs_as_root(eta, t, warm):
    return eta * math.sqrt((t + 1) / warm) if t < warm else eta * math.sqrt(warm / (t + 1))
