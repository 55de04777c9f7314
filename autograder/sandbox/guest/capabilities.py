"""Library functions that a student may not call while one check runs: found by what is called, whatever its alias.

It runs in the student's own process, so it stops shortcuts and is no wall: `rubric.shortcuts` looks at the source too.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from autograder.errors import BannedCallError
from autograder.protocol.names import resolve


class Ban:
    """A set of banned names. `on` makes calling one of them raise `BannedCallError`; `lifted` allows them for a while.

    A torch function is recognised as itself, so an alias or a bound method changes nothing. A class is stopped where
    an instance is made. Another Python function is replaced in its module, and wherever `namespaces` hold it.
    """

    def __init__(self, names: Sequence[str], namespaces: Sequence[dict[str, Any]]) -> None:
        self._namespaces = namespaces
        self._found = {name: resolve(name) for name in names}
        self._names = {id(banned): name for name, banned in self._found.items()}
        self._lifted = False

    @contextmanager
    def on(self) -> Iterator[None]:
        """Inside, the banned functions raise."""
        if not self._found:
            yield
            return
        with ExitStack() as stack:
            for name, banned in self._found.items():
                if isinstance(banned, type):
                    stack.enter_context(_swapped(banned, "__init__", self._guarded(name, banned.__init__)))  # type: ignore[misc]
                elif isinstance(banned, types.FunctionType):
                    self._replace(stack, name, banned)
            for packet in (torch._ops.OpOverloadPacket, torch._ops.OpOverload):  # this entrance goes past the mode
                stack.enter_context(_swapped(packet, "__call__", self._guarded("torch.ops", packet.__call__)))
            stack.enter_context(_Mode(self))
            yield

    @contextmanager
    def lifted(self) -> Iterator[None]:
        """Inside, they work again: the grader's own work, in the middle of a student's call.

        A flag, because torch takes modes off by itself while it runs a backward pass.
        """
        before, self._lifted = self._lifted, True
        try:
            yield
        finally:
            self._lifted = before

    def look_at(self, function: Any) -> None:
        """Raise `BannedCallError` where this is a banned function of torch's."""
        name = self._names.get(id(function))
        if name is not None and not self._lifted:
            raise BannedCallError(name)

    def _replace(self, stack: ExitStack, name: str, banned: types.FunctionType) -> None:
        guarded = self._guarded(name, banned)
        parent, _, last = name.rpartition(".")
        stack.enter_context(_swapped(resolve(parent), last, guarded))
        for namespace in self._namespaces:
            for key, value in list(namespace.items()):
                if value is banned:
                    stack.enter_context(_swapped_item(namespace, key, guarded))

    def _guarded(self, name: str, original: Any) -> Any:
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if self._lifted:
                return original(*args, **kwargs)
            raise BannedCallError(name)

        return guarded


class _Mode(TorchFunctionMode):
    """Sees every call of a torch function on this thread."""

    def __init__(self, ban: Ban) -> None:
        super().__init__()
        self._ban = ban

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self._ban.look_at(func)
        return func(*args, **(kwargs or {}))


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
