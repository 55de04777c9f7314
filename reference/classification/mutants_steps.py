"""Wrong implementations of exercises 2.7 to 2.13, each with the hint for it; `mutants.py` has the others.

Names that are not defined here (torch, other functions of the solution) are the solution's.
"""

# ruff: noqa: B905, F821
from __future__ import annotations

import math

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


# --- 2.9 learning rates ---


@mutant("lr_decay", "It falls too fast: something is missing around t + 1.")
def decay_no_root(eta, t):
    return eta / (t + 1)


@mutant("lr_decay", "The rate itself goes under your root: eta stands outside.")
def root_of_all(eta, t):
    return math.sqrt(eta / (t + 1))


@mutant("lr_decay", "The first update is t = 0, and has the full rate: are you one step late?")
def decay_late(eta, t):
    return eta / math.sqrt(max(t, 1))


@mutant("lr_decay", "Halving is another schedule: which one is asked for?")
def halves(eta, t):
    return eta * 0.5**t


@mutant("warmup", "With a rate of 0 the first update would be lost: where does the climb start, and where does it end?")
def starts_at_nothing(eta, t, warm):
    return eta * t / warm if t < warm else eta * math.sqrt(warm / (t + 1))


@mutant("warmup", "After the climb it stays at the top: and then?")
def never_decays(eta, t, warm):
    return eta * min(1.0, (t + 1) / warm)


@mutant("warmup", "The climb is right. Afterwards, from which t does the decay count?")
def decay_counts_anew(eta, t, warm):
    return eta * (t + 1) / warm if t < warm else eta / math.sqrt(t - warm + 1)


@mutant("warmup", "There is a jump at the top: compare the last rate of the climb with the first one after it.")
def jump(eta, t, warm):
    return eta * (t + 1) / warm if t < warm else eta / math.sqrt(t + 1)


@mutant("warmup", "It decays from the start: which way does a warm-up go?")
def no_warmup(eta, t, warm):
    return eta / math.sqrt(t + 1)


@mutant("warmup", "The climb goes in equal steps, not along a root.")
def climbs_as_root(eta, t, warm):
    return eta * math.sqrt((t + 1) / warm) if t < warm else eta * math.sqrt(warm / (t + 1))


# --- 2.10 critical points ---


@mutant(
    "two_weights", "The mixed derivative: w2 also stands in front of the bracket, so the product rule has two terms."
)
def product_rule_forgotten(w1, w2, x, y):
    gradient, hessian = weights_right(w1, w2, x, y)
    cross = 2 * w1 * w2 * x**2
    return gradient, torch.stack([torch.stack([hessian[0, 0], cross]), torch.stack([cross, hessian[1, 1]])])


@mutant("two_weights", "Each second derivative holds the square of the other weight: yours holds its own.")
def diagonal_swapped(w1, w2, x, y):
    gradient, hessian = weights_right(w1, w2, x, y)
    return gradient, hessian.flip(0, 1)


@mutant("two_weights", "The inner derivative of -w1 w2 x carries a sign.")
def inner_sign(w1, w2, x, y):
    gradient, hessian = weights_right(w1, w2, x, y)
    return -gradient, hessian


@mutant("two_weights", "This square has no 1/2 in front: where did the 2 go?")
def halved(w1, w2, x, y):
    gradient, hessian = weights_right(w1, w2, x, y)
    return gradient / 2, hessian / 2


def weights_right(w1, w2, x, y):
    r = y - w1 * w2 * x
    cross = 2 * w1 * w2 * x**2 - 2 * r * x
    gradient = torch.stack([-2 * r * w2 * x, -2 * r * w1 * x])
    return gradient, torch.stack([torch.stack([2 * w2**2 * x**2, cross]), torch.stack([cross, 2 * w1**2 * x**2])])


def by_signs(eigenvalues, tolerance):
    up, down = (eigenvalues > tolerance), (eigenvalues < -tolerance)
    if up.any() and down.any():
        return "saddle"
    return "minimum" if up.all() else "maximum" if down.all() else "undecided"


def kind_right(gradient, hessian, tolerance):
    if gradient.norm() > tolerance:
        return "not critical"
    return by_signs(torch.linalg.eigvalsh(hessian), tolerance)


@mutant("classify_point", "You look at the diagonal: can a saddle have a positive one?")
def uses_diag(gradient, hessian, tolerance):
    return "not critical" if gradient.norm() > tolerance else by_signs(hessian.diagonal(), tolerance)


@mutant("classify_point", "Is the gradient 0 there at all?")
def ignores_grad(gradient, hessian, tolerance):
    return by_signs(torch.linalg.eigvalsh(hessian), tolerance)


@mutant("classify_point", "One positive eigenvalue is not enough for a minimum.")
def any_pos(gradient, hessian, tolerance):
    kind = kind_right(gradient, hessian, tolerance)
    return "minimum" if kind != "not critical" and torch.linalg.eigvalsh(hessian)[-1] > tolerance else kind


@mutant("classify_point", "More than half is not all: one eigenvalue of the other sign makes a saddle.")
def majority(gradient, hessian, tolerance):
    kind, eigenvalues = kind_right(gradient, hessian, tolerance), torch.linalg.eigvalsh(hessian)
    if kind != "saddle":
        return kind
    up, down = int((eigenvalues > tolerance).sum()), int((eigenvalues < -tolerance).sum())
    return "minimum" if up > down else "maximum" if down > up else "saddle"


@mutant(
    "classify_point",
    "The sign of the determinant tells in two dimensions only: what of two negative eigenvalues in three?",
)
def determinant(gradient, hessian, tolerance):
    kind = kind_right(gradient, hessian, tolerance)
    if kind in ("not critical", "undecided"):
        return kind
    if torch.linalg.det(hessian) < 0:
        return "saddle"
    return "minimum" if hessian[0, 0] > 0 else "maximum"


@mutant("classify_point", "An eigenvalue of 0 leaves it open: what does the loss do along that direction?")
def flat_is_fine(gradient, hessian, tolerance):
    eigenvalues = torch.linalg.eigvalsh(hessian)
    if gradient.norm() > tolerance:
        return "not critical"
    if (eigenvalues > -tolerance).all():
        return "minimum"
    return "maximum" if (eigenvalues < tolerance).all() else "saddle"


@mutant("classify_point", "A gradient of [0.5, -0.5] is not 0: a sum lets entries cancel, a length does not.")
def sums_the_gradient(gradient, hessian, tolerance):
    if gradient.sum().abs() > tolerance:
        return "not critical"
    return by_signs(torch.linalg.eigvalsh(hessian), tolerance)


@mutant("classify_point", "Curving up in all directions: is that the top or the bottom?")
def upside_down(gradient, hessian, tolerance):
    kind = kind_right(gradient, hessian, tolerance)
    return {"minimum": "maximum", "maximum": "minimum"}.get(kind, kind)


@mutant("escape_direction", "That is the steepest way up: which eigenvalue leads down?")
def largest(hessian):
    return torch.linalg.eigh(hessian).eigenvectors[:, -1]


@mutant("escape_direction", "Eigenvectors are the columns of the matrix, not its rows.")
def row(hessian):
    return torch.linalg.eigh(hessian).eigenvectors[0]


@mutant("escape_direction", "The smallest eigenvalue is the most negative one, not the one nearest to 0.")
def nearest_to_zero(hessian):
    values, vectors = torch.linalg.eigh(hessian)
    return vectors[:, values.abs().argmin()]


@mutant("escape_direction", "A direction has length 1: yours carries the eigenvalue.")
def not_of_length_one(hessian):
    values, vectors = torch.linalg.eigh(hessian)
    return vectors[:, 0] * values[0]


@mutant("escape_direction", "Along a single parameter the loss may fall, but not fastest.")
def along_an_axis(hessian):
    return torch.eye(len(hessian), dtype=hessian.dtype)[hessian.diagonal().argmin()]


@mutant("add_dimension", "The new parameter comes last, not first.")
def new_one_first(hessian, coupling, curvature):
    return whole(hessian, coupling, coupling, curvature).roll((1, 1), (0, 1))


@mutant("add_dimension", "A Hessian is symmetric: the coupling stands in a row and in a column.")
def one_sided(hessian, coupling, curvature):
    return whole(hessian, coupling, 0 * coupling, curvature)


@mutant("add_dimension", "The mixed second derivatives are missing: they can tip a minimum over.")
def uncoupled(hessian, coupling, curvature):
    return whole(hessian, 0 * coupling, 0 * coupling, curvature)


def whole(hessian, column, bottom, curvature):
    return torch.cat(
        [torch.cat([hessian, column[:, None]], dim=1), torch.cat([bottom, curvature.reshape(1)])[None]], dim=0
    )


# --- 2.11 noise ---


def some_batches(n, batch_size, count, generator):
    return [torch.randperm(n, generator=generator)[:batch_size] for _ in range(count)]


@mutant("noisy_gradients", "A batch's gradient is the mean of its examples' gradients: yours is the sum.")
def batch_sum(per_example, batch_size, count, generator):
    batches = some_batches(len(per_example), batch_size, count, generator)
    return torch.stack([per_example[batch].sum(dim=0) for batch in batches])


@mutant("noisy_gradients", "The same example can come twice in one batch: even the whole data would be noisy then.")
def with_replacement(per_example, batch_size, count, generator):
    rows = torch.randint(len(per_example), (count, batch_size), generator=generator)
    return per_example[rows].mean(dim=1)


@mutant("noisy_gradients", "One batch, many times: draw each anew.")
def same_batch(per_example, batch_size, count, generator):
    batch = torch.randperm(len(per_example), generator=generator)[:batch_size]
    return per_example[batch].mean(dim=0).expand(count, -1)


@mutant("noisy_gradients", "The first examples are always in the batch: who draws?")
def first_rows(per_example, batch_size, count, generator):
    return per_example[:batch_size].mean(dim=0).expand(count, -1)


@mutant("noisy_gradients", "You divide by the number of all examples; a batch has fewer.")
def divides_by_n(per_example, batch_size, count, generator):
    batches = some_batches(len(per_example), batch_size, count, generator)
    return torch.stack([per_example[batch].sum(dim=0) / len(per_example) for batch in batches])


@mutant("noise_variance", "Drawn without replacement, the whole data has no noise at all: has yours?")
def as_with_replacement(per_example, batch_size):
    return per_example.var(dim=0, unbiased=False) / batch_size


@mutant("noise_variance", "s^2 is divided by N here, not by N - 1.")
def sample_variance(per_example, batch_size):
    n = len(per_example)
    return per_example.var(dim=0) / batch_size * (n - batch_size) / (n - 1)


@mutant("noise_variance", "That is the standard deviation.")
def noise_deviation(per_example, batch_size):
    n = len(per_example)
    return (per_example.var(dim=0, unbiased=False) / batch_size * (n - batch_size) / (n - 1)).sqrt()


@mutant("noise_variance", "Four times the batch, a quarter of the variance: which power of B do you divide by?")
def falls_too_slowly(per_example, batch_size):
    n = len(per_example)
    return per_example.var(dim=0, unbiased=False) / math.sqrt(batch_size) * (n - batch_size) / (n - 1)


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
