"""Right solutions, written differently: each must get full marks."""

from __future__ import annotations

import math

import numpy as np
import torch

from autograder.rubric import Variants

variants = Variants()


@variants.equivalent
class loops:
    """Plain loops and Python numbers, as a first solution looks."""

    def one_hot(labels, classes):
        return [[1 if int(label) == k else 0 for k in range(classes)] for label in labels]

    def softmax(z):
        rows = []
        for row in z.tolist():
            top = max(row)
            e = [math.exp(v - top) for v in row]
            rows.append([v / sum(e) for v in e])
        return torch.tensor(rows, dtype=z.dtype)

    def cross_entropy(z, labels):
        total = 0.0
        for row, label in zip(z.tolist(), labels.tolist()):
            top = max(row)
            total += top + math.log(sum(math.exp(v - top) for v in row)) - row[label]
        return total / len(labels)

    def grad_cross_entropy(z, labels):
        p = softmax(z)
        for n, label in enumerate(labels):
            p[n, label] = p[n, label] - 1
        return p / len(labels)

    def quadratic_cost(a, y):
        total = 0.0
        for i in range(a.shape[0]):
            for k in range(a.shape[1]):
                total += (y[i, k] - a[i, k]) ** 2
        return 0.5 * total / a.shape[0]


@variants.equivalent
class by_gather:
    """log-softmax by hand, gather, in-place subtraction at the label."""

    def softmax(z):
        return torch.exp(z - torch.logsumexp(z, dim=-1, keepdim=True))

    def cross_entropy(z, labels):
        shifted = z - z.max(dim=1, keepdim=True)[0]
        log_p = shifted - shifted.exp().sum(dim=1, keepdim=True).log()
        return -log_p.gather(1, labels.view(-1, 1)).squeeze(1).mean()

    def grad_cross_entropy(z, labels):
        grad = torch.exp(z - torch.logsumexp(z, dim=1, keepdim=True))
        grad[range(len(labels)), labels] -= 1
        grad /= len(labels)
        return grad


@variants.equivalent
class one_hot_sums:
    """The loss as a sum over one-hot rows; one-hot by scatter, as floats and from an identity matrix."""

    def one_hot(labels, classes):
        return torch.eye(classes)[labels]

    def cross_entropy(z, labels):
        log_p = z - torch.logsumexp(z, dim=1, keepdim=True)
        return -(one_hot(labels, z.shape[1]) * log_p).sum() / z.shape[0]

    def grad_cross_entropy(z, labels):
        y = torch.zeros_like(z).scatter_(1, labels[:, None], 1)
        return softmax(z) / z.shape[0] - y / z.shape[0]


@variants.equivalent
class with_numpy:
    """numpy inside, arrays and numpy scalars returned."""

    def one_hot(labels, classes):
        return np.eye(classes)[labels.numpy()]

    def softmax(z):
        a = z.numpy()
        e = np.exp(a - a.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def grad_cross_entropy(z, labels):
        return torch.from_numpy((softmax(z) - one_hot(labels, z.shape[1])) / len(z)).to(z.dtype)

    def sgd(theta, grads, etas):
        return theta.numpy() - np.cumsum(etas.numpy()[:, None] * grads.numpy(), axis=0)

    def lr_decay(eta, t):
        return eta * np.sqrt(1 / (1 + t))

    def warmup(eta, t, warm):
        return eta * min((t + 1) / warm, np.sqrt(warm) * (t + 1) ** -0.5)

    def escape_direction(hessian):
        values, vectors = np.linalg.eig(hessian.numpy())
        return -vectors[:, np.argmin(values)]

    def noise_variance(per_example, batch_size):
        a = per_example.numpy()
        return a.var(axis=0) * (len(a) - batch_size) / (batch_size * (len(a) - 1))


@variants.equivalent
class float64_inside:
    """Everything in float64, whatever comes in; the results have the dtype that came in."""

    def softmax(z):
        e = torch.exp(z.double() - z.double().max(dim=1, keepdim=True).values)
        return (e / e.sum(dim=1, keepdim=True)).to(z.dtype)

    def grad_cross_entropy(z, labels):
        return ((softmax(z) - one_hot(labels, z.shape[1])) / len(z)).to(z.dtype)

    def momentum(theta, grads, etas, lam):
        theta, path, m = theta.double(), [], 0.0
        for g, eta in zip(grads.double(), etas.double()):
            m = lam * m - eta * g
            theta = theta + m
            path.append(theta)
        return torch.stack(path).to(grads.dtype)


@variants.equivalent
class with_einsum:
    """einsum for both passes; the slope from the activation's output; lists instead of tuples."""

    def forward_pass(x, layers, activation):
        act = getattr(torch, activation)
        zs, inputs = [], []
        for i, (W, b) in enumerate(layers):
            inputs.append(x if i == 0 else act(zs[-1]))
            zs.append(torch.einsum("ni,oi->no", inputs[-1], W) + b)
        return [zs, inputs]

    def backward_pass(upstream, layers, zs, inputs, activation):
        result = [None] * len(layers)
        for i in range(len(layers) - 1, -1, -1):
            result[i] = [torch.einsum("no,ni->oi", upstream, inputs[i]), torch.einsum("no->o", upstream)]
            if i:
                a = inputs[i]
                slope = {"sigmoid": a - a * a, "tanh": 1 - a * a, "relu": (a > 0) * 1.0}[activation]
                upstream = torch.einsum("no,oi->ni", upstream, layers[i][0]).to(a.dtype) * slope
        return result


@variants.equivalent
class example_by_example:
    """The backward pass one example at a time, outer products added up."""

    def backward_pass(upstream, layers, zs, inputs, activation):
        dWs, dbs = [torch.zeros_like(W) for W, _ in layers], [torch.zeros_like(b) for _, b in layers]
        for n in range(len(upstream)):
            delta = upstream[n]
            for i in reversed(range(len(layers))):
                dWs[i] += torch.outer(delta, inputs[i][n])
                dbs[i] += delta
                if i > 0:
                    z = zs[i - 1][n]
                    if activation == "relu":
                        slope = torch.where(z > 0, 1.0, 0.0).to(z.dtype)
                    elif activation == "tanh":
                        slope = 1 / torch.cosh(z) ** 2
                    else:
                        slope = torch.exp(-z.abs()) / (1 + torch.exp(-z.abs())) ** 2
                    delta = slope * (layers[i][0].T @ delta)
        return tuple(zip(dWs, dbs))


@variants.equivalent
class transposed_results:
    """Results that are views with odd strides."""

    def softmax(z):
        e = torch.exp(z - z.max(dim=1, keepdim=True).values).T
        return (e / e.sum(dim=0)).T

    def grad_cross_entropy(z, labels):
        return ((softmax(z).T - one_hot(labels, z.shape[1]).T.to(z.dtype)) / len(labels)).T

    def sgd(theta, grads, etas):
        return (theta[:, None] - (etas * grads.T).cumsum(dim=1)).T

    def add_dimension(hessian, coupling, curvature):
        d = len(hessian)
        out = torch.empty(d + 1, d + 1, dtype=hessian.dtype)
        out[:d, :d], out[:d, d], out[d, :d], out[d, d] = hessian, coupling, coupling, curvature
        return out.T


@variants.equivalent
class objects:
    """An engine of objects that remember how to pass their gradient on, behind the same function."""

    def scalar_grads(graph, output):
        class Value:
            def __init__(self, data, pairs=()):
                self.data, self.pairs, self.grad = data, pairs, 0.0

        values = {}

        def build(name):
            if name in values:
                return values[name]
            node = graph[name]
            if isinstance(node, (int, float)):
                values[name] = Value(node)
                return values[name]
            p = build(node[1])
            if node[0] == "add":
                q = build(node[2])
                made = Value(p.data + q.data, ((p, 1), (q, 1)))
            elif node[0] == "mul":
                q = build(node[2])
                made = Value(p.data * q.data, ((p, q.data), (q, p.data)))
            elif node[0] == "power":
                made = Value(p.data ** node[2], ((p, node[2] * p.data ** (node[2] - 1)),))
            elif node[0] == "exp":
                made = Value(math.exp(p.data), ((p, math.exp(p.data)),))
            else:
                made = Value(math.tanh(p.data), ((p, 1 / math.cosh(p.data) ** 2),))
            values[name] = made
            return made

        root = build(output)
        root.grad = 1
        for value in reversed(list(values.values())):
            for parent, slope in value.pairs:
                parent.grad += slope * value.grad
        return root.data, {name: values[name].grad if name in values else 0 for name in graph}


@variants.equivalent
class counting_users:
    """Kahn's order: a node is ready when its inputs are; derivatives pulled from the users, with a memory."""

    def topological_order(graph, output):
        def inputs(name):
            node = graph[name]
            return {part for part in node[1:] if isinstance(part, str)} if isinstance(node, tuple) else set()

        needed, stack = set(), [output]
        while stack:
            name = stack.pop()
            if name not in needed:
                needed.add(name)
                stack.extend(inputs(name))
        order = []
        while len(order) < len(needed):
            order += [name for name in sorted(needed) if name not in order and inputs(name) <= set(order)]
        return tuple(order)


@variants.equivalent
class neuron_by_formula:
    """The sigmoid written out, (1 + e^-z)^-1, and the gradient as a sum over examples."""

    def neuron_slopes(z, y):
        a = 1 / (1 + torch.exp(-z))
        error = a - y
        return [error / (2 * torch.cosh(z / 2)) ** 2, error]

    def neuron_cost(x, y, w, b):
        a = 1 / (1 + torch.exp(-((x * w).sum(dim=1) + b)))
        return 0.5 * ((a - y) ** 2).mean()

    def neuron_grad(x, y, w, b):
        gw, gb = torch.zeros_like(w), 0
        for row, label in zip(x, y):
            a = 1 / (1 + torch.exp(-(row @ w + b)))
            gw += (a - label) * a * (1 - a) * row / len(y)
            gb += float((a - label) * a * (1 - a)) / len(y)
        return gw, gb

    def predicted_dC(gw, gb, eta):
        gradient = torch.cat([gw, gb.reshape(1)])
        return gradient @ (-eta * gradient)


@variants.equivalent
class recurrences:
    """Running means instead of sums, sigma itself carried on, corrections multiplied out, in-place steps."""

    def momentum(theta, grads, etas, lam):
        theta = theta.clone()
        rows, m = [], torch.zeros(theta.shape, dtype=theta.dtype)
        for t in range(len(grads)):
            m *= lam
            m -= etas[t] * grads[t]
            theta += m
            rows.append(theta.clone())
        return rows

    def adagrad(theta, grads, etas):
        rows, mean = [], 0
        for t in range(len(grads)):
            mean = mean + (grads[t] ** 2 - mean) / (t + 1)
            theta = theta - etas[t] / (mean.sqrt() + 1e-12) * grads[t]
            rows.append(theta)
        return rows

    def rmsprop(theta, grads, etas, alpha):
        rows, sigma = [], None
        for g, eta in zip(grads, etas):
            sigma = g.abs() if sigma is None else torch.sqrt(alpha * sigma**2 + (1 - alpha) * g**2)
            theta = theta - eta / sigma * g
            rows.append(theta)
        return torch.vstack(rows)

    def adam(theta, grads, etas, beta1, beta2, eps):
        rows, m, v, p1, p2 = [], 0, 0, 1.0, 1.0
        for g, eta in zip(grads, etas):
            m, v = m + (1 - beta1) * (g - m), v + (1 - beta2) * (g * g - v)
            p1, p2 = p1 * beta1, p2 * beta2
            theta = theta - eta * math.sqrt(1 - p2) / (1 - p1) * m / (v**0.5 + eps * math.sqrt(1 - p2))
            rows.append(theta)
        return torch.stack(rows)


@variants.equivalent
class weighted_sums:
    """No state at all: each movement as a weighted sum of all gradients so far."""

    def momentum(theta, grads, etas, lam):
        moves = [sum(lam ** (t - i) * -etas[i] * grads[i] for i in range(t + 1)) for t in range(len(grads))]
        return torch.stack([theta + sum(moves[: t + 1]) for t in range(len(grads))])

    def adam(theta, grads, etas, beta1, beta2, eps):
        rows = []
        for t in range(1, len(grads) + 1):
            back = torch.arange(t - 1, -1, -1, dtype=grads.dtype)[:, None]
            m = (beta1**back * grads[:t]).sum(dim=0) * (1 - beta1) / (1 - beta1**t)
            v = (beta2**back * grads[:t] ** 2).sum(dim=0) * (1 - beta2) / (1 - beta2**t)
            theta = theta - etas[t - 1] * m / (v.sqrt() + eps)
            rows.append(theta)
        return torch.stack(rows)


@variants.equivalent
class formula_by_formula:
    """Critical points by outer products and complex eigenvalues; directions with the other sign."""

    def two_weights(w1, w2, x, y):
        other = torch.stack([w2, w1]) * x
        residual = y - w1 * w2 * x
        swap = torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=other.dtype)
        return -2 * residual * other, 2 * torch.outer(other, other) - 2 * residual * x * swap

    def classify_point(gradient, hessian, tolerance):
        eigenvalues = torch.linalg.eigvals(hessian).real
        if (gradient**2).sum() ** 0.5 > tolerance:
            return "not critical"
        lowest, highest = float(min(eigenvalues)), float(max(eigenvalues))
        if lowest > tolerance:
            return "minimum"
        if highest < -tolerance:
            return "maximum"
        return "saddle" if lowest < -tolerance and highest > tolerance else "undecided"

    def escape_direction(hessian):
        values, vectors = torch.linalg.eigh(-hessian)
        v = vectors[:, int(values.argmax())]
        return -v / v.norm()


@variants.equivalent
class other_draws:
    """Batches drawn in another way, all at once; the variance from pairs."""

    def noisy_gradients(per_example, batch_size, count, generator):
        keys = torch.rand(count, len(per_example), generator=generator)
        return per_example[keys.argsort(dim=1)[:, :batch_size]].mean(dim=1)

    def noise_variance(per_example, batch_size):
        n = len(per_example)
        pairs = (per_example[:, None] - per_example[None]).square().sum(dim=(0, 1)) / (2 * n * n)
        return pairs * (n - batch_size) / (batch_size * (n - 1))


@variants.equivalent
class small_liberties:
    """A sum that is 1e-9 larger, which no digit shows; a curvature that is taken for the tensor that it is."""

    def softmax(z):
        e = torch.exp(z - z.max(dim=1, keepdim=True).values)
        return e / (e.sum(dim=1, keepdim=True) + 1e-9)

    def add_dimension(hessian, coupling, curvature):
        top = torch.cat([hessian, coupling.reshape(-1, 1)], dim=1)
        return torch.cat([top, torch.cat([coupling, curvature.reshape(1)])[None]])


@variants.equivalent
class rows_of_channels:
    """Images flattened to rows of channels, both passes on those; the textbook's backward pass, path by path."""

    def batchnorm(x, gamma, beta, running_mean, running_var, training, momentum, eps):
        rows = x if x.ndim == 2 else x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])
        if training:
            mean, var = rows.mean(0), ((rows - rows.mean(0)) ** 2).mean(0)
            running_mean = running_mean + momentum * (mean - running_mean)
            running_var = running_var + momentum * (rows.var(0) - running_var)
        else:
            mean, var = running_mean, running_var
        y = gamma * (rows - mean) / torch.sqrt(var + eps) + beta
        if x.ndim == 4:
            n, c, h, w = x.shape
            y = y.reshape(n, h, w, c).permute(0, 3, 1, 2)
        return [y, running_mean, running_var]

    def batchnorm_backward(upstream, x, gamma, eps):
        def to_rows(t):
            return t if t.ndim == 2 else t.movedim(1, -1).reshape(-1, t.shape[1])

        rows, g = to_rows(x), to_rows(upstream)
        n, centred = len(rows), rows - rows.mean(0)
        inverse = ((centred**2).mean(0) + eps) ** -0.5
        d_normal = g * gamma
        d_var = (d_normal * centred).sum(0) * -0.5 * inverse**3
        d_mean = -(d_normal * inverse).sum(0) + d_var * (-2 * centred).mean(0)
        dx = d_normal * inverse + d_var * 2 * centred / n + d_mean / n
        if x.ndim == 4:
            dx = dx.reshape(x.shape[0], *x.shape[2:], x.shape[1]).movedim(-1, 1)
        return dx, (g * centred * inverse).sum(0), g.sum(0)


@variants.equivalent
class deeper_network:
    """Two hidden layers and AdamW; context by padding each utterance."""

    def label_frames(x_train, utterance_train, y_train, x_new, utterance_new, seed):
        torch.manual_seed(seed)
        mean, std = x_train.mean(0), x_train.std(0)

        def widen(x, utterance):
            blocks = []
            for number in utterance.unique():
                frames = ((x[utterance == number] - mean) / std).float()
                padded = torch.cat([frames[:1].repeat(8, 1), frames, frames[-1:].repeat(8, 1)])
                blocks.append(padded.unfold(0, 17, 1).flatten(1))
            return torch.cat(blocks)

        x, new = widen(x_train, utterance_train), widen(x_new, utterance_new)
        parts, width = [], x.shape[1]
        for _ in range(2):
            parts += [torch.nn.Linear(width, 256), torch.nn.ReLU(), torch.nn.Dropout(0.5)]
            width = 256
        model = torch.nn.Sequential(*parts, torch.nn.Linear(width, 9))
        optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, epochs=15, steps_per_epoch=len(x) // 64 + 1)
        losses = []
        for _ in range(15):
            for rows in torch.randperm(len(x)).split(64):
                loss = torch.nn.functional.cross_entropy(model(x[rows]), y_train[rows])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
            losses.append(loss.item())
        return model.eval()(new).argmax(1), losses
