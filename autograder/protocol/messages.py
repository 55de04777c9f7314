"""The messages of a check's conversation. One socket a check: requests in, replies out, call-backs in between."""

from __future__ import annotations

import msgspec

from autograder.protocol.values import Value


class Call(msgspec.Struct, frozen=True, tag="call"):
    """Call the student's function `name`."""

    name: str
    args: list[Value]
    kwargs: dict[str, Value]


class Drive(msgspec.Struct, frozen=True, tag="drive"):
    """Run a driver: the function `name` that `code`, of ours, defines. It is given the student's work first."""

    name: str
    code: str
    args: list[Value]
    kwargs: dict[str, Value]


class Read(msgspec.Struct, frozen=True, tag="read"):
    """Read the plain value of the student's global `name` (a short answer)."""

    name: str


class StandIn(msgspec.Struct, frozen=True, tag="stand_in"):
    """Replace the student's globals `names` by stand-ins that ask the grader: for values, and for `gradients` too."""

    names: list[str]
    gradients: bool = True


class Ban(msgspec.Struct, frozen=True, tag="ban"):
    """From now on, the library functions `names` (dotted), and others that do their work, may not be called."""

    names: list[str]


class Touched(msgspec.Struct, frozen=True, tag="touched"):
    """Say whether the student has written anything in the function `name`, as True or False."""

    name: str


HELPER = "_autograder_intake"
"""The module of ours that intake adds to a submission's own."""

Request = Call | Drive | Read | StandIn | Ban | Touched


class Returned(msgspec.Struct, frozen=True, tag="returned"):
    """What the student's code returned, or what a stand-in gives. `changed`: arguments that are not as they were."""

    value: Value
    changed: tuple[str, ...] = ()


class Raised(msgspec.Struct, frozen=True, tag="raised"):
    """The student's code raised.

    `kind` is one of "missing", "not attempted", "memory", "banned", "out of bounds", "shortage" (of something that the
    kernel shares out) and "error".
    """

    kind: str
    type_name: str
    message: str
    where: str = ""

    @property
    def sentence(self) -> str:
        """Return what was raised, and where: "ValueError: no (line 3)"."""
        return f"{self.type_name}: {self.message}" + (f" ({self.where})" if self.where else "")


class Ask(msgspec.Struct, frozen=True, tag="ask"):
    """A stand-in was called: compute the reference's `name`. With `upstream`, send its gradients instead.

    `upstream` holds one gradient (or None) for each tensor of the flattened result;
    the answer is then a list with one gradient (or None) for each tensor in the arguments, in order.
    """

    name: str
    args: list[Value]
    kwargs: dict[str, Value]
    upstream: list[Value] | None = None


Reply = Returned | Raised | Ask


# --- a sandbox's life: what the grader and our own processes inside tell one another ------------------------------

FORK = b"F"
"""Asks the submission process for a fork that serves one check; the check's socket comes with it."""
SWEEP = b"S"
"""Asks the sandbox's init to end whatever a check has left running."""
SWEPT = b"s"
"""Its answer: nothing of the check is left."""


class Load(msgspec.Struct, frozen=True):
    """The sources, and the module to run.

    `skipped` are statements that are not run, by file and line: they ended the loading before. `plain`: only
    definitions, imports and plain values are.
    """

    files: dict[str, str]
    main: str
    skipped: tuple[tuple[str, int], ...] = ()
    plain: bool = False


class Loading(msgspec.Struct, frozen=True, tag="loading"):
    """A statement is about to run; `place` names it for the student."""

    file: str
    line: int
    place: str


class Loaded(msgspec.Struct, frozen=True, tag="loaded"):
    """The sources were run; `error` is what ended that early."""

    error: Raised | None


class Dead(msgspec.Struct, frozen=True):
    """Sent by the supervisor once every process of the namespace has ended, with the CPU seconds that they used."""

    status: int
    cpu_seconds: float
