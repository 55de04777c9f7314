"""A second device besides the CPU: the same code and the same seeds there, and so nearly the same numbers."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn import init
from torch.overrides import TorchFunctionMode

from autograder.protocol.devices import CPU

_MADE = frozenset((torch.rand, torch.randn, torch.randint, torch.randperm))
_LIKE_ANOTHER = frozenset((
    torch.rand_like, torch.randn_like, torch.randint_like, torch.bernoulli, torch.multinomial, torch.normal,
    torch.poisson, torch.Tensor.bernoulli, torch.Tensor.multinomial,
))  # fmt: skip
_IN_PLACE = frozenset((
    torch.Tensor.normal_, torch.Tensor.uniform_, torch.Tensor.random_, torch.Tensor.bernoulli_,
    torch.Tensor.exponential_, torch.Tensor.log_normal_, torch.Tensor.geometric_, torch.Tensor.cauchy_,
))  # fmt: skip
"""Tensor methods that draw random numbers."""
_INITIALISES = frozenset((init.uniform_, init.normal_, init.kaiming_uniform_))
"""Those of `torch.nn.init` that a mode sees only from outside."""


@contextmanager
def on(device: str) -> Iterator[None]:
    """Inside, new tensors are made on `device`, and random numbers are drawn by the CPU and carried there.

    So code that never speaks of devices runs on either, and a seed or a generator gives the same numbers on both:
    generators belong to a device, and every kind of device draws its own. Dropout draws its masks on the device.

    No TensorFloat-32, whose factors carry 10 bits, and deterministic algorithms wherever there are any.
    """
    if device == CPU:
        yield
        return
    with torch.device(device), _DrawnByTheCpu(device), _strictly():
        yield


@contextmanager
def _strictly() -> Iterator[None]:
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # or cuBLAS has no deterministic algorithms
    matmul, before = torch.backends.cuda.matmul, torch.get_deterministic_debug_mode()
    tf32, matmul.allow_tf32 = matmul.allow_tf32, False
    torch.set_deterministic_debug_mode("warn")  # its better known other name imports a second of torch first
    try:
        with (
            warnings.catch_warnings(),
            torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False),
        ):
            warnings.filterwarnings("ignore", ".* does not have a deterministic implementation")
            yield
    finally:
        torch.set_deterministic_debug_mode(before)
        matmul.allow_tf32 = tf32


class _DrawnByTheCpu(TorchFunctionMode):
    """Sees every call of a torch function on this thread, but for those that one it has seen makes."""

    def __init__(self, device: str) -> None:
        super().__init__()
        self._device = device

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if "out" in kwargs:
            return func(*args, **kwargs)
        if func in _MADE:
            device = kwargs.pop("device", None) or self._device
            return _moved(func(*args, **kwargs, device=CPU), device)
        if func in _LIKE_ANOTHER:
            given = next((value.device for value in (*args, *kwargs.values()) if isinstance(value, torch.Tensor)), None)
            device = kwargs.pop("device", None) or given or self._device
            args = [_moved(value, CPU) for value in args]
            kwargs = {key: _moved(value, CPU) for key, value in kwargs.items()}
            with torch.device(CPU):
                return _moved(func(*args, **kwargs), device)
        if func in _IN_PLACE or func in _INITIALISES:
            return _filled(func, args, kwargs)
        return func(*args, **kwargs)


def _filled(func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """Fill a tensor in place with what `func` puts into one of that shape on the CPU."""
    target, *others = [*args, *kwargs.values()]
    refused = func in _IN_PLACE and target.is_leaf and target.requires_grad and torch.is_grad_enabled()
    if target.device.type == CPU or refused:
        return func(*args, **kwargs)  # which raises for a leaf, as on the CPU
    twin = torch.empty(target.shape, dtype=target.dtype, device=CPU)
    arguments = [twin, *(_moved(value, CPU) for value in others)]
    positional, named = arguments[: len(args)], dict(zip(kwargs, arguments[len(args) :], strict=True))
    func(*positional, **named)
    with torch.no_grad():
        return target.copy_(twin)


def _moved(value: Any, device: Any) -> Any:
    """A tensor on `device`, a leaf if it was one; anything else as it is."""
    if not isinstance(value, torch.Tensor):
        return value
    return value.detach().to(device).requires_grad_(value.requires_grad) if value.is_leaf else value.to(device)
