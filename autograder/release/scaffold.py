"""Start a new assignment: small, complete, sound from the first minute, and to be changed step by step."""

from __future__ import annotations

import json
import keyword
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import yaml

from autograder.config import NAME, load
from autograder.errors import ScaffoldError
from autograder.files import replace
from autograder.model import DEFAULT_PACKAGES

TEMPLATE = Path(__file__).parent / "template"


def scaffold(root: Path, name: str, title: str) -> list[Path]:
    """Write reference/`name` and its entry in the configuration; return the paths. Raises `ScaffoldError`.

    Nothing is overwritten: an assignment or an entry of that name is an error.
    """
    files = {
        path.name.removesuffix(".txt"): path.read_text(encoding="utf-8").replace("TITLE", title).replace("NAME", name)
        for path in sorted(TEMPLATE.iterdir())
    }
    return start(root, name, title, {file: text.encode() for file, text in files.items()})


def start(root: Path, name: str, title: str, files: Mapping[str, bytes], packages: Sequence[str] = ()) -> list[Path]:
    """Write the files of a new assignment, and its entry in the configuration.

    Args:
        root: The course's folder.
        name: The assignment's name.
        title: What students read.
        files: What reference/`name` holds, by relative path.
        packages: What students may import; by default what the configuration says.

    Returns:
        The paths written.

    Raises:
        ScaffoldError: The name cannot be one, or there is something of that name already. Nothing is written.
    """
    folder = free_folder(root, name)
    config = root / NAME
    text = _with_entry(config, name, title, packages)
    written = []
    for file, data in files.items():
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        written.append(target)
    replace(config, text.encode())
    return [*written, config]


def free_folder(root: Path, name: str) -> Path:
    """Return the folder of a new assignment. Raises `ScaffoldError` where its name cannot be one, or is taken."""
    if not (name.isidentifier() and name.isascii() and name == name.lower()) or keyword.iskeyword(name):
        raise ScaffoldError(f"{name!r} cannot be a module's name: use small letters, digits and _, as in week_3")
    if name in sys.stdlib_module_names or name in (*DEFAULT_PACKAGES, "autograder"):
        raise ScaffoldError(f"{name} is the name of a library, which students' files would hide: choose another")
    folder = root / "reference" / name
    if folder.exists():
        raise ScaffoldError(f"{folder} is there already")
    return folder


def _with_entry(config: Path, name: str, title: str, packages: Sequence[str]) -> str:
    """Return the configuration's text with one more assignment, everything else unchanged, comments too."""
    if not config.is_file():
        return "\n".join(["# Every setting is explained in docs/configuration.md.", "course:", "  name: My course", "",
                          "assignments:", *_entry("  ", name, title, packages)]) + "\n"  # fmt: skip
    known = load(config).assignments
    if name in known:
        raise ScaffoldError(f"{config} has an assignment called {name} already")
    text = config.read_text(encoding="utf-8")
    document = yaml.compose(text, Loader=yaml.SafeLoader)
    assert document is not None  # the configuration was loaded above
    entries = next(value for key, value in document.value if key.value == "assignments")
    if entries.flow_style:
        raise ScaffoldError(f"{config}: write `assignments:` as a list of lines, one entry below the other, first")
    indent = " " * entries.start_mark.column
    lines = text.splitlines()
    at = entries.end_mark.line if entries.end_mark.column == 0 else entries.end_mark.line + 1
    while at > 0 and (not lines[at - 1].strip() or lines[at - 1].startswith("#")):
        at -= 1
    lines[at:at] = ["", *_entry(indent, name, title, packages)]
    return "\n".join(lines) + "\n"


def _entry(indent: str, name: str, title: str, packages: Sequence[str]) -> Iterator[str]:
    yield f"{indent}{name}:"
    yield f"{indent}  title: {json.dumps(title, ensure_ascii=False)}"
    if packages:
        yield f"{indent}  packages: [{', '.join(packages)}]"
