"""The places of a batch: each grades one submission at a time, on cores of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Generic, TypeVar

S = TypeVar("S", bound=AbstractContextManager[Any])


class Place(Generic[S]):
    """Makes one slot after the other. A slot that has only read, and found that a report stands, reads the next
    submission too: nothing of the student's ran in it.

    Args:
        make: makes a slot on the given cores.
        cores: the cores that this place's slots stay on.
    """

    def __init__(self, make: Callable[[tuple[int, ...]], S], cores: tuple[int, ...]) -> None:
        self._make = make
        self._cores = cores
        self._kept: S | None = None
        self._keep = False
        self.reused = False

    @contextmanager
    def slot(self) -> Iterator[S]:
        """Give a slot, the kept one or a new one. It ends with the block, unless `keep` is called in it.

        `reused` tells meanwhile, and afterwards, whether it has read before: how it ends says nothing about this
        submission alone.
        """
        slot, self._kept = self._kept, None
        self.reused, self._keep = slot is not None, False
        if slot is None:
            slot = self._make(self._cores).__enter__()
        try:
            yield slot
            if self._keep:
                self._kept = slot
        finally:
            if self._kept is not slot:
                slot.__exit__(None, None, None)

    def keep(self) -> None:
        """Keep the slot that is in use for the next submission."""
        self._keep = True

    def close(self) -> None:
        """End the slot that was kept, if there is one."""
        slot, self._kept = self._kept, None
        if slot is not None:
            slot.__exit__(None, None, None)
