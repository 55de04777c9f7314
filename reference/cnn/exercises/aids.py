"""3.8 Augmentation, mixup, and a fair measurement."""

from __future__ import annotations

from itertools import product
from typing import Any

import msgspec
import torch
import torch.nn.functional as F

from autograder.rubric import (
    Draw,
    Exercise,
    MismatchError,
    Reference,
    Score,
    Student,
    expect,
    matches,
    tensor_of,
)

from .common import _shift, unrelated

exercise = Exercise(
    "3.8",
    "Augmentation, mixup, and a fair measurement",
    owns=("augment", "mixup", "soft_cross_entropy", "evaluate"),
    points=10,
)


def augmented(student: Student, x: torch.Tensor, most: int, generator: Any) -> torch.Tensor:
    """What the student's augment makes of x."""
    return tensor_of(student.augment(x, most, generator), tuple(x.shape), "augment")


def moves_of(before: torch.Tensor, after: torch.Tensor, most: int) -> torch.Tensor:
    """The move (down, right) of each image (N, 2), or a MismatchError where an image was not moved but changed."""
    before, after = before.double(), after.double()
    padded = torch.nn.functional.pad(before, (most,) * 4)
    height, width = before.shape[2:]
    found, known = torch.zeros(len(before), 2, dtype=torch.int64), torch.zeros(len(before), dtype=torch.bool)
    for down, right in product(range(-most, most + 1), repeat=2):
        here = padded[:, :, most - down : most - down + height, most - right : most - right + width]
        same = ((here - after).abs() <= 1e-6 + 1e-6 * here.abs()).flatten(1).all(dim=1) & ~known
        found[same], known = torch.tensor([down, right]), known | same
    if not known.all():
        number = int((~known).nonzero()[0])
        raise MismatchError(
            f"augment: image {number} of {len(before)} is not the image moved by at most {most} pixels each way."
        )
    return found


def equally_likely(values: torch.Tensor) -> bool:
    """Whether the values that occur are equally frequent, by a chi-squared test.

    Seven standard deviations in the approximation of Wilson and Hilferty: a fair draw fails with a chance of 1.3e-12.
    """
    counts = values.unique(return_counts=True)[1].double()
    if len(counts) < 2:
        return True
    expected, freedom = len(values) / len(counts), len(counts) - 1
    limit = freedom * (1 - 2 / (9 * freedom) + 7 * (2 / (9 * freedom)) ** 0.5) ** 3
    return bool(float(((counts - expected) ** 2 / expected).sum()) <= limit)


@exercise.cases("soft_cross_entropy", 0.5, public=True)
def no_idea(draw: Draw) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits [0, 0] cost log 2 whatever the target."""
    return torch.zeros(1, 2, dtype=draw.dtype), torch.tensor([[0.3, 0.7]], dtype=draw.dtype)


@exercise.cases("mixup", 0.5, public=True)
def half_and_half(draw: Draw) -> tuple[object, ...]:
    """Examples [1, 3] and [5, 7] blend to [2, 4] and [4, 6] at 0.75."""
    x, targets = torch.tensor([[1.0, 3.0], [5.0, 7.0]], dtype=draw.dtype), torch.eye(2, dtype=draw.dtype)
    return x, targets, 0.75, torch.tensor([1, 0])


@exercise.check("augment", 2)
def moved_images(student: Student, reference: Reference, draw: Draw) -> Score:
    """augment moves each image by its own whole number of pixels, up to `most` in all four directions."""
    share, problem = 1.0, ""
    x = draw.uniform(9, 1, 2, 3, low=0.5, high=1)
    moves_of(x, augmented(student, x, 4, draw.generator()), 4)  # some leave the image altogether
    for count, channels, most in ((4, 1, 1), (60, 2, 1), (120, 1, 2)):  # enough for every move to occur
        x = draw.uniform(count, channels, 7, 9, low=0.5, high=1)
        found = [tuple(one) for one in moves_of(x, augmented(student, x, most, draw.generator()), most).tolist()]
        if count == 4:
            continue
        expect(len(set(found)) > 1, "augment: all images of the batch move together.")
        expect(any(down != right for down, right in found), "augment: each image moves as far down as to the right.")
        for axis, way in enumerate(("down", "to the right")):
            missing = [move for move in range(-most, most + 1) if all(one[axis] != move for one in found)]
            share = min(share, 1 - len(missing) / (2 * most + 1))
            if missing and not problem:
                problem = f"augment: with most = {most}, none of {count} images moves by {missing[0]:+d} {way}."
    return Score(1.0 if not problem else 0.5 if share > 0.5 else 0.0, problem)


@exercise.check("augment", 1)
def never_the_same(student: Student, reference: Reference, draw: Draw) -> None:
    """Ten calls on one image give at least three different ones. Moves are equally likely and independent."""
    x, most = draw.uniform(1, 2, 8, 9, low=0.5, high=1), 3
    going_on = draw.generator()
    twin = msgspec.structs.replace(going_on, key=-going_on.key)
    results = [augmented(student, x, most, going_on) for _ in range(10)]
    different = {tuple(one.reshape(-1).tolist()) for one in results}
    # Of 49 moves, ten draws give one or two with a chance of 1.5e-11.
    expect(len(different) >= 3, f"augment: only {len(different)} different images in ten calls.")
    again = augmented(student, x, most, twin)
    expect((again == results[0]).all(), "augment: an equal generator gives another move; draw from it alone.")
    most = 5
    x, going_on = draw.uniform(2400, 1, 6, 7, low=0.5, high=1), draw.generator()
    first, second = (moves_of(x, augmented(student, x, most, going_on), most) for _ in range(2))
    for moves, way in ((first[:, 0], "down"), (first[:, 1], "to the right")):
        expect(equally_likely(moves), f"augment: some moves {way} occur far more often than others.")
    # Of 4800 images, none of a cell of 121 has a chance of 5e-18.
    still = bool((torch.cat([first, second]) == 0).all(dim=1).any())
    expect(still, "augment: an image may also stay where it is: 0 is as likely as any other number, both ways.")
    # Cells of two numbers each: of one image, of neighbours, and of one image in two calls.
    down, right = first.T
    expect(equally_likely(down * 100 + right), "augment: the move to the right follows from the move down.")
    expect(equally_likely(down[1:] * 100 + down[:-1]), "augment: an image's move follows from its neighbour's.")
    expect(equally_likely(down * 100 + second[:, 0]), "augment: the next call's moves follow from this one's.")
    each = [(one - one.mean()) / one.std().clamp_min(1e-9) for one in (down.double(), right.double())]
    fine = all(unrelated(one) for one in each) and unrelated(*each)
    expect(fine, "augment: the images' moves are not independent.")


@exercise.check("mixup", 1)
def blends(student: Student, reference: Reference, draw: Draw) -> None:
    """mixup blends images and targets with the same weight and the same partner."""
    for count, classes in ((3, 2), (6, 4)):
        targets = torch.eye(classes, dtype=draw.dtype)[draw.integers(0, classes, count)]
        targets[0] = torch.softmax(draw.normal(classes), dim=0)
        weight = draw.choice((0.1, 0.3, 0.8, 0.95))
        for order in (draw.permutation(count), draw.integers(0, count, count)):
            matches(student, reference, "mixup", draw.normal(count, 2, 3, 4), targets, weight, order)


@exercise.check("soft_cross_entropy", 1)
def soft_targets(student: Student, reference: Reference, draw: Draw) -> None:
    """soft_cross_entropy counts every class as much as its target says: the mean over examples, not over entries."""
    for count, classes in ((1, 3), (4, 3), (7, 10)):
        targets, logits = torch.softmax(draw.normal(count, classes), dim=1), draw.normal(count, classes, scale=2)
        matches(student, reference, "soft_cross_entropy", logits.requires_grad_(), targets)  # to train with


@exercise.check("soft_cross_entropy", 1)
def large_logits(student: Student, reference: Reference, draw: Draw) -> None:
    """soft_cross_entropy is right for logits around 1000 and -1000 too, also where a row has both."""
    for sizes in ((1000, 1000, 1000), (-1000, -1000, -1000), (1000, -1000, 0)):
        logits = torch.tensor(sizes, dtype=draw.dtype) + draw.normal(4, 3, scale=10)
        matches(student, reference, "soft_cross_entropy", logits, torch.softmax(draw.normal(4, 3), dim=1))


def tiny_state(draw: Draw, channels: int, filters: int, classes: int) -> dict[str, torch.Tensor]:
    """A state of tiny_cnn whose running statistics are unlike those of any batch."""
    state = {
        "kernel": draw.normal(filters, channels, 3, 3),
        "mean": draw.normal(filters),
        "var": draw.uniform(filters, low=0.3, high=6),
        "gain": draw.uniform(filters, low=0.5, high=2),
        "offset": draw.normal(filters),
        "weight": draw.normal(classes, filters, scale=2),
        "bias": draw.normal(classes),
    }
    for name in ("kernel", "gain", "offset", "weight", "bias"):
        state[name].requires_grad_()
    return state


@exercise.check("evaluate", 2)
def measures(student: Student, reference: Reference, draw: Draw) -> None:
    """evaluate gives the means over all examples, in evaluation mode, the same for every batch size."""
    for count, size in ((6, 3), (13, 5), (13, 13), (11, 20), (7, 3)):
        state = tiny_state(draw, 2, 6, 4)
        x, labels = draw.normal(count, 2, 5, 6), draw.integers(0, 4, count)
        matches(student, reference, "evaluate", state, x, labels, size)


@exercise.check("evaluate", 1)
def without_gradients(student: Student, reference: Reference, draw: Draw) -> None:
    """evaluate leaves no gradients behind: its loss is a number, not the end of a graph. Training can go on."""
    measured = set()
    for count in (5, 3):
        state, x, labels = tiny_state(draw, 1, 4, 3), draw.normal(count, 1, 4, 6), draw.integers(0, 3, count)
        got = student.evaluate(state, x, labels, 2)
        two = isinstance(got, tuple | list) and len(got) == 2
        expect(two, "evaluate returns two things: the loss and the accuracy.")
        attached = any(isinstance(one, torch.Tensor) and one.requires_grad for one in got)
        expect(not attached, "evaluate: the loss still requires gradients; measure under torch.no_grad().")
        measured.add(float(tensor_of(got[0], (), "the loss of evaluate")))
        # tiny_cnn is ready made: with what comes after a measurement, it must be possible to train.
        after = student.tiny_cnn(state, x, True)
        on = not isinstance(after, torch.Tensor) or after.requires_grad
        expect(on, "evaluate: gradients are still switched off when it is done; use `with torch.no_grad():`.")
    expect(len(measured - {0.0}) == 2, "evaluate: the loss is 0, or the same for two networks and their images.")


# --- mistakes ---


@exercise.mistake("augment", "Does each image of the batch get its own move?")
def one_move(x, most, generator):
    down, right = torch.randint(-most, most + 1, (2,), generator=generator).tolist()
    return _shift(x, down, right)


@exercise.mistake("augment", "The upper end of randint is left out: how far do your images move?")
def never_the_farthest(x, most, generator):
    moves = torch.randint(-most, most, (len(x), 2), generator=generator).tolist()
    return torch.stack([_shift(image[None], *move)[0] for image, move in zip(x, moves)])


@exercise.mistake("augment", "randint leaves its upper end out: can your images move by +most?")
def upper_ends_left_out(x, most, generator):
    down, right = (torch.randint(-most, most, (len(x),), generator=generator).tolist() for _ in range(2))
    return torch.stack([_shift(image[None], *move)[0] for image, *move in zip(x, down, right)])


@exercise.mistake("augment", "Negative numbers move up and left: do yours occur?")
def never_up_or_left(x, most, generator):
    moves = torch.randint(0, most + 1, (len(x), 2), generator=generator).tolist()
    return torch.stack([_shift(image[None], *move)[0] for image, move in zip(x, moves)])


@exercise.mistake("augment", "What comes in at the border?")
def augment_rolls(x, most, generator):
    moves = torch.randint(-most, most + 1, (len(x), 2), generator=generator).tolist()
    return torch.stack([torch.roll(image, move, (1, 2)) for image, move in zip(x, moves)])


@exercise.mistake("augment", "Down and right are two numbers.")
def diagonal(x, most, generator):
    moves = torch.randint(-most, most + 1, (len(x),), generator=generator).tolist()
    return torch.stack([_shift(image[None], move, move)[0] for image, move in zip(x, moves)])


@exercise.mistake("augment", "The channels of an image belong together.")
def channels_apart(x, most, generator):
    flat = x.reshape(-1, 1, *x.shape[2:])
    moves = torch.randint(-most, most + 1, (len(flat), 2), generator=generator).tolist()
    return torch.cat([_shift(image[None], *move) for image, move in zip(flat, moves)]).reshape(x.shape)


@exercise.mistake("augment", "The next call should give other moves: who starts the generator anew?")
def same_moves(x, most, generator):
    fixed = torch.Generator().manual_seed(0)
    moves = torch.randint(-most, most + 1, (len(x), 2), generator=fixed).tolist()
    return torch.stack([_shift(image[None], *move)[0] for image, move in zip(x, moves)])


@exercise.mistake("augment", "Each number is equally likely: are the small ones more frequent in yours?")
def normal_moves(x, most, generator):
    moves = (torch.randn(len(x), 2, generator=generator) * most).round().clamp(-most, most).long().tolist()
    return torch.stack([_shift(image[None], *move)[0] for image, move in zip(x, moves)])


@exercise.mistake(
    "augment", "A real number cut to an int: from how far does 0 get its share, and from how far the others?"
)
def cut_towards_zero(x, most, generator):
    moves = ((torch.rand(len(x), 2, generator=generator) * 2 - 1) * (most + 1)).long().tolist()
    return torch.stack([_shift(image[None], *move)[0] for image, move in zip(x, moves)])


@exercise.mistake("augment", "Each image draws its own move; yours follow from one another.")
def moves_in_turn(x, most, generator):
    start = torch.randint(-most, most + 1, (2,), generator=generator).tolist()
    moves = [[(s + i * k) % (2 * most + 1) - most for k, s in ((1, start[0]), (2, start[1]))] for i in range(len(x))]
    return torch.stack([_shift(image[None], *move)[0] for image, move in zip(x, moves)])


@exercise.mistake("mixup", "Whose weight is `weight`: the example's, or its partner's?")
def weights_swapped(x, targets, weight, order):
    return weight * x[order] + (1 - weight) * x, weight * targets[order] + (1 - weight) * targets


@exercise.mistake("mixup", "The image is a blend of two. And its target?")
def hard_targets(x, targets, weight, order):
    return weight * x + (1 - weight) * x[order], targets


@exercise.mistake("mixup", "Do images and targets blend with the same partner?")
def other_partner(x, targets, weight, order):
    return weight * x + (1 - weight) * x[order], weight * targets + (1 - weight) * targets.flip(0)


@exercise.mistake("soft_cross_entropy", "A soft target has more than one class.")
def hard_labels(logits, targets):
    return F.cross_entropy(logits, targets.argmax(dim=1))


@exercise.mistake("soft_cross_entropy", "The mean is over the examples. Over what else is yours?")
def mean_over_entries(logits, targets):
    return -(targets * torch.log_softmax(logits, dim=1)).mean()


@exercise.mistake("soft_cross_entropy", "Is it the sum or the mean over the batch?")
def sum_over_batch(logits, targets):
    return -(targets * torch.log_softmax(logits, dim=1)).sum()


@exercise.mistake("soft_cross_entropy", "What is exp(1000)?")
def unstable(logits, targets):
    e = torch.exp(logits)
    return -(targets * torch.log(e / e.sum(dim=1, keepdim=True))).sum(dim=1).mean()


@exercise.mistake("soft_cross_entropy", "Adding a small number inside the logarithm changes large losses.")
def log_eps(logits, targets):
    return -(targets * torch.log(torch.softmax(logits, dim=1) + 1e-8)).sum(dim=1).mean()


@exercise.mistake(
    "soft_cross_entropy", "A softmax may be 0, and log 0 is infinite. Is there a function for both at once?"
)
def log_of_softmax(logits, targets):
    return -(targets * torch.log(torch.softmax(logits, dim=1))).sum(dim=1).mean()


@exercise.mistake("soft_cross_entropy", "How large can a loss get, if no probability may be smaller than your bound?")
def log_clamped(logits, targets):
    return -(targets * torch.log(torch.softmax(logits, dim=1).clamp(min=1e-12))).sum(dim=1).mean()


@exercise.mistake("evaluate", "In which mode is the network when you measure?")
def in_training_mode(state, x, labels, batch_size):
    return _measure(state, x, labels, batch_size, training=True)


@exercise.mistake("evaluate", "The last batch is smaller: should it count as much as the others?")
def mean_of_batches(state, x, labels, batch_size):
    parts = [_measure(state, *part, len(part[0])) for part in zip(x.split(batch_size), labels.split(batch_size))]
    return sum(part[0] for part in parts) / len(parts), sum(part[1] for part in parts) / len(parts)


@exercise.mistake("evaluate", "Is every example measured, also those of the last batch?")
def last_batch_dropped(state, x, labels, batch_size):
    whole = max(batch_size, len(x) // batch_size * batch_size)
    return _measure(state, x[:whole], labels[:whole], batch_size)


@exercise.mistake("evaluate", "cross_entropy takes logits. What do you give it?")
def softmax_twice(state, x, labels, batch_size):
    return _measure(state, x, labels, batch_size, lambda logits: torch.softmax(logits, dim=1))


@exercise.mistake("evaluate", "Accuracy is a share between 0 and 1.")
def percent(state, x, labels, batch_size):
    loss, accuracy = _measure(state, x, labels, batch_size)
    return loss, 100 * accuracy


@exercise.mistake("evaluate", "Nobody learns while you measure: are gradients kept?")
def keeps_gradients(state, x, labels, batch_size):
    with torch.enable_grad():
        logits = tiny_cnn(state, x, training=False)
        return F.cross_entropy(logits, labels), (logits.argmax(dim=1) == labels).double().mean()


def _measure(state, x, labels, batch_size, change=lambda logits: logits, training=False):
    """A right measurement, for mutants to spoil."""
    loss, right = 0.0, 0
    with torch.no_grad():
        for images, truth in zip(x.split(batch_size), labels.split(batch_size)):
            logits = tiny_cnn(state, images, training=training)
            loss += F.cross_entropy(change(logits), truth, reduction="sum").item()
            right += int((logits.argmax(dim=1) == truth).sum())
    return loss / len(x), right / len(x)


@exercise.mistake("augment", "An image may stay where it is: 0 both ways is as likely as any other move.")
def never_still(x, most, generator):
    moves = torch.randint(-most, most + 1, (len(x), 2), generator=generator).tolist()
    moves = [move if any(move) or most == 0 else [1, 0] for move in moves]
    return torch.stack([_shift(image[None], *move)[0] for image, move in zip(x, moves)])


@exercise.mistake("evaluate", "A last batch of one example counts, too.")
def leaves_out_one(state, x, labels, batch_size):
    loss, right = 0.0, 0
    with torch.no_grad():
        for images, truth in zip(x.split(batch_size), labels.split(batch_size)):
            if len(images) > 1:
                logits = tiny_cnn(state, images, training=False)
                loss += F.cross_entropy(logits, truth, reduction="sum").item()
                right += int((logits.argmax(dim=1) == truth).sum())
    return loss / len(x), right / len(x)
