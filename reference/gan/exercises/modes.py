"""6.11 Missing modes, and copies."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    expect,
    matches,
)

from .common import all_match

exercise = Exercise(
    "6.11",
    "Missing modes, and copies",
    owns=("ring", "modes_covered", "nearest_training", "copied_share"),
    points=8,
)


@exercise.check("ring", 1, public=True)
def four_on_a_ring(student: Student, reference: Reference, draw: Draw) -> None:
    """ring(4, 2) is [[2, 0], [0, 2], [-2, 0], [0, -2]]."""
    matches(student, reference, "ring", 4, 2.0)


@exercise.check("ring", 1)
def rings(student: Student, reference: Reference, draw: Draw) -> None:
    """ring puts any number of centres evenly on a circle, counter-clockwise from (radius, 0)."""
    for count in (3, 5, 8):
        got = matches(student, reference, "ring", count, draw.number(0.5, 3))
        precise = not isinstance(got, Tensor) or got.dtype is torch.float64
        expect(precise, "ring: the centres are in float32; float64 is asked for.")


def crowd(draw: Draw, centres: Tensor, counts: Tensor, low: float, high: float) -> Tensor:
    """So many samples around each centre, at distances in [low, high)."""
    places = centres.repeat_interleave(counts, dim=0)
    angles, radii = draw.uniform(len(places), high=2 * math.pi), draw.uniform(len(places), low=low, high=high)
    return places + radii[:, None] * torch.stack([angles.cos(), angles.sin()], dim=1)


@exercise.check("modes_covered", 3)
def counts_modes(student: Student, reference: Reference, draw: Draw) -> None:
    """modes_covered counts the centres with at least `least` samples nearest to them and within `distance`."""
    calls: list[tuple[Tensor, Tensor, float, int]] = []
    for count, wide, least in ((6, 0.5, 2), (7, 0.6, 3), (8, 0.7, 4)):  # centres far apart
        centres = reference.ring(count, 4.0).to(draw.dtype)[draw.permutation(count)]
        inside, beside, far = (torch.zeros(count, dtype=torch.int64) for _ in range(3))
        inside[:] = 2 * least
        inside[:6] = torch.tensor([least, least - 1, least - 1, 0, 0, 0])
        beside[3], far[4:6] = least, least
        samples = [
            crowd(draw, centres, inside, 0, 0.95 * wide),
            crowd(draw, centres, beside, 1.02 * wide, 1.1 * wide),
            crowd(draw, centres, far, 1.2, 1.4),
        ]
        calls.append((torch.cat(samples), centres, wide, least))
    for count, wide, least in ((5, 1.5, 2), (7, 2.5, 3)):  # centres within reach of one another
        centres = reference.ring(count, 1.0).to(draw.dtype)[draw.permutation(count)]
        counts = torch.zeros(count, dtype=torch.int64)
        counts[:2] = least
        calls.append((crowd(draw, centres, counts, 0, 0.3), centres, wide, least))
    apart = torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.0, 9.0], [0.0, 9.0, 0.0]], dtype=draw.dtype)  # in three dimensions
    around = apart.repeat_interleave(2, dim=0) + draw.uniform(6, 3, low=-0.5, high=0.5)
    calls.append((around[:4], apart, 1.0, 2))
    # At a distance of exactly 5, which counts; and none near.
    centres = torch.tensor([[0.0, 0.0], [40.0, 0.0], [0.0, 40.0]], dtype=draw.dtype)
    edge = torch.tensor([[3.0, 4.0], [-4.0, 3.0], [40.0, 5.0], [44.0, 4.0]], dtype=draw.dtype)
    calls += [(edge, centres, 5.0, least) for least in (1, 2)]
    calls.append((edge + 100, centres, 5.0, 1))
    all_match(student, reference, "modes_covered", calls)


@exercise.check("nearest_training", 2)
def neighbours(student: Student, reference: Reference, draw: Draw) -> None:
    """nearest_training gives the index and the Euclidean distance of each sample's nearest training image."""
    for rows, training, shape in ((3, 4, (2,)), (5, 7, (3, 2)), (6, 4, (2, 2, 3))):
        samples, images = draw.normal(rows, *shape), draw.normal(training, *shape)
        matches(student, reference, "nearest_training", samples, images)


@exercise.check("copied_share", 1)
def copies(student: Student, reference: Reference, draw: Draw) -> None:
    """copied_share is the share of samples, between 0 and 1, that have a training image within the tolerance."""
    images = draw.normal(6, 2, 3)
    samples = torch.cat([images[:3].repeat(2, 1, 1) + draw.normal(6, 2, 3, scale=0.01), draw.normal(4, 2, 3) + 4])
    matches(student, reference, "copied_share", samples, images, 0.2)
    matches(student, reference, "copied_share", samples[3:], images, 0.2)
    for count, tolerance in ((3, 0.5), (5, 2.0)):
        training = draw.normal(count, 5)
        samples = torch.cat([training[:2] + 0.1, training[-1:] + 0.6, training[:1] + 30])
        matches(student, reference, "copied_share", samples, training, tolerance)
    training = torch.tensor([[0.0, 0.0], [20.0, 0.0]], dtype=draw.dtype)
    samples = torch.tensor([[3.0, 4.0], [20.0, 6.0], [20.0, -5.0], [3.0, 0.0]], dtype=draw.dtype)
    matches(student, reference, "copied_share", samples, training, 5.0)  # at a distance of exactly 5, which counts


# --- mistakes ---


def on_a_ring(angles, radius):
    return radius * torch.stack([torch.cos(angles), torch.sin(angles)], dim=1)


@exercise.mistake("ring", "The last centre lies on the first: how far apart are the angles of K centres?")
def closed_ring(modes, radius):
    return on_a_ring(torch.linspace(0, 2 * torch.pi, modes, dtype=torch.float64), radius)


@exercise.mistake("ring", "Your centres go round the other way.")
def clockwise(modes, radius):
    return on_a_ring(-2 * torch.pi * torch.arange(modes, dtype=torch.float64) / modes, radius)


@exercise.mistake("ring", "Your centres lie on a half circle only.")
def half_ring(modes, radius):
    return on_a_ring(torch.pi * torch.arange(modes, dtype=torch.float64) / modes, radius)


@exercise.mistake("ring", "In which dtype are your angles? float64 is asked for, and float32 is torch's own choice.")
def ring_of_float32(modes, radius):
    return on_a_ring(2 * torch.pi * torch.arange(modes) / modes, radius)


@exercise.mistake("modes_covered", "Samples have d numbers, not always two: which dimensions do you compare?")
def first_two_dimensions(samples, centres, distance, least):
    return modes_covered_by(samples[:, :2], centres[:, :2], distance, least)


@exercise.mistake("modes_covered", "A sample within reach of two centres counts for both: which one is nearest?")
def counted_twice(samples, centres, distance, least):
    close = (samples[:, None] - centres).square().sum(dim=2).sqrt() <= distance
    return int((close.sum(dim=0) >= least).sum())


@exercise.mistake("modes_covered", "Every sample counts for some centre, however far away it is.")
def any_distance(samples, centres, distance, least):
    index = (samples[:, None] - centres).square().sum(dim=2).argmin(dim=1)
    return int((torch.bincount(index, minlength=len(centres)) >= least).sum())


@exercise.mistake("modes_covered", "Exactly `least` samples are enough.")
def more_than_least(samples, centres, distance, least):
    return modes_covered_by(samples, centres, distance, least + 1)


@exercise.mistake("modes_covered", "One sample is enough for you: what does `least` ask for?")
def one_is_enough(samples, centres, distance, least):
    return modes_covered_by(samples, centres, distance, 1)


@exercise.mistake("modes_covered", "You compare a squared distance with a distance.")
def squared_reach(samples, centres, distance, least):
    return modes_covered_by(samples, centres, distance**0.5, least)


def modes_covered_by(samples, centres, distance, least):
    nearest, index = (samples[:, None] - centres).square().sum(dim=2).sqrt().min(dim=1)
    return int((torch.bincount(index[nearest <= distance], minlength=len(centres)) >= least).sum())


@exercise.mistake("nearest_training", "The distances are squared: take the root.")
def squared_distance(samples, training):
    index, distance = all_distances(samples, training).min(dim=1)[::-1]
    return index, distance**2


@exercise.mistake("nearest_training", "The index comes first, then the distance: yours are the other way round.")
def distance_first(samples, training):
    return tuple(all_distances(samples, training).min(dim=1))


@exercise.mistake("nearest_training", "For each training image the nearest sample: it is the other way round.")
def nearest_sample(samples, training):
    return all_distances(training, samples).min(dim=1)[::-1]


@exercise.mistake("nearest_training", "This is the farthest training image, not the nearest.")
def farthest(samples, training):
    return all_distances(samples, training).max(dim=1)[::-1]


@exercise.mistake("nearest_training", "Sums of absolute differences: the Euclidean distance squares them.")
def manhattan(samples, training):
    differences = samples.flatten(1)[:, None] - training.flatten(1)
    return differences.abs().sum(dim=2).min(dim=1)[::-1]


def all_distances(samples, training):
    return (samples.flatten(1)[:, None] - training.flatten(1)).square().sum(dim=2).sqrt()


@exercise.mistake("copied_share", "A number of samples; asked for is their share.")
def copied_count(samples, training, tolerance):
    return int((nearest_training(samples, training)[1] <= tolerance).sum())  # noqa: F821


@exercise.mistake(
    "copied_share", "This is the share of training images that were copied; how many of the samples are copies?"
)
def share_of_training(samples, training, tolerance):
    index, distance = nearest_training(samples, training)  # noqa: F821
    return len(set(index[distance <= tolerance].tolist())) / len(training)


@exercise.mistake("copied_share", "You compare a squared distance with the tolerance.")
def squared_with_tolerance(samples, training, tolerance):
    return float((nearest_training(samples, training)[1].square() <= tolerance).double().mean())  # noqa: F821


@exercise.mistake("copied_share", "This is the share of new samples; how many are copies?")
def new_share(samples, training, tolerance):
    return float((nearest_training(samples, training)[1] > tolerance).double().mean())  # noqa: F821


@exercise.mistake("modes_covered", "A sample at a distance of exactly `distance`: does it count?")
def nearer_than_distance(samples, centres, distance, least):
    nearest, index = torch.cdist(samples, centres).min(dim=1)
    counts = torch.bincount(index[nearest < distance], minlength=len(centres))
    return int((counts >= least).sum())


@exercise.mistake("copied_share", "A sample at a distance of exactly the tolerance: is it a copy?")
def nearer_than_tolerance(samples, training, tolerance):
    return float((nearest_training(samples, training)[1] < tolerance).double().mean())  # noqa: F821
