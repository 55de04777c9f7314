"""Write docs/api/: a page with every public name of `autograder.rubric`, made from the docstrings.

Usage: python tools/api.py [--check]        with --check, write nothing and exit with 1 where the page is stale
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import FunctionType
from typing import Any

from autograder import rubric

PAGE = Path(__file__).parents[1] / "docs/api/rubric.md"
HEAD = """\
# `autograder.rubric`, name by name

What a rubric imports, made from the docstrings by `make api`. [Writing a rubric](../rubric.md) is where to begin.

"""
SECTIONS = ("Args", "Attributes", "Returns", "Raises", "Example")
_SECTION = re.compile(rf"^({'|'.join(SECTIONS)}):$", re.MULTILINE)
_ENTRY = re.compile(r"^(\*{0,2}\w+): (.*)$")


def page() -> str:
    """Return the page's text."""
    names = sorted(rubric.__all__, key=lambda name: (not name[0].islower(), name.lower()))
    index = " · ".join(f"[`{name}`](#{_anchor(name)})" for name in names)
    return HEAD + index + "\n" + "\n".join(line for name in names for line in _entry(name)).rstrip() + "\n"


def _entry(name: str) -> Iterator[str]:
    value = getattr(rubric, name)
    yield from _described(name, value, 2)
    if inspect.isclass(value):
        for key, one in vars(value).items():
            if not key.startswith("_") and isinstance(one, FunctionType | property):
                yield from _described(f"{name}.{key}", one, 3)


def _described(name: str, value: Any, level: int) -> Iterator[str]:
    """Yield what a docstring says of a name, below its heading."""
    yield from ("", f"{'#' * level} {name}" if level == 2 else f"{'#' * level} `{name}`", "")
    if callable(value):
        yield from ("```python", _signature(name, value), "```", "")
        said = inspect.getdoc(value) or ""
    else:
        said = _said_below(name)
    parts = _SECTION.split(said)
    yield parts[0].strip()
    for section, body in zip(parts[1::2], parts[2::2], strict=True):
        yield from ("", f"**{section}**", "")
        text = inspect.cleandoc(body)
        yield from ("```pycon", text, "```") if section == "Example" else _listed(text)


def _signature(name: str, value: Any) -> str:
    """Return a call as it is written: the arguments with their types, one a line where they do not fit."""
    signature = inspect.signature(value)
    arguments = [one for one in signature.parameters.values() if one.name != "self"]
    plain = signature.replace(parameters=arguments)
    text = f"{name.rpartition('.')[2]}{plain}".replace("'", "") if not inspect.isclass(value) else f"{name}{plain}"
    text = re.sub(r" -> None$", "", text.replace("'", ""))
    if len(text) <= 100:
        return text
    inside = ",\n    ".join(str(one).replace("'", "") for one in arguments)
    returns = text[text.rindex(")") + 1 :]
    return f"{text[: text.index('(')]}(\n    {inside},\n){returns}"


def _listed(text: str) -> Iterator[str]:
    """Yield the entries of a section, `name: what it is`, as a list."""
    for line in text.split("\n"):
        found = _ENTRY.match(line)
        yield f"- `{found[1]}`: {found[2]}" if found else line.removeprefix("  ") if line.startswith("    ") else line


def _said_below(name: str) -> str:
    """Return the text below the assignment of a constant."""
    for module in {sys.modules[key] for key in sys.modules if key.startswith("autograder.rubric.")}:
        body = ast.parse(inspect.getsource(module)).body
        for one, following in pairwise(body):
            match one, following:
                case ast.Assign(targets=[ast.Name(id=found)]), ast.Expr(value=ast.Constant(value=str(said))):
                    if found == name:
                        return inspect.cleandoc(said)
    return ""


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-"))


def main() -> int:
    """Write the page, or with --check compare it."""
    text = page()
    if "--check" in sys.argv[1:]:
        current = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text
        print("current" if current else f"stale: {PAGE}: make api writes it")
        return 0 if current else 1
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(text, encoding="utf-8")
    print(PAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
