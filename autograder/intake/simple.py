"""Decide which statements at the top level are simple: cheap to run, with nothing to wait for."""

from __future__ import annotations

import ast
from collections.abc import Mapping


def _names(module: str, names: str) -> set[str]:
    return {f"{module}.{name}" if module else name for name in names.split()}


CHEAP = frozenset(
    _names("", "range len int float str bool list dict tuple set frozenset complex bytes slice type object")
    | _names("", "round abs min max sum sorted zip enumerate reversed pow divmod map filter any all")
    | _names("torch", "device tensor as_tensor manual_seed Generator arange linspace zeros ones eye full Size finfo")
    | _names("torch", "iinfo set_default_dtype set_num_threads set_printoptions get_default_dtype")
    | _names("torch", "use_deterministic_algorithms set_grad_enabled set_default_device from_numpy")
    | _names("torch.cuda", "is_available manual_seed manual_seed_all device_count")
    | _names("torch.backends.mps", "is_available")
    | _names("torch.nn", "ReLU Sigmoid Tanh Hardsigmoid LeakyReLU GELU Identity L1Loss MSELoss CrossEntropyLoss")
    | _names("numpy", "array asarray arange linspace zeros ones eye full finfo iinfo vectorize set_printoptions seterr")
    | _names("numpy", "float32 float64 int64 log exp sqrt")
    | _names("numpy.random", "seed default_rng RandomState")
    | _names("random", "seed Random")
    | _names("pandas", "set_option")
    | _names("functools", "partial")
    | _names("collections", "namedtuple OrderedDict defaultdict Counter deque")
    | _names("typing", "TypeVar NewType NamedTuple cast")
    | _names("pathlib", "Path PurePath")
    | _names("fractions", "Fraction")
    | _names("decimal", "Decimal")
    | _names("datetime", "date datetime timedelta")
    | _names("logging", "getLogger")
    | _names("warnings", "filterwarnings simplefilter")
    | _names("matplotlib", "use")
    | _names("re", "compile")
    | _names("operator", "itemgetter attrgetter")
    | _names("os", "getenv environ.get path.join path.dirname path.abspath")
)
"""Functions that may be called in a simple assignment, by the name they have in their own module."""

EFFECTS = (
    _names("", "seed manual_seed manual_seed_all update append extend setdefault add use filterwarnings simplefilter")
    | _names("", "seterr set_option set_num_threads set_default_dtype set_printoptions set_grad_enabled")
    | _names("", "set_default_device use_deterministic_algorithms")
)
"""Functions that may be called in a statement of their own, by the last part of their name."""

CHEAP_MODULES = frozenset({"math"})
CHEAP_METHODS = frozenset(
    _names("", "manual_seed split strip lower upper format join replace reshape view float double long int to tolist")
    | _names("", "item copy clone keys values items get unsqueeze squeeze update append extend setdefault add seed")
    | _names("", "parameters eval train requires_grad_")
)


def dotted(node: ast.expr, aliases: Mapping[str, str]) -> str:
    """Return `np.random.seed` as "numpy.random.seed"; "" for anything but names joined by dots."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([aliases.get(node.id, node.id), *reversed(parts)])


def is_literal(node: ast.expr | None) -> bool:
    """Return whether evaluating the expression cannot fail."""
    match node:
        case None | ast.Constant() | ast.Lambda():
            return True
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return all(map(is_literal, items))
        case ast.Dict(keys=keys, values=values):
            return all(isinstance(key, ast.Constant) for key in keys) and all(map(is_literal, values))
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=ast.Constant(value=int() | float())):
            return True
        case _:
            return False


def is_simple(node: ast.expr, aliases: Mapping[str, str]) -> bool:
    """Return whether an expression has only literals, names, arithmetic, displays, lambdas and cheap calls."""
    match node:
        case ast.Lambda():
            return True
        case ast.Await() | ast.Yield() | ast.YieldFrom():
            return False
        case ast.Call():
            return is_cheap_call(node, aliases)
        case _:
            return all(
                is_simple(child, aliases) if isinstance(child, ast.expr) else _simple_part(child, aliases)
                for child in ast.iter_child_nodes(node)
            )


def is_cheap_call(node: ast.Call, aliases: Mapping[str, str]) -> bool:
    """Return whether the function is known to be cheap and its arguments are simple."""
    name = dotted(node.func, aliases)
    is_class = (name.rpartition(".")[2] or ".")[0].isupper()  # making an object is cheap, by the naming convention
    known = is_class or name in CHEAP or name.split(".")[0] in CHEAP_MODULES
    if not known:
        if not (isinstance(node.func, ast.Attribute) and node.func.attr in CHEAP_METHODS):
            return False
        if not is_simple(node.func.value, aliases):
            return False
    return all(is_simple(value, aliases) for value in (*node.args, *(keyword.value for keyword in node.keywords)))


def _simple_part(node: ast.AST, aliases: Mapping[str, str]) -> bool:
    return all(
        is_simple(child, aliases) if isinstance(child, ast.expr) else _simple_part(child, aliases)
        for child in ast.iter_child_nodes(node)
    )


def loads(node: ast.AST) -> set[str]:
    """Return the names that a node reads, less those it binds itself (comprehensions, arguments)."""
    read: set[str] = set()
    own: set[str] = set()
    for child in ast.walk(node):
        if isinstance(child, ast.Name):
            (read if isinstance(child.ctx, ast.Load) else own).add(child.id)
        elif isinstance(child, ast.arg):
            own.add(child.arg)
        elif isinstance(child, ast.MatchAs | ast.MatchStar) and child.name:
            own.add(child.name)
    return read - own


def stores(node: ast.AST) -> set[str]:
    """Return the module-level names that a statement may bind: by assignment, import, definition, loop or `with`."""
    bound: set[str] = set()
    waiting = [node]
    while waiting:
        child = waiting.pop()
        match child:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                bound.add(name)
                continue
            case ast.Lambda() | ast.AnnAssign(value=None):
                continue
            case ast.Name(id=name, ctx=ast.Store()):
                bound.add(name)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                bound.add(name)
            case ast.alias(name=name, asname=other) if name != "*":
                bound.add(other or name.split(".")[0])
        waiting.extend(ast.iter_child_nodes(child))
    return bound
