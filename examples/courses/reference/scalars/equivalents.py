"""Right implementations, written differently: they must get full marks."""

from autograder.rubric import Variants

variants = Variants()


@variants.equivalent
class with_closures:
    """Each number has a function that passes its derivative on."""

    class Scalar:
        def __init__(self, data, parents=()):
            self.data, self.grad, self._own = float(data), 0.0, 0.0
            self._below = [parent for parent, _ in parents]
            self._pass_on = lambda: None

        def __add__(self, other):
            other = other if isinstance(other, Scalar) else Scalar(other)
            result = Scalar(self.data + other.data, ((self, None), (other, None)))

            def pass_on():
                self._own += result._own
                other._own += result._own

            result._pass_on = pass_on
            return result

        def __mul__(self, other):
            other = other if isinstance(other, Scalar) else Scalar(other)
            result = Scalar(self.data * other.data, ((self, None), (other, None)))

            def pass_on():
                self._own += other.data * result._own
                other._own += self.data * result._own

            result._pass_on = pass_on
            return result

        __radd__, __rmul__ = __add__, __mul__

        def tanh(self):
            result = Scalar(math.tanh(self.data), ((self, None),))

            def pass_on():
                self._own += (1 - result.data**2) * result._own

            result._pass_on = pass_on
            return result

        def backward(self):
            order, waiting = [], [(self, iter(self._below))]
            seen = {id(self)}
            while waiting:
                node, below = waiting[-1]
                following = next((one for one in below if id(one) not in seen), None)
                if following is None:
                    order.append(node)
                    waiting.pop()
                else:
                    seen.add(id(following))
                    waiting.append((following, iter(following._below)))
            for node in order:
                node._own = 0.0
            self._own = 1.0
            for node in reversed(order):
                node._pass_on()
                node.grad += node._own
