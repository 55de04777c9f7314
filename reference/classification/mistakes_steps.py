"""Wrong implementations that students write, each with the hint for it: steps and their memory (2.7 and 2.8).

Names that are not defined here (torch, other functions of the solution) are the solution's.
"""

from __future__ import annotations

import torch

from autograder.rubric import Variants

variants = Variants()
mutant = variants.mutant

# --- 2.7 sgd and momentum ---


def walk(theta, grads, etas, step):
    """The path of theta when step(t, g, eta) says how far to move."""
    path = []
    for t, (g, eta) in enumerate(zip(grads, etas)):
        theta = theta + step(t, g, eta)
        path.append(theta)
    return torch.stack(path)


@mutant("sgd", "Each step has a learning rate of its own: you use one for all.")
def sgd_first_eta(theta, grads, etas):
    return walk(theta, grads, etas, lambda t, g, eta: -etas[0] * g)


@mutant("sgd", "Your steps climb: which way does the gradient point?")
def sgd_climbs(theta, grads, etas):
    return walk(theta, grads, etas, lambda t, g, eta: eta * g)


@mutant("sgd", "The list holds one tensor many times: does `-=` make a new one?")
def sgd_same_object(theta, grads, etas):
    return walk(theta, grads, etas, lambda t, g, eta: -eta * g)[-1].expand(len(grads), -1)


@mutant("sgd", "The list begins with theta after the first step, and ends after the last.")
def sgd_before(theta, grads, etas):
    return torch.cat([theta[None], sgd_path(theta, grads, etas)[:-1]])


@mutant("sgd", "Each step starts where the last one ended, not at the beginning.")
def sgd_from_the_start(theta, grads, etas):
    return theta - etas[:, None] * grads


def sgd_path(theta, grads, etas):
    return walk(theta, grads, etas, lambda t, g, eta: -eta * g)


def momentum_path(theta, grads, etas, update, move=None):
    """m = update(m, g, eta), then theta moves by m, or by move(m, g, eta)."""
    path, m = [], torch.zeros_like(theta)
    for g, eta in zip(grads, etas):
        m = update(m, g, eta)
        theta = theta + (m if move is None else move(m, g, eta))
        path.append(theta)
    return torch.stack(path)


@mutant("momentum", "That is PyTorch's form: the lecture's m has each step's learning rate inside.")
def m_plus_g(theta, grads, etas, lam):
    return momentum_path(theta, grads, etas, lambda m, g, eta: lam * m + g, lambda m, g, eta: -eta * m)


@mutant("momentum", "The gradient comes in with eta, not with eta (1 - lambda): that is another form.")
def dampened(theta, grads, etas, lam):
    return momentum_path(theta, grads, etas, lambda m, g, eta: lam * m - (1 - lam) * eta * g)


@mutant("momentum", "Every step begins with m = 0: who remembers the last movement?")
def momentum_reset(theta, grads, etas, lam):
    return sgd_path(theta, grads, etas)


@mutant("momentum", "Your m grows along the gradient: descent goes against it.")
def momentum_wrong_sign(theta, grads, etas, lam):
    return momentum_path(theta, grads, etas, lambda m, g, eta: lam * m + eta * g)


@mutant("momentum", "You look ahead (Nesterov): the lecture's theta moves by m, and by nothing else.")
def nesterov(theta, grads, etas, lam):
    return momentum_path(theta, grads, etas, lambda m, g, eta: lam * m - eta * g, lambda m, g, eta: lam * m - eta * g)


@mutant("momentum", "theta moves before m has heard of this step's gradient: which of the two comes first?")
def one_step_late(theta, grads, etas, lam):
    path, m = [], torch.zeros_like(theta)
    for g, eta in zip(grads, etas):
        theta = theta + m
        m = lam * m - eta * g
        path.append(theta)
    return torch.stack(path)


@mutant("momentum", "lambda belongs to the old movement: you weigh the new gradient with it, too.")
def lam_outside(theta, grads, etas, lam):
    return momentum_path(theta, grads, etas, lambda m, g, eta: lam * (m - eta * g))


# --- 2.8 adagrad, rmsprop, adam ---


@mutant("adagrad", "The lecture divides the sum of squares by the number of steps; PyTorch does not.")
def sum_not_mean(theta, grads, etas):
    return walk(theta, grads, etas, lambda t, g, eta: -eta * g / grads[: t + 1].square().sum(dim=0).sqrt())


@mutant("adagrad", "sigma remembers all steps so far: yours knows the last only.")
def last_size(theta, grads, etas):
    return walk(theta, grads, etas, lambda t, g, eta: -eta * g / g.abs())


@mutant("adagrad", "Large gradients should take smaller steps: is sigma above or below the line?")
def times_sigma(theta, grads, etas):
    return walk(theta, grads, etas, lambda t, g, eta: -eta * g * root_mean_square(grads[: t + 1]))


@mutant("adagrad", "Gradients of different signs cancel in your mean: what is squared first?")
def signed_mean(theta, grads, etas):
    return walk(theta, grads, etas, lambda t, g, eta: -eta * g / grads[: t + 1].mean(dim=0).abs())


@mutant("adagrad", "Squares were summed: where is the root?")
def adagrad_no_root(theta, grads, etas):
    return walk(theta, grads, etas, lambda t, g, eta: -eta * g / grads[: t + 1].square().mean(dim=0))


@mutant("adagrad", "Each parameter has a sigma of its own; yours is one for all.")
def one_sigma(theta, grads, etas):
    return walk(theta, grads, etas, lambda t, g, eta: -eta * g / grads[: t + 1].square().mean().sqrt())


@mutant("adagrad", "At step t = 0 one gradient has been seen, and the mean divides by 1: how many later on?")
def counts_one_more(theta, grads, etas):
    return walk(theta, grads, etas, lambda t, g, eta: -eta * g / (grads[: t + 1].square().sum(dim=0) / (t + 2)).sqrt())


@mutant("adagrad", "This step's gradient belongs to its own sigma.")
def without_this_step(theta, grads, etas):
    return walk(theta, grads, etas, lambda t, g, eta: -eta * g / root_mean_square(grads[: max(t, 1)]))


def root_mean_square(grads):
    return grads.square().mean(dim=0).sqrt()


def rms_path(theta, grads, etas, update, start, root=True):
    path, square = [], start
    for g, eta in zip(grads, etas):
        square = update(square, g)
        theta = theta - eta * g / (square.sqrt() if root else square)
        path.append(theta)
    return torch.stack(path)


@mutant("rmsprop", "alpha weighs the past, 1 - alpha the new gradient: yours is the other way round.")
def alpha_swapped(theta, grads, etas, alpha):
    return rms_path(theta, grads, etas, lambda s, g: (1 - alpha) * s + alpha * g.square(), grads[0].square())


@mutant("rmsprop", "Sizes are averaged here, not squares: what stands under the root?")
def rms_no_square(theta, grads, etas, alpha):
    return rms_path(theta, grads, etas, lambda s, g: alpha * s + (1 - alpha) * g.abs(), grads[0].abs(), root=False)


@mutant("rmsprop", "Every gradient counts the same for ever: that is Adagrad. Where does it forget?")
def never_forgets(theta, grads, etas, alpha):
    return walk(theta, grads, etas, lambda t, g, eta: -eta * g / root_mean_square(grads[: t + 1]))


@mutant("rmsprop", "Yours starts from 0, as PyTorch's does. What is sigma at the first step here?")
def starts_at_zero(theta, grads, etas, alpha):
    return rms_path(theta, grads, etas, lambda s, g: alpha * s + (1 - alpha) * g.square(), torch.zeros_like(theta))


@mutant("rmsprop", "Yours starts from 1: what is sigma at the first step here?")
def starts_at_one(theta, grads, etas, alpha):
    return rms_path(theta, grads, etas, lambda s, g: alpha * s + (1 - alpha) * g.square(), torch.ones_like(theta))


@mutant("rmsprop", "sigma is a root: do you divide by its square?")
def rms_no_root(theta, grads, etas, alpha):
    return rms_path(
        theta, grads, etas, lambda s, g: alpha * s + (1 - alpha) * g.square(), grads[0].square(), root=False
    )


@mutant("rmsprop", "The old square is kept whole: how much of it should be forgotten?")
def adds_up(theta, grads, etas, alpha):
    return rms_path(theta, grads, etas, lambda s, g: s + (1 - alpha) * g.square(), grads[0].square() * alpha)


def adam_path(theta, grads, etas, beta1, beta2, eps, m_corrected=True, v_corrected=True, step=None, of=None, move=None):
    """Adam with a part exchanged: `of` makes the second moment from m, g; `step` counts; `move` makes the quotient."""
    path, m, v = [], torch.zeros_like(theta), torch.zeros_like(theta)
    for t, (g, eta) in enumerate(zip(grads, etas), start=1):
        count = step(t) if step else t
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * (of(m, g) if of else g.square())
        m_hat = m / (1 - beta1**count) if m_corrected else m
        v_hat = v / (1 - beta2**count) if v_corrected else v
        theta = theta - eta * (move(m_hat, v_hat, g) if move else m_hat / (v_hat.sqrt() + eps))
        path.append(theta)
    return torch.stack(path)


@mutant("adam", "Which beta belongs to the mean, and which to the squares?")
def swap_betas(theta, grads, etas, beta1, beta2, eps):
    return adam_path(theta, grads, etas, beta2, beta1, eps)


@mutant("adam", "v averages the squares of what? Not of m.")
def v_of_m(theta, grads, etas, beta1, beta2, eps):
    return adam_path(theta, grads, etas, beta1, beta2, eps, of=lambda m, g: m.square())


@mutant("adam", "Right in the first step: does your t count on?")
def t_const(theta, grads, etas, beta1, beta2, eps):
    return adam_path(theta, grads, etas, beta1, beta2, eps, step=lambda t: 1)


@mutant("adam", "The first step has t = 1: yours is one ahead.")
def t_ahead(theta, grads, etas, beta1, beta2, eps):
    return adam_path(theta, grads, etas, beta1, beta2, eps, step=lambda t: t + 1)


@mutant("adam", "m and v start at 0 and are too small at first: where is the correction?")
def no_bc(theta, grads, etas, beta1, beta2, eps):
    return adam_path(theta, grads, etas, beta1, beta2, eps, m_corrected=False, v_corrected=False)


@mutant("adam", "m is corrected; v starts at 0, too.")
def only_m_bc(theta, grads, etas, beta1, beta2, eps):
    return adam_path(theta, grads, etas, beta1, beta2, eps, v_corrected=False)


@mutant("adam", "v is corrected; m starts at 0, too.")
def only_v_bc(theta, grads, etas, beta1, beta2, eps):
    return adam_path(theta, grads, etas, beta1, beta2, eps, m_corrected=False)


@mutant("adam", "Is eps inside or outside of the root?")
def eps_inside(theta, grads, etas, beta1, beta2, eps):
    return adam_path(theta, grads, etas, beta1, beta2, eps, move=lambda m, v, g: m / (v + eps).sqrt())


@mutant("adam", "What moves theta is the averaged gradient, not the last one.")
def g_not_m(theta, grads, etas, beta1, beta2, eps):
    return adam_path(theta, grads, etas, beta1, beta2, eps, move=lambda m, v, g: g / (v.sqrt() + eps))


@mutant("adam", "v holds squares: where is the root?")
def adam_no_root(theta, grads, etas, beta1, beta2, eps):
    return adam_path(theta, grads, etas, beta1, beta2, eps, move=lambda m, v, g: m / (v + eps))
