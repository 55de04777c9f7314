"""Wrong implementations that students write, each with the hint for it: Wasserstein and the penalty (6.5 to 6.8).

Names that are not defined here (torch, other functions of the solution) are the solution's.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.rubric import Variants

from .mistakes_losses import leaves

variants = Variants()
mutant = variants.mutant

# --- 6.5, 6.6 Wasserstein ---


@mutant("critic_loss", "The critic minimises this: which scores should it make small?")
def critic_upside_down(real_scores, fake_scores):
    return real_scores.mean() - fake_scores.mean()


@mutant("critic_loss", "There is a sigmoid or a log in it: a critic's scores are used as they are.")
def critic_entropy(real_scores, fake_scores):
    return F.softplus(-real_scores).mean() + F.softplus(fake_scores).mean()


@mutant("critic_g_loss", "The sign: G wants its fakes to score high, and minimises this.")
def critic_g_sign(fake_scores):
    return fake_scores.mean()


def step(d, real, fake, lr):
    moved = leaves(d)
    critic_loss(network(moved, real), network(moved, fake)).backward()  # noqa: F821
    return [leaf.detach() for leaf in moved], [leaf.grad for leaf in moved]


@mutant("critic_step", "Clipped before the update: how large may the weights be after it?")
def clipped_before(d, real, fake, lr, c):
    old, slopes = step(d, real, fake, lr)
    return [one.clamp(-c, c) - lr * slope for one, slope in zip(old, slopes, strict=True)]


@mutant("critic_step", "You clip the gradients; it is the weights that must stay within the bound.")
def gradients_clipped(d, real, fake, lr, c):
    old, slopes = step(d, real, fake, lr)
    return [one - lr * slope.clamp(-c, c) for one, slope in zip(old, slopes, strict=True)]


@mutant("critic_step", "The biases are not clipped.")
def weights_only(d, real, fake, lr, c):
    old, slopes = step(d, real, fake, lr)
    new = [one - lr * slope for one, slope in zip(old, slopes, strict=True)]
    return [one.clamp(-c, c) if one.ndim == 2 else one for one in new]


@mutant("critic_step", "Only one side is clipped: what about weights far below 0?")
def one_side(d, real, fake, lr, c):
    old, slopes = step(d, real, fake, lr)
    return [(one - lr * slope).clamp(max=c) for one, slope in zip(old, slopes, strict=True)]


@mutant("critic_step", "The whole tensor is scaled down to the bound: clip each entry on its own.")
def scaled_down(d, real, fake, lr, c):
    old, slopes = step(d, real, fake, lr)
    new = [one - lr * slope for one, slope in zip(old, slopes, strict=True)]
    return [one * (c / one.abs().max()).clamp(max=1) for one in new]


@mutant("critic_step", "Your critic makes no step: is the clipping all that happens?")
def only_clipped(d, real, fake, lr, c):
    return [one.clamp(-c, c) for one in d]


# --- 6.7, 6.8 the gradient penalty ---


@mutant("mix", "All samples get the same alpha: each has its own.")
def one_alpha(real, fake, alpha):
    return alpha[0] * real + (1 - alpha[0]) * fake


@mutant("mix", "alpha is on the fake side: which image should alpha = 1 give?")
def swap(real, fake, alpha):
    alpha = alpha.reshape(-1, *[1] * (real.ndim - 1))
    return alpha * fake + (1 - alpha) * real


@mutant("mix", "Along which dimension does alpha run? Each sample has one, not each column.")
def alpha_last(real, fake, alpha):
    return alpha * real + (1 - alpha) * fake


def penalise(d, points, target=1.0, squared=False, whole=False, mean=False, above=False, keep_dim=False):
    """The gradient penalty at `points`, with a mistake to choose."""
    with torch.enable_grad():
        points = points.detach().requires_grad_()
        out = network(d, points)  # noqa: F821
        (slope,) = torch.autograd.grad(out.mean() if mean else out.sum(), points, create_graph=True)
        norm = slope.norm() if whole else slope.norm(dim=-1) if keep_dim else slope.flatten(1).norm(dim=1)
        excess = (norm**2 if squared else norm) - target
        return (excess.clamp(min=0) if above else excess).square().mean()


@mutant("gradient_penalty", "The slope is taken at the real images: where should it be?")
def real_only(d, real, fake, alpha):
    return penalise(d, real)


@mutant("gradient_penalty", "The slope is taken at the fake images: where should it be?")
def fake_only(d, real, fake, alpha):
    return penalise(d, fake)


@mutant("gradient_penalty", "You differentiate the mean over the batch: each sample's slope is then divided by N.")
def mean_out(d, real, fake, alpha):
    return penalise(d, mix(real, fake, alpha), mean=True)  # noqa: F821


@mutant("gradient_penalty", "One norm for the whole batch: every sample has its own.")
def norm_all(d, real, fake, alpha):
    return penalise(d, mix(real, fake, alpha), whole=True)  # noqa: F821


@mutant("gradient_penalty", "The norm runs over the last dimension only: a sample has more entries than those.")
def norm_last(d, real, fake, alpha):
    return penalise(d, mix(real, fake, alpha), keep_dim=True)  # noqa: F821


@mutant("gradient_penalty", "The squared norm is compared with 1: is a root missing?")
def sq_norm(d, real, fake, alpha):
    return penalise(d, mix(real, fake, alpha), squared=True)  # noqa: F821


@mutant("gradient_penalty", "Which length should the slope have? Yours asks for 0.")
def no_minus1(d, real, fake, alpha):
    return penalise(d, mix(real, fake, alpha), target=0.0)  # noqa: F821


@mutant("gradient_penalty", "Only steep slopes are punished: what about those flatter than 1?")
def one_sided(d, real, fake, alpha):
    return penalise(d, mix(real, fake, alpha), above=True)  # noqa: F821


@mutant("gradient_penalty", "There is a weight in front, as in training; here the plain penalty is asked for.")
def times_ten(d, real, fake, alpha):
    return 10 * penalise(d, mix(real, fake, alpha))  # noqa: F821


@mutant("gradient_penalty", "The value is right, but cut off from D's parameters: was the graph of the slope kept?")
def graph_lost(d, real, fake, alpha):
    return penalise(d, mix(real, fake, alpha)).detach()  # noqa: F821


@mutant("penalty_gradients", "Nothing arrives in D's parameters: was the graph of the slope kept?")
def all_zeros(d, real, fake, alpha):
    return [torch.zeros_like(parameter) for parameter in d]


@mutant("penalty_gradients", "This is the gradient of D's outputs; the penalty is a function of their slope.")
def of_the_scores(d, real, fake, alpha):
    moved = leaves(d)
    out = network(moved, mix(real, fake, alpha)).mean()  # noqa: F821
    return list(torch.autograd.grad(out, moved))


@mutant("penalty_gradients", "D's last bias does not change the slope: its gradient is 0, but it has an entry.")
def without_last(d, real, fake, alpha):
    moved = leaves(d)
    return list(torch.autograd.grad(gradient_penalty(moved, real, fake, alpha), moved[:-1]))  # noqa: F821


@mutant("penalty_gradients", "The sum over the samples instead of the mean.")
def summed_penalty(d, real, fake, alpha):
    moved = leaves(d)
    found = torch.autograd.grad(
        gradient_penalty(moved, real, fake, alpha) * len(real),  # noqa: F821
        moved,
        materialize_grads=True,
    )
    return list(found)
