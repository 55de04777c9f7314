"""Filter a student's source down to what the grader loads: definitions, imports, simple assignments and what functions
need of the rest.

Nothing is executed here. Every line keeps its number, so that error messages point to the student's own lines.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from autograder.intake.duplicates import settle
from autograder.intake.edits import Edits
from autograder.intake.helper import HELPER
from autograder.intake.imports import NOTEBOOK_PACKAGES, bindings, cannot_fail, forbidden, harmless, stand_in
from autograder.intake.recovery import PARSE_ERRORS, Place, broken, recover
from autograder.intake.selection import ANSWERS, Rules, Selection
from autograder.intake.simple import dotted, is_literal, loads, stores
from autograder.intake.statements import (
    Definition,
    Function,
    compile_error,
    compiles,
    does_nothing,
    imports_in,
    is_docstring,
    raises_only,
    read_at_definition,
    root,
    sets_device,
    try_parts,
)
from autograder.intake.text import printable
from autograder.syntax import is_main_guard, parse

LEFT_OUT = "Only definitions, imports, simple assignments and what your functions need are loaded"


@dataclass(frozen=True)
class Cleaned:
    """Source that is ready to load. `written` are the functions with a body of the student's own, `reads` the names
    that functions read and nobody sets."""

    source: str
    notes: tuple[str, ...]
    defined: frozenset[str]
    written: frozenset[str]
    imported: frozenset[str]
    reads: frozenset[str]
    needs_helper: bool


def clean(text: str, place: Place, rules: Rules, *, already_recovered: bool = False) -> Cleaned:
    """Filter one source text. Never raises for what a student may write."""
    text, notes = (text, []) if already_recovered else recover(text, place)
    try:
        module = parse(text)
    except PARSE_ERRORS as error:  # the parts parse, but not together: too deep or too large for the compiler
        note, _ = broken("", error, place(getattr(error, "lineno", None) or 1))
        return Cleaned(
            "\n" * text.count("\n"), (*notes, note), frozenset(), frozenset(), frozenset(), frozenset(), False
        )
    cleaner = _Cleaner(rules, text=text, place=place)
    cleaner.run(module)
    source = cleaner.edits.apply()
    if cleaner.appended:
        source = f"{source.rstrip(chr(10))}\n{chr(10).join(cleaner.appended)}\n"
    if cleaner.hoisted:
        source = f"from __future__ import {', '.join(sorted(cleaner.hoisted))}  {source}"
    if rules.run_top_level and not compiles(source):  # top-level statements may contradict one another
        return clean(text, place, replace(rules, run_top_level=False), already_recovered=already_recovered)
    return Cleaned(
        source,
        (*notes, *cleaner.notes()),
        frozenset(cleaner.definitions),
        frozenset(name for name, found in cleaner.definitions.items() if any(map(cleaner.is_written, found))),
        frozenset(cleaner.imported),
        frozenset(name for name in cleaner.needed if cleaner.unbound(name)),
        f'__import__("{HELPER}")' in source,
    )


@dataclass(kw_only=True)
class _Cleaner(Selection):
    """Passes once over the statements, in the order in which they would run."""

    text: str
    place: Place
    edits: Edits = field(init=False)
    left_out_lines: list[int] = field(default_factory=list)
    lost_answers: list[int] = field(default_factory=list)
    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imported: set[str] = field(default_factory=set)
    hoisted: set[str] = field(default_factory=set)
    remarks: list[str] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    appended: list[str] = field(default_factory=list)
    broken: set[ast.stmt] = field(default_factory=set)
    lazy_annotations: bool = False

    def __post_init__(self) -> None:
        self.edits = Edits(self.text)

    # --- the statements ------------------------------------------------------------------------------------------

    def run(self, module: ast.Module) -> None:
        self.survey(module)
        leading = True
        for number, statement in enumerate(module.body):
            is_future = isinstance(statement, ast.ImportFrom) and statement.module == "__future__"
            is_future = is_future and compile_error(statement) is None
            if isinstance(statement, ast.ImportFrom) and is_future:
                self._future({alias.name for alias in statement.names}, statement, leading=leading)
            else:
                self._try_top(statement)
            leading = leading and (is_future or (number == 0 and is_docstring(statement)))
        self._take_out(module)
        self.remarks += settle(self.definitions, self.worth, self.edits, self.place)

    def _take_out(self, module: ast.Module) -> None:
        """Give static methods that are asked for their name outside of their class too."""
        for one in module.body:
            if not isinstance(one, ast.ClassDef) or one in self.broken:
                continue
            for method in one.body:
                if (
                    isinstance(method, Function)
                    and method.name in self.rules.expected - self.outside
                    and any(
                        isinstance(decorator, ast.Name) and decorator.id == "staticmethod"
                        for decorator in method.decorator_list
                    )
                ):
                    self.appended.append(f"{method.name} = {one.name}.{method.name}")
                    self.definitions.setdefault(method.name, []).append(method)
                    self.remarks.append(
                        f"{self.place(method.lineno)}: `{method.name}` stands inside the class `{one.name}`. It is "
                        "graded all the same; write it outside of any class."
                    )

    def _future(self, names: set[str], statement: ast.ImportFrom, *, leading: bool) -> None:
        """Move a `__future__` import that comes too late to the first line, if there is room for it."""
        if not leading:
            self.edits.remove(statement)
            if not self.text.startswith(("#", "\n")):
                return
            self.hoisted |= names
        self.lazy_annotations |= "annotations" in names

    def _try_top(self, statement: ast.stmt) -> None:
        try:
            self._top(statement)
        except RecursionError:  # it parses, but to walk it takes more depth than there is
            self.edits.remove(statement)
            self.remarks.append(f"{self.place(statement.lineno)}: this part is nested too deeply and was left out.")

    def _top(self, statement: ast.stmt) -> None:
        if not self.keeps(statement):
            self._leave_out(statement)
            return
        error = compile_error(statement)
        if error is not None:
            name = statement.name if isinstance(statement, Definition) else ""
            note, stub = broken(name, error, self.place(getattr(error, "lineno", None) or statement.lineno))
            self.remarks.append(note)
            self._stub_or_remove(statement, stub)
            return
        self._keep(statement, nested=False)

    def _keep(self, statement: ast.stmt, *, nested: bool) -> None:
        match statement:
            case ast.Import() | ast.ImportFrom():
                self._import(statement, nested=nested)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._define(statement)
                for inner in imports_in(statement):
                    if idle := harmless(inner, self.rules.allowed):
                        self._idle(inner, idle)
            case ast.If() if not self.rules.run_top_level or is_main_guard(statement):
                if is_main_guard(statement):
                    self._lift(statement)
                self._filter((*statement.body, *statement.orelse))
            case ast.Try() if not self.rules.run_top_level:
                self._filter(try_parts(statement), in_try=True)
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                self._assign(statement, nested=nested)
            case ast.Expr(value=ast.Constant()) | ast.Pass():
                pass
            case ast.Expr() | ast.Assert() | ast.Delete() | ast.Raise():
                if sets_device(statement):
                    self.remarks.append(
                        f"{self.place(statement.lineno)}: a default device that is not there when your work is graded "
                        "is not set: it is graded on the CPU."
                    )
                if not nested:
                    self._guard(statement)
            case ast.For() | ast.While() | ast.With() | ast.Match():
                self._set(stores(statement), statement)
        self.bound |= stores(statement) - self.left_out.keys()

    def _filter(self, statements: Iterable[ast.stmt], *, in_try: bool = False) -> None:
        for statement in statements:
            if self.keeps(statement):
                self._keep(statement, nested=in_try)
            else:
                self._leave_out(statement)

    def _leave_out(self, statement: ast.stmt) -> None:
        self.edits.remove(statement)
        if is_main_guard(statement):
            return
        for name in stores(statement) - self.bound:
            self.left_out.setdefault(name, statement.lineno)
        if self.is_furniture(statement):
            return
        self.left_out_lines.append(statement.lineno)
        if any(
            isinstance(node, ast.Name | ast.Attribute | ast.Subscript)
            and isinstance(node.ctx, ast.Store)
            and root(node) == ANSWERS
            for node in ast.walk(statement)
        ):
            self.lost_answers.append(statement.lineno)

    def _lift(self, statement: ast.If) -> None:
        """Load what stands under `if __name__ == "__main__":`, since a function that is asked for stands there."""
        self.edits.replace(statement.test, "True")
        names = sorted(stores(statement) & self.needed - self.outside)
        verb, what, them = ("stands", "It is", "it") if len(names) == 1 else ("stand", "They are", "them")
        self.remarks.append(
            f"{self.place(statement.lineno)}: {', '.join(f'`{name}`' for name in names[:3])} {verb} under "
            f"`if __name__`, which does not run when your file is imported. {what} graded all the same; write {them} "
            "outside of any block."
        )

    def _set(self, names: set[str], statement: ast.stmt) -> None:
        """Take notice of names that a statement sets which is no definition."""
        for name in names:
            self.left_out.pop(name, None)
            self.aliases.pop(name, None)
            if name in self.rules.expected or name in self.definitions:
                self.definitions.setdefault(name, []).append(statement)

    def _guard(self, statement: ast.stmt) -> None:
        """Wrap a statement so that its failure does not end all that follows."""
        asked = tuple(sorted(stores(statement) & (self.rules.expected | self.needed) - {ANSWERS}))
        names = f", {asked!r}, globals()" if asked else ""
        self.edits.prefix(statement, f'with __import__("{HELPER}").attempt({self.place(statement.lineno)!r}{names}): ')

    def _assign(self, statement: ast.Assign | ast.AnnAssign | ast.AugAssign, *, nested: bool) -> None:
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            if isinstance(target, ast.Name):
                self.left_out.pop(target.id, None)
                self.definitions.setdefault(target.id, []).append(statement)
                self.aliases[target.id] = dotted(statement.value, self.aliases) if statement.value else target.id
                self.aliases[target.id] = self.aliases[target.id] or target.id
            else:
                self._set(stores(target), statement)
        plain = isinstance(statement, ast.Assign) and all(isinstance(target, ast.Name) for target in targets)
        annotated = isinstance(statement, ast.AnnAssign) and self.known(statement.annotation)
        if not nested and not ((plain or annotated) and is_literal(statement.value)):
            self._guard(statement)

    def _define(self, statement: Definition) -> None:
        now = read_at_definition(statement, annotations=not self.lazy_annotations)
        lost = {name for node in now for name in loads(node) if self.unbound(name)}
        strict = read_at_definition(statement, annotations=False)  # a stand-in does no harm in an annotation
        absent = {name for node in strict for name in loads(node) if name in self.missing}
        if lost or absent:
            name = min(lost | absent)
            if name in self.missing:
                problem = f"ModuleNotFoundError({f'{self.missing[name]} is not available in this assignment'!r})"
            else:
                reason = "is set by code that does not run here" if name in self.left_out else "is not defined"
                problem = f"NameError({f'{name} {reason} ({self.place(statement.lineno)})'!r})"
                self.remarks.append(
                    f"{self.place(statement.lineno)}: `{statement.name}` needs `{name}`, which {reason}. "
                    "Define it above, outside any loop or block."
                )
            self.edits.replace(statement, f"def {statement.name}(*args, **kwargs): raise {problem}")
        self.left_out.pop(statement.name, None)
        self.aliases.pop(statement.name, None)
        self.definitions.setdefault(statement.name, []).append(statement)

    def _stub_or_remove(self, statement: ast.stmt, stub: str) -> None:
        if stub and isinstance(statement, Definition):
            self.edits.replace(statement, stub)
            self.bound.add(statement.name)
            self.definitions.setdefault(statement.name, []).append(statement)
            self.broken.add(statement)
        else:
            self.edits.remove(statement)
            for name in stores(statement) - self.bound:
                self.left_out.setdefault(name, statement.lineno)

    # --- imports -------------------------------------------------------------------------------------------------

    def _import(self, statement: ast.Import | ast.ImportFrom, *, nested: bool) -> None:
        for name, whole in bindings(statement):
            self.aliases[name] = whole
            self.missing.pop(name, None)
            self.idle.discard(name)
            self.left_out.pop(name, None)
        idle = harmless(statement, self.rules.allowed)
        refused = [] if idle and isinstance(statement, ast.ImportFrom) else forbidden(statement, self.rules.allowed)
        refused = [package for package in refused if package not in {name.split(".")[0] for name in idle}]
        if idle and not nested:
            self._idle(statement, idle)
            for name, whole in bindings(statement):
                if whole.split(".")[0] in refused:
                    self.missing[name] = whole.split(".")[0]
            return
        if refused or idle:
            refused = refused or [idle[0].split(".")[0]]
            self._refuse(statement, refused, in_try=nested)
            return
        if isinstance(statement, ast.ImportFrom):
            self.imported.add((statement.module or "").split(".")[0])
            self.star = self.star or any(alias.name == "*" for alias in statement.names)
            if statement.level:
                names = ", ".join(ast.unparse(alias) for alias in statement.names)
                by = f"from {statement.module} import {names}" if statement.module else f"import {names}"
                self.edits.replace(statement, by)
                if not nested:
                    self._guard(statement)
                return
        else:
            self.imported |= {alias.name.split(".")[0] for alias in statement.names}
        if not cannot_fail(statement) and not nested:
            self._guard(statement)

    def _idle(self, statement: ast.Import | ast.ImportFrom, packages: list[str]) -> None:
        """Let something that does nothing stand in for a package."""
        self.edits.replace(statement, stand_in(statement, self.rules.allowed))
        self.idle |= {
            name for name, whole in bindings(statement) if any(f"{whole}.".startswith(f"{one}.") for one in packages)
        }
        for package in packages:
            if package.split(".")[0] not in NOTEBOOK_PACKAGES:
                self.remarks.append(
                    f"{self.place(statement.lineno)}: `{package}` does nothing here: what you log or draw with it "
                    "is not kept, and costs nothing."
                )

    def _refuse(self, statement: ast.Import | ast.ImportFrom, refused: list[str], *, in_try: bool) -> None:
        for package in refused:
            if package not in NOTEBOOK_PACKAGES and not in_try:
                self.refused.setdefault(package, statement.lineno)
        if in_try:  # the student's own `except ImportError` knows what to do
            message = f"{refused[0]} is not available in this assignment"
            self.edits.replace(statement, f"raise ModuleNotFoundError({message!r}, name={refused[0]!r})")
            return
        self.edits.replace(statement, stand_in(statement, self.rules.allowed))
        for name, whole in bindings(statement):
            if whole.split(".")[0] in refused:
                self.missing[name] = whole.split(".")[0]

    # --- what is said about it -----------------------------------------------------------------------------------

    def worth(self, statement: ast.stmt) -> int:
        """Return 0 for an untouched starter, 1 for what is broken, 2 for what does nothing, 3 for what is written."""
        if raises_only(statement, "NotImplementedError"):
            return 0
        broken = statement in self.broken or raises_only(statement, "SyntaxError")
        return 1 if broken else 2 if does_nothing(statement) else 3

    def is_written(self, statement: ast.stmt) -> bool:
        """Return whether the student wrote it, and it compiles."""
        return self.worth(statement) >= 2

    def notes(self) -> Iterator[str]:
        """Yield short, kind notes on all that was changed."""
        yield from self.remarks
        for package in self.refused:
            yield (
                f"`{printable(package, 40)}` is not among this assignment's packages. Only functions that use it are "
                "affected; write those without it."
            )
        if "display" in self.needed - self.bound:
            yield "`display` shows nothing here, and costs nothing."
        for line in self.lost_answers:
            yield f"{self.place(line)}: this part of `ANSWERS` comes from code that does not run here. Write its value."
        for name, found in self.definitions.items():
            if isinstance(found[-1], Definition):
                lost = sorted(name for name in loads(found[-1]) if name in self.left_out)
                for other in lost[:1]:
                    yield (
                        f"`{name}` uses `{other}`, which is set by code that does not run here "
                        f"({self.place(self.left_out[other])}): set it inside the function, or to a plain value."
                    )
        if self.left_out_lines:
            places = [self.place(line) for line in self.left_out_lines[:3]]
            more = f" and {len(self.left_out_lines) - 3} more" if len(self.left_out_lines) > 3 else ""
            yield (f"{LEFT_OUT}; other top-level code was left out ({'; '.join(places)}{more}).")
