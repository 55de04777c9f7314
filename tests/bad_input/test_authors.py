"""An author's slips: each gives a sentence that names the file, the line and what to do, and no traceback."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from autograder.cli import app
from tests import tiny

SMALL = '@one.check("square", 1, public=True)\ndef small(student, reference, draw):\n    """Squares 1, 2 and 3."""\n'
SMALL_BODY = '    matches(student, reference, "square", draw.uniform(3, low=1, high=2))\n'
RANDOM = '@one.check("square", 3)\ndef random(student, reference, draw):\n    """Squares numbers of both signs."""\n'
ONE = 'one = rubric.exercise("1", "Square", owns=("square",), points=4)'
TWO = 'two = rubric.exercise("2", "Sum of squares", owns=("total", "slope"), points=6)'
IMPORT = "from autograder.rubric import Rubric, matches, agrees_with_numerical\n"
SQUARE = "    # SOLUTION\n    return x * x\n    # END\n"


@dataclass(frozen=True)
class Slip:
    """What an author wrote, and what is said about it.

    `edits`: texts of `file` and what stands there instead. `said`: a pattern, on one line of what is said.
    """

    name: str
    said: str
    edits: tuple[tuple[str, str], ...] = ()
    file: str = "checks.py"
    also: dict[str, str] = field(default_factory=dict)
    exit_code: int = 2


def checks(name: str, old: str, new: str, said: str, **more: Any) -> Slip:
    return Slip(name, said, ((old, new),), **more)


def solution(name: str, old: str, new: str, said: str, **more: Any) -> Slip:
    return Slip(name, said, ((old, new),), "solution.py", **more)


def mutants(name: str, old: str, new: str, said: str, **more: Any) -> Slip:
    return Slip(name, said, ((old, new),), "mutants.py", **more)


def body(name: str, new: str, said: str) -> Slip:
    """A slip in a check, which the reference does not pass: validate stops there."""
    return checks(name, SMALL_BODY, new, said, exit_code=1)


CHECKS = r"reference/tiny/checks\.py, line "
LOADED = [
    # --- the rubric contradicts itself ---
    checks(
        "points do not add up", "points=4)", "points=5)", CHECKS + "4: exercise 1 is worth 5, its checks add up to 4"
    ),
    checks("points are 0", '"square", 1,', '"square", 0,', CHECKS + "4: exercise 1 is worth 4, its checks add up to 3"),
    checks("points are negative", '"square", 1,', '"square", -1,', CHECKS + "6: .*points=-1 is not a number from 0 on"),
    checks("points are text", '"square", 1,', '"square", "1",', CHECKS + "6: .*points='1' is not a number from 0 on"),
    checks("an exercise's points are text", "points=4)", 'points="4")', CHECKS + "4: .*points='4' is not a number"),
    checks(
        "seconds are text", '"square", 1,', '"square", 1, seconds="5",', CHECKS + "6: .*seconds='5' is not a number"
    ),
    checks("no docstring", '    """Squares 1, 2 and 3."""\n', "", CHECKS + "6: check small: give it a docstring"),
    checks("the function is mistyped", '"square", 1', '"sqaure", 1', CHECKS + "6: .*Do you mean `square`"),
    checks("owns is mistyped", 'owns=("total",', 'owns=("totla",', CHECKS + "17: .*owns totla, .*`total`"),
    checks("a lent function is mistyped", '"total", 2)', '"total", 2, lends=("sqare",))', CHECKS + "19: .*`square`"),
    checks("owns is a text", 'owns=("square",)', 'owns=("square")', CHECKS + r"4: .*tuple of names, with a comma"),
    checks(
        "bans is a text", "points=4)", 'points=4, bans="torch.relu")', CHECKS + r"4: .*tuple of names, with a comma"
    ),
    checks(
        "lends is a text", '"total", 2)', '"total", 2, lends="square")', CHECKS + r"19: .*tuple of names, with a comma"
    ),
    checks("a ban is mistyped", "points=4)", 'points=4, bans=("torch.rleu",))', CHECKS + "4: .*there is no torch.rleu"),
    checks(
        "two exercises with one number", 'exercise("2"', 'exercise("1"', CHECKS + "17: two exercises have the number 1"
    ),
    checks("the number is no text", 'exercise("2"', "exercise(2", CHECKS + "17: .*write its number in quotes"),
    checks("a function is owned twice", '"slope"), points', '"slope", "square"), points', CHECKS + "17: .*owns square"),
    checks(
        "an exercise without checks",
        TWO,
        f"{TWO}\nx = rubric.exercise('3', 'C', owns=('torch',), points=1)",
        CHECKS + "18: exercise 3 is worth 1, and has no check",
    ),
    checks("two checks of one name", "def random", "def small", CHECKS + r"11: two checks are called '1 small'"),
    # --- the decorators ---
    checks(
        "points alone, as in old rubrics",
        '"square", 1, public',
        "1, public",
        CHECKS + r'6: .*@losses\.check\("mse", 2\)',
    ),
    checks("points first", '"square", 1,', '1, "square",', CHECKS + "6: .*name its function first"),
    checks(
        "uses, as in old rubrics", '"total", 2)', '"total", 2, uses=("square",))', CHECKS + "19: .*unexpected .*'uses'"
    ),
    checks("no call", '@one.check("square", 3)', "@one.check", CHECKS + r"11: .*@losses\.check"),
    checks("cases for a check", 'one.check("square", 3)', 'one.cases("square", 3)', CHECKS + r"11: .*takes \(draw\)"),
    checks(
        "a check for cases", "random(student, reference, draw)", "random(draw, n)", CHECKS + "11: .*student, reference"
    ),
    checks(
        "sizes is a number",
        'one.check("square", 3)',
        'one.cases("square", 3, sizes=4)',
        CHECKS + r"11: .*sizes=\(3, 8\)",
    ),
    checks("a generator", SMALL_BODY, "    yield 1\n", CHECKS + "6: .*`yield`"),
    checks("async", "def small", "async def small", CHECKS + "6: .*`async`"),
    checks("a title is forgotten", '"Square", owns', "owns", CHECKS + r"4: .*rubric\.exercise\("),
    # --- the file does not run ---
    checks("a bracket stays open", "Rubric()", "Rubric(", CHECKS + r"3: this is not valid Python.*never closed"),
    checks("tabs and spaces", SMALL_BODY, "\tx = 1\n" + SMALL_BODY, CHECKS + "9: this is not valid Python.*indent"),
    checks(
        "the module is mistyped", "autograder.rubric ", "autograder.rubrics ", CHECKS + r"1: .*`autograder\.rubric`"
    ),
    checks("a name is mistyped", "Rubric, matches", "Rubric, match", CHECKS + "1: .*Do you mean `matches`"),
    checks(
        "the rubric has another name",
        "rubric",
        "rubrik",
        "",
    ),
    checks(
        "data is missing",
        IMPORT,
        IMPORT + "X = open('hidden/x.csv')\n",
        CHECKS + r"2: .*put it there.*`Path\(__file__\)",
    ),
    checks(
        "two files import each other",
        IMPORT,
        IMPORT + "from .helper import a\n",
        CHECKS.replace("checks", "helper") + "1: .*Two files import each other",
        also={"helper.py": "from .checks import rubric\na = 1\n"},
    ),
    checks(
        "a neighbour without a dot",
        IMPORT,
        IMPORT + "from helper import a\n",
        CHECKS + r"2: .*`from \.helper import",
        also={"helper.py": "a = 1\n"},
    ),
    checks(
        "an error in a neighbour",
        IMPORT,
        IMPORT + "from .helper import a\n",
        r"helper\.py, line 2: ZeroDivisionError",
        also={"helper.py": "\na = 1 / 0\n"},
    ),
    checks(
        "a package is not installed", IMPORT, IMPORT + "import no_such_package_at_all\n", CHECKS + "2: .*`packages:`"
    ),
    checks("it ends itself", IMPORT, IMPORT + "exit(3)\n", CHECKS + "2: SystemExit: 3. Take the call of exit out"),
    checks("no exercise", "", "", "the rubric has no exercise"),
    # --- the solution ---
    solution(
        "it is not Python",
        "return x * x",
        "return x * * 2",
        r"reference/tiny/solution\.py, line 11: .*`return x \* \* 2`",
    ),
    solution(
        "no end",
        "    return x * x\n    # END\n",
        "    return x * x\n",
        r"solution\.py, line \d+: SOLUTION inside another",
    ),
    solution(
        "it prints and fails", "import torch\n", "import torch\nprint(undefined)\n", r"solution\.py, line 5: NameError"
    ),
    solution(
        "it reads a file that is not there",
        "import torch\n",
        "import torch\nX = open('x.csv')\n",
        r"solution\.py, line 5: FileNotFoundError: .*There is no x\.csv",
    ),
    solution(
        "a package is missing",
        "import torch\n",
        "import torch\nimport no_such_package_at_all\n",
        r"solution\.py, line 5: .*Install no_such_package_at_all, and name it under `packages:`",
    ),
    solution(
        "it has a second file",
        "import torch\n",
        "import torch\nfrom helper import a\n",
        r"solution\.py, line 5: .*The solution is one file",
        also={"helper.py": "a = 1\n"},
    ),
    solution("a function has another name", "def slope", "def slopes", CHECKS + "17: .*owns slope, .*`slopes`"),
    solution("nobody marked it", SQUARE, "    return x * x\n", r"solution\.py, line 8: `square` has no block"),
    solution(
        "another heading", "Exercise 1 · Square", "Task 1: Square", r"solution\.py, line 8: .*no exercise's heading"
    ),
    solution(
        "it has a second file beside it",
        "import torch\n",
        "import torch\nfrom .helper import a\n",
        r"solution\.py, line 5: .*The solution is one file",
        also={"helper.py": "a = 1\n"},
    ),
    solution(
        "it looks for its own place",
        "import torch\n",
        "import torch\nX = open(__file__)\n",
        r"solution\.py, line 5: .*as an argument",
    ),
    solution(
        "a package is not declared",
        "import torch\n",
        "import torch\nimport rich\n",
        r"solution\.py, line 5: rich is not among the assignment's packages.*`packages:` in grader_config",
    ),
    solution(
        "it reads a file that is not released",
        "import torch\n",
        "import torch\nX = open('/dev/null').read()\n",
        r"solution\.py, line 5: /dev/null is read when the file is loaded.*as an argument",
    ),
    # --- the variants ---
    mutants(
        "the mutant's function is mistyped", 'of="total"', 'of="totla"', r"mutants\.py, line 13: .*Do you mean `total`"
    ),
    mutants(
        "two mutants of one name",
        "def keeps_sign",
        "def doubles",
        r"mutants\.py, line 9: two mutants are called doubles",
    ),
    mutants(
        "no hint", ', hint="Sum, do not average."', "", r"mutants\.py, line 13: TypeError.*`@variants\.mutant\(of="
    ),
    mutants(
        "the mutants are not Python",
        "return 2 * x",
        "return 2 *",
        r"reference/tiny/mutants\.py, line 7: this is not valid",
    ),
    mutants(
        "variants has another name",
        "variants",
        "mutants",
        r"mutants\.py has no `variants = Variants\(\)`.*`mutants` is one",
    ),
    Slip(
        "an equivalent replaces nothing",
        r"equivalents\.py, line 8: .*replaces sqare.*has not",
        (("def square", "def sqare"), ("    def total(x):\n        return sum(value for value in square(x))\n", "")),
        "equivalents.py",
    ),
]
VALIDATED = [
    body("an error in a check", '    x = {}["a"]\n', CHECKS + "9: KeyError: 'a'"),
    body(
        "a function of the solution is mistyped",
        '    matches(student, reference, "sqare", draw.normal(3))\n',
        CHECKS + "9: the solution has no `sqare`. Do you mean `square`",
    ),
    body(
        "the student's function is mistyped", "    student.sqare(draw.normal(3))\n", "`sqare` is not defined.*`square`"
    ),
    body(
        "markup",
        '    from autograder.rubric import expect\n    expect(False, "in [/0, 1] and [bold]y[/bold] [/red]")\n',
        re.escape("in [/0, 1] and [bold]y[/bold] [/red]"),
    ),
    body(
        "a check that is too strict",
        "    from autograder.rubric import compare\n    x = draw.normal(5)\n"
        '    compare(student.square(x), x * x + 1e-13, "it", rtol=0.0, atol=1e-14)\n',
        r"line 6\), 1 of 1 seeds: it: 5 of 5",
    ),
    body(
        "an assertion",
        "    assert float(student.square(draw.normal())) == -1, 'never'\n",
        "line 9: AssertionError: never",
    ),
    solution(
        "chance",
        "return x * x",
        "return x * x + torch.rand(()) * 1e-3",
        "1 small: two runs of the reference differ, `square`",
        exit_code=1,
    ),
    Slip(
        "a check for no points",
        r"slip check 1 small \(reference/tiny/checks\.py, line 6\) is worth 0 points",
        (('"square", 1, public=True', '"square", 0'), ('("square",), points=4', '("square",), points=3')),
        exit_code=1,
    ),
    Slip(
        "a mutant of what nobody writes",
        "slip mutant mean is of torch, which no exercise owns",
        (('of="total"', 'of="torch"'),),
        "mutants.py",
        exit_code=1,
    ),
    checks("it never calls its function", SMALL_BODY, "    pass\n", "1 small never calls `square`", exit_code=1),
    checks(
        "it returns True",
        SMALL_BODY,
        "    return bool(student.square(draw.normal()) >= 0)\n",
        "1 small returns True.*expect",
        exit_code=1,
    ),
    checks(
        "it returns 100", SMALL_BODY, SMALL_BODY + "    return 100\n", "1 small returns 100.*from 0 to 1", exit_code=1
    ),
    checks(
        "a function without a check",
        '@two.check("total", 2)',
        '@two.check("slope", 2)',
        "exercise 2 has no check about `total`",
        exit_code=1,
    ),
    checks(
        "an exercise without a check or points",
        TWO,
        f"{TWO}\nthree = rubric.exercise('3', 'Nothing', owns=('torch',), points=0, given=('torch',))",
        "exercise 3 has no check",
        exit_code=1,
    ),
    mutants(
        "a mutant that is right",
        "return 2 * x",
        "return x * x",
        r"survives doubles \(square.*mutants\.py, line 5\)",
        exit_code=1,
    ),
]
SAID = [
    checks(
        "an assert", SMALL_BODY, SMALL_BODY + "    assert True\n", CHECKS + r"10: .*`expect\(condition", exit_code=0
    ),
    checks("a print", SMALL_BODY, SMALL_BODY + "    print(1)\n", CHECKS + "10: a check that prints", exit_code=0),
    mutants(
        "no mutants",
        tiny.MUTANTS,
        "from autograder.rubric import Variants\nvariants = Variants()\n",
        "no mutants: nothing shows that wrong work loses points",
        exit_code=0,
    ),
    mutants("no mutants in an exercise", 'of="total"', 'of="square"', "no mutants in exercise 2", exit_code=0),
    mutants(
        "a mutant dies of an exception",
        "return square(x).mean()",
        "return square(x).no_such()",
        "died of an exception mean of total: `total` raised AttributeError",
        exit_code=0,
    ),
]


class InThisProcess:
    """A pool that does the work at once: starting a process for each slip takes seconds."""

    def __enter__(self) -> InThisProcess:
        return self

    def __exit__(self, *_: object) -> None: ...

    def submit(self, work: Callable[..., Any], *args: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(work(*args, **named))
        return done


@pytest.fixture
def command(monkeypatch, capsys, tmp_path) -> Iterator[Callable[..., tuple[int, str]]]:
    """Run `autograder` as a user does; return its exit code and what it said, on one line."""
    monkeypatch.setattr("autograder.cli.validate.worker_pool", lambda jobs: InThisProcess())
    monkeypatch.setenv("COLUMNS", "200")
    config = tiny.config(tmp_path)

    def run(*words: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["autograder", *words, "--config", str(config)])
        code = 0
        try:
            app.main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        shown = capsys.readouterr()
        return code, " ".join((shown.out + shown.err).split())

    yield run


def write(root: Path, slip: Slip) -> None:
    folder = tiny.write(root)
    path = folder / slip.file
    text = path.read_text(encoding="utf-8")
    for old, new in slip.edits:
        assert old in text, old
        text = text.replace(old, new) if old else "from autograder.rubric import Rubric\nrubric = Rubric()\n"
    path.write_text(text, encoding="utf-8")
    for name, content in slip.also.items():
        (folder / name).write_text(content, encoding="utf-8")


@pytest.mark.parametrize("slip", [*LOADED, *VALIDATED, *SAID], ids=lambda slip: slip.name)
def test_validate_says_what_to_mend(slip, command, tmp_path):
    write(tmp_path, slip)
    code, said = command("validate", "tiny", "--seeds", "1", "--jobs", "1")
    assert re.search(slip.said, said), said
    assert code == slip.exit_code, said
    assert "Traceback" not in said and "AssignmentError" not in said and "RubricError" not in said


@pytest.mark.parametrize("slip", LOADED, ids=lambda slip: slip.name)
def test_release_says_the_same_and_writes_nothing(slip, command, tmp_path):
    write(tmp_path, slip)
    code, said = command("release", "tiny")
    if slip.file not in ("mutants.py", "equivalents.py"):  # a release needs neither
        assert code == 2 and re.search(slip.said, said), said
        assert not (tmp_path / "assignments").exists()
    assert "Traceback" not in said


def test_nothing_else_is_tried_before_the_reference_passes(command, tmp_path):
    write(tmp_path, body("", "    1 / 0\n", ""))
    code, said = command("validate", "tiny", "--seeds", "1")
    assert code == 1 and "The reference does not pass its own checks on 1 of 1 seeds: fix that first." in said
    assert "mutants that died" not in said.lower() and "survives" not in said


def test_a_check_that_takes_long_alone_is_named_at_once(command, tmp_path, monkeypatch):
    monkeypatch.setattr("autograder.grading.validate.SLOW_CHECK", 0.1)
    write(tmp_path, checks("", SMALL_BODY, f"    import time\n    time.sleep(0.06)\n{SMALL_BODY}", ""))
    code, said = command("validate", "tiny", "--seeds", "1")
    assert code == 0 and "this check alone took 0 s: 1 small" in said


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_byte_order_mark_and_the_line_ends_of_windows_make_no_difference(command, tmp_path, encoding, ends):
    folder = tiny.write(tmp_path)
    for path in folder.glob("*.py"):
        path.write_bytes(path.read_text(encoding="utf-8").replace("\n", ends).encode(encoding))
    assert command("release", "tiny")[0] == 0
    released = (tmp_path / "assignments/tiny/tiny.py").read_bytes()
    assert b"\r" not in released and b"\xef\xbb\xbf" not in released and b"x * x" not in released


def test_another_encoding_is_named_with_its_line(command, tmp_path):
    folder = tiny.write(tmp_path)
    path = folder / "solution.py"
    path.write_bytes(path.read_text(encoding="utf-8").replace("# # Tiny", "# # Größe").encode("latin-1"))
    code, said = command("release", "tiny")
    assert code == 2 and "reference/tiny/solution.py, line 2: this is not UTF-8" in said


def test_titles_are_shown_as_they_are_typed(command, tmp_path):
    write(tmp_path, checks("", '"Square"', '"[/red] in [0, 1] :smile:"', ""))
    code, said = command("validate", "tiny", "--seeds", "1")
    assert code == 0 and "1 [/red] in [0, 1] :smile:" in said


# --- functions that are called as the rubric's own ---------------------------------------------------------------


@pytest.mark.parametrize("name", ["read", "call", "ban", "stand_in", "exchanges", "answer", "asked"])
@pytest.mark.parametrize("who", ["student", "reference"])
def test_a_function_may_have_the_name_of_one_of_ours(command, tmp_path, name, who):
    renamed = (("def square", f"def {name}"), ("return square(x)", f"return {name}(x)"))
    write(tmp_path, Slip("", "", renamed, "solution.py"))
    folder = tmp_path / "reference/tiny"
    (folder / "mutants.py").unlink()
    (folder / "equivalents.py").unlink()
    text = tiny.CHECKS.replace("    matches", f'    {who}.call("{name}", draw.normal(3))\n    matches', 1)
    (folder / "checks.py").write_text(text.replace('"square"', f'"{name}"'), encoding="utf-8")
    code, said = command("validate", "tiny", "--seeds", "1")
    assert code == 0, said


@pytest.mark.parametrize("name", ["read", "call", "ban", "stand_in"])
def test_a_check_that_would_call_ours_instead_is_refused(command, tmp_path, name):
    write(
        tmp_path,
        Slip("", "", (("def square", f"def {name}"), ("return square(x)", f"return {name}(x)")), "solution.py"),
    )
    text = tiny.CHECKS.replace(SMALL_BODY, f"    student.{name}(draw.normal(3))\n")
    path = tmp_path / "reference/tiny/checks.py"
    path.write_text(text.replace('"square"', f'"{name}"'), encoding="utf-8")
    code, said = command("validate", "tiny", "--seeds", "1")
    assert code == 2
    assert re.search(rf'{CHECKS}9: `student.{name}` is the rubric\'s own.*`student\.call\("{name}", ...\)`', said), said
