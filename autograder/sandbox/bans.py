"""Library functions that a student may not call while one check runs: found by what is called, whatever its alias.

It runs beside the student's code, so it stops shortcuts and is no wall: `rubric.shortcuts` looks at the source too.
"""

from __future__ import annotations

import importlib
import types
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode


class BannedCall(Exception):
    """The student's code called what the exercise asks to write. The message is the library function's name."""


def resolve(name: str) -> Any:
    """The object of a dotted name such as `torch.nn.functional.softmax`. Raises `LookupError` if there is none."""
    parts = name.split(".")
    for split in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:split]))
        except ImportError:
            continue
        try:
            for part in parts[split:]:
                found = getattr(found, part)
        except AttributeError:
            break
        return found
    raise LookupError(f"there is no {name}")


class Ban:
    """A set of banned names. `on` makes calling one of them raise `BannedCall`; `lifted` allows them for a while.

    A torch function is recognised as itself, so an alias or a bound method changes nothing. A class is stopped where
    an instance is made. Another Python function is replaced in its module, and wherever `namespaces` hold it.
    """

    def __init__(self, names: Sequence[str], namespaces: Sequence[dict[str, Any]]) -> None:
        self._namespaces = namespaces
        self._found = {name: resolve(name) for name in names}
        self._stack: ExitStack | None = None

    @contextmanager
    def on(self) -> Iterator[None]:
        """Inside, the banned functions raise."""
        self._enter()
        try:
            yield
        finally:
            self._leave()

    @contextmanager
    def lifted(self) -> Iterator[None]:
        """Inside, they work again: the grader's own work, in the middle of a student's call."""
        active = self._stack is not None
        self._leave()
        try:
            yield
        finally:
            if active:
                self._enter()

    def _enter(self) -> None:
        self._stack = ExitStack()
        if not self._found:
            return
        for name, banned in self._found.items():
            if isinstance(banned, type):
                self._stack.enter_context(_swapped(banned, "__init__", _raiser(name)))
            elif isinstance(banned, types.FunctionType):
                self._replace(name, banned)
        for packet in (torch._ops.OpOverloadPacket, torch._ops.OpOverload):  # this entrance goes past the mode
            self._stack.enter_context(_swapped(packet, "__call__", _raiser("torch.ops")))
        self._stack.enter_context(_Mode({id(banned): name for name, banned in self._found.items()}))

    def _leave(self) -> None:
        if self._stack is not None:
            self._stack.close()
            self._stack = None

    def _replace(self, name: str, banned: types.FunctionType) -> None:
        assert self._stack is not None
        parent, _, last = name.rpartition(".")
        self._stack.enter_context(_swapped(resolve(parent), last, _raiser(name)))
        for namespace in self._namespaces:
            for key, value in list(namespace.items()):
                if value is banned:
                    self._stack.enter_context(_swapped_item(namespace, key, _raiser(name)))


class _Mode(TorchFunctionMode):
    """Sees every call of a torch function on this thread, and raises for the banned ones (by identity)."""

    def __init__(self, names: dict[int, str]) -> None:
        super().__init__()
        self._names = names

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = self._names.get(id(func))
        if name is not None:
            raise BannedCall(name)
        return func(*args, **(kwargs or {}))


def _raiser(name: str) -> Any:
    def banned(*args: Any, **kwargs: Any) -> Any:
        raise BannedCall(name)

    return banned


@contextmanager
def _swapped(owner: Any, attribute: str, value: Any) -> Iterator[None]:
    own = attribute in vars(owner)
    before = vars(owner).get(attribute)
    setattr(owner, attribute, value)
    try:
        yield
    finally:
        if own:
            setattr(owner, attribute, before)
        else:
            delattr(owner, attribute)


@contextmanager
def _swapped_item(namespace: dict[str, Any], key: str, value: Any) -> Iterator[None]:
    before = namespace[key]
    namespace[key] = value
    try:
        yield
    finally:
        if namespace.get(key) is value:
            namespace[key] = before
