"""Wrong implementations that students write, each with the hint for it.

Names that are not defined here (torch, F, other functions of the solution) are the solution's.
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


# --- 6.9, 6.10 the Frechet distance ---


@mutant("mean_and_covariance", "The covariance is divided by N; what is asked for?")
def population(features):
    mean = features.mean(dim=0)
    return mean, (features - mean).T @ (features - mean) / len(features)


@mutant("mean_and_covariance", "The mean is not taken off before the products.")
def second_moment(features):
    return features.mean(dim=0), features.T @ features / (len(features) - 1)


@mutant("mean_and_covariance", "Rows and columns: the features are the columns, each row is an image.")
def covariance_of_rows(features):
    centred = features - features.mean(dim=1, keepdim=True)
    return features.mean(dim=1), centred @ centred.T / (features.shape[1] - 1)


@mutant("mean_and_covariance", "Only the variances: how do the features vary together?")
def variances_only(features):
    return features.mean(dim=0), torch.diag(features.var(dim=0))


@mutant("matrix_root", "This is the root of each entry: does your root times itself give the matrix?")
def entries(a):
    return a.abs().sqrt()


@mutant("matrix_root", "A root of an eigenvalue just below 0 is NaN: what do those count as?")
def not_clamped(a):
    values, vectors = torch.linalg.eigh(a)
    return (vectors * values.sqrt()) @ vectors.T


@mutant("matrix_root", "A Cholesky factor times its transpose gives the matrix; is it symmetric?")
def cholesky(a):
    return torch.linalg.cholesky(a + 1e-12 * torch.eye(len(a), dtype=a.dtype))


@mutant("matrix_root", "The eigenvectors are the columns: is the transpose on the right side?")
def rows_of_vectors(a):
    values, vectors = torch.linalg.eigh(a)
    return (vectors.T * values.clamp(min=0).sqrt()) @ vectors


@mutant("matrix_root", "Where have the roots of the eigenvalues gone? This is the matrix itself.")
def no_root(a):
    values, vectors = torch.linalg.eigh(a)
    return (vectors * values.clamp(min=0)) @ vectors.T


@mutant("frechet_distance", "The means do not count: how far apart are they?")
def no_means(mean_1, covariance_1, mean_2, covariance_2):
    root = matrix_root(covariance_1)  # noqa: F821
    return (covariance_1 + covariance_2 - 2 * matrix_root(root @ covariance_2 @ root)).trace()  # noqa: F821


@mutant("frechet_distance", "The distance of the means is not squared.")
def means_not_squared(mean_1, covariance_1, mean_2, covariance_2):
    root = matrix_root(covariance_1)  # noqa: F821
    mixed = matrix_root(root @ covariance_2 @ root)  # noqa: F821
    return (mean_1 - mean_2).norm() + (covariance_1 + covariance_2 - 2 * mixed).trace()


@mutant("frechet_distance", "The root of a product is not the product of the roots, unless the two commute.")
def product_of_roots(mean_1, covariance_1, mean_2, covariance_2):
    mixed = matrix_root(covariance_1) @ matrix_root(covariance_2)  # noqa: F821
    return (mean_1 - mean_2).square().sum() + (covariance_1 + covariance_2 - 2 * mixed).trace()


@mutant("frechet_distance", "Look at the factor of the mixed term.")
def mixed_once(mean_1, covariance_1, mean_2, covariance_2):
    root = matrix_root(covariance_1)  # noqa: F821
    mixed = matrix_root(root @ covariance_2 @ root)  # noqa: F821
    return (mean_1 - mean_2).square().sum() + (covariance_1 + covariance_2 - mixed).trace()


@mutant("frechet_distance", "This is the root of the distance that is asked for.")
def rooted(mean_1, covariance_1, mean_2, covariance_2):
    root = matrix_root(covariance_1)  # noqa: F821
    mixed = matrix_root(root @ covariance_2 @ root)  # noqa: F821
    squared = (mean_1 - mean_2).square().sum() + (covariance_1 + covariance_2 - 2 * mixed).trace()
    return squared.clamp(min=0).sqrt()


@mutant("frechet_distance", "Only the variances are compared: two covariances may differ elsewhere.")
def diagonals(mean_1, covariance_1, mean_2, covariance_2):
    one, other = covariance_1.diagonal(), covariance_2.diagonal()
    return (mean_1 - mean_2).square().sum() + (one.sqrt() - other.sqrt()).square().sum()


# --- 6.11 modes and copies ---


def on_a_ring(angles, radius):
    return radius * torch.stack([torch.cos(angles), torch.sin(angles)], dim=1)


@mutant("ring", "The last centre lies on the first: how far apart are the angles of K centres?")
def closed_ring(modes, radius):
    return on_a_ring(torch.linspace(0, 2 * torch.pi, modes, dtype=torch.float64), radius)


@mutant("ring", "Your centres go round the other way.")
def clockwise(modes, radius):
    return on_a_ring(-2 * torch.pi * torch.arange(modes, dtype=torch.float64) / modes, radius)


@mutant("ring", "Your centres lie on a half circle only.")
def half_ring(modes, radius):
    return on_a_ring(torch.pi * torch.arange(modes, dtype=torch.float64) / modes, radius)


@mutant("modes_covered", "A sample within reach of two centres counts for both: which one is nearest?")
def counted_twice(samples, centres, distance, least):
    close = (samples[:, None] - centres).square().sum(dim=2).sqrt() <= distance
    return int((close.sum(dim=0) >= least).sum())


@mutant("modes_covered", "Every sample counts for some centre, however far away it is.")
def any_distance(samples, centres, distance, least):
    index = (samples[:, None] - centres).square().sum(dim=2).argmin(dim=1)
    return int((torch.bincount(index, minlength=len(centres)) >= least).sum())


@mutant("modes_covered", "Exactly `least` samples are enough.")
def more_than_least(samples, centres, distance, least):
    return modes_covered_by(samples, centres, distance, least + 1)


@mutant("modes_covered", "One sample is enough for you: what does `least` ask for?")
def one_is_enough(samples, centres, distance, least):
    return modes_covered_by(samples, centres, distance, 1)


@mutant("modes_covered", "You compare a squared distance with a distance.")
def squared_reach(samples, centres, distance, least):
    return modes_covered_by(samples, centres, distance**0.5, least)


def modes_covered_by(samples, centres, distance, least):
    nearest, index = (samples[:, None] - centres).square().sum(dim=2).sqrt().min(dim=1)
    return int((torch.bincount(index[nearest <= distance], minlength=len(centres)) >= least).sum())


@mutant("nearest_training", "The distances are squared: take the root.")
def squared_distance(samples, training):
    index, distance = all_distances(samples, training).min(dim=1)[::-1]
    return index, distance**2


@mutant("nearest_training", "The index comes first, then the distance: yours are the other way round.")
def distance_first(samples, training):
    return tuple(all_distances(samples, training).min(dim=1))


@mutant("nearest_training", "For each training image the nearest sample: it is the other way round.")
def nearest_sample(samples, training):
    return all_distances(training, samples).min(dim=1)[::-1]


@mutant("nearest_training", "This is the farthest training image, not the nearest.")
def farthest(samples, training):
    return all_distances(samples, training).max(dim=1)[::-1]


@mutant("nearest_training", "Sums of absolute differences: the Euclidean distance squares them.")
def manhattan(samples, training):
    differences = samples.flatten(1)[:, None] - training.flatten(1)
    return differences.abs().sum(dim=2).min(dim=1)[::-1]


def all_distances(samples, training):
    return (samples.flatten(1)[:, None] - training.flatten(1)).square().sum(dim=2).sqrt()


@mutant("copied_share", "A number of samples; asked for is their share.")
def copied_count(samples, training, tolerance):
    return int((nearest_training(samples, training)[1] <= tolerance).sum())  # noqa: F821


@mutant("copied_share", "This is the share of training images that were copied; how many of the samples are copies?")
def share_of_training(samples, training, tolerance):
    index, distance = nearest_training(samples, training)  # noqa: F821
    return len(set(index[distance <= tolerance].tolist())) / len(training)


@mutant("copied_share", "This is the share of new samples; how many are copies?")
def new_share(samples, training, tolerance):
    return float((nearest_training(samples, training)[1] > tolerance).double().mean())  # noqa: F821


# --- 6.12 answers ---

RIGHT = {"d loss at the end": 1.386, "push at -5": 148, "distance of two bells": 10}


variants.mutant_value(
    "ln_two",
    "ANSWERS",
    "D's loss has two terms, one for reals and one for fakes.",
    {**RIGHT, "d loss at the end": 0.693},
)
variants.mutant_value(
    "one_over", "ANSWERS", "Which of the two losses is the flat one at -5?", {**RIGHT, "push at -5": 0.0067}
)
variants.mutant_value(
    "variance_for_deviation",
    "ANSWERS",
    "A normal distribution with standard deviation 2 has covariance 4: what is the root of that?",
    {**RIGHT, "distance of two bells": 9 + 1 + 2 - 2 * 2**0.5},
)
variants.mutant_value(
    "added_up",
    "ANSWERS",
    "The covariances enter with their roots: what is left of them for two equal bells?",
    {**RIGHT, "distance of two bells": 14},
)

# --- 6.13 training ---


def gan(images, seed, *, lr=1e-3, epochs=60, adam=True, last=lambda x: x):
    """A plain GAN: no penalty, no average. `last` is what is done to the generator's output."""
    torch.manual_seed(seed)
    images = images.float()
    g, d = _initial(32, 128, 128, 64), _initial(64, 128, 128, 1)  # noqa: F821
    kind, extra = (torch.optim.Adam, {"betas": (0.5, 0.99)}) if adam else (torch.optim.SGD, {})
    g_optimiser, d_optimiser = (kind(parameters, lr=lr, **extra) for parameters in (g, d))
    d_losses, g_losses = [], []
    for _ in range(epochs):
        for batch in torch.randperm(len(images)).split(64):
            fake = last(network(g, torch.randn(len(batch), 32))).detach()  # noqa: F821
            loss = d_loss(network(d, images[batch]), network(d, fake))  # noqa: F821
            d_optimiser.zero_grad()
            loss.backward()
            d_optimiser.step()
            fooled = g_loss(network(d, last(network(g, torch.randn(len(batch), 32)))))  # noqa: F821
            g_optimiser.zero_grad()
            fooled.backward()
            g_optimiser.step()
        d_losses.append(float(loss.detach()))
        g_losses.append(float(fooled.detach()))
    return g, d_losses, g_losses


@mutant("train_gan", "Plain SGD hardly moves this pair: which optimiser adapts its steps?")
def plain_sgd(images, seed):
    return gan(images, seed, lr=1e-2, adam=False)


@mutant("train_gan", "Five epochs are too few: how do some of the images look then?")
def five_epochs(images, seed):
    return gan(images, seed, lr=2e-3, epochs=5)


@mutant("train_gan", "Your generator has not been trained at all: it makes the same grey for any noise.")
def untrained(images, seed):
    return gan(images, seed, epochs=2, lr=0.0)


@mutant("train_gan", "A sigmoid comes after your generator in training: it is not in the list that you hand in.")
def sigmoid_outside(images, seed):
    return gan(images, seed, lr=2e-3, last=torch.sigmoid)


@mutant("train_gan", "Your generator knows the training images by heart; what should it do instead?")
def by_heart(images, seed):
    """A staircase over one noise variable: each step is a training image."""
    pixels = images[:700].float()
    edges = torch.special.ndtri(torch.arange(1, len(pixels)) / len(pixels))
    steep, ramp = 1e5, 2e-4
    W1 = torch.full((2 * len(edges), 1), steep)
    b1 = -steep * torch.cat([edges, edges + ramp])
    rise = (pixels[1:] - pixels[:-1]).T / (steep * ramp)
    return [W1, b1, torch.cat([rise, -rise], dim=1), pixels[0]], [1.0, 1.0], [1.0, 1.0]
