"""A second device on every machine: torch's lazy tensors, which the CPU computes in the end.

They keep to themselves as a GPU's do: mixed with the CPU's they raise, and numpy does not take them. `register` makes
the device usable in this process; `SOURCE` does so at the top of a submission, for its sandbox.
"""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

LAZY = "lazy"


@cache
def register() -> Any:
    """Start the lazy device, and correct it where it goes wrong. What is returned has to be kept."""
    import torch
    import torch._lazy.ts_backend

    torch._lazy.ts_backend.init()

    def split_with_sizes(x, sizes, dim=0):  # its own views of several parts forget where they are
        starts = [sum(sizes[:i]) for i in range(len(sizes))]
        return [x.narrow(dim, start, size) for start, size in zip(starts, sizes, strict=True)]

    def split(x, size, dim=0):
        whole = x.shape[dim]
        return split_with_sizes(x, [min(size, whole - start) for start in range(0, max(whole, 1), size)], dim)

    def unbind(x, dim=0):
        return [x.select(dim, i) for i in range(x.shape[dim])]

    def logsumexp(x, dim, keepdim=False):  # its own calls torch.ops, which is banned in some exercises
        top = x.amax(dim, keepdim=True).detach()
        top = torch.where(top.abs() == float("inf"), torch.zeros_like(top), top)
        result = (x - top).exp().sum(dim, keepdim=True).log() + top
        return result if keepdim else result.squeeze(dim)

    library = torch.library.Library("aten", "IMPL")
    for name, function in (
        ("split_with_sizes", split_with_sizes),
        ("split.Tensor", split),
        ("unbind.int", unbind),
        ("logsumexp", logsumexp),
    ):
        library.impl(name, function, "AutogradLazy")
    return library


SOURCE = f"""from functools import cache
from typing import Any
{inspect.getsource(register.__wrapped__)}
_LIBRARY = register()
"""
