"""Public checks are cut out of a rubric's modules, with what they need and nothing else."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.errors import PublicCheckError
from autograder.rubric.slicing import sliced

CHECKS = """
import math
from .exercises import sums
from .views import DATA

HALF = 0.5
SECRET = 7

def shown(student, reference, draw):
    return helper(HALF)

def helper(x):
    return math.pi * x

def hidden(student, reference, draw):
    return SECRET

def on_data(student, reference, draw):
    return DATA
"""
SUMS = """
import math
from .common import SIZES, several

LIMIT = max(SIZES)

@several
def first(student, reference, draw):
    return [several(n) for n in SIZES if n < LIMIT]
"""
COMMON = """
SIZES = (3, 8)

def several(n):
    return n
"""


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Path, Any, Any]]:
    def written(**changed: str) -> tuple[Path, Any, Any]:
        folder = tmp_path / "sliced_course"
        (folder / "exercises").mkdir(parents=True)
        files = {"checks": CHECKS, "exercises/sums": SUMS, "exercises/common": COMMON, "views": "DATA = 1\n"}
        for name, text in (files | {key.replace("__", "/"): value for key, value in changed.items()}).items():
            (folder / f"{name}.py").write_text(text, encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        for name in [one for one in sys.modules if one.startswith("sliced_course")]:
            del sys.modules[name]
        importlib.invalidate_caches()
        return folder, *(importlib.import_module(f"sliced_course.{name}") for name in ("checks", "exercises.sums"))

    return written


def run(source: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {}
    exec(source, namespace)
    return namespace


def test_a_check_brings_what_it_needs_and_nothing_else(course):
    folder, checks, _ = course()
    source = sliced(folder, [checks.shown])
    assert run(source)["shown"](None, None, None) == pytest.approx(1.5708, abs=1e-4)
    for hidden in ("SECRET", "hidden", "on_data", "views", "sums"):
        assert hidden not in source


def test_checks_of_several_modules_share_what_they_import(course):
    """Constants come before what is made of them, in whatever order the checks are named."""
    folder, checks, sums = course()
    source = sliced(folder, [sums.first, checks.shown])
    assert source.count("def several") == 1
    assert "@several" not in source and "from ." not in source
    assert run(source)["first"](None, None, None) == [3]


def test_a_check_that_needs_a_hidden_module_is_refused(course):
    folder, checks, _ = course()
    with pytest.raises(PublicCheckError, match=r"need DATA, of a hidden module \(views.py\)"):
        sliced(folder, [checks.on_data])


def test_two_things_of_one_name_are_refused(course):
    folder, checks, sums = course(
        checks=CHECKS + "\ndef several(n): return HALF\ndef other(s, r, d): return several(1)\n"
    )
    with pytest.raises(PublicCheckError, match=r"checks.py and common.py both have a several"):
        sliced(folder, [sums.first, checks.other])


def test_a_module_taken_whole_is_refused(course):
    """What is read of it shows only when it runs."""
    whole = SUMS + "\nfrom . import common\ndef whole(s, r, d): return common.SIZES\n"
    folder, _, sums = course(exercises__sums=whole)
    with pytest.raises(PublicCheckError, match="import names from common"):
        sliced(folder, [sums.whole])
