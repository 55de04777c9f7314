"""Wrong implementations that must lose points in their own exercise."""

from autograder.rubric import Variants

variants = Variants()


@variants.mutant(of="Scalar.__mul__", hint="The derivative of a product by one factor is the other factor.")
def own_factor(self, other):
    other = other if isinstance(other, Scalar) else Scalar(other)
    return Scalar(self.data * other.data, ((self, self.data), (other, other.data)))


@variants.mutant(of="Scalar.tanh", hint="The derivative of tanh is 1 minus the square of its value.")
def tanh_not_squared(self):
    value = math.tanh(self.data)
    return Scalar(value, ((self, 1 - value),))


@variants.mutant(of="Scalar.backward", hint="Is grad added to, or overwritten?")
def overwrites(self):
    order, seen = [], set()

    def visit(node):
        if id(node) not in seen:
            seen.add(id(node))
            for parent, _ in node.parents:
                visit(parent)
            order.append(node)

    visit(self)
    upstream = {id(self): 1.0}
    for node in reversed(order):
        node.grad = upstream[id(node)]
        for parent, slope in node.parents:
            upstream[id(parent)] = upstream[id(node)] * slope


@variants.mutant(of="Scalar.backward", hint="When may a number pass its derivative on: before all of its parts are there?")
def every_path(self):
    def visit(node, upstream):
        node.grad += upstream
        for parent, slope in node.parents:
            visit(parent, upstream * slope)

    visit(self, 1.0)


@variants.mutant(of="Net.__call__", hint="A hidden layer without tanh can only add up its inputs.")
def linear(self, x, y):
    units = [first * x + second * y + bias for first, second, bias in self.hidden]
    *weights, total = self.output
    for weight, unit in zip(weights, units, strict=True):
        total = total + weight * unit
    return total


@variants.mutant(of="Net.parameters", hint="Biases are parameters, too.")
def weights_alone(self):
    return [one for unit in self.hidden for one in unit[:2]] + self.output[:-1]
