"""`autograder similarity`, as a TA uses it."""

from __future__ import annotations

import csv
import json
import os
import signal
import time
import zipfile
from pathlib import Path

import pytest

from autograder.cli import workers
from autograder.cli.workers import BoundedPool
from autograder.errors import RejectedError
from tests import tiny
from tests.cli.test_commands import run
from tests.similarity.planted import notebook
from tests.similarity.test_pairs import function

SQUARE = "def square(x):\n    return x * x\n"
STARTER = function("plot", 3, 5, 7, 9)
RARE = function("total", 41, 43, 47, 53)
OTHERS = {f"s{number}": function("total", *range(number * 100, number * 100 + 4)) for number in range(1, 5)}


def put(folder: Path, **sources: str) -> None:
    for student, source in sources.items():
        (folder / student).mkdir(parents=True)
        name = "tiny.ipynb" if source.startswith("{") else "tiny.py"
        (folder / student / name).write_text(source, encoding="utf-8")


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tiny.write(tmp_path)
    tiny.config(tmp_path)
    put(tmp_path / "assignments", tiny=STARTER + "def square(x):\n    raise NotImplementedError\n")
    mine = STARTER + SQUARE + RARE
    theirs = notebook((RARE.replace("x", "wert") + SQUARE + STARTER).replace("return", "# zurück\n    return"))
    put(tmp_path / "class", ada=mine, bob=theirs, **{name: STARTER + SQUARE + own for name, own in OTHERS.items()})
    monkeypatch.chdir(tmp_path)
    return tmp_path


def pairs_of(*words: str) -> list[tuple[str, str, int, int]]:
    result = run("similarity", "tiny", *words, "--json", "--jobs", "1")
    assert result.exit_code == 0, result.output
    return [(row["left"], row["right"], row["rare_left"], row["given_left"]) for row in json.loads(result.stdout)]


def test_a_module_and_a_disguised_notebook_come_first(course: Path) -> None:
    result = run("similarity", "tiny", "class", "--pairs", "1")
    assert result.exit_code == 0
    row = next(line.split() for line in result.stdout.splitlines() if "ada" in line)
    assert row[:4] == ["1", "ada", "bob", "5"], "the five lines of the function that only these two have"
    assert "Why they are shared is for people to find out." in " ".join(result.stdout.split())
    page = (course / "reports/tiny-similarity/pairs/001.html").read_text(encoding="utf-8")
    assert page.count('class="line rare"') == 10 and "zurück" in page
    assert "001.html" in (course / "reports/tiny-similarity/index.html").read_text(encoding="utf-8")
    with (course / "reports/tiny-similarity/pairs.csv").open(encoding="utf-8") as file:
        assert [(row["left"], row["right"], row["rare_left"]) for row in csv.DictReader(file)] == [("ada", "bob", "5")]


def test_the_starter_explains_what_it_has_and_so_does_what_else_was_given(course: Path) -> None:
    (first, *_) = pairs_of("class")
    assert first == ("ada", "bob", 5, 5)
    (course / "lecture.md").write_text(f"# Lecture\n\n```python\n{RARE}```\n")
    assert ("ada", "bob") not in [
        (left, right) for left, right, rare, _ in pairs_of("class", "--given", "lecture.md") if rare
    ]


def test_last_years_class_and_public_solutions(course: Path) -> None:
    put(course / "class", cy=STARTER + SQUARE + function("total", 61, 67, 71, 73))
    put(course / "2026", cy=function("summe", 61, 67, 71, 73), di=RARE)
    (course / "web").mkdir()
    (course / "web" / "solution.py").write_text(OTHERS["s1"])
    found = pairs_of("class", "--against", "2026", "--against", "web")
    named = {frozenset((left, right)) for left, right, *_ in found[:4]}
    assert {frozenset(("cy", "2026/cy")), frozenset(("s1", "web/solution"))} < named
    assert not any(left.startswith(("2026", "web")) for left, *_ in found)


def test_names_may_be_left_out_of_everything(course: Path) -> None:
    first = pairs_of("class", "--pseudonyms", "--pairs", "2")
    again = pairs_of("class", "--pseudonyms", "--pairs", "1")
    assert first[:1] == again, "the same sign for the same hand-in in every run"
    folder = course / "reports/tiny-similarity"
    text = "".join(path.read_text(encoding="utf-8") for path in (*folder.glob("*.*"), *(folder / "pairs").iterdir()))
    assert "hand-in " in text and "ada" not in text and "bob" not in text


def test_a_class_comes_as_one_zip_too(course: Path) -> None:
    with zipfile.ZipFile("class.zip", "w") as archive:
        for path in sorted((course / "class").rglob("tiny.*")):
            archive.write(path, path.relative_to(course).as_posix())
    assert pairs_of("class.zip", "--pairs", "1") == pairs_of("class", "--pairs", "1")


def test_what_cannot_be_read_is_told_and_the_others_are_compared(course: Path) -> None:
    put(course / "class", eve="x = " + "(" * 100_000, mo="\0", zoe="")
    (course / "class" / "pic").mkdir()
    (course / "class" / "pic" / "a.pdf").write_bytes(b"%PDF-1.4")
    put(course / "class", long=SQUARE, many="x=1\n" * 74_000)
    for number in range(5):
        (course / "class" / "long" / f"more{number}.py").write_text("#" * 250_000)
    result = run("similarity", "tiny", "class", "--json")
    assert result.exit_code == 1
    assert "Not compared: long: it holds more text" in result.stderr
    assert "Not compared: many: it holds more code" in result.stderr
    assert "Not compared: pic: " in result.stderr
    assert json.loads(result.stdout)[0]["right"] == "bob"


def test_a_name_is_no_formula_in_the_table_for_spreadsheets(course: Path) -> None:
    put(course / "last", **{"ada": RARE})
    (course / "last").rename(course / "=1+1")
    pairs_of("class", "--against", "=1+1")
    assert "'=1+1/ada" in (course / "reports/tiny-similarity/pairs.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("class", "--against", "nowhere"), "nowhere does not exist"),
        (("class", "--given", "nowhere"), "--given nowhere: it does not exist"),
        (("nowhere",), "nowhere does not exist"),
    ],
    ids=["against", "given", "class"],
)
def test_a_wrong_place_is_named(course: Path, words: tuple[str, ...], said: str) -> None:
    result = run("similarity", "tiny", *words)
    assert said in str(result.exception)


def test_without_a_starter_nobody_knows_what_it_explains(course: Path) -> None:
    (course / "assignments").rename(course / "handed-out")
    assert "autograder release tiny" in str(run("similarity", "tiny", "class").exception)
    assert pairs_of("class", "--given", "handed-out/tiny")[0] == ("ada", "bob", 5, 5)


def hostile(what: str) -> str:
    if what == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "computes":
        while True:
            sum(range(1000))
    if what == "hoards":
        held = [bytearray(1 << 20) for _ in range(1 << 20)]
        time.sleep(len(held))
    if what == "nests":
        eval("-" * 200_000 + "1")
    if what == "refuses":
        raise RejectedError("no")
    return what


def quick(what: str) -> str:
    workers.CPU_SECONDS = 0.5
    return workers._limited(hostile, what)


def test_an_item_that_ends_its_process_costs_only_itself() -> None:
    """Dying, computing for ever, taking all memory: the next one is read all the same, in order."""
    items = ["fine", "dies", "fine", "computes", "hoards", "nests", "refuses", "fine"]
    with BoundedPool(2) as pool:
        made = [one.reason if isinstance(one, RejectedError) else one for one in pool.map(quick, items)]
    assert made == ["fine", workers.TOO_LONG, "fine", *[workers.TOO_LONG] * 3, "no", "fine"]
