"""A handout begins with what is really in the folder, and with the lines that install what is used."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from autograder.cli.course import open_course
from autograder.cli.release import bundle_for
from autograder.platforms.nbgrader.source import source_version
from autograder.release.beginning import with_beginning
from autograder.release.generate import released, written_data

HANDOUT = "| in this folder | |\n|---|---|\n<!-- files -->\n| `data/a.csv` | numbers |\n\n<!-- start -->\n"
ROOT = Path(__file__).parents[2]
ASSIGNMENTS = ROOT / "assignments"
NAMES = sorted(path.name for path in ASSIGNMENTS.iterdir())


def written(files: list[str], starter: str = "import numpy as np\nimport torch\n", text: str = HANDOUT) -> str:
    return with_beginning(text, "tiny", files, starter)


def test_the_table_names_what_is_released():
    text = written(["tiny.ipynb", "tiny.py", "tiny_colab.ipynb", "public.json"])
    rows = [line for line in text.split("\n") if line.startswith("| `")]
    assert [re.findall("`([^` ]+)`", row.split("|")[1]) for row in rows] == [
        ["tiny.ipynb", "tiny.py"], ["tiny_colab.ipynb"], ["public.json"], ["data/a.csv"],
    ]  # fmt: skip
    assert "python tiny.py" in text


def test_where_there_is_only_a_notebook_no_module_is_spoken_of():
    text = written(["tiny.ipynb", "public.json"])
    assert "tiny.py" not in text and "colab" not in text and "module" not in text


def test_the_processors_torch_comes_first():
    lines = written([]).split("\n")
    first = next(at for at, line in enumerate(lines) if line.startswith("pip"))
    assert "download.pytorch.org/whl/cpu" in lines[first]
    assert lines[first + 1] == "pip install torch numpy"


def test_only_what_is_imported_is_installed_by_the_name_that_the_index_has():
    starter = "import os\nfrom sklearn.svm import SVC\n\ndef f():\n    import pandas.api\n"
    text = written([], starter, "<!-- start: matplotlib -->\n")
    assert "pip install pandas scikit-learn matplotlib\n" in text and "whl/cpu" not in text


def named(readme: str) -> list[str]:
    """The files that the table of a handout speaks of."""
    table = readme.partition("| in this folder | |\n")[2].partition("\n\n")[0]
    return [
        one for row in table.split("\n") for one in re.findall("`([^`]+)`", row.split("|")[1] if "|" in row else "")
    ]


@pytest.mark.parametrize("name", NAMES)
def test_all_that_a_release_speaks_of_is_there(name):
    """In the folder, and in nbgrader's source: each file of the handout's table, and the data that cells read."""
    course = open_course(name, ROOT / "grader_config.yml")
    bundle = bundle_for(course)
    folder = released(course.folder, bundle) | written_data(course.folder, ASSIGNMENTS)
    for files in (folder, source_version(course.folder, bundle, ASSIGNMENTS)):
        readme = files["README.md"].decode()
        assert len(named(readme)) >= 3
        assert [one for one in named(readme) if one not in files] == []
        notebooks = [data.decode() for path, data in files.items() if path.endswith(".ipynb")]
        read = {one for text in notebooks for one in re.findall(r'\\"(data/[\w./-]+)\\"', text)}
        assert [one for one in read if one not in files] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_cells_of_a_released_notebook_run_up_to_the_first_blank(name, tmp_path: Path, monkeypatch, capsys):
    """Nothing but what is still to be written stops them; a picture says it and lets them go on."""
    folder = Path(shutil.copytree(ASSIGNMENTS / name, tmp_path / name))
    monkeypatch.chdir(folder)
    cells = json.loads((folder / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    namespace: dict[str, object] = {"__name__": "__main__"}
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert any("NotImplementedError" in cell for cell in code)
    try:
        for cell in code:
            exec(compile(cell, name, "exec"), namespace)
    except NotImplementedError:
        return
    assert "First: Exercise" in capsys.readouterr().out
