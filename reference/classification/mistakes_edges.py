"""Wrong implementations that are right in the ordinary case: zeros, exact bounds, saturation, draws that are not anew.

Names that are not defined here (torch, other functions of the solution) are the solution's.
"""

from __future__ import annotations

import math

import torch

from autograder.rubric import Variants

variants = Variants()
mutant = variants.mutant


@mutant("grad_cross_entropy", "e^1000 overflows here, too: take the largest logit off first, or call softmax.")
def overflows(z, labels):
    e = torch.exp(z)
    return (e / e.sum(dim=1, keepdim=True) - one_hot(labels, z.shape[1]).to(z.dtype)) / len(labels)


@mutant("neuron_slopes", "A saturated neuron has 1 - a = 0: simplify before you divide by it.")
def divides_by_saturation(z, y):
    a = torch.sigmoid(z)
    return (a - y) * a * (1 - a), (-y / a + (1 - y) / (1 - a)) * a * (1 - a)


def _backward(upstream, layers, zs, inputs, activation, relu):
    gradients, delta = [], upstream
    for index in reversed(range(len(layers))):
        gradients.append((delta.T @ inputs[index], delta.sum(dim=0)))
        if index > 0:
            z = zs[index - 1]
            a = torch.sigmoid(z) if activation == "sigmoid" else torch.tanh(z)
            slope = {"sigmoid": a * (1 - a), "tanh": 1 - a.square(), "relu": relu(z)}[activation]
            delta = (delta @ layers[index][0]) * slope
    return gradients[::-1]


@mutant("backward_pass", "Which slope has ReLU at exactly 0 here? Not 1.")
def climbs_at_zero(upstream, layers, zs, inputs, activation):
    return _backward(upstream, layers, zs, inputs, activation, lambda z: (z >= 0).to(z.dtype))


@mutant("backward_pass", "Which slope has ReLU at exactly 0 here? Not 1/2.")
def half_at_zero(upstream, layers, zs, inputs, activation):
    return _backward(upstream, layers, zs, inputs, activation, lambda z: (torch.sign(z) + 1) / 2)


@mutant("backward_pass", "A network may have one layer only: it has a gradient, too.")
def none_for_one_layer(upstream, layers, zs, inputs, activation):
    found = _backward(upstream, layers, zs, inputs, activation, lambda z: (z > 0).to(z.dtype))
    return found if len(layers) > 1 else []


def _grads(graph, output, slope, value_of):
    order = topological_order(graph, output)
    value = {}
    for name in order:
        value[name] = value_of(graph[name], value)
    grad = dict.fromkeys(graph, 0.0)
    grad[output] = 1.0
    for name in reversed(order):
        for source, one in slope(graph[name], value[name], value):
            grad[source] += one * grad[name]
    return value[output], grad


@mutant("scalar_grads", "The output itself has derivative 1, also where it is a plain number.")
def numbers_have_none(graph, output):
    value, grad = _grads(graph, output, local_slopes, node_value)
    return value, grad if isinstance(graph[output], tuple) else dict.fromkeys(graph, 0.0)


@mutant("scalar_grads", "The slope of a power must not divide by its base: that may be 0.")
def divides_by_the_base(graph, output):
    def slope(node, here, value):
        if isinstance(node, tuple) and node[0] == "power":
            return [(node[1], node[2] * here / value[node[1]])]
        return local_slopes(node, here, value)

    return _grads(graph, output, slope, node_value)


@mutant("scalar_grads", "An exponent need not be a whole number.")
def whole_exponents(graph, output):
    def value_of(node, value):
        whole = isinstance(node, tuple) and node[0] == "power"
        return value[node[1]] ** int(node[2]) if whole else node_value(node, value)

    return _grads(graph, output, local_slopes, value_of)


@mutant("adagrad", "There is no epsilon here: where gradients are tiny, yours is larger than they are.")
def adagrad_eps(theta, grads, etas):
    path, total = [], torch.zeros_like(theta)
    for t, (g, eta) in enumerate(zip(grads, etas)):
        total = total + g.square()
        theta = theta - eta / ((total / (t + 1)).sqrt() + 1e-8) * g
        path.append(theta)
    return torch.stack(path)


@mutant("rmsprop", "There is no epsilon here: where gradients are tiny, yours is larger than they are.")
def rmsprop_eps(theta, grads, etas, alpha):
    path, square = [], grads[0].square()
    for g, eta in zip(grads, etas):
        square = alpha * square + (1 - alpha) * g.square()
        theta = theta - eta / (square.sqrt() + 1e-8) * g
        path.append(theta)
    return torch.stack(path)


def _kind(gradient_size, hessian, tolerance, bound=None):
    bound = tolerance if bound is None else bound
    if gradient_size > tolerance:
        return "not critical"
    values = torch.linalg.eigvalsh(hessian)
    up, down = values > bound, values < -bound
    if up.any() and down.any():
        return "saddle"
    return "minimum" if up.all() else "maximum" if down.all() else "undecided"


@mutant("classify_point", "The length of a vector is the root of the sum of squares, not the sum of absolute values.")
def sum_for_length(gradient, hessian, tolerance):
    return _kind(gradient.abs().sum(), hessian, tolerance)


@mutant("classify_point", "The length of a vector is more than its largest entry.")
def largest_for_length(gradient, hessian, tolerance):
    return _kind(gradient.abs().max(), hessian, tolerance)


@mutant("classify_point", "The length has a root: you compare its square with the tolerance.")
def squared_length(gradient, hessian, tolerance):
    return _kind(gradient.square().sum(), hessian, tolerance)


@mutant("classify_point", "The tolerance is given: use it for the gradient and for the eigenvalues.")
def own_tolerance(gradient, hessian, tolerance):
    return _kind(gradient.norm(), hessian, 1e-3)


@mutant("classify_point", "The tolerance is absolute: it does not grow with the eigenvalues.")
def relative_tolerance(gradient, hessian, tolerance):
    return _kind(gradient.norm(), hessian, tolerance, tolerance * torch.linalg.eigvalsh(hessian).abs().max())


@mutant("escape_direction", "Where no eigenvalue is below 0, the direction of the smallest is still asked for.")
def none_in_a_bowl(hessian):
    values, vectors = torch.linalg.eigh(hessian)
    return vectors[:, 0] if values[0] < 0 else torch.zeros_like(values)


def _mean_of(per_example, batches):
    return torch.stack([per_example[batch].mean(dim=0) for batch in batches])


@mutant("noisy_gradients", "Your batches are neighbouring rows: every batch of examples should be equally likely.")
def neighbouring_rows(per_example, batch_size, count, generator):
    n = len(per_example)
    starts = [torch.randint(n, (1,), generator=generator) for _ in range(count)]
    return _mean_of(per_example, [(torch.arange(batch_size) + start) % n for start in starts])


@mutant("noisy_gradients", "Your batches share out one epoch after the other: draw each from all examples.")
def epochs_of_batches(per_example, batch_size, count, generator):
    n, batches = len(per_example), []
    while len(batches) < count:
        batches += torch.randperm(n, generator=generator)[: n // batch_size * batch_size].split(batch_size)
    return _mean_of(per_example, batches[:count])


@mutant("noisy_gradients", "The second half of your batches repeats the first: draw each anew.")
def twice_the_same(per_example, batch_size, count, generator):
    n = len(per_example)
    half = [torch.randperm(n, generator=generator)[:batch_size] for _ in range(math.ceil(count / 2))]
    return _mean_of(per_example, (half + half)[:count])


@mutant("batchnorm_backward", "eps is given: use it.")
def own_eps(upstream, x, gamma, eps):
    return batchnorm_backward_of(upstream, x, gamma, 1e-2)


def batchnorm_backward_of(upstream, x, gamma, eps):
    dims = [d for d in range(x.ndim) if d != 1]
    centred = x - x.mean(dim=dims, keepdim=True)
    root = (centred.square().mean(dim=dims, keepdim=True) + eps).sqrt()
    normal = centred / root
    along = upstream - upstream.mean(dim=dims, keepdim=True)
    along = along - normal * (upstream * normal).mean(dim=dims, keepdim=True)
    slope = gamma.view([1, -1] + [1] * (x.ndim - 2)) / root
    return slope * along, (upstream * normal).sum(dim=dims), upstream.sum(dim=dims)
