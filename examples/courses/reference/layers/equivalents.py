"""Right implementations, written differently: they must get full marks."""

from autograder.rubric import Variants

variants = Variants()


@variants.equivalent
class with_other_caches:
    """Caches of other kinds, einsum for products, a test on what is kept."""

    def affine_forward(x, w, b):
        return np.einsum("nd,dm->nm", x, w) + b, {"input": x, "weights": w}

    def affine_backward(dout, cache):
        return dout @ cache["weights"].T, np.einsum("nd,nm->dm", cache["input"], dout), np.einsum("nm->m", dout)

    def relu_backward(dout, x):
        return np.where(x > 0, dout, np.zeros_like(dout))
