"""5.1 Where am I?."""

from __future__ import annotations

import math

import torch

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    compare,
    matches,
    tensor_of,
)

COARSE = (1e-4, 1e-5)
"""rtol and atol where an answer in float32 is fine in the float64 run too."""


exercise = Exercise("5.1", "Where am I?", owns=("positional_encoding", "add_positions", "shift_matrix"), points=8)


@exercise.check("positional_encoding", 1, public=True)
def two_positions(student: Student, reference: Reference, draw: Draw) -> None:
    """positional_encoding(2, 4) has the rows [0, 1, 0, 1] and [sin 1, cos 1, sin 0.01, cos 0.01]."""
    matches(student, reference, "positional_encoding", 2, 4)


@exercise.check("positional_encoding", 3)
def any_position(student: Student, reference: Reference, draw: Draw) -> None:
    """Sines and cosines take turns, positions start at 0, and the base is 10000, for any length and even width."""
    for length, width in ((6, 8), (3, 2), (1, 4), (17, 12), (draw.integer(20, 40), 2 * draw.integer(7, 11))):
        got, expected = (side.positional_encoding(length, width) for side in (student, reference))
        # Angles in float32 are right: they are off by 4e-6 at most here.
        compare(got, expected, "`positional_encoding`", *COARSE)
    # As long as anybody likes; here angles in float32 are off by up to 3e-4.
    got, expected = (side.positional_encoding(300, 6) for side in (student, reference))
    compare(got, expected, "`positional_encoding` of 300 positions", 1e-3, 1e-3)


@exercise.check("add_positions", 1)
def added(student: Student, reference: Reference, draw: Draw) -> None:
    """add_positions adds to every sequence of the batch the same encoding, and scales nothing."""
    for size in ((2, 3, 4), (3, 7, 10), (1, 5, 6), (2, 4, 6)):
        x = draw.normal(*size)
        # An encoding in float32, torch's default, is right.
        compare(student.add_positions(x), reference.add_positions(x), "`add_positions`", *COARSE)


@exercise.check("shift_matrix", 3)
def shifts(student: Student, reference: Reference, draw: Draw) -> None:
    """shift_matrix(k, D) takes the encoding of every position p to that of p + k; k may be negative."""
    for offset, width in ((1, 2), (3, 6), (-2, 8), (0, 4), (draw.integer(4, 12), 10)):
        P = reference.positional_encoding(40, width)
        M = tensor_of(student.shift_matrix(offset, width), (width, width), "shift_matrix")
        start, end = max(0, -offset), 40 - max(0, offset)
        compare(P[start:end] @ M.T, P[start + offset : end + offset], f"M @ P[p] for an offset of {offset}", *COARSE)


# --- mistakes ---


def _encoding(position, angle_rate):
    angle = position[:, None] * angle_rate
    return torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)


def _rates(width, base=10000):
    return base ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)


@exercise.mistake(
    "positional_encoding", "What is the number of the first position? Compare your row 0 with the example's."
)
def pos1(length, width):
    return _encoding(torch.arange(1, length + 1, dtype=torch.float64), _rates(width))


@exercise.mistake(
    "positional_encoding", "Your waves are the right kind, but some are too fast: look at the base again."
)
def base1000(length, width):
    return _encoding(torch.arange(length, dtype=torch.float64), _rates(width, 1000))


@exercise.mistake(
    "positional_encoding",
    "Some write the exponent as i / (D/2 - 1), so that the last one is 1. What is it here, at i = D/2 - 1?",
)
def exp_half(length, width):
    i = torch.arange(width // 2, dtype=torch.float64)
    return _encoding(torch.arange(length, dtype=torch.float64), 10000 ** (-i / max(1, width // 2 - 1)))


@exercise.mistake(
    "positional_encoding",
    "Should the waves get faster or slower from left to right? Is the power above or below the fraction bar?",
)
def mul(length, width):
    return _encoding(torch.arange(length, dtype=torch.float64), 1 / _rates(width))


@exercise.mistake(
    "positional_encoding", "All sines stand left and all cosines right: who are the neighbours in the formula?"
)
def halves(length, width):
    angle = torch.arange(length, dtype=torch.float64)[:, None] * _rates(width)
    return torch.cat([angle.sin(), angle.cos()], dim=1)


@exercise.mistake("positional_encoding", "Your table has an end: any length may be asked for.")
def table_with_an_end(length, width):
    return _encoding(torch.arange(64, dtype=torch.float64), _rates(width))[:length]


@exercise.mistake(
    "positional_encoding", "Half of the columns are missing their function: what belongs in the odd ones?"
)
def only_sin(length, width):
    angle = torch.arange(length, dtype=torch.float64)[:, None] * _rates(width)
    return torch.stack([angle.sin(), angle.sin()], dim=2).flatten(1)


@exercise.mistake("positional_encoding", "Which comes first in a pair, at position 0: the 0 or the 1?")
def cos_first(length, width):
    angle = torch.arange(length, dtype=torch.float64)[:, None] * _rates(width)
    return torch.stack([angle.cos(), angle.sin()], dim=2).flatten(1)


@exercise.mistake(
    "positional_encoding", "A sine and its cosine share one angle. Does each of your columns have an angle of its own?"
)
def own_angles(length, width):
    angle = torch.arange(length, dtype=torch.float64)[:, None] / 10000 ** (torch.arange(width) / width)
    return torch.where(torch.arange(width) % 2 == 0, angle.sin(), angle.cos())


@exercise.mistake(
    "positional_encoding", "The exponent is 2i/D with i = 0, 1, 2, ... for the pairs. Have you doubled twice?"
)
def doubled(length, width):
    return _encoding(torch.arange(length, dtype=torch.float64), _rates(width) ** 2)


@exercise.mistake(
    "add_positions", "The textbook multiplies embeddings by the root of the width first. Does this exercise?"
)
def scaled_embedding(x):
    return x * x.shape[2] ** 0.5 + positional_encoding(x.shape[1], x.shape[2]).to(x.dtype)


@exercise.mistake(
    "add_positions",
    "Where does the position come from: the token's place in its sequence, or the sequence's place in the batch?",
)
def batch_positions(x):
    return x + positional_encoding(x.shape[0], x.shape[2]).to(x.dtype)[:, None]


@exercise.mistake("add_positions", "Are positions added or multiplied here?")
def times_positions(x):
    return x * positional_encoding(x.shape[1], x.shape[2]).to(x.dtype)


@exercise.mistake("shift_matrix", "Your matrix moves backwards. Try it on P[3]: where do you land with an offset of 1?")
def shifts_back(offset, width):
    M = torch.zeros(width, width, dtype=torch.float64)
    for i in range(0, width, 2):
        angle = offset / 10000 ** (i / width)
        M[i, i] = M[i + 1, i + 1] = math.cos(angle)
        M[i, i + 1], M[i + 1, i] = -math.sin(angle), math.sin(angle)
    return M


@exercise.mistake("shift_matrix", "Every pair of columns turns at its own speed. Do yours?")
def one_speed(offset, width):
    M = torch.zeros(width, width, dtype=torch.float64)
    for i in range(0, width, 2):
        M[i, i] = M[i + 1, i + 1] = math.cos(offset)
        M[i, i + 1], M[i + 1, i] = math.sin(offset), -math.sin(offset)
    return M


@exercise.mistake(
    "shift_matrix", "sin(a + k) needs the sine and the cosine of a. Which entries off the diagonal does that take?"
)
def diagonal(offset, width):
    angle = offset / 10000 ** (torch.arange(0, width, 2, dtype=torch.float64) / width)
    return torch.diag(angle.cos().repeat_interleave(2))
