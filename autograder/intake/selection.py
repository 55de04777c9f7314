"""Select the statements of a source that stay: definitions, imports, what is cheap, and what functions need."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass, field

from autograder.intake.imports import NOTEBOOK_PACKAGES
from autograder.intake.needs import changes, effects, flat, needed
from autograder.intake.simple import EFFECTS, dotted, is_simple, loads, stores
from autograder.intake.statements import root, try_parts
from autograder.syntax import is_main_guard

ANSWERS = "ANSWERS"
"""The name under which short answers are given."""
_ALWAYS_THERE = frozenset(dir(builtins)) | {"__name__", "__file__", "__doc__", "display", "get_ipython"}


@dataclass(frozen=True)
class Rules:
    """What may be imported (`own`: the submission's other modules), what is asked for, and whether all code runs."""

    allowed: frozenset[str]
    own: frozenset[str] = frozenset()
    expected: frozenset[str] = frozenset()
    run_top_level: bool = False


@dataclass
class Selection:
    """What is known of a module's names at one of its statements, and so whether the statement stays.

    `bound` are the names that are set by now; `aliases` say what they stand for, `missing` which of them stand for a
    package that is not there, `idle` are those that stand for one that does nothing; `left_out` are those whose
    statements did not stay, with the line. `star`: an import may have brought any name. Then what `survey` finds: the
    names that functions need, what calls of the module's functions change, and all names that are set outside of
    `if __name__ == ...:`.
    """

    rules: Rules
    bound: set[str] = field(default_factory=set)
    star: bool = False
    aliases: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    idle: set[str] = field(default_factory=set)
    needed: frozenset[str] = frozenset()
    functions: dict[str, frozenset[str]] = field(default_factory=dict)
    outside: frozenset[str] = frozenset()

    def survey(self, module: ast.Module) -> None:
        """Look through a whole module once, before its statements are taken one by one."""
        self.needed = needed(module, self.rules.expected | {ANSWERS})
        self.functions = effects(flat(module.body))
        self.outside = frozenset(name for one in module.body if not is_main_guard(one) for name in stores(one))

    def keeps(self, statement: ast.stmt) -> bool:
        """Return whether a statement stays, whole or in part."""
        if self.is_furniture(statement):
            return False
        if self.rules.run_top_level and not is_main_guard(statement):
            return True
        return self._keeps_anyway(statement) or self._is_needed(statement)

    def _keeps_anyway(self, statement: ast.stmt) -> bool:
        """Return whether a statement stays whether or not a function needs it: it is cheap, or holds such a part."""
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Import() | ast.ImportFrom():
                return True
            case ast.Pass():
                return True
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                return self._keeps_assignment(statement)
            case ast.Expr(value=ast.Constant()):
                return True
            case ast.Expr(value=ast.Call() as call):
                effect = dotted(call.func, self.aliases).rpartition(".")[2] or getattr(call.func, "attr", "")
                return effect in EFFECTS and self._simple(call) and self.known(call)
            case ast.If():
                parts = (*statement.body, *statement.orelse)
                if is_main_guard(statement):
                    return bool(stores(statement) & self.needed - self.outside) and any(map(self.keeps, parts))
                simple = self._simple(statement.test)
                return self.known(statement.test) and any(map(self.keeps if simple else self._is_needed, parts))
            case ast.Try():
                return any(map(self.keeps, try_parts(statement)))
            case _:
                return False

    def _is_needed(self, statement: ast.stmt) -> bool:
        """Return whether a statement sets or changes what a function reads, and can do so here."""
        match statement:
            case ast.Import() | ast.ImportFrom() | ast.If() | ast.Try():
                return False
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return stores(statement) <= self.needed
            case _:
                touched = stores(statement) | changes(statement, self.functions)
                return bool(touched & self.needed) and self.known(statement)

    def is_furniture(self, statement: ast.stmt) -> bool:
        """Return whether a statement has nothing to do here: `autograder.check("1.1")`, `drive.mount("/drive")`."""
        if not isinstance(statement, ast.Expr | ast.Assign | ast.Assert):
            return False
        if stores(statement) & (self.rules.expected | self.needed | {ANSWERS}):
            return False
        return any(
            name in self.idle or self.missing.get(name, "" if name in self.bound else name) in NOTEBOOK_PACKAGES
            for name in loads(statement)
        )

    def _keeps_assignment(self, statement: ast.Assign | ast.AnnAssign | ast.AugAssign) -> bool:
        if statement.value is None:
            return True
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        names = {root(target) for target in targets}
        if not self.known(statement.value) or not all(map(self.known, targets)):
            return False
        if isinstance(statement, ast.AugAssign) and any(map(self.unbound, names)):
            return False
        if names & (self.rules.expected | {ANSWERS}):
            return True
        return self._simple(statement.value) and all(map(self._simple, targets))

    def _simple(self, node: ast.expr) -> bool:
        try:
            return is_simple(node, self.aliases)
        except RecursionError:
            return False

    def known(self, node: ast.AST) -> bool:
        """Return whether every name that is read has been bound by something that stays."""
        return not any(self.unbound(name) for name in loads(node))

    def unbound(self, name: str) -> bool:
        if name in self.bound or name in _ALWAYS_THERE:
            return False
        return not self.star or name in self.left_out
