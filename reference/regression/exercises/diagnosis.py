"""1.12 What is wrong?."""

from __future__ import annotations

from autograder.rubric import (
    Draw,
    Exercise,
    MismatchError,
    Reference,
    Student,
    expect,
    shown,
)

exercise = Exercise("1.12", "What is wrong?", owns=("diagnose",), points=5)


DIAGNOSES = ("model bias", "optimisation", "overfitting", "mismatch", "good")


def diagnosed(student: Student, case: tuple[float, ...]) -> str:
    """The student's diagnosis, in small letters, or a MismatchError that names the words there are."""
    given = student.diagnose(*case)
    word = given.strip().lower() if isinstance(given, str) else ""
    if word not in DIAGNOSES:
        words = ", ".join(f'"{one}"' for one in DIAGNOSES)
        raise MismatchError(f"`diagnose` gives one of {words}; you returned {shown(given)}.")
    return word


@exercise.check("diagnose", 1, public=True)
def five_layers(student: Student, reference: Reference, draw: Draw) -> None:
    """Five layers train to 0.34k where four reach 0.10k: that is "optimisation", not model bias."""
    case = (0.34, 0.5, 0.5, 0.10, 0.3)
    given = diagnosed(student, case)
    expect(given == reference.diagnose(*case), f"`diagnose` is not right here: you answered {given!r}.")


@exercise.check("diagnose", 4)
def every_case(student: Student, reference: Reference, draw: Draw) -> None:
    """The training loss is looked at first, then the held-out one, then the unseen year's; the target is fine."""
    cases = []
    for _ in range(3):
        target = draw.number(0.3, 0.5)

        def low() -> float:
            return draw.number(0.05, 0.9) * target

        def high() -> float:
            return draw.number(1.1, 2.5) * target

        bad = high()
        cases += [
            (bad, high(), high(), bad * draw.number(1.1, 1.5), target),
            (bad, high(), high(), bad * draw.number(0.3, 0.9), target),
            (bad, low(), low(), bad * draw.number(1.1, 1.5), target),
            (low(), high(), high(), high(), target),
            (low(), high(), low(), low(), target),
            (low(), low(), high(), high(), target),
            (low(), low(), low(), high(), target),
            (target, low(), low(), low(), target),  # a loss may be the target: it is not too large
            (low(), target, low(), low(), target),
            (low(), low(), target, low(), target),
            (bad, high(), high(), bad, target),  # no lower loss for the smaller model
            (low(), draw.number(1.001, 1.05) * target, low(), low(), target),  # a little too large is too large
            (low(), low(), draw.number(1.001, 1.05) * target, low(), target),
            (target, draw.number(1.001, 1.05) * target, low(), low(), target),  # not far above the training loss
            (draw.number(1.001, 1.05) * target, high(), high(), 3 * target, target),
        ]
    given = [diagnosed(student, case) for case in cases]
    wrong = [(case, word) for case, word in zip(cases, given, strict=True) if word != reference.diagnose(*case)]
    if wrong:
        case, word = wrong[0]
        names = ("train", "validation", "unseen", "smaller_train", "target")
        numbers = ", ".join(f"{name} {number:.3f}" for name, number in zip(names, case, strict=True))
        raise MismatchError(f"wrong in {len(wrong)} of {len(cases)} cases. For one, {numbers}, you answered {word!r}.")


# --- mistakes ---


@exercise.mistake("diagnose", "A large training loss is not overfitting: look at the training loss first.")
def unseen_first(train, validation, unseen, smaller_train, target):
    if validation > target:
        return "overfitting"
    if train > target:
        return "optimisation" if smaller_train < train else "model bias"
    return "mismatch" if unseen > target else "good"


@exercise.mistake(
    "diagnose", "When a smaller model trains to a lower loss, the larger one could too: its optimisation failed."
)
def always_bias(train, validation, unseen, smaller_train, target):
    if train > target:
        return "model bias"
    if validation > target:
        return "overfitting"
    return "mismatch" if unseen > target else "good"


@exercise.mistake("diagnose", "Model bias and optimisation are swapped.")
def swapped(train, validation, unseen, smaller_train, target):
    if train > target:
        return "model bias" if smaller_train < train else "optimisation"
    if validation > target:
        return "overfitting"
    return "mismatch" if unseen > target else "good"


@exercise.mistake(
    "diagnose", "Held-out rows of the same years tell overfitting from mismatch: look at validation before unseen."
)
def unseen_is_overfitting(train, validation, unseen, smaller_train, target):
    if train > target:
        return "optimisation" if smaller_train < train else "model bias"
    return "overfitting" if unseen > target or validation > target else "good"


@exercise.mistake(
    "diagnose", "Compare each loss with the target, not with the training loss: a gap alone is no overfitting."
)
def gap_is_overfitting(train, validation, unseen, smaller_train, target):
    if train > target:
        return "optimisation" if smaller_train < train else "model bias"
    if validation > train:
        return "overfitting"
    return "mismatch" if unseen > target else "good"


@exercise.mistake(
    "diagnose", "The smaller model's loss is compared with the target; compare it with your model's training loss."
)
def smaller_against_target(train, validation, unseen, smaller_train, target):
    if train > target:
        return "optimisation" if smaller_train <= target else "model bias"
    if validation > target:
        return "overfitting"
    return "mismatch" if unseen > target else "good"


@exercise.mistake("diagnose", "A loss may be as large as the target: only above it is it too large.")
def at_the_target(train, validation, unseen, smaller_train, target):
    if train >= target:
        return "optimisation" if smaller_train < train else "model bias"
    if validation >= target:
        return "overfitting"
    return "mismatch" if unseen >= target else "good"


@exercise.mistake("diagnose", "A smaller model with the same loss does not show that yours could do better.")
def as_good_as(train, validation, unseen, smaller_train, target):
    if train > target:
        return "optimisation" if smaller_train <= train else "model bias"
    if validation > target:
        return "overfitting"
    return "mismatch" if unseen > target else "good"


@exercise.mistake("diagnose", "The target is what a loss may be at most: a little more is too much.")
def some_room(train, validation, unseen, smaller_train, target):
    if train > 1.1 * target:
        return "optimisation" if smaller_train < train else "model bias"
    if validation > 1.1 * target:
        return "overfitting"
    return "mismatch" if unseen > 1.1 * target else "good"


@exercise.mistake("diagnose", "Overfitting is asked of the target alone: how far training is does not matter then.")
def needs_a_gap(train, validation, unseen, smaller_train, target):
    if train > target:
        return "optimisation" if smaller_train < train else "model bias"
    if validation > target and validation > 1.1 * train:
        return "overfitting"
    return "mismatch" if unseen > target else "good"
