"""Ask the hidden solution, also on behalf of stand-ins."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch

from autograder.errors import RubricError
from autograder.protocol.arguments import changed_arguments
from autograder.protocol.codec import KeptGenerators, decode, encode, make_generator, tensors_in, with_tensors
from autograder.protocol.conversation import Answerer
from autograder.protocol.drivers import Work, surroundings
from autograder.protocol.messages import Ask, Raised, Returned
from autograder.protocol.values import Value
from autograder.rubric.authored import near
from autograder.rubric.drivers import Driver, driver_of


class Reference:
    """The hidden solution. Call its functions by name: `reference.f(x)` is `reference.call("f", x)`.

    Each call gets fresh copies of its arguments. There is one for each run of a check: generators that the check draws
    keep their state in it, as they do on the student's side.

    Args:
        namespace: The solution's names and what they stand for.
        numpy: Whether arrays that a stand-in is asked about are arrays: else they are tensors.

    Example:
        >>> reference = Reference({"double": lambda x: 2 * x})
        >>> reference.double(torch.ones(2))
        tensor([2., 2.])
    """

    def __init__(self, namespace: dict[str, Any], *, numpy: bool = False) -> None:
        self._namespace = namespace
        self._allowed: frozenset[str] = frozenset()
        self._answerer: Answerer = partial(answer_question, namespace, numpy=numpy)
        self._generators = KeptGenerators()
        self._gradients = True
        self.asked: set[str] = set()

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Call a function of the solution on copies of the arguments.

        Args:
            name: The function.
            *args: Its arguments.
            **kwargs: Its keyword arguments.

        Returns:
            Its result, as it is. What the function raises is the grader's own error and is raised as it is.

        Raises:
            RubricError: The solution has no such function.

        Example:
            >>> reference.call("mse", torch.zeros(2), torch.tensor([1.0, 3.0]))
            tensor(5.)
        """
        if name not in self._namespace:
            raise RubricError(f"the solution has no `{name}`.{near(name, self._namespace)}")
        fresh = [self._copy(value) for value in args]
        return self._namespace[name](*fresh, **{key: self._copy(value) for key, value in kwargs.items()})

    def drive(self, driver: Driver | Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run a driver on the solution, with copies of the arguments.

        Args:
            driver: What `Exercise.driver` made.
            *args: Its arguments after the first.
            **kwargs: Its keyword arguments.

        Returns:
            What it returns, as it is.

        Example:
            >>> def both_ways(student, x, y):
            ...     return student.mse(x, y), student.mse(y, x)
            >>> reference.drive(both_ways, torch.zeros(2), torch.tensor([1.0, 3.0]))
            (tensor(5.), tensor(5.))
        """
        fresh = [self._copy(value) for value in args]
        fresh_named = {key: self._copy(value) for key, value in kwargs.items()}
        with surroundings():
            return driver_of(driver).function(Work(self._namespace), *fresh, **fresh_named)

    def knows(self, name: str) -> bool:
        """Return whether the solution has something by this name.

        Args:
            name: The name.

        Returns:
            Whether it is a function or a variable of the solution's.

        Example:
            >>> reference.knows("mse"), reference.knows("mean_squared")
            (True, False)
        """
        return name in self._namespace

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        return partial(self.call, name)

    def allow(self, names: Sequence[str], *, gradients: bool = True) -> None:
        """Let stand-ins ask for more functions. All others are refused.

        Args:
            names: The functions that a stand-in may ask for.
            gradients: Whether it may ask for their gradients, too.
        """
        self._allowed |= frozenset(names)
        self._gradients = gradients

    def again(self, name: str, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Returned | None:
        """Answer a question to the student as the solution would, on its own: generators begin anew.

        Args:
            name: The function.
            args: Its encoded arguments.
            kwargs: Its encoded keyword arguments.

        Returns:
            The encoded result and the arguments that were changed; None where the solution has no answer to it.
        """
        generators = KeptGenerators()
        live = [decode(value, generators) for value in args]
        live_named = {key: decode(value, generators) for key, value in kwargs.items()}
        function = self._namespace[name]
        try:
            result = encode(function(*live, **live_named))
        except Exception:  # there is no right answer to compare with
            return None
        return Returned(result, changed_arguments(function, live, live_named, args, kwargs))

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
        if question.upstream is not None and not self._gradients:
            return Raised("error", "PermissionError", f"no gradient comes through {question.name[:100]} here")
        self.asked.add(question.name)
        return self._answerer(question)

    def answered_by(self, answerer: Answerer) -> None:
        """Have stand-ins' questions answered by another process: what an answer costs is in the student's hand.

        Args:
            answerer: Takes a question, returns the encoded result or what was raised.
        """
        self._answerer = answerer

    def _copy(self, value: Any) -> Any:
        """Return a copy of plain data; any other object is handed on as it is."""
        objects: list[Any] = []

        def keep(one: Any) -> int:
            objects.append(one)
            return len(objects)

        return decode(encode(value, keep=keep), self._generators, objects=objects)


def answer_question(namespace: dict[str, Any], question: Ask, *, numpy: bool = False) -> Returned | Raised:
    """Answer a stand-in's question with the solution in `namespace`: a result, or a gradient for each tensor argument.

    Each answer depends on the question alone. What goes wrong becomes a `Raised`. Without `numpy`, arrays are tensors.
    """

    def live(value: Value) -> Any:
        return decode(value if numpy else with_tensors(value), make_generator)

    try:
        args = [live(value) for value in question.args]
        kwargs = {key: live(value) for key, value in question.kwargs.items()}
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
