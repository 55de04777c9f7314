"""Read a master notebook of otter's: raw cells open and close its blocks; in its first form, fenced text does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import yaml

from autograder.errors import ScaffoldError
from autograder.platforms.otter.marks import code_of, is_marked, without_ignored
from autograder.release.importing.master import Case, Cell, Code, Line, Manual, Master, Part, Problem, Tests, Text

_BLOCK = re.compile(r"^#\s+(begin|end)\s+(question|prompt|solution|tests|plugin)\b", re.IGNORECASE)
_CONFIG = re.compile(r"^#\s+assignment\s+config\b", re.IGNORECASE)
_FENCE = re.compile(r"^```(?:otter)?[ \t]*\n(.*?)\n```[ \t]*$", re.MULTILINE | re.DOTALL)
_FIRST_FORM = re.compile(r"^BEGIN (ASSIGNMENT|QUESTION)\b[^\n]*\n?", re.IGNORECASE)
_TEST_CELL = re.compile(r"^(?:##\s*(hidden\s+)?test\s*##|#\s*(hidden\s+)?tests?)\s*$", re.IGNORECASE)
_IGNORED = re.compile(r"^(?:##\s*ignore\s*##|#\s*ignore)\s*$", re.IGNORECASE)
_TEST_CONFIG = re.compile(
    r"^(?:\w+\s*=\s*)?(?:\"\"\"|''')\s*#\s*BEGIN\s+TEST\s+CONFIG[^\n]*\n(.*?)\n\s*(?:\"\"\"|''')\s*;?\s*#\s*END\s+TEST\s+CONFIG[^\n]*\n?",
    re.DOTALL | re.IGNORECASE,
)
_HIDDEN = re.compile(r"^#.*\bhidden\b", re.IGNORECASE)
_MODEL_ANSWER = re.compile(r"^\W*SOLUTION\b", re.IGNORECASE)
_FURNITURE = re.compile(
    r"^\s*(?:import otter\b|from otter\b|grader\s*=\s*otter\.|grader\.(?:check|check_all|export)\()[^\n]*$",
    re.MULTILINE,
)


def is_master(cells: Sequence[Cell]) -> bool:
    """Return whether cells are those of a master notebook of otter's, in either form."""
    return any(_opens(cell) or _first_form(cell) for cell in cells)


def master_of(cells: Sequence[Cell]) -> Master:
    """Take a master notebook apart. Raises `ScaffoldError` where its blocks do not pair up."""
    reader = _Reader()
    for cell in cells:
        for one in _unfenced(cell):
            reader.take(one)
    reader.end()
    config = reader.config
    return Master(
        tuple(reader.parts), tuple(reader.problems), _names(config, "files"), _names(config, "autograder_files")
    )


@dataclass
class _Question:
    """A question as far as it was read."""

    cell: int
    config: dict[str, Any]
    text: list[str] = field(default_factory=list)
    answer: list[str] = field(default_factory=list)
    tests: list[tuple[Tests, Fraction | None]] = field(default_factory=list)
    coded: bool = False

    @property
    def name(self) -> str:
        return str(self.config.get("name") or f"cell-{self.cell}")


class _Reader:
    """Reads cell after cell. Points are shared out when a question ends."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.problems: list[Problem] = []
        self.config: dict[str, Any] = {}
        self._question: _Question | None = None
        self._blocks: list[str] = []
        self._prompt: list[str] = []
        self._first_form = False

    def take(self, cell: Cell) -> None:
        first = cell.source.split("\n", 1)[0].strip()
        opening = _BLOCK.match(first) if cell.kind == "raw" else None
        if form := _first_form(cell):
            self._begin_first_form(cell, form)
        elif _IGNORED.match(first):
            return
        elif cell.kind == "raw" and _CONFIG.match(first):
            self.config = _settings(cell, cell.source)
        elif opening and opening[1].lower() == "begin":
            self._begin(cell, opening[2].lower())
        elif opening:
            self._close(cell, opening[2].lower())
        elif self._blocks[-1:] == ["plugin"]:
            return
        elif cell.kind == "code":
            self._code(cell, first)
        elif cell.kind == "markdown":
            self._text(cell)
        elif cell.source.strip():
            self._tell(cell.number, "a raw cell", "It is left out: copy what students need of it")

    def end(self) -> None:
        """Close what is open at the end."""
        if self._blocks and not self._first_form:
            raise ScaffoldError(
                f"the block `# BEGIN {self._blocks[-1].upper()}` has no end: close it, then import again"
            )
        self._end_question()

    def _tell(self, cell: int, what: str, todo: str) -> None:
        self.problems.append(Problem(cell, what, todo))

    # --- blocks ---

    def _begin(self, cell: Cell, block: str) -> None:
        if block == "question":
            self._end_question()
            self._question = _Question(cell.number, _settings(cell, cell.source))
        elif block == "plugin":
            self._tell(cell.number, "a plugin of otter's", "There is nothing like it here: it is left out")
        elif self._question is None:
            raise ScaffoldError(f"cell {cell.number}: `# BEGIN {block.upper()}` stands outside of a question")
        self._blocks.append(block)

    def _close(self, cell: Cell, block: str) -> None:
        if self._blocks[-1:] != [block]:
            raise ScaffoldError(f"cell {cell.number}: `# END {block.upper()}` closes a block that is not open")
        self._blocks.pop()
        if block == "question":
            self._end_question()

    def _begin_first_form(self, cell: Cell, form: tuple[str, str, str]) -> None:
        """Take a cell of the first form: its configuration is a fenced block in the text."""
        what, config, text = form
        self._first_form = True
        if what == "ASSIGNMENT":
            self.config = _settings(cell, config)
        else:
            self._end_question()
            self._question = _Question(cell.number, _settings(cell, config))
        if text.strip():
            self._text(replace(cell, kind="markdown", source=text.strip("\n")))

    def _end_question(self) -> None:
        question, self._question, self._prompt = self._question, None, []
        if question is None:
            return
        config = question.config
        if config.get("manual"):
            points = _fraction(config.get("points"), Fraction(0))
            prompt, answer = "\n\n".join(question.text), "\n\n".join(question.answer)
            self.parts.append(Manual(question.cell, question.name, points, prompt, answer, code=question.coded))
        cases = [test for test, _ in question.tests]
        given = [own for _, own in question.tests]
        try:
            points_of = shares(config.get("points"), given)
        except ValueError as error:
            raise ScaffoldError(f"cell {question.cell}: question {question.name}: {error}") from error
        tests = [replace(test, points=points) for test, points in zip(cases, points_of, strict=True)]
        if config.get("all_or_nothing") and len(tests) > 1:
            tests = list(_together(tests))
        self.parts += tests

    # --- cells ---

    def _code(self, cell: Cell, first: str) -> None:
        source = _FURNITURE.sub("", cell.source)
        if not source.strip():
            return
        question, block = self._question, self._blocks[-1] if self._blocks else ""
        test = _TEST_CELL.match(first) if self._first_form and question is not None else None
        if question is not None and (block == "tests" or test):
            self._tests(cell, question, hidden=bool(test and (test[1] or test[2])), marked=bool(test))
        elif block == "prompt":
            self._prompt += source.split("\n")
        elif block == "solution" or is_marked(source) or (question is not None and self._first_form):
            name = question.name if question else ""
            whole = block == "solution"
            if whole and not is_marked(source) and not self._prompt:
                self._tell(
                    cell.number,
                    "this cell stands in a solution block and marks nothing, so otter gives it to students",
                    "Here it is cut. If they are to have it, take its `# SOLUTION` and `# END` out",
                )
            code = code_of(cell.number, source, name, prompt=self._prompt, whole=whole)
            self.parts.append(code)
            self._prompt = []
            if question is not None:
                question.coded = question.coded or code.cut
        else:
            self.parts.append(Code(cell.number, tuple(map(Line, source.split("\n")))))

    def _text(self, cell: Cell) -> None:
        question, block = self._question, self._blocks[-1] if self._blocks else ""
        model = question is not None and self._first_form and _MODEL_ANSWER.match(cell.source)
        if question is not None and (block == "solution" or model):
            question.answer.append(cell.source)
            return
        if question is not None and block != "prompt":
            question.text.append(cell.source)
        self.parts.append(Text(cell.number, cell.source, question.name if question else ""))

    def _tests(self, cell: Cell, question: _Question, *, hidden: bool, marked: bool) -> None:
        source, config = without_ignored(cell.source), dict[str, Any]()
        if found := _TEST_CONFIG.match(source):
            config = _settings(cell, found[1])
            source = source[found.end() :]
        first, _, rest = source.partition("\n")
        if _HIDDEN.match(first) or marked:
            hidden, source = hidden or bool(_HIDDEN.match(first)), rest
        own = config.get("points")
        if config.get("success_message"):
            self._tell(0, "`success_message`", "Nothing is said of what passes here: they are left out")
        public, failure = not config.get("hidden", hidden), str(config.get("failure_message") or "")
        test = Tests(question.name, (Case(cell.number, source, cell.output),), Fraction(0), public, failure)
        question.tests.append((test, None if own is None else _fraction(own, Fraction(0))))


def shares(total: Any, own: Sequence[Fraction | None]) -> list[Fraction]:
    """Return the points of each test of a question, by otter's rules.

    Args:
        total: The question's `points`: a number, a list of them, `{each: n}`, or nothing.
        own: What each test says of itself; None for nothing.

    Raises:
        ValueError: They contradict each other.
    """
    if isinstance(total, dict):
        total = float(total.get("each", 1)) * len(own)
    if isinstance(total, list):
        if len(total) != len(own):
            raise ValueError(f"`points` has {len(total)} numbers, and there are {len(own)} tests")
        own, total = [None if one is None else _fraction(one, Fraction(0)) for one in total], None
    said = sum((one for one in own if one is not None), Fraction(0))
    silent = sum(one is None for one in own)
    if total is not None:
        left = _fraction(total, Fraction(0)) - said
        if left < 0:
            raise ValueError("its tests have more points than the question")
    else:
        left = Fraction(0) if said else Fraction(1)
    each = left / silent if silent else Fraction(0)
    return [each if one is None else one for one in own]


def _together(tests: Sequence[Tests]) -> Iterator[Tests]:
    """Yield tests of which only all together have points: the public ones for none, and all of them for all."""
    whole = sum((test.points for test in tests), Fraction(0))
    public = all(test.public for test in tests)
    if not public:
        yield from (replace(test, points=Fraction(0)) for test in tests if test.public)
    cases = tuple(case for test in tests for case in test.cases)
    yield replace(tests[0], cases=cases, points=whole, public=public)


def _opens(cell: Cell) -> bool:
    return any(one.kind == "raw" and (_BLOCK.match(one.source) or _CONFIG.match(one.source)) for one in _unfenced(cell))


def _first_form(cell: Cell) -> tuple[str, str, str] | None:
    """Return what begins in a cell of the first form, its configuration, and the text around it."""
    if cell.kind == "code":
        return None
    bare = _FIRST_FORM.match(cell.source) if cell.kind == "raw" else None
    if bare:
        return bare[1].upper(), cell.source[bare.end() :], ""
    for fence in _FENCE.finditer(cell.source):
        if found := _FIRST_FORM.match(fence[1]):
            return found[1].upper(), fence[1][found.end() :], cell.source[: fence.start()] + cell.source[fence.end() :]
    return None


def _unfenced(cell: Cell) -> Iterator[Cell]:
    """Yield a text cell's parts: a block fenced as ```otter is a raw cell, for editors that have none."""
    if cell.kind != "markdown" or "```otter" not in cell.source:
        yield cell
        return
    at = 0
    for fence in re.finditer(r"^```otter[ \t]*\n(.*?)\n```[ \t]*$", cell.source, re.MULTILINE | re.DOTALL):
        before = cell.source[at : fence.start()].strip("\n")
        if before.strip():
            yield replace(cell, source=before)
        yield replace(cell, kind="raw", source=fence[1])
        at = fence.end()
    if cell.source[at:].strip():
        yield replace(cell, source=cell.source[at:].strip("\n"))


def _settings(cell: Cell, text: str) -> dict[str, Any]:
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ScaffoldError(f"cell {cell.number}: its settings are not valid YAML ({error})") from error
    if found is not None and not isinstance(found, dict):
        raise ScaffoldError(f"cell {cell.number}: its settings are no list of `name: value`")
    return found or {}


def _names(config: dict[str, Any], key: str) -> tuple[str, ...]:
    found = config.get(key) or ()
    return tuple(map(str, found)) if isinstance(found, list) else ()


def _fraction(value: Any, default: Fraction) -> Fraction:
    try:
        return default if value is None else Fraction(str(value))
    except ValueError:
        raise ScaffoldError(f"`points: {value}` is not a number") from None
