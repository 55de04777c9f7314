"""Wrong implementations that students write, each with the hint for it: losses and backpropagation (2.1 to 2.4).

Names that are not defined here (torch, other functions of the solution) are the solution's.
"""

from __future__ import annotations

import torch

from autograder.rubric import Variants

variants = Variants()
mutant = variants.mutant

# --- 2.1 one-hot and softmax ---


@mutant("one_hot", "Labels start at 0: the first class is column 0.")
def one_hot_from_one(labels, classes):
    return (labels[:, None] - 1 == torch.arange(classes)).double()


@mutant("one_hot", "A row for each label, a column for each class: yours is the other way round.")
def one_hot_transposed(labels, classes):
    return (labels[None] == torch.arange(classes)[:, None]).double()


@mutant("one_hot", "What if the last classes do not occur in this batch? `classes` says how many columns there are.")
def one_hot_seen_classes(labels, classes):
    return (labels[:, None] == torch.arange(int(labels.max()) + 1)).double()


@mutant("one_hot", "You mark the classes that are wrong: where should the 1 be?")
def one_cold(labels, classes):
    return (labels[:, None] != torch.arange(classes)).double()


@mutant("softmax", "You take the largest number of the whole batch off every row: what is left of a row near -1000?")
def softmax_global_max(z):
    e = torch.exp(z - z.max())
    return e / e.sum(dim=1, keepdim=True)


@mutant("softmax", "Right for small logits. How large is exp(1000)? Subtract something from each row first.")
def softmax_overflows(z):
    e = torch.exp(z)
    return e / e.sum(dim=1, keepdim=True)


@mutant("softmax", "Which axis are the classes? Each row should sum to 1, not each column.")
def softmax_dim0(z):
    e = torch.exp(z - z.max(dim=0, keepdim=True).values)
    return e / e.sum(dim=0, keepdim=True)


@mutant("softmax", "Each row should sum to 1: over what do you sum in the denominator?")
def softmax_over_everything(z):
    e = torch.exp(z - z.max(dim=1, keepdim=True).values)
    return e / e.sum()


@mutant("softmax", "A square makes numbers positive too, but a softmax is made of exponentials.")
def softmax_squared(z):
    return z**2 / (z**2).sum(dim=1, keepdim=True)


@mutant("softmax", "What is the base of the exponential?")
def softmax_base2(z):
    e = 2 ** (z - z.max(dim=1, keepdim=True).values)
    return e / e.sum(dim=1, keepdim=True)


@mutant("softmax", "The rows do not sum to 1: where is the denominator?")
def softmax_no_norm(z):
    return torch.exp(z - z.max(dim=1, keepdim=True).values)


# --- 2.2 cross-entropy ---


@mutant("cross_entropy", "Your softmax is applied twice: does this function get logits or probabilities?")
def double_softmax(z, labels):
    p = softmax(softmax(z))
    return -p[torch.arange(len(labels)), labels].log().mean()


@mutant(
    "cross_entropy", "Logits far apart give infinity: can you take the logarithm on paper, before you exponentiate?"
)
def log_of_softmax(z, labels):
    return -softmax(z)[torch.arange(len(labels)), labels].log().mean()


@mutant("cross_entropy", "A small number inside the logarithm hides the overflow, and changes every loss a little.")
def log_eps(z, labels):
    return -(softmax(z)[torch.arange(len(labels)), labels] + 0.01).log().mean()


@mutant("cross_entropy", "A loss that is negative? Logarithms of probabilities are below 0: what about the sign?")
def entropy_positive(z, labels):
    return (z[torch.arange(len(labels)), labels] - torch.logsumexp(z, dim=1)).mean()


@mutant("cross_entropy", "The mean runs over the examples: is yours over all entries of the table?")
def div_NC(z, labels):
    return cross_entropy_sum(z, labels) / z.numel()


@mutant("cross_entropy", "That is the sum over the batch; the loss is a mean.")
def entropy_sum(z, labels):
    return cross_entropy_sum(z, labels)


@mutant("cross_entropy", "Which column belongs to label 0? You look one to the left.")
def label_off_by_one(z, labels):
    return cross_entropy_sum(z, labels - 1) / len(labels)


@mutant("cross_entropy", "Whose probability counts: that of the predicted class, or that of the true one?")
def entropy_of_argmax(z, labels):
    return cross_entropy_sum(z, z.argmax(dim=1)) / len(labels)


@mutant(
    "cross_entropy",
    "You also add ln(1 - p) of the wrong classes: that is the cross-entropy of independent yes/no questions.",
)
def binary(z, labels):
    p, y = softmax(z), one_hot(labels, z.shape[1]).to(z.dtype)
    return -(y * p.log() + (1 - y) * (1 - p).log()).sum(dim=1).mean()


def cross_entropy_sum(z, labels):
    return (torch.logsumexp(z, dim=1) - z[torch.arange(len(labels)), labels]).sum()


@mutant("grad_cross_entropy", "The loss is a mean over the batch: is its gradient one too?")
def gradient_no_N(z, labels):
    return softmax(z) - one_hot(labels, z.shape[1])


@mutant("grad_cross_entropy", "A step against your gradient would raise the loss: check its sign.")
def y_minus_p(z, labels):
    return (one_hot(labels, z.shape[1]) - softmax(z)) / len(labels)


@mutant("grad_cross_entropy", "The mean is over the examples: by how many do you divide?")
def gradient_div_NC(z, labels):
    return (softmax(z) - one_hot(labels, z.shape[1])) / z.numel()


@mutant("grad_cross_entropy", "The other classes' logits are in the denominator of softmax: they have gradients too.")
def only_true_class(z, labels):
    y = one_hot(labels, z.shape[1])
    return y * (softmax(z) - y) / len(labels)


@mutant(
    "grad_cross_entropy",
    "That is the gradient with respect to the probabilities. Carry it through softmax to the logits.",
)
def gradient_of_probabilities(z, labels):
    return -one_hot(labels, z.shape[1]).to(z.dtype) / softmax(z) / len(labels)


# --- 2.3 quadratic cost ---


@mutant("quadratic_cost", "The quadratic cost of the note has a factor in front of the sum: which?")
def no_half(a, y):
    return (y - a).square().sum() / len(a)


@mutant("quadratic_cost", "How many examples are there? You divide by the number of all entries.")
def mean_of_entries(a, y):
    return (y - a).square().mean() / 2


@mutant("quadratic_cost", "The length of y - a is squared: is yours?")
def unsquared(a, y):
    return (y - a).norm(dim=1).sum() / (2 * len(a))


@mutant("neuron_slopes", "dC/da is not dC/dz yet: what does a do when z moves?")
def slope_of_a(z, y):
    a = torch.sigmoid(z)
    return a - y, a - y


@mutant(
    "neuron_slopes", "For cross-entropy, something cancels against the slope of the sigmoid: work it out once more."
)
def nothing_cancels(z, y):
    a = torch.sigmoid(z)
    return (a - y) * a * (1 - a), (a - y) * a * (1 - a)


@mutant("neuron_slopes", "Both signs are wrong: with y = 0, does the cost rise or fall when z rises?")
def slopes_y_minus_a(z, y):
    a = torch.sigmoid(z)
    return (y - a) * a * (1 - a), y - a


@mutant("neuron_slopes", "Which one is asked for first?")
def slopes_swapped(z, y):
    a = torch.sigmoid(z)
    return a - y, (a - y) * a * (1 - a)


@mutant("neuron_slopes", "These are slopes of each example's own cost: nothing is averaged.")
def slopes_averaged(z, y):
    a = torch.sigmoid(z)
    return (a - y) * a * (1 - a) / len(z), (a - y) / len(z)


variants.mutant_value(
    "inverted_ratio",
    "ANSWERS",
    "Which of the two is steeper, and which did you divide by which?",
    {"times as steep at z = 5, y = 0": 1 / 150, "times as steep at z = 0, y = 0": 0.25},
)
variants.mutant_value(
    "ratio_of_z",
    "ANSWERS",
    "The ratio is 1 / (slope of the sigmoid). Is your slope taken at z, with a = sigmoid(z)?",
    {"times as steep at z = 5, y = 0": 1, "times as steep at z = 0, y = 0": 1},
)

# --- 2.4 forward and backward pass ---


def squash(z, activation):
    return {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}[activation](z)


def slope(z, activation):
    a = squash(z, activation)
    return {"sigmoid": a * (1 - a), "tanh": 1 - a**2, "relu": (z > 0).to(z.dtype)}[activation]


@mutant("forward_pass", "The last layer's z are the logits: do they pass through the activation?")
def activation_at_the_end(x, layers, activation):
    zs, inputs = forward_plain(x, layers, activation)
    return [*zs[:-1], squash(zs[-1], activation)], inputs


@mutant("forward_pass", "The next layer is fed z: where is the activation?")
def no_activation(x, layers, activation):
    zs, inputs = [], []
    for W, b in layers:
        inputs.append(x)
        x = x @ W.T + b
        zs.append(x)
    return zs, inputs


@mutant("forward_pass", "Where are the biases?")
def no_bias(x, layers, activation):
    return forward_plain(x, [(W, 0 * b) for W, b in layers], activation)


@mutant("forward_pass", "zs holds what comes before the activation: is yours after it?")
def zs_after_activation(x, layers, activation):
    zs, inputs = forward_plain(x, layers, activation)
    return [*inputs[1:], zs[-1]], inputs


@mutant("forward_pass", "inputs[0] is what the first layer was given: your list starts one layer late.")
def inputs_without_x(x, layers, activation):
    zs, inputs = forward_plain(x, layers, activation)
    return zs, [*inputs[1:], zs[-1]]


@mutant("forward_pass", "Which activation was asked for? Yours does not depend on the argument.")
def always_sigmoid(x, layers, activation):
    return forward_plain(x, layers, "sigmoid")


def forward_plain(x, layers, activation):
    zs, inputs = [], [x]
    for W, b in layers:
        zs.append(inputs[-1] @ W.T + b)
        inputs.append(squash(zs[-1], activation))
    return zs, inputs[:-1]


def backward_plain(upstream, layers, zs, inputs, activation, slope=slope):
    gradients, delta = [], upstream
    for index in reversed(range(len(layers))):
        gradients.append((delta.T @ inputs[index], delta.sum(dim=0)))
        if index > 0:
            delta = (delta @ layers[index][0]) * slope(zs[index - 1], activation)
    return gradients[::-1]


@mutant("backward_pass", "The gradient of a bias is averaged over the batch: upstream holds the 1/N already.")
def db_mean(upstream, layers, zs, inputs, activation):
    return [(dW, db / len(upstream)) for dW, db in backward_plain(upstream, layers, zs, inputs, activation)]


@mutant("backward_pass", "All gradients are divided by N once more: upstream holds the 1/N already.")
def averaged_twice(upstream, layers, zs, inputs, activation):
    n = len(upstream)
    return [(dW / n, db / n) for dW, db in backward_plain(upstream, layers, zs, inputs, activation)]


@mutant("backward_pass", "The gradient of a bias comes from one example alone: every example uses that bias.")
def db_no_sum(upstream, layers, zs, inputs, activation):
    gradients, delta = [], upstream
    for index in reversed(range(len(layers))):
        gradients.append((delta.T @ inputs[index], delta[0]))
        if index > 0:
            delta = (delta @ layers[index][0]) * slope(zs[index - 1], activation)
    return gradients[::-1]


@mutant("backward_pass", "dz/dw is what the layer was given. You multiply by a z: was that the layer's input?")
def dW_uses_z(upstream, layers, zs, inputs, activation):
    return backward_plain(upstream, layers, zs, [inputs[0], *zs[:-1]], activation)


@mutant("backward_pass", "Your dW has the shape of W transposed.")
def dW_T(upstream, layers, zs, inputs, activation):
    return [(dW.T, db) for dW, db in backward_plain(upstream, layers, zs, inputs, activation)]


@mutant("backward_pass", "On the way back through an activation, what factor does the chain rule ask for?")
def no_deriv(upstream, layers, zs, inputs, activation):
    return backward_plain(upstream, layers, zs, inputs, activation, lambda z, _: torch.ones_like(z))


@mutant("backward_pass", "a (1 - a) and 1 - a^2 want the activation's output a: did you put in z?")
def deriv_at_z(upstream, layers, zs, inputs, activation):
    wrong = {"sigmoid": lambda z: z * (1 - z), "tanh": lambda z: 1 - z**2, "relu": lambda z: (z > 0).to(z.dtype)}
    return backward_plain(upstream, layers, zs, inputs, activation, lambda z, name: wrong[name](z))


@mutant("backward_pass", "sigma' is taken at z. Is what you put in the activation's output already?")
def deriv_at_a(upstream, layers, zs, inputs, activation):
    return backward_plain(upstream, layers, zs, inputs, activation, lambda z, name: slope(squash(z, name), name))


@mutant("backward_pass", "Is there an activation behind the last layer? You multiply by its slope.")
def slope_at_the_end(upstream, layers, zs, inputs, activation):
    return backward_plain(upstream * slope(zs[-1], activation), layers, zs, inputs, activation)


@mutant("backward_pass", "The first layer's gradient is zero: follow the walk back to its very end.")
def detached(upstream, layers, zs, inputs, activation):
    (dW, db), *rest = backward_plain(upstream, layers, zs, inputs, activation)
    return [(torch.zeros_like(dW), torch.zeros_like(db)), *rest]


@mutant("backward_pass", "The order: you walk back, but the list begins with the first layer.")
def last_layer_first(upstream, layers, zs, inputs, activation):
    return backward_plain(upstream, layers, zs, inputs, activation)[::-1]


@mutant("backward_pass", "tanh has a slope of its own, which is not the sigmoid's.")
def sigmoid_slope_for_tanh(upstream, layers, zs, inputs, activation):
    def mixed(z, name):
        a = squash(z, name)
        return slope(z, name) if name == "relu" else a * (1 - a)

    return backward_plain(upstream, layers, zs, inputs, activation, mixed)


@mutant("loss_and_gradients", "The backward pass starts from dC/dz of the logits, not from the probabilities.")
def upstream_is_p(x, labels, layers, activation):
    zs, inputs = forward_pass(x, layers, activation)
    upstream = softmax(zs[-1]) / len(x)
    return cross_entropy(zs[-1], labels), backward_pass(upstream, layers, zs, inputs, activation)


@mutant("loss_and_gradients", "The loss is a mean: your gradients belong to the sum over the batch.")
def network_no_N(x, labels, layers, activation):
    zs, inputs = forward_pass(x, layers, activation)
    upstream = grad_cross_entropy(zs[-1], labels) * len(x)
    return cross_entropy(zs[-1], labels), backward_pass(upstream, layers, zs, inputs, activation)


@mutant("loss_and_gradients", "A step against these gradients climbs: check the sign of what you start from.")
def network_y_minus_p(x, labels, layers, activation):
    zs, inputs = forward_pass(x, layers, activation)
    upstream = -grad_cross_entropy(zs[-1], labels)
    return cross_entropy(zs[-1], labels), backward_pass(upstream, layers, zs, inputs, activation)


@mutant("loss_and_gradients", "cross_entropy takes logits: what do you hand to it?")
def network_double_softmax(x, labels, layers, activation):
    zs, inputs = forward_pass(x, layers, activation)
    upstream = grad_cross_entropy(zs[-1], labels)
    return cross_entropy(softmax(zs[-1]), labels), backward_pass(upstream, layers, zs, inputs, activation)
