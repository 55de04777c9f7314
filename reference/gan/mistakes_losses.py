"""Wrong implementations that students write, each with the hint for it: losses and turns (6.1 to 6.4).

Names that are not defined here (torch, other functions of the solution) are the solution's.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.rubric import Variants

variants = Variants()
mutant = variants.mutant

# --- 6.1 two losses ---


@mutant("d_loss", "D's loss here does not depend on the fakes: what should D say about them?")
def only_real(real_logits, fake_logits):
    return F.softplus(-real_logits).mean()


@mutant("d_loss", "Is there a factor 1/2 in front? The two means are simply added.")
def halved(real_logits, fake_logits):
    return (F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()) / 2


@mutant("d_loss", "Reals and fakes in one pot: with more of one than of the other, is that the sum of their means?")
def one_pot(real_logits, fake_logits):
    return 2 * torch.cat([F.softplus(-real_logits), F.softplus(fake_logits)]).mean()


@mutant("d_loss", "Sums instead of means: the loss grows with the batch.")
def summed(real_logits, fake_logits):
    return F.softplus(-real_logits).sum() + F.softplus(fake_logits).sum()


@mutant("d_loss", "The labels are the other way round: which is 1, real or fake?")
def labels_swapped(real_logits, fake_logits):
    return F.softplus(real_logits).mean() + F.softplus(-fake_logits).mean()


@mutant("d_loss", "A sigmoid before a loss that takes logits: how many sigmoids are there in all?")
def double_sigmoid(real_logits, fake_logits):
    real, fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return F.softplus(-real).mean() + F.softplus(fake).mean()


@mutant("d_loss", "This is the critic's loss of 6.5; here a cross-entropy is asked for.")
def wgan(real_logits, fake_logits):
    return fake_logits.mean() - real_logits.mean()


@mutant("d_loss", "The log of a sigmoid that has become 0: what is finite at a logit of -1000?")
def overflowing(real_logits, fake_logits):
    return -torch.log(torch.sigmoid(real_logits)).mean() - torch.log(1 - torch.sigmoid(fake_logits)).mean()


@mutant("g_loss", "Your G minimises what D minimises: does G want its fakes to be called fake?")
def g_same_as_d(fake_logits):
    return F.softplus(fake_logits).mean()


@mutant("g_loss", "This is the saturating loss of 6.2; which label should the fakes have in the non-saturating one?")
def g_saturates(fake_logits):
    return -F.softplus(fake_logits).mean()


@mutant("g_loss", "A sigmoid before a loss that takes logits: how many sigmoids are there in all?")
def g_double_sigmoid(fake_logits):
    return F.softplus(-torch.sigmoid(fake_logits)).mean()


@mutant("g_loss", "This is G's loss against a critic (6.5); here a cross-entropy is asked for.")
def g_wgan(fake_logits):
    return -fake_logits.mean()


# --- 6.2 saturation ---


@mutant("g_loss_saturating", "G minimises this loss: what should happen to it when D believes the fakes?")
def saturating_sign(fake_logits):
    return F.softplus(fake_logits).mean()


@mutant("g_loss_saturating", "log(sigmoid) is not log(1 - sigmoid): for which logits is yours flat?")
def log_of_sigmoid(fake_logits):
    return -F.softplus(-fake_logits).mean()


@mutant("g_loss_saturating", "The log of 1 - sigmoid where the sigmoid has become 1: is there another way to write it?")
def saturating_overflow(fake_logits):
    return torch.log(1 - torch.sigmoid(fake_logits)).mean()


@mutant("g_slopes", "The two slopes are in the other order: the non-saturating loss's comes first.")
def slopes_swapped(fake_logits):
    probability = torch.sigmoid(fake_logits)
    return -probability / len(fake_logits), (probability - 1) / len(fake_logits)


@mutant("g_slopes", "Both losses are means over the batch: where has that gone in their slopes?")
def slopes_without_mean(fake_logits):
    probability = torch.sigmoid(fake_logits)
    return probability - 1, -probability


@mutant("g_slopes", "The sign: does a higher logit make these losses larger or smaller?")
def slopes_uphill(fake_logits):
    probability = torch.sigmoid(fake_logits)
    return (1 - probability) / len(fake_logits), probability / len(fake_logits)


@mutant("best_logit", "This is a probability; which logit has it as its sigmoid?")
def best_probability(p_real, p_fake):
    return p_real / (p_real + p_fake)


@mutant("best_logit", 'Is your D more certain of "real" where there are more fakes?')
def best_for_fakes(p_real, p_fake):
    return torch.log(p_fake / p_real)


# --- 6.3 whose gradients? ---


def gradients_in(d, g):
    return [parameter.grad for parameter in d], [parameter.grad for parameter in g]


@mutant("backward_d", "D's loss runs back through the fakes into G: where should that stop?")
def not_detached(d, g, real, z):
    with torch.enable_grad():
        d_loss(network(d, real), network(d, network(g, z))).backward()  # noqa: F821
    return gradients_in(d, g)


@mutant("backward_d", "What D says about the fakes is cut off from D itself: detach the images, not the logits.")
def logits_detached(d, g, real, z):
    with torch.enable_grad():
        d_loss(network(d, real), network(d, network(g, z)).detach()).backward()  # noqa: F821
    return gradients_in(d, g)


@mutant("backward_d", "D meets the reals twice: where are G's images?")
def reals_twice(d, g, real, z):
    with torch.enable_grad():
        d_loss(network(d, real), network(d, real)).backward()  # noqa: F821
    return gradients_in(d, g)


@mutant("backward_g", "G's loss runs through D, and its gradients stay in D's parameters.")
def d_not_frozen(d, g, z):
    with torch.enable_grad():
        g_loss(network(d, network(g, z))).backward()  # noqa: F821
    return gradients_in(d, g)


@mutant("backward_g", "Nothing arrives in G: is there a detach, or a no_grad, on the way from G's loss to G?")
def g_detached(d, g, z):
    with torch.enable_grad():
        g_loss(network(d, network(g, z).detach())).backward()  # noqa: F821
    for parameter in d:
        parameter.grad = None
    return gradients_in(d, g)


@mutant("backward_g", "This is the saturating loss; step 6.3 asks for the non-saturating one.")
def backward_saturating(d, g, z):
    with torch.enable_grad():
        frozen = [parameter.detach() for parameter in d]
        g_loss_saturating(network(frozen, network(g, z))).backward()  # noqa: F821
    return gradients_in(d, g)


# --- 6.4 taking turns ---


@mutant("update", "The step goes uphill: which way does a gradient point?")
def uphill(parameters, gradients, lr):
    return [parameter.detach() + lr * gradient for parameter, gradient in zip(parameters, gradients, strict=True)]


@mutant("update", "The learning rate has no effect.")
def no_rate(parameters, gradients, lr):
    return [parameter.detach() - gradient for parameter, gradient in zip(parameters, gradients, strict=True)]


def leaves(parameters):
    return [parameter.detach().clone().requires_grad_() for parameter in parameters]


def play(d, g, real, z_d, z_g, lr, *, old_d=False, generator_first=False, same_noise=False, keep=0.0, late=False):
    """take_turns, with a mistake to choose."""
    d_losses, g_losses = [], []
    left_d, left_g = [0.0] * len(d), [0.0] * len(g)

    def step_g(judge, noise):
        nonlocal g, left_g
        g_losses.append(g_loss(network(judge, network(g, noise))).detach())  # noqa: F821
        left_g = [
            keep * old + new
            for old, new in zip(left_g, backward_g(leaves(judge), leaves(g), noise)[1], strict=True)  # noqa: F821
        ]
        g = update(g, left_g, lr)  # noqa: F821
        if late:
            g_losses[-1] = g_loss(network(judge, network(g, noise))).detach()  # noqa: F821

    for reals, noises, noise in zip(real, z_d, z_g, strict=True):
        before = d
        if generator_first:
            step_g(d, noise)
        for batch, z in zip(reals, noises, strict=True):
            d_losses.append(d_loss(network(d, batch), network(d, network(g, z))).detach())  # noqa: F821
            left_d = [
                keep * old + new
                for old, new in zip(left_d, backward_d(leaves(d), leaves(g), batch, z)[0], strict=True)  # noqa: F821
            ]
            d = update(d, left_d, lr)  # noqa: F821
            if late:
                d_losses[-1] = d_loss(network(d, batch), network(d, network(g, z))).detach()  # noqa: F821
        if not generator_first:
            step_g(before if old_d else d, noises[-1] if same_noise else noise)
    return d, g, d_losses, g_losses


@mutant("take_turns", "G learns against the D of before this round: which D does it meet after D's steps?")
def against_old_d(d, g, real, z_d, z_g, lr):
    return play(d, g, real, z_d, z_g, lr, old_d=True)


@mutant("take_turns", "Whose turn is first in a round?")
def generator_first(d, g, real, z_d, z_g, lr):
    return play(d, g, real, z_d, z_g, lr, generator_first=True)


@mutant("take_turns", "G's step uses D's noise again: it has noise of its own.")
def same_noise(d, g, real, z_d, z_g, lr):
    return play(d, g, real, z_d, z_g, lr, same_noise=True)


@mutant("take_turns", "Gradients pile up from one update to the next: what should be cleared, and when?")
def never_cleared(d, g, real, z_d, z_g, lr):
    return play(d, g, real, z_d, z_g, lr, keep=1.0)


@mutant("take_turns", "Your losses are those after each update; asked for are those before.")
def losses_after(d, g, real, z_d, z_g, lr):
    return play(d, g, real, z_d, z_g, lr, late=True)


@mutant("take_turns", "D makes one step in each round: look at the second dimension of `real`.")
def one_step_of_d(d, g, real, z_d, z_g, lr):
    return play(d, g, real[:, :1], z_d[:, :1], z_g, lr)


@mutant("take_turns", "All of D's steps in a round see the same batch.")
def same_batch(d, g, real, z_d, z_g, lr):
    return play(d, g, real[:, :1].expand_as(real), z_d, z_g, lr)


# --- boundaries ---


@mutant("best_logit", "Where an image is very rare among the fakes, or common: should anything bound the logit?")
def bounded_logit(p_real, p_fake):
    return torch.logit(p_real / (p_real + p_fake), eps=1e-3)


@mutant("d_loss", "Close, but not the loss: from which logit on does your softplus count as a straight line?")
def straight_too_early(real_logits, fake_logits):
    return F.softplus(-real_logits, threshold=5).mean() + F.softplus(fake_logits, threshold=5).mean()


@mutant("g_loss", "Close, but not the loss: from which logit on does your softplus count as a straight line?")
def straight_too_early_for_g(fake_logits):
    return F.softplus(-fake_logits, threshold=5).mean()
