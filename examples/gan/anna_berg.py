"""GAN assignment, Anna Berg."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F


def network(parameters, x):
    """Given."""
    x = x.flatten(1)
    for index in range(0, len(parameters), 2):
        x = x if index == 0 else F.silu(x)
        x = x @ parameters[index].T + parameters[index + 1]
    return x


bce = nn.BCEWithLogitsLoss()


# 6.1
def d_loss(real_logits, fake_logits):
    return bce(real_logits, torch.ones_like(real_logits)) + bce(fake_logits, torch.zeros_like(fake_logits))


def g_loss(fake_logits):
    return bce(fake_logits, torch.ones_like(fake_logits))


# 6.2
def g_loss_saturating(fake_logits):
    return F.logsigmoid(-fake_logits).mean()


def g_slopes(fake_logits):
    s = torch.sigmoid(fake_logits)
    n = fake_logits.numel()
    return -(1 - s) / n, -s / n


def best_logit(p_real, p_fake):
    return torch.log(p_real / p_fake)


# 6.3
def grads(params):
    return [p.grad for p in params]


def backward_d(d, g, real, z):
    with torch.no_grad():
        fake = network(g, z)
    d_loss(network(d, real), network(d, fake)).backward()
    return grads(d), grads(g)


def backward_g(d, g, z):
    for p in d:
        p.requires_grad_(False)
    g_loss(network(d, network(g, z))).backward()
    for p in d:
        p.requires_grad_(True)
    return grads(d), grads(g)


# 6.4
def update(parameters, gradients, lr):
    with torch.no_grad():
        return [p - lr * grad for p, grad in zip(parameters, gradients)]


def fresh(params):
    return [p.detach().clone().requires_grad_(True) for p in params]


def take_turns(d, g, real, z_d, z_g, lr):
    d_losses, g_losses = [], []
    rounds, d_steps = real.shape[0], real.shape[1]
    for r in range(rounds):
        for k in range(d_steps):
            d, g = fresh(d), fresh(g)
            with torch.no_grad():
                d_losses.append(d_loss(network(d, real[r, k]), network(d, network(g, z_d[r, k]))).item())
            d = update(d, backward_d(d, g, real[r, k], z_d[r, k])[0], lr)
        d, g = fresh(d), fresh(g)
        with torch.no_grad():
            g_losses.append(g_loss(network(d, network(g, z_g[r]))).item())
        g = update(g, backward_g(d, g, z_g[r])[1], lr)
    return d, g, d_losses, g_losses


# 6.5
def critic_loss(real_scores, fake_scores):
    return fake_scores.mean() - real_scores.mean()


def critic_g_loss(fake_scores):
    return -fake_scores.mean()


def critic_step(d, real, fake, lr, c):
    d = fresh(d)
    grad = torch.autograd.grad(critic_loss(network(d, real), network(d, fake)), d)
    return [p.clamp(-c, c) for p in update(d, grad, lr)]


# 6.6
def mix(real, fake, alpha):
    alpha = alpha.view(len(real), *([1] * (real.dim() - 1)))
    return alpha * real + (1 - alpha) * fake


def gradient_penalty(d, real, fake, alpha):
    x = mix(real, fake, alpha).requires_grad_(True)
    slope = torch.autograd.grad(network(d, x).sum(), x, create_graph=True)[0]
    return ((slope.reshape(len(x), -1).norm(dim=1) - 1) ** 2).mean()


def penalty_gradients(d, real, fake, alpha):
    d = fresh(d)
    found = torch.autograd.grad(gradient_penalty(d, real, fake, alpha), d, allow_unused=True)
    return [torch.zeros_like(p) if slope is None else slope for p, slope in zip(d, found)]


# 6.7
def mean_and_covariance(features):
    return features.mean(0), torch.cov(features.T)


def matrix_root(a):
    w, v = torch.linalg.eigh(a)
    return v @ torch.diag(torch.sqrt(torch.clamp(w, min=0))) @ v.T


def frechet_distance(mean_1, covariance_1, mean_2, covariance_2):
    s = matrix_root(covariance_1)
    middle = matrix_root(s @ covariance_2 @ s)
    return ((mean_1 - mean_2) ** 2).sum() + torch.trace(covariance_1 + covariance_2 - 2 * middle)


# 6.8
def ring(modes, radius):
    angle = 2 * math.pi * torch.arange(modes, dtype=torch.float64) / modes
    return torch.stack((radius * angle.cos(), radius * angle.sin()), dim=1)


def modes_covered(samples, centres, distance, least):
    apart = torch.cdist(samples, centres)
    near, which = apart.min(1)
    return sum(int(((which == k) & (near <= distance)).sum()) >= least for k in range(len(centres)))


def nearest_training(samples, training):
    near, which = torch.cdist(samples.flatten(1), training.flatten(1)).min(1)
    return which, near


def copied_share(samples, training, tolerance):
    return (nearest_training(samples, training)[1] <= tolerance).double().mean()


# 6.9
ANSWERS = {
    "d loss at the end": 2 * math.log(2),
    "push at -5": 148,
    "distance of two bells": 10,
}


# 6.10
def layers(*sizes):
    out = []
    for a, b in zip(sizes[:-1], sizes[1:]):
        linear = nn.Linear(a, b)
        out += [linear.weight, linear.bias]
    return out


def train_gan(images, seed):
    torch.manual_seed(seed)
    images = images.float()
    n, pixels = images.shape
    g, d = layers(32, 128, 128, pixels), layers(pixels, 128, 128, 1)
    opt_g = torch.optim.Adam(g, lr=4e-3, betas=(0.5, 0.99))
    opt_d = torch.optim.Adam(d, lr=4e-3, betas=(0.5, 0.99))
    ema = [p.detach().clone() for p in g]
    history_d, history_g = [], []
    for _ in range(120):
        losses_d, losses_g = [], []
        for idx in torch.randperm(n).split(64):
            real = images[idx].requires_grad_(True)
            fake = network(g, torch.randn(len(idx), 32))
            out = network(d, real)
            loss = d_loss(out, network(d, fake.detach()))
            slope = torch.autograd.grad(out.sum(), real, create_graph=True)[0]
            opt_d.zero_grad()
            (loss + 0.1 * (slope**2).sum(1).mean()).backward()
            opt_d.step()
            losses_d.append(loss.item())

            loss = g_loss(network(d, fake))
            opt_g.zero_grad()
            loss.backward()
            opt_g.step()
            losses_g.append(loss.item())
            with torch.no_grad():
                for average, p in zip(ema, g):
                    average.mul_(0.98).add_(0.02 * p)
        history_d.append(sum(losses_d) / len(losses_d))
        history_g.append(sum(losses_g) / len(losses_g))
    return ema, history_d, history_g


if __name__ == "__main__":
    import numpy as np

    images = torch.tensor(np.load("data/digits.npz")["images"]) / 16
    g, ld, lg = train_gan(images, 0)
    print(ld[-1], lg[-1])
