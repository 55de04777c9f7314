"""The API reference is made from the docstrings, and is current."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from autograder import rubric

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("api_tool", ROOT / "tools/api.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_current(tool: ModuleType) -> None:
    assert tool.PAGE.read_text(encoding="utf-8") == tool.page(), "stale: run `make api`"


@pytest.mark.parametrize("name", rubric.__all__)
def test_every_public_name_has_its_section(tool: ModuleType, name: str) -> None:
    page = tool.page()
    section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    assert section.strip(), f"{name} is missing"
    assert f"[`{name}`](#" in page
    value = getattr(rubric, name)
    assert "**Example**" in section or not callable(value), f"{name} has no example"
    assert "Args:" not in section and "Returns:" not in section, "a section of the docstring was not taken apart"


def test_a_function_shows_its_call_its_arguments_and_what_it_raises(tool: ModuleType) -> None:
    section = tool.page().partition("\n## compare\n")[2].partition("\n## ")[0]
    for part in ("```python\ncompare(\n", "- `got`: ", "**Raises**", "- `MismatchError`: ", "```pycon\n>>> compare("):
        assert part in section
