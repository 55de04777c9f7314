"""What rubric code holds in its hands: a `student`, whose answers are untrusted, and the `reference`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec
import torch

from autograder.errors import StudentError, UnacceptableValueError
from autograder.model import Outcome
from autograder.protocol.codec import decode, encode, tensors_in
from autograder.protocol.conversation import Answerer, Conversation
from autograder.protocol.messages import Ask, Ban, Call, Raised, Read, Returned, StandIn
from autograder.protocol.values import TensorValue, Value


class Exchange(msgspec.Struct, frozen=True):
    """What was asked of the student and the answer, kept to recognise mistakes: same questions, same answers."""

    name: str
    answer: Returned | Raised


class Reference:
    """The hidden solution, called by the grader on fresh copies of the inputs.

    `reference.f(x)` and `reference.call("f", x)` are the same. Keep one per check run:
    generators drawn by the check keep their state in it, as they do on the student's side.
    """

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace
        self._lent: frozenset[str] = frozenset()
        self._answerer: Answerer = partial(answer_question, namespace)
        self._generators: dict[tuple[int, int], torch.Generator] = {}

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """The reference's result. An error here is the grader's own and is raised as it is."""
        fresh = [self._decode(encode(value)) for value in args]
        return self._namespace[name](*fresh, **{key: self._decode(encode(value)) for key, value in kwargs.items()})

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return partial(self.call, name)

    def lend(self, names: Sequence[str]) -> None:
        """Let stand-ins ask for these functions, and for no others."""
        self._lent |= frozenset(names)

    def answer(self, question: Ask) -> Returned | Raised:
        """Answer a stand-in: forward, or the gradients of every tensor argument for given upstream gradients.

        The question comes from the student's side: it may ask for what was lent only, and whatever its arguments
        break is told to the student, not raised here.
        """
        if question.name not in self._lent:
            return Raised("error", "PermissionError", f"{question.name[:100]} has no stand-in here")
        return self._answerer(question)

    def answered_by(self, answerer: Answerer) -> None:
        """Have questions answered elsewhere: what they cost is in the student's hand."""
        self._answerer = answerer

    def _decode(self, value: Value) -> Any:
        def generator(key: int, seed: int) -> torch.Generator:
            if (key, seed) not in self._generators:
                self._generators[key, seed] = torch.Generator().manual_seed(seed)
            return self._generators[key, seed]

        return decode(value, generator)


def answer_question(namespace: dict[str, Any], question: Ask) -> Returned | Raised:
    """The result of a solution's function, or its gradients for every tensor in the arguments. Errors become `Raised`.

    Each answer starts from the question alone.
    """
    try:
        args = [decode(value, _fresh_generator) for value in question.args]
        kwargs = {key: decode(value, _fresh_generator) for key, value in question.kwargs.items()}
        function = namespace[question.name]
        if question.upstream is None:
            with torch.no_grad():
                return Returned(encode(function(*args, **kwargs)))
        tensors = tensors_in((*args, *kwargs.values()))
        leaves = [tensor for tensor in tensors if tensor.requires_grad]
        with torch.enable_grad():
            flat = tensors_in(function(*args, **kwargs))
            pairs = [
                (tensor, upstream)
                for tensor, upstream in zip(flat, map(decode, question.upstream), strict=True)
                if tensor.requires_grad and upstream is not None
            ]
            gradients = torch.autograd.grad(
                [tensor for tensor, _ in pairs], leaves, [upstream for _, upstream in pairs], allow_unused=True
            )
        found = iter(gradients)
        return Returned(encode([next(found) if tensor.requires_grad else None for tensor in tensors]))
    except Exception as error:
        return Raised("error", type(error).__name__, str(error)[:500])


def _fresh_generator(key: int, seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class Student:
    """A student's code at the other end of a conversation.

    `student.f(x)` and `student.call("f", x)` are the same. Raises `StudentError` when the code does not answer
    and `sandbox.ConversationEndedError` when it never will. What comes back is plain data, fit for `compare`.

    With `repeated`, the first answer that differs from the one in those exchanges is an error: no more has to be asked.
    """

    def __init__(self, conversation: Conversation, reference: Reference, repeated: Sequence[Exchange] = ()) -> None:
        self._conversation = conversation
        self._reference = reference
        self._repeated = repeated
        self.exchanges: list[Exchange] = []

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Call the student's function with copies of the arguments."""
        values = [encode(value) for value in args]
        named = {key: encode(value) for key, value in kwargs.items()}
        answer = self._conversation.perform(Call(name, values, named), self._reference.answer)
        return self._result(Exchange(name, answer))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return partial(self.call, name)

    def read(self, name: str) -> Any:
        """The plain value of one of the student's globals."""
        answer = self._conversation.perform(Read(name), self._reference.answer)
        return self._result(Exchange(name, answer))

    def stand_in(self, names: tuple[str, ...]) -> None:
        """From now on, the student's code meets the reference's results under these names."""
        self._reference.lend(names)
        self._arrange(StandIn(list(names)))

    def ban(self, names: tuple[str, ...]) -> None:
        """From now on, the student's code may not call these library functions."""
        self._arrange(Ban(list(names)))

    def _arrange(self, request: StandIn | Ban) -> None:
        """What the check is not fair without."""
        answer = self._conversation.perform(request, self._reference.answer)
        if isinstance(answer, Raised):
            raise StudentError(Outcome.FAILED, f"the check could not begin: {answer.type_name}: {answer.message}")

    def _result(self, exchange: Exchange) -> Any:
        self.exchanges.append(exchange)
        if self._repeated and not same_exchanges(self.exchanges[-1:], self._repeated[len(self.exchanges) - 1 :][:1]):
            raise StudentError(Outcome.FAILED, "another answer")
        name, answer = exchange.name, exchange.answer
        if isinstance(answer, Raised):
            raise _student_error(name, answer)
        try:
            return decode(answer.value)
        except UnacceptableValueError as error:
            raise StudentError(Outcome.FAILED, f"`{name}` returned something that cannot be read: {error}.") from error


MISSING = "not defined in your submission. Is it spelled like that?"
STARTERS = re.compile(r"Exercise \S+: (\w{1,100})")
"""What a starter's function raises with: whose turn it is."""
MAX_TEXT = 2_000
"""Characters of a student's message that are taken; who forges an answer may send more."""


def _student_error(name: str, raised: Raised) -> StudentError:
    raised = Raised(raised.kind, raised.type_name[:100], raised.message[:MAX_TEXT], raised.where[:MAX_TEXT])
    where = f" ({raised.where})" if raised.where else ""
    match raised.kind:
        case "missing":
            return StudentError(Outcome.FAILED, f"`{name}` is {MISSING}")
        case "not attempted":
            found = STARTERS.fullmatch(raised.message)
            calls = f"`{name}` calls `{found[1]}`, which" if found and found[1] != name else f"`{name}`"
            return StudentError(Outcome.NOT_ATTEMPTED, f"{calls} is still to be written.")
        case "banned":
            return StudentError(
                Outcome.FAILED, f"`{name}` calls `{raised.message}`: this exercise asks you to write that{where}."
            )
        case "memory":
            return StudentError(Outcome.OUT_OF_MEMORY, f"`{name}` asked for more memory than is allowed{where}.")
        case _:
            text = f"{raised.type_name}: {raised.message}" if raised.message else raised.type_name
            return StudentError(Outcome.FAILED, f"`{name}` raised {text}{where}")


def same_exchanges(one: Sequence[Exchange], other: Sequence[Exchange]) -> bool:
    """Whether the same functions were asked, and answered alike; not so for none at all."""
    return (
        len(one) == len(other) > 0
        and all(a.name == b.name for a, b in zip(one, other, strict=True))
        and all(same_answer(a.answer, b.answer) for a, b in zip(one, other, strict=True))
    )


def same_answer(one: Returned | Raised, other: Returned | Raised, rtol: float = 1e-6, atol: float = 1e-9) -> bool:
    """Whether two answers are the same mistake: equal values within tolerance. An error is like no other answer."""
    if isinstance(one, Raised) or isinstance(other, Raised):
        return False
    return same_value(one.value, other.value, rtol, atol)


def same_value(one: Any, other: Any, rtol: float = 1e-6, atol: float = 1e-9) -> bool:
    """Whether two encoded values are equal within tolerance; NaN equals NaN here."""
    if isinstance(one, TensorValue | int | float) and isinstance(other, TensorValue | int | float):
        try:
            a, b = torch.as_tensor(decode(one)), torch.as_tensor(decode(other))
        except (UnacceptableValueError, RuntimeError, OverflowError, ValueError):  # torch has several for 2**64 - 1
            return False
        if a.numel() != b.numel() or (a.numel() != 1 and a.shape != b.shape):
            return False
        if torch.float32 in (a.dtype, b.dtype):
            rtol, atol = 1e-4, 1e-4
        a, b = a.detach().reshape(b.shape).double(), b.detach().double()
        return bool(torch.isclose(a, b, rtol=rtol, atol=atol, equal_nan=True).all())
    if hasattr(one, "items") and hasattr(other, "items"):
        return len(one.items) == len(other.items) and all(
            same_value(a, b, rtol, atol) for a, b in zip(one.items, other.items, strict=True)
        )
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(same_value(a, b, rtol, atol) for a, b in zip(one, other, strict=True))
    return type(one) is type(other) and bool(one == other)
