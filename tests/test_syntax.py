"""Parsing in threads, where CPython's own parser loses count when a garbage collection lets another thread in; and
without warnings."""

from __future__ import annotations

import ast
import gc
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from autograder.syntax import compiled, parse


@pytest.fixture
def switching():
    """Every garbage collection, of which there are many, gives way to another thread."""

    def give_way(*_: object) -> None:
        time.sleep(0)

    before = gc.get_threshold()
    gc.set_threshold(50)
    gc.callbacks.append(give_way)
    yield
    gc.callbacks.remove(give_way)
    gc.set_threshold(*before)


def test_threads_may_parse_at_the_same_time(switching):
    source = Path(ast.__file__).read_text(encoding="utf-8")
    with ThreadPoolExecutor(4) as pool:
        trees = list(pool.map(parse, [source] * 100))
    assert {len(tree.body) for tree in trees} == {len(ast.parse(source).body)}


def test_a_file_that_is_no_python_is_refused_under_its_name():
    with pytest.raises(SyntaxError) as caught:
        parse("def", "mine.py")
    assert caught.value.filename == "mine.py"


@pytest.mark.parametrize("work", [parse, compiled])
@pytest.mark.parametrize("line", ['"\\alpha \\d"', "1 is 1", "assert (1, 'never')", "[1](2)"])
def test_questions_of_style_are_no_news(work, line, recwarn):
    """Since Python 3.12 everybody would see the first, on the terminal of who grades."""
    work(line)
    assert [str(warning.message) for warning in recwarn] == []
