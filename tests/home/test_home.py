"""Checking at home: a released folder is enough, and the verdict is the grader's."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from autograder.errors import PublicCheckError, PublicReleaseError
from autograder.grading.engine import Engine
from autograder.grading.hosts import LocalHost
from autograder.home import check_file, find_release
from autograder.model import Outcome
from autograder.release import generate, pack, public_release
from autograder.release.public import SEED
from autograder.rubric.assignment import load
from tests import tiny
from tests.places import give_away

ABSENT = (
    *("fcntl", "resource", "pwd", "grp", "termios", "pyseccomp", "psutil", "sqlalchemy", "jupytext", "nbformat"),
    *("nbconvert", "nbgrader", "pytest", "pandas", "sklearn", "matplotlib"),
)
STUBBORN = """
    while True:
        try:
            while time.sleep(0.01) or True: pass
        except KeyboardInterrupt:
            if calls.append(1) or len(calls) > 1: raise
calls = []"""
RIGHT = "def square(x):\n    return x * x\n\ndef total(x):\n    return square(x).sum()\n"
RIGHT += "def slope(x):\n    return 2 * x\n"


@pytest.fixture
def released(tmp_path, tiny_assignment) -> Path:
    """assignments/tiny, as a student unpacks it."""
    public = public_release(tiny_assignment, "Tiny", ["torch"])
    generate(tiny_assignment.folder, tmp_path / "assignments", public)
    return tmp_path / "assignments" / "tiny"


def test_the_starter_is_not_started_and_nobody_is_blamed(released):
    checked = check_file(released / "tiny.py")
    assert [result.outcome for result in checked.results] == [Outcome.NOT_ATTEMPTED]
    assert "not attempted, 4 points" in repr(checked)
    assert not checked.passed


def test_what_is_begun_is_not_called_not_started(released):
    helper = 'def helper(x):\n    raise NotImplementedError("Exercise 2: total")\n\n'
    (released / "tiny.py").write_text(helper + "def square(x):\n    return helper(x)\n")
    shown = " ".join(repr(check_file(released / "tiny.py", ["square"])).split())
    assert "○ 1 Square 0 of 1 public" in shown
    assert "`square` calls `total`, which is still to be written." in shown


def test_an_exercise_whose_written_part_has_no_public_check_is_begun(released):
    starter = (released / "tiny.py").read_text()
    (released / "tiny.py").write_text(starter.replace('raise NotImplementedError("Exercise 2: total")', "return 0"))
    shown = " ".join(repr(check_file(released / "tiny.py", ["total"])).split())
    assert "2 Sum of squares 1 of 2 examples fit, 6 more later" in shown


def test_full_public_marks_never_look_like_full_marks(released):
    (released / "tiny.py").write_text(RIGHT)
    checked = check_file(released / "tiny.py")
    assert checked.passed
    assert checked.summary == "1 of 1 public points. 9 more points are checked when you hand in, on other inputs."


def test_a_mistake_is_told_as_the_grader_tells_it(released, tiny_assignment):
    source = "def square(x):\n    return 2 * x\n"
    (released / "tiny.py").write_text(source)
    here = check_file(released / "tiny.py").results[0]

    def namespace() -> dict[str, object]:
        made: dict[str, object] = {}
        exec(source, made)
        return made

    small = tiny_assignment.rubric.checks[0]
    there = Engine(tiny_assignment, SEED).run_check(LocalHost(namespace), small, "public", hints=False)
    assert (here.outcome, here.message, here.difference) == (there.outcome, there.message, there.difference)


def test_a_notebook_is_read_as_the_grader_reads_it(released):
    cells = [
        {"cell_type": "code", "source": "%matplotlib inline\nimport autograder", "metadata": {}, "outputs": []},
        {"cell_type": "code", "source": RIGHT, "metadata": {}, "outputs": []},
        {"cell_type": "code", "source": "autograder.check('square')", "metadata": {}, "outputs": []},
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (released / "mine.ipynb").write_text(json.dumps(notebook))
    assert check_file(released / "mine.ipynb").passed


def test_one_exercise_by_number_or_function(released):
    (released / "tiny.py").write_text(RIGHT)
    assert check_file(released / "tiny.py", ["square"]).chosen == ("1",)
    assert check_file(released / "tiny.py", ["2"]).chosen == ("2",)
    with pytest.raises(PublicReleaseError, match=r"function 'cube'; there are 1 \(square\), 2 \(total, slope\)"):
        check_file(released / "tiny.py", ["cube"])


def test_without_a_release_the_message_says_where_to_go(tmp_path):
    with pytest.raises(PublicReleaseError, match=r"no public\.json"):
        find_release(tmp_path)
    (tmp_path / "public.json").write_text("{}")
    with pytest.raises(PublicReleaseError, match="unpack the assignment again"):
        check_file(tmp_path / "tiny.py")


def test_a_file_that_is_not_there_is_named(released):
    with pytest.raises(PublicReleaseError, match=r"there is no mine\.py in .*: is its name right\?"):
        check_file(released / "mine.py")


@pytest.mark.parametrize(
    "loop", ["while True: pass", "while True: time.sleep(9)", STUBBORN], ids=["busy", "asleep", "stubborn"]
)
def test_an_endless_loop_is_stopped_and_the_rest_is_checked(released, monkeypatch, loop):
    monkeypatch.setattr("autograder.home.run.CHECK_SECONDS", 0.3)
    (released / "tiny.py").write_text(f"import time\ndef square(x):\n    {loop}\n")
    (result,) = check_file(released / "tiny.py").results
    assert result.outcome is Outcome.TIMED_OUT
    assert "stopped after 0.3 s: is there an endless loop?" in result.message


def test_an_endless_loop_is_stopped_in_the_background_too(released, monkeypatch):
    """What a shell starts with `&` in a script ignores Ctrl-C."""
    monkeypatch.setattr("autograder.home.run.CHECK_SECONDS", 0.3)
    (released / "tiny.py").write_text("def square(x):\n    while True: pass\n")
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        (result,) = check_file(released / "tiny.py").results
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    assert result.outcome is Outcome.TIMED_OUT


def test_ctrl_c_ends_the_check(released):
    (released / "tiny.py").write_text("def square(x):\n    raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        check_file(released / "tiny.py")


def test_an_error_names_the_line(released):
    (released / "tiny.py").write_text("def square(x):\n    return nowhere\n")
    (result,) = check_file(released).results
    assert "name 'nowhere' is not defined (tiny.py, line 2: return nowhere)" in result.message


def test_an_error_in_a_notebook_names_the_cell(released):
    sources = ["import torch", "# mine\n\ndef square(x):\n    return nowhere\n"]
    cells = [{"cell_type": "code", "source": one, "metadata": {}, "outputs": []} for one in sources]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (released / "mine.ipynb").write_text(json.dumps(notebook))
    (result,) = check_file(released / "mine.ipynb").results
    assert "(mine.ipynb, code cell 2, line 4: return nowhere)" in result.message


def test_a_syntax_error_is_the_first_thing_to_read(released):
    (released / "tiny.py").write_text("def square(x:\n    return x\n")
    shown = repr(check_file(released))
    assert shown.index("Note: ") < shown.index("1 Square")


@pytest.mark.parametrize("source", ["def total(x:\n    return x\n", ""], ids=["a syntax error", "deleted"])
def test_what_no_public_check_tries_is_missed_all_the_same(released, source):
    (released / "tiny.py").write_text(f"def square(x):\n    return x * x\n\n{source}")
    checked = check_file(released)
    assert checked.absent == ("total", "slope")
    why = "`total` was left out: the note above says why." if source else "`total` is not there."
    assert "✗ 2 Sum of squares" in repr(checked) and why in repr(checked)
    assert not checked.passed


def test_an_exercise_given_as_a_file_is_understood(released, monkeypatch):
    monkeypatch.chdir(released)
    with pytest.raises(PublicReleaseError, match="for an exercise: autograder check -e square"):
        check_file(Path("square"))


def test_a_file_that_stops_half_way_says_so(released):
    (released / "tiny.py").write_text("class Broken:\n    1 / 0\n\n" + RIGHT)
    checked = check_file(released)
    assert "ZeroDivisionError" in checked.problem and "line 2" in checked.problem
    assert checked.results[0].outcome is Outcome.PASSED


def test_html_is_escaped(released):
    (released / "tiny.py").write_text("def square(x):\n    raise ValueError('<script>alert(1)</script>')\n")
    html = check_file(released / "tiny.py")._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "9 more points" in html


def test_the_release_gives_no_hidden_check_away(released):
    text = (released / "public.json").read_text()
    assert "def small" in text
    for hidden in ("def random", "def adds", "def gradient", "rubric.exercise"):
        assert hidden not in text


def test_two_public_checks_of_one_name_are_refused(tmp_path):
    checks = tiny.CHECKS.replace('@two.check("total", 2)\ndef adds', '@two.check("total", 2, public=True)\ndef small')
    with pytest.raises(PublicCheckError, match="two public checks or practices are called small"):
        public_release(load(tiny.write(tmp_path, checks)), "Tiny", [])


def test_two_releases_are_byte_identical(tmp_path, released, tiny_assignment):
    first = pack(released, tmp_path / "one").read_bytes()
    public = public_release(tiny_assignment, "Tiny", ["torch"])
    generate(tiny_assignment.folder, tmp_path / "again", public)
    assert pack(tmp_path / "again" / "tiny", tmp_path / "two").read_bytes() == first
    with zipfile.ZipFile(tmp_path / "one" / "tiny.zip") as archive:
        assert archive.namelist() == [
            "tiny/public.json",
            "tiny/tiny.ipynb",
            "tiny/tiny.py",
            "tiny/tiny_colab.ipynb",
        ]


def test_it_runs_where_there_is_no_linux_and_nothing_that_only_the_course_needs(released):
    """The modules that only Linux has, and those of the extra "course", are taken away: nothing misses them."""
    (released / "tiny.py").write_text(RIGHT)
    script = (
        "import sys\n"
        f"for name in {ABSENT}: sys.modules[name] = None\n"
        "sys.modules['autograder.sandbox.host.sandbox'] = sys.modules['autograder.sandbox.layers.kernel'] = None\n"
        "sys.argv = ['autograder', 'check', 'tiny.py']\n"
        "from autograder.cli import main\nmain()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=released, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "1 of 1 public points" in done.stdout


def test_a_public_json_of_another_users_is_not_run(released, monkeypatch):
    """On a drop box that many share, anybody may put one where somebody else stands."""
    give_away(monkeypatch, released / "public.json")
    with pytest.raises(PublicReleaseError, match=r"public\.json belongs to user 4711, .* a folder of your own"):
        check_file(released / "tiny.py")


def test_a_module_of_another_users_is_checked_only_if_it_is_named(released, monkeypatch):
    give_away(monkeypatch, released / "tiny.py", released / "tiny.ipynb", released / "tiny_colab.ipynb")
    monkeypatch.chdir(released)
    with pytest.raises(PublicReleaseError, match=r"of yours|is not used"):
        check_file()
