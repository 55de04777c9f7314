"""Call the student's code, whose answers are untrusted, and the hidden reference."""

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
    """One question to the student and its answer, kept to recognise mistakes: same questions, same answers."""

    name: str
    answer: Returned | Raised


class Reference:
    """The hidden solution. Call its functions by name: `reference.f(x)` is `reference.call("f", x)`.

    Each call gets fresh copies of its arguments. There is one for each run of a check: generators that the check draws
    keep their state in it, as they do on the student's side.

    Args:
        namespace: The solution's names and what they stand for.

    Example:
        >>> reference = Reference({"double": lambda x: 2 * x})
        >>> reference.double(torch.ones(2))
        tensor([2., 2.])
    """

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace
        self._allowed: frozenset[str] = frozenset()
        self._answerer: Answerer = partial(answer_question, namespace)
        self._generators: dict[tuple[int, int], torch.Generator] = {}

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Call a function of the solution on copies of the arguments.

        Args:
            name: The function.
            *args: Its arguments.
            **kwargs: Its keyword arguments.

        Returns:
            Its result, as it is. What the function raises is the grader's own error and is raised as it is.

        Example:
            >>> reference.call("mse", torch.zeros(2), torch.tensor([1.0, 3.0]))
            tensor(5.)
        """
        fresh = [self._decode(encode(value)) for value in args]
        return self._namespace[name](*fresh, **{key: self._decode(encode(value)) for key, value in kwargs.items()})

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return partial(self.call, name)

    def allow(self, names: Sequence[str]) -> None:
        """Let stand-ins ask for more functions. All others are refused.

        Args:
            names: The functions that a stand-in may ask for.
        """
        self._allowed |= frozenset(names)

    def answer(self, question: Ask) -> Returned | Raised:
        """Answer a stand-in's question: with a result, or with the gradients for given upstream gradients.

        The question comes from the student's process. It may ask only for what `allow` named, and an error in its
        arguments is told to the student instead of being raised here.

        Args:
            question: The function, its arguments, and the upstream gradients if gradients are asked for.

        Returns:
            The encoded result, or what was raised.
        """
        if question.name not in self._allowed:
            return Raised("error", "PermissionError", f"{question.name[:100]} has no stand-in here")
        return self._answerer(question)

    def answered_by(self, answerer: Answerer) -> None:
        """Have stand-ins' questions answered by another process: what an answer costs is in the student's hand.

        Args:
            answerer: Takes a question, returns the encoded result or what was raised.
        """
        self._answerer = answerer

    def _decode(self, value: Value) -> Any:
        def generator(key: int, seed: int) -> torch.Generator:
            if (key, seed) not in self._generators:
                self._generators[key, seed] = torch.Generator().manual_seed(seed)
            return self._generators[key, seed]

        return decode(value, generator)


def answer_question(namespace: dict[str, Any], question: Ask) -> Returned | Raised:
    """Answer a stand-in's question with the solution in `namespace`: a result, or a gradient for each tensor argument.

    Each answer depends on the question alone. What goes wrong becomes a `Raised`.
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
    """The student's code. Call its functions by name: `student.f(x)` is `student.call("f", x)`.

    The code runs in another process; what comes back is plain data, fit for `compare`: tensors, numbers, strings, None,
    and containers of these.

    Args:
        conversation: The connection to the student's process.
        reference: Answers the questions of stand-ins.
        repeated: The exchanges of an earlier run. The first answer that differs from theirs raises `StudentError`:
            nothing more has to be asked to know that two runs differ.
        slow: Functions that did not come to an end before, and get little time.

    Attributes:
        exchanges: Every question so far, with its answer.
        calling: The function that was called last.

    Example:
        >>> student.mse(torch.zeros(2), torch.tensor([1.0, 3.0]))
        tensor(5.)
    """

    def __init__(
        self,
        conversation: Conversation,
        reference: Reference,
        repeated: Sequence[Exchange] = (),
        slow: frozenset[str] = frozenset(),
    ) -> None:
        self._conversation = conversation
        self._reference = reference
        self._repeated = repeated
        self._slow = slow
        self.calling = ""
        self.exchanges: list[Exchange] = []

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Call the student's function on copies of the arguments.

        Args:
            name: The function.
            *args: Its arguments: tensors, numbers, strings, generators, and lists, tuples or dicts of them.
            **kwargs: Its keyword arguments.

        Returns:
            Its result as plain data.

        Raises:
            StudentError: The function is missing, not attempted, raised, or returned something that cannot be read.
            ConversationEndedError: The student's process hit a limit or ended. Do not catch it: the check is over.

        Example:
            >>> student.call("mse", torch.zeros(2), torch.tensor([1.0, 3.0]))
            tensor(5.)
            >>> student.call("huber", torch.zeros(2), torch.ones(2))
            Traceback (most recent call last):
            autograder.errors.StudentError: `huber` is not defined in your submission. Is it spelled like that?
        """
        values = [encode(value) for value in args]
        named = {key: encode(value) for key, value in kwargs.items()}
        if name in self._slow:
            self._conversation.hurry()
        self.calling = name
        answer = self._conversation.perform(Call(name, values, named), self._reference.answer)
        return self._result(Exchange(name, answer))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return partial(self.call, name)

    def read(self, name: str) -> Any:
        """Read one of the student's global variables.

        Args:
            name: The variable.

        Returns:
            Its value as plain data.

        Raises:
            StudentError: It is missing, or cannot be read.
            ConversationEndedError: The student's process hit a limit or ended.

        Example:
            >>> student.read("ANSWERS")["why"]
            'Overfitting'
        """
        answer = self._conversation.perform(Read(name), self._reference.answer)
        return self._result(Exchange(name, answer))

    def stand_in(self, names: tuple[str, ...]) -> None:
        """Replace functions in the student's code by the reference's, from now on. The engine calls this.

        Args:
            names: The functions to replace.

        Raises:
            StudentError: They cannot be replaced in the student's process.
        """
        self._reference.allow(names)
        self._arrange(StandIn(list(names)))

    def ban(self, names: tuple[str, ...]) -> None:
        """Forbid the student's code to call library functions, from now on. The engine calls this.

        Args:
            names: The functions, dotted: "torch.nn.functional.cross_entropy".

        Raises:
            StudentError: They cannot be forbidden in the student's process.
        """
        self._arrange(Ban(list(names)))

    def _arrange(self, request: StandIn | Ban) -> None:
        """Send a request that the check would not be fair without; raise `StudentError` if it fails."""
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
"""Matches what a starter's function raises, and finds the function's name in it."""
MAX_TEXT = 2_000
"""How many characters of a student's message are kept. A forged answer may be longer."""


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
            short = raised.kind == "shortage"
            return StudentError(Outcome.FAILED, f"`{name}` raised {text}{where}", doubtful=short)


def same_exchanges(one: Sequence[Exchange], other: Sequence[Exchange]) -> bool:
    """Return whether the same functions were asked and answered alike. False if nothing was asked."""
    return (
        len(one) == len(other) > 0
        and all(a.name == b.name for a, b in zip(one, other, strict=True))
        and all(same_answer(a.answer, b.answer) for a, b in zip(one, other, strict=True))
    )


def same_answer(one: Returned | Raised, other: Returned | Raised, rtol: float = 1e-6, atol: float = 1e-9) -> bool:
    """Return whether two answers are equal within tolerance, as the same mistake's are. An error equals nothing."""
    if isinstance(one, Raised) or isinstance(other, Raised):
        return False
    return same_value(one.value, other.value, rtol, atol)


def same_value(one: Any, other: Any, rtol: float = 1e-6, atol: float = 1e-9) -> bool:
    """Return whether two encoded values are equal within tolerance. Here NaN equals NaN."""
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
