"""Values keep their kind between a rubric and the student's code: arrays, objects that are handed back, contracts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from autograder.errors import StudentError
from autograder.grading.local import LocalConversation
from autograder.protocol.values import Opaque
from autograder.rubric import Draw, MismatchError, Reference, Student, compare, matches


def student(source: str, *, numpy: bool = True, watched: str = "", solution: str = "") -> tuple[Student, Reference]:
    namespace: dict[str, Any] = {"np": np, "torch": torch, "pd": pd}
    ours = dict(namespace)
    exec(source, namespace)
    exec(solution or source, ours)
    reference = Reference(ours, numpy=numpy)
    return Student(LocalConversation(namespace), reference, watched=watched, numpy=numpy), reference


def test_arrays_go_in_as_arrays_and_come_back_as_arrays():
    one, _ = student("def f(x):\n    assert type(x) is np.ndarray\n    return x.mean(axis=0)")
    back = one.f(np.ones((3, 2), dtype="float32"))
    assert type(back) is np.ndarray and back.dtype == "float32" and back.tolist() == [1.0, 1.0]


def test_in_a_course_of_tensors_an_array_counts_as_one():
    one, _ = student("def f(x):\n    return x.numpy() * 2, [x.numpy()], {'a': x.numpy()}", numpy=False)
    double, rows, named = one.f(torch.ones(2))
    assert all(isinstance(value, torch.Tensor) for value in (double, rows[0], named["a"]))


def test_draws_are_arrays_where_that_is_asked_for():
    arrays, tensors = Draw(7, torch.float32, numpy=True), Draw(7, torch.float32)
    for name, sizes in (("normal", (2, 3)), ("uniform", (2,)), ("integers", (0, 9, 4)), ("permutation", (5,))):
        one, other = getattr(arrays, name)(*sizes), getattr(tensors, name)(*sizes)
        assert type(one) is np.ndarray and one.tolist() == other.tolist() and str(other.dtype).endswith(str(one.dtype))
    assert arrays.integer(0, 100) == tensors.integer(0, 100)
    assert arrays.distinct(3, 0, 9) == tensors.distinct(3, 0, 9)


def test_a_generator_of_numpy_goes_on_where_it_was_and_is_the_same_for_both():
    one, reference = student("def f(n, rng):\n    return rng.normal(size=n)")
    draw = Draw(1, numpy=True)
    rng = draw.generator()
    first = matches(one, reference, "f", 3, rng)
    second = matches(one, reference, "f", 3, rng)
    assert first.tolist() != second.tolist()


@pytest.mark.parametrize(
    ("returned", "wanted", "said"),
    [
        ("torch.ones(2)", "np.ones(2)", "returns a tensor of dtype float32; asked for is an array of dtype float64."),
        ("np.ones(2, dtype='float32')", "x * 1.0",
         "has dtype float32; asked for is float64: keep the dtype of the inputs."),
        ("np.array([1, 2])", "np.array(['a', 'b'])",
         "returns an array of dtype int64; asked for is an array of dtype U1."),
        ("np.ones(2)", "np.ones(2) > 0", "has dtype float64; asked for is bool: a mask of True and False."),
        ("[1.0, 2.0]", "np.ones(2)", ""),
        ("np.ones(2)", "np.ones(2)", ""),
        ("np.array(['abc'])", "np.array(['a'])", ""),
        ("np.float64(1.0)", "1.0", ""),
        ("np.array([1], dtype='int32')", "np.array([1])", ""),
        ("np.ones(2)", "torch.ones(2, dtype=torch.float64)", ""),
        ("1.0", "np.float64(1.0)", ""),
        ("{1}", "[1]", "returns a set; asked for is a list or a tuple."),
    ],
)  # fmt: skip
def test_the_kind_that_is_asked_for_is_the_references(returned, wanted, said):
    one, _ = student(f"def f(x):\n    return {returned}", watched="f", solution=f"def f(x):\n    return {wanted}")
    one.f(np.ones(2))
    assert (one.breach.message if one.breach else "") == (said and f"`f` {said}")


def test_an_array_that_is_changed_in_place_is_noticed():
    wrong = "def f(x):\n    x += 1\n    return x"
    one, _ = student(wrong, watched="f", solution="def f(x):\n    return x + 1")
    one.f(np.ones(2))
    assert one.breach is not None and "changes its argument `x` in place" in one.breach.message
    for frame in ("def f(x):\n    x['a'] = 0\n    return 1", "def f(x):\n    x.loc[0, 'a'] = 5.0\n    return 1"):
        one, _ = student(frame, watched="f", solution="def f(x):\n    return 1")
        one.f(pd.DataFrame({"a": [1.0, np.nan]}))
        assert one.breach is not None and "`x` in place" in one.breach.message
    one, _ = student("def f(x):\n    return 1", watched="f")
    one.f(pd.DataFrame({"a": [1.0, np.nan, None], "b": ["x", None, np.nan]}))
    assert one.breach is None


CACHES = """
class Cache:
    def __init__(self, *kept):
        self.kept = kept

def forward(x, w):
    return x @ w, Cache(x, w)

def backward(upstream, cache):
    x, w = cache.kept
    return upstream @ w.T, x.T @ upstream
"""


def test_a_cache_is_handed_back_and_is_the_very_object():
    one, reference = student(CACHES)
    x, w, upstream = np.ones((2, 3)), np.ones((3, 4)), np.ones((2, 4))
    _, cache = one.forward(x, w)
    _, ours = reference.forward(x, w)
    assert isinstance(cache, Opaque) and cache.type_name == "Cache"
    compare(one.backward(upstream, cache), reference.backward(upstream, ours), "(dx, dw)")


def test_an_object_is_no_longer_there_in_the_next_check():
    one, _ = student(CACHES)
    _, cache = one.forward(np.ones((1, 1)), np.ones((1, 1)))
    other, _ = student(CACHES)
    with pytest.raises(StudentError, match="Opaque"):
        other.backward(np.ones((1, 1)), cache)


def test_a_forged_handle_finds_no_object_of_the_references():
    _, reference = student(CACHES)
    reference.forward(np.ones((1, 1)), np.ones((1, 1)))
    with pytest.raises(AttributeError):
        reference.backward(np.ones((1, 1)), Opaque("Cache", 1))


def test_a_function_that_returns_another_object_each_time_breaks_no_contract():
    one, _ = student(CACHES, watched="forward")
    one.forward(np.ones((1, 1)), np.ones((1, 1)))
    assert one.breach is None


def test_frames_go_in_and_come_back():
    one, reference = student("def clean(table):\n    return table.dropna().assign(b=lambda t: t['a'] * 2)")
    table = pd.DataFrame({"a": [1.0, None, 3.0]})
    assert list(matches(one, reference, "clean", table)["b"]) == [2.0, 6.0]
    wrong, reference = student(
        "def clean(table):\n    return table", solution="def clean(table):\n    return table.dropna()"
    )
    with pytest.raises(MismatchError, match="`clean` has 3 rows; asked for are 2"):
        matches(wrong, reference, "clean", table)
