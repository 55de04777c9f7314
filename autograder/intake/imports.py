"""Decide what a submission may import, and replace what it may not."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable

from autograder.intake.helper import HELPER

NOTEBOOK_PACKAGES = frozenset({"google", "IPython", "ipywidgets", "autograder"})
"""Packages of notebook services and of checking at home: absent when grading, and not worth a note."""

HARMLESS = (
    "torch.utils.tensorboard", "tensorboard", "tensorboardX", "wandb", "mlflow", "comet_ml", "neptune", "clearml",
    "aim", "livelossplot", "trackio", "swanlab", "visdom", "google.colab", "IPython", "ipywidgets", "ipdb",
    "nest_asyncio", "torchsummary", "torchinfo", "torchviz",
)  # fmt: skip
"""Packages that look on: what becomes of a function does not depend on them, so that what does nothing may stand in."""

_ALIASES = {"scikit-learn": ("sklearn",), "matplotlib": ("matplotlib", "mpl_toolkits")}
_ALWAYS = frozenset({"typing_extensions"})

_SURE = frozenset(
    f"{module}.{name}"
    for module, names in {
        "__future__": "annotations",
        "collections": "defaultdict Counter deque namedtuple OrderedDict abc",
        "collections.abc": "Callable Iterable Iterator Sequence Mapping Generator",
        "copy": "deepcopy copy",
        "dataclasses": "dataclass field",
        "datetime": "date datetime timedelta",
        "functools": "partial reduce lru_cache cache wraps",
        "itertools": "accumulate chain count islice pairwise product repeat starmap",
        "math": "ceil exp floor inf log pi sqrt tanh",
        "matplotlib": "pyplot",
        "pathlib": "Path",
        "random": "choice randint random shuffle",
        "torch": "Generator Tensor autograd nn optim tensor utils",
        "torch.nn": "Linear Module Parameter ReLU Sequential functional",
        "torch.utils": "data",
        "torch.utils.data": "DataLoader Dataset TensorDataset",
        "typing": "Any Callable Dict Iterable Iterator List Optional Sequence Tuple Union",
    }.items()
    for name in names.split()
)


def allowed_modules(packages: Iterable[str], own: Iterable[str]) -> frozenset[str]:
    """Return the top-level modules that may be imported: the standard library, `packages`, the student's own."""
    names = {module for package in packages for module in _ALIASES.get(package, (package,))}
    return frozenset(names) | frozenset(own) | _ALWAYS | sys.stdlib_module_names | {"__future__"}


def own_modules(paths: Iterable[str]) -> frozenset[str]:
    """Return the modules that files such as `helpers.py` or `tools/plots.py` can be imported as."""
    return frozenset(path.split("/")[0].removesuffix(".py") for path in paths if path.endswith(".py"))


def forbidden(statement: ast.Import | ast.ImportFrom, allowed: frozenset[str]) -> list[str]:
    """Return the packages that a statement imports although it may not."""
    if isinstance(statement, ast.ImportFrom):
        modules = [] if statement.level else [statement.module or ""]
    else:
        modules = [alias.name for alias in statement.names]
    return [top for top in dict.fromkeys(module.split(".")[0] for module in modules) if top not in allowed]


def cannot_fail(statement: ast.Import | ast.ImportFrom) -> bool:
    """Return whether an import works with every version of the libraries that a course may have."""
    if isinstance(statement, ast.Import):
        return all("." not in alias.name or alias.name in _SURE for alias in statement.names)
    return all(f"{statement.module}.{alias.name}" in _SURE for alias in statement.names)


def bindings(statement: ast.Import | ast.ImportFrom) -> list[tuple[str, str]]:
    """Return pairs (name in the module, what it stands for) of an import. A star import gives none."""
    if isinstance(statement, ast.ImportFrom):
        module = statement.module or ""
        return [(a.asname or a.name, f"{module}.{a.name}") for a in statement.names if a.name != "*"]
    return [(a.asname, a.name) if a.asname else (a.name.split(".")[0],) * 2 for a in statement.names]


def harmless(statement: ast.Import | ast.ImportFrom, allowed: frozenset[str]) -> list[str]:
    """Return the packages of an import for which something that does nothing may stand in."""
    if isinstance(statement, ast.Import):
        modules = [alias.name for alias in statement.names]
    elif statement.level:
        modules = []
    else:
        modules = [f"{statement.module}.{alias.name}" for alias in statement.names]
    found = (_harmless(module) for module in modules)
    return [name for name in dict.fromkeys(found) if name and (name.split(".")[0] not in allowed or "." in name)]


def _harmless(module: str) -> str:
    return next((name for name in HARMLESS if f"{module}.".startswith(f"{name}.")), "")


def stand_in(statement: ast.Import | ast.ImportFrom, allowed: frozenset[str]) -> str:
    """Return the statement on one line, with forbidden packages replaced; "pass" where nothing is left."""
    parts = []
    for alias in statement.names:
        one: ast.Import | ast.ImportFrom = ast.Import([alias])
        if isinstance(statement, ast.ImportFrom):
            one = ast.ImportFrom(statement.module, [alias], statement.level)
        names = [name for name, _ in bindings(one)]
        if harmless(one, allowed):
            known = isinstance(one, ast.Import) and not alias.asname and names[0] in allowed
            parts.append(f"import {names[0]}" if known else _standing_in(names, "nothing()"))
        elif refused := forbidden(one, allowed):
            parts.append(_standing_in(names, f"missing({refused[0]!r})"))
        else:
            parts.append(ast.unparse(one))
    return _merged(parts)


def _merged(parts: list[str]) -> str:
    """Return statements on one line: `a = missing(x); b = missing(x)` as `a = b = missing(x)`."""
    found: dict[str, list[str]] = {}
    for part in parts:
        name, equals, value = part.partition(" = ")
        found.setdefault(value if equals else part, []).append(f"{name} = " if equals else "")
    return "; ".join("".join(names) + value for value, names in found.items())


def _standing_in(names: list[str], by: str) -> str:
    return " = ".join([*names, f'__import__("{HELPER}").{by}']) if names else "pass"
