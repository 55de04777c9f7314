"""Play back what a check drew and what the reference answered when the release was made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import torch

from autograder.errors import NotRecordedError
from autograder.protocol.codec import decode, encode
from autograder.protocol.libraries import imported
from autograder.protocol.messages import Ask, Raised, Returned
from autograder.protocol.values import Value
from autograder.rubric.draw import Draw
from autograder.rubric.drivers import Driver, driver_of
from autograder.rubric.exchanges import same_value
from autograder.rubric.reference import Reference


class Answered(msgspec.Struct, frozen=True):
    """One call of the reference: its arguments and its result."""

    name: str
    args: list[Value]
    result: Value


class Right(msgspec.Struct, frozen=True):
    """What the reference returned where the student was asked: its kind, with what arguments it changed, is watched."""

    name: str
    args: list[Value]
    kwargs: dict[str, Value]
    result: Returned


class Recorded(msgspec.Struct, frozen=True):
    """One run of a check in one dtype: the inputs it drew, in order, and the reference's answers."""

    dtype: str
    draws: list[Value]
    answers: list[Answered]
    rights: list[Right]


class RecordedReference(Reference):
    """Answers each function's calls in the order in which they were recorded, if they are the same calls."""

    def __init__(
        self, answers: Sequence[Answered], rights: Sequence[Right] = (), names: frozenset[str] = frozenset()
    ) -> None:
        super().__init__({})
        self._answers = list(answers)
        self._rights = rights
        self._names = names

    def knows(self, name: str) -> bool:
        """Return whether students are asked for something by this name."""
        return name in self._names

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Return the recorded result. Raises `NotRecordedError` for arguments that were not recorded."""
        for place, answer in enumerate(self._answers):
            if answer.name == name:
                del self._answers[place]
                asked = [encode(value) for value in (*args, *kwargs.values())]
                if len(asked) != len(answer.args) or not all(map(same_value, asked, answer.args)):
                    raise NotRecordedError
                return decode(answer.result, library=imported)
        raise NotRecordedError

    def drive(self, driver: Driver | Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Return the recorded result of a driver. Raises `NotRecordedError` for arguments that were not recorded."""
        return self.call(driver_of(driver).name, *args, **kwargs)

    def again(self, name: str, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Returned | None:
        """Return what was recorded for these arguments; None where nothing was."""
        for right in self._rights:
            if right.name == name and len(right.args) == len(args) and right.kwargs.keys() == kwargs.keys():
                pairs = [*zip(right.args, args, strict=True), *((right.kwargs[key], kwargs[key]) for key in kwargs)]
                if all(same_value(one, other) for one, other in pairs):
                    return right.result
        return None

    def answer(self, question: Ask) -> Returned | Raised:
        """Refuse: there are no stand-ins at home."""
        return Raised("error", "PermissionError", "there are no stand-ins here")


class RecordedDraw(Draw):
    """Returns the recorded draws in their order: the same inputs on every machine."""

    def __init__(self, draws: Sequence[Value], dtype: torch.dtype) -> None:
        super().__init__(0, dtype)
        self._draws = list(draws)

    def _made(self, value: Any) -> Any:
        if not self._draws:
            raise NotRecordedError
        return decode(self._draws.pop(0), library=imported)
