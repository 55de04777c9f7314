# %% [markdown]
# # Convolutional networks: seeing the same thing anywhere
#
# You will write a convolution and its gradients by hand, pool, see that a convolution is a dense layer with shared
# weights, find out what it can and cannot ignore, and train a network that reads digits wherever they are.
#
# - Fill in each function where it says `raise NotImplementedError`. Keep the names and the arguments.
# - Images are `(N, C, H, W)`: image, channel, row, column. Pairs such as `stride` are always `(rows, columns)`.
# - Tensors come in float64 and, once, in float32: compute in the dtype you are given.
# - Every exercise is graded on its own. If an earlier one is wrong, later ones are checked with ours in its place.
# - Code at the top level that trains or plots is fine: it is not run when we grade.

# %%
import torch
import torch.nn.functional as F
from torch import Tensor

# %% [markdown]
# ## Exercise 3.1 · Sizes, receptive fields, parameters (8 points)
#
# A kernel of length $k$ moves over $n$ pixels, padded by $p$ on **both** sides, in steps of $s$. It stops where it
# would stick out: a last, incomplete step is dropped.
#
# The **receptive field** of an output is the stretch of input pixels it depends on. Each layer widens it by its own
# kernel, measured in input pixels: after a stride of 2, neighbours are 2 input pixels apart.


# %%
def conv_out_size(size: int, kernel: int, stride: int = 1, padding: int = 0) -> int:
    """How many positions along one axis, as an int. All arguments are ints; kernel <= size + 2 * padding."""
    # SOLUTION
    return (size + 2 * padding - kernel) // stride + 1
    # END


def receptive_field(layers: list[tuple[int, int]]) -> int:
    """Pixels along one axis that one output depends on, as an int.

    layers: list of (kernel, stride), from the input on. No layers: an output is a pixel, so 1.
    """
    # SOLUTION
    field, jump = 1, 1
    for kernel, stride in layers:
        field += (kernel - 1) * jump
        jump *= stride
    return field
    # END


def conv_params(channels: int, filters: int, kernel: tuple[int, int]) -> int:
    """Parameters of a convolution, with one bias a filter. kernel: (rows, columns)."""
    # SOLUTION
    return filters * (channels * kernel[0] * kernel[1] + 1)
    # END


def dense_params(in_shape: tuple[int, int, int], out_shape: tuple[int, int, int]) -> int:
    """Parameters of a fully connected layer between images of these shapes (C, H, W), with one bias an output."""
    # SOLUTION
    inputs = in_shape[0] * in_shape[1] * in_shape[2]
    outputs = out_shape[0] * out_shape[1] * out_shape[2]
    return outputs * (inputs + 1)
    # END


ANSWERS = {
    # A 5x5 kernel with stride 2 and no padding on images 28 wide: how wide is the output?
    "output width": (
        # SOLUTION
        12
        # STARTER
        # None
        # END
    ),
    # Three layers of 3x3 kernels, each with stride 2: how wide is the receptive field?
    "receptive field": (
        # SOLUTION
        15
        # STARTER
        # None
        # END
    ),
    # 64 filters of 3x3 (with biases) on a colour image of 100x100: how many parameters?
    "convolution parameters": (
        # SOLUTION
        1792
        # STARTER
        # None
        # END
    ),
    # 1000 units (with biases), each connected to every pixel of that image: how many parameters?
    "dense parameters": (
        # SOLUTION
        30_001_000
        # STARTER
        # None
        # END
    ),
    # 3x3 kernels, stride 1: how many layers until an output can see all 28 columns of a digit?
    "layers to see 28 columns": (
        # SOLUTION
        14
        # STARTER
        # None
        # END
    ),
}

# %% [markdown]
# ## Exercise 3.1a · Fewer parameters, less work? (3 points)
#
# In `ANSWERS`, the 64 filters have some 17,000 times fewer parameters than the 1000 units. Count the multiplications of
# both for one image of 100x100 (no padding, stride 1). Are the filters as many times faster? And what do the fewer
# parameters save, if not time? Three to six sentences.

# %% [markdown]
# ## Exercise 3.2 · Convolution, forward (18 points)
#
# $$y_{n f i j} = b_f + \sum_{c, u, v} w_{f c u v}\; \tilde x_{n,\; c,\; i s_1 + u,\; j s_2 + v}$$
#
# where $\tilde x$ is $x$ with zeros around it. The kernel is **not** flipped: what networks call convolution is what
# mathematics calls cross-correlation.


# %%
def conv2d_forward(
    x: Tensor, w: Tensor, b: Tensor, stride: tuple[int, int] = (1, 1), padding: tuple[int, int] = (0, 0)
) -> Tensor:
    """Convolve: x (N, C, H, W), w (F, C, rows, columns), b (F,) -> (N, F, H', W').

    stride, padding: (rows, columns). H' and W' are what conv_out_size says. The inputs stay as they are.
    """
    # SOLUTION
    (rows, columns), (down, right) = w.shape[2:], stride
    height = conv_out_size(x.shape[2], rows, down, padding[0])
    width = conv_out_size(x.shape[3], columns, right, padding[1])
    x = F.pad(x, (padding[1], padding[1], padding[0], padding[0]))
    y = b[:, None, None].repeat(len(x), 1, height, width)
    for u in range(rows):
        for v in range(columns):
            seen = x[:, :, u : u + down * height : down, v : v + right * width : right]
            y = y + torch.einsum("nchw,fc->nfhw", seen, w[:, :, u, v])
    return y
    # END


# %% [markdown]
# **See it.** Four digits through your convolution, with kernels set by hand. What does each kernel look for? The last
# one has a single 1, on the right of its middle: which way does the digit move, and which way would it move if the
# kernel were flipped?

# %%
if __name__ == "__main__":
    import matplotlib.pyplot as plt
    import numpy as np

    try:
        images = torch.tensor(np.load("data/digits.npz")["images"][:4])[:, None] / 255
        kernels = {
            "blur": torch.full((5, 5), 1 / 25),
            "vertical edge": torch.tensor([[-1.0, 0, 1]] * 3),
            "Laplace": torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]),
            "a 1 on the right": torch.eye(11)[10] * torch.eye(11)[:, [5]],
        }
        figure, axes = plt.subplots(4, 5, figsize=(9, 7.2), layout="constrained", num="3.2 four digits, four kernels")
        for row, image in zip(axes, images):
            row[0].imshow(image[0], cmap="Greys")
            for axis, kernel in zip(row[1:], kernels.values()):
                y = conv2d_forward(image[None], kernel[None, None], torch.zeros(1), (1, 1), (len(kernel) // 2,) * 2)
                top = float(y.abs().max())
                axis.imshow(y[0, 0], cmap="Greys", vmin=-top if y.min() < 0 else 0.0, vmax=top)
        for axis, name in zip(axes[0], ("digit", *kernels)):
            axis.set_title(name, fontsize=10)
        for axis in axes.flat:
            axis.set(xticks=[], yticks=[])
        plt.show()
    except NotImplementedError as todo:
        plt.close()
        print(f"A picture for later. First: {todo}")


# %% [markdown]
# ## Exercise 3.3 · Convolution, backward (16 points)
#
# `upstream` is the gradient of the loss with respect to the output. Which outputs did a pixel, a weight, a bias take
# part in, and with which factor? Add all of it up: where windows overlap, a pixel collects from each of them.


# %%
def conv2d_backward(
    upstream: Tensor, x: Tensor, w: Tensor, stride: tuple[int, int] = (1, 1), padding: tuple[int, int] = (0, 0)
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of the loss: dx (N, C, H, W), dw (F, C, rows, columns), db (F,), shaped like x, w and b.

    upstream (N, F, H', W'); the others as in conv2d_forward. Sum over the batch, do not average.
    """
    # SOLUTION
    (rows, columns), (down, right), (height, width) = w.shape[2:], stride, upstream.shape[2:]
    top, left = padding
    padded = F.pad(x, (left, left, top, top))
    dpadded, dw = torch.zeros_like(padded), torch.zeros_like(w)
    for u in range(rows):
        for v in range(columns):
            here = (..., slice(u, u + down * height, down), slice(v, v + right * width, right))
            dpadded[here] += torch.einsum("nfhw,fc->nchw", upstream, w[:, :, u, v])
            dw[:, :, u, v] = torch.einsum("nfhw,nchw->fc", upstream, padded[here])
    dx = dpadded[:, :, top : top + x.shape[2], left : left + x.shape[3]]
    return dx, dw, upstream.sum(dim=(0, 2, 3))
    # END


# %% [markdown]
# **See it.** How much one output depends on each pixel: a gradient of 1 goes back through three layers of random 3x3
# kernels, 40 times, and its square is drawn; dark is much. The frame is what `receptive_field` says. Does the output
# see all of it equally well?

# %%
if __name__ == "__main__":
    import matplotlib.pyplot as plt

    try:
        torch.manual_seed(0)
        figure, axes = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained", num="3.3 what an output depends on")
        for axis, stride in zip(axes, (1, 2)):
            wide, sizes = receptive_field([(3, stride)] * 3), [31]
            for _ in range(3):
                sizes.append(conv_out_size(sizes[-1], 3, stride))
            seen = torch.zeros(31, 31)
            for _ in range(40):
                gradient = torch.zeros(1, 6, sizes[3], sizes[3])
                gradient[0, 0, sizes[3] // 2, sizes[3] // 2] = 1.0
                for size in reversed(sizes[:3]):
                    x = torch.zeros(1, 6, size, size)
                    gradient = conv2d_backward(gradient, x, torch.randn(6, 6, 3, 3), (stride, stride))[0]
                seen += gradient[0].square().sum(dim=0)
            corner = sizes[3] // 2 * stride**3 - 0.5
            axis.imshow(seen / seen.max(), cmap="Greys")
            frame = corner + wide * torch.tensor([[0, 0, 1, 1, 0], [0, 1, 1, 0, 0]])
            axis.plot(*frame, "--", lw=2, color="tab:red")
            axis.set_title(f"three layers of 3x3, stride {stride}: {wide} pixels")
        plt.show()
    except NotImplementedError as todo:
        plt.close()
        print(f"A picture for later. First: {todo}")


# %% [markdown]
# ## Exercise 3.4 · Pooling (12 points)
#
# Max pooling keeps the largest value of each window and forgets where it was; its gradient must remember.
# Padding never wins: pad with $-\infty$, not with 0. If several pixels of a window share the maximum, the
# whole gradient goes to **one** of them. The output size is that of a convolution (`conv_out_size`).


# %%
def maxpool_forward(
    x: Tensor, kernel: tuple[int, int], stride: tuple[int, int] | None = None, padding: tuple[int, int] = (0, 0)
) -> Tensor:
    """Largest value of each window: x (N, C, H, W) -> (N, C, H', W').

    kernel, stride, padding: (rows, columns), the padding at most half of the kernel. stride None: the windows do not
    overlap, stride is kernel.
    """
    # SOLUTION
    down, right = stride or kernel
    height = conv_out_size(x.shape[2], kernel[0], down, padding[0])
    width = conv_out_size(x.shape[3], kernel[1], right, padding[1])
    x = F.pad(x, (padding[1], padding[1], padding[0], padding[0]), value=-float("inf"))
    windows = [
        x[:, :, u : u + down * height : down, v : v + right * width : right]
        for u in range(kernel[0])
        for v in range(kernel[1])
    ]
    return torch.stack(windows).amax(dim=0)
    # END


def maxpool_backward(
    upstream: Tensor,
    x: Tensor,
    kernel: tuple[int, int],
    stride: tuple[int, int] | None = None,
    padding: tuple[int, int] = (0, 0),
) -> Tensor:
    """Gradient with respect to x (N, C, H, W), for upstream (N, C, H', W'). By hand, without autograd."""
    # SOLUTION
    (down, right), (height, width), (top, left) = stride or kernel, upstream.shape[2:], padding
    padded = F.pad(x, (left, left, top, top), value=-float("inf"))
    largest = maxpool_forward(x, kernel, stride, padding)
    gradient, open_ = torch.zeros_like(padded), torch.ones_like(largest, dtype=torch.bool)
    for u in range(kernel[0]):
        for v in range(kernel[1]):
            here = (..., slice(u, u + down * height, down), slice(v, v + right * width, right))
            wins = open_ & (padded[here] == largest)
            gradient[here] += upstream * wins
            open_ = open_ & ~wins
    return gradient[:, :, top : top + x.shape[2], left : left + x.shape[3]]
    # END


def avgpool(x: Tensor, kernel: tuple[int, int], stride: tuple[int, int] | None = None) -> Tensor:
    """Mean of each window, without padding: x (N, C, H, W) -> (N, C, H', W'). stride as in maxpool_forward."""
    # SOLUTION
    down, right = stride or kernel
    height = conv_out_size(x.shape[2], kernel[0], down)
    width = conv_out_size(x.shape[3], kernel[1], right)
    total = torch.zeros(*x.shape[:2], height, width, dtype=x.dtype)
    for u in range(kernel[0]):
        for v in range(kernel[1]):
            total += x[:, :, u : u + down * height : down, v : v + right * width : right]
    return total / (kernel[0] * kernel[1])
    # END


# %% [markdown]
# ## Exercise 3.5 · A convolution is a dense layer with shared weights (8 points)
#
# Without its bias, a convolution is linear in the image, so there is a matrix $M$ with
# `conv(x).reshape(-1) == M @ x.reshape(-1)` for one image. Most of its entries are 0 (a small receptive field), and
# the others are the kernel's few numbers again and again (parameter sharing).
#
# When entries of $M$ are one and the same weight, that weight's gradient is the **sum** of theirs.


# %%
def conv_matrix(
    w: Tensor, height: int, width: int, stride: tuple[int, int] = (1, 1), padding: tuple[int, int] = (0, 0)
) -> Tensor:
    """The matrix of a convolution of one image (C, height, width), for w (F, C, rows, columns).

    Its shape is (F H' W', C height width). Images are flattened with reshape(-1): channel by channel, row by row.
    """
    # SOLUTION
    pixels = w.shape[1] * height * width
    one_pixel_each = torch.eye(pixels, dtype=w.dtype).reshape(pixels, w.shape[1], height, width)
    answers = conv2d_forward(one_pixel_each, w, torch.zeros(len(w), dtype=w.dtype), stride, padding)
    return answers.reshape(pixels, -1).T
    # END


def shared_gradient(
    dmatrix: Tensor,
    w_shape: tuple[int, int, int, int],
    height: int,
    width: int,
    stride: tuple[int, int] = (1, 1),
    padding: tuple[int, int] = (0, 0),
) -> Tensor:
    """The gradient of w, from the gradient of every single entry of its matrix.

    dmatrix (F H' W', C height width); w_shape (F, C, rows, columns) -> w_shape.
    """
    # SOLUTION
    count = w_shape[0] * w_shape[1] * w_shape[2] * w_shape[3]
    names = torch.arange(1, count + 1, dtype=torch.float64).reshape(w_shape)
    which = conv_matrix(names, height, width, stride, padding).round().long()
    sums = torch.zeros(count + 1, dtype=dmatrix.dtype).index_add(0, which.reshape(-1), dmatrix.reshape(-1))
    return sums[1:].reshape(w_shape)
    # END


# %% [markdown]
# ## Exercise 3.5a · What if all pixels are shuffled? (3 points)
#
# Before training, all pixels of all images change places, in the same way for every image, in training as later. How
# much does that cost a fully connected network, how much a convolutional one, and why? If the convolutional network
# lost nothing, what would you conclude? Three to six sentences.

# %% [markdown]
# **See it.** The matrix of a 3x3 kernel on an image of 6x6, with stride 1 and 2. An entry is the number of the weight
# that stands there, an empty one is 0. How many different numbers does a dense layer of this size have?

# %%
if __name__ == "__main__":
    import matplotlib.pyplot as plt

    try:
        w = torch.arange(1.0, 10.0).reshape(1, 1, 3, 3)
        figure, axes = plt.subplots(
            2, 1, figsize=(10, 6.3), height_ratios=(4, 1.2), layout="constrained", num="3.5 a convolution's matrix"
        )
        for axis, stride in zip(axes, (1, 2)):
            matrix = conv_matrix(w, 6, 6, (stride, stride))
            axis.imshow(matrix > 0, cmap="Blues", vmax=3, aspect="auto")
            for output, pixel in matrix.nonzero().tolist():
                axis.text(pixel, output, f"{matrix[output, pixel]:.0f}", ha="center", va="center", fontsize=9)
            axis.set(title=f"stride {stride}", ylabel="output", yticks=range(0, len(matrix), 3))
        axes[1].set_xlabel("pixel")
        plt.show()
    except NotImplementedError as todo:
        plt.close()
        print(f"A picture for later. First: {todo}")


# %% [markdown]
# ## Exercise 3.6 · What a convolution does not mind (6 points)
#
# Move the image and the convolution's answer moves along: it is **equivariant** to shifts. Turn or enlarge the image,
# and the answer is not the turned or enlarged one. Measure it: the largest absolute difference between "transform,
# then convolve" and "convolve, then transform". Here the stride is 1, there is no bias, and odd kernels are padded by
# half their length, so that the size stays.


# %%
def shift(x: Tensor, down: int, right: int) -> Tensor:
    """Move the content of x (N, C, H, W) by whole pixels. What leaves is lost, zeros come in.

    down, right: ints of any size, negative for up and left. x[0, 0, 0, 0] is found at [0, 0, down, right].
    """
    # SOLUTION
    y = torch.zeros_like(x)
    height, width = x.shape[2:]
    if abs(down) < height and abs(right) < width:
        target = x[:, :, max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)]
        y[:, :, max(0, down) : height - max(0, -down), max(0, right) : width - max(0, -right)] = target
    return y
    # END


def enlarge(x: Tensor) -> Tensor:
    """Twice as large: each pixel becomes a block of 2x2. x (N, C, H, W) -> (N, C, 2H, 2W)."""
    # SOLUTION
    return x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    # END


def equivariance_gap(x: Tensor, w: Tensor, transform: str) -> Tensor:
    """max |conv(T(x)) - T(conv(x))| over all entries, a scalar. x (N, C, H, W), w (F, C, rows, columns), both odd.

    transform: "shift" (T moves 1 down and 2 right), "rotate" (a quarter turn anticlockwise, as torch.rot90 with
    dims (2, 3) does) or "enlarge".
    """

    # SOLUTION
    def convolve(image: Tensor) -> Tensor:
        return conv2d_forward(image, w, torch.zeros(len(w), dtype=w.dtype), (1, 1), (w.shape[2] // 2, w.shape[3] // 2))

    change = {
        "shift": lambda image: shift(image, 1, 2),
        "rotate": lambda image: torch.rot90(image, 1, (2, 3)),
        "enlarge": enlarge,
    }[transform]
    return (convolve(change(x)) - change(convolve(x))).abs().max()
    # END


# %% [markdown]
# **See it.** A digit is transformed and then convolved, convolved and then transformed, and what is left between the
# two. The last row moves by one pixel again, but with stride 2, where the answer has half the size. Which rows are
# empty on the right?

# %%
if __name__ == "__main__":
    import matplotlib.pyplot as plt
    import numpy as np

    try:
        digit = torch.tensor(np.load("data/digits.npz")["images"][5])[None, None] / 255
        digit = shift(digit, -2, -2)
        w = torch.tensor([[[[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]]])

        def move(image: Tensor, name: str) -> Tensor:
            if name.startswith("shift"):
                return shift(image, 4, 4) if name == "shift by 4" else shift(image, 1, 1)
            return enlarge(image) if name == "enlarge" else torch.rot90(image, 1, (2, 3))

        figure, axes = plt.subplots(4, 4, figsize=(8, 8.4), layout="constrained", num="3.6 transform, then convolve")
        for row, name in zip(axes, ("shift by 4", "quarter turn", "enlarge", "shift by 1, stride 2")):
            stride = 2 if name.endswith("stride 2") else 1
            before = conv2d_forward(move(digit, name), w, torch.zeros(1), (stride, stride), (1, 1))
            after = move(conv2d_forward(digit, w, torch.zeros(1), (stride, stride), (1, 1)), name)
            row[0].imshow(move(digit, name)[0, 0], cmap="Greys")
            for axis, picture in zip(row[1:], (before, after, before - after)):
                axis.imshow(picture[0, 0], cmap="Greys", vmin=-4, vmax=4)
            row[0].set_ylabel(name)
            row[3].set_xlabel(f"gap {(before - after).abs().max():.2g}")
        for axis, title in zip(axes[0], ("transformed", "then convolved", "convolved first", "difference")):
            axis.set_title(title)
        for axis in axes.flat:
            axis.set(xticks=[], yticks=[])
        plt.show()
    except NotImplementedError as todo:
        plt.close()
        print(f"A picture for later. First: {todo}")


# %% [markdown]
# ## Exercise 3.7 · Residual block and dropout (8 points)
#
# A residual block learns what to **add** to its input: $y = \mathrm{ReLU}\big(x + \mathrm{conv}_2(\mathrm{ReLU}(
# \mathrm{conv}_1(x)))\big)$, with stride 1 and kernels padded by half their (odd) length.
#
# Dropout turns entries off at random while training. Ours is **inverted**: what survives is divided by the chance to
# survive, so that the expected value stays and nothing is left to do at test time.


# %%
def residual_block(x: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> Tensor:
    """x (N, C, H, W), w1 (K, C, rows, columns), b1 (K,), w2 (C, K, rows, columns), b2 (C,) -> (N, C, H, W).

    Both kernels have odd sizes. The input stays as it is.
    """

    # SOLUTION
    def same(image: Tensor, w: Tensor, b: Tensor) -> Tensor:
        return conv2d_forward(image, w, b, (1, 1), (w.shape[2] // 2, w.shape[3] // 2))

    return torch.relu(x + same(torch.relu(same(x, w1, b1)), w2, b2))
    # END


def dropout(x: Tensor, p: float, training: bool, generator: torch.Generator) -> Tensor:
    """Inverted dropout: x of any shape -> the same shape.

    p: the chance, 0 <= p < 1, that an entry is set to **0**, each for itself. When training is False, x comes back
    unchanged. Draw from `generator` (a torch.Generator) alone, so that the next call gives another pattern.
    """
    # SOLUTION
    if not training:
        return x
    keep = torch.rand(x.shape, generator=generator) >= p
    return x * keep / (1 - p)
    # END


# %% [markdown]
# ## Exercise 3.8 · Augmentation, mixup, and a fair measurement (10 points)
#
# What we know of images makes more of few: a digit that moves stays the same digit. **Mixup** trains on blends
# $\lambda x_i + (1 - \lambda) x_j$ whose target is the same blend of the one-hot labels. Such a soft target needs the
# cross-entropy in full: $-\frac1N \sum_n \sum_k t_{nk} \log \mathrm{softmax}(z_n)_k$.
#
# All of it belongs to training. Whoever measures sees the plain images, in evaluation mode, without gradients.
# `tiny_cnn` is ready made: look how it behaves in either mode.


# %%
def tiny_cnn(state: dict[str, Tensor], x: Tensor, training: bool) -> Tensor:
    """A small network with batch normalisation: x (N, C, H, W) -> logits (N, K).

    state: a dict of tensors. When training, it normalises with the batch's own mean and variance, and the running
    ones in `state` change.
    """
    x = F.conv2d(x, state["kernel"], padding=1)
    x = F.batch_norm(x, state["mean"], state["var"], state["gain"], state["offset"], training=training)
    return x.relu().mean(dim=(2, 3)) @ state["weight"].T + state["bias"]


def augment(x: Tensor, most: int, generator: torch.Generator) -> Tensor:
    """Move each image by its own random number of pixels: x (N, C, H, W) -> (N, C, H, W).

    Both directions are drawn from -most .. most, each number equally likely, independently for every image.
    All channels of an image move together; zeros come in, as in `shift`. Draw from `generator`, as in `dropout`.
    """
    # SOLUTION
    moves = torch.randint(-most, most + 1, (len(x), 2), generator=generator).tolist()
    return torch.cat([shift(image[None], down, right) for image, (down, right) in zip(x, moves)])
    # END


def mixup(x: Tensor, targets: Tensor, weight: float, order: Tensor) -> tuple[Tensor, Tensor]:
    """Blend example i with example order[i]: `weight` of the former, 1 - weight of the latter.

    x (N, ...), targets (N, K) one-hot or soft, weight a float, order (N,) of int64 -> both blends, shaped like x and
    targets.
    """
    # SOLUTION
    return weight * x + (1 - weight) * x[order], weight * targets + (1 - weight) * targets[order]
    # END


def soft_cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy with soft targets, mean over the batch: logits (N, K), targets (N, K) -> a scalar.

    Logits may be as large as 1000 in size. It is what one trains with: gradients come through it.
    """
    # SOLUTION
    return -(targets * torch.log_softmax(logits, dim=1)).sum(dim=1).mean()
    # END


def evaluate(state: dict[str, Tensor], x: Tensor, labels: Tensor, batch_size: int) -> tuple[float, float]:
    """Measure tiny_cnn: x (N, C, H, W), labels (N,) of int64 -> mean cross-entropy, accuracy (0 to 1).

    In evaluation mode, without gradients, in batches. Both are means over the **examples**, whatever the batch size;
    the last batch may be smaller. Afterwards gradients are on again, as they were.
    """
    # SOLUTION
    loss, right = 0.0, 0
    with torch.no_grad():
        for images, truth in zip(x.split(batch_size), labels.split(batch_size)):
            logits = tiny_cnn(state, images, training=False)
            loss += F.cross_entropy(logits, truth, reduction="sum").item()
            right += int((logits.argmax(dim=1) == truth).sum())
    return loss / len(x), right / len(x)
    # END


# %% [markdown]
# **See it.** A digit, five times through your `augment`, and below its blends with another, with their targets. Would
# you still know what is in a blend?

# %%
if __name__ == "__main__":
    import matplotlib.pyplot as plt
    import numpy as np

    try:
        digits = np.load("data/digits.npz")
        images, labels = torch.tensor(digits["images"])[:, None] / 255, torch.tensor(digits["labels"]).long()
        moved = augment(images[:1].repeat(5, 1, 1, 1), 6, torch.Generator().manual_seed(0))
        figure, axes = plt.subplots(2, 5, figsize=(10, 4.5), layout="constrained", num="3.8 one digit moved, and mixed")
        for axis, image in zip(axes[0], moved):
            axis.imshow(image[0], cmap="Greys")
        order, targets = torch.tensor([1, 2, 3, 4, 0]), F.one_hot(labels[:5], 10).float()
        for axis, weight in zip(axes[1], (1.0, 0.8, 0.6, 0.5, 0.3)):
            blend, target = mixup(images[:5], targets, weight, order)
            axis.imshow(blend[0, 0], cmap="Greys", vmin=0, vmax=1)
            axis.set_xlabel(", ".join(f"{share:.1f} of {k}" for k, share in enumerate(target[0]) if share > 0))
        for axis in axes.flat:
            axis.set(xticks=[], yticks=[])
        plt.show()
    except NotImplementedError as todo:
        plt.close()
        print(f"A picture for later. First: {todo}")


# %% [markdown]
# ## Exercise 3.9 · Digits anywhere (14 points)
#
# 2,000 handwritten digits, each moved by up to 6 pixels, and 1,000 more to read. `train_mlp` below is a fully
# connected network that works; it has to learn every digit at every place anew. You will do much better.
# Anything in `torch` is allowed here, also `torch.nn.Conv2d` and its relatives.
#
# All digits come in new places, and the ten classes get new numbers, each time we grade. You have 60 seconds on one
# slow core for each training: aim at 10. Let the learning rate fall to 0 by the last update, so that the result does
# not hang on the last few batches, and remember `model.eval()`. The baselines are in the README.
#
# One check trains on 800 digits that are all moved up and to the left, and reads 600 that are moved down and to the
# right. `train_mlp` has never seen any there and reads fewer than a guess would. A network that looks for the same
# things everywhere, and in the end asks whether it found them and not where, reads most of them.


# %%
def train_mlp(x: Tensor, y: Tensor, x_new: Tensor, seed: int) -> tuple[Tensor, list[float]]:
    """What train_cnn takes and gives, with a network that does not know what an image is."""
    torch.manual_seed(seed)
    model = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(x[0].numel(), 256), torch.nn.ReLU(), torch.nn.Linear(256, 10)
    )
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    losses = []
    for _ in range(15):
        total = 0.0
        for batch in torch.randperm(len(x)).split(64):
            loss = F.cross_entropy(model(x[batch]), y[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            total += loss.item() * len(batch)
        losses.append(total / len(x))
    with torch.no_grad():
        return model(x_new).argmax(dim=1), losses


def train_cnn(x: Tensor, y: Tensor, x_new: Tensor, seed: int) -> tuple[Tensor, list[float]]:
    """Train on x and y, then read x_new.

    x (N, 1, 28, 28) of float32 from 0 to 1, y (N,) of int64 from 0 to 9, x_new (M, 1, 28, 28); seed: an int for
    whatever is random.
    Returns the predicted classes (M,) and a list with the mean training loss of each epoch. Train for two or more.
    """
    # SOLUTION
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    layers, channels = [], x.shape[1]
    for filters in (12, 24, 48):
        layers += [torch.nn.Conv2d(channels, filters, 3, padding=1), torch.nn.BatchNorm2d(filters), torch.nn.ReLU()]
        layers += [torch.nn.MaxPool2d(2)] if filters < 48 else [torch.nn.AdaptiveMaxPool2d(1), torch.nn.Flatten()]
        channels = filters
    model = torch.nn.Sequential(*layers, torch.nn.Linear(channels, 10))
    epochs, most, batches = 12, 2, -(-len(x) // 64)
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs * batches)
    losses = []
    for _ in range(epochs):
        total = 0.0
        for batch in torch.randperm(len(x), generator=generator).split(64):
            optimiser.zero_grad()
            loss = F.cross_entropy(model(augment(x[batch], most, generator)), y[batch])
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item() * len(batch)
        losses.append(total / len(x))
    model.eval()
    with torch.no_grad():
        return torch.cat([model(images) for images in x_new.split(250)]).argmax(dim=1), losses
    # END


# %% [markdown]
# ## Exercise 3.9a · Predict: where do they stop reading? (3 points)
#
# **Write before you run the next cell.** Three networks train on digits in the middle of the image: `train_mlp`, two
# convolutions with a dense layer on all places behind them, and your `train_cnn`. Then all read digits that are moved
# by up to 8 pixels. How far does each get, and which of its layers knows where a digit is? Then look, and add what
# you did not expect: being wrong costs nothing. Three to six sentences.

# %% [markdown]
# **See it.** Three networks train on digits in the **middle** and then read them where they never were (half a minute):
# a field says how many of 100 are right when all of them are moved that far. In the second figure: what the first
# kernels of the network in the middle became, and digits that yours misreads.

# %%
if __name__ == "__main__":
    import matplotlib.pyplot as plt
    import numpy as np

    first_kernels: list[Tensor] = []

    def conv_and_dense(x: Tensor, y: Tensor, x_new: Tensor, seed: int) -> tuple[Tensor, list[float]]:
        """Two convolutions, and a dense layer on all places."""
        torch.manual_seed(seed)
        first, second = torch.nn.Conv2d(1, 12, 5, padding=2), torch.nn.Conv2d(12, 24, 3, padding=1)
        half = [torch.nn.ReLU(), torch.nn.MaxPool2d(2)]
        model = torch.nn.Sequential(first, *half, second, *half, torch.nn.Flatten(), torch.nn.Linear(24 * 49, 10))
        adam = torch.optim.Adam(model.parameters(), lr=1e-3)
        for _ in range(6):
            for rows in torch.randperm(len(x)).split(64):
                adam.zero_grad()
                F.cross_entropy(model(x[rows]), y[rows]).backward()
                adam.step()
        with torch.no_grad():
            first_kernels.extend(first.weight[:, 0].clone())
            return torch.cat([model(part).argmax(dim=1) for part in x_new.split(500)]), []

    try:
        digits = np.load("data/digits.npz")
        images, labels = torch.tensor(digits["images"])[:, None] / 255, torch.tensor(digits["labels"]).long()
        places = range(-8, 9, 2)
        moved = torch.cat([shift(images[1900:], down, right) for down in places for right in places])
        truth = labels[1900:].repeat(len(places) ** 2)
        networks = {"train_mlp": train_mlp, "two convolutions, dense": conv_and_dense, "your train_cnn": train_cnn}
        figure, axes = plt.subplots(1, 3, figsize=(13, 4.6), layout="constrained", num="3.9 read where they never were")
        for axis, (name, train) in zip(axes, networks.items()):
            said = torch.as_tensor(train(images[:1000], labels[:1000], moved, seed=0)[0])
            right = (said == truth).float().reshape(9, 9, 100).mean(dim=2)
            axis.imshow(right, cmap="Blues_r", vmin=0, vmax=1.2, extent=(-9, 9, 9, -9))
            for i, down in enumerate(places):
                for j, along in enumerate(places):
                    color = "white" if right[i, j] < 0.6 else "black"
                    axis.text(along, down, f"{100 * right[i, j]:.0f}", ha="center", va="center", color=color)
            axis.set(title=name, xlabel="moved right", ylabel="moved down", xticks=places, yticks=places)
        figure, axes = plt.subplots(
            2, 12, figsize=(13, 2.8), layout="constrained", num="3.9 kernels and misread digits"
        )
        wrong = (said != truth).nonzero()[:, 0]
        for axis, weights in zip(axes[0], first_kernels):
            axis.imshow(weights, cmap="Greys")
        for axis, place in zip(axes[1], wrong[torch.linspace(0, len(wrong) - 1, 12).long()].tolist()):
            axis.imshow(moved[place, 0], cmap="Greys")
            axis.set_xlabel(f"{truth[place]}, said {said[place]}")
        for axis in axes.flat:
            axis.set(xticks=[], yticks=[])
        plt.show()
    except NotImplementedError as todo:
        plt.close()
        print(f"A picture for later. First: {todo}")


# %% [markdown]
# ## Exercise 3.9b · The largest value, or the mean? (3 points)
#
# At the end of a network one may keep, of each feature, its largest value over all places, or the mean over them. Why
# does the largest do better on these digits? For which images would you rather take the mean? Three to six sentences.

# %% [markdown]
# ## Exercise 3.10 · Bonus: a spatial transformer (6 points)
#
# What a convolution cannot ignore, a network can undo: a spatial transformer turns, enlarges and moves an image by
# six numbers that are learnt with the rest. Coordinates run from -1 (the centre of the first pixel) to 1 (the centre
# of the last), horizontal before vertical. For the output's pixel at $(u, v)$, the picture is read at
# $\theta\,(u, v, 1)^\top$, between four pixels, each weighted by how near it is; outside of the image all is 0.


# %%
def affine_grid(theta: Tensor, height: int, width: int) -> Tensor:
    """Where each output pixel reads: theta (N, 2, 3) -> (N, height, width, 2), the last axis (horizontal, vertical).

    Where there is only one row or column, it is the first: its coordinate is -1.
    """
    # SOLUTION
    v, u = torch.meshgrid(
        torch.linspace(-1, 1, height, dtype=theta.dtype), torch.linspace(-1, 1, width, dtype=theta.dtype), indexing="ij"
    )
    return torch.einsum("hwk,nik->nhwi", torch.stack([u, v, torch.ones_like(u)], dim=-1), theta)
    # END


def bilinear_sample(x: Tensor, grid: Tensor) -> Tensor:
    """Read x (N, C, H, W) at grid (N, H', W', 2), in affine_grid's coordinates -> (N, C, H', W')."""
    # SOLUTION
    height, width = x.shape[2:]
    column, row = (grid[..., 0] + 1) / 2 * (width - 1), (grid[..., 1] + 1) / 2 * (height - 1)
    left, top = column.detach().floor(), row.detach().floor()
    example = torch.arange(len(x))[:, None, None]
    out = torch.zeros((), dtype=x.dtype)
    for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
        r, c = top + i, left + j
        weight = (1 - (row - r).abs()) * (1 - (column - c).abs())
        inside = (r >= 0) & (r < height) & (c >= 0) & (c < width)
        pixel = x[example, :, r.clamp(0, height - 1).long(), c.clamp(0, width - 1).long()]
        out = out + pixel * (weight * inside)[..., None]
    return out.permute(0, 3, 1, 2)
    # END


def transformer_gradient(upstream: Tensor, x: Tensor, theta: Tensor) -> Tensor:
    """The gradient of theta (N, 2, 3) for upstream (N, C, H, W): how should the transformer move?

    The output has the size of x. Autograd is allowed, over your own functions.
    """
    # SOLUTION
    theta = theta.detach().requires_grad_()
    with torch.enable_grad():
        y = bilinear_sample(x, affine_grid(theta, x.shape[2], x.shape[3]))
        return torch.autograd.grad(y, theta, upstream)[0]
    # END


# %% [markdown]
# ## Look at it
#
# This cell is for you, and is not run when we grade: the public digits, moved, and how well you read the last 400.

# %%
if __name__ == "__main__":
    import numpy as np

    digits = np.load("data/digits.npz")
    images = torch.tensor(digits["images"])[:, None] / 255
    labels = torch.tensor(digits["labels"]).long()
    images = augment(images, 6, torch.Generator().manual_seed(1))
    for train in (train_mlp, train_cnn):
        predictions, losses = train(images[:1600], labels[:1600], images[1600:], seed=0)
        accuracy = (torch.as_tensor(predictions) == labels[1600:]).float().mean()
        print(f"{train.__name__}: training loss {losses[-1]:.3f}, accuracy {accuracy:.3f}")
