"""Turn test code into a check: it runs on the grader's side, and calls alone cross to the student's.

The test's own statements stay as they are. `mse(a, b)` becomes `student.mse(a, b)`, a student's variable
`student.read("loss")`; each assertion becomes a comparison of what came back, so that the verdict is the grader's.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from autograder.release.importing.assertions import Comparison, Condition, Demand, Shown, demands_of, said
from autograder.release.importing.names import Kind, Names, bound, reads
from autograder.release.importing.raising import Raising, raising_in
from autograder.release.importing.testcode import AUTOTEST, SHOWN
from autograder.rubric.student import Student

Node = TypeVar("Node", bound=ast.AST)

TAKEN = frozenset(name for name in vars(Student)) | {"exchanges", "calling", "breach"}
"""Names that `student.NAME` means something else by."""
LONGEST = 70
"""Characters of code that are shown in a message."""
VOCABULARY = ("compare", "expect", "raises")
ASK_FOR_ERRORS = 'Write it with `raises(student, "ValueError", "f", ...)` (docs/rubric.md)'
TEST_LIBRARIES = frozenset({"pytest", "unittest", "nose", "otter", "doctest", "nbgrader"})


class NotConvertedError(Exception):
    """A statement that cannot become part of a check; says why, and what to do."""

    def __init__(self, why: str, todo: str) -> None:
        super().__init__(why)
        self.todo = todo


@dataclass
class Converted:
    """A piece of a check.

    Attributes:
        code: Its lines; a comment where nothing could be made of it.
        demands: Whether it demands anything.
        problem: Why it could not be converted, and what to do; None where it could.
    """

    code: list[str]
    demands: bool = False
    problem: NotConvertedError | None = None


@dataclass
class Crossing:
    """Converts the statements of one check, one after the other.

    Attributes:
        names: Whose the notebook's names are.
        function: What the check is about.
        public: Whether its messages may show the test.
        failure: What the author says where it fails; "" for nothing.
        tainted: Local names that hold what came from the student.
        lost: Local names whose statements could not be converted.
        used: The names of the rubric's vocabulary that it needs.
    """

    names: Names
    function: str
    public: bool
    failure: str = ""
    tainted: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    _local: set[str] = field(default_factory=set)

    def convert(self, statement: ast.stmt) -> Converted:
        """Convert a statement of the test's top level."""
        now, later = reads(statement)
        sets = set(bound(statement))
        try:
            if gone := (now | later) & self.lost:
                name = min(gone)
                raise NotConvertedError(f"it needs `{name}`, which was not converted", f"Write `{name}` first")
            made = list(self._statement(statement))
        except NotConvertedError as problem:
            self.lost |= sets
            text = ast.unparse(_readable(statement)).split("\n")
            return Converted([f"# Not converted: {problem}.", *(f"# {line}" for line in text)], problem=problem)
        if self._touches(statement) or any(_is_demand(node) for one in made for node in ast.walk(one)):
            self.tainted |= sets
        self._local |= sets
        code = [line for one in made for line in ast.unparse(ast.fix_missing_locations(one)).split("\n")]
        return Converted(code, any(_is_demand(node) for one in made for node in ast.walk(one)))

    # --- statements ---

    def _statement(self, statement: ast.stmt) -> Iterator[ast.stmt]:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            if kept := _without_test_libraries(statement):
                yield kept
            return
        if (raising := raising_in(statement)) is not None and self._touches(raising.call):
            yield self._raising(raising)
            return
        demands = demands_of(statement)
        if demands is not None:
            for demand in demands:
                yield self._demanded(demand, said(statement))
            return
        match statement:
            case ast.Expr(value=ast.Call(func=ast.Name(id="print" | "display"))):
                return
            case ast.Expr(value=ast.Constant()) | ast.Pass():
                yield statement
            case ast.Expr(value=value):
                if self._touches(value) or isinstance(value, ast.Call):
                    yield ast.Expr(self._crossed(value))
            case ast.With() if "raises" in ast.unparse(statement.items[0]).lower():
                raise NotConvertedError("an error is asked for", ASK_FOR_ERRORS)
            case ast.Try() if self._touches(statement):
                raise NotConvertedError("an error of the student's code is caught", ASK_FOR_ERRORS)
            case ast.FunctionDef() | ast.For() | ast.While() | ast.If() | ast.With() | ast.Try():
                yield self._compound(statement)
            case ast.ClassDef():
                raise NotConvertedError("a class in a test", "Write its test by hand")
            case _:
                yield self._crossed(statement)

    def _compound(self, statement: ast.stmt) -> ast.stmt:
        """Convert what is inside a statement; names that it sets are the check's own."""
        made = copy.deepcopy(statement)
        own = set(bound(statement))
        if isinstance(made, ast.FunctionDef):
            own |= {argument.arg for argument in (*made.args.args, *made.args.kwonlyargs)}
            own |= {name for one in made.body for name in bound(one)}
        before, tainted = set(self._local), set(self.tainted)
        self._local |= own
        if isinstance(made, ast.For) and self._touches(made.iter):
            self.tainted |= own
        for part in ("body", "orelse", "finalbody"):
            inside = [one for each in getattr(made, part, ()) for one in self._inside(each)]
            if hasattr(made, part):
                setattr(made, part, inside or ([ast.Pass()] if part == "body" else []))
        for part in ("test", "iter"):
            if hasattr(made, part):
                setattr(made, part, self._crossed(getattr(made, part)))
        if isinstance(made, ast.FunctionDef):
            made.decorator_list, made.returns = [], None
            self._local, self.tainted = before, tainted
        return made

    def _inside(self, statement: ast.stmt) -> Iterator[ast.stmt]:
        made = list(self._statement(statement))
        if self._touches(statement):
            self.tainted |= set(bound(statement))
        yield from made

    # --- demands ---

    def _raising(self, raising: Raising) -> ast.stmt:
        """Demand that a function raises an error."""
        call = raising.call
        if not isinstance(call.func, ast.Name) or not self.is_students(call.func.id):
            raise NotConvertedError("an error is asked for, on the way through other code", ASK_FOR_ERRORS)
        self.used.add("raises")
        first = [ast.Name("student", ast.Load()), ast.Constant(raising.error), ast.Constant(call.func.id)]
        return _call(
            "raises", [*first, *map(self._crossed, call.args)], [self._crossed(word) for word in call.keywords]
        )

    def _demanded(self, demand: Demand, message: ast.expr | None) -> ast.stmt:
        if isinstance(demand, Shown):
            demand = _as_comparison(demand)
        if isinstance(demand, Condition):
            told = message if message is not None else ast.Constant(self._told(demand.test))
            self.used.add("expect")
            return _call("expect", [self._crossed(demand.test), self._crossed(told)])
        got, expected = demand.one, demand.other
        if expected is None:
            self.used.add("compare")
            return _call("compare", [self._crossed(got), self._from_reference(got), self._what(got)])
        if not demand.ordered and not self._touches(got) and self._touches(expected):
            got, expected = expected, got
        if demand.whole is not None and isinstance(expected, ast.Constant):  # any shape is near one number
            return self._demanded(Condition(demand.whole), message)
        self.used.add("compare")
        words = [ast.keyword(name, value) for name, value in (("rtol", demand.rtol), ("atol", demand.atol)) if value]
        if words:
            expected = _with_decimals(expected)
        return _call("compare", [self._crossed(_plain(got)), self._crossed(expected), self._what(got, message)], words)

    def _what(self, got: ast.expr, message: ast.expr | None = None) -> ast.expr:
        """Return what a value is called in a message, below the author's own words. Hidden tests show no more."""
        text = ast.unparse(got)
        name = f"`{text}`" if self.public and len(text) <= LONGEST else f"`{self.function}`"
        words = str(message.value) if isinstance(message, ast.Constant) else self.failure
        return ast.Constant(f"{words.rstrip(' .:!')}: {name}" if words else name)

    def _told(self, test: ast.expr) -> str:
        if self.failure:
            return self.failure
        text = ast.unparse(test)
        if self.public and text != "False":
            return f"`{text if len(text) <= LONGEST else text[: LONGEST - 3] + '...'}` does not hold."
        return f"`{self.function}` does not do what is asked."

    def _from_reference(self, value: ast.expr) -> ast.expr:
        """Return the same expression on the reference's side: functions only, for their values are computed anew."""
        if variables := [name for name, kind in self.names.kinds.items() if kind is Kind.VARIABLE]:
            used = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)}
            if found := used.intersection(variables):
                raise NotConvertedError(
                    f"the value of `{min(found)}` is tested against the solution's",
                    "Write the right value into the check",
                )
        return _Crosser(self, "reference").visit(copy.deepcopy(value))  # type: ignore[no-any-return]

    # --- values ---

    def _crossed(self, node: Node) -> Node:
        return _Crosser(self, "student").visit(copy.deepcopy(node))  # type: ignore[no-any-return]

    def _touches(self, node: ast.AST) -> bool:
        """Return whether something of the student's is in a piece of code."""
        now, later = reads(node)
        return self.names.is_students((now | later) - self._local) or bool((now | later) & self.tainted)

    def is_students(self, name: str) -> bool:
        """Return whether a name is the student's here."""
        return name in self.names.kinds and name not in self._local


class _Crosser(ast.NodeTransformer):
    """Replaces what is the student's by what crosses."""

    def __init__(self, crossing: Crossing, side: str) -> None:
        self._crossing = crossing
        self._side = side
        self._inner: list[set[str]] = []

    def visit_Call(self, node: ast.Call) -> ast.AST:
        called = node.func.id if isinstance(node.func, ast.Name) and self._is_students(node.func.id) else ""
        if called and self._crossing.names.kinds[called] is not Kind.VARIABLE:
            for argument in (*node.args, *(word.value for word in node.keywords)):
                inner = argument.id if isinstance(argument, ast.Name) else ""
                function = self._is_students(inner) and self._crossing.names.kinds[inner] is not Kind.VARIABLE
                if isinstance(argument, ast.Lambda) or function:
                    raise NotConvertedError(
                        f"`{called}` is handed a function, and functions do not cross",
                        "Let the exercise take a name, or write a function around it that students are given",
                    )
        if isinstance(node.func, ast.Attribute) and ast.unparse(node.func) in (
            "inspect.getsource",
            "inspect.signature",
        ):
            raise NotConvertedError("it looks at the student's source", "Say what may not be used with `bans`")
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if not self._is_students(node.id) or isinstance(node.ctx, ast.Store):
            return node
        if isinstance(node.ctx, ast.Del):
            raise NotConvertedError(
                f"it takes `{node.id}` away, to see who calls it", "Leave it out: it is the results that count here"
            )
        if self._crossing.names.kinds[node.id] is Kind.CLASS:
            raise NotConvertedError(
                f"it makes objects of `{node.id}`, and objects do not cross",
                "Ask for what a function makes of them, as plain data",
            )
        if self._crossing.names.kinds[node.id] is Kind.GENERATOR:
            raise NotConvertedError(
                f"`{node.id}` is a generator, and generators do not cross", "Ask for a function that makes a list"
            )
        if self._crossing.names.kinds[node.id] is Kind.VARIABLE:
            return _value("student.read", [ast.Constant(node.id)])
        if node.id in TAKEN or node.id.startswith("_"):
            return _value("partial", [ast.Name(f"{self._side}.call", ast.Load()), ast.Constant(node.id)])
        return ast.Attribute(ast.Name(self._side, ast.Load()), node.id, ast.Load())

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        self._inner.append({argument.arg for argument in node.args.args})
        made = self.generic_visit(node)
        self._inner.pop()
        return made

    def _visit_comprehension(self, node: ast.AST) -> ast.AST:
        names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
        self._inner.append(names)
        made = self.generic_visit(node)
        self._inner.pop()
        return made

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _visit_comprehension

    def _is_students(self, name: str) -> bool:
        return self._crossing.is_students(name) and not any(name in names for names in self._inner)


def _as_comparison(shown: Shown) -> Comparison:
    """Return what is demanded of a value that is known by how it looks. Raises `NotConvertedError`."""
    try:
        expected = _Unshown().visit(ast.parse(shown.text.strip(), mode="eval").body)
    except SyntaxError:
        expected = None
    if expected is None or not all(isinstance(node, _LITERALS) for node in ast.walk(expected)):
        raise NotConvertedError(
            f"it is known only how the value looks: `{shown.text.splitlines()[0][:LONGEST]}`",
            "Compare it with a value: `compare(...)`",
        )
    decimals = any(isinstance(node, ast.Constant) and isinstance(node.value, float) for node in ast.walk(expected))
    coarse = 1e-4 if "tensor(" in shown.text else 1e-6
    tolerance = ast.Constant(coarse) if decimals else None
    return Comparison(shown.value, expected, tolerance, tolerance, ordered=True)


class _Unshown(ast.NodeTransformer):
    """Turns how an array, a tensor or a number of numpy's is shown into a list or a number."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if ast.unparse(node.func).rpartition(".")[2] in _SHOWN_AS and len(node.args) == 1:
            return self.visit(node.args[0])  # type: ignore[no-any-return]
        return node


_SHOWN_AS = ("array", "tensor", "float64", "float32", "int64", "int32", "bool_", "str_")
_LITERALS = (ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.UnaryOp, ast.USub, ast.UAdd, ast.Load)


def _with_decimals(expected: ast.expr) -> ast.expr:
    """Return a number as one with decimals: a whole one has to be met exactly."""
    match expected:
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            return ast.Constant(float(value))
        case ast.UnaryOp(op=op, operand=operand):
            return ast.UnaryOp(op, _with_decimals(operand))
    return expected


def _plain(got: ast.expr) -> ast.expr:
    """Return a value without the `item()` behind it: a number counts as a tensor of one."""
    match got:
        case ast.Call(func=ast.Attribute(value=inner, attr="item"), args=[]):
            return inner
    return got


def _without_test_libraries(statement: ast.Import | ast.ImportFrom) -> ast.stmt | None:
    if isinstance(statement, ast.ImportFrom):
        module = (statement.module or "").partition(".")[0]
        return None if module in TEST_LIBRARIES or "testing" in (statement.module or "") else statement
    names = [alias for alias in statement.names if alias.name.partition(".")[0] not in TEST_LIBRARIES]
    return ast.Import(names) if names else None


def _readable(statement: ast.stmt) -> ast.stmt:
    """Return a statement as its author wrote it."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Name(id=name), args=[value, *_])) if name in (SHOWN, AUTOTEST):
            return ast.Expr(value)
    return statement


def _is_demand(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in VOCABULARY


def _call(name: str, args: Sequence[ast.AST], words: Sequence[ast.keyword] = ()) -> ast.stmt:
    return ast.Expr(_value(name, args, words))


def _value(name: str, args: Sequence[ast.AST], words: Sequence[ast.keyword] = ()) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(args), list(words))  # type: ignore[arg-type]
