"""The student's side of a conversation: load the sources, then call what the grader asks for.

This module runs in the student's own process, so nothing it reports is evidence; it holds no secret.
"""

from __future__ import annotations

import difflib
import inspect
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from autograder.errors import MissingNameError, StandInError
from autograder.protocol import drivers
from autograder.protocol.arguments import changed_arguments
from autograder.protocol.codec import KeptGenerators, decode, encode
from autograder.protocol.devices import CPU
from autograder.protocol.libraries import imported
from autograder.protocol.messages import (
    HELPER,
    Ask,
    Ban,
    Call,
    Drive,
    Raised,
    Read,
    Request,
    Returned,
    StandIn,
    Touched,
)
from autograder.protocol.values import Value
from autograder.sandbox.guest import capabilities, devices
from autograder.sandbox.guest.stand_ins import stand_in
from autograder.sandbox.guest.tracebacks import describe
from autograder.sandbox.guest.untouched import is_untouched


class Asker(Protocol):
    """Sends a stand-in's question to the grader and waits for its answer."""

    def __call__(self, question: Ask) -> Returned | Raised: ...


class Executor:
    """One student's namespace and the requests that may be made of it; calls are made on `device`."""

    def __init__(
        self, namespace: dict[str, Any], ask: Asker, files: frozenset[str] = frozenset(), device: str = CPU
    ) -> None:
        self._namespace = namespace
        self._asker = ask
        self._files = files
        self._device = device
        self._ban = capabilities.Ban((), ())
        self._generators = KeptGenerators()
        self._objects: list[Any] = []

    def perform(self, request: Request) -> Returned | Raised:
        """Carry out one request. Student errors become `Raised`; SystemExit too. Never raises."""
        try:
            match request:
                case Call():
                    function = self._namespace[request.name]
                    args, kwargs = self._arguments(request)
                    with devices.on(self._device), self._ban.on():
                        result = _made(_drained(function(*args, **kwargs)))
                    changed = changed_arguments(function, args, kwargs, request.args, request.kwargs)
                    return Returned(self._encode(result), changed)
                case Drive():
                    driver = drivers.define(request.name, request.code)
                    args, kwargs = self._arguments(request)
                    with devices.on(self._device), self._ban.on(), drivers.surroundings():
                        result = _drained(driver(drivers.Work(self._namespace), *args, **kwargs))
                        return Returned(self._encode(result))
                case Read():
                    with self._ban.on():  # what is read may compute itself
                        return Returned(self._encode(self._namespace[request.name]))
                case Touched():
                    return Returned(not is_untouched(self._namespace[request.name]))
                case StandIn():
                    for name in request.names:
                        self._replace(name, stand_in(name, self._ask, gradients=request.gradients))
                    return Returned(None)
                case Ban():
                    held = [self._namespace, *map(vars, self._helpers())]
                    self._ban = capabilities.Ban(request.names, held, self._device)
                    return Returned(None)
        except MissingNameError as error:
            return self._missing(str(error))
        except KeyError as error:
            name = request_name(request)
            return self._missing(name) if name and name not in self._namespace else self._described(error)
        except BaseException as error:
            return self._described(error)

    def _missing(self, name: str) -> Raised:
        near = difflib.get_close_matches(name, [key for key in self._namespace if not key.startswith("_")], 1)
        return Raised("missing", "NameError", name, *near)

    def _described(self, error: BaseException) -> Raised:
        return describe(error, self._files | {drivers.FILE})

    def _arguments(self, request: Call | Drive) -> tuple[list[Any], dict[str, Any]]:
        args = [self._decode(value) for value in request.args]
        return args, {key: self._decode(value) for key, value in request.kwargs.items()}

    def _replace(self, name: str, function: Callable[..., Any]) -> None:
        """Put a stand-in into the main module, and into each helper module that has the name too."""
        self._namespace[name] = function
        for module in self._helpers():
            if name in vars(module):
                setattr(module, name, function)

    def _helpers(self) -> list[types.ModuleType]:
        """The submission's own modules that are loaded, without the main one."""
        names = (file.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for file in self._files)
        found = (sys.modules.get(name) for name in names)
        return [module for module in found if module and getattr(module, "__file__", None) in self._files]

    def _ask(self, question: Ask) -> Any:
        """What the reference answers to a stand-in. Raises `StandInError`."""
        with self._ban.lifted():
            reply = self._asker(question)
        if isinstance(reply, Raised):
            raise StandInError(f"{reply.type_name}: {reply.message}")
        return decode(reply.value, device=self._device, library=imported)

    def _encode(self, value: Any) -> Value:
        return encode(value, keep=self._keep)

    def _keep(self, value: Any) -> int:
        """Keep an object that the grader may hand back in this check; return its handle."""
        self._objects.append(value)
        return len(self._objects)

    def _decode(self, value: Value) -> Any:
        return decode(value, self._generators, self._device, self._objects, imported)


def request_name(request: Request) -> str:
    """What a request asks the student for; "" where it asks for nothing of theirs by its name."""
    return "" if isinstance(request, StandIn | Ban | Drive) else request.name


def _made(value: Any) -> Any:
    """Return a value; raise what kept it from being made: a line at the top level that failed, an absent package."""
    owner = type(value)
    if owner.__module__ == HELPER and hasattr(owner, "_refuse"):
        owner._refuse(value)
    return value


def _drained(result: Any) -> Any:
    """A generator or an iterator counts as the list of what it yields (up to a million items)."""
    if inspect.iscoroutine(result):
        result.close()  # nobody will await it, and the warning would name our file
    if isinstance(result, Iterator):
        return [item for item, _ in zip(result, range(1_000_000), strict=False)]
    return result
