"""4.7 Attention, CNN and RNN."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from autograder.rubric import (
    Draw,
    Exercise,
    Reference,
    Score,
    Student,
    compare,
    matches,
    short_answers,
)

from .common import LIBRARY_ATTENTION, library_attention, queries_keys_values, two_axes

LIBRARY_CONVOLUTION = ("torch.nn.functional.conv1d", "torch.nn.functional.unfold")


exercise = Exercise(
    "4.7",
    "Attention, CNN and RNN",
    owns=("local_attention", "offset_mask", "conv_by_attention", "rnn_jacobian", "attention_jacobian", "ANSWERS"),
    points=12,
    bans=LIBRARY_ATTENTION + LIBRARY_CONVOLUTION,
)


@exercise.check("offset_mask", 1, public=True)
def one_ahead(student: Student, reference: Reference, draw: Draw) -> None:
    """offset_mask(3, 1) is [[F, T, F], [F, F, T], [F, F, F]]."""
    matches(student, reference, "offset_mask", 3, 1)


@exercise.check("offset_mask", 1)
def offsets(student: Student, reference: Reference, draw: Draw) -> None:
    """offset_mask looks ahead for positive and back for negative offsets; beyond the ends at nothing."""
    for length, offset in ((3, 0), (4, 2), (5, -1), (6, -4), (3, 3), (4, -7), (1, 0), (1, 1)):
        matches(student, reference, "offset_mask", length, offset)
    two_axes(student.offset_mask(1, 0), "offset_mask")


@exercise.check("local_attention", 2)
def receptive_field(student: Student, reference: Reference, draw: Draw) -> None:
    """local_attention looks `radius` positions to each side and no further."""
    for lead, length, radius in (
        ((), 7, 3),
        ((2,), 5, 1),
        ((2, 3), 6, 2),
        ((3,), 4, 0),
        ((2,), 3, 9),
        ((2,), 6, 5),
        ((2,), 1, 2),
    ):
        matches(student, reference, "local_attention", *queries_keys_values(draw, lead, length, length, 3, 2), radius)


@exercise.check("conv_by_attention", 4)
def convolution(student: Student, reference: Reference, draw: Draw) -> None:
    """conv_by_attention equals the library's convolution with zero padding."""
    for batch, length, inside, outside, taps in (
        (2, 5, 3, 4, 3),
        (3, 7, 2, 5, 5),
        (2, 4, 5, 2, 1),
        (2, 3, 2, 4, 7),
        (1, 1, 2, 3, 3),
    ):
        x, kernel = draw.normal(batch, length, inside), draw.normal(taps, inside, outside)
        expected = torch.nn.functional.conv1d(x.transpose(1, 2), kernel.permute(2, 1, 0), padding=taps // 2)
        compare(student.conv_by_attention(x, kernel), expected.transpose(1, 2), "`conv_by_attention`")


def jacobian(f: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """d f(x)[i] / d x[j], by autograd."""
    point = x.clone().requires_grad_()
    return torch.stack([torch.autograd.grad(one, point, retain_graph=True)[0] for one in f(point)])


@exercise.check("rnn_jacobian", 1.5)
def through_states(student: Student, reference: Reference, draw: Draw) -> None:
    """rnn_jacobian says how the last state moves with each entry of the first input."""
    for length, width, states in ((1, 3, 2), (2, 3, 4), (5, 2, 3), (8, 4, 5)):
        x, w, u = draw.normal(length, width), draw.normal(states, states, scale=0.8), draw.normal(states, width)

        def last(first: torch.Tensor, x: torch.Tensor = x, w: torch.Tensor = w, u: torch.Tensor = u) -> torch.Tensor:
            state = x.new_zeros(len(w))
            for frame in [first, *x[1:]]:
                state = torch.tanh(w @ state + u @ frame)
            return state

        compare(student.rnn_jacobian(x, w, u), jacobian(last, x[0]), "`rnn_jacobian`")


@exercise.check("attention_jacobian", 1.5)
def in_one_step(student: Student, reference: Reference, draw: Draw) -> None:
    """attention_jacobian says how the last output moves with each entry of the first input."""
    for length, width in ((2, 3), (4, 2), (7, 5)):
        x = draw.normal(length, width)

        def last(first: torch.Tensor, x: torch.Tensor = x) -> torch.Tensor:
            frames = torch.cat([first[None], x[1:]])
            return library_attention(frames, frames, frames)[-1]

        expected = jacobian(last, x[0])
        compare(student.attention_jacobian(x), expected, "`attention_jacobian`")


@exercise.check("ANSWERS", 1)
def answers(student: Student, reference: Reference, draw: Draw) -> Score:
    """The four numbers in ANSWERS are right."""
    questions = {
        "RNN, more updates": 99,
        "CNN, layers": 50,
        "self-attention, layers": 1,
        "self-attention, scores": 80_000,
    }
    return short_answers(student, "ANSWERS", questions)


# --- mistakes ---


@exercise.mistake("local_attention", "Your window is too narrow by one: t - radius and t + radius are both in it.")
def window_too_narrow(q, k, v, radius):
    place = torch.arange(q.shape[-2])
    return masked_attention(q, k, v, (place[:, None] - place).abs() < max(radius, 1))


@exercise.mistake("local_attention", "Your window looks back only: it reaches `radius` to each side.")
def looks_back_only(q, k, v, radius):
    gap = torch.arange(q.shape[-2])[:, None] - torch.arange(q.shape[-2])
    return masked_attention(q, k, v, (gap >= 0) & (gap <= radius))


@exercise.mistake("local_attention", "Every position sees everything in yours: where is the window?")
def no_window(q, k, v, radius):
    return attention(q, k, v)


@exercise.mistake("local_attention", "`radius` is not the width of the window: it reaches that far to each side.")
def radius_is_width(q, k, v, radius):
    place = torch.arange(q.shape[-2])
    return masked_attention(q, k, v, (place[:, None] - place).abs() <= radius // 2)


@exercise.mistake("offset_mask", "Positive offsets look ahead, at later positions: yours look the other way.")
def offset_back(length, offset):
    place = torch.arange(length)
    return place[:, None] - offset == place


@exercise.mistake("offset_mask", "Beyond the ends there is nothing: yours goes on at the other end.")
def wraps_around(length, offset):
    place = torch.arange(length)
    return (place[:, None] + offset) % length == place


@exercise.mistake("offset_mask", "Beyond the ends there is nothing: yours repeats the first and the last position.")
def clamps(length, offset):
    place = torch.arange(length)
    return (place[:, None] + offset).clamp(0, length - 1) == place


@exercise.mistake("conv_by_attention", "Your kernel starts at the present; half of its taps belong before it.")
def not_centred(x, kernel):
    return sum(masked_attention(x, x, x @ tap, offset_mask(x.shape[1], j)) for j, tap in enumerate(kernel))


@exercise.mistake("conv_by_attention", "Your convolution looks back only: half of its taps belong after the present.")
def causal_convolution(x, kernel):
    last = len(kernel) - 1
    return sum(masked_attention(x, x, x @ tap, offset_mask(x.shape[1], j - last)) for j, tap in enumerate(kernel))


@exercise.mistake("conv_by_attention", "Your kernel is turned round: which tap meets the frame before?")
def flipped(x, kernel):
    half = len(kernel) // 2
    return sum(masked_attention(x, x, x @ tap, offset_mask(x.shape[1], half - j)) for j, tap in enumerate(kernel))


@exercise.mistake("conv_by_attention", "The taps are added up, not averaged.")
def taps_averaged(x, kernel):
    half = len(kernel) // 2
    heads = [masked_attention(x, x, x @ tap, offset_mask(x.shape[1], j - half)) for j, tap in enumerate(kernel)]
    return torch.stack(heads).mean(dim=0)


@exercise.mistake("rnn_jacobian", "A slope is missing: tanh is part of every update.")
def no_slope(x, w, u):
    jacobian = u
    for _ in x[1:]:
        jacobian = w @ jacobian
    return jacobian


@exercise.mistake(
    "rnn_jacobian", "States are columns here, w @ h: is it w or its transpose that the chain rule multiplies by?"
)
def w_transposed(x, w, u):
    state, jacobian = torch.zeros(len(w), dtype=x.dtype), None
    for frame in x:
        state = torch.tanh(w @ state + u @ frame)
        jacobian = (1 - state**2)[:, None] * (u if jacobian is None else w.T @ jacobian)
    return jacobian


@exercise.mistake("rnn_jacobian", "The states themselves are off: the update is w @ h, not h @ w.")
def states_with_w_transposed(x, w, u):
    state, jacobian = torch.zeros(len(w), dtype=x.dtype), None
    for frame in x:
        state = torch.tanh(state @ w + u @ frame)
        jacobian = (1 - state**2)[:, None] * (u if jacobian is None else w @ jacobian)
    return jacobian


@exercise.mistake("rnn_jacobian", "Both the states and their slopes take h @ w, as for rows: here it is w @ h.")
def rows_throughout(x, w, u):
    state, jacobian = torch.zeros(len(w), dtype=x.dtype), None
    for frame in x:
        state = torch.tanh(state @ w + u @ frame)
        jacobian = (1 - state**2)[:, None] * (u if jacobian is None else w.T @ jacobian)
    return jacobian


@exercise.mistake("rnn_jacobian", "One update too many: the first frame enters through u, and T - 1 updates follow.")
def one_more_w(x, w, u):
    state, jacobian = torch.zeros(len(w), dtype=x.dtype), u
    for frame in x:
        state = torch.tanh(w @ state + u @ frame)
        jacobian = (1 - state**2)[:, None] * (w @ jacobian)
    return jacobian


@exercise.mistake("rnn_jacobian", "Each update has the slope of its own state, not of the last one.")
def last_slope(x, w, u):
    state = torch.zeros(len(w), dtype=x.dtype)
    for frame in x:
        state = torch.tanh(w @ state + u @ frame)
    slope = (1 - state**2)[:, None]
    jacobian = slope * u
    for _ in x[1:]:
        jacobian = slope * (w @ jacobian)
    return jacobian


@exercise.mistake("rnn_jacobian", "That is the gradient by the last input; the first one is asked for.")
def by_the_last_input(x, w, u):
    state = torch.zeros(len(w), dtype=x.dtype)
    for frame in x:
        state = torch.tanh(w @ state + u @ frame)
    return (1 - state**2)[:, None] * u


@exercise.mistake("rnn_jacobian", "The slope of tanh is 1 minus its square, not 1 minus itself.")
def wrong_slope(x, w, u):
    state, jacobian = torch.zeros(len(w), dtype=x.dtype), None
    for frame in x:
        state = torch.tanh(w @ state + u @ frame)
        jacobian = (1 - state)[:, None] * (u if jacobian is None else w @ jacobian)
    return jacobian


@exercise.mistake("attention_jacobian", "The first frame is a value, and a key too: its weight moves with it.")
def only_as_value(x):
    weight = softmax(scores(x[-1:], x))[0, 0]
    return weight * torch.eye(x.shape[-1], dtype=x.dtype)


@exercise.mistake("attention_jacobian", "When one weight grows, the others shrink: is their share in your derivative?")
def weights_do_not_compete(x):
    width = x.shape[-1]
    weight = softmax(scores(x[-1:], x))[0, 0]
    return weight * (torch.eye(width, dtype=x.dtype) + torch.outer(x[0], x[-1]) / math.sqrt(width))


@exercise.mistake("attention_jacobian", "The scores were divided by the root of the width: so is their derivative.")
def jacobian_unscaled(x):
    weight = softmax(scores(x[-1:], x))[0, 0]
    pull = torch.outer(x[0] - attention(x[-1:], x, x)[0], x[-1])
    return weight * (torch.eye(x.shape[-1], dtype=x.dtype) + pull)


@exercise.mistake("attention_jacobian", "Rows belong to outputs, columns to inputs: yours is transposed.")
def jacobian_T(x):
    first, last, width = x[0], x[-1], x.shape[-1]
    weight = softmax(scores(x[-1:], x))[0, 0]
    pull = torch.outer(last, first - attention(x[-1:], x, x)[0]) / math.sqrt(width)
    return weight * (torch.eye(width, dtype=x.dtype) + pull)


RIGHT = {
    "RNN, more updates": 99,
    "CNN, layers": 50,
    "self-attention, layers": 1,
    "self-attention, scores": 80_000,
}


exercise.wrong_value(
    "counts_frames",
    "ANSWERS",
    "Count the steps from frame to frame, not the frames.",
    RIGHT | {"RNN, more updates": 100},
)


exercise.wrong_value(
    "whole_kernel_a_layer",
    "ANSWERS",
    "A layer with 5 taps reaches 2 further to each side, not 5.",
    RIGHT | {"CNN, layers": 20},
)


exercise.wrong_value(
    "one_score_a_frame",
    "ANSWERS",
    "Every frame has a score with every frame, in every head.",
    RIGHT | {"self-attention, scores": 800},
)
