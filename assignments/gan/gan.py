# %% [markdown]
# # GAN: two networks that teach each other
#
# A **generator** G turns noise into images, a **discriminator** D tells them from real ones. Neither ever sees a label:
# each learns from the other's mistakes. You will write their losses, see to it that a step of one leaves the other
# alone, tame D with clipping and with a gradient penalty, measure what comes out, and train a pair on 8x8 digits.
#
# - Fill in each function where it says `raise NotImplementedError`. Keep the names and the arguments.
# - Tensors come in float64 and, once, in float32: compute in the dtype you are given.
# - Every exercise is graded on its own. If an earlier one is wrong, later ones are checked with ours in its place.
# - Code at the top level that trains or plots is fine: it is not run when we grade.

# %%
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

# %% [markdown]
# ## Given: a network as a list of tensors
#
# Both networks are plain lists, `[W1, b1, W2, b2, ...]`, each W of shape (out, in). D's output is a **logit** (6.1 to
# 6.4: the sigmoid of it is the probability of "real") or a plain score (6.5 to 6.8). `network` is complete: leave it
# as it is.


# %%
def network(parameters: list[Tensor], x: Tensor) -> Tensor:
    """Fully connected, SiLU between the layers and nothing after the last: x (N, ...) -> (N, out)."""
    x = x.flatten(1)
    for index in range(0, len(parameters), 2):
        x = x if index == 0 else F.silu(x)
        x = x @ parameters[index].T + parameters[index + 1]
    return x


# %% [markdown]
# ## Exercise 6.1 · Two losses (8 points)
#
# D's loss is a binary cross-entropy: reals have label 1, fakes 0. It is the **mean over the reals plus the mean over
# the fakes**, without a factor 1/2, and there may be more of one than of the other. G's loss is the
# **non-saturating** one: the cross-entropy of its fakes with label 1. All take logits, of shape (N,) or (N, 1), and
# are finite for logits of -1000 and 1000, too.


# %%
def d_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """D's loss: real_logits (N,) or (N, 1), fake_logits (M,) or (M, 1) -> a scalar."""
    raise NotImplementedError("Exercise 6.1: d_loss")


def g_loss(fake_logits: Tensor) -> Tensor:
    """G's non-saturating loss: fake_logits (M,) or (M, 1) -> a scalar."""
    raise NotImplementedError("Exercise 6.1: g_loss")


# %% [markdown]
# ## Exercise 6.2 · Why not minimise what D maximises? (9 points)
#
# The first idea was that G minimises the mean of $\log(1 - \sigma(a))$ over its logits $a$. Early on D is sure
# ($a \ll 0$), and this loss is flat just there: it **saturates**. Write it, then the slopes of both losses by hand.
#
# For one point where reals have density $p$ and fakes $q$, the best D says $p / (p + q)$.
#
# **By hand:** please use no automatic derivatives (`backward`, `torch.autograd`, `torch.func.grad`) in this exercise.


# %%
def g_loss_saturating(fake_logits: Tensor) -> Tensor:
    """Mean of log(1 - sigmoid(logit)), right and finite for any logit: fake_logits (M,) or (M, 1) -> a scalar."""
    raise NotImplementedError("Exercise 6.2: g_loss_saturating")


def g_slopes(fake_logits: Tensor) -> tuple[Tensor, Tensor]:
    """The derivatives of both means (their 1/M included) by each logit, by hand (no autograd).

    fake_logits (M,) -> (of the non-saturating loss, of the saturating loss), both (M,).
    """
    raise NotImplementedError("Exercise 6.2: g_slopes")


def best_logit(p_real: Tensor, p_fake: Tensor) -> Tensor:
    """The logit of the best D where reals have density p_real and fakes p_fake: (N,), (N,) > 0 -> (N,)."""
    raise NotImplementedError("Exercise 6.2: best_logit")


# %% [markdown]
# ## Exercise 6.3 · Whose gradients? (10 points)
#
# D's loss runs through G's images, G's loss runs through D. Still, a step of D must not leave gradients in G, nor a
# step of G in D, or the next step of the other starts with them. Parameters come as leaves with `requires_grad`, their
# `.grad` is `None`. Both functions compute one loss, run `backward` and give back **what then is in `.grad`** of every
# parameter: a tensor, or `None` (zeros count as well) where nothing may have arrived.


# %%
def backward_d(
    d: list[Tensor], g: list[Tensor], real: Tensor, z: Tensor
) -> tuple[list[Tensor | None], list[Tensor | None]]:
    """One backward pass of D's loss, on real (N, ...) and on G's images of the noise z (M, k).

    Returns two lists: `.grad` of each of D's parameters, and of each of G's.
    """
    raise NotImplementedError("Exercise 6.3: backward_d")


def backward_g(d: list[Tensor], g: list[Tensor], z: Tensor) -> tuple[list[Tensor | None], list[Tensor | None]]:
    """One backward pass of G's non-saturating loss on G's images of the noise z (M, k). Returns as backward_d does."""
    raise NotImplementedError("Exercise 6.3: backward_g")


# %% [markdown]
# ## Exercise 6.4 · Taking turns (12 points)
#
# One round: `d_steps` updates of D, each on its own batch of reals and its own noise, then **one** update of G, on
# fresh noise and against the **new** D. Updates are plain gradient descent, $\theta \leftarrow \theta - \eta \nabla$,
# with one learning rate for both. Gradients of one update are gone before the next.


# %%
def update(parameters: list[Tensor], gradients: list[Tensor], lr: float) -> list[Tensor]:
    """One step of gradient descent. Returns a list of new tensors; the old ones stay as they are."""
    raise NotImplementedError("Exercise 6.4: update")


def take_turns(
    d: list[Tensor], g: list[Tensor], real: Tensor, z_d: Tensor, z_g: Tensor, lr: float
) -> tuple[list[Tensor], list[Tensor], list[Tensor], list[Tensor]]:
    """Alternate for R rounds with K steps of D in each.

    real (R, K, N, ...), z_d (R, K, M, k): the batches of D's steps; z_g (R, M, k): the noise of G's.
    d and g come without `requires_grad`. Returns the new d, the new g (lists of tensors), and two lists of losses: D's
    before each of its R * K updates, and G's before each of its R updates.
    """
    raise NotImplementedError("Exercise 6.4: take_turns")


# %% [markdown]
# ## Exercise 6.5 · Wasserstein: scores instead of verdicts (3 points)
#
# Now D is a **critic**: its output is a score, high for reals, and no sigmoid comes after it. Its loss is the mean
# score of the fakes minus that of the reals; G wants its fakes to score high.


# %%
def critic_loss(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """The critic's loss: real_scores (N,) or (N, 1), fake_scores (M,) or (M, 1) -> a scalar."""
    raise NotImplementedError("Exercise 6.5: critic_loss")


def critic_g_loss(fake_scores: Tensor) -> Tensor:
    """G's loss against a critic: fake_scores (M,) or (M, 1) -> a scalar."""
    raise NotImplementedError("Exercise 6.5: critic_g_loss")


# %% [markdown]
# ## Exercise 6.6 · Clipping (5 points)
#
# The critic must not be steep, or its scores say nothing about distances. In the first recipe, every weight and every
# bias is clipped to $[-c, c]$ **after** each update.


# %%
def critic_step(d: list[Tensor], real: Tensor, fake: Tensor, lr: float, c: float) -> list[Tensor]:
    """One step of gradient descent on the critic's loss, then clipping to [-c, c].

    d: the critic's parameters; real (N, ...), fake (M, ...). Returns the new parameters; the old ones stay as they are.
    """
    raise NotImplementedError("Exercise 6.6: critic_step")


# %% [markdown]
# ## Exercise 6.7 · Between real and fake (3 points)
#
# Clipping is crude. Better: ask that the critic's slope be 1 **between** real and fake images, at
# $\hat x_n = \alpha_n x_n + (1 - \alpha_n) \tilde x_n$ with real $x_n$, fake $\tilde x_n$ and an $\alpha_n$ of its own.


# %%
def mix(real: Tensor, fake: Tensor, alpha: Tensor) -> Tensor:
    """alpha of the real and 1 - alpha of the fake, for each sample: real, fake (N, ...), alpha (N,) -> (N, ...)."""
    raise NotImplementedError("Exercise 6.7: mix")


# %% [markdown]
# ## Exercise 6.8 · The gradient penalty (10 points)
#
# The penalty is the mean over $n$ of $(\lVert \nabla_{\hat x_n} D(\hat x_n) \rVert_2 - 1)^2$, the norm over **all**
# entries of a sample. It is a function of D's parameters: to train on it you differentiate a gradient, a double
# backward.


# %%
def gradient_penalty(d: list[Tensor], real: Tensor, fake: Tensor, alpha: Tensor) -> Tensor:
    """The penalty, without a factor in front: real, fake (N, ...), alpha (N,), d a list -> a scalar.

    If d's parameters require gradients, `backward` on the result must reach them.
    """
    raise NotImplementedError("Exercise 6.8: gradient_penalty")


def penalty_gradients(d: list[Tensor], real: Tensor, fake: Tensor, alpha: Tensor) -> list[Tensor]:
    """The gradient of the penalty by each of D's parameters, as a list of tensors; zeros where it does not depend."""
    raise NotImplementedError("Exercise 6.8: penalty_gradients")


# %% [markdown]
# ## Exercise 6.9 · A set of images as a Gaussian (8 points)
#
# To compare two sets of images, describe the features of each by a mean and a covariance. You will also need the root
# of a matrix, which is not the root of its entries: $R = A^{1/2}$ is the symmetric matrix without negative eigenvalues
# for which $R R = A$. Covariances may be **singular**, and rounding then leaves eigenvalues like $-10^{-17}$: their
# root is 0 (the root of their size does no harm), and never NaN.


# %%
def mean_and_covariance(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (d,) and covariance (d, d) of features (N, d); the covariance divides by N - 1."""
    raise NotImplementedError("Exercise 6.9: mean_and_covariance")


def matrix_root(a: Tensor) -> Tensor:
    """The root of a symmetric matrix without negative eigenvalues (but for rounding): a (d, d) -> (d, d)."""
    raise NotImplementedError("Exercise 6.9: matrix_root")


# %% [markdown]
# ## Exercise 6.10 · How far apart? (5 points)
#
# The Fréchet distance of two Gaussians is
# $\lVert \mu_1 - \mu_2 \rVert^2 + \mathrm{tr}\bigl(C_1 + C_2 - 2 (C_1^{1/2} C_2\, C_1^{1/2})^{1/2}\bigr)$.


# %%
def frechet_distance(mean_1: Tensor, covariance_1: Tensor, mean_2: Tensor, covariance_2: Tensor) -> Tensor:
    """The Fréchet distance (as above, not its root) of two Gaussians: (d,), (d, d), (d,), (d, d) -> a scalar."""
    raise NotImplementedError("Exercise 6.10: frechet_distance")


# %% [markdown]
# ## Exercise 6.11 · Missing modes, and copies (8 points)
#
# Two failures that a loss does not show. A G that makes only sixes has dropped the other **modes**: count them on a
# ring of Gaussians, where they are known. And a G that has learnt its training images by heart makes **copies**: look
# for the nearest training image of each sample.


# %%
def ring(modes: int, radius: float) -> Tensor:
    """Centres of `modes` Gaussians, evenly on a circle around 0, the first at (radius, 0), counter-clockwise.

    Returns (modes, 2), in float64.
    """
    raise NotImplementedError("Exercise 6.11: ring")


def modes_covered(samples: Tensor, centres: Tensor, distance: float, least: int) -> int:
    """How many centres are covered, as an int. A sample counts for its nearest centre, and only when it lies at most
    `distance` from it; a centre is covered by `least` samples or more. samples (N, d), centres (K, d).
    """
    raise NotImplementedError("Exercise 6.11: modes_covered")


def nearest_training(samples: Tensor, training: Tensor) -> tuple[Tensor, Tensor]:
    """The nearest training image of each sample: samples (N, ...), training (M, ...) of the same shape after the first.

    Returns its index (N,) and its Euclidean distance (N,).
    """
    raise NotImplementedError("Exercise 6.11: nearest_training")


def copied_share(samples: Tensor, training: Tensor, tolerance: float) -> float:
    """The share of samples (0 to 1, a number) whose nearest training image is at most `tolerance` away."""
    raise NotImplementedError("Exercise 6.11: copied_share")


# %% [markdown]
# ## Exercise 6.12 · In numbers (3 points)


# %%
ANSWERS = {
    # D's loss of 6.1 when G is perfect and D can only say "1/2"? (2 decimals)
    "d loss at the end": (
        None
    ),
    # At a logit of -5, how many times steeper is G's non-saturating loss than its saturating one? (a whole number)
    "push at -5": (
        None
    ),
    # The Fréchet distance between N(0, 1) and a normal distribution with mean 3 and standard deviation 2?
    "distance of two bells": (
        None
    ),
}

# %% [markdown]
# ## Exercise 6.13 · Train it (16 points)
#
# Train a pair on images, and hand in the **generator itself**, as a list of tensors for `network`: we draw the noise,
# N(0, 1) with as many entries as `W1` has columns, and clip what comes out to [0, 1].
#
# `data/digits.npz` has 1797 digits of 8x8 pixels, 0 to 16, and their labels. When we grade, you get the images of a few
# of the ten digits, turned or mirrored, all in the same way: a generator that was trained at home does not help. We
# compare 2000 of your images with the real ones by the Fréchet distance in the features of a classifier of ours, in
# percent of the features' own variance, and see that they are digits and not blends (the handout says how). Real
# against real is about 1, pixels of pure noise are at 45 to 105 (it depends on the noise), and a network that has not
# been trained is at 150.
#
# A start that works: D and G with two hidden layers of 128, batches of 64, Adam with `betas=(0.5, 0.99)` and learning
# rate 1e-3, 60 epochs. Then go on:
#
# - a learning rate of 2e-3, and 4e-3;
# - punish D's slope at the **real** images with $\frac{\gamma}{2} \lVert \nabla_x D(x) \rVert^2$ (R1), $\gamma = 0.2$;
# - hand in a running average of G's weights, $\bar\theta \leftarrow 0.98\, \bar\theta + 0.02\, \theta$ after each step;
# - more epochs. We call `train_gan` twice, on seven digits and on three; each call has 60 seconds on one slow core.
#   Stay at about 10 on yours, with all ten digits, as ours does.


# %%
def train_gan(images: Tensor, seed: int) -> tuple[list[Tensor], list[float], list[float]]:
    """Train a GAN on images (N, 64), float64, with values in [0, 1].

    Start from torch.manual_seed(seed). Returns the generator's parameters [W1, b1, W2, b2, ...] (float32 or float64, at
    most 100 000 numbers in all; W1 has one column for each entry of the noise), and two lists with the mean of D's and
    of G's loss in each epoch.
    """
    raise NotImplementedError("Exercise 6.13: train_gan")


# %% [markdown]
# ## Look at it
#
# This cell is for you, and is not run when we grade: a generator of all ten digits, measured by your own functions.

# %%
if __name__ == "__main__":
    print(f"D's loss when it knows nothing: {d_loss(torch.zeros(2), torch.zeros(3)):.3f} (2 ln 2 is 1.386)")
    images = torch.from_numpy(np.load("data/digits.npz")["images"]).double() / 16
    generator, d_losses, g_losses = train_gan(images, seed=0)
    noise = torch.randn(1000, generator[0].shape[1], dtype=generator[0].dtype)
    made = network(generator, noise).detach().double().clamp(0, 1)
    distance = frechet_distance(*mean_and_covariance(made), *mean_and_covariance(images))
    print(f"losses {d_losses[-1]:.2f} and {g_losses[-1]:.2f}, Fréchet distance of the pixels {distance:.2f}")
    print(f"copies: {copied_share(made, images, 0.5):.1%}")
