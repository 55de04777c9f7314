"""The rubric of scalars: a class with operators and a state, and a training loop of ours around a student's model."""

from __future__ import annotations

import math

from autograder.rubric import Draw, Ladder, Reference, Rubric, Rung, Score, Student, expect, matches

rubric = Rubric()

# --- 1 ---------------------------------------------------------------------------------------------------------------

scalars = rubric.exercise("1", "Numbers that remember", owns=("Scalar",), points=14)


@scalars.driver
def expression(student, a, b):
    """a b + 3 a: its value, and its derivatives."""
    a, b = student.Scalar(a), student.Scalar(b)
    value = a * b + 3 * a
    value.backward()
    return {"value": value.data, "by a": a.grad, "by b": b.grad}


@scalars.driver
def sums(student, a, b):
    """Sums of two Scalars, and of a Scalar and a number on either side."""
    a, b = student.Scalar(a), student.Scalar(b)
    return [(a + b).data, (a + 2).data, (2 + a).data, (a - b).data, (1 - a).data]


@scalars.driver
def products(student, a, b):
    """Products of two Scalars, and of a Scalar and a number on either side."""
    a, b = student.Scalar(a), student.Scalar(b)
    return [(a * b).data, (a * 3).data, (3 * a).data]


@scalars.driver
def squashed(student, a):
    """tanh, and its derivative."""
    a = student.Scalar(a)
    value = a.tanh()
    value.backward()
    return value.data, a.grad


@scalars.driver
def shared(student, a, b):
    """A value that is used three times, through others that are used twice."""
    a, b = student.Scalar(a), student.Scalar(b)
    middle = a * b
    top = middle * middle + middle.tanh() + a
    top.backward()
    return {"value": top.data, "by a": a.grad, "by b": b.grad, "by the middle": middle.grad}


@scalars.driver
def twice(student, a, b):
    """Two results one after the other: what the second adds to grad comes on top."""
    a, b = student.Scalar(a), student.Scalar(b)
    (a * b).backward()
    (a + b).backward()
    return a.grad, b.grad


@scalars.driver
def long_chain(student, length):
    """Doubling by a + a: every path counts, and there are 2 ** length of them."""
    start = student.Scalar(1.0)
    value = start
    for _ in range(length):
        value = value + value
    value.backward()
    return value.data, start.grad


@scalars.cases("Scalar", 2, driver=expression, public=True)
def two_and_three(draw: Draw) -> tuple[float, float]:
    """For a = 2 and b = 3, a b + 3 a is 12, and its derivatives are 6 and 2."""
    return 2.0, 3.0


@scalars.cases("Scalar", 2, driver=sums)
def any_sum(draw: Draw) -> tuple[float, float]:
    """Sums and differences, with numbers on either side."""
    return draw.number(-2, 2), draw.number(-2, 2)


@scalars.cases("Scalar", 2, driver=products)
def any_product(draw: Draw) -> tuple[float, float]:
    """Products, with numbers on either side."""
    return draw.number(1, 2), draw.number(-2, -1)


@scalars.cases("Scalar", 2, driver=squashed)
def any_tanh(draw: Draw) -> tuple[float]:
    """tanh has its value and its derivative."""
    return (draw.number(-1, 1),)


@scalars.cases("Scalar", 3, driver=shared)
def used_more_than_once(draw: Draw) -> tuple[float, float]:
    """A number that is used more than once gets all parts of its derivative, each once."""
    return draw.number(0.5, 1), draw.number(0.5, 1)


@scalars.cases("Scalar", 1, driver=twice)
def grad_adds_up(draw: Draw) -> tuple[float, float]:
    """A second backward adds to grad."""
    return draw.number(1, 2), draw.number(1, 2)


@scalars.check("Scalar", 2, seconds=5)
def many_paths(student: Student, reference: Reference, draw: Draw) -> None:
    """Each number is visited once, however many paths lead to it."""
    matches(student, reference, long_chain, 40)


# --- 2 ---------------------------------------------------------------------------------------------------------------
#
# A net is judged on numbers of ours, which it can add, multiply and squash, so that a mistake in Scalar costs nothing here.
# Our loop finds the slopes by nudging: there is no derivative in it to copy.

net = rubric.exercise("2", "A net that learns", owns=("Net",), points=6)
LADDER = Ladder(
    "mean squared error on XOR", (Rung("simple", 0.26, 0.2, "a constant"), Rung("strong", 0.05, 1.0, "a hidden layer"))
)


class Number:
    """What a Scalar is to a net, without a derivative."""

    def __init__(self, data):
        self.data = data

    def __add__(self, other):
        return Number(self.data + (other.data if isinstance(other, Number) else other))

    def __mul__(self, other):
        return Number(self.data * (other.data if isinstance(other, Number) else other))

    def __sub__(self, other):
        return self + other * -1

    def __rsub__(self, other):
        return self * -1 + other

    def tanh(self):
        return Number(math.tanh(self.data))

    __radd__, __rmul__ = __add__, __mul__


@net.driver
def counted(student, width):
    """How many parameters there are, how many of them once, and how many matter."""
    numbers = iter(range(1, 1000))
    model = student.Net(width, lambda: Number(next(numbers) / 100))
    own = model.parameters()
    before, matter = model(0.5, -0.25).data, 0
    for one in own:
        kept, one.data = one.data, one.data + 0.5
        matter += model(0.5, -0.25).data != before
        one.data = kept
    return len(own), len({id(one) for one in own}), matter


@net.driver
def all_alike(student, width, weight, x, y):
    """The output where all parameters are one number."""
    return student.Net(width, lambda: Number(weight))(x, y).data


@net.driver
def trained(student, points, targets, starts, steps, rate):
    """Our training loop around the student's net: the loss before each step."""
    numbers = iter(starts)
    model = student.Net(4, lambda: Number(next(numbers)))
    own = model.parameters()

    def loss():
        return sum((model(x, y).data - target) ** 2 for (x, y), target in zip(points, targets)) / len(targets)

    losses = []
    for _ in range(steps):
        losses.append(loss())
        slopes = []
        for one in own:
            kept = one.data
            one.data = kept + 1e-5
            above = loss()
            one.data = kept - 1e-5
            slopes.append((above - loss()) / 2e-5)
            one.data = kept
        for one, slope in zip(own, slopes):
            one.data -= rate * slope
    return losses


@net.check("Net", 1, public=True)
def three_for_each_unit(student: Student, reference: Reference, draw: Draw) -> None:
    """A net of 5 hidden units has 21 parameters, each once, and all of them matter."""
    matches(student, reference, counted, 5)


@net.cases("Net", 2, driver=all_alike, sizes=(1, 3))
def one_weight(draw: Draw, width: int) -> tuple[object, ...]:
    """Where all parameters are w, the output is w + width w tanh(w x + w y + w)."""
    return width, draw.number(0.5, 1), draw.number(-1, 1), draw.number(-1, 1)


@net.check("Net", 3, trains=True)
def learns_xor(student: Student, reference: Reference, draw: Draw) -> Score:
    """Trained by our loop, it learns XOR."""
    points, targets = [[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]], [0.0, 1.0, 1.0, 0.0]
    starts = [float(one) for one in draw.normal(1000)]
    losses = student.drive(trained, points, targets, starts, 150, 0.2)
    expect(isinstance(losses, list) and all(isinstance(one, float) for one in losses), "the losses are numbers")
    expect(len(losses) == 150, "there is a loss for each step")
    return LADDER.score(losses[-1], losses, "step")
