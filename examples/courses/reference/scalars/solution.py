# %% [markdown]
# # An automatic derivative, with classes
#
# A `Scalar` remembers how it was made, so that it can tell the derivative of the result by everything that went in. A
# network of such numbers can learn.
#
# - Fill in each method where it says `raise NotImplementedError`. Add methods and attributes as you like.
# - Plain Python: no NumPy, no PyTorch.

# %%
import math

# %% [markdown]
# ## Exercise 1 · Numbers that remember (14 points)
#
# `data` is a float, `grad` is 0.0 until `backward` is called. A sum or a product may also have a plain number on either
# side. `backward` adds to the `grad` of everything that the result was made of: a number that is used twice gets two parts.


# %%
class Scalar:
    """A number that knows what it was made of."""

    def __init__(self, data, parents=()):
        """data: a number; parents: pairs (Scalar, the derivative of this one by it)."""
        self.data = float(data)
        self.grad = 0.0
        self.parents = tuple(parents)

    def __add__(self, other):
        """self + other, another Scalar or a number."""
        # SOLUTION
        other = other if isinstance(other, Scalar) else Scalar(other)
        return Scalar(self.data + other.data, ((self, 1.0), (other, 1.0)))
        # END

    def __mul__(self, other):
        """self * other, another Scalar or a number."""
        # SOLUTION
        other = other if isinstance(other, Scalar) else Scalar(other)
        return Scalar(self.data * other.data, ((self, other.data), (other, self.data)))
        # END

    def tanh(self):
        """The hyperbolic tangent."""
        # SOLUTION
        value = math.tanh(self.data)
        return Scalar(value, ((self, 1 - value * value),))
        # END

    def backward(self):
        """Set the grad of everything below: the derivative of this number by it, added to what is there."""
        # SOLUTION
        order, seen = [], set()

        def visit(node):
            if id(node) not in seen:
                seen.add(id(node))
                for parent, _ in node.parents:
                    visit(parent)
                order.append(node)

        visit(self)
        upstream = {id(node): 0.0 for node in order}
        upstream[id(self)] = 1.0
        for node in reversed(order):
            node.grad += upstream[id(node)]
            for parent, slope in node.parents:
                upstream[id(parent)] += upstream[id(node)] * slope
        # END

    __radd__ = __add__
    __rmul__ = __mul__

    def __sub__(self, other):
        return self + other * -1

    def __rsub__(self, other):
        return self * -1 + other


# %% [markdown]
# ## Exercise 2 · A net that learns (6 points)
#
# Two inputs, a hidden layer of `width` units with tanh, one output without. `draw()` gives you a Scalar to start with, for
# every weight and bias. We train it, with numbers of our own in the place of yours: add them, multiply them, and call
# `tanh`; leave the rest of them alone.


# %%
class Net:
    """A small network of Scalars."""

    def __init__(self, width, draw):
        """width: hidden units; draw(): gives a random Scalar, for each parameter."""
        # SOLUTION
        self.hidden = [[draw() for _ in range(3)] for _ in range(width)]
        self.output = [draw() for _ in range(width + 1)]
        # END

    def parameters(self):
        """A list of all its Scalars: 3 a hidden unit (two weights and a bias), and width + 1 of the output."""
        # SOLUTION
        return [one for unit in self.hidden for one in unit] + self.output
        # END

    def __call__(self, x, y):
        """x, y: floats -> a Scalar."""
        # SOLUTION
        units = [(first * x + second * y + bias).tanh() for first, second, bias in self.hidden]
        *weights, total = self.output
        for weight, unit in zip(weights, units, strict=True):
            total = total + weight * unit
        return total
        # END
