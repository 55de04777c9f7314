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
# 6.4: the sigmoid of it is the probability of "real") or a plain score (6.5 to 6.8). `network` and
# `new_network` are complete: leave them as they are.


# %%
def network(parameters: list[Tensor], x: Tensor) -> Tensor:
    """Fully connected, SiLU between the layers and nothing after the last: x (N, ...) -> (N, out)."""
    x = x.flatten(1)
    for index in range(0, len(parameters), 2):
        x = x if index == 0 else F.silu(x)
        x = x @ parameters[index].T + parameters[index + 1]
    return x


def new_network(*sizes: int) -> list[Tensor]:
    """Parameters to start from, float32: new_network(32, 128, 64) takes 32 numbers to 128, and these to 64."""
    layers = [torch.nn.Linear(inside, outside) for inside, outside in zip(sizes, sizes[1:])]
    return [parameter for layer in layers for parameter in layer.parameters()]


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
    # SOLUTION
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
    # END


def g_loss(fake_logits: Tensor) -> Tensor:
    """G's non-saturating loss: fake_logits (M,) or (M, 1) -> a scalar."""
    # SOLUTION
    return F.softplus(-fake_logits).mean()
    # END


# %% [markdown]
# ## Exercise 6.2 · Why not minimise what D maximises? (9 points)
#
# The first idea was that G minimises the mean of $\log(1 - \sigma(a))$ over its logits $a$. Early on D is sure
# ($a \ll 0$), and this loss is flat just there: it **saturates**. Write it, then the slopes of both losses by hand.
#
# For one point where reals have density $p$ and fakes $q$, the best D says $p / (p + q)$.


# %%
def g_loss_saturating(fake_logits: Tensor) -> Tensor:
    """Mean of log(1 - sigmoid(logit)), right and finite for any logit: fake_logits (M,) or (M, 1) -> a scalar."""
    # SOLUTION
    return -F.softplus(fake_logits).mean()
    # END


def g_slopes(fake_logits: Tensor) -> tuple[Tensor, Tensor]:
    """The derivatives of both means (their 1/M included) by each logit, by hand (no autograd).

    fake_logits (M,) -> (of the non-saturating loss, of the saturating loss), both (M,).
    """
    # SOLUTION
    probability = torch.sigmoid(fake_logits)
    return (probability - 1) / len(fake_logits), -probability / len(fake_logits)
    # END


def best_logit(p_real: Tensor, p_fake: Tensor) -> Tensor:
    """The logit of the best D where reals have density p_real and fakes p_fake: (N,), (N,) > 0 -> (N,)."""
    # SOLUTION
    return torch.log(p_real) - torch.log(p_fake)
    # END


# %% [markdown]
# **See it.** Left, G's two losses over the logit of a fake; in the middle their slopes: how strongly does each push G
# where D is sure, at -6? Right, the best D for reals and fakes of two overlapping bells.

# %%
if __name__ == "__main__":
    import matplotlib.pyplot as plt

    try:
        logits = torch.linspace(-8, 4, 121, dtype=torch.float64)
        figure, (losses, slopes, verdict) = plt.subplots(1, 3, num="6.2 two losses and their slopes", figsize=(12, 3.8))
        for which, line, name in ((0, "-", "non-saturating"), (1, "--", "saturating")):
            loss_of = (g_loss, g_loss_saturating)[which]
            losses.plot(logits, [loss_of(logit[None]) for logit in logits], line, label=name)
            slopes.plot(logits, [g_slopes(logit[None])[which] for logit in logits], line, label=name)
        losses.set(title="G's loss", xlabel="logit of a fake")
        slopes.set(title="its slope", xlabel="logit of a fake")
        losses.legend()
        place = torch.linspace(-4, 6, 101, dtype=torch.float64)
        real_density, fake_density = (torch.distributions.Normal(m, 1.0).log_prob(place).exp() for m in (0.0, 2.0))
        verdict.plot(place, real_density, "-", label="reals")
        verdict.plot(place, fake_density, "--", label="fakes")
        verdict.plot(place, torch.sigmoid(best_logit(real_density, fake_density)), "k:", label="the best D")
        verdict.set(title="two bells")
        verdict.legend()
        figure.tight_layout()
        plt.show()
    except NotImplementedError as todo:
        plt.close()
        print(f"A picture for later. First: {todo}")


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
    # SOLUTION
    with torch.enable_grad():
        fake = network(g, z).detach()
        d_loss(network(d, real), network(d, fake)).backward()
    return [parameter.grad for parameter in d], [parameter.grad for parameter in g]
    # END


def backward_g(d: list[Tensor], g: list[Tensor], z: Tensor) -> tuple[list[Tensor | None], list[Tensor | None]]:
    """One backward pass of G's non-saturating loss on G's images of the noise z (M, k). Returns as backward_d does."""
    # SOLUTION
    with torch.enable_grad():
        frozen = [parameter.detach() for parameter in d]
        g_loss(network(frozen, network(g, z))).backward()
    return [parameter.grad for parameter in d], [parameter.grad for parameter in g]
    # END


# %% [markdown]
# ## Exercise 6.4 · Taking turns (12 points)
#
# One round: `d_steps` updates of D, each on its own batch of reals and its own noise, then **one** update of G, on
# fresh noise and against the **new** D. Updates are plain gradient descent, $\theta \leftarrow \theta - \eta \nabla$,
# with one learning rate for both. Gradients of one update are gone before the next.


# %%
def update(parameters: list[Tensor], gradients: list[Tensor], lr: float) -> list[Tensor]:
    """One step of gradient descent. Returns a list of new tensors; the old ones stay as they are."""
    # SOLUTION
    return [parameter.detach() - lr * gradient for parameter, gradient in zip(parameters, gradients)]
    # END


def take_turns(
    d: list[Tensor], g: list[Tensor], real: Tensor, z_d: Tensor, z_g: Tensor, lr: float
) -> tuple[list[Tensor], list[Tensor], list[Tensor], list[Tensor]]:
    """Alternate for R rounds with K steps of D in each.

    real (R, K, N, ...), z_d (R, K, M, k): the batches of D's steps; z_g (R, M, k): the noise of G's.
    d and g come without `requires_grad`. Returns the new d, the new g (lists of tensors), and two lists of losses: D's
    before each of its R * K updates, and G's before each of its R updates.
    """
    # SOLUTION
    d_losses, g_losses = [], []
    for reals, noises, noise in zip(real, z_d, z_g):
        for batch, z in zip(reals, noises):
            d_losses.append(d_loss(network(d, batch), network(d, network(g, z))).detach())
            d_gradients, _ = backward_d(_leaves(d), _leaves(g), batch, z)
            d = update(d, [gradient for gradient in d_gradients if gradient is not None], lr)
        g_losses.append(g_loss(network(d, network(g, noise))).detach())
        _, g_gradients = backward_g(_leaves(d), _leaves(g), noise)
        g = update(g, [gradient for gradient in g_gradients if gradient is not None], lr)
    return d, g, d_losses, g_losses


def _leaves(parameters: list[Tensor]) -> list[Tensor]:
    return [parameter.detach().clone().requires_grad_() for parameter in parameters]
    # END


# %% [markdown]
# ## Exercise 6.4a · Predict: the game of x and y (3 points)
#
# **Write before you run the next cell.** x and y are two numbers, and the value of the game is x y. One player makes
# it small and moves x, the other makes it large and moves y. The cell starts at (1, 1) and makes 60 steps of gradient
# descent with your `update`: in turn, then both at once. What is the value of the game? Will the two get there, in
# either way? Say why. Then look, and add what you did not expect: being wrong costs nothing. Three to six sentences.

# %% [markdown]
# **See it.** The path of both players, from the star. Each of them goes down its own loss in every single step.

# %%
if __name__ == "__main__":
    import matplotlib.pyplot as plt

    try:
        figure, axes = plt.subplots(1, 2, num="6.4 the game of x and y", figsize=(9, 4.4), sharex=True, sharey=True)
        for ax, title in zip(axes, ("in turn", "both at once")):
            x, y = torch.tensor([1.0]), torch.tensor([1.0])
            path = [(x, y)]
            for _ in range(60):
                (moved,) = update([x], [y], 0.15)
                (y,) = update([y], [-(moved if title == "in turn" else x)], 0.15)
                x = moved
                path.append((x, y))
            ax.plot(*zip(*path), "o-", markersize=3, linewidth=0.8)
            ax.plot(1, 1, "k*", markersize=12)
            ax.plot(0, 0, "k+", markersize=12)
            ax.set(title=title, xlabel="x", ylabel="y", aspect="equal")
        figure.tight_layout()
        plt.show()
    except NotImplementedError as todo:
        plt.close()
        print(f"A picture for later. First: {todo}")


# %% [markdown]
# ## Exercise 6.5 · Wasserstein: scores instead of verdicts (3 points)
#
# Now D is a **critic**: its output is a score, high for reals, and no sigmoid comes after it. Its loss is the mean
# score of the fakes minus that of the reals; G wants its fakes to score high.


# %%
def critic_loss(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """The critic's loss: real_scores (N,) or (N, 1), fake_scores (M,) or (M, 1) -> a scalar."""
    # SOLUTION
    return fake_scores.mean() - real_scores.mean()
    # END


def critic_g_loss(fake_scores: Tensor) -> Tensor:
    """G's loss against a critic: fake_scores (M,) or (M, 1) -> a scalar."""
    # SOLUTION
    return -fake_scores.mean()
    # END


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
    # SOLUTION
    leaves = [parameter.detach().clone().requires_grad_() for parameter in d]
    gradients = torch.autograd.grad(critic_loss(network(leaves, real), network(leaves, fake)), leaves)
    return [(parameter - lr * gradient).clamp(-c, c) for parameter, gradient in zip(d, gradients)]
    # END


# %% [markdown]
# ## Exercise 6.7 · Between real and fake (3 points)
#
# Clipping is crude. Better: ask that the critic's slope be 1 **between** real and fake images, at
# $\hat x_n = \alpha_n x_n + (1 - \alpha_n) \tilde x_n$ with real $x_n$, fake $\tilde x_n$ and an $\alpha_n$ of its own.


# %%
def mix(real: Tensor, fake: Tensor, alpha: Tensor) -> Tensor:
    """alpha of the real and 1 - alpha of the fake, for each sample: real, fake (N, ...), alpha (N,) -> (N, ...)."""
    # SOLUTION
    alpha = alpha.reshape(-1, *[1] * (real.ndim - 1))
    return alpha * real + (1 - alpha) * fake
    # END


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
    # SOLUTION
    with torch.enable_grad():
        between = mix(real, fake, alpha).detach().requires_grad_()
        (slope,) = torch.autograd.grad(network(d, between).sum(), between, create_graph=True)
        norms: Tensor = slope.flatten(1).norm(dim=1)
        return (norms - 1).square().mean()
    # END


def penalty_gradients(d: list[Tensor], real: Tensor, fake: Tensor, alpha: Tensor) -> list[Tensor]:
    """The gradient of the penalty by each of D's parameters, as a list of tensors; zeros where it does not depend."""
    # SOLUTION
    leaves = [parameter.detach().clone().requires_grad_() for parameter in d]
    penalty = gradient_penalty(leaves, real, fake, alpha)
    gradients = torch.autograd.grad(penalty, leaves, materialize_grads=True)
    return [gradient.detach() for gradient in gradients]
    # END


# %% [markdown]
# **See it.** Reals lie on a ring of eight (dots), fakes in the middle (crosses), and a critic learns to tell them apart
# for some seconds: once clipped after each step, once with ten times the penalty. Lines join places of equal score. On
# the right, how steep each is between reals and fakes: where should the bars be?

# %%
if __name__ == "__main__":
    import matplotlib.pyplot as plt

    try:
        torch.manual_seed(0)
        turns = 2 * torch.pi * torch.arange(256) / 8
        reals = 2 * torch.stack([turns.cos(), turns.sin()], dim=1) + 0.1 * torch.randn(256, 2)
        fakes, between = 0.5 * torch.randn(256, 2), torch.rand(256)
        penalised = new_network(2, 32, 32, 1)
        clipped = [weights.detach().clone() for weights in penalised]
        adam = torch.optim.Adam(penalised, lr=3e-3)
        for _ in range(800):
            clipped = critic_step(clipped, reals, fakes, 0.02, 0.2)
            adam.zero_grad()
            penalty = gradient_penalty(penalised, reals, fakes, torch.rand(256))
            (critic_loss(network(penalised, reals), network(penalised, fakes)) + 10 * penalty).backward()
            adam.step()
        side = torch.linspace(-3, 3, 61)
        grid = torch.cartesian_prod(side, side)
        figure, axes = plt.subplots(1, 3, num="6.8 two critics of a ring", figsize=(13, 4))
        for ax, critic, title, style in zip(axes, (clipped, penalised), ("clipped", "penalised"), ("step", "bar")):
            ax.contour(side, side, network(critic, grid).detach().reshape(61, 61).T, 14, cmap="copper")
            ax.plot(*reals[:80].T, "k.", markersize=4)
            ax.plot(*fakes[:80].T, "x", color="grey", markersize=4)
            ax.set(title=title, aspect="equal")
            mixed = mix(reals, fakes, between).requires_grad_()
            (slope,) = torch.autograd.grad(network(critic, mixed).sum(), mixed)
            axes[2].hist(slope.norm(dim=1), bins=30, range=(0, 1.5), histtype=style, label=title)
        axes[2].set(title="steepness between reals and fakes", xlabel="norm of the slope")
        axes[2].legend()
        figure.tight_layout()
        plt.show()
    except NotImplementedError as todo:
        plt.close()
        print(f"A picture for later. First: {todo}")


# %% [markdown]
# ## Exercise 6.8a · Two differences, and what each is for (3 points)
#
# A Wasserstein critic differs from the discriminator of 6.1 in what comes out of it and in what holds it back. What is
# each of the two for? And what do your contours and bars say of clipping against the penalty? Three to six sentences.


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
    # SOLUTION
    mean = features.mean(dim=0)
    centred = features - mean
    return mean, centred.T @ centred / (len(features) - 1)
    # END


def matrix_root(a: Tensor) -> Tensor:
    """The root of a symmetric matrix without negative eigenvalues (but for rounding): a (d, d) -> (d, d)."""
    # SOLUTION
    values, vectors = torch.linalg.eigh(a)
    root: Tensor = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    return root
    # END


# %% [markdown]
# ## Exercise 6.10 · How far apart? (5 points)
#
# The Fréchet distance of two Gaussians is
# $\lVert \mu_1 - \mu_2 \rVert^2 + \mathrm{tr}\bigl(C_1 + C_2 - 2 (C_1^{1/2} C_2\, C_1^{1/2})^{1/2}\bigr)$.


# %%
def frechet_distance(mean_1: Tensor, covariance_1: Tensor, mean_2: Tensor, covariance_2: Tensor) -> Tensor:
    """The Fréchet distance (as above, not its root) of two Gaussians: (d,), (d, d), (d,), (d, d) -> a scalar."""
    # SOLUTION
    root = matrix_root(covariance_1)
    mixed = matrix_root(root @ covariance_2 @ root)
    return (mean_1 - mean_2).square().sum() + (covariance_1 + covariance_2 - 2 * mixed).trace()
    # END


# %% [markdown]
# ## Exercise 6.10a · What the distance cannot see (3 points)
#
# Name two faults of a generator that leave its Fréchet distance small. And why does the very same generator look worse
# when 50 of its images are measured than when 5000 are? Three to six sentences.


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
    # SOLUTION
    angles = 2 * torch.pi * torch.arange(modes, dtype=torch.float64) / modes
    return radius * torch.stack([torch.cos(angles), torch.sin(angles)], dim=1)
    # END


def modes_covered(samples: Tensor, centres: Tensor, distance: float, least: int) -> int:
    """How many centres are covered, as an int. A sample counts for its nearest centre, and only when it lies at most
    `distance` from it; a centre is covered by `least` samples or more. samples (N, d), centres (K, d).
    """
    # SOLUTION
    nearest, index = _distances(samples, centres).min(dim=1)
    counts = torch.bincount(index[nearest <= distance], minlength=len(centres))
    return int((counts >= least).sum())
    # END


def nearest_training(samples: Tensor, training: Tensor) -> tuple[Tensor, Tensor]:
    """The nearest training image of each sample: samples (N, ...), training (M, ...) of the same shape after the first.

    Returns its index (N,) and its Euclidean distance (N,).
    """
    # SOLUTION
    distances, index = _distances(samples.flatten(1), training.flatten(1)).min(dim=1)
    return index, distances


def _distances(one: Tensor, other: Tensor) -> Tensor:
    return (one[:, None] - other).square().sum(dim=2).sqrt()
    # END


def copied_share(samples: Tensor, training: Tensor, tolerance: float) -> float:
    """The share of samples (0 to 1, a number) whose nearest training image is at most `tolerance` away."""
    # SOLUTION
    return float((nearest_training(samples, training)[1] <= tolerance).double().mean())
    # END


# %% [markdown]
# **See it.** A small GAN learns a ring at a high learning rate, for some seconds: above with the losses of 6.1, below
# with your critic and its penalty (6.5 to 6.8). Dots are 400 samples, circles the eight centres. How many are covered
# changes from run to run: try other seeds.

# %%
if __name__ == "__main__":
    import matplotlib.pyplot as plt

    try:
        figure, axes = plt.subplots(2, 3, num="6.11 a ring of eight, two ways", figsize=(9, 6))
        centres = ring(8, 2.0).float()
        for row, kind in zip(axes, ("plain", "critic")):
            torch.manual_seed(1)
            g, d = new_network(8, 64, 64, 2), new_network(2, 64, 64, 1)
            g_adam, d_adam = (torch.optim.Adam(weights, lr=1e-2, betas=(0.5, 0.99)) for weights in (g, d))
            for step in range(1001):
                if step in (0, 300, 1000):
                    ax = row[(0, 300, 1000).index(step)]
                    drawn = network(g, torch.randn(400, 8)).detach()
                    ax.plot(*drawn.T, ".", markersize=3)
                    ax.plot(*centres.T, "ko", markersize=12, fillstyle="none")
                    covered = modes_covered(drawn, centres, 0.3, 8)
                    ax.set(title=f"{kind}, step {step}: {covered} of 8", xlim=(-3, 3), ylim=(-3, 3), aspect="equal")
                reals = centres[torch.randint(8, (64,))] + 0.05 * torch.randn(64, 2)
                fakes = network(g, torch.randn(64, 8)).detach()
                loss = (d_loss if kind == "plain" else critic_loss)(network(d, reals), network(d, fakes))
                if kind == "critic":
                    loss = loss + gradient_penalty(d, reals, fakes, torch.rand(64))
                d_adam.zero_grad()
                loss.backward()
                d_adam.step()
                scores = network(d, network(g, torch.randn(64, 8)))
                g_adam.zero_grad()
                (g_loss if kind == "plain" else critic_g_loss)(scores).backward()
                g_adam.step()
        figure.tight_layout()
        plt.show()
    except NotImplementedError as todo:
        plt.close()
        print(f"A picture for later. First: {todo}")


# %% [markdown]
# ## Exercise 6.12 · In numbers (3 points)


# %%
ANSWERS = {
    # D's loss of 6.1 when G is perfect and D can only say "1/2"? (2 decimals)
    "d loss at the end": (
        # SOLUTION
        1.386
        # STARTER
        # None
        # END
    ),
    # At a logit of -5, how many times steeper is G's non-saturating loss than its saturating one? (a whole number)
    "push at -5": (
        # SOLUTION
        148
        # STARTER
        # None
        # END
    ),
    # The Fréchet distance between N(0, 1) and a normal distribution with mean 3 and standard deviation 2?
    "distance of two bells": (
        # SOLUTION
        10
        # STARTER
        # None
        # END
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
# The picture below shows a start that works: D and G with two hidden layers, and Adam. Then go on. The handout says
# what leads from one baseline to the next, and has hints; how fast, how strong and how long is yours to find. Two of
# these need a formula:
#
# - R1 punishes D's slope at the **real** images: $\frac{\gamma}{2} \lVert \nabla_x D(x) \rVert^2$ is added to D's loss;
# - the running average of G's weights, $\bar\theta \leftarrow \beta\, \bar\theta + (1 - \beta)\, \theta$ after each
# step,   is what you hand in.
#
# We call `train_gan` twice, on seven digits and on three; each call has 60 seconds on one slow core. Stay at about 10
# on yours, with all ten digits, as ours does.


# %%
def train_gan(images: Tensor, seed: int) -> tuple[list[Tensor], list[float], list[float]]:
    """Train a GAN on images (N, 64), float64, with values in [0, 1].

    Start from torch.manual_seed(seed). Returns the generator's parameters [W1, b1, W2, b2, ...] (float32 or float64, at
    most 100 000 numbers in all; W1 has one column for each entry of the noise), and two lists with the mean of D's and
    of G's loss in each epoch.
    """
    # SOLUTION
    torch.manual_seed(seed)
    images = images.float()
    noise, width, epochs, gamma = 32, 128, 120, 0.2
    g, d = new_network(noise, width, width, images.shape[1]), new_network(images.shape[1], width, width, 1)
    g_optimiser, d_optimiser = (torch.optim.Adam(p, lr=4e-3, betas=(0.5, 0.99)) for p in (g, d))
    average = [parameter.detach().clone() for parameter in g]
    d_losses, g_losses = [], []
    for _ in range(epochs):
        totals = torch.zeros(2)
        for batch in torch.randperm(len(images)).split(64):
            real = images[batch].requires_grad_()
            fake = network(g, torch.randn(len(batch), noise)).detach()
            real_logits = network(d, real)
            (slope,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
            loss = d_loss(real_logits, network(d, fake))
            d_optimiser.zero_grad()
            (loss + gamma / 2 * slope.square().sum(dim=1).mean()).backward()
            d_optimiser.step()
            fooled = g_loss(network(d, network(g, torch.randn(len(batch), noise))))
            g_optimiser.zero_grad()
            fooled.backward()
            g_optimiser.step()
            with torch.no_grad():
                for mean, parameter in zip(average, g):
                    mean.lerp_(parameter, 0.02)
            totals += torch.stack([loss, fooled]).detach() * len(batch) / len(images)
        d_losses.append(float(totals[0]))
        g_losses.append(float(totals[1]))
    return average, d_losses, g_losses
    # END


# %% [markdown]
# **See it.** The start from above, with your losses, on all ten digits. The first figure has the same noise after every
# tenth epoch: a column is one image growing up. The second has both losses, and beside them the Fréchet distance of the
# pixels, of 500 images after each epoch.

# %%
if __name__ == "__main__":
    import matplotlib.pyplot as plt

    try:
        digits = torch.from_numpy(np.load("data/digits.npz")["images"]).float() / 16
        goal = mean_and_covariance(digits.double())
        torch.manual_seed(0)
        g, d = new_network(32, 128, 128, 64), new_network(64, 128, 128, 1)
        g_adam, d_adam = (torch.optim.Adam(weights, lr=1e-3, betas=(0.5, 0.99)) for weights in (g, d))
        same, strips, curves = torch.randn(20, 32), [], []
        for epoch in range(61):
            if epoch % 10 == 0:
                strips.append(network(g, same).detach().clamp(0, 1).reshape(20, 8, 8).permute(1, 0, 2).reshape(8, 160))
            told = []
            for reals in digits[torch.randperm(len(digits))].split(64):
                loss = d_loss(network(d, reals), network(d, network(g, torch.randn(len(reals), 32)).detach()))
                d_adam.zero_grad()
                loss.backward()
                d_adam.step()
                g_cost = g_loss(network(d, network(g, torch.randn(len(reals), 32))))
                g_adam.zero_grad()
                g_cost.backward()
                g_adam.step()
                told.append((loss.item(), g_cost.item()))
            drawn = network(g, torch.randn(500, 32)).detach().double().clamp(0, 1)
            curves.append((*torch.tensor(told).mean(dim=0), frechet_distance(*mean_and_covariance(drawn), *goal)))
        figure, axes = plt.subplots(
            len(strips), 1, num="6.13 the same noise, every tenth epoch", figsize=(9, 4), layout="constrained"
        )
        for i, (ax, strip) in enumerate(zip(axes, strips)):
            ax.imshow(strip, cmap="gray_r", vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[])
            ax.set_ylabel(f"{10 * i} epochs", rotation=0, ha="right", va="center")
        figure, ax = plt.subplots(num="6.13 both losses and the distance", figsize=(8, 4.2))
        for curve, line, name in zip(zip(*curves), ("-", "--", "k:"), ("D's loss", "G's loss", "Fréchet distance")):
            ax.plot([float(value) for value in curve], line, label=name)
        ax.set(xlabel="epoch", ylim=(0, 8))
        ax.legend()
        figure.tight_layout()
        plt.show()
    except NotImplementedError as todo:
        plt.close()
        print(f"A picture for later. First: {todo}")

# %% [markdown]
# ## Exercise 6.13a · Good news or bad? (3 points)
#
# Three messages from trainings: (a) "G's loss falls and falls, and D's stays high from the first epoch on", (b) "D's
# loss has come down to 0", (c) "D is right half of the time". Say for each whether G can still be bad, and how. What
# would you look at instead? Three to six sentences; your figure above helps.

# %% [markdown]
# ## Look at it
#
# This cell is for you, and is not run when we grade: a generator of all ten digits, measured by your own functions, and
# 16 of its images above the training image that is nearest to each, with the distance between them.

# %%
if __name__ == "__main__":
    import matplotlib.pyplot as plt

    try:
        print(f"D's loss when it knows nothing: {d_loss(torch.zeros(2), torch.zeros(3)):.3f} (2 ln 2 is 1.386)")
        images = torch.from_numpy(np.load("data/digits.npz")["images"]).double() / 16
        generator, d_losses, g_losses = train_gan(images, seed=0)
        noise = torch.randn(1000, generator[0].shape[1], dtype=generator[0].dtype)
        made = network(generator, noise).detach().double().clamp(0, 1)
        distance = frechet_distance(*mean_and_covariance(made), *mean_and_covariance(images))
        print(f"losses {d_losses[-1]:.2f} and {g_losses[-1]:.2f}, Fréchet distance of the pixels {distance:.2f}")
        print(f"copies: {copied_share(made, images, 0.5):.1%}")
        nearest, away = nearest_training(made[:16], images)
        figure, axes = plt.subplots(2, 16, num="6.13 samples above the nearest training image", figsize=(12, 2.2))
        for column, sample, image, far in zip(axes.T, made, images[nearest], away):
            column[0].set_title(f"{far:.1f}", fontsize=9)
            for ax, shown in zip(column, (sample, image)):
                ax.imshow(shown.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
                ax.set(xticks=[], yticks=[])
        axes[0, 0].set_ylabel("made")
        axes[1, 0].set_ylabel("nearest")
        figure.tight_layout(pad=0.4)
        plt.show()
    except NotImplementedError as todo:
        plt.close()
        print(f"A picture for later. First: {todo}")
