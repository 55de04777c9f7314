"""1.7 Batches, updates, epochs."""

from __future__ import annotations

import msgspec
import torch

from autograder.rubric import (
    Draw,
    Exercise,
    MismatchError,
    Reference,
    Score,
    Student,
    as_tensor,
    expect,
    matches,
    short_answers,
)

exercise = Exercise("1.7", "Batches, updates, epochs", owns=("epoch_batches", "updates_per_epoch", "ANSWERS"), points=8)


def epoch(student: Student, draw: Draw, n: int, size: int, generator: object = None) -> list[list[int]]:
    """One epoch's batches as lists of indices, or a MismatchError that says what they are instead."""
    found = student.epoch_batches(n, size, generator or draw.generator())
    if not isinstance(found, list | tuple):
        raise MismatchError("epoch_batches: expected a list of index tensors.")
    plain = []
    for batch in found:
        indices = as_tensor(batch)
        if indices is None or indices.ndim != 1 or not bool((indices == indices.round()).all()):
            raise MismatchError("epoch_batches: each batch is a 1-D tensor of whole numbers.")
        plain.append([int(index) for index in indices])
    return plain


@exercise.check("epoch_batches", 1, public=True)
def sizes(student: Student, reference: Reference, draw: Draw) -> None:
    """10 examples in batches of 4 make batches of 4, 4 and 2."""
    batches_ = epoch(student, draw, 10, 4)
    found = [len(batch) for batch in batches_]
    expect(found == [4, 4, 2], f"epoch_batches(10, 4): the batches have sizes {found[:20]}.")
    expect(len(set(sum(batches_, []))) == 10, "epoch_batches(10, 4): the batches do not hold 10 different examples.")


@exercise.check("epoch_batches", 2)
def every_example_once(student: Student, reference: Reference, draw: Draw) -> None:
    """An epoch sees each of 0 .. n-1 exactly once; only the last batch may be smaller."""
    for n, size in ((6, 3), (10, 4), (23, 5), (40, 7), (5, 5), (3, 8), (1, 1)):
        found = epoch(student, draw, n, size)
        seen = sorted(index for batch in found for index in batch)
        expect(seen == list(range(n)), f"epoch_batches({n}, {size}) does not see every example exactly once.")
        full = all(len(batch) == size for batch in found[:-1])
        expect(full and len(found[-1]) <= size, f"epoch_batches({n}, {size}): each batch but the last has {size}.")


@exercise.check("epoch_batches", 2)
def fresh_order(student: Student, reference: Reference, draw: Draw) -> None:
    """Each epoch has a new random order, drawn from the generator: the same generator state gives the same epoch."""
    n = 60
    going_on = draw.generator()
    twin = msgspec.structs.replace(going_on, key=-going_on.key)
    epochs = [epoch(student, draw, n, 7, going_on) for _ in range(2)]
    first, second = (sum(one, []) for one in epochs)
    expect(first != list(range(n)), "epoch_batches: the order is not random.")
    expect(first != second, "epoch_batches: the second epoch has the same order as the first.")
    companies = [{frozenset(batch) for batch in one} for one in epochs]
    expect(companies[0] != companies[1], "epoch_batches: the same examples share a batch in every epoch.")
    again = sum(epoch(student, draw, n, 7, twin), [])
    expect(first == again, "epoch_batches: an equal generator gives another order; draw it from the generator alone.")
    other = sum(epoch(student, draw, n, 7), [])
    expect(first != other, "epoch_batches: another generator gives the same order; draw it from the generator.")
    uniformly(student, draw)


def uniformly(student: Student, draw: Draw) -> None:
    """Every order is equally likely. Each bound is 7 standard deviations or more from what is right: all of them
    together fail a right order with a chance below 1e-9."""
    n, going_on = 1000, draw.generator()
    order, after = (torch.tensor(sum(epoch(student, draw, n, 30, going_on), [])) for _ in range(2))
    steps, half = order.diff(), n // 2
    climbs = int((steps > 0).sum())  # mean 499.5, standard deviation 9.1
    expect(abs(climbs - half) <= 70, f"epoch_batches: {climbs} of {n - 1} examples follow a smaller one: not random.")
    beside = int((steps.abs() == 1).sum())  # Poisson, mean 2
    expect(beside <= 30, f"epoch_batches: {beside} of {n} neighbours in the data stay neighbours: not random.")
    kinds = len(set((steps % n).tolist()))  # mean 632, standard deviation below 16
    expect(kinds > 500, "epoch_batches: the order is regular: each step from one example to the next looks alike.")
    early = int((order[:half] < half).sum())  # hypergeometric, mean 250, standard deviation 7.9
    expect(abs(early - half // 2) <= 60, "epoch_batches: examples of the first half stay together.")
    ranks = torch.stack([order.argsort(), after.argsort()]).double()
    alike = float(torch.corrcoef(ranks)[0, 1])  # standard deviation 0.032
    expect(abs(alike) <= 0.24, "epoch_batches: the second epoch's order depends on the first one's.")
    forward = 0  # how many come later than in the data: Eulerian, mean 499.5 an epoch, all 20 together 9990 +- 40.8
    for _ in range(20):
        forward += int((torch.tensor(sum(epoch(student, draw, n, n, going_on), [])) > torch.arange(n)).sum())
    expect(abs(forward - 9990) <= 300, "epoch_batches: some orders are more likely than others.")
    places = torch.zeros(5, 5)
    for _ in range(120):
        places[range(5), sum(epoch(student, draw, 5, 2, going_on), [])] += 1
    fair = bool(((places > 0) & (places < 64)).all())  # binomial (120, 1/5): 0 or 64 have a chance below 3e-12
    expect(fair, "epoch_batches: not every example comes at every place equally often.")


@exercise.check("updates_per_epoch", 1)
def counts_updates(student: Student, reference: Reference, draw: Draw) -> None:
    """updates_per_epoch counts the smaller last batch too."""
    odd = draw.integer(3, 30)
    cases = ((10, 5), (10, 4), (3, 7), (draw.integer(100, 999), odd), (odd, 1), (7 * odd, odd), (5001, 5000), (4, 4))
    for n, size in cases:
        matches(student, reference, "updates_per_epoch", n, size)


@exercise.check("ANSWERS", 2)
def answers(student: Student, reference: Reference, draw: Draw) -> Score:
    """The three numbers in ANSWERS are right."""
    questions = {
        "updates, 10000 in batches of 10": 1000,
        "updates, 1000 in batches of 100, 5 epochs": 50,
        "relus for 100 hard sigmoids": 200,
    }
    return short_answers(student, "ANSWERS", questions)


# --- mistakes ---


@exercise.mistake("epoch_batches", "The order is never shuffled.")
def no_shuffle(n, batch_size, generator):
    return list(torch.arange(n).split(batch_size))


@exercise.mistake("epoch_batches", "You draw with replacement: some examples are seen twice, others never.")
def with_replacement(n, batch_size, generator):
    return list(torch.randint(n, (n,), generator=generator).split(batch_size))


@exercise.mistake("epoch_batches", "The last batch is filled up with repeats; it may be smaller.")
def pad_last(n, batch_size, generator):
    order = torch.randperm(n, generator=generator)
    short = -n % batch_size
    return list(torch.cat([order, order[:short]]).split(batch_size))


@exercise.mistake("epoch_batches", "The last, smaller batch is dropped: those examples are never seen.")
def drop_last(n, batch_size, generator):
    return [batch for batch in torch.randperm(n, generator=generator).split(batch_size) if len(batch) == batch_size]


@exercise.mistake("epoch_batches", "Every epoch has the same order: draw from the generator, do not reseed.")
def same_every_epoch(n, batch_size, generator):
    return list(torch.randperm(n, generator=torch.Generator().manual_seed(0)).split(batch_size))


@exercise.mistake("epoch_batches", "The order does not come from the generator: pass it on to what draws.")
def ignores_generator(n, batch_size, generator):
    return list(torch.randperm(n).split(batch_size))


@exercise.mistake("epoch_batches", "You make `batch_size` batches; make batches with `batch_size` examples each.")
def counts_batches(n, batch_size, generator):
    return list(torch.randperm(n, generator=generator).chunk(batch_size))


@exercise.mistake(
    "epoch_batches", "Only the order of the batches is random, so the same examples always meet: shuffle examples."
)
def shuffles_batches_only(n, batch_size, generator):
    parts = torch.arange(n).split(batch_size)
    return [parts[i] for i in torch.randperm(len(parts), generator=generator)]


@exercise.mistake("epoch_batches", "The indices start at 0, not at 1.")
def from_one(n, batch_size, generator):
    return list((torch.randperm(n, generator=generator) + 1).split(batch_size))


@exercise.mistake(
    "updates_per_epoch", "There is no update more when the batches fit exactly: round up, do not always add one."
)
def always_one_more(n, batch_size):
    return n // batch_size + 1


@exercise.mistake("updates_per_epoch", "An update uses a whole batch: an epoch has fewer updates than examples.")
def updates_is_n(n, batch_size):
    return n


@exercise.mistake("updates_per_epoch", "The smaller last batch is an update too: round up.")
def rounds_down(n, batch_size):
    return n // batch_size


exercise.wrong_value(
    "answers_mixed_up",
    "ANSWERS",
    "An update uses one batch: count batches, not examples.",
    {
        "updates, 10000 in batches of 10": 10_000,
        "updates, 1000 in batches of 100, 5 epochs": 5_000,
        "relus for 100 hard sigmoids": 100,
    },
)


@exercise.mistake(
    "epoch_batches", "Only the place where the order begins is random: every order should be equally likely."
)
def rotated(n, batch_size, generator):
    return list(((torch.arange(n) + torch.randint(n, (1,), generator=generator)) % n).split(batch_size))


@exercise.mistake("epoch_batches", "Each batch is in order: leave it as it was drawn.")
def sorted_batches(n, batch_size, generator):
    return [batch.sort().values for batch in torch.randperm(n, generator=generator).split(batch_size)]


@exercise.mistake("epoch_batches", "The first half of the examples always comes first: shuffle them all together.")
def half_by_half(n, batch_size, generator):
    half = n // 2
    halves = torch.randperm(half, generator=generator), half + torch.randperm(n - half, generator=generator)
    return list(torch.cat(halves).split(batch_size))


@exercise.mistake("epoch_batches", "One example always has the same place: shuffle them all.")
def first_stays(n, batch_size, generator):
    rest = 1 + torch.randperm(n - 1, generator=generator)
    return list(torch.cat([torch.zeros(1, dtype=torch.int64), rest]).split(batch_size))


@exercise.mistake("updates_per_epoch", "Python rounds a half to the even side: round up in another way.")
def half_to_even(n, batch_size):
    return round(n / batch_size + 0.5)


@exercise.mistake(
    "epoch_batches", "To swap each place with any other makes some orders more likely: swap with one not yet passed."
)
def swaps_with_any(n, batch_size, generator):
    order = torch.arange(n)
    for place, other in enumerate(torch.randint(n, (n,), generator=generator).tolist()):
        order[[place, other]] = order[[other, place]]
    return list(order.split(batch_size))
