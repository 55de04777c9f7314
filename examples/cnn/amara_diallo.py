"""Assignment 3, Amara Diallo"""
import itertools

import torch
import torch.nn.functional as F
from torch import nn


# ---- 3.1
def conv_out_size(size, kernel, stride=1, padding=0):
    last_start = size + 2 * padding - kernel
    return last_start // stride + 1


def receptive_field(layers):
    width = 1
    for kernel, stride in reversed(layers):  # walk back from one output
        width = (width - 1) * stride + kernel
    return width


def conv_params(channels, filters, kernel):
    rows, cols = kernel
    return filters * channels * rows * cols + filters


def dense_params(in_shape, out_shape):
    n_in, n_out = torch.Size(in_shape).numel(), torch.Size(out_shape).numel()
    return n_in * n_out + n_out


ANSWERS = {
    "output width": 12,
    "receptive field": 15,
    "convolution parameters": 1792,
    "dense parameters": 30001000,
    "layers to see 28 columns": 14,
}


# ---- 3.2
def windows(x, kernel, stride, padding, fill=0.0):
    """(N, C, H', W', rows, cols) view"""
    ph, pw = padding
    x = F.pad(x, (pw, pw, ph, ph), value=fill)
    return x.unfold(2, kernel[0], stride[0]).unfold(3, kernel[1], stride[1])


def conv2d_forward(x, w, b, stride=(1, 1), padding=(0, 0)):
    y = torch.einsum("ncijuv,fcuv->nfij", windows(x, w.shape[2:], stride, padding), w)
    return y + b[None, :, None, None]


# ---- 3.3
def scatter(parts, x, kernel, stride, padding):
    """Add up window gradients (N, C, H', W', rows, cols) where they came from."""
    (ph, pw), (sh, sw) = padding, stride
    big = torch.zeros(*x.shape[:2], x.shape[2] + 2 * ph, x.shape[3] + 2 * pw, dtype=x.dtype)
    h, w = parts.shape[2:4]
    for u, v in itertools.product(range(kernel[0]), range(kernel[1])):
        big[:, :, u : u + sh * h : sh, v : v + sw * w : sw] += parts[..., u, v]
    return big[:, :, ph : ph + x.shape[2], pw : pw + x.shape[3]]


def conv2d_backward(upstream, x, w, stride=(1, 1), padding=(0, 0)):
    dw = torch.einsum("nfij,ncijuv->fcuv", upstream, windows(x, w.shape[2:], stride, padding))
    parts = torch.einsum("nfij,fcuv->ncijuv", upstream, w)
    return scatter(parts, x, w.shape[2:], stride, padding), dw, upstream.sum((0, 2, 3))


# ---- 3.4
def maxpool_forward(x, kernel, stride=None, padding=(0, 0)):
    return windows(x, kernel, stride or kernel, padding, float("-inf")).flatten(4).max(-1).values


def maxpool_backward(upstream, x, kernel, stride=None, padding=(0, 0)):
    stride = stride or kernel
    win = windows(x, kernel, stride, padding, float("-inf"))
    best = win.flatten(4).argmax(-1)
    parts = F.one_hot(best, kernel[0] * kernel[1]).to(x.dtype) * upstream[..., None]
    return scatter(parts.reshape(win.shape), x, kernel, stride, padding)


def avgpool(x, kernel, stride=None):
    return windows(x, kernel, stride or kernel, (0, 0)).mean((-1, -2))


# ---- 3.5
def conv_matrix(w, height, width, stride=(1, 1), padding=(0, 0)):
    n = w.shape[1] * height * width
    basis = torch.eye(n, dtype=w.dtype).view(n, w.shape[1], height, width)
    return conv2d_forward(basis, w, w.new_zeros(len(w)), stride, padding).flatten(1).T


def shared_gradient(dmatrix, w_shape, height, width, stride=(1, 1), padding=(0, 0)):
    w_shape = tuple(w_shape)
    dw = torch.zeros(w_shape, dtype=dmatrix.dtype)
    for index in itertools.product(*map(range, w_shape)):
        only = torch.zeros(w_shape, dtype=dmatrix.dtype)
        only[index] = 1
        dw[index] = (conv_matrix(only, height, width, stride, padding) * dmatrix).sum()
    return dw


# ---- 3.6
def shift(x, down, right):
    return F.pad(x, (right, -right, down, -down))


def enlarge(x):
    return F.interpolate(x, scale_factor=2)


def equivariance_gap(x, w, transform):
    T = {
        "shift": lambda a: shift(a, 1, 2),
        "rotate": lambda a: a.rot90(1, (2, 3)),
        "enlarge": enlarge,
    }[transform]

    def conv(a):
        return conv2d_forward(a, w, w.new_zeros(len(w)), padding=(w.shape[2] // 2, w.shape[3] // 2))

    return torch.max(torch.abs(conv(T(x)) - T(conv(x))))


# ---- 3.7
def residual_block(x, w1, b1, w2, b2):
    h = conv2d_forward(x, w1, b1, padding=(w1.shape[2] // 2, w1.shape[3] // 2)).relu()
    h = conv2d_forward(h, w2, b2, padding=(w2.shape[2] // 2, w2.shape[3] // 2))
    return (x + h).relu()


def dropout(x, p, training, generator):
    if not training:
        return x
    return x * (torch.rand(x.shape, generator=generator) > p).to(x.dtype) / (1 - p)


# ---- 3.8
def tiny_cnn(state, x, training):
    x = F.conv2d(x, state["kernel"], padding=1)
    x = F.batch_norm(x, state["mean"], state["var"], state["gain"], state["offset"], training=training)
    return x.relu().mean(dim=(2, 3)) @ state["weight"].T + state["bias"]


def augment(x, most, generator):
    n, _, h, w = x.shape
    move = torch.randint(0, 2 * most + 1, (2, n, 1), generator=generator)
    rows, cols = move[0] + torch.arange(h), move[1] + torch.arange(w)
    big = F.pad(x, (most,) * 4).movedim(1, -1)
    return big[torch.arange(n)[:, None, None], rows[:, :, None], cols[:, None, :]].movedim(-1, 1)


def mixup(x, targets, weight, order):
    return torch.lerp(x[order], x, weight), torch.lerp(targets[order], targets, weight)


def soft_cross_entropy(logits, targets):
    return F.cross_entropy(logits, targets)


@torch.no_grad()
def evaluate(state, x, labels, batch_size):
    logits = torch.cat([tiny_cnn(state, part, False) for part in x.split(batch_size)])
    return F.cross_entropy(logits, labels), (logits.argmax(1) == labels).double().mean()


# ---- 3.9
class Block(nn.Sequential):
    def __init__(self, i, o):
        super().__init__(nn.Conv2d(i, o, 3, padding=1), nn.BatchNorm2d(o), nn.ReLU())


class Net(nn.Module):
    def __init__(self, width=12):
        super().__init__()
        self.a, self.b, self.c = Block(1, width), Block(width, 2 * width), Block(2 * width, 4 * width)
        self.out = nn.Linear(4 * width, 10)

    def forward(self, x):
        x = F.max_pool2d(self.a(x), 2)
        x = F.max_pool2d(self.b(x), 2)
        return self.out(self.c(x).amax((2, 3)))


def train_cnn(x, y, x_new, seed):
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(seed)
    net, losses = Net(), []
    opt = torch.optim.AdamW(net.parameters(), lr=3e-3)
    epochs = 10
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, 4e-3, epochs=epochs, steps_per_epoch=(len(x) + 63) // 64)
    for _ in range(epochs):
        epoch = []
        for idx in torch.randperm(len(x)).split(64):
            loss = F.cross_entropy(net(augment(x[idx], 2, g)), y[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
            sched.step()
            epoch.append(loss.item())
        losses.append(sum(epoch) / len(epoch))
    net.eval()
    with torch.no_grad():
        return net(x_new).argmax(1), losses


# ---- 3.10
def affine_grid(theta, height, width):
    u, v = torch.linspace(-1, 1, width, dtype=theta.dtype), torch.linspace(-1, 1, height, dtype=theta.dtype)
    here = torch.stack([u.expand(height, -1), v[:, None].expand(-1, width), torch.ones(height, width, dtype=theta.dtype)], -1)
    return here.flatten(0, 1).expand(len(theta), -1, -1).bmm(theta.transpose(1, 2)).view(-1, height, width, 2)


def bilinear_sample(x, grid):
    h, w = x.shape[2:]
    col, row = ((grid[..., i] + 1) * (n - 1) / 2 for i, n in ((0, w), (1, h)))
    tent_c = (1 - (col[..., None] - torch.arange(w)).abs()).clamp(min=0)
    tent_r = (1 - (row[..., None] - torch.arange(h)).abs()).clamp(min=0)
    return torch.einsum("nchw,nijh,nijw->ncij", x, tent_r, tent_c)


def transformer_gradient(upstream, x, theta):
    theta = theta.clone().requires_grad_()
    (bilinear_sample(x, affine_grid(theta, *x.shape[2:])) * upstream).sum().backward()
    return theta.grad
