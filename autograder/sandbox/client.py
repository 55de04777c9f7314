"""The grader's side of the boundary: a session for each submission, forked from a warm process."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType

from autograder.sandbox.conversation import SandboxUnavailable
from autograder.sandbox.devices import CPU
from autograder.sandbox.launch import Zygote
from autograder.sandbox.limits import Limits
from autograder.sandbox.session import Session

TORCH = ("numpy", "torch", "torch.nn", "torch.utils.data")
SMALL = ("matplotlib.pyplot", "scipy", "tqdm")
LARGE = ("pandas", "sklearn")
"""Libraries of so many files that each fork of a process that has them takes half as long again, and twice as long."""

MAIN = re.compile(r"^if __name__\b", re.MULTILINE)


class Sandbox:
    """Where submissions run. Threads may share it.

    The first zygote has what most submissions need, as `like`, the source of a typical one, tells. Another one is
    started for the first submission that names a larger library. With `preload`, there is one, which has imported that.

    `private` names the grader's own files, for the trial to try. `without` names layers to leave out: for tests, and
    to see what the rest is good for. With `unsafe`, no boundary is asked for.

    `device` is what students' code computes on. A second one, whose driver wants more of the machine, is to be had with
    namespaces only. Raises `SandboxUnavailable`.
    """

    def __init__(
        self,
        *,
        like: str = "",
        preload: tuple[str, ...] | None = None,
        unsafe: bool = False,
        private: Iterable[Path] = (),
        without: Iterable[str] = (),
        device: str = CPU,
    ) -> None:
        self.device = device
        self._new = partial(Zygote, unsafe=unsafe, private=tuple(private), without=tuple(without), device=device)
        self._one_for_all = preload is not None
        usual = _large({"": like})
        self._usual = self._new((*TORCH, *SMALL, *usual) if preload is None else preload)
        self._zygotes = {usual: self._usual}
        self._lock = threading.Lock()

    @property
    def boundary(self) -> tuple[str, ...]:
        """The layers that hold."""
        return self._usual.boundary

    @property
    def proofs(self) -> tuple[str, ...]:
        """What a trial fork could not reach."""
        return self._usual.proofs

    @property
    def problems(self) -> tuple[str, ...]:
        """Why other layers do not hold."""
        return self._usual.problems

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the zygotes and with them every session that is still open."""
        with self._lock:
            for zygote in self._zygotes.values():
                zygote.close()

    def open(self, files: dict[str, str], main: str, limits: Limits) -> Session:
        """A sandbox with the submission loaded. Raises `Ended` when loading does not end well for the student,
        and `SandboxUnavailable`. A zygote that is gone is started again."""
        return self._zygote(files).open(files, main, limits)

    def _zygote(self, files: Mapping[str, str]) -> Zygote:
        """The smallest that has what the sources name, started if there is none."""
        if self._one_for_all:
            return self._usual
        needed = _large(files)
        with self._lock:
            for has in sorted(self._zygotes, key=len):
                if len(needed) <= len(has):
                    return self._zygotes[has]
            self._zygotes[needed] = self._with(needed)
            return self._zygotes[needed]

    def _with(self, libraries: tuple[str, ...]) -> Zygote:
        """One behind the same boundary, or else the usual one: then the submission imports what it needs."""
        try:
            larger = self._new((*TORCH, *SMALL, *libraries))
        except SandboxUnavailable:
            return self._usual
        if larger.boundary == self.boundary:
            return larger
        larger.close()
        return self._usual


def _large(files: Mapping[str, str]) -> tuple[str, ...]:
    """The large libraries up to the largest that the sources name: so there are few different zygotes."""
    named = named_in(files, LARGE)
    return LARGE[: LARGE.index(named[-1]) + 1] if named else ()


def named_in(files: Mapping[str, str], libraries: Iterable[str]) -> tuple[str, ...]:
    """Those of the libraries that the sources import. What a module does only when it is started by itself, on data at
    home, does not count."""
    lines = [line.lstrip() for source in files.values() for line in MAIN.split(source)[0].splitlines()]
    imports = " ".join(line for line in lines if line.startswith(("import ", "from ")))
    return tuple(name for name in libraries if name.partition(".")[0] in imports)
