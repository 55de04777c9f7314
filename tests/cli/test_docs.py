"""The documentation is found from where the package is installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.cli import docs
from autograder.cli.app import app

ROOT = Path(__file__).parents[2]


def test_it_says_where_the_pages_lie_and_what_each_is_about() -> None:
    said = CliRunner().invoke(app, ["docs"]).output.splitlines()
    assert Path(said[0]) == ROOT / "docs"
    assert [line.split() for line in said if "authoring" in line] == [
        ["authoring", "A", "new", "assignment", "in", "half", "an", "hour"]
    ]
    assert any("api/rubric" in line for line in said)


def test_a_page_is_printed() -> None:
    assert CliRunner().invoke(app, ["docs", "authoring"]).output == (ROOT / "docs/authoring.md").read_text() + "\n"
    assert CliRunner().invoke(app, ["docs", "authorship"]).exit_code != 0


def test_installed_the_pages_lie_in_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pyproject.toml puts them there; the next test tries the wheel itself."""
    hatch = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]
    package = tmp_path / "site-packages/autograder"
    shutil.copytree(ROOT / "docs", tmp_path / "site-packages" / hatch["wheel"]["force-include"]["docs"])
    monkeypatch.setattr(docs.autograder, "__file__", str(package / "__init__.py"))
    assert CliRunner().invoke(app, ["docs"]).output.splitlines()[0] == str(package / "docs")
    shutil.rmtree(package)
    assert "the documentation is not installed" in str(CliRunner().invoke(app, ["docs"]).exception)


@pytest.mark.index
def test_the_wheel_has_them(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as files:
        assert files.read("autograder/docs/api/rubric.md") == (ROOT / "docs/api/rubric.md").read_bytes()
