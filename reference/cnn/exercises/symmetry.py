"""3.6 What a convolution does not mind."""

from __future__ import annotations

from itertools import product

import torch

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Student,
    expect,
    matches,
    tensor_of,
)

from .common import _same, _shift

exercise = Exercise("3.6", "What a convolution does not mind", owns=("shift", "enlarge", "equivariance_gap"), points=6)


@exercise.cases("shift", 0.5, public=True)
def moved_down(draw: Draw) -> tuple[torch.Tensor, int, int]:
    """[[1, 2, 3], [4, 5, 6]] moved 1 down, 1 right is [[0, 0, 0], [0, 1, 2]]."""
    return torch.arange(1.0, 7.0).reshape(1, 1, 2, 3).to(draw.dtype), 1, 1


@exercise.cases("enlarge", 0.5, public=True)
def enlarged(draw: Draw) -> torch.Tensor:
    """[[1, 2, 3], [4, 5, 6]] enlarged begins 1, 1, 2, 2."""
    return torch.arange(1.0, 7.0).reshape(1, 1, 2, 3).to(draw.dtype)


MOVES = ((0, 0), (2, 0), (0, -1), (-1, 3), (2, -2), (-3, -1), (4, 1), (-4, 0))


@exercise.cases("shift", 1, sizes=MOVES)
def moves(draw: Draw, down: int, right: int) -> tuple[torch.Tensor, int, int]:
    """shift moves down, up, right and left; what leaves is lost and zeros come in."""
    return draw.normal(2, 3, 5, 4), down, right


@exercise.cases("shift", 0.5, sizes=((4, -3), (5, 1), (0, -4), (-6, 0), (1, 9), (-7, 8)))
def out_of_sight(draw: Draw, down: int, right: int) -> tuple[torch.Tensor, int, int]:
    """Where little or nothing of the image is left, the rest is zeros."""
    return draw.normal(2, 3, 5, 4), down, right


@exercise.check("enlarge", 0.5)
def blocks(student: Student, reference: Reference, draw: Draw) -> None:
    """enlarge makes a block of 2x2 of each pixel."""
    matches(student, reference, "enlarge", draw.normal(2, 3, 3, 5))


@exercise.check("equivariance_gap", 1.5)
def gaps(student: Student, reference: Reference, draw: Draw) -> None:
    """equivariance_gap is the largest absolute difference over all entries, whichever comes first."""
    for kernel, transform in product(((3, 3), (1, 3), (5, 3)), ("shift", "rotate", "enlarge")):
        x, w = draw.normal(2, 2, 6, 7), draw.normal(3, 2, *kernel)
        matches(student, reference, "equivariance_gap", x, w, transform)


@exercise.check("equivariance_gap", 1.5)
def only_shifts(student: Student, reference: Reference, draw: Draw) -> None:
    """Away from the border the gap is 0 for shifts, and for turns only if the kernel looks the same turned."""
    x = torch.zeros(2, 1, 11, 13, dtype=draw.dtype)
    x[:, :, 4:7, 4:7] = draw.normal(2, 1, 3, 3)
    kernel = draw.normal(2, 1, 3, 3)
    round_kernel = sum((torch.rot90(kernel, k, (2, 3)) for k in range(1, 4)), kernel)
    nothing = 1e-9 if draw.dtype is torch.float64 else 1e-4

    def gap(w: torch.Tensor, transform: str) -> float:
        return float(tensor_of(student.equivariance_gap(x, w, transform), (), "equivariance_gap"))

    expect(gap(kernel, "shift") <= nothing, "A shift well inside the image changes nothing: the gap should be 0.")
    expect(gap(round_kernel, "rotate") <= nothing, "A kernel that looks the same turned: the gap should be 0.")
    expect(gap(kernel, "rotate") > 0.1, "A kernel that looks different when it is turned: there should be a gap.")
    expect(gap(round_kernel, "enlarge") > 0.1, "A kernel does not grow with the image: there should be a gap.")


# --- mistakes ---


@exercise.mistake("shift", "What comes in at the border: zeros, or what left on the other side?")
def rolled(x, down, right):
    return torch.roll(x, (down, right), (2, 3))


@exercise.mistake("shift", "Which way is down? After moving 1 down, row 0 is empty.")
def shift_other_way(x, down, right):
    return _shift(x, -down, -right)


@exercise.mistake("shift", "Which axis is moved by `down`, the rows or the columns?")
def shift_swapped(x, down, right):
    return _shift(x, right, down)


@exercise.mistake("shift", "What is left of an image that moves by more than its own height or width?")
def stops_at_the_border(x, down, right):
    down, right = (max(1 - size, min(size - 1, move)) for move, size in zip((down, right), x.shape[2:]))
    return _shift(x, down, right)


@exercise.mistake("shift", "Negative numbers move up and left.")
def shift_no_negative(x, down, right):
    return _shift(x, abs(down), abs(right))


@exercise.mistake("enlarge", "Does a pixel become a block, or the whole image four copies of it?")
def tiled(x):
    return x.repeat(1, 1, 2, 2)


def _gap(x, w, transform, down=1, right=2, turns=1):
    """The difference whose size is asked for."""
    change = {
        "shift": lambda image: _shift(image, down, right),
        "rotate": lambda image: torch.rot90(image, turns, (2, 3)),
        "enlarge": lambda image: image.repeat_interleave(2, 2).repeat_interleave(2, 3),
    }[transform]
    none = torch.zeros(len(w), dtype=w.dtype)
    return _same(change(x), w, none) - change(_same(x, w, none))


@exercise.mistake("equivariance_gap", "The largest or the mean difference?")
def mean_gap(x, w, transform):
    return _gap(x, w, transform).abs().mean()


@exercise.mistake("equivariance_gap", "Differences may be negative.")
def gap_without_abs(x, w, transform):
    return _gap(x, w, transform).max()


@exercise.mistake("equivariance_gap", "How far does T move the image, down and right?")
def gap_other_shift(x, w, transform):
    return _gap(x, w, transform, right=1).abs().max()


@exercise.mistake("equivariance_gap", "A quarter turn: which way round?")
def gap_clockwise(x, w, transform):
    return _gap(x, w, transform, turns=-1).abs().max()
