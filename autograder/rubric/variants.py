"""Declare wrong implementations (mutants) and differently written right ones (equivalents) of a solution.

They are plain functions in `mutants.py` and `equivalents.py`. Names that they do not define themselves are looked up
in the solution, so a mutant reads as short as the mistake it stands for.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Function = Callable[..., Any]


@dataclass(frozen=True)
class Mutant:
    """A plausible mistake in the function, class, method or global `of`, with the hint for the student who makes it."""

    name: str
    of: str
    hint: str
    change: Any

    @property
    def owned(self) -> str:
        """What of it an exercise owns: of a method, its class."""
        return owned(self.of)


@dataclass(frozen=True)
class Equivalent:
    """A right solution written differently: the functions or globals that it replaces."""

    name: str
    why: str
    changes: dict[str, Any]


def adding(mutants: list[Mutant], of: str, hint: str) -> Callable[[Function], Function]:
    """Return a decorator that adds a function to `mutants` and returns it unchanged."""

    def add(function: Function) -> Function:
        mutants.append(Mutant(function.__name__, of, hint, function))
        return function

    return add


class Variants:
    """The mutants or equivalents of an assignment.

    `mutants.py` and `equivalents.py` each keep one as `variants`.

    Args:
        *parts: The variants of other modules, where there are too many for one; they come first.

    Attributes:
        mutants: The mutants, in order.
        equivalents: The equivalents, in order.

    Example:
        >>> losses, steps = Variants(), Variants()
        >>> @losses.mutant(of="mse", hint="The notes' MSE has no factor 1/2 in front.")
        ... def half_mse(prediction, target):
        ...     return ((prediction - target) ** 2).mean() / 2
        >>> variants = Variants(losses, steps)
        >>> [mutant.name for mutant in variants.mutants]
        ['half_mse']
    """

    def __init__(self, *parts: Variants) -> None:
        self.mutants: list[Mutant] = [mutant for part in parts for mutant in part.mutants]
        self.equivalents: list[Equivalent] = [equivalent for part in parts for equivalent in part.equivalents]

    def mutant(self, of: str, hint: str) -> Callable[[Function], Function]:
        """Declare the decorated function as a mutant.

        Args:
            of: The solution's function that it replaces; "Scalar.backward" is a method. A class replaces what it
                defines of the solution's class, and leaves the rest.
            hint: What a student reads whose answers are this mutant's: a question or a pointer, not the corrected line.

        Returns:
            A decorator, which returns the function unchanged.

        Example:
            >>> variants = Variants()
            >>> @variants.mutant(of="mae", hint="Where does the absolute value go?")
            ... def signed(prediction, target):
            ...     return (prediction - target).mean()
            >>> variants.mutants[0].of
            'mae'
        """
        return adding(self.mutants, of, hint)

    def mutant_value(self, name: str, of: str, hint: str, value: Any) -> None:
        """Declare a mutant of a global that is not a function, such as a dictionary of short answers.

        Args:
            name: What the mutant is called.
            of: The global that it replaces.
            hint: What a student reads who has this value.
            value: The wrong value.

        Example:
            >>> variants = Variants()
            >>> variants.mutant_value("epochs", "ANSWERS", "Updates, or epochs?", {"updates": 100})
            >>> variants.mutants[0].change
            {'updates': 100}
        """
        self.mutants.append(Mutant(name, of, hint, value))

    def equivalent(self, group: type) -> type:
        """Declare an equivalent: each public name of the decorated class replaces the solution's.

        Args:
            group: A class whose docstring says what is different and whose functions take no `self`.

        Returns:
            The class, unchanged.

        Example:
            >>> variants = Variants()
            >>> @variants.equivalent
            ... class by_hand:
            ...     '''A loop instead of a mean.'''
            ...     def mse(prediction, target):
            ...         return sum((p - t) ** 2 for p, t in zip(prediction, target)) / len(prediction)
            >>> list(variants.equivalents[0].changes)
            ['mse']
        """
        changes = {name: value for name, value in vars(group).items() if not name.startswith("_")}
        self.equivalents.append(Equivalent(group.__name__, (group.__doc__ or "").strip(), changes))
        return group


def owned(name: str) -> str:
    """Return what an exercise owns of a name: of a method, its class."""
    return name.partition(".")[0]


def apply(namespace: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Put `changes` into a fresh namespace of the solution, in place, and return it.

    A function among them is rebuilt with that namespace as its globals, and brings along the helpers of its own module
    that the solution does not define. "Scalar.backward" is a method; what a class defines replaces the solution's.
    """
    for name, value in changes.items():
        function = getattr(value, "__func__", value)
        target, _, method = name.partition(".")
        theirs = namespace.get(target)
        if method and isinstance(theirs, type):
            _replace(theirs, method, function, namespace)
        elif isinstance(value, type) and isinstance(theirs, type):
            for one, attribute in vars(value).items():
                if one not in _MADE:
                    _replace(theirs, one, attribute, namespace)
        elif isinstance(function, types.FunctionType):
            _bring_helpers(function, namespace)
            namespace[name] = _moved(function, name, namespace)
        else:
            namespace[name] = value
    return namespace


_MADE = frozenset(vars(type("_", (), {}))) | {
    "__qualname__", "__annotations__", "__firstlineno__", "__static_attributes__", "__annotate_func__",
}  # fmt: skip
"""What Python puts into every class by itself."""


def _replace(owner: type, name: str, value: Any, namespace: dict[str, Any]) -> None:
    """Replace an attribute of a class. A plain function becomes what there was: a static method, a class method."""
    kind = type(vars(owner).get(name))
    if isinstance(value, staticmethod | classmethod):
        kind, value = type(value), value.__func__
    if isinstance(value, types.FunctionType):
        _bring_helpers(value, namespace)
        value = _moved(value, name, namespace, owner)
        value = kind(value) if kind in (staticmethod, classmethod, property) else value
    setattr(owner, name, value)


def _bring_helpers(function: types.FunctionType, namespace: dict[str, Any]) -> None:
    """Put what a function's module defines, and the solution does not, into the solution's namespace."""
    home = function.__globals__
    for key, helper in home.items():
        if key not in namespace:
            own = isinstance(helper, types.FunctionType) and helper.__globals__ is home
            namespace[key] = _moved(helper, key, namespace) if own else helper


def _moved(
    function: types.FunctionType, name: str, namespace: dict[str, Any], owner: type | None = None
) -> types.FunctionType:
    """Return a copy of a function that has `namespace` as its globals; in a method, `super()` is that of `owner`."""
    cells = tuple(
        types.CellType(owner) if owner is not None and free == "__class__" else cell
        for free, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    )
    moved = types.FunctionType(function.__code__, namespace, name, function.__defaults__, cells or None)
    moved.__kwdefaults__ = function.__kwdefaults__
    moved.__doc__ = function.__doc__
    return moved
