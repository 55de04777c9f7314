"""Right solutions, written differently: each must get full marks."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F

from autograder.rubric import Variants

variants = Variants()


@variants.equivalent
class library_losses:
    """binary_cross_entropy_with_logits, with labels of its own."""

    def d_loss(real_logits, fake_logits):
        real = F.binary_cross_entropy_with_logits(real_logits, torch.ones_like(real_logits))
        return real + F.binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))

    def g_loss(fake_logits):
        return torch.nn.BCEWithLogitsLoss()(fake_logits, torch.ones_like(fake_logits))

    def g_loss_saturating(fake_logits):
        return -F.binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))


@variants.equivalent
class log_sigmoids:
    """logsigmoid, and log(1 - sigmoid(a)) as logsigmoid(-a)."""

    def d_loss(real_logits, fake_logits):
        return -F.logsigmoid(real_logits).mean() - F.logsigmoid(-fake_logits).mean()

    def g_loss(fake_logits):
        return -F.logsigmoid(fake_logits.reshape(-1)).mean()

    def g_loss_saturating(fake_logits):
        return F.logsigmoid(-fake_logits).mean()

    def best_logit(p_real, p_fake):
        return torch.logit(p_real / (p_real + p_fake))


@variants.equivalent
class log_of_sums:
    """logaddexp with 0, sums divided by the count."""

    def d_loss(real_logits, fake_logits):
        zero = torch.zeros((), dtype=real_logits.dtype)
        real = torch.logaddexp(-real_logits, zero).sum() / real_logits.numel()
        return real + torch.logaddexp(fake_logits, zero).sum() / fake_logits.numel()

    def g_loss(fake_logits):
        return torch.logaddexp(-fake_logits, torch.zeros_like(fake_logits)).sum() / fake_logits.numel()

    def best_logit(p_real, p_fake):
        return torch.log(p_real / p_fake)


@variants.equivalent
class python_floats:
    """Plain numbers and lists where nothing is differentiated."""

    def g_loss_saturating(fake_logits):
        values = [float(logit) for logit in fake_logits.flatten()]
        return sum(-max(a, 0.0) - math.log1p(math.exp(-abs(a))) for a in values) / len(values)

    def g_slopes(fake_logits):
        values = [float(logit) for logit in fake_logits]
        n = len(values)
        return [-1 / (1 + math.exp(a)) / n for a in values], [-1 / (1 + math.exp(-a)) / n for a in values]

    def ring(modes, radius):
        turns = [2 * math.pi * k / modes for k in range(modes)]
        return torch.tensor([[radius * math.cos(a), radius * math.sin(a)] for a in turns], dtype=torch.float64)

    def copied_share(samples, training, tolerance):
        copies = 0
        for sample in samples:
            copies += any(float((sample - image).norm()) <= tolerance for image in training)
        return copies / len(samples)


@variants.equivalent
class numpy_inside:
    """numpy where no gradient is needed."""

    def g_slopes(fake_logits):
        a = fake_logits.numpy()
        p = 1 / (1 + np.exp(-a))
        return (p - 1) / a.size, -p / a.size

    def mean_and_covariance(features):
        covariance = np.cov(features.numpy(), rowvar=False)
        return features.numpy().mean(axis=0), covariance.astype(features.numpy().dtype)

    def matrix_root(a):
        values, vectors = np.linalg.eigh(a.numpy())
        return torch.from_numpy(vectors @ np.diag(np.sqrt(np.maximum(values, 0))) @ vectors.T)

    def modes_covered(samples, centres, distance, least):
        apart = np.linalg.norm(samples.numpy()[:, None] - centres.numpy()[None], axis=2)
        counts = np.zeros(len(centres), dtype=int)
        for row in apart:
            if row.min() <= distance:
                counts[row.argmin()] += 1
        return np.sum(counts >= least)


@variants.equivalent
class root_as_an_array:
    """An array of numpy's from matrix_root: what is built on it does not suffer."""

    def matrix_root(a):
        values, vectors = np.linalg.eigh(a.numpy())
        return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


@variants.equivalent
class cleaned_up:
    """Nothing is detached; what arrives in the other network is thrown away."""

    def backward_d(d, g, real, z):
        with torch.enable_grad():
            d_loss(network(d, real), network(d, network(g, z))).backward()
        for parameter in g:
            parameter.grad = None
        return [p.grad for p in d], [p.grad for p in g]

    def backward_g(d, g, z):
        with torch.enable_grad():
            g_loss(network(d, network(g, z))).backward()
        for parameter in d:
            parameter.grad.zero_()
        return [p.grad for p in d], [p.grad for p in g]


@variants.equivalent
class switched_off:
    """no_grad around G in D's step, requires_grad off for D in G's."""

    def backward_d(d, g, real, z):
        with torch.enable_grad():
            with torch.no_grad():
                fake = network(g, z)
            d_loss(network(d, real), network(d, fake)).backward()
        return tuple(p.grad for p in d), tuple(p.grad for p in g)

    def backward_g(d, g, z):
        for parameter in d:
            parameter.requires_grad_(False)
        with torch.enable_grad():
            g_loss(network(d, network(g, z))).backward()
        for parameter in d:
            parameter.requires_grad_(True)
        return tuple(p.grad for p in d), tuple(p.grad for p in g)


@variants.equivalent
class asked_for:
    """autograd.grad and backward(inputs=...), which leave the others alone; zeros for the rest."""

    def backward_d(d, g, real, z):
        with torch.enable_grad():
            loss = d_loss(network(d, real), network(d, network(g, z)))
            found = torch.autograd.grad(loss, d)
        return list(found), [torch.zeros_like(p) for p in g]

    def backward_g(d, g, z):
        with torch.enable_grad():
            g_loss(network(d, network(g, z))).backward(inputs=list(g))
        return [p.grad for p in d], [p.grad for p in g]


@variants.equivalent
class two_optimisers:
    """torch.optim.SGD with zero_grad, as in a training loop; parameters change in place."""

    def update(parameters, gradients, lr):
        new = [parameter.detach().clone() for parameter in parameters]
        for parameter, gradient in zip(new, gradients, strict=True):
            parameter.sub_(lr * gradient)
        return tuple(new)

    def take_turns(d, g, real, z_d, z_g, lr):
        d, g = ([parameter.clone().requires_grad_() for parameter in one] for one in (d, g))
        for_d, for_g = torch.optim.SGD(d, lr=lr), torch.optim.SGD(g, lr=lr)
        d_losses, g_losses = [], []
        for r in range(len(real)):
            for k in range(real.shape[1]):
                for_d.zero_grad()
                fake = network(g, z_d[r, k]).detach()
                loss = d_loss(network(d, real[r, k]), network(d, fake))
                loss.backward()
                for_d.step()
                d_losses.append(loss.item())
            for_g.zero_grad()
            loss = g_loss(network(d, network(g, z_g[r])))
            loss.backward()
            for_g.step()
            g_losses.append(loss.item())
        return d, g, d_losses, torch.tensor(g_losses, dtype=real.dtype)

    def critic_step(d, real, fake, lr, c):
        d = [torch.nn.Parameter(parameter.clone()) for parameter in d]
        optimiser = torch.optim.SGD(d, lr=lr)
        critic_loss(network(d, real), network(d, fake)).backward()
        optimiser.step()
        with torch.no_grad():
            for parameter in d:
                parameter.clamp_(-c, c)
        return d


@variants.equivalent
class functional:
    """torch.func.grad instead of backward; where(...) instead of clamp."""

    def take_turns(d, g, real, z_d, z_g, lr):
        d, g, d_losses, g_losses = tuple(d), tuple(g), [], []

        def loss_of_d(d, g, batch, z):
            return d_loss(network(d, batch), network(d, network(g, z)))

        def loss_of_g(g, d, z):
            return g_loss(network(d, network(g, z)))

        for reals, noises, noise in zip(real, z_d, z_g, strict=True):
            for batch, z in zip(reals, noises, strict=True):
                slopes, loss = torch.func.grad_and_value(loss_of_d)(d, g, batch, z)
                d_losses.append(loss)
                d = tuple(p - lr * s for p, s in zip(d, slopes, strict=True))
            slopes, loss = torch.func.grad_and_value(loss_of_g)(g, d, noise)
            g_losses.append(loss)
            g = tuple(p - lr * s for p, s in zip(g, slopes, strict=True))
        return list(d), list(g), d_losses, g_losses

    def critic_step(d, real, fake, lr, c):
        slopes = torch.func.grad(lambda p: network(p, fake).mean() - network(p, real).mean())(list(d))
        new = [p - lr * s for p, s in zip(d, slopes, strict=True)]
        new = [torch.where(p > c, torch.full_like(p, c), p) for p in new]
        return [torch.where(p < -c, torch.full_like(p, -c), p) for p in new]

    def gradient_penalty(d, real, fake, alpha):
        points = mix(real, fake, alpha)
        slope = torch.func.vmap(torch.func.grad(lambda x: network(d, x[None])[0, 0]))(points)
        return ((slope.flatten(1).pow(2).sum(1).sqrt() - 1) ** 2).mean()

    def penalty_gradients(d, real, fake, alpha):
        return torch.func.grad(lambda p: gradient_penalty(p, real, fake, alpha))(list(d))


@variants.equivalent
class sample_by_sample:
    """Loops over the samples."""

    def mix(real, fake, alpha):
        return torch.stack([a * x + (1 - a) * y for a, x, y in zip(alpha, real, fake, strict=True)])

    def gradient_penalty(d, real, fake, alpha):
        total = 0
        for a, x, y in zip(alpha, real, fake, strict=True):
            point = (a * x + (1 - a) * y)[None].clone().requires_grad_(True)
            slope = torch.autograd.grad(network(d, point)[0, 0], point, create_graph=True)[0]
            total = total + (torch.linalg.vector_norm(slope) - 1) ** 2
        return total / len(real)

    def mean_and_covariance(features):
        n, d = features.shape
        mean = sum(features) / n
        covariance = torch.zeros(d, d, dtype=features.dtype)
        for row in features:
            covariance += torch.outer(row - mean, row - mean)
        return mean, covariance / (n - 1)

    def nearest_training(samples, training):
        index, distance = [], []
        for sample in samples:
            apart = [float((sample - image).square().sum()) ** 0.5 for image in training]
            distance.append(min(apart))
            index.append(apart.index(distance[-1]))
        return torch.tensor(index), torch.tensor(distance, dtype=samples.dtype)


@variants.equivalent
class backward_twice:
    """backward() on the penalty, then `.grad`, with zeros for None; lerp and einsum for the mix."""

    def mix(real, fake, alpha):
        return fake + torch.einsum("n,n...->n...", alpha, real - fake)

    def gradient_penalty(d, real, fake, alpha):
        points = mix(real, fake, alpha).clone().requires_grad_(True)
        scores = network(d, points)
        slope = torch.autograd.grad(
            scores, points, grad_outputs=torch.ones_like(scores), create_graph=True, retain_graph=True
        )[0]
        return F.mse_loss(slope.reshape(len(real), -1).norm(2, dim=1), torch.ones(len(real), dtype=real.dtype))

    def penalty_gradients(d, real, fake, alpha):
        leaves = [p.clone().detach().requires_grad_(True) for p in d]
        gradient_penalty(leaves, real, fake, alpha).backward()
        return [torch.zeros_like(p) if p.grad is None else p.grad for p in leaves]


@variants.equivalent
class singular_values:
    """A root by SVD, and the mixed term by the eigenvalues of the product."""

    def matrix_root(a):
        left, values, _ = torch.linalg.svd(a)
        return left @ torch.diag(values.sqrt()) @ left.T

    def frechet_distance(mean_1, covariance_1, mean_2, covariance_2):
        values = torch.linalg.eigvals(covariance_1 @ covariance_2).real.clamp(min=0)
        apart = torch.dot(mean_1 - mean_2, mean_1 - mean_2)
        return apart + torch.trace(covariance_1) + torch.trace(covariance_2) - 2 * values.sqrt().sum()

    def mean_and_covariance(features):
        return features.mean(0), torch.cov(features.T)


@variants.equivalent
class nuclear_norm:
    """The trace of the mixed root as the sum of the singular values of the product of both roots."""

    def frechet_distance(mean_1, covariance_1, mean_2, covariance_2):
        both = matrix_root(covariance_1) @ matrix_root(covariance_2)
        traces = float(covariance_1.diagonal().sum() + covariance_2.diagonal().sum())
        return float(((mean_1 - mean_2) ** 2).sum()) + traces - 2 * float(torch.linalg.svdvals(both).sum())


@variants.equivalent
class one_matrix_of_distances:
    """cdist for everything, a plain count over a loop of centres."""

    def ring(modes, radius):
        points = torch.polar(
            torch.full((modes,), float(radius), dtype=torch.float64),
            torch.linspace(0, 2 * torch.pi, modes + 1, dtype=torch.float64)[:-1],
        )
        return torch.view_as_real(points)

    def modes_covered(samples, centres, distance, least):
        apart = torch.cdist(samples, centres)
        nearest = apart.argmin(1)
        covered = 0
        for k in range(len(centres)):
            if ((nearest == k) & (apart[:, k] <= distance)).sum() >= least:
                covered += 1
        return covered

    def nearest_training(samples, training):
        apart = torch.cdist(samples.reshape(len(samples), -1), training.reshape(len(training), -1))
        return torch.argmin(apart, 1).to(torch.int32), torch.amin(apart, 1)

    def copied_share(samples, training, tolerance):
        return (nearest_training(samples, training)[1] <= tolerance).float().mean()


@variants.equivalent
class answers_as_tensors:
    """More digits than asked for, and a tensor for a number."""

    ANSWERS = {
        "d loss at the end": 2 * math.log(2),
        "push at -5": math.exp(5),
        "distance of two bells": torch.tensor(10.0),
    }


@variants.equivalent
class as_modules:
    """torch.nn.Sequential, whose parameters are handed in; R1 from a gradient of a softplus; a copy as the average."""

    def train_gan(images, seed):
        torch.manual_seed(seed)
        images = images.to(torch.float32)

        def stack(*sizes):
            linear = [torch.nn.Linear(*pair) for pair in zip(sizes, sizes[1:], strict=False)]
            return torch.nn.Sequential(linear[0], torch.nn.SiLU(), linear[1], torch.nn.SiLU(), linear[2])

        g, d = stack(24, 128, 128, 64), stack(64, 128, 128, 1)
        average = torch.optim.swa_utils.AveragedModel(g, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.98))
        for_g = torch.optim.Adam(g.parameters(), lr=4e-3, betas=(0.5, 0.99))
        for_d = torch.optim.Adam(d.parameters(), lr=4e-3, betas=(0.5, 0.99))
        loader = torch.utils.data.DataLoader(images, batch_size=64, shuffle=True)
        history = {"d": [], "g": []}
        for _ in range(120):
            for real in loader:
                real.requires_grad_(True)
                fake = g(torch.randn(len(real), 24))
                on_real, on_fake = d(real), d(fake.detach())
                loss = F.softplus(-on_real).mean() + F.softplus(on_fake).mean()
                slope = torch.autograd.grad(on_real.sum(), real, create_graph=True)[0]
                for_d.zero_grad()
                (loss + 0.1 * (slope**2).sum(1).mean()).backward()
                for_d.step()
                fooled = F.softplus(-d(fake)).mean()
                for_g.zero_grad()
                fooled.backward()
                for_g.step()
                average.update_parameters(g)
            history["d"].append(loss.item())
            history["g"].append(fooled.item())
        return [p.detach() for p in average.module.parameters()], history["d"], history["g"]


@variants.equivalent
class left_open:
    """G frozen for D's step, D's gradients set to zero after G's, eigenvalues of the product instead of its root."""

    def backward_d(d, g, real, z):
        for parameter in g:
            parameter.requires_grad_(False)
        with torch.enable_grad():
            d_loss(network(d, real), network(d, network(g, z))).backward()
        return [parameter.grad for parameter in d], [parameter.grad for parameter in g]

    def backward_g(d, g, z):
        with torch.enable_grad():
            g_loss(network(d, network(g, z))).backward()
        for parameter in d:
            parameter.grad.zero_()
        return [parameter.grad for parameter in d], [parameter.grad for parameter in g]

    def frechet_distance(mean_1, covariance_1, mean_2, covariance_2):
        values = torch.linalg.eigvals(covariance_1 @ covariance_2).real.clamp(min=0)
        spread = (covariance_1 + covariance_2).trace() - 2 * values.sqrt().sum()
        return (mean_1 - mean_2).square().sum() + spread

    def matrix_root(a):
        values, vectors = torch.linalg.eigh(a)
        return (vectors * values.abs().sqrt()) @ vectors.T
