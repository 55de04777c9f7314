"""Wrong implementations that students write, each with the hint for it: pictures, training and the bonus (3.8 to 3.10).

Names that are not defined here (torch, other functions of the solution) are the solution's.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F

from autograder.rubric import Variants

from .mistakes_layers import _shift

variants = Variants()
mutant = variants.mutant

# --- 3.8 augmentation, mixup, measurement ---


@mutant("augment", "Does each image of the batch get its own move?")
def one_move(x, most, generator):
    down, right = torch.randint(-most, most + 1, (2,), generator=generator).tolist()
    return _shift(x, down, right)


@mutant("augment", "The upper end of randint is left out: how far do your images move?")
def never_the_farthest(x, most, generator):
    moves = torch.randint(-most, most, (len(x), 2), generator=generator).tolist()
    return torch.stack([_shift(image[None], *move)[0] for image, move in zip(x, moves)])


@mutant("augment", "randint leaves its upper end out: can your images move by +most?")
def upper_ends_left_out(x, most, generator):
    down, right = (torch.randint(-most, most, (len(x),), generator=generator).tolist() for _ in range(2))
    return torch.stack([_shift(image[None], *move)[0] for image, *move in zip(x, down, right)])


@mutant("augment", "Negative numbers move up and left: do yours occur?")
def never_up_or_left(x, most, generator):
    moves = torch.randint(0, most + 1, (len(x), 2), generator=generator).tolist()
    return torch.stack([_shift(image[None], *move)[0] for image, move in zip(x, moves)])


@mutant("augment", "What comes in at the border?")
def augment_rolls(x, most, generator):
    moves = torch.randint(-most, most + 1, (len(x), 2), generator=generator).tolist()
    return torch.stack([torch.roll(image, move, (1, 2)) for image, move in zip(x, moves)])


@mutant("augment", "Down and right are two numbers.")
def diagonal(x, most, generator):
    moves = torch.randint(-most, most + 1, (len(x),), generator=generator).tolist()
    return torch.stack([_shift(image[None], move, move)[0] for image, move in zip(x, moves)])


@mutant("augment", "The channels of an image belong together.")
def channels_apart(x, most, generator):
    flat = x.reshape(-1, 1, *x.shape[2:])
    moves = torch.randint(-most, most + 1, (len(flat), 2), generator=generator).tolist()
    return torch.cat([_shift(image[None], *move) for image, move in zip(flat, moves)]).reshape(x.shape)


@mutant("augment", "The next call should give other moves: who starts the generator anew?")
def same_moves(x, most, generator):
    fixed = torch.Generator().manual_seed(0)
    moves = torch.randint(-most, most + 1, (len(x), 2), generator=fixed).tolist()
    return torch.stack([_shift(image[None], *move)[0] for image, move in zip(x, moves)])


@mutant("augment", "Each number is equally likely: are the small ones more frequent in yours?")
def normal_moves(x, most, generator):
    moves = (torch.randn(len(x), 2, generator=generator) * most).round().clamp(-most, most).long().tolist()
    return torch.stack([_shift(image[None], *move)[0] for image, move in zip(x, moves)])


@mutant("augment", "A real number cut to an int: from how far does 0 get its share, and from how far the others?")
def cut_towards_zero(x, most, generator):
    moves = ((torch.rand(len(x), 2, generator=generator) * 2 - 1) * (most + 1)).long().tolist()
    return torch.stack([_shift(image[None], *move)[0] for image, move in zip(x, moves)])


@mutant("augment", "Each image draws its own move; yours follow from one another.")
def moves_in_turn(x, most, generator):
    start = torch.randint(-most, most + 1, (2,), generator=generator).tolist()
    moves = [[(s + i * k) % (2 * most + 1) - most for k, s in ((1, start[0]), (2, start[1]))] for i in range(len(x))]
    return torch.stack([_shift(image[None], *move)[0] for image, move in zip(x, moves)])


@mutant("mixup", "Whose weight is `weight`: the example's, or its partner's?")
def weights_swapped(x, targets, weight, order):
    return weight * x[order] + (1 - weight) * x, weight * targets[order] + (1 - weight) * targets


@mutant("mixup", "The image is a blend of two. And its target?")
def hard_targets(x, targets, weight, order):
    return weight * x + (1 - weight) * x[order], targets


@mutant("mixup", "Do images and targets blend with the same partner?")
def other_partner(x, targets, weight, order):
    return weight * x + (1 - weight) * x[order], weight * targets + (1 - weight) * targets.flip(0)


@mutant("soft_cross_entropy", "A soft target has more than one class.")
def hard_labels(logits, targets):
    return F.cross_entropy(logits, targets.argmax(dim=1))


@mutant("soft_cross_entropy", "The mean is over the examples. Over what else is yours?")
def mean_over_entries(logits, targets):
    return -(targets * torch.log_softmax(logits, dim=1)).mean()


@mutant("soft_cross_entropy", "Is it the sum or the mean over the batch?")
def sum_over_batch(logits, targets):
    return -(targets * torch.log_softmax(logits, dim=1)).sum()


@mutant("soft_cross_entropy", "What is exp(1000)?")
def unstable(logits, targets):
    e = torch.exp(logits)
    return -(targets * torch.log(e / e.sum(dim=1, keepdim=True))).sum(dim=1).mean()


@mutant("soft_cross_entropy", "Adding a small number inside the logarithm changes large losses.")
def log_eps(logits, targets):
    return -(targets * torch.log(torch.softmax(logits, dim=1) + 1e-8)).sum(dim=1).mean()


@mutant("soft_cross_entropy", "A softmax may be 0, and log 0 is infinite. Is there a function for both at once?")
def log_of_softmax(logits, targets):
    return -(targets * torch.log(torch.softmax(logits, dim=1))).sum(dim=1).mean()


@mutant("soft_cross_entropy", "How large can a loss get, if no probability may be smaller than your bound?")
def log_clamped(logits, targets):
    return -(targets * torch.log(torch.softmax(logits, dim=1).clamp(min=1e-12))).sum(dim=1).mean()


@mutant("evaluate", "In which mode is the network when you measure?")
def in_training_mode(state, x, labels, batch_size):
    return _measure(state, x, labels, batch_size, training=True)


@mutant("evaluate", "The last batch is smaller: should it count as much as the others?")
def mean_of_batches(state, x, labels, batch_size):
    parts = [_measure(state, *part, len(part[0])) for part in zip(x.split(batch_size), labels.split(batch_size))]
    return sum(part[0] for part in parts) / len(parts), sum(part[1] for part in parts) / len(parts)


@mutant("evaluate", "Is every example measured, also those of the last batch?")
def last_batch_dropped(state, x, labels, batch_size):
    whole = max(batch_size, len(x) // batch_size * batch_size)
    return _measure(state, x[:whole], labels[:whole], batch_size)


@mutant("evaluate", "cross_entropy takes logits. What do you give it?")
def softmax_twice(state, x, labels, batch_size):
    return _measure(state, x, labels, batch_size, lambda logits: torch.softmax(logits, dim=1))


@mutant("evaluate", "Accuracy is a share between 0 and 1.")
def percent(state, x, labels, batch_size):
    loss, accuracy = _measure(state, x, labels, batch_size)
    return loss, 100 * accuracy


@mutant("evaluate", "Nobody learns while you measure: are gradients kept?")
def keeps_gradients(state, x, labels, batch_size):
    with torch.enable_grad():
        logits = tiny_cnn(state, x, training=False)
        return F.cross_entropy(logits, labels), (logits.argmax(dim=1) == labels).double().mean()


def _measure(state, x, labels, batch_size, change=lambda logits: logits, training=False):
    """A right measurement, for mutants to spoil."""
    loss, right = 0.0, 0
    with torch.no_grad():
        for images, truth in zip(x.split(batch_size), labels.split(batch_size)):
            logits = tiny_cnn(state, images, training=training)
            loss += F.cross_entropy(change(logits), truth, reduction="sum").item()
            right += int((logits.argmax(dim=1) == truth).sum())
    return loss / len(x), right / len(x)


# --- 3.9 training ---


@mutant("train_cnn", "A fully connected network has to learn every digit at every place.")
def still_an_mlp(x, y, x_new, seed):
    return train_mlp(x, y, x_new, seed)


@mutant("train_cnn", "All digits get the same answer: does your network learn anything?")
def constant_guess(x, y, x_new, seed):
    return torch.zeros(len(x_new), dtype=torch.int64), [2.3, 2.3]


# --- 3.10 the bonus ---


@mutant("affine_grid", "Horizontal comes first in a grid.")
def grid_swapped(theta, height, width):
    return _grid(theta, height, width).flip(3)


def _grid(theta, height, width, centred=True):
    """The right grid, for mutants to spoil."""
    v, u = (
        torch.linspace(-1, 1, n, dtype=theta.dtype) if centred else (2 * torch.arange(n, dtype=theta.dtype) - n + 1) / n
        for n in (height, width)
    )
    places = torch.stack(
        [u.expand(height, width), v[:, None].expand(height, width), torch.ones_like(u * v[:, None])], 2
    )
    return torch.einsum("hwk,nik->nhwi", places, theta)


def _sample(x, across, down):
    """Read x at columns `across` and rows `down`, in pixels."""
    columns = (1 - (across[..., None] - torch.arange(x.shape[3])).abs()).clamp(min=0)
    rows = (1 - (down[..., None] - torch.arange(x.shape[2])).abs()).clamp(min=0)
    return torch.einsum("nchw,nijh,nijw->ncij", x, rows, columns)


def _places(x, grid):
    """Columns and rows in pixels, for a grid from -1 to 1."""
    return (grid[..., 0] + 1) / 2 * (x.shape[3] - 1), (grid[..., 1] + 1) / 2 * (x.shape[2] - 1)


@mutant("affine_grid", "theta is applied to (u, v, 1): which of the two is the horizontal coordinate?")
def coordinates_swapped(theta, height, width):
    return _grid(theta[:, :, [1, 0, 2]], height, width)


@mutant("affine_grid", "Horizontal comes first, both in what theta is applied to and in what it gives.")
def vertical_first(theta, height, width):
    return _grid(theta[:, :, [1, 0, 2]], height, width).flip(3)


@mutant("affine_grid", "The grid is as high and as wide as the output: which axis are the rows?")
def grid_transposed(theta, height, width):
    return _grid(theta, height, width).transpose(1, 2)


@mutant("affine_grid", "-1 and 1 are the centres of the outermost pixels, not their edges.")
def pixel_edges(theta, height, width):
    return _grid(theta, height, width, centred=False)


@mutant("affine_grid", "A single row, and (height - 1) in the denominator?")
def single_row_of_nan(theta, height, width):
    v, u = (2 * torch.arange(n, dtype=theta.dtype) / (n - 1) - 1 for n in (height, width))
    ones = torch.ones(height, width, dtype=theta.dtype)
    return torch.einsum("hwk,nik->nhwi", torch.stack([u * ones, v[:, None] * ones, ones], dim=2), theta)


@mutant("affine_grid", "What is the third column of theta for?")
def not_moved(theta, height, width):
    return _grid(torch.cat([theta[:, :, :2], torch.zeros_like(theta[:, :, 2:])], dim=2), height, width)


@mutant("bilinear_sample", "Only the nearest pixel is read.")
def nearest(x, grid):
    return _sample(x, *(place.round() for place in _places(x, grid)))


@mutant("bilinear_sample", "What is outside of the image: zeros, or its border?")
def border(x, grid):
    return _sample(x, *_places(x, grid.clamp(-1, 1)))


@mutant("bilinear_sample", "Where exactly are -1 and 1: at the edge of a pixel, or at its centre?")
def sample_edges(x, grid):
    return _sample(x, ((grid[..., 0] + 1) * x.shape[3] - 1) / 2, ((grid[..., 1] + 1) * x.shape[2] - 1) / 2)


@mutant("bilinear_sample", "Does the first coordinate of the grid name a row or a column?")
def sample_swapped(x, grid):
    return _sample(x, *_places(x, grid.flip(3)))


@mutant("bilinear_sample", "A near pixel weighs more than a far one.")
def far_weighs_more(x, grid):
    return _sample(x, *(2 * place.floor() + 1 - place for place in _places(x, grid)))


@mutant("transformer_gradient", "The chain rule begins with the upstream gradient: it is not all ones.")
def transformer_ones(upstream, x, theta):
    return _theta_gradient(torch.ones_like(upstream), x, theta)


def _theta_gradient(upstream, x, theta):
    """The right gradient, for mutants to spoil."""
    theta = theta.detach().clone().requires_grad_()
    with torch.enable_grad():
        y = _sample(x, *_places(x, _grid(theta, *x.shape[2:])))
        return torch.autograd.grad(y, theta, upstream)[0]


@mutant("transformer_gradient", "Every image has its own theta, and a gradient of its own.")
def theta_gradient_summed(upstream, x, theta):
    return _theta_gradient(upstream, x, theta).sum(dim=0, keepdim=True).repeat(len(x), 1, 1)
