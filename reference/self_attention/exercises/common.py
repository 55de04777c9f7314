"""What checks of several exercises share."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from autograder.rubric import (
    Draw,
    MismatchError,
    expect,
)

LIBRARY_ATTENTION = ("torch.nn.functional.scaled_dot_product_attention", "torch.nn.MultiheadAttention")


def tensor(values: object, draw: Draw) -> torch.Tensor:
    """Literal numbers in the dtype of the run."""
    return torch.tensor(values, dtype=draw.dtype)


def several(value: object, what: str, count: int) -> list[object]:
    """A tuple or list of `count` values, or a MismatchError."""
    if not isinstance(value, list | tuple) or len(value) != count:
        raise MismatchError(f"expected {count} values: {what}.")
    return list(value)


#: Leading axes (none, a batch, batch and heads), then T, S, d and e; in the last, q, k and v have one shape.
SIZES = (
    ((), 2, 3, 4, 5),
    ((2,), 5, 7, 3, 4),
    ((3, 2), 4, 6, 5, 2),
    ((2,), 4, 4, 3, 5),
    ((1,), 1, 3, 2, 4),
    ((2,), 3, 3, 4, 4),
)


def trained(part: torch.Tensor) -> torch.Tensor:
    """The same input on its way to an optimiser: what is computed from it has gradients."""
    return part.clone().requires_grad_()


def queries_keys_values(draw: Draw, lead: tuple[int, ...], t: int, s: int, d: int, e: int) -> list[torch.Tensor]:
    """q (*lead, t, d), k (*lead, s, d), v (*lead, s, e)."""
    return [draw.normal(*lead, t, d), draw.normal(*lead, s, d), draw.normal(*lead, s, e)]


def library_attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Attention, written apart from the reference."""
    return torch.softmax(torch.einsum("...td,...sd->...ts", q, k) / q.shape[-1] ** 0.5, dim=-1) @ v


def matrices(draw: Draw, width: int) -> list[torch.Tensor]:
    """Four distinct random (width, width) matrices that keep the size of what they transform."""
    return [draw.normal(width, width, scale=width**-0.5) for _ in range(4)]


def two_axes(mask: object, what: str) -> None:
    """A mask of one position has both of its axes: a comparison takes every single number for the same."""
    axes = mask.ndim if isinstance(mask, torch.Tensor) else 2
    expect(axes == 2, f"{what}: the mask for a length of 1 has {axes} axes; asked for are two, (1, 1).")


def real(lengths: Sequence[int], size: int) -> torch.Tensor:
    """The padding mask (B, size), written apart from the reference."""
    return torch.stack([torch.cat([torch.ones(n), torch.zeros(size - n)]).bool() for n in lengths])


def random_mask(draw: Draw, *shape: int) -> torch.Tensor:
    """A mask with about two thirds True, and in every row a True and a False."""
    mask = draw.uniform(*shape) < 0.66
    mask[..., 0], mask[..., -1] = True, False
    return mask[..., draw.permutation(shape[-1])]
