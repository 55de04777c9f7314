"""`autograder docs`: the documentation that belongs to this version, on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import autograder
from autograder.errors import InputError

EXAMPLES = (
    "autograder docs",
    "autograder docs authoring",
)
INSTALLED = "docs"
"""The folder inside the package that a wheel has them in."""


def docs(
    page: Annotated[str | None, typer.Argument(help="A page, as in the list: authoring.", show_default=False)] = None,
) -> None:
    """Say where the documentation lies; print a page of it."""
    folder = docs_folder()
    pages = {path.relative_to(folder).with_suffix("").as_posix(): path for path in sorted(folder.rglob("*.md"))}
    if page is None:
        print(folder)
        for name, path in pages.items():
            print(f"  {name:24} {_title(path)}")
        return
    name = page.removesuffix(".md")
    if name not in pages:
        raise InputError(f"there is no page {name}: `autograder docs` lists them")
    print(pages[name].read_text(encoding="utf-8"))


def docs_folder() -> Path:
    """Return the folder of the documentation: the wheel's, or that of the source tree. Raises `InputError`."""
    package = Path(autograder.__file__).parent
    for folder in (package / INSTALLED, package.parent / "docs"):
        if (folder / "authoring.md").is_file():
            return folder
    raise InputError("the documentation is not installed: install the wheel, which has it")


def _title(path: Path) -> str:
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    return first.lstrip("# ").replace("`", "")
