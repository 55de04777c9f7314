"""5.2 Layer normalisation."""

from __future__ import annotations

import torch

from autograder.rubric import (
    AUTOGRAD,
    Draw,
    Exercise,
    Reference,
    Student,
    agrees_with_numerical,
    compare,
    expect,
    matches,
)

from .common import BLOCKS, Tensors

exercise = Exercise(
    "5.2", "Layer normalisation", owns=("layer_norm", "layer_norm_backward"), points=10, bans=BLOCKS + AUTOGRAD
)


def norm_problem(draw: Draw, *size: int) -> Tensors:
    """x, gain and shift: rows of different means and spreads; in the larger problems one row is constant."""
    x = draw.normal(*size) * draw.uniform(*size[:-1], 1, low=0.2, high=2) + draw.normal(*size[:-1], 1)
    if x[..., 0].numel() > 2:
        x.reshape(-1, size[-1])[1] = draw.number(0.5, 1)
    return x, draw.uniform(size[-1], low=0.5, high=2), draw.normal(size[-1])


NORM_SIZES = ((2, 3), (4, 5), (3, 4, 7), (2, 3, 5, 6), (5,))


@exercise.check("layer_norm", 1, public=True)
def four_features(student: Student, reference: Reference, draw: Draw) -> None:
    """For x = [[1, 2, 3, 6]], gains of 1, shifts of 0 and eps = 0.5: [[-1, -0.5, 0, 1.5]]."""
    x, gain, shift = torch.tensor([[1.0, 2.0, 3.0, 6.0]]), torch.ones(4), torch.zeros(4)
    matches(student, reference, "layer_norm", x.to(draw.dtype), gain.to(draw.dtype), shift.to(draw.dtype), 0.5)


@exercise.check("layer_norm", 2)
def normalises(student: Student, reference: Reference, draw: Draw) -> None:
    """Each token is normalised over its own features, with eps inside the root, for any number of dimensions."""
    for size in NORM_SIZES:
        matches(student, reference, "layer_norm", *norm_problem(draw, *size), 1e-2)


@exercise.check("layer_norm", 1)
def standard_eps(student: Student, reference: Reference, draw: Draw) -> None:
    """Without an eps of ours, it is 1e-5."""
    x, gain, shift = norm_problem(draw, 3, 4, 5)
    matches(student, reference, "layer_norm", x * 0.01, gain, shift)


@exercise.check("layer_norm", 1)
def far_from_zero(student: Student, reference: Reference, draw: Draw) -> None:
    """Features around 300 that differ little among themselves are normalised as well, in float32 too."""
    x, gain, shift = draw.normal(8, 6, scale=0.5) + 300, draw.uniform(6, low=0.5, high=2), draw.normal(6)
    # A mean that is off by its last digit in float32 (3e-5) moves y by 1e-4; a difference of squares is off by 1e-2.
    compare(student.layer_norm(x, gain, shift), reference.layer_norm(x, gain, shift), "`layer_norm`", 1e-3, 1e-3)


def norm_gradient(upstream: torch.Tensor, *inputs: torch.Tensor, eps: float) -> list[torch.Tensor]:
    """The gradients by autograd, written apart from the reference."""
    x, gain, shift = (value.clone().requires_grad_(True) for value in inputs)
    y = torch.nn.functional.layer_norm(x, gain.shape, gain, shift, eps)
    return list(torch.autograd.grad(y, [x, gain, shift], upstream))


@exercise.check("layer_norm_backward", 4)
def backward(student: Student, reference: Reference, draw: Draw) -> None:
    """layer_norm_backward equals what autograd finds, for x, gain and shift."""
    for size, eps in zip(NORM_SIZES, (1e-2, 0.3, 1e-2, 0.1, 1e-2), strict=True):
        x, gain, shift = norm_problem(draw, *size)
        upstream = draw.normal(*size)
        got = student.layer_norm_backward(upstream, x, gain, eps)
        compare(got, norm_gradient(upstream, x, gain, shift, eps=eps), "(gx, ggain, gshift)")
    x, upstream = draw.normal(5, 4), draw.normal(5, 4)
    gain = draw.uniform(4, low=0.5, high=2)
    expected = norm_gradient(upstream, x, gain, gain, eps=1e-5)
    compare(student.layer_norm_backward(upstream, x, gain), expected, "(gx, ggain, gshift) with the standard eps")


@exercise.check("layer_norm_backward", 1)
def backward_numerical(student: Student, reference: Reference, draw: Draw) -> None:
    """The gradient of x agrees with how a loss really moves when each entry is nudged."""
    x, gain, shift = (value.double() for value in norm_problem(draw, 3, 4))
    upstream = draw.normal(3, 4).double()
    got = student.layer_norm_backward(upstream, x, gain, 1e-2)
    expect(isinstance(got, list | tuple) and len(got) == 3, "layer_norm_backward returns three gradients.")
    loss = lambda point: (reference.layer_norm(point, gain, shift, 1e-2) * upstream).sum()  # noqa: E731
    agrees_with_numerical(got[0], loss, x, "gx")


# --- mistakes ---


def _normalised(x, dims, eps):
    centred = x - x.mean(dim=dims, keepdim=True)
    return centred / (centred.square().mean(dim=dims, keepdim=True) + eps).sqrt()


@exercise.mistake("layer_norm", "Which numbers share a mean? Changing one token must not change another one's output.")
def over_seq(x, gain, shift, eps=1e-5):
    return gain * _normalised(x, 0 if x.ndim == 2 else -2, eps) + shift


@exercise.mistake("layer_norm", "You have one mean for a whole sequence: how many means do T tokens have?")
def over_both(x, gain, shift, eps=1e-5):
    return gain * _normalised(x, (-2, -1), eps) + shift


@exercise.mistake(
    "layer_norm", "Is your eps inside the root? Look what happens at a token whose features are all alike."
)
def eps_out(x, gain, shift, eps=1e-5):
    centred = x - x.mean(dim=-1, keepdim=True)
    return gain * centred / (centred.square().mean(dim=-1, keepdim=True).sqrt() + eps) + shift


@exercise.mistake("layer_norm", "What is the mean of your output before gain and shift?")
def no_center(x, gain, shift, eps=1e-5):
    return gain * x / (x.var(dim=-1, keepdim=True, unbiased=False) + eps).sqrt() + shift


@exercise.mistake("layer_norm", "What do you divide by when all features of a token are the same?")
def no_eps(x, gain, shift, eps=1e-5):
    return gain * _normalised(x, -1, 0.0) + shift


@exercise.mistake("layer_norm", "Is the variance divided by D or by D - 1? What does torch do if you do not say?")
def sample_variance(x, gain, shift, eps=1e-5):
    return gain * (x - x.mean(dim=-1, keepdim=True)) / (x.var(dim=-1, keepdim=True) + eps).sqrt() + shift


@exercise.mistake(
    "layer_norm", "torch.std divides by D - 1, and where is your eps? Build it from the variance as in the formula."
)
def torch_std(x, gain, shift, eps=1e-5):
    return gain * (x - x.mean(dim=-1, keepdim=True)) / (x.std(dim=-1, keepdim=True) + eps) + shift


@exercise.mistake("layer_norm", "There is a root in the formula. Where is yours?")
def no_root(x, gain, shift, eps=1e-5):
    centred = x - x.mean(dim=-1, keepdim=True)
    return gain * centred / (centred.square().mean(dim=-1, keepdim=True) + eps) + shift


@exercise.mistake("layer_norm", "Gain first or shift first? Does the gain act on the shift?")
def shift_before_gain(x, gain, shift, eps=1e-5):
    return gain * (_normalised(x, -1, eps) + shift)


@exercise.mistake("layer_norm", "Where has the shift gone?")
def no_shift(x, gain, shift, eps=1e-5):
    return gain * _normalised(x, -1, eps)


@exercise.mistake("layer_norm", "All is well when we pass eps; what is yours when we do not?")
def other_eps(x, gain, shift, eps=1e-6):
    return gain * _normalised(x, -1, eps) + shift


def _backward(upstream, x, gain, eps):
    normal = _normalised(x, -1, eps)
    deviation = (x.var(dim=-1, keepdim=True, unbiased=False) + eps).sqrt()
    rows = upstream.reshape(-1, x.shape[-1])
    return upstream * gain, normal, deviation, (rows * normal.reshape(rows.shape)).sum(dim=0), rows.sum(dim=0)


@exercise.mistake(
    "layer_norm_backward", "When x moves, the mean and the deviation move too: your gx treats both as fixed."
)
def statistics_fixed(upstream, x, gain, eps=1e-5):
    g, _, deviation, ggain, gshift = _backward(upstream, x, gain, eps)
    return g / deviation, ggain, gshift


@exercise.mistake("layer_norm_backward", "Your gx knows that the mean moves with x. Does the deviation, too?")
def deviation_fixed(upstream, x, gain, eps=1e-5):
    g, _, deviation, ggain, gshift = _backward(upstream, x, gain, eps)
    return (g - g.mean(dim=-1, keepdim=True)) / deviation, ggain, gshift


@exercise.mistake("layer_norm_backward", "Your gx knows that the deviation moves with x. Does the mean, too?")
def mean_fixed(upstream, x, gain, eps=1e-5):
    g, normal, deviation, ggain, gshift = _backward(upstream, x, gain, eps)
    return (g - normal * (g * normal).mean(dim=-1, keepdim=True)) / deviation, ggain, gshift


@exercise.mistake("layer_norm_backward", "On its way back to x, the upstream gradient passes the gain. Does yours?")
def gain_forgotten(upstream, x, gain, eps=1e-5):
    _, normal, deviation, ggain, gshift = _backward(upstream, x, gain, eps)
    g = upstream
    return (g - g.mean(-1, keepdim=True) - normal * (g * normal).mean(-1, keepdim=True)) / deviation, ggain, gshift


@exercise.mistake(
    "layer_norm_backward", "The gain multiplies the normalised x, not x itself: what is its gradient then?"
)
def gain_times_x(upstream, x, gain, eps=1e-5):
    g, normal, deviation, _, gshift = _backward(upstream, x, gain, eps)
    gx = (g - g.mean(-1, keepdim=True) - normal * (g * normal).mean(-1, keepdim=True)) / deviation
    return gx, (upstream * x).reshape(-1, x.shape[-1]).sum(dim=0), gshift


@exercise.mistake(
    "layer_norm_backward", "The same gain works for every token: are the tokens' gradients added up, or averaged?"
)
def parameters_averaged(upstream, x, gain, eps=1e-5):
    g, normal, deviation, ggain, gshift = _backward(upstream, x, gain, eps)
    gx = (g - g.mean(-1, keepdim=True) - normal * (g * normal).mean(-1, keepdim=True)) / deviation
    rows = upstream[..., 0].numel()
    return gx, ggain / rows, gshift / rows


@exercise.mistake(
    "layer_norm_backward",
    "The gradients of gain and shift have shape (D,): which dimensions does the sum run over, then?",
)
def summed_over_batch(upstream, x, gain, eps=1e-5):
    g, normal, deviation, _, _ = _backward(upstream, x, gain, eps)
    gx = (g - g.mean(-1, keepdim=True) - normal * (g * normal).mean(-1, keepdim=True)) / deviation
    return gx, (upstream * normal).sum(dim=0), upstream.sum(dim=0)


@exercise.mistake("layer_norm", "A single token, of shape (D,), is normalised too: count dimensions from the end.")
def needs_two_dimensions(x, gain, shift, eps=1e-5):
    return gain * _normalised(x, max(1, x.ndim - 1), eps) + shift


@exercise.mistake(
    "layer_norm_backward",
    "For one token, of shape (D,), there is nothing to add up: a sum over no dimension is one over all.",
)
def sum_over_no_dimension(upstream, x, gain, eps=1e-5):
    g, normal, deviation, _, _ = _backward(upstream, x, gain, eps)
    gx = (g - g.mean(-1, keepdim=True) - normal * (g * normal).mean(-1, keepdim=True)) / deviation
    leading = tuple(range(x.ndim - 1))
    return gx, (upstream * normal).sum(dim=leading), upstream.sum(dim=leading)


@exercise.mistake(
    "layer_norm",
    "The mean of the squares minus the square of the mean: what is left of it in float32 when both are large?",
)
def squares_apart(x, gain, shift, eps=1e-5):
    mean = x.mean(dim=-1, keepdim=True)
    variance = x.square().mean(dim=-1, keepdim=True) - mean.square()
    return gain * (x - mean) / (variance + eps).sqrt() + shift
