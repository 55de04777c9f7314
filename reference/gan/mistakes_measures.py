"""Wrong implementations that students write, each with the hint for it: distances, modes, training (6.9 to 6.13).

Names that are not defined here (torch, other functions of the solution) are the solution's.
"""

from __future__ import annotations

import torch

from autograder.rubric import Variants

variants = Variants()
mutant = variants.mutant

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


# --- boundaries ---


@mutant("modes_covered", "A sample at a distance of exactly `distance`: does it count?")
def nearer_than_distance(samples, centres, distance, least):
    nearest, index = torch.cdist(samples, centres).min(dim=1)
    counts = torch.bincount(index[nearest < distance], minlength=len(centres))
    return int((counts >= least).sum())


@mutant("copied_share", "A sample at a distance of exactly the tolerance: is it a copy?")
def nearer_than_tolerance(samples, training, tolerance):
    return float((nearest_training(samples, training)[1] < tolerance).double().mean())  # noqa: F821
