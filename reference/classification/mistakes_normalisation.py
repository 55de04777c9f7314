"""Wrong implementations that students write, each with the hint for it: normalisation and training (2.12, 2.13).

Names that are not defined here (torch, other functions of the solution) are the solution's.
"""

from __future__ import annotations

import math

import torch

from autograder.rubric import Variants

variants = Variants()
mutant = variants.mutant

# --- 2.12 batch normalisation ---


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


@mutant("batchnorm", "Each feature is normalised over the batch: yours is each example over its features (layer norm).")
def dim_features(x, gamma, beta, running_mean, running_var, training, momentum, eps):
    parts = {"dims": list(range(1, x.ndim))} if training else {}
    return norm_with(x, gamma, beta, running_mean, running_var, training, momentum, eps, **parts)


@mutant("batchnorm", "An image's channel has one mean: over which axes do you take it?")
def conv_dims_N(x, gamma, beta, running_mean, running_var, training, momentum, eps):
    return norm_with(x, gamma, beta, running_mean, running_var, training, momentum, eps, dims=[0])


@mutant("batchnorm", "In evaluation the batch has no say: which statistics are used?")
def eval_batch(x, gamma, beta, running_mean, running_var, training, momentum, eps):
    return norm_with(x, gamma, beta, running_mean, running_var, training, momentum, eps, batch=True)


@mutant("batchnorm", "In training the batch's own statistics are used: yours are the running ones.")
def train_running(x, gamma, beta, running_mean, running_var, training, momentum, eps):
    return norm_with(x, gamma, beta, running_mean, running_var, training, momentum, eps, batch=False)


@mutant("batchnorm", "Is eps inside or outside of the root?")
def eps_outside(x, gamma, beta, running_mean, running_var, training, momentum, eps):
    return norm_with(x, gamma, beta, running_mean, running_var, training, momentum, eps, eps_outside=True)


@mutant("batchnorm", "Normalised, and then? gamma and beta have something to do.")
def no_affine(x, gamma, beta, running_mean, running_var, training, momentum, eps):
    return norm_with(x, gamma, beta, running_mean, running_var, training, momentum, eps, affine=lambda h, g, b: h)


@mutant("batchnorm", "Which of gamma and beta is the factor?")
def swap_affine(x, gamma, beta, running_mean, running_var, training, momentum, eps):
    return norm_with(
        x, gamma, beta, running_mean, running_var, training, momentum, eps, affine=lambda h, g, b: b * h + g
    )


@mutant("batchnorm", "y is right. The running variance takes the other one, divided by n - 1.")
def running_biased(x, gamma, beta, running_mean, running_var, training, momentum, eps):
    return norm_with(x, gamma, beta, running_mean, running_var, training, momentum, eps, bessel=1.0)


@mutant("batchnorm", "y is right. In training, the running statistics move.")
def no_running(x, gamma, beta, running_mean, running_var, training, momentum, eps):
    return norm_with(x, gamma, beta, running_mean, running_var, training, momentum, eps, moves=False)


@mutant("batchnorm", "Evaluation only reads the running statistics: yours move.")
def eval_updates(x, gamma, beta, running_mean, running_var, training, momentum, eps):
    return norm_with(x, gamma, beta, running_mean, running_var, training, momentum, eps, moves=True)


@mutant("batchnorm", "momentum is the share of the new batch, not of the old value.")
def momentum_swapped(x, gamma, beta, running_mean, running_var, training, momentum, eps):
    return norm_with(x, gamma, beta, running_mean, running_var, training, momentum, eps, rho=1 - momentum)


@mutant("batchnorm", "The batch is normalised with the variance divided by n: yours is divided by n - 1.")
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


@mutant("batchnorm_backward", "The mean and the variance depend on x, too: your dx treats both as constants.")
def statistics_constant(upstream, x, gamma, eps):
    return norm_backward_with(upstream, x, gamma, eps, by_mean=False, by_var=False)


@mutant("batchnorm_backward", "One path is missing in dx: the one through the variance.")
def variance_constant(upstream, x, gamma, eps):
    return norm_backward_with(upstream, x, gamma, eps, by_var=False)


@mutant("batchnorm_backward", "One path is missing in dx: the one through the mean.")
def mean_constant(upstream, x, gamma, eps):
    return norm_backward_with(upstream, x, gamma, eps, by_mean=False)


@mutant("batchnorm_backward", "gamma multiplies the normalised x, so that stands in dgamma.")
def dgamma_of_x(upstream, x, gamma, eps):
    dx, _, dbeta = norm_backward_with(upstream, x, gamma, eps)
    return dx, (upstream * x).sum(dim=norm_backward_parts(x, gamma, eps)[0]), dbeta


@mutant("batchnorm_backward", "gamma stands between y and x: where is it in dx?")
def dx_without_gamma(upstream, x, gamma, eps):
    return norm_backward_with(upstream, x, torch.ones_like(gamma), eps)


@mutant("batchnorm_backward", "dgamma and dbeta are sums over the batch; upstream holds any 1/N already.")
def affine_averaged(upstream, x, gamma, eps):
    dx, dgamma, dbeta = norm_backward_with(upstream, x, gamma, eps)
    n = x.numel() / x.shape[1]
    return dx, dgamma / n, dbeta / n


@mutant("batchnorm_backward", "Where is eps? It is 0 in yours.")
def backward_without_eps(upstream, x, gamma, eps):
    return norm_backward_with(upstream, x, gamma, 0.0)


@mutant("batchnorm_backward", "Over which axes does a channel sum? Yours are only the examples'.")
def backward_over_N(upstream, x, gamma, eps):
    if x.ndim == 2:
        return norm_backward_with(upstream, x, gamma, eps)
    dx, dgamma, dbeta = norm_backward_with(
        upstream.flatten(1), x.flatten(1), gamma.repeat_interleave(x[0, 0].numel()), eps
    )
    channels = len(gamma)
    return dx.view_as(x), dgamma.view(channels, -1).sum(dim=1), dbeta.view(channels, -1).sum(dim=1)


# --- 2.13 training ---


@mutant("label_frames", "A shuffle of its own for the labels: does each frame still have its speaker?")
def shuffled_apart(x_train, utterance_train, y_train, x_new, utterance_new, seed):
    torch.manual_seed(seed)
    return linear_frames(x_train, y_train[torch.randperm(len(y_train))], x_new, seed)


@mutant("label_frames", "The sample code sees single frames, and draws straight lines between the speakers.")
def sample_code(x_train, utterance_train, y_train, x_new, utterance_new, seed):
    return linear_frames(x_train, y_train, x_new, seed)


@mutant("label_frames", "The loss you report does not fall: does the optimiser step, and is it the training loss?")
def flat_losses(x_train, utterance_train, y_train, x_new, utterance_new, seed):
    labels, losses = linear_frames(x_train, y_train, x_new, seed)
    return labels, losses[:1] * len(losses)
