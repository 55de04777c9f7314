"""Find what could get round a ban, anywhere in a submission: what is outside of the list of what homework needs.

No ban in the student's own process is a wall. So whatever reaches below Python's surface or torch's is listed for a
person to look at, wherever it stands, and code that runs while a file is loaded is searched like any other.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator

from autograder.rubric.sources import Aliases, Sources, dotted_name, text_of, when_loaded

MODULES = frozenset((
    "__future__", "abc", "argparse", "array", "ast", "bisect", "calendar", "cmath", "collections", "colorsys",
    "contextlib", "copy", "csv", "dataclasses", "datetime", "decimal", "difflib", "doctest", "enum", "fractions",
    "functools", "gc", "getpass", "glob", "gzip", "hashlib", "heapq", "html", "inspect", "io", "itertools",
    "json", "keyword", "locale", "logging", "math", "numbers", "operator", "os", "pathlib", "pickle", "platform",
    "pprint", "queue", "random", "re", "secrets", "shutil", "statistics", "string", "sys", "tempfile",
    "textwrap", "time", "timeit", "traceback", "types", "typing", "unicodedata", "unittest", "urllib", "uuid",
    "warnings", "weakref", "zipfile", "zlib", "zoneinfo", "autograder", "einops", "gdown", "google",
    "ipywidgets", "IPython", "jaxtyping", "matplotlib", "mpl_toolkits", "numpy", "pandas", "PIL", "plotly",
    "pytest", "rich", "scipy", "seaborn", "sklearn", "tensorboard", "torch", "torchinfo", "torchmetrics",
    "torchsummary", "torchvision", "tqdm", "typing_extensions", "wandb",
))  # fmt: skip
"""What homework imports."""
OUTSIDE = tuple(
    re.compile(pattern)
    for pattern in (
        r"torch\.(?:ops|library|overrides|fx|jit|export|package|hub|multiprocessing|distributed|testing)\b.*",
        r"torch\.utils\.(?:cpp_extension|dlpack|_\w+)\b.*",
        r"torch\.autograd\.(?:gradcheck\.|forward_ad|graph).*",
        # torch's own names, but for those that everybody copies from it
        r"torch\.(?!nn\.init\.|nn\.modules\.|utils\.data\.|optim\.lr_scheduler\.)(?:\w+\.)*_(?!_).*",
        r"numpy\.(?:\w+\.)*_(?!_).*|numpy\.(?:f2py|ctypeslib|testing)\b.*",
        r"autograder\.(?!check$|practice$).+",
        r"os\.(?:fork\w*|exec\w*|spawn\w*|posix_spawn\w*|system|popen|kill\w*|register_at_fork)",
        r"sys\.(?:modules|_\w+|settrace|setprofile|monitoring|addaudithook|meta_path|path_hooks|call_tracing)\b.*",
        r"gc\.(?!collect$|enable$|disable$).+",
        r"inspect\.(?!signature$|getsource$|getdoc$|is\w+$|Parameter\b|Signature\b).+",
        r"types\.(?:FunctionType|CodeType|CellType|MethodType)",
        r"pickle\.loads|builtins\..+|logging\.currentframe|traceback\.(?:walk_\w+|StackSummary\b.*)",
        r"operator\.(?:attrgetter|methodcaller)",
    )
)
"""What is outside of the list in modules that are inside."""
FRAMES = frozenset((
    "f_back", "f_locals", "f_globals", "f_builtins", "f_code", "tb_frame", "gi_frame", "gi_code", "cr_frame",
    "ag_frame",
))  # fmt: skip
DUNDERS = frozenset((
    "__bases__", "__builtins__", "__closure__", "__code__", "__defaults__", "__func__", "__getattribute__",
    "__globals__", "__import__", "__kwdefaults__", "__loader__", "__mro__", "__reduce__", "__reduce_ex__",
    "__self__", "__spec__", "__subclasses__", "__torch_dispatch__", "__torch_function__", "__wrapped__",
))  # fmt: skip
"""Attributes that lead from an object to how it is made."""
DYNAMIC = ("eval", "exec", "compile", "__import__", "globals", "vars", "locals")
"""Builtins that run text or reach names by text; the last three are common outside of functions."""
PATCHED = frozenset((
    "torch", "numpy", "builtins", "sys", "autograder", "math", "gc", "inspect", "threading", "types", "operator",
    "functools",
))  # fmt: skip
"""Modules that nobody sets an attribute of."""
SETTINGS = re.compile(r"torch\.backends\b.*|sys\.(?:stdout|stderr|argv)|torch\.(?:set|cuda)\w*")


def detours(sources: Sources) -> Iterator[tuple[str, int, str]]:
    """Yield file, line and description of each place that could get round a ban."""
    for file, tree in sources.trees.items():
        own = {name.partition("/")[0].removesuffix(".py") for name in sources.trees}
        seen = set()
        for line, what in _in_file(tree, sources.aliases[file], own):
            if (line, what) not in seen:
                seen.add((line, what))
                yield file, line, what


def _in_file(tree: ast.Module, aliases: Aliases, own: set[str]) -> Iterator[tuple[int, str]]:
    inner: set[int] = set()  # parts of a longer dotted name
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        match node:
            case ast.Import(names=names):
                for name in names:
                    yield from _imported(line, name.name, own)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                yield from _imported(line, module, own)
                if module.partition(".")[0] not in own:
                    yield from ((line, found) for name in names if (found := _outside(f"{module}.{name.name}")))
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name in DUNDERS:
                yield line, name
            case ast.Name(id="__builtins__" | "__loader__" | "__spec__"):
                yield line, node.id
            case ast.Call(func=ast.Name(id=name)) if name in DYNAMIC[:4] and name not in aliases:
                yield line, f"{name}()"
            case ast.Call():
                yield from _set_by_call(node, aliases)
        if isinstance(node, ast.expr) and id(node) not in inner:
            dotted = dotted_name(node, aliases)
            if dotted is not None:
                inner |= {id(part) for part in ast.walk(node)}
                if found := _outside(dotted):
                    yield line, found
        if isinstance(node, ast.Attribute):
            yield from _attribute(node, aliases)
    for node in when_loaded(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
            target = dotted_name(node.args[0], aliases) if node.args else None
            if target is not None and len(node.args) > 1 and text_of(node.args[1]) is None:
                yield node.lineno, f"getattr({target}, …)"


def _imported(line: int, name: str, own: set[str]) -> Iterator[tuple[int, str]]:
    top = name.partition(".")[0]
    if top not in MODULES and top not in own:
        yield line, f"import {name}"
    elif top not in own and (found := _outside(name)):
        yield line, found


def _outside(dotted: str) -> str | None:
    """Return a library name that homework does not need, or None if it does."""
    if dotted.partition(".")[0] not in MODULES and dotted.partition(".")[0] in sys.stdlib_module_names:
        return dotted
    return dotted if any(pattern.fullmatch(dotted) for pattern in OUTSIDE) else None


def _attribute(node: ast.Attribute, aliases: Aliases) -> Iterator[tuple[int, str]]:
    own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
    if node.attr in FRAMES or node.attr in DUNDERS or (node.attr == "__dict__" and not own):
        yield node.lineno, f".{node.attr}"
    if isinstance(node.ctx, ast.Store | ast.Del):
        target = dotted_name(node.value, aliases)
        if target is not None and _is_patched(f"{target}.{node.attr}"):
            yield node.lineno, f"{target}.{node.attr} = …"


def _set_by_call(node: ast.Call, aliases: Aliases) -> Iterator[tuple[int, str]]:
    """Find `setattr(torch, ...)`, `torch.__setattr__(...)` and the like."""
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    if name not in ("setattr", "delattr", "__setattr__", "__delattr__"):
        return
    holders = [*node.args[:1], *([node.func.value] if isinstance(node.func, ast.Attribute) else [])]
    for holder in holders:
        target = dotted_name(holder, aliases)
        if target is not None and _is_patched(f"{target}.x"):
            yield node.lineno, f"{name}({target}, …)"


def _is_patched(dotted: str) -> bool:
    return dotted.partition(".")[0] in PATCHED and SETTINGS.fullmatch(dotted) is None
