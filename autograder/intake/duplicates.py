"""Settle which of several definitions of a name counts."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence

from autograder.intake.edits import Edits
from autograder.intake.recovery import Place
from autograder.intake.statements import Definition


def settle(
    definitions: Mapping[str, Sequence[ast.stmt]], worth: Callable[[ast.stmt], int], edits: Edits, place: Place
) -> Iterator[str]:
    """Keep the last definition of a function, unless it is the untouched starter and an earlier one is not.

    A value that the name gets later does not replace a function that was written: the loader sees to that. Yields
    remarks.
    """
    for name, every in definitions.items():
        written = any(isinstance(one, Definition) and worth(one) >= 2 for one in every)
        values = [one for one in every if written and is_value(one, name)]
        found = [one for one in every if one not in values]
        if values and isinstance(found[-1], Definition) and values[-1].lineno > found[-1].lineno:
            yield (
                f"`{name}` is your function ({place(found[-1].lineno)}): the value that this name gets later "
                f"({place(values[-1].lineno)}) does not replace it."
            )
        if len(found) < 2 or not any(isinstance(one, Definition) for one in found):
            continue
        best = max(map(worth, found))
        chosen = [one for one in found if worth(one) == best][-1]
        for later in found[found.index(chosen) + 1 :]:
            edits.remove(later)
        good = [one for one in found if worth(one) >= 2]
        if chosen is not found[-1]:
            yield f"`{name}` is defined more than once: the one you wrote counts, not the starter's."
        elif len(good) > 1 and all(isinstance(one, Definition) for one in good):
            yield f"`{name}` is defined {len(good)} times: the last one counts ({place(good[-1].lineno)})."


def is_value(statement: ast.stmt, name: str) -> bool:
    """Return whether a statement surely gives a name a value that is no function: a number, or what the function of
    that very name returned."""
    match statement:
        case ast.Assign(targets=targets, value=value):
            return any(map(lambda one: _is_value(one, name), _given(targets, value, name)))
        case ast.AnnAssign(value=ast.expr() as value):
            return _is_value(value, name)
        case ast.AugAssign() | ast.For() | ast.AsyncFor():
            return True
        case _:
            return False


def _given(targets: Sequence[ast.expr], value: ast.expr, name: str) -> Iterator[ast.expr]:
    """Yield what an assignment gives to a name, as far as it can be seen."""
    for target in targets:
        match target, value:
            case ast.Name(id=other), _ if other == name:
                yield value
            case ast.Tuple(elts=names), ast.Tuple(elts=values) if len(names) == len(values):
                for one, its in zip(names, values, strict=True):
                    yield from _given([one], its, name)


def _is_value(node: ast.expr, name: str) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=called)) if called == name:
            return True
        case ast.Call(func=ast.Attribute(value=inner), args=[]):  # `.item()`, `.detach()`
            return _is_value(inner, name)
        case ast.Call(func=ast.Name(id="float" | "int" | "round" | "str" | "len" | "sum" | "list")):
            return True
        case ast.Constant() | ast.BinOp() | ast.UnaryOp() | ast.Compare() | ast.JoinedStr():
            return True
        case ast.List() | ast.Tuple() | ast.Dict() | ast.Set() | ast.ListComp() | ast.DictComp() | ast.SetComp():
            return True
        case _:
            return False
