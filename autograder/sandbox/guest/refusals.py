"""Python code that refuses to be called: functions by their code, whoever holds them, and whole libraries."""

from __future__ import annotations

import inspect
import operator
import sys
import types
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import torch

from autograder.errors import OutOfBoundsError
from autograder.protocol.families import NOT_OPTIMISERS, Family

Refusing = Sequence[tuple[types.FunctionType, types.CodeType, types.CodeType]]
"""Functions with their own code and the code that refuses."""


def members(families: Iterable[Family]) -> dict[str, Any]:
    """Return what the families have in Python code, by name. What is not loaded is left out, and stays so."""
    found = {}
    for name in (name for family in families for name in family.names):
        module = name
        while module and module not in sys.modules:
            module = module.rpartition(".")[0]
        with suppress(AttributeError, KeyError):
            rest = name.removeprefix(module).strip(".")
            found[name] = operator.attrgetter(rest)(sys.modules[module]) if rest else sys.modules[module]
    return found


def functions(banned: Mapping[str, Any]) -> Refusing:
    """Return the Python functions that do the work of what is banned, with code that refuses in its name."""
    found: dict[int, tuple[types.FunctionType, types.CodeType, types.CodeType]] = {}
    for name, thing in banned.items():
        for function in _functions_of(thing):
            shown = f"{function.__module__}.{function.__name__}" if isinstance(thing, types.ModuleType) else name
            found.setdefault(id(function), (function, function.__code__, _refusal(shown, function)))
    return tuple(found.values())


@contextmanager
def swapped(refusing: Refusing) -> Iterator[None]:
    """Inside, the functions refuse."""
    try:
        for function, _, refusal in refusing:
            function.__code__ = refusal
        yield
    finally:
        for function, own, _ in refusing:
            function.__code__ = own


def _functions_of(thing: Any) -> Iterator[types.FunctionType]:
    """Yield the innermost Python functions of a function, a class or a module. What is written in C has none."""
    if isinstance(thing, types.ModuleType):
        for name, module in list(sys.modules.items()):
            inside = name == thing.__name__ or name.startswith(f"{thing.__name__}.")
            if inside and isinstance(module, types.ModuleType) and not name.startswith(NOT_OPTIMISERS):
                own = [one for one in vars(module).values() if getattr(one, "__module__", "") == name]
                for one in own:
                    yield from _functions_of(one)
    elif isinstance(thing, type):
        for name in _working_methods(thing):
            yield from _functions_of(vars(thing).get(name))
    else:
        thing = getattr(thing, "_implementation", thing)  # how NumPy wraps its own
        with suppress(ValueError):
            thing = inspect.unwrap(thing)
        if isinstance(thing, types.FunctionType):
            yield thing


def _working_methods(owner: type) -> Iterable[str]:
    """Return the methods that do a class's work. To make a layer or an optimiser and not use it is no crime."""
    if issubclass(owner, torch.nn.Module):
        return ("forward",)
    if issubclass(owner, torch.optim.Optimizer):
        return ("step",)
    return [name for name in vars(owner) if name in ("__init__", "__call__", "__enter__") or not name.startswith("_")]


def _refusal(name: str, function: types.FunctionType) -> types.CodeType:
    """Return code for this function that raises `BannedCallError` with the banned name."""

    def refused(*args: Any, **kwargs: Any) -> NoReturn:
        from autograder.errors import BannedCallError

        raise BannedCallError("the banned name")

    code = refused.__code__
    constants = tuple(name if one == "the banned name" else one for one in code.co_consts)
    return code.replace(co_consts=constants, co_freevars=function.__code__.co_freevars)


class OutOfReach(types.ModuleType):
    """Stands where a library or something of it stood, and refuses."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise OutOfBoundsError(f"uses `{self.__name__}`")

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise OutOfBoundsError(f"uses `{self.__name__}`")


Stubs = Sequence[tuple[dict[str, Any], str, Any, OutOfReach]]
"""Places where something of a library is held: the dictionary, the key, what is there, and what refuses."""


def stubs(libraries: Collection[str], namespaces: Sequence[dict[str, Any]]) -> Stubs:
    """Return where these libraries are held: among the loaded modules, and in `namespaces`."""
    if not libraries:  # a look at every module copies the pages that they are in: 8 ms for each check
        return ()
    loaded = [(name, module) for name, module in sys.modules.items() if name.partition(".")[0] in libraries]
    found = [(sys.modules, name, module, OutOfReach(name.partition(".")[0])) for name, module in loaded]
    for namespace in namespaces if loaded else ():
        for key, value in namespace.items():
            origin = _origin(value)
            if origin.partition(".")[0] in libraries:
                found.append((namespace, key, value, OutOfReach(origin.partition(".")[0])))
    return tuple(found)


@contextmanager
def out_of_reach(held: Stubs) -> Iterator[None]:
    """Inside, all of it refuses."""
    try:
        for holder, key, _, refusing in held:
            holder[key] = refusing
        yield
    finally:
        for holder, key, own, refusing in held:
            if holder.get(key) is refusing:
                holder[key] = own


def _origin(value: Any) -> str:
    """Return the module that something comes from; for an instance, that of its class. Runs no code of the value's."""
    if isinstance(value, types.ModuleType):
        return str(value.__name__)
    owner = value if isinstance(value, type | types.FunctionType | types.BuiltinFunctionType) else type(value)
    module = getattr(owner, "__module__", "")
    return module if isinstance(module, str) else ""
