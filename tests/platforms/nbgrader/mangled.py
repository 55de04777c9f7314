"""What students do to a notebook, each with the points its code is worth on the tiny assignment."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

Notebook = dict[str, Any]

ANSWERS = {
    'raise NotImplementedError("Exercise 1: square")': "return x * x",
    'raise NotImplementedError("Exercise 2: total")': "return square(x).sum()",
    'raise NotImplementedError("Exercise 2: slope")': "return 2 * x",
}
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="

#: The files that were handed in, and the score they are worth.
Made = tuple[dict[str, str], float]
KINDS: dict[str, Callable[[Notebook], Made]] = {}


def kind(score: float, file: str = "tiny.ipynb") -> Callable[[Callable[[Notebook], object]], Callable[..., Made]]:
    """A way to mangle the released notebook, solved already; the function changes it or gives another text."""

    def add(mangle: Callable[[Notebook], object]) -> Callable[..., Made]:
        def made(released: Notebook) -> Made:
            notebook = solved(released)
            other = mangle(notebook)
            return {file: other if isinstance(other, str) else json.dumps(notebook)}, score

        KINDS[mangle.__name__] = made
        return made

    return add


def solved(released: Notebook, leave: str = "") -> Notebook:
    """The released notebook with every stub filled in, but for those of the function `leave`."""
    notebook = copy.deepcopy(released)
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        for stub, answer in ANSWERS.items():
            source = source if leave and leave in stub else source.replace(stub, answer)
        cell["source"] = source
    return notebook


def cell_of(notebook: Notebook, grade_id: str) -> dict[str, Any]:
    return next(cell for cell in notebook["cells"] if id_of(cell) == grade_id)


def id_of(cell: dict[str, Any]) -> str:
    return str(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))


def code(source: str, *outputs: dict[str, Any]) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": list(outputs), "execution_count": None}


@kind(10)
def untouched_metadata(notebook: Notebook) -> None:
    pass


@kind(10, "My homework (final).ipynb")
def renamed(notebook: Notebook) -> None:
    pass


@kind(10)
def without_grade_cells(notebook: Notebook) -> None:
    notebook["cells"] = [cell for cell in notebook["cells"] if not id_of(cell).startswith("exercise")]


@kind(6)
def without_a_solution(notebook: Notebook) -> None:
    notebook["cells"] = [cell for cell in notebook["cells"] if id_of(cell) != "solution-1"]


@kind(10)
def doubled(notebook: Notebook) -> None:
    notebook["cells"] += copy.deepcopy(notebook["cells"])


@kind(10)
def doubled_by_the_untouched_starter(notebook: Notebook) -> None:
    for cell in copy.deepcopy(notebook["cells"]):
        for stub, answer in ANSWERS.items():
            cell["source"] = cell["source"].replace(answer, stub)
        notebook["cells"].append(cell)


@kind(10)
def cleared_metadata(notebook: Notebook) -> None:
    notebook["metadata"] = {}
    for cell in notebook["cells"]:
        cell["metadata"] = {}
        cell.pop("id", None)


@kind(10)
def another_kernel(notebook: Notebook) -> None:
    notebook["metadata"] = {"kernelspec": {"name": "julia-1.9", "display_name": "Julia", "language": "julia"}}


@kind(10)
def colab_furniture_and_huge_outputs(notebook: Notebook) -> None:
    lines = (
        "%pip install torch",
        "from google.colab import drive",
        'drive.mount("/content/drive")',
        "import ipywidgets, matplotlib.pyplot as plt",
        "ipywidgets.interact(lambda x: x, x=3)",
        "plt.plot([1, 2]); plt.show()",
    )
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "a"}, "text/plain": "interactive(...)"}
    notebook["cells"].insert(
        0,
        code(
            "\n".join(lines),
            {"output_type": "stream", "name": "stdout", "text": "x" * 25_000_000},
            {"output_type": "display_data", "data": widget, "metadata": {}},
            {"output_type": "display_data", "data": {"image/png": PNG}, "metadata": {}},
            {"output_type": "display_data", "data": {"text/html": "<script>owned()</script>"}, "metadata": {}},
        ),
    )


@kind(10)
def with_a_script(notebook: Notebook) -> None:
    for source in (
        "<script>owned()</script> $a < b$",
        "[click](javascript&#58;owned())",
        r"$\href{javascript:owned()}x$",
    ):
        notebook["cells"].insert(1, {"cell_type": "markdown", "metadata": {}, "source": source})


@kind(6)
def raises_a_script(notebook: Notebook) -> None:
    cell = cell_of(notebook, "solution-1")
    cell["source"] = cell["source"].replace("return x * x", "raise ValueError('<script>owned()</script>')")


@kind(10)
def written_into_the_grade_cell(notebook: Notebook) -> None:
    solution, test = cell_of(notebook, "solution-1"), cell_of(notebook, "exercise-1")
    test["source"], solution["source"] = solution["source"], ""


@kind(6)
def one_function_missing(notebook: Notebook) -> str:
    return json.dumps(notebook).replace("return x * x", "raise NotImplementedError")


@kind(10, "tiny.py")
def a_module_instead(notebook: Notebook) -> str:
    return "\n".join(c["source"] for c in notebook["cells"] if c["cell_type"] == "code" and "def " in c["source"])


@kind(0)
def cut_off(notebook: Notebook) -> str:
    return json.dumps(notebook)[:200]


@kind(10)
def wild_json(notebook: Notebook) -> None:
    notebook["cells"] += [None, 3, {"cell_type": "code"}, {"cell_type": [], "source": {}, "metadata": []}]
    notebook["cells"].append(code("y = 1", 3, None, {"data": {"image/png": ["no", 1]}}, {"text": {}}))  # type: ignore[arg-type]


def every(released: Notebook) -> Iterator[tuple[str, dict[str, str], float]]:
    """(student, files, score) for each kind."""
    for student, made in KINDS.items():
        files, score = made(released)
        yield student, files, score
    yield (
        "renamed_beside_the_starter",
        {"hw1.ipynb": json.dumps(solved(released)), "tiny.ipynb": json.dumps(released)},
        10,
    )
    yield "starter", {"tiny.ipynb": json.dumps(released)}, 0
    yield "nothing", {}, 0
    yield "ünï cödé", {"tiny.ipynb": json.dumps(solved(released))}, 10
