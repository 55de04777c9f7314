"""What is done once, in the process that all submissions are forks of, so that no fork has to."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
from typing import Any

import torch

from autograder.protocol.devices import CPU
from autograder.sandbox.layers import kernel


def warm_up(preload: tuple[str, ...], device: str = CPU) -> None:
    """Import what submissions import, and let torch do what it puts off until its first use."""
    if device != CPU:
        count_gpus()
    for name in preload:
        with contextlib.suppress(Exception):  # what is missing here is missing for the student, who is told
            importlib.import_module(name)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    weight = torch.zeros(1, requires_grad=True)
    optimiser = torch.optim.Adam([weight])  # the first optimiser pulls in another second of imports
    torch.autograd.backward((weight * 2).sum())
    optimiser.step()
    _compile_eagerly()
    gc.collect()
    gc.freeze()  # nothing that every fork shares is looked at, and so copied, by its garbage collector
    kernel.all_into_huge_pages()


def _compile_eagerly() -> None:
    """Make `torch.compile` give back what it is given: there is no compiler in the sandbox, and compiling would cost a
    student minutes."""

    def compile(model: Any = None, **options: Any) -> Any:
        return model if model is not None else lambda function: function

    def compile_module(module: torch.nn.Module, *args: Any, **options: Any) -> None:
        """Leave the module as it is."""

    vars(torch)["compile"] = compile
    torch.nn.Module.compile = compile_module  # type: ignore[assignment]


def count_gpus() -> None:
    """A process that has asked CUDA's runtime anything hands its forks a GPU that they cannot use, and torch asks in
    the step of an optimiser, as submissions do while they are loaded. So a fork asks, once, and torch is told."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(theirs, bytes([min(torch.cuda.device_count(), 255)]))
        finally:
            os._exit(0)
    os.close(theirs)
    with open(ours, "rb") as answer:
        counted = answer.read()
    os.waitpid(child, 0)
    torch.cuda._cached_device_count = counted[0] if counted else 0
