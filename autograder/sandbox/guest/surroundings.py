"""What is there at home and not here: a notebook's functions, and a GPU that a submission takes for granted."""

from __future__ import annotations

import builtins
import functools
import sys
from collections.abc import Callable
from typing import Any

import torch

_MARK = "_of_the_loader"


class _Shell:
    """Answers for IPython's shell, and does nothing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: None


def furnish() -> None:
    """Put stand-ins where something is missing: `display`, `get_ipython`, a default device that is not there."""
    for name, value in (("display", lambda *args, **kwargs: None), ("get_ipython", _Shell)):
        if not hasattr(builtins, name):
            setattr(builtins, name, value)
    for setter in (torch.set_default_device, torch.set_default_tensor_type):
        if not hasattr(setter, _MARK):
            setattr(torch, setter.__name__, _only_where_it_is(setter))


def _only_where_it_is(setter: Callable[[Any], None]) -> Callable[[Any], None]:
    @functools.wraps(setter)
    def checked(device: Any) -> None:
        wanted = f"{getattr(device, '__module__', '')} {device}"
        missing = [kind for kind, is_there in _kinds() if kind in wanted and not is_there()]
        if missing:
            print(f"{setter.__name__}: there is no {missing[0]} here, so the CPU stays the default", file=sys.stderr)
        else:
            setter(device)

    setattr(checked, _MARK, True)
    return checked


def _kinds() -> tuple[tuple[str, Callable[[], bool]], ...]:
    return (
        ("cuda", torch.cuda.is_available),
        ("mps", torch.backends.mps.is_available),
        ("xpu", lambda: hasattr(torch, "xpu") and torch.xpu.is_available()),
    )
