"""The reference answers stand-ins, and nobody else."""

from __future__ import annotations

import torch

from autograder.grading.local import LocalConversation
from autograder.protocol.codec import encode
from autograder.protocol.messages import Ask, Raised, Returned
from autograder.rubric import Reference, Student


def test_only_what_was_allowed_is_answered():
    reference = Reference({"square": lambda x: x * x, "answer": lambda x: x + 1, "torch": torch})
    question = [encode(torch.ones(2))]
    assert isinstance(reference.answer(Ask("square", question, {})), Raised)
    reference.allow(("square",))
    assert isinstance(reference.answer(Ask("square", question, {})), Returned)
    for name in ("answer", "torch", "__builtins__", "missing"):
        refused = reference.answer(Ask(name, question, {}))
        assert isinstance(refused, Raised) and refused.type_name == "PermissionError"


def conversation(source: str, names: tuple[str, ...], bans: tuple[str, ...] = ()) -> Student:
    namespace: dict[str, object] = {}
    exec("import torch\n" + source, namespace)
    solution = {"square": lambda x: x * x, "weigh": lambda parts: parts["w"] * parts["x"][0]}
    student = Student(LocalConversation(namespace), Reference(solution))
    student.stand_in(names)
    if bans:
        student.ban(bans)
    return student


def test_a_stand_in_gives_gradients_through_lists_and_dictionaries():
    source = (
        "def slope(w, x):\n"
        "    w, x = w.requires_grad_(), x.requires_grad_()\n"
        "    weigh({'w': w, 'x': [x]}).sum().backward()\n"
        "    return w.grad, x.grad\n"
    )
    w, x = torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0])
    got = conversation(source, ("weigh",)).slope(w, x)
    assert [one.tolist() for one in got] == [[3.0, 4.0], [1.0, 2.0]]


def test_a_stand_in_works_under_a_ban_of_what_it_does_not_do():
    """torch takes the ban off by itself during a backward pass: the stand-in must not try to."""
    source = "def slope(x):\n    return torch.autograd.functional.jacobian(lambda z: square(z).sum(), x)\n"
    student = conversation(source, ("square",), ("torch.softmax", "torch.nn.Softmax"))
    assert student.slope(torch.tensor([1.0, 2.0])).tolist() == [2.0, 4.0]
