"""Write how a handout begins: what lies in the folder, and how to start. It follows what is really released."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection

FILES = "<!-- files -->"
"""Marks where the rows of the generated files go, in a table."""
START = re.compile(r"<!-- start(?:: ([\w ,-]+))? -->")
"""Marks where it is said what to install. After the colon: packages that the handout itself needs."""
CPU = "pip install torch --index-url https://download.pytorch.org/whl/cpu   # Linux: 200 MB; without it, 5 GB for GPUs"
INSTALLED_AS = {"sklearn": "scikit-learn", "PIL": "pillow", "cv2": "opencv-python", "yaml": "pyyaml"}
"""Packages whose names differ from what is imported."""


def with_beginning(text: str, name: str, files: Collection[str], starter: str) -> str:
    """Return a handout with the rows and the lines in place of their marks.

    Args:
        text: the author's handout.
        name: the assignment.
        files: what is released, by relative path.
        starter: the source that students get; what it imports is to be installed.
    """
    rows = _rows(name, files)
    text = text.replace(f"{FILES}\n", "".join(f"{row}\n" for row in rows))
    return START.sub(lambda found: _start(name, files, _packages(starter, found[1] or "")), text)


def _rows(name: str, files: Collection[str]) -> list[str]:
    notebook, module, colab = f"{name}.ipynb", f"{name}.py", f"{name}_colab.ipynb"
    rows = []
    if notebook in files and module in files:
        rows.append(
            f"| `{notebook}`, `{module}` | the same exercises as a notebook and as a module: work in **one** of them |"
        )
    elif notebook in files:
        rows.append(f"| `{notebook}` | the exercises: you work in it |")
    if colab in files:
        rows.append(f"| `{colab}` | the notebook again, ready for Colab, with a check behind each exercise |")
    if "public.json" in files:
        rows.append("| `public.json` | the public checks: `autograder check` runs them |")
    return rows


def _start(name: str, files: Collection[str], packages: Collection[str]) -> str:
    module = f"{name}.py" in files
    run = ", or run the module here" if module else ""
    others = " ".join(package for package in packages if package != "torch")
    lines = [CPU] if "torch" in packages else []
    lines += [f"pip install {' '.join(filter(None, ('torch' if 'torch' in packages else '', others)))}"]
    lines += [f"python {name}.py"] if module else []
    code = "\n".join(lines)
    return (
        "A laptop with Python 3.11 or newer is enough. Get what is used, then open the notebook"
        f"{run}:\n\n```\n{code}\n```"
    )


def _packages(starter: str, more: str) -> list[str]:
    """Return what the starter imports, torch first, and then `more`."""
    roots = {name.partition(".")[0] for name in _imported(starter)} - sys.stdlib_module_names - {"autograder"}
    named = sorted({INSTALLED_AS.get(root, root) for root in roots}, key=lambda one: (one != "torch", one))
    return [*named, *(one for one in re.split(r"[ ,]+", more) if one and one not in named)]


def _imported(source: str) -> list[str]:
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.append(node.module)
    return found
