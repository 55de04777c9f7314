"""Decide what a submission may import, and replace what it may not."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable

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

HELPER = "_autograder_intake"
HELPER_SOURCE = '''\
"""Added at intake: stands in for packages that are not here, and lets a failing line cost only itself."""

import contextlib
import sys


class _Failed:
    def __init__(self, problem):
        self._problem = problem

    def __call__(self, *args, **kwargs):
        raise RuntimeError(self._problem)


class _Missing:
    def __init__(self, package):
        self.__dict__["_package"] = package

    def _refuse(self, *args, **kwargs):
        package = self.__dict__["_package"]
        raise ModuleNotFoundError(f"{package} is not available in this assignment", name=package)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key):
        return self

    __call__ = __iter__ = __enter__ = __exit__ = __bool__ = __len__ = __setattr__ = __mro_entries__ = _refuse


def missing(package):
    return _Missing(package)


@contextlib.contextmanager
def attempt(place, names=(), namespace=None):
    """Run a block; after an error, `names` say which one when they are called."""
    try:
        yield
    except (Exception, SystemExit) as error:
        problem = f"{place} failed: {_described(error)}"
        with contextlib.suppress(Exception):
            print(problem, file=sys.stderr)
        for name in names:
            namespace.setdefault(name, _Failed(problem))


def _described(error):
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:
        return type(error).__name__


for _function in (_Failed.__call__, _Missing._refuse):  # an error is the line's that led here
    _function.__code__ = _function.__code__.replace(co_filename="intake")
'''


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
