"""2.12 Batch normalisation."""

from __future__ import annotations

import math

import torch

from autograder.rubric import (
    AUTOGRAD,
    Draw,
    Exercise,
    Reference,
    Student,
    compare,
    matches,
)

from .common import constant

BATCH_NORMS = ("torch.nn.functional.batch_norm",)


exercise = Exercise(
    "2.12",
    "Batch normalisation",
    owns=("batchnorm", "batchnorm_backward"),
    points=10,
    bans=BATCH_NORMS + AUTOGRAD,
)


FLAT, IMAGES = ((4, 3), (5, 2), (9, 6)), ((2, 3, 4, 5), (3, 2, 5, 4))


EPS = 1e-2


def normal_case(draw: Draw, shape: tuple[int, ...]) -> tuple[torch.Tensor, ...]:
    """x off centre, gamma, beta and running statistics, no two of them alike."""
    channels = shape[1]
    spread = draw.uniform(channels, low=0.5, high=2).view(1, -1, *[1] * (len(shape) - 2))
    x = draw.normal(*shape) * spread + draw.normal(channels, scale=2).view_as(spread)
    gamma, beta = draw.uniform(channels, low=0.5, high=2), draw.normal(channels)
    return x, gamma, beta, draw.normal(channels), draw.uniform(channels, low=0.5, high=3)


@exercise.check("batchnorm", 1, public=True)
def four_rows(student: Student, reference: Reference, draw: Draw) -> None:
    """x = [[1], [3], [5], [7]], running 0 and 1, gamma 1, beta 0, eps 0: eval gives x; training leaves 2, 23/6."""
    numbers = constant(draw, [[1.0], [3.0], [5.0], [7.0]], [1.0], [0.0], [0.0], [1.0])
    matches(student, reference, "batchnorm", *numbers, False, 0.5, 0.0)
    matches(student, reference, "batchnorm", *numbers, True, 0.5, 0.0)


@exercise.check("batchnorm", 2)
def training_mode(student: Student, reference: Reference, draw: Draw) -> None:
    """In training y has the batch's statistics, and the running statistics move: by all of it where momentum is 1."""
    for shape in FLAT:
        matches(student, reference, "batchnorm", *normal_case(draw, shape), True, draw.number(0.1, 0.4), EPS)
    x, *rest = normal_case(draw, (7, 3))
    x[:, 1] = 2.0  # never changes: eps keeps the division finite
    matches(student, reference, "batchnorm", x, *rest, True, 1.0, 0.25)
    matches(student, reference, "batchnorm", x + 300, *rest, True, 0.0, 0.25)


@exercise.check("batchnorm", 2)
def evaluation_mode(student: Student, reference: Reference, draw: Draw) -> None:
    """In evaluation y comes from the running statistics alone, and they stay as they are."""
    for shape in (*FLAT, *IMAGES):
        matches(student, reference, "batchnorm", *normal_case(draw, shape), False, draw.number(0.1, 0.4), EPS)


@exercise.check("batchnorm", 1)
def channels_of_images(student: Student, reference: Reference, draw: Draw) -> None:
    """Images have one mean and one variance for each channel, over examples, rows and columns."""
    for shape in IMAGES:
        matches(student, reference, "batchnorm", *normal_case(draw, shape), True, draw.number(0.1, 0.4), EPS)


def norm_gradients(x: torch.Tensor, gamma: torch.Tensor, upstream: torch.Tensor, eps: float) -> list[torch.Tensor]:
    """dx, dgamma, dbeta by autograd."""
    leaves = [part.clone().requires_grad_(True) for part in (x, gamma, torch.zeros_like(gamma))]
    y = torch.nn.functional.batch_norm(leaves[0], None, None, leaves[1], leaves[2], training=True, eps=eps)
    return list(torch.autograd.grad(y, leaves, upstream))


@exercise.check("batchnorm_backward", 3)
def backward_flat(student: Student, reference: Reference, draw: Draw) -> None:
    """batchnorm_backward gives dx, dgamma and dbeta of (N, C) for a random upstream gradient."""
    for shape in FLAT:
        x, gamma = normal_case(draw, shape)[:2]
        upstream = draw.normal(*shape)
        for eps in (EPS, 0.5):
            got = student.batchnorm_backward(upstream, x, gamma, eps)
            compare(got, norm_gradients(x, gamma, upstream, eps), "(dx, dgamma, dbeta)")


@exercise.check("batchnorm_backward", 1)
def backward_images(student: Student, reference: Reference, draw: Draw) -> None:
    """batchnorm_backward gives dx, dgamma and dbeta of images, too."""
    for shape in IMAGES:
        x, gamma = normal_case(draw, shape)[:2]
        upstream = draw.normal(*shape)
        for eps in (EPS, 0.5):
            got = student.batchnorm_backward(upstream, x, gamma, eps)
            compare(got, norm_gradients(x, gamma, upstream, eps), "(dx, dgamma, dbeta)")


# --- mistakes ---


def norm_with(x, gamma, beta, running_mean, running_var, training, momentum, eps, **parts):
    """Batch normalisation with a part exchanged."""
    dims = parts.get("dims", [d for d in range(x.ndim) if d != 1])
    shape = [1, -1] + [1] * (x.ndim - 2)
    n = x.numel() / x.shape[1]
    mean, var = x.mean(dim=dims, keepdim=True), x.var(dim=dims, unbiased=False, keepdim=True)
    old = running_mean.view(shape), running_var.view(shape)
    used = (mean, var) if parts.get("batch", training) else old
    root = used[1].sqrt() + eps if parts.get("eps_outside") else (used[1] + eps).sqrt()
    y = parts.get("affine", lambda h, g, b: g * h + b)((x - used[0]) / root, gamma.view(shape), beta.view(shape))
    if parts.get("moves", training):
        rho = parts.get("rho", momentum)
        per_channel = [d for d in range(x.ndim) if d != 1]
        batch_var = x.var(dim=per_channel, unbiased=False) * parts.get("bessel", n / (n - 1))
        running_mean = (1 - rho) * running_mean + rho * x.mean(dim=per_channel)
        running_var = (1 - rho) * running_var + rho * batch_var
    return y, running_mean, running_var


@exercise.mistake(
    "batchnorm", "Each feature is normalised over the batch: yours is each example over its features (layer norm)."
)
def dim_features(x, gamma, beta, running_mean, running_var, training, momentum, eps):
    parts = {"dims": list(range(1, x.ndim))} if training else {}
    return norm_with(x, gamma, beta, running_mean, running_var, training, momentum, eps, **parts)


@exercise.mistake("batchnorm", "An image's channel has one mean: over which axes do you take it?")
def conv_dims_N(x, gamma, beta, running_mean, running_var, training, momentum, eps):
    return norm_with(x, gamma, beta, running_mean, running_var, training, momentum, eps, dims=[0])


@exercise.mistake("batchnorm", "In evaluation the batch has no say: which statistics are used?")
def eval_batch(x, gamma, beta, running_mean, running_var, training, momentum, eps):
    return norm_with(x, gamma, beta, running_mean, running_var, training, momentum, eps, batch=True)


@exercise.mistake("batchnorm", "In training the batch's own statistics are used: yours are the running ones.")
def train_running(x, gamma, beta, running_mean, running_var, training, momentum, eps):
    return norm_with(x, gamma, beta, running_mean, running_var, training, momentum, eps, batch=False)


@exercise.mistake("batchnorm", "Is eps inside or outside of the root?")
def eps_outside(x, gamma, beta, running_mean, running_var, training, momentum, eps):
    return norm_with(x, gamma, beta, running_mean, running_var, training, momentum, eps, eps_outside=True)


@exercise.mistake("batchnorm", "Normalised, and then? gamma and beta have something to do.")
def no_affine(x, gamma, beta, running_mean, running_var, training, momentum, eps):
    return norm_with(x, gamma, beta, running_mean, running_var, training, momentum, eps, affine=lambda h, g, b: h)


@exercise.mistake("batchnorm", "Which of gamma and beta is the factor?")
def swap_affine(x, gamma, beta, running_mean, running_var, training, momentum, eps):
    return norm_with(
        x, gamma, beta, running_mean, running_var, training, momentum, eps, affine=lambda h, g, b: b * h + g
    )


@exercise.mistake("batchnorm", "y is right. The running variance takes the other one, divided by n - 1.")
def running_biased(x, gamma, beta, running_mean, running_var, training, momentum, eps):
    return norm_with(x, gamma, beta, running_mean, running_var, training, momentum, eps, bessel=1.0)


@exercise.mistake("batchnorm", "y is right. In training, the running statistics move.")
def no_running(x, gamma, beta, running_mean, running_var, training, momentum, eps):
    return norm_with(x, gamma, beta, running_mean, running_var, training, momentum, eps, moves=False)


@exercise.mistake("batchnorm", "Evaluation only reads the running statistics: yours move.")
def eval_updates(x, gamma, beta, running_mean, running_var, training, momentum, eps):
    return norm_with(x, gamma, beta, running_mean, running_var, training, momentum, eps, moves=True)


@exercise.mistake("batchnorm", "momentum is the share of the new batch, not of the old value.")
def momentum_swapped(x, gamma, beta, running_mean, running_var, training, momentum, eps):
    return norm_with(x, gamma, beta, running_mean, running_var, training, momentum, eps, rho=1 - momentum)


@exercise.mistake("batchnorm", "The batch is normalised with the variance divided by n: yours is divided by n - 1.")
def normalises_with_sample_variance(x, gamma, beta, running_mean, running_var, training, momentum, eps):
    if not training:
        return norm_with(x, gamma, beta, running_mean, running_var, training, momentum, eps)
    n = x.numel() / x.shape[1]
    shrink = (n - 1) / n
    y, mean, var = norm_with(
        x, gamma * math.sqrt(shrink), beta, running_mean, running_var, training, momentum, eps * shrink
    )
    return y, mean, var


def norm_backward_parts(x, gamma, eps):
    dims = [d for d in range(x.ndim) if d != 1]
    centred = x - x.mean(dim=dims, keepdim=True)
    root = (centred.square().mean(dim=dims, keepdim=True) + eps).sqrt()
    return dims, centred, root, gamma.view([1, -1] + [1] * (x.ndim - 2))


def norm_backward_with(upstream, x, gamma, eps, by_mean=True, by_var=True):
    dims, centred, root, factor = norm_backward_parts(x, gamma, eps)
    normal, dx = centred / root, upstream
    if by_mean:
        dx = dx - upstream.mean(dim=dims, keepdim=True)
    if by_var:
        dx = dx - normal * (upstream * normal).mean(dim=dims, keepdim=True)
    return factor / root * dx, (upstream * normal).sum(dim=dims), upstream.sum(dim=dims)


@exercise.mistake("batchnorm_backward", "The mean and the variance depend on x, too: your dx treats both as constants.")
def statistics_constant(upstream, x, gamma, eps):
    return norm_backward_with(upstream, x, gamma, eps, by_mean=False, by_var=False)


@exercise.mistake("batchnorm_backward", "One path is missing in dx: the one through the variance.")
def variance_constant(upstream, x, gamma, eps):
    return norm_backward_with(upstream, x, gamma, eps, by_var=False)


@exercise.mistake("batchnorm_backward", "One path is missing in dx: the one through the mean.")
def mean_constant(upstream, x, gamma, eps):
    return norm_backward_with(upstream, x, gamma, eps, by_mean=False)


@exercise.mistake("batchnorm_backward", "gamma multiplies the normalised x, so that stands in dgamma.")
def dgamma_of_x(upstream, x, gamma, eps):
    dx, _, dbeta = norm_backward_with(upstream, x, gamma, eps)
    return dx, (upstream * x).sum(dim=norm_backward_parts(x, gamma, eps)[0]), dbeta


@exercise.mistake("batchnorm_backward", "gamma stands between y and x: where is it in dx?")
def dx_without_gamma(upstream, x, gamma, eps):
    return norm_backward_with(upstream, x, torch.ones_like(gamma), eps)


@exercise.mistake("batchnorm_backward", "dgamma and dbeta are sums over the batch; upstream holds any 1/N already.")
def affine_averaged(upstream, x, gamma, eps):
    dx, dgamma, dbeta = norm_backward_with(upstream, x, gamma, eps)
    n = x.numel() / x.shape[1]
    return dx, dgamma / n, dbeta / n


@exercise.mistake("batchnorm_backward", "Where is eps? It is 0 in yours.")
def backward_without_eps(upstream, x, gamma, eps):
    return norm_backward_with(upstream, x, gamma, 0.0)


@exercise.mistake("batchnorm_backward", "Over which axes does a channel sum? Yours are only the examples'.")
def backward_over_N(upstream, x, gamma, eps):
    if x.ndim == 2:
        return norm_backward_with(upstream, x, gamma, eps)
    dx, dgamma, dbeta = norm_backward_with(
        upstream.flatten(1), x.flatten(1), gamma.repeat_interleave(x[0, 0].numel()), eps
    )
    channels = len(gamma)
    return dx.view_as(x), dgamma.view(channels, -1).sum(dim=1), dbeta.view(channels, -1).sum(dim=1)


@exercise.mistake("batchnorm_backward", "eps is given: use it.")
def own_eps(upstream, x, gamma, eps):
    return batchnorm_backward_of(upstream, x, gamma, 1e-2)


def batchnorm_backward_of(upstream, x, gamma, eps):
    dims = [d for d in range(x.ndim) if d != 1]
    centred = x - x.mean(dim=dims, keepdim=True)
    root = (centred.square().mean(dim=dims, keepdim=True) + eps).sqrt()
    normal = centred / root
    along = upstream - upstream.mean(dim=dims, keepdim=True)
    along = along - normal * (upstream * normal).mean(dim=dims, keepdim=True)
    slope = gamma.view([1, -1] + [1] * (x.ndim - 2)) / root
    return slope * along, (upstream * normal).sum(dim=dims), upstream.sum(dim=dims)
