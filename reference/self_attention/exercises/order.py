"""4.6 Attention does not know the order."""

from __future__ import annotations

import torch

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    compare,
    expect,
    gradients_reach,
    matches,
    tensor_of,
)

from .common import LIBRARY_ATTENTION, matrices, tensor, trained

exercise = Exercise(
    "4.6",
    "Attention does not know the order",
    owns=("attend_with_positions", "permutation_gap"),
    points=6,
    bans=LIBRARY_ATTENTION,
)


@exercise.check("permutation_gap", 1, public=True)
def two_swapped(student: Student, reference: Reference, draw: Draw) -> None:
    """x = [[[1, 0], [0, 2]]], order [1, 0], identities, one head: 0; 0.8884 with the positions [[1, 0], [0, 0]]."""
    eye, x = torch.eye(2, dtype=draw.dtype), tensor([[[1, 0], [0, 2]]], draw)
    for positions in (None, tensor([[1, 0], [0, 0]], draw)):
        matches(student, reference, "permutation_gap", x, torch.tensor([1, 0]), positions, eye, eye, eye, eye, 1)


@exercise.check("attend_with_positions", 2)
def placed(student: Student, reference: Reference, draw: Draw) -> None:
    """attend_with_positions adds a position's vector to every frame at that position, before it attends."""
    for batch, length, width, count in ((2, 3, 4, 2), (3, 5, 6, 3), (1, 1, 4, 2)):
        x, positions, four = (
            trained(draw.normal(batch, length, width)),
            draw.normal(length, width),
            matrices(draw, width),
        )
        matches(student, reference, "attend_with_positions", x, None, *four, count)
        matches(student, reference, "attend_with_positions", x, positions, *four, count)
    x, positions = draw.normal(2, 3, 4), draw.normal(3, 4)
    gradients_reach(student, reference, "attend_with_positions", x, positions, *matrices(draw, 4), 2)


@exercise.check("attend_with_positions", 1)
def equivariant(student: Student, reference: Reference, draw: Draw) -> None:
    """Without positions, shuffled inputs give the same outputs, shuffled; with positions they do not."""
    batch, length, width, count = 2, 6, 8, 2
    x, positions, four = draw.normal(batch, length, width), draw.normal(length, width), matrices(draw, width)
    shuffle = torch.roll(torch.arange(length), draw.integer(1, length))
    for table in (None, positions):
        plain, shuffled = (
            tensor_of(
                student.attend_with_positions(part, table, *four, count), (batch, length, width), "the output"
            ).to(draw.dtype)
            for part in (x, x[:, shuffle])
        )
        if table is None:
            compare(shuffled, plain[:, shuffle], "without positions, the outputs of the shuffled inputs")
        else:
            gap = float((shuffled - plain[:, shuffle]).abs().max())
            expect(gap > 1e-3, "attend_with_positions: positions are given, yet the order makes no difference.")


@exercise.check("permutation_gap", 2)
def measured(student: Student, reference: Reference, draw: Draw) -> None:
    """permutation_gap is the largest absolute difference between your own outputs: 0 without positions."""
    for batch, length, width, count, quiet in ((2, 5, 4, 2, 0), (3, 7, 6, 3, -1)):
        x, positions, four = draw.normal(batch, length, width), draw.normal(length, width), matrices(draw, width)
        x[quiet] *= 0.01  # the largest difference is in another sequence
        shuffle = torch.roll(torch.arange(length), draw.integer(1, length))
        shuffle = torch.cat([shuffle[2:3], shuffle[:2], shuffle[3:]])  # neither a swap nor a turn: not its own inverse
        opposite = [*four[:3], -four[3]]  # where the largest difference is up in one, it is down in the other
        for table, mixing in ((None, four), (positions, four), (positions, opposite)):
            plain, shuffled = (
                tensor_of(
                    student.attend_with_positions(part, table, *mixing, count), (batch, length, width), "the output"
                )
                for part in (x, x[:, shuffle])
            )
            gap = (shuffled - plain[:, shuffle]).abs().max().to(draw.dtype)
            compare(student.permutation_gap(x, shuffle, table, *mixing, count), gap, "`permutation_gap`")


# --- mistakes ---


@exercise.mistake("attend_with_positions", "The positions are never used.")
def ignores_positions(x, positions, wq, wk, wv, wo, heads):
    return multi_head_attention(x, x, wq, wk, wv, wo, heads)


@exercise.mistake(
    "attend_with_positions", "Only the queries know their place in yours; keys and values come from the same sum."
)
def positions_on_queries(x, positions, wq, wk, wv, wo, heads):
    placed = x if positions is None else x + positions
    return multi_head_attention(placed, x, wq, wk, wv, wo, heads)


@exercise.mistake(
    "attend_with_positions", "The positions are added after attention, when it is too late for it to use them."
)
def positions_after(x, positions, wq, wk, wv, wo, heads):
    out = multi_head_attention(x, x, wq, wk, wv, wo, heads)
    return out if positions is None else out + positions


@exercise.mistake("attend_with_positions", "The positions are multiplied with the frames; they should be added.")
def positions_times(x, positions, wq, wk, wv, wo, heads):
    placed = x if positions is None else x * positions
    return multi_head_attention(placed, placed, wq, wk, wv, wo, heads)


@exercise.mistake("attend_with_positions", "Positions may be learned, too: where do their gradients get lost?")
def positions_detached(x, positions, wq, wk, wv, wo, heads):
    placed = x if positions is None else x + positions.detach()
    return multi_head_attention(placed, placed, wq, wk, wv, wo, heads)


@exercise.mistake(
    "permutation_gap", "The largest difference may be in any sequence of the batch: you look at the first."
)
def first_sequence_alone(x, order, positions, wq, wk, wv, wo, heads):
    before = attend_with_positions(x[:, order], positions, wq, wk, wv, wo, heads)
    return (before - attend_with_positions(x, positions, wq, wk, wv, wo, heads)[:, order])[0].abs().max()


@exercise.mistake("permutation_gap", "The positions move with their frames in yours: they belong to the places.")
def positions_shuffled(x, order, positions, wq, wk, wv, wo, heads):
    moved = None if positions is None else positions[order]
    before = attend_with_positions(x[:, order], moved, wq, wk, wv, wo, heads)
    return (before - attend_with_positions(x, positions, wq, wk, wv, wo, heads)[:, order]).abs().max()


@exercise.mistake("permutation_gap", "The outputs of the plain sequence have to be shuffled too, before you compare.")
def not_shuffled_back(x, order, positions, wq, wk, wv, wo, heads):
    before = attend_with_positions(x[:, order], positions, wq, wk, wv, wo, heads)
    return (before - attend_with_positions(x, positions, wq, wk, wv, wo, heads)).abs().max()


@exercise.mistake("permutation_gap", "The largest absolute difference is asked for, not the mean.")
def mean_gap(x, order, positions, wq, wk, wv, wo, heads):
    before = attend_with_positions(x[:, order], positions, wq, wk, wv, wo, heads)
    return (before - attend_with_positions(x, positions, wq, wk, wv, wo, heads)[:, order]).abs().mean()


@exercise.mistake(
    "permutation_gap", "In a mean, differences up and down cancel: the largest absolute one is asked for."
)
def signed_mean(x, order, positions, wq, wk, wv, wo, heads):
    before = attend_with_positions(x[:, order], positions, wq, wk, wv, wo, heads)
    return (before - attend_with_positions(x, positions, wq, wk, wv, wo, heads)[:, order]).mean()


@exercise.mistake("permutation_gap", "A large negative difference is a difference too: take absolute values first.")
def signed_gap(x, order, positions, wq, wk, wv, wo, heads):
    before = attend_with_positions(x[:, order], positions, wq, wk, wv, wo, heads)
    return (before - attend_with_positions(x, positions, wq, wk, wv, wo, heads)[:, order]).max()


@exercise.mistake(
    "permutation_gap",
    "The outputs are shuffled back, not in the same way: use x[:, order] and the same for the outputs.",
)
def shuffled_the_other_way(x, order, positions, wq, wk, wv, wo, heads):
    inverse = torch.argsort(order)
    before = attend_with_positions(x[:, order], positions, wq, wk, wv, wo, heads)
    return (before - attend_with_positions(x, positions, wq, wk, wv, wo, heads)[:, inverse]).abs().max()
