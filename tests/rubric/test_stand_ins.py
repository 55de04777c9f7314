"""The reference answers stand-ins, and nobody else."""

from __future__ import annotations

import torch

from autograder.rubric import Reference
from autograder.sandbox.messages import Ask, Raised, Returned
from autograder.sandbox.values import encode


def test_only_what_was_lent_is_answered():
    reference = Reference({"square": lambda x: x * x, "answer": lambda x: x + 1, "torch": torch})
    question = [encode(torch.ones(2))]
    assert isinstance(reference.answer(Ask("square", question, {})), Raised)
    reference.lend(("square",))
    assert isinstance(reference.answer(Ask("square", question, {})), Returned)
    for name in ("answer", "torch", "__builtins__", "missing"):
        refused = reference.answer(Ask(name, question, {}))
        assert isinstance(refused, Raised) and refused.type_name == "PermissionError"
