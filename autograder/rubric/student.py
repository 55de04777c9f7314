"""Call the student's code, whose answers are untrusted."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec

from autograder.errors import ConversationEndedError, StudentError, UnacceptableValueError
from autograder.model import Outcome
from autograder.protocol.codec import decode, encode, with_tensors
from autograder.protocol.conversation import Conversation
from autograder.protocol.messages import Ban, Call, Drive, Raised, Read, Returned, StandIn, Touched
from autograder.protocol.values import ListValue, Opaque, TupleValue, Value
from autograder.rubric.contracts import REPEATS, Breach, anew, breach_of
from autograder.rubric.drivers import Driver, driver_of
from autograder.rubric.exchanges import Exchange, same_answer, same_exchanges
from autograder.rubric.reference import Reference

MOST_USED = 0.25
"""The share of a check's time after which a question is not asked again: right work has time for the rest."""


class Student:
    """The student's code. Call its functions by name: `student.f(x)` is `student.call("f", x)`.

    The code runs in another process; what comes back is plain data, fit for `compare` (docs/values.md). Another object
    comes back as an `Opaque`; handed to another function of the student's in the same check, it is itself again.

    Args:
        conversation: The connection to the student's process.
        reference: Answers the questions of stand-ins.
        repeated: The exchanges of an earlier run. The first answer that differs from theirs raises `StudentError`:
            nothing more has to be asked to know that two runs differ.
        slow: Functions that did not come to an end before, and get little time.
        watched: The function whose contract is watched; none if empty.
        forgiven: The kinds of breaches that were charged already.
        about: What the check is about: what a driver comes upon is told of it.
        numpy: Whether arrays arrive as arrays: else they count as tensors.

    Attributes:
        about: As given.
        exchanges: Every question so far, with its answer.
        calling: The function that was called last.
        breach: The first breach of the watched function's contract.

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
        watched: str = "",
        forgiven: frozenset[str] = frozenset(),
        *,
        about: str = "",
        numpy: bool = False,
    ) -> None:
        self._conversation = conversation
        self._reference = reference
        self._repeated = repeated
        self._slow = slow
        self._watched = watched
        self._forgiven = forgiven
        self._numpy = numpy
        self.about = about
        self.calling = ""
        self.exchanges: list[Exchange] = []
        self.breach: Breach | None = None

    @property
    def keeps_gradients(self) -> bool:
        """Whether the contract was kept so far, and gradients are asked for: not where a breach was charged before."""
        return self.breach is None and self._forgiven <= {REPEATS}

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Call the student's function on copies of the arguments.

        Args:
            name: The function.
            *args: Its arguments: plain data, generators, and what other functions of the student's returned.
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
            autograder.errors.StudentError: `huber` is not defined in your submission.
        """
        values = [encode(value) for value in args]
        named = {key: encode(value) for key, value in kwargs.items()}
        if name in self._slow:
            self._conversation.hurry()
        self.calling = name
        answer = self._conversation.perform(Call(name, values, named), self._reference.answer)
        if name == self._watched and isinstance(answer, Returned) and self.breach is None:
            self.breach = self._breach(name, values, named, answer)
        return self._result(Exchange(name, answer))

    def drive(self, driver: Driver | Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run a driver beside the student's code, on copies of the arguments.

        Args:
            driver: What `Exercise.driver` made.
            *args: Its arguments after the first: plain data, generators, and what the student's code returned.
            **kwargs: Its keyword arguments.

        Returns:
            What it returns as plain data.

        Raises:
            StudentError: Something that it uses is missing, not attempted, or raised.
            ConversationEndedError: The student's process hit a limit or ended.

        Example:
            >>> def both_ways(student, x, y):
            ...     return student.mse(x, y), student.mse(y, x)
            >>> student.drive(both_ways, torch.zeros(2), torch.tensor([1.0, 3.0]))
            (tensor(5.), tensor(5.))
        """
        driver = driver_of(driver)
        if driver.name in self._slow:
            self._conversation.hurry()
        self.calling = driver.name
        values, named = [encode(value) for value in args], {key: encode(value) for key, value in kwargs.items()}
        request = Drive(driver.name, driver.code, values, named)
        answer = self._conversation.perform(request, self._reference.answer)
        used = answer.message if isinstance(answer, Raised) and answer.kind == "missing" else self.about
        return self._result(Exchange(driver.name, answer), used)

    def _breach(self, name: str, values: list[Value], named: dict[str, Value], answer: Returned) -> Breach | None:
        """Return how an answer breaks the function's contract, unless that was charged before."""
        right = self._reference.again(name, values, named)
        found = None if right is None else breach_of(name, answer, right, (*values, *named.values()))
        again = not self.exchanges and REPEATS not in self._forgiven and self._conversation.used < MOST_USED
        if found is None and right is not None and again and same_answer(answer, right):
            found = self._not_repeated(name, values, named, answer, right)
        return None if found is None or found.kind in self._forgiven else found

    def _not_repeated(
        self, name: str, values: list[Value], named: dict[str, Value], answer: Returned, right: Returned
    ) -> Breach | None:
        """Ask the first question of a check once more: the same arguments, and generators that begin anew."""
        args, kwargs = anew(values, named)
        second = self._conversation.perform(Call(name, args, kwargs), self._reference.answer)
        if isinstance(second, Returned) and same_answer(answer, second):
            return None
        ours = self._reference.again(name, values, named)
        if ours is None or not same_answer(right, ours):
            return None  # nobody's answer is the same twice
        return Breach(REPEATS, f"`{name}` gives another answer when it is asked the same again.")

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

    def untouched(self, name: str) -> bool:
        """Return whether a function that answered None, or a variable that is None, has nothing written in it.

        The engine asks after a failure.

        Right work may return None, and do nothing, too: so what passes is never asked about.

        Args:
            name: The function or the variable.

        Returns:
            Whether nothing is written in it. False where it answered anything but None, or cannot be asked any more.
        """
        if not any(exchange.name == name and _is_blank(exchange.answer) for exchange in self.exchanges):
            return False
        try:
            answer = self._conversation.perform(Touched(name), self._reference.answer)
        except ConversationEndedError:
            return False
        return isinstance(answer, Returned) and answer.value is False

    def stand_in(self, names: tuple[str, ...], *, gradients: bool = True) -> None:
        """Replace functions in the student's code by the reference's, from now on. The engine calls this.

        Args:
            names: The functions to replace.
            gradients: Whether gradients come through them.

        Raises:
            StudentError: They cannot be replaced in the student's process.
        """
        self._reference.allow(names, gradients=gradients)
        self._arrange(StandIn(list(names), gradients))

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

    def _result(self, exchange: Exchange, of: str = "") -> Any:
        """Take down an answer and return its value; what raised is told of `of`, or of what was asked."""
        self.exchanges.append(exchange)
        if self._repeated and not same_exchanges(self.exchanges[-1:], self._repeated[len(self.exchanges) - 1 :][:1]):
            raise StudentError(Outcome.FAILED, "another answer")
        name, answer = exchange.name, exchange.answer
        if isinstance(answer, Raised):
            if answer.kind == "missing" and all(map(self._reference.knows, (name, answer.where))):
                answer = msgspec.structs.replace(answer, where="")  # both are asked for
            raise _student_error(of or name, answer)
        try:
            return decode(answer.value if self._numpy else with_tensors(answer.value))
        except UnacceptableValueError as error:
            raise StudentError(
                Outcome.FAILED, f"`{of or name}` returned something that cannot be read: {error}."
            ) from error


def _is_blank(answer: Returned | Raised) -> bool:
    """Return whether an answer is None, or `...`, or a tuple of them."""
    return isinstance(answer, Returned) and _is_nothing(answer.value)


def _is_nothing(value: Value) -> bool:
    if isinstance(value, ListValue | TupleValue):
        return all(map(_is_nothing, value.items))
    return value is None or (isinstance(value, Opaque) and value.type_name == BLANK)


BLANK = "ellipsis"
"""The type of `...`, as it comes from the student's side."""
MISSING = "not defined in your submission."
STARTERS = re.compile(r"Exercise \S+: (\w{1,100})")
"""Matches what a starter's function raises, and finds the function's name in it."""
MAX_TEXT = 2_000
"""How many characters of a student's message are kept. A forged answer may be longer."""


def _student_error(name: str, raised: Raised) -> StudentError:
    raised = Raised(raised.kind, raised.type_name[:100], raised.message[:MAX_TEXT], raised.where[:MAX_TEXT])
    where = f" ({raised.where})" if raised.where else ""
    match raised.kind:
        case "missing":
            near = f" You have `{raised.where}`: is it that one?" if raised.where else ""
            return StudentError(Outcome.FAILED, f"`{name}` is {MISSING}{near}")
        case "not attempted":
            found = STARTERS.fullmatch(raised.message)
            calls = f"`{name}` calls `{found[1]}`, which" if found and found[1] != name else f"`{name}`"
            return StudentError(Outcome.NOT_ATTEMPTED, f"{calls} is still to be written.")
        case "banned":
            return StudentError(
                Outcome.FAILED, f"`{name}` calls `{raised.message}`: this exercise asks you to write that{where}."
            )
        case "out of bounds":
            return StudentError(
                Outcome.FAILED, f"`{name}` {raised.message}: that is not allowed in what you write yourself{where}."
            )
        case "memory":
            return StudentError(Outcome.OUT_OF_MEMORY, f"`{name}` asked for more memory than is allowed{where}.")
        case _:
            text = f"{raised.type_name}: {raised.message}" if raised.message else raised.type_name
            short = raised.kind == "shortage"
            said = f"`{name}` raised {text}{where}"
            return StudentError(Outcome.FAILED, said, doubtful=short, raised=raised.type_name)
