"""Right solutions, written differently: each must get full marks."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from autograder.rubric import Variants

variants = Variants()


@variants.equivalent
class loops:
    """Loops over outputs, as a first solution looks."""

    def conv2d_forward(x, w, b, stride=(1, 1), padding=(0, 0)):
        N, C, H, W = x.shape
        K, _, kh, kw = w.shape
        oh = (H + 2 * padding[0] - kh) // stride[0] + 1
        ow = (W + 2 * padding[1] - kw) // stride[1] + 1
        xp = torch.zeros(N, C, H + 2 * padding[0], W + 2 * padding[1], dtype=x.dtype)
        xp[:, :, padding[0] : padding[0] + H, padding[1] : padding[1] + W] = x
        out = torch.zeros(N, K, oh, ow, dtype=x.dtype)
        for n in range(N):
            for k in range(K):
                for i in range(oh):
                    for j in range(ow):
                        t, l = i * stride[0], j * stride[1]  # noqa: E741
                        out[n, k, i, j] = (xp[n, :, t : t + kh, l : l + kw] * w[k]).sum() + b[k]
        return out

    def conv2d_backward(upstream, x, w, stride=(1, 1), padding=(0, 0)):
        N, _, H, W = x.shape
        K, _, kh, kw = w.shape
        xp = F.pad(x, (padding[1], padding[1], padding[0], padding[0]))
        dxp, dw, db = torch.zeros_like(xp), torch.zeros_like(w), torch.zeros(K, dtype=w.dtype)
        for n in range(N):
            for k in range(K):
                for i in range(upstream.shape[2]):
                    for j in range(upstream.shape[3]):
                        t, l = i * stride[0], j * stride[1]  # noqa: E741
                        dxp[n, :, t : t + kh, l : l + kw] += upstream[n, k, i, j] * w[k]
                        dw[k] += upstream[n, k, i, j] * xp[n, :, t : t + kh, l : l + kw]
                        db[k] += upstream[n, k, i, j]
        return dxp[:, :, padding[0] : padding[0] + H, padding[1] : padding[1] + W], dw, db

    def receptive_field(layers):
        # Walk back from one output: how many inputs does each layer need?
        width = 1
        for kernel, stride in reversed(layers):
            width = (width - 1) * stride + kernel
        return width


@variants.equivalent
class columns_of_windows:
    """im2col with as_strided views and one matrix product."""

    def conv2d_forward(x, w, b, stride=(1, 1), padding=(0, 0)):
        xp = F.pad(x, (padding[1], padding[1], padding[0], padding[0]))
        windows = xp.unfold(2, w.shape[2], stride[0]).unfold(3, w.shape[3], stride[1])
        columns = windows.permute(0, 2, 3, 1, 4, 5).flatten(3)
        return (columns @ w.flatten(1).T + b).permute(0, 3, 1, 2)

    def conv2d_backward(upstream, x, w, stride=(1, 1), padding=(0, 0)):
        xp = F.pad(x, (padding[1], padding[1], padding[0], padding[0]))
        windows = xp.unfold(2, w.shape[2], stride[0]).unfold(3, w.shape[3], stride[1])
        dw = torch.einsum("nfij,ncijuv->fcuv", upstream, windows)
        back = torch.einsum("nfij,fcuv->ncijuv", upstream, w)
        place = torch.arange(xp.shape[2] * xp.shape[3]).reshape(xp.shape[2:])
        place = place.unfold(0, w.shape[2], stride[0]).unfold(1, w.shape[3], stride[1]).reshape(-1)
        flat = torch.zeros(*x.shape[:2], xp.shape[2] * xp.shape[3], dtype=x.dtype)
        flat = flat.index_add(2, place, back.flatten(2)).reshape(xp.shape)
        inside = (slice(padding[0], padding[0] + x.shape[2]), slice(padding[1], padding[1] + x.shape[3]))
        return [flat[(..., *inside)], dw, upstream.flatten(2).sum((0, 2))]


@variants.equivalent
class dilated_upstream:
    """The textbook: dx is a full convolution of the spread-out upstream with the flipped kernel."""

    def conv2d_backward(upstream, x, w, stride=(1, 1), padding=(0, 0)):
        N, K, oh, ow = upstream.shape
        kh, kw = w.shape[2:]
        H, W = x.shape[2] + 2 * padding[0], x.shape[3] + 2 * padding[1]
        spread = torch.zeros(N, K, H - kh + 1, W - kw + 1, dtype=x.dtype)
        spread[:, :, : oh * stride[0] : stride[0], : ow * stride[1] : stride[1]] = upstream
        flipped = w.flip(2, 3).transpose(0, 1)
        nothing = torch.zeros(w.shape[1], dtype=w.dtype)
        dx = conv2d_forward(spread, flipped, nothing, (1, 1), (kh - 1, kw - 1))
        xp = F.pad(x, (padding[1], padding[1], padding[0], padding[0]))
        nothing = torch.zeros(K, dtype=w.dtype)
        dw = conv2d_forward(xp.transpose(0, 1), spread.transpose(0, 1), nothing).transpose(0, 1)
        dx = dx[:, :, padding[0] : padding[0] + x.shape[2], padding[1] : padding[1] + x.shape[3]]
        return dx, dw, upstream.sum((0, 2, 3))


@variants.equivalent
class with_numpy:
    """numpy inside, arrays returned."""

    def conv2d_forward(x, w, b, stride=(1, 1), padding=(0, 0)):
        (ph, pw), (sh, sw) = padding, stride
        x, w, b = x.detach().numpy(), w.detach().numpy(), b.detach().numpy()
        xp = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
        windows = np.lib.stride_tricks.sliding_window_view(xp, w.shape[2:], axis=(2, 3))[:, :, ::sh, ::sw]
        return torch.from_numpy(np.einsum("ncijuv,fcuv->nfij", windows, w) + b[:, None, None])

    def maxpool_forward(x, kernel, stride=None, padding=(0, 0)):
        (ph, pw), (sh, sw) = padding, stride or kernel
        xp = np.pad(x.numpy(), ((0, 0), (0, 0), (ph, ph), (pw, pw)), constant_values=-np.inf)
        windows = np.lib.stride_tricks.sliding_window_view(xp, kernel, axis=(2, 3))[:, :, ::sh, ::sw]
        return torch.from_numpy(windows.max(axis=(4, 5)))

    def avgpool(x, kernel, stride=None):
        sh, sw = stride or kernel
        windows = np.lib.stride_tricks.sliding_window_view(x.numpy(), kernel, axis=(2, 3))
        return windows[:, :, ::sh, ::sw].mean(axis=(4, 5))

    def enlarge(x):
        return torch.from_numpy(np.kron(x.numpy(), np.ones((2, 2), dtype=x.numpy().dtype)))

    def conv_matrix(w, height, width, stride=(1, 1), padding=(0, 0)):
        filters, channels, rows, columns = w.shape
        high = (height + 2 * padding[0] - rows) // stride[0] + 1
        wide = (width + 2 * padding[1] - columns) // stride[1] + 1
        matrix = np.zeros((filters, high, wide, channels, height + 2 * padding[0], width + 2 * padding[1]))
        for i in range(high):
            for j in range(wide):
                top, left = i * stride[0], j * stride[1]
                matrix[:, i, j, :, top : top + rows, left : left + columns] = w.numpy()
        inside = matrix[..., padding[0] : padding[0] + height, padding[1] : padding[1] + width]
        return torch.from_numpy(inside.reshape(filters * high * wide, -1)).to(w.dtype)


@variants.equivalent
class double_inside:
    """float64 inside, whatever comes in."""

    def conv2d_forward(x, w, b, stride=(1, 1), padding=(0, 0)):
        x = F.pad(x.double(), (padding[1], padding[1], padding[0], padding[0]))
        windows = x.unfold(2, w.shape[2], stride[0]).unfold(3, w.shape[3], stride[1])
        return torch.tensordot(windows, w.double(), dims=([1, 4, 5], [1, 2, 3])).movedim(3, 1).to(b.dtype) + b.view(
            1, -1, 1, 1
        )

    def residual_block(x, w1, b1, w2, b2):
        def conv(image, w, b):
            return conv2d_forward(image.double(), w.double(), b.double(), (1, 1), (w.size(2) // 2, w.size(3) // 2))

        h = conv(x, w1, b1).clamp(min=0)
        return (x + conv(h, w2, b2)).clamp(min=0).to(x.dtype)

    def mixup(x, targets, weight, order):
        a, b = x.double(), targets.double()
        return torch.lerp(a[order], a, weight).to(x.dtype), torch.lerp(b[order], b, weight).to(targets.dtype)


@variants.equivalent
class indices:
    """Max pooling that remembers where the maximum was; of equal pixels, the last one wins."""

    def maxpool_forward(x, kernel, stride=None, padding=(0, 0)):
        if stride is None:
            stride = kernel
        xp = F.pad(x, (padding[1],) * 2 + (padding[0],) * 2, value=float("-inf"))
        return xp.unfold(2, kernel[0], stride[0]).unfold(3, kernel[1], stride[1]).flatten(4).max(dim=4).values

    def maxpool_backward(upstream, x, kernel, stride=None, padding=(0, 0)):
        if stride is None:
            stride = kernel
        dx = torch.zeros_like(x)
        for n in range(x.shape[0]):
            for c in range(x.shape[1]):
                for i in range(upstream.shape[2]):
                    for j in range(upstream.shape[3]):
                        best = None
                        for u in range(kernel[0]):
                            for v in range(kernel[1]):
                                r, k = i * stride[0] + u - padding[0], j * stride[1] + v - padding[1]
                                if not (0 <= r < x.shape[2] and 0 <= k < x.shape[3]):
                                    continue
                                if best is None or x[n, c, r, k] >= x[n, c, best[0], best[1]]:
                                    best = (r, k)
                        dx[n, c, best[0], best[1]] += upstream[n, c, i, j]
        return dx


@variants.equivalent
class entry_by_entry:
    """The matrix filled in one entry at a time, and read out the same way."""

    def conv_matrix(w, height, width, stride=(1, 1), padding=(0, 0)):
        F_, C, kh, kw = w.shape
        oh = (height + 2 * padding[0] - kh) // stride[0] + 1
        ow = (width + 2 * padding[1] - kw) // stride[1] + 1
        M = torch.zeros(F_ * oh * ow, C * height * width, dtype=w.dtype)
        for f in range(F_):
            for i in range(oh):
                for j in range(ow):
                    for c in range(C):
                        for u in range(kh):
                            for v in range(kw):
                                r, k = i * stride[0] + u - padding[0], j * stride[1] + v - padding[1]
                                if 0 <= r < height and 0 <= k < width:
                                    M[(f * oh + i) * ow + j, (c * height + r) * width + k] = w[f, c, u, v]
        return M

    def shared_gradient(dmatrix, w_shape, height, width, stride=(1, 1), padding=(0, 0)):
        F_, C, kh, kw = w_shape
        oh = (height + 2 * padding[0] - kh) // stride[0] + 1
        ow = (width + 2 * padding[1] - kw) // stride[1] + 1
        d = dmatrix.reshape(F_, oh, ow, C, height, width)
        dw = torch.zeros(F_, C, kh, kw, dtype=dmatrix.dtype)
        for i in range(oh):
            for j in range(ow):
                for u in range(kh):
                    for v in range(kw):
                        r, k = i * stride[0] + u - padding[0], j * stride[1] + v - padding[1]
                        if 0 <= r < height and 0 <= k < width:
                            dw[:, :, u, v] += d[:, i, j, :, r, k]
        return dw


@variants.equivalent
class autograd_for_sharing:
    """The matrix is linear in the kernel: autograd adds up the shared weights."""

    def shared_gradient(dmatrix, w_shape, height, width, stride=(1, 1), padding=(0, 0)):
        with torch.enable_grad():
            w = torch.zeros(tuple(w_shape), dtype=dmatrix.dtype, requires_grad=True)
            (conv_matrix(w, height, width, stride, padding) * dmatrix).sum().backward()
        return w.grad


@variants.equivalent
class library_where_it_may:
    """The library's own functions in the exercises that allow them."""

    def conv_matrix(w, height, width, stride=(1, 1), padding=(0, 0)):
        n = w.shape[1] * height * width
        return F.conv2d(torch.eye(n, dtype=w.dtype).view(n, -1, height, width), w, None, stride, padding).flatten(1).t()

    def enlarge(x):
        return F.interpolate(x, scale_factor=2, mode="nearest")

    def equivariance_gap(x, w, transform):
        def same(image):
            return F.conv2d(image, w, padding="same")

        def change(image):
            if transform == "shift":
                return F.pad(image, (2, -2, 1, -1))
            return torch.rot90(image, 1, (2, 3)) if transform == "rotate" else enlarge(image)

        return float(torch.max(torch.abs(change(same(x)) - same(change(x)))))

    def residual_block(x, w1, b1, w2, b2):
        h = F.relu(F.conv2d(x, w1, b1, padding="same"))
        return F.relu(F.conv2d(h, w2, b2, padding="same") + x)

    def soft_cross_entropy(logits, targets):
        return F.cross_entropy(logits, targets)


@variants.equivalent
class rolled_and_cleared:
    """shift as a roll whose wrapped rows and columns are cleared."""

    def shift(x, down, right):
        y = torch.roll(x, (down, right), dims=(2, 3))
        if down > 0:
            y[:, :, :down] = 0
        elif down < 0:
            y[:, :, down:] = 0
        if right > 0:
            y[..., :right] = 0
        elif right < 0:
            y[..., right:] = 0
        return y

    def augment(x, most, generator):
        downs = torch.randint(-most, most + 1, (len(x),), generator=generator)
        rights = torch.randint(-most, most + 1, (len(x),), generator=generator)
        out = torch.empty_like(x)
        for n in range(len(x)):
            out[n : n + 1] = shift(x[n : n + 1], int(downs[n]), int(rights[n]))
        return out


@variants.equivalent
class gathered:
    """augment with one gather from a padded batch; uniform numbers rounded down."""

    def augment(x, most, generator):
        n, _, height, width = x.shape
        moves = (torch.rand(n, 2, generator=generator) * (2 * most + 1)).floor().long()
        rows = moves[:, :1] + torch.arange(height)
        columns = moves[:, 1:] + torch.arange(width)
        wide = F.pad(x, (most,) * 4).permute(0, 2, 3, 1)
        return wide[torch.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


@variants.equivalent
class other_dropouts:
    """Dropout by a Bernoulli mask and masked_fill; ready-made where it is exact."""

    def dropout(x, p, training, generator):
        if training:
            gone = torch.bernoulli(torch.full(x.shape, float(p)), generator=generator).bool()
            return x.masked_fill(gone, 0.0).div(1.0 - p)
        return x.clone()


@variants.equivalent
class whole_set_at_once:
    """evaluate without batches: in evaluation mode they make no difference."""

    def evaluate(state, x, labels, batch_size):
        logits = tiny_cnn({name: value.detach() for name, value in state.items()}, x, False)
        loss = -torch.log_softmax(logits, dim=1)[torch.arange(len(x)), labels].mean()
        return loss, (logits.argmax(1) == labels).float().mean()


@variants.equivalent
class batch_means_weighted:
    """evaluate with each batch's mean, weighted by its size; a list returned."""

    def evaluate(state, x, labels, batch_size):
        losses, hits, sizes = [], [], []
        for start in range(0, len(x), batch_size):
            with torch.inference_mode():
                out = tiny_cnn(state, x[start : start + batch_size], training=False)
                truth = labels[start : start + batch_size]
                losses.append(F.cross_entropy(out, truth).item())
                hits.append((out.argmax(1) == truth).double().mean().item())
                sizes.append(len(truth))
        return [np.average(losses, weights=sizes), np.average(hits, weights=sizes)]


@variants.equivalent
class sizes_by_counting:
    """Positions and parameters counted one by one."""

    def conv_out_size(size, kernel, stride=1, padding=0):
        return len(range(0, size + 2 * padding - kernel + 1, stride))

    def conv_params(channels, filters, kernel):
        return torch.nn.Conv2d(channels, filters, tuple(kernel)).weight.numel() + filters

    def dense_params(in_shape, out_shape):
        return int(np.prod(in_shape)) * int(np.prod(out_shape)) + int(np.prod(out_shape))

    def receptive_field(layers):
        return 1 + sum((k - 1) * int(np.prod([s for _, s in layers[:i]])) for i, (k, _) in enumerate(layers))


@variants.equivalent
class gradient_by_hand:
    """The bonus by hand: four neighbours, and the derivative of their weights."""

    def affine_grid(theta, height, width):
        grid = torch.zeros(len(theta), height, width, 2, dtype=theta.dtype)
        for i in range(height):
            for j in range(width):
                place = torch.tensor(
                    [2 * j / max(width - 1, 1) - 1, 2 * i / max(height - 1, 1) - 1, 1], dtype=theta.dtype
                )
                grid[:, i, j] = theta @ place
        return grid

    def bilinear_sample(x, grid):
        # Every pixel is a tent of width 2: 1 at its own place and 0 one pixel away.
        height, width = x.shape[2:]
        across = (grid[..., 0] + 1) / 2 * (width - 1)
        down = (grid[..., 1] + 1) / 2 * (height - 1)
        columns = (1 - (across[..., None] - torch.arange(width, dtype=x.dtype)).abs()).clamp(min=0)
        rows = (1 - (down[..., None] - torch.arange(height, dtype=x.dtype)).abs()).clamp(min=0)
        return torch.einsum("nchw,nijh,nijw->ncij", x, rows, columns)

    def transformer_gradient(upstream, x, theta):
        height, width = x.shape[2:]
        grid = affine_grid(theta, height, width)
        across = (grid[..., 0] + 1) / 2 * (width - 1)
        down = (grid[..., 1] + 1) / 2 * (height - 1)
        off_c = torch.arange(width, dtype=x.dtype) - across[..., None]
        off_r = torch.arange(height, dtype=x.dtype) - down[..., None]
        columns, rows = (1 - off_c.abs()).clamp(min=0), (1 - off_r.abs()).clamp(min=0)
        dcolumns, drows = off_c.sign() * (off_c.abs() < 1), off_r.sign() * (off_r.abs() < 1)
        horizontal = torch.einsum("ncij,nchw,nijh,nijw->nij", upstream, x, rows, dcolumns) * (width - 1) / 2
        vertical = torch.einsum("ncij,nchw,nijh,nijw->nij", upstream, x, drows, columns) * (height - 1) / 2
        plain = torch.tensor([[[1.0, 0, 0], [0, 1, 0]]], dtype=x.dtype)
        places = torch.cat([affine_grid(plain, height, width)[0], torch.ones(height, width, 1, dtype=x.dtype)], dim=2)
        return torch.einsum("knij,ijl->nkl", torch.stack([horizontal, vertical]), places)


@variants.equivalent
class allowed_in_other_words:
    """What the handout leaves open: int() where the kernel fits, the last of equal pixels, rounded moves."""

    def conv_out_size(size, kernel, stride=1, padding=0):
        return int((size + 2 * padding - kernel) / stride) + 1

    def maxpool_backward(upstream, x, kernel, stride=None, padding=(0, 0)):
        (down, right), (top, left) = stride or kernel, padding
        padded = F.pad(x, (left, left, top, top), value=-float("inf"))
        gradient = torch.zeros_like(padded)
        for n in range(len(x)):
            for c in range(x.shape[1]):
                for i in range(upstream.shape[2]):
                    for j in range(upstream.shape[3]):
                        window = padded[n, c, i * down : i * down + kernel[0], j * right : j * right + kernel[1]]
                        u, v = (window == window.max()).nonzero()[-1].tolist()
                        gradient[n, c, i * down + u, j * right + v] += upstream[n, c, i, j]
        return gradient[:, :, top : top + x.shape[2], left : left + x.shape[3]]

    def dropout(x, p, training, generator):
        return x * (torch.rand(x.shape, generator=generator) > p) / (1 - p) if training else x

    def augment(x, most, generator):
        moves = ((torch.rand(len(x), 2, generator=generator) * 2 - 1) * (most + 0.5)).round().long().tolist()
        return torch.cat([shift(image[None], down, right) for image, (down, right) in zip(x, moves)])

    def evaluate(state, x, labels, batch_size):
        order = torch.randperm(len(x))
        loss, right = 0.0, 0
        with torch.no_grad():
            for rows in order.split(batch_size):
                logits = tiny_cnn(state, x[rows], training=False)
                loss += F.cross_entropy(logits, labels[rows], reduction="sum").item()
                right += int((logits.argmax(dim=1) == labels[rows]).sum())
        return loss / len(x), right / len(x)
