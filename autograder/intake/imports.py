"""Decide what a submission may import, and replace what it may not."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable

from autograder.intake.helper import HELPER

NOTEBOOK_PACKAGES = frozenset({"google", "IPython", "ipywidgets", "autograder"})
"""Packages of notebook services and of checking at home: absent when grading, and not worth a note."""

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


def stand_in(statement: ast.Import | ast.ImportFrom, allowed: frozenset[str]) -> str:
    """Return the statement on one line, with forbidden packages replaced; "pass" where nothing is left."""
    if isinstance(statement, ast.ImportFrom):
        package = (statement.module or "").split(".")[0]
        return _missing([name for name, _ in bindings(statement)], package)
    parts = []
    for alias in statement.names:
        one = ast.Import([alias])
        if forbidden(one, allowed):
            parts.append(_missing([name for name, _ in bindings(one)], alias.name.split(".")[0]))
        else:
            parts.append(ast.unparse(one))
    return "; ".join(parts)


def _missing(names: list[str], package: str) -> str:
    if not names:
        return "pass"
    return " = ".join(names) + f' = __import__("{HELPER}").missing({package!r})'
