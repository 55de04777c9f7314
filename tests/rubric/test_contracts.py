"""The contract of a function: what it does beside its values."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from autograder.protocol.arguments import changed_arguments
from autograder.protocol.codec import encode
from autograder.protocol.messages import Returned
from autograder.protocol.values import GeneratorValue
from autograder.rubric.contracts import Breach, anew, breach_of

X = torch.tensor([1.0, 2.0], dtype=torch.float64)
LEAF = X.clone().requires_grad_()


def breach(got: Any, right: Any, *arguments: Any, changed: tuple[str, ...] = (), ours: tuple[str, ...] = ()) -> str:
    """The kind of the breach; "" where there is none."""
    found = breach_of(
        "f", Returned(encode(got), changed), Returned(encode(right), ours), [encode(a) for a in arguments]
    )
    return "" if found is None else found.kind


@pytest.mark.parametrize(
    ("got", "right"),
    [
        (X, X),
        (X.tolist(), X),
        (X, X.tolist()),
        ((1.0, 2.0), [1.0, 2.0]),
        (3, 2.5),
        (torch.tensor(2.5), 2.5),
        (2.5, torch.tensor(2.5, dtype=torch.float64)),
        (torch.tensor(3), 3),
        (torch.tensor([1, 2], dtype=torch.int32), torch.tensor([1, 2])),
        (torch.tensor(True), True),
        ([True, False], torch.tensor([True, False])),
        ({"a": 1, "b": X}, {"a": 2, "b": X}),
        ("saddle", "minimum"),
        (None, None),
        ((X, {"x": X}), (X, (X, 3))),  # a cache, built in another way
        ((X, (X, 3, None)), (X, (X, 3))),
        ((X, None), (X, {"x": X})),
    ],
)
def test_honest_kinds_are_taken(got: Any, right: Any) -> None:
    assert breach(got, right, X) == ""


@pytest.mark.parametrize(
    ("got", "right"),
    [
        (X.float(), X),
        (3.0, 3),
        (True, 3),
        (1, True),
        (torch.tensor([1, 0]), torch.tensor([True, False])),
        (torch.tensor([1.0, 0.0]), torch.tensor([1, 0])),
        ([1, 0], torch.tensor([True, False])),
        ([1.0, 0.0], torch.tensor([1, 0])),
        (torch.tensor([1, 2]), X),
        ((X, X.float()), (X, X)),
        ({"a": 1.5}, {"a": 1}),
        (None, X),
        ("1.0", 1.0),
    ],
)
def test_another_kind_is_a_breach(got: Any, right: Any) -> None:
    assert breach(got, right, X) == "kind"


def test_beside_a_cache_of_ones_own_the_rest_keeps_its_kind() -> None:
    assert breach((X.float(), {"x": X}), (X, (X, 3)), X) == "kind"
    assert breach({"x": X}, (X, 3), X) == "kind", "a whole result is no cache"


def test_where_no_dtype_is_given_one_float_counts_as_another() -> None:
    assert breach(X, X.float(), 3, torch.tensor([1, 2])) == ""
    assert breach(X, X.float(), X) == "", "the reference does not keep the dtype either"
    assert breach(torch.tensor([1, 2]), X, 3) == "kind"


def test_gradients_come_through_where_an_argument_requires_them() -> None:
    assert breach(X, 2 * LEAF, LEAF) == "gradients"
    assert breach(2 * LEAF, 2 * LEAF, LEAF) == ""
    assert breach(X, 2 * LEAF, X) == "", "the reference uses gradients of its own"
    assert breach(2.0, (2 * LEAF).sum(), LEAF) == "gradients"


def test_arguments_stay_as_they_are_unless_the_reference_changes_them() -> None:
    assert breach(X, X, X, changed=("w",)) == "arguments"
    assert breach(X, X, X, changed=("w",), ours=("w",)) == ""
    found = breach_of("f", Returned(1, ("w", "b")), Returned(1), [])
    assert found == Breach(
        "arguments", "`f` changes its argument `w` and `b` in place: work on a copy, for others still need it."
    )


def update(w: torch.Tensor, b: list[int], generator: torch.Generator | None = None) -> None: ...


def test_changed_arguments_are_named() -> None:
    sent = [encode(X), encode([1, 2])]
    assert changed_arguments(update, [X.clone(), [1, 2]], {}, sent, {}) == ()
    assert changed_arguments(update, [X + 1, [1, 2]], {}, sent, {}) == ("w",)
    assert changed_arguments(update, [X, [1]], {"k": 2}, sent, {"k": 1}) == ("b", "k")
    assert changed_arguments(len, [X + 1], {}, [encode(X)], {}) == ("obj",)
    nan = float("nan")
    assert changed_arguments(update, [nan, {"a": X}], {}, [nan, encode({"a": X})], {}) == ()


def test_a_generator_may_go_on_and_a_tensor_may_begin_to_require_gradients() -> None:
    generator = torch.Generator()
    assert changed_arguments(update, [LEAF, generator], {}, [encode(X), GeneratorValue(1, 2)], {}) == ()


def test_the_same_question_has_generators_that_begin_anew() -> None:
    args, kwargs = anew([encode([1]), GeneratorValue(3, 7)], {"g": GeneratorValue(3, 7)})
    assert args[0] == encode([1]) and args[1] == kwargs["g"]
    assert isinstance(args[1], GeneratorValue) and args[1].seed == 7 and args[1].key < 0
