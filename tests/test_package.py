"""What is said about the package: to pip, to type checkers, and in the changelog."""

from __future__ import annotations

import ast
import datetime
import re
import sys
import tomllib
from pathlib import Path

from typer.testing import CliRunner

import autograder
from autograder.cli.app import app

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MODULE_OF = {"pillow": "PIL", "pyyaml": "yaml", "scikit-learn": "sklearn"}
"""Where a package's import has another name than the package."""


def declared(requirements: list[str]) -> set[str]:
    """The modules that come with requirements."""
    names = [re.split(r"[\s\[<>=!~;]", one)[0] for one in requirements]
    return {MODULE_OF.get(name, name.replace("-", "_")) for name in names}


def imported() -> set[str]:
    """The modules that the package imports somewhere."""
    found = set()
    for path in Path(autograder.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module)
    return {name.partition(".")[0] for name in found}


def test_the_version_is_said():
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"autograder {autograder.__version__}\n")


def test_the_changelog_starts_with_this_version_and_every_version_has_a_date():
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    versions = [re.fullmatch(r"(\d+\.\d+\.\d+) - (\d{4}-\d\d-\d\d)", one) for one in headings if one != "Unreleased"]
    assert all(versions) and versions[0].group(1) == autograder.__version__
    dates = [datetime.date.fromisoformat(one.group(2)) for one in versions]
    assert dates == sorted(dates, reverse=True)


def test_a_student_at_home_installs_only_what_the_package_imports():
    assert declared(PROJECT["dependencies"]) - imported() == set()


def test_all_that_the_package_imports_is_declared():
    course = declared(PROJECT["optional-dependencies"]["course"])
    known = {*sys.stdlib_module_names, "autograder", *declared(PROJECT["dependencies"]), *course}
    assert imported() - known - {"markupsafe"} == set()  # a part of jinja2


def test_type_checkers_use_its_types_and_the_docs_have_an_address():
    assert (Path(autograder.__file__).parent / "py.typed").is_file()
    assert {"Homepage", "Documentation", "Changelog", "Source"} <= set(PROJECT["urls"])
    assert all(re.fullmatch(r"https://\S+", address) for address in PROJECT["urls"].values())
