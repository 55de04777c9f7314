"""Were arguments changed by the call that got them?"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autograder.protocol.codec import encode
from autograder.protocol.values import (
    DictValue,
    GeneratorValue,
    ListValue,
    Opaque,
    TensorValue,
    TupleValue,
    Value,
    same_data,
)


def changed_arguments(
    function: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    sent: Sequence[Value],
    sent_by_name: Mapping[str, Value],
) -> tuple[str, ...]:
    """Return the names of the arguments that no longer hold what was sent."""
    places = [place for place, (live, value) in enumerate(zip(args, sent, strict=True)) if not _holds(live, value)]
    named = [name for name, value in sent_by_name.items() if not _holds(kwargs[name], value)]
    if not places:
        return tuple(named)
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        names = []
    return (*(names[place] if place < len(names) else f"argument {place + 1}" for place in places), *named)


def _holds(live: Any, sent: Value) -> bool:
    """Return whether a live value is what was sent. A generator may go on, and a tensor begin to require gradients; of
    an object that was handed back nobody knows what it was."""
    match sent:
        case GeneratorValue() | Opaque():
            return True
        case TensorValue():
            now = encode(live)
            if not isinstance(now, TensorValue):
                return False
            return (now.dtype, now.shape, now.data) == (sent.dtype, sent.shape, sent.data)
        case ListValue() | TupleValue():
            return len(live) == len(sent.items) and all(map(_holds, live, sent.items))
        case DictValue():
            return len(live) == len(sent.items) and all(
                _holds(key, key_sent) and _holds(value, value_sent)
                for (key, value), (key_sent, value_sent) in zip(live.items(), sent.items, strict=True)
            )
        case _:
            return same_data(encode(live), sent)
