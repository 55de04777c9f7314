"""The student's side of a conversation: load the sources, then call what the grader asks for.

This module runs beside the student's code, so nothing it reports is evidence; it holds no secret.
"""

from __future__ import annotations
import __future__

import ast
import dis
import functools
import importlib.abc
import importlib.util
import inspect
import linecache
import operator
import re
import sys
import traceback
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import torch

from autograder.sandbox import bans, devices
from autograder.sandbox.messages import Ask, Ban, Call, Raised, Read, Request, Returned, StandIn
from autograder.sandbox.values import GeneratorValue, Value, decode, encode, printable

MAX_TEXT = 2_000
_FUTURES = functools.reduce(
    operator.or_, (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
)


class Asker(Protocol):
    """Sends a stand-in's question to the grader and waits for its answer."""

    def __call__(self, question: Ask) -> Returned | Raised: ...


class StandInError(Exception):
    """The reference refused a stand-in's arguments: the student's call was wrong."""


class Runtime:
    """One student's namespace and the requests that may be made of it; calls are made on `device`."""

    def __init__(
        self, namespace: dict[str, Any], ask: Asker, files: frozenset[str] = frozenset(), device: str = devices.CPU
    ) -> None:
        self._namespace = namespace
        self._asker = ask
        self._files = files
        self._device = device
        self._ban = bans.Ban((), ())
        self._generators: dict[tuple[int, int], torch.Generator] = {}

    def perform(self, request: Request) -> Returned | Raised:
        """Carry out one request. Student errors become `Raised`; SystemExit too. Never raises."""
        try:
            match request:
                case Call():
                    function = self._namespace[request.name]
                    args = [self._decode(value) for value in request.args]
                    kwargs = {key: self._decode(value) for key, value in request.kwargs.items()}
                    with devices.on(self._device), self._ban.on():
                        result = _drained(function(*args, **kwargs))
                    return Returned(encode(result))
                case Read():
                    return Returned(encode(self._namespace[request.name]))
                case StandIn():
                    for name in request.names:
                        self._replace(name, _stand_in(name, self._ask))
                    return Returned(None)
                case Ban():
                    self._ban = bans.Ban(request.names, [self._namespace, *map(vars, self._helpers())])
                    return Returned(None)
        except KeyError as error:
            if request_name(request) not in self._namespace:
                return Raised("missing", "NameError", request_name(request))
            return describe(error, self._files)
        except BaseException as error:
            return describe(error, self._files)

    def _replace(self, name: str, function: Callable[..., Any]) -> None:
        """Put a stand-in into the main module, and into each helper module that has the name too."""
        self._namespace[name] = function
        for module in self._helpers():
            if name in vars(module):
                setattr(module, name, function)

    def _helpers(self) -> list[types.ModuleType]:
        """The submission's own modules that are loaded, beside the main one."""
        names = (file.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for file in self._files)
        found = (sys.modules.get(name) for name in names)
        return [module for module in found if module and getattr(module, "__file__", None) in self._files]

    def _ask(self, question: Ask) -> Any:
        """What the reference answers to a stand-in. Raises `StandInError`."""
        with self._ban.lifted():
            reply = self._asker(question)
        if isinstance(reply, Raised):
            raise StandInError(f"{reply.type_name}: {reply.message}")
        return decode(reply.value, device=self._device)

    def _decode(self, value: Value) -> Any:
        return decode(value, self._generator, self._device)

    def _generator(self, key: int, seed: int) -> torch.Generator:
        if (key, seed) not in self._generators:
            self._generators[key, seed] = torch.Generator().manual_seed(seed)
        return self._generators[key, seed]


def request_name(request: Request) -> str:
    """What a request asks the student for; "" where it asks for nothing of theirs."""
    return "" if isinstance(request, StandIn | Ban) else request.name


def _drained(result: Any) -> Any:
    """A generator or an iterator counts as the list of what it yields (up to a million items)."""
    if inspect.iscoroutine(result):
        result.close()  # nobody will await it, and the warning would name our file
    if isinstance(result, Iterator):
        return [item for item, _ in zip(result, range(1_000_000), strict=False)]
    return result


def describe(error: BaseException, files: frozenset[str]) -> Raised:
    """An exception as the student should read it: type, message, and the deepest line of their own code."""
    kind = "error"
    if isinstance(error, NotImplementedError) and _by_raise(error):
        kind = "not attempted"
    elif isinstance(error, bans.BannedCall):
        kind = "banned"
    try:
        message = str(error)[:MAX_TEXT]
    except BaseException:
        message = ""
    if isinstance(error, MemoryError) or "can't allocate memory" in message:
        kind = "memory"
    where = ""
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename in files:
            where = f"{_place(frame.filename, frame.lineno or 1)}: {frame.line or ''}".strip()
    return Raised(kind, *map(printable, (type(error).__name__[:100], message, where[:MAX_TEXT])))


_CELL = re.compile(r"# cell (\d+)$")


def _place(name: str, line: int) -> str:
    """A line as the student knows it: intake marks where a notebook's cells begin, and IPython's names say nothing."""
    if "ipykernel" in name or name.startswith("<ipython"):
        return f"line {line} of its cell"
    if name.endswith(".ipynb"):
        for at, text in reversed(list(enumerate(linecache.getlines(name)[: line - 1], start=1))):
            if found := _CELL.match(text):
                return f"{name}, code cell {found[1]}, line {line - at}"
    return f"{name}, line {line}"


def _by_raise(error: BaseException) -> bool:
    """Whether a `raise` in Python made the error: the starter's did; torch's own come out of C."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return False
    return dis.opname[trace.tb_frame.f_code.co_code[trace.tb_lasti]] == "RAISE_VARARGS"


# --- loading -----------------------------------------------------------------------------------------------------


class _Sources(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the submission's own modules from memory. A name that is loaded already or belongs to the standard
    library is left alone: nothing shadows torch."""

    def __init__(self, files: dict[str, str]) -> None:
        self._files = files
        own = {name.partition("/")[0].removesuffix(".py") for name in files}
        self._own = own - set(sys.modules) - sys.stdlib_module_names

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: Any = None) -> Any:
        if fullname.partition(".")[0] not in self._own:
            return None
        base = fullname.replace(".", "/")
        for name, package in ((f"{base}.py", False), (f"{base}/__init__.py", True)):
            if name in self._files:
                return importlib.util.spec_from_loader(fullname, self, origin=name, is_package=package)
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        assert module.__spec__ is not None and module.__spec__.origin is not None
        run_source(module.__spec__.origin, self._files[module.__spec__.origin], module.__dict__)


def run_source(name: str, source: str, namespace: dict[str, Any]) -> None:
    """Execute one file's source in `namespace`, with its lines known to tracebacks.

    One statement after the other: where one fails, those after it still run, and then its error is raised.
    """
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    namespace["__file__"] = name
    whole = compile(source, name, "exec", dont_inherit=True)
    flags = whole.co_flags & _FUTURES
    first: BaseException | None = None
    for statement in ast.parse(source, name).body:
        try:
            exec(compile(ast.Module([statement], []), name, "exec", flags, dont_inherit=True), namespace)
        except BaseException as error:
            first = first or error
    if first is not None:
        raise first


def load(files: dict[str, str], main: str) -> tuple[dict[str, Any], Raised | None]:
    """Run the main file as module `submission`. Returns its namespace and the first error in it, if any.

    What does not depend on the failed statement is there all the same, and can still earn its points.
    """
    sys.meta_path.insert(0, _Sources(files))
    module = types.ModuleType("submission")
    sys.modules["submission"] = module
    try:
        run_source(main, files[main], module.__dict__)
    except BaseException as error:
        return module.__dict__, describe(error, frozenset(files))
    return module.__dict__, None


# --- stand-ins ---------------------------------------------------------------------------------------------------


def _stand_in(name: str, ask: Callable[[Ask], Any]) -> Callable[..., Any]:
    """A function that computes nothing itself: the grader computes the reference's result and its gradients."""

    def function(*args: Any, **kwargs: Any) -> Any:
        tensors = tensors_in((*args, *kwargs.values()))
        if not (torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)):
            return ask(Ask(name, _encoded(args), _encoded_map(kwargs)))
        structure: list[Any] = []
        results = _Remote.apply(ask, name, args, kwargs, structure, *tensors)  # type: ignore[no-untyped-call]
        flat = iter(results)
        return _refill(structure[0], flat)

    function.__name__ = function.__qualname__ = name
    return function


class _Remote(torch.autograd.Function):
    """Autograd through a stand-in: forward and backward are both asked of the grader."""

    @staticmethod
    def forward(
        ctx: Any, ask: Callable[[Ask], Any], name: str, args: Any, kwargs: Any, structure: list[Any], *tensors: Any
    ) -> Any:
        ctx.question = (ask, name, _encoded(args), _encoded_map(kwargs))
        result = ask(Ask(name, *ctx.question[2:]))
        flat: list[torch.Tensor] = []
        structure.append(_flatten(result, flat))
        return tuple(flat)

    @staticmethod
    def backward(ctx: Any, *upstream: Any) -> Any:
        ask, name, args, kwargs = ctx.question
        gradients = ask(Ask(name, args, kwargs, [encode(gradient) for gradient in upstream]))
        return (None, None, None, None, None, *gradients)


class _Slot:
    """Marks where a tensor stood in a flattened structure."""


def _flatten(value: Any, out: list[torch.Tensor]) -> Any:
    if isinstance(value, torch.Tensor):
        out.append(value)
        return _Slot
    if isinstance(value, list | tuple):
        return type(value)(_flatten(item, out) for item in value)
    if isinstance(value, dict):
        return {key: _flatten(item, out) for key, item in value.items()}
    return value


def _refill(value: Any, tensors: Iterator[torch.Tensor]) -> Any:
    if value is _Slot:
        return next(tensors)
    if isinstance(value, list | tuple):
        return type(value)(_refill(item, tensors) for item in value)
    if isinstance(value, dict):
        return {key: _refill(item, tensors) for key, item in value.items()}
    return value


def _encoded(args: Sequence[Any]) -> list[Value]:
    return [_encode_argument(value) for value in args]


def _encoded_map(kwargs: dict[str, Any]) -> dict[str, Value]:
    return {key: _encode_argument(value) for key, value in kwargs.items()}


def _encode_argument(value: Any) -> Value:
    if isinstance(value, torch.Generator):  # drawing the seed moves the generator on, as using it would
        return GeneratorValue(0, int(torch.randint(2**62, (), generator=value)))
    return encode(value)


def tensors_in(value: Any) -> list[torch.Tensor]:
    """The tensors of nested lists, tuples and dictionaries, in order: those that a stand-in gives gradients for."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = tuple(value.values())
    return [tensor for item in value for tensor in tensors_in(item)] if isinstance(value, list | tuple) else []
