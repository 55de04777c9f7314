"""Wrong implementations (mutants) and differently written right ones (equivalents) of a solution.

They are written as plain functions in `mutants.py` and `equivalents.py`; names they do not define themselves
are looked up in the solution, so a mutant reads as short as the mistake it stands for.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Function = Callable[..., Any]


@dataclass(frozen=True)
class Mutant:
    """A plausible mistake in the function (or global) `of`, with the hint for the student who makes it."""

    name: str
    of: str
    hint: str
    change: Any


@dataclass(frozen=True)
class Equivalent:
    """A right solution written differently: the functions (or globals) it replaces."""

    name: str
    why: str
    changes: dict[str, Any]


class Variants:
    """Collects an assignment's mutants or equivalents; the module keeps one as `variants`. Those of `parts`, the other
    modules that they are written in where they are many, come first."""

    def __init__(self, *parts: Variants) -> None:
        self.mutants: list[Mutant] = [mutant for part in parts for mutant in part.mutants]
        self.equivalents: list[Equivalent] = [equivalent for part in parts for equivalent in part.equivalents]

    def mutant(self, of: str, hint: str) -> Callable[[Function], Function]:
        """Declare a mutant: the decorated function replaces the solution's `of`."""

        def add(function: Function) -> Function:
            self.mutants.append(Mutant(function.__name__, of, hint, function))
            return function

        return add

    def mutant_value(self, name: str, of: str, hint: str, value: Any) -> None:
        """Declare a mutant of a global that is not a function, such as the dictionary of short answers."""
        self.mutants.append(Mutant(name, of, hint, value))

    def equivalent(self, group: type) -> type:
        """Declare an equivalent: each public name of the decorated class replaces the solution's."""
        changes = {name: value for name, value in vars(group).items() if not name.startswith("_")}
        self.equivalents.append(Equivalent(group.__name__, (group.__doc__ or "").strip(), changes))
        return group


def apply(namespace: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Put `changes` into a solution's fresh namespace, in place; functions see that namespace as their globals.

    So do the helpers beside them in `mutants.py` that the solution does not define.
    """
    for name, value in changes.items():
        function = getattr(value, "__func__", value)
        if isinstance(function, types.FunctionType):
            home = function.__globals__
            for key, helper in home.items():
                if key not in namespace:
                    own = isinstance(helper, types.FunctionType) and helper.__globals__ is home
                    namespace[key] = _moved(helper, key, namespace) if own else helper
            value = _moved(function, name, namespace)
        namespace[name] = value
    return namespace


def _moved(function: types.FunctionType, name: str, namespace: dict[str, Any]) -> types.FunctionType:
    moved = types.FunctionType(function.__code__, namespace, name, function.__defaults__, function.__closure__)
    moved.__kwdefaults__ = function.__kwdefaults__
    moved.__doc__ = function.__doc__
    return moved
