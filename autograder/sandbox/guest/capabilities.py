"""What a student's function may not do while one check runs: a capability taken away, not a list of names.

It runs in the student's own process, so it stops shortcuts and is no wall: `rubric.shortcuts` and `rubric.detours` list
for the TA what could get round it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any, NoReturn

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from autograder.errors import BannedCallError, OutOfBoundsError
from autograder.protocol.devices import CPU
from autograder.protocol.families import AUTOGRAD, families, libraries
from autograder.protocol.names import resolve
from autograder.sandbox.guest import bounds, refusals

CANARY = "_test_warn_in_autograd"
"""An operator that nobody needs. Each ban refuses it too, so that its refusal shows that the ban still stands."""

NO_GRAPH = "does not require grad and does not have a grad_fn"
"""What torch says to who asks for gradients below autograd."""
SWITCHED_OFF = "switches off what looks for library functions"


class Ban:
    """Banned names, and all that does the same work. `on` makes it raise; `lifted` allows it for a while.

    - Torch's functions are looked at as they are called, and operators at the dispatcher, whatever name led there.
    - Python functions refuse by themselves, wherever they are held: an alias or an old instance changes nothing.
    - Where gradients are banned, the call is below autograd, and forward mode and the reverse engine are refused.
    - Operators are looked at where torch's modes hold: on the CPU and on CUDA, not on other backends.
    - New threads and processes, which no mode sees, frames, and libraries that do the work are out of bounds.
    """

    def __init__(self, names: Sequence[str], namespaces: Sequence[dict[str, Any]], device: str = CPU) -> None:
        self._dispatches = torch.device(device).type in ("cpu", "cuda")
        found = {name: resolve(name) for name in names}
        self._names = {id(banned): name for name, banned in found.items()}
        self._families = families(names)
        self._no_gradients = AUTOGRAD in self._families
        self.libraries = frozenset(libraries(self._families))
        self._refusing = refusals.functions({**found, **refusals.members(self._families)})
        self._out_of_reach = refusals.stubs(self.libraries, namespaces)
        self._functions: dict[int, bool] = {}
        self._operators: dict[int, bool] = {}
        self._kept: list[Any] = []
        self.calling: Any = None
        self._refused = ""
        self._lifted = False
        self._seen = 0

    @contextmanager
    def on(self) -> Iterator[None]:
        """Inside, what is banned raises `BannedCallError`, and what goes round that `OutOfBoundsError`."""
        if not self._names:
            yield
            return
        self._refused = ""
        with ExitStack() as stack:
            stack.enter_context(refusals.swapped(self._refusing))
            stack.enter_context(refusals.out_of_reach(self._out_of_reach))
            stack.enter_context(bounds.watched(self))
            if self._dispatches:
                if self._no_gradients:
                    stack.enter_context(torch._C._AutoDispatchBelowAutograd())
                stack.enter_context(_Operators(self))
            stack.enter_context(_Functions(self))
            try:
                yield
            except RuntimeError as error:  # torch's own, for what was refused inside of it
                refused = "torch.autograd" if self._no_gradients and NO_GRAPH in str(error) else self._refused
                if refused:
                    raise BannedCallError(refused).with_traceback(error.__traceback__) from None
                raise
            if self._dispatches:
                self._stands()

    @property
    def is_lifted(self) -> bool:
        """Whether the grader's own work is being done."""
        return self._lifted

    @contextmanager
    def lifted(self) -> Iterator[None]:
        """Inside, torch's functions work again: the grader's own work, in the middle of a student's call.

        A flag, because torch takes modes off by itself while it runs a backward pass.
        """
        before, self._lifted = self._lifted, True
        try:
            yield
        finally:
            self._lifted = before

    def look_at(self, function: Any) -> None:
        """Raise `BannedCallError` where this is a banned function of torch's, or inside a transform for gradients."""
        if self._lifted:
            return
        banned = self._functions.get(id(function))
        if banned is None:
            plain = getattr(function, "__name__", "").partition(".")[0]
            banned = self._functions[id(function)] = id(function) in self._names or self._is_banned(plain)
            self._kept.append(function)  # so that its id stays its own
        if banned:
            self._refuse(self._names.get(id(function)) or called(function))
        if self._no_gradients:
            transform = torch._C._functorch.peek_interpreter_stack()
            if transform is not None and transform.key() in _DERIVES:
                self._refuse(_DERIVES[transform.key()])

    def look_at_operator(self, operator: Any) -> None:
        """Raise `BannedCallError` where this operator does the banned work, or is run by the engine of gradients."""
        self._seen += 1
        if self._lifted:
            return
        banned = self._operators.get(id(operator))
        if banned is None:
            plain = operator._schema.name.partition("::")[2]
            banned = self._operators[id(operator)] = self._is_banned(plain)
            self._kept.append(operator)
        if banned:
            self._refuse(called(operator if self.calling is None else self.calling))
        if self._no_gradients and torch._C._current_autograd_node() is not None:
            self._refuse("torch.autograd")

    def _refuse(self, name: str) -> NoReturn:
        self._refused = name
        raise BannedCallError(name)

    def _is_banned(self, name: str) -> bool:
        return name == CANARY or any(family.has(name) for family in self._families)

    def _stands(self) -> None:
        """Raise `OutOfBoundsError` unless functions and operators are still looked at, as before the call."""
        canary, seen = getattr(torch.ops.aten, CANARY).default, self._seen
        for functions_too in (True, False):
            try:
                with nullcontext() if functions_too else torch._C.DisableTorchFunction():
                    canary(torch.zeros(1))
            except BannedCallError:
                continue
            raise OutOfBoundsError(SWITCHED_OFF)
        if self._seen == seen:
            raise OutOfBoundsError(SWITCHED_OFF)


_DERIVES = {
    torch._C._functorch.TransformType.Grad: "torch.func.grad",
    torch._C._functorch.TransformType.Jvp: "torch.func.jvp",
}
"""The transforms that take derivatives, by what students know them as."""


class _Functions(TorchFunctionMode):
    """Sees every call of a torch function on this thread."""

    def __init__(self, ban: Ban) -> None:
        super().__init__()
        self._ban = ban

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        ban = self._ban
        ban.look_at(func)
        before, ban.calling = ban.calling, func
        try:
            return func(*args, **kwargs) if kwargs else func(*args)
        finally:
            ban.calling = before


class _Operators(TorchDispatchMode):
    """Sees every operator that is run on this thread."""

    def __init__(self, ban: Ban) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._ban = ban

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # or the first operator imports a second of torch, and each of them costs more

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self._ban.look_at_operator(func)
        return func(*args, **kwargs) if kwargs else func(*args)


def called(function: Any) -> str:
    """Return the name of a torch function as a student may have called it."""
    name = getattr(function, "__name__", "")
    if isinstance(function, torch._ops.OpOverloadPacket | torch._ops.OpOverload):
        return f"torch.ops.{function}"
    if hasattr(function, "__objclass__"):
        return f"torch.Tensor.{name}"
    module = getattr(function, "__module__", None) or "torch"
    return f"{'torch' if module.startswith('torch._') else module}.{name}"
