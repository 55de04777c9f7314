"""`constraints.txt` holds for every Python that it names, and is what this environment consists of.

The first tests read the metadata of the installed packages and need no network. `make pins` asks the package index,
too: for a file of each pinned version that each of the Pythons can install.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from autograder.release import handout

ROOT = Path(__file__).parents[1]
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = {
    canonicalize_name(name): version
    for name, version in re.findall(r"^([\w.-]+)==(\S+)$", CONSTRAINTS, flags=re.MULTILINE)
}
(PYTHONS,) = (line.split() for line in re.findall(r"^# Python: (.+)$", CONSTRAINTS, flags=re.MULTILINE))

set_up = pytest.mark.skipif(
    not Path(sys.prefix, ".setup-done").exists(), reason="this environment was not made by `make setup`"
)
each_python = pytest.mark.parametrize("python", PYTHONS)


def needed(python: str) -> Iterator[tuple[str, Requirement]]:
    """Yield who needs which package, for the course and its tests on that Python."""
    environment = {"python_full_version": python, "python_version": python.rpartition(".")[0]}
    extras = PROJECT["optional-dependencies"]
    todo = [(PROJECT["name"], Requirement(text)) for text in PROJECT["dependencies"] + extras["course"] + extras["dev"]]
    seen = set()
    while todo:
        by, requirement = todo.pop()
        yield by, requirement
        for extra in ("", *requirement.extras):
            if (requirement.name, extra) in seen:
                continue
            seen.add((requirement.name, extra))
            for text in _requirements(requirement.name):
                more = Requirement(text)
                if more.marker is None or more.marker.evaluate({**environment, "extra": extra}):
                    todo.append((requirement.name, more))


def _requirements(name: str) -> list[str]:
    """Return what a package requires; nothing if only another Python has it."""
    try:
        return distribution(name).requires or []
    except PackageNotFoundError:
        return []


def test_the_lowest_python_promised_is_tried():
    assert Version(PYTHONS[0]) in SpecifierSet(PROJECT["requires-python"])
    assert {"3.11.2", "3.12.0", "3.13.0"} <= set(PYTHONS)


@set_up
def test_this_environment_is_what_the_pins_say():
    others = {}
    for name, pinned in PINS.items():
        installed = Version(distribution(name).version).public
        if Version(installed) != Version(pinned):
            others[name] = f"{installed}, pinned {pinned}"
    assert not others, "make setup"


@set_up
@each_python
def test_every_pin_may_be_installed(python):
    """Debian 12 has Python 3.11.2, and a package may want 3.11.5."""
    refusing = {}
    for name in PINS:
        wanted = distribution(name).metadata["Requires-Python"]
        if wanted and Version(python) not in SpecifierSet(wanted):
            refusing[name] = wanted
    assert not refusing


@set_up
@each_python
def test_the_pins_fit_one_another(python):
    unfit = [
        f"{by} needs {requirement}, pinned {PINS[name]}"
        for by, requirement in needed(python)
        if (name := canonicalize_name(requirement.name)) in PINS and Version(PINS[name]) not in requirement.specifier
    ]
    assert not unfit


@set_up
def test_everything_needed_is_pinned_and_nothing_else():
    """Except what a CUDA build of torch brings: that is the build's own."""
    wanted = {
        canonicalize_name(requirement.name)
        for python in PYTHONS
        for by, requirement in needed(python)
        if canonicalize_name(requirement.name) in PINS or (not of_cuda(by) and not of_cuda(requirement.name))
    }
    assert wanted | {"pip"} == set(PINS)


def of_cuda(name: str) -> bool:
    return name.startswith(("cuda-", "nvidia-", "triton"))


@pytest.mark.index
@each_python
def test_the_index_has_a_file_of_every_pin(python, tmp_path):
    """Torch's is only looked up: it is large, and an index without separate metadata has to send the whole file."""
    pins = tmp_path / "pins.txt"
    pins.write_text("".join(f"{name}=={version}\n" for name, version in PINS.items() if name != "torch"))
    dry_run = ["--dry-run", "--ignore-installed", "--no-deps", f"--requirement={pins}"]
    ask_index(python, "install", *dry_run)
    versions = re.split(r"[\s,+]+", ask_index(python, "index", "versions", "torch"))
    assert PINS["torch"] in versions


def ask_index(python: str, *words: str) -> str:
    """Return what pip says as if that Python ran it."""
    options = [f"--python-version={python}", "--only-binary=:all:", "--retries=1"]
    done = subprocess.run([sys.executable, "-m", "pip", *words, *options], capture_output=True, text=True, check=False)
    if "WARNING: Retrying" in done.stderr and "from versions: none" in done.stderr:
        pytest.skip("the package index is not reached")
    assert done.returncode == 0, "\n".join(line for line in done.stderr.splitlines() if line.startswith("ERROR"))
    return done.stdout


def test_the_handouts_state_what_is_pinned() -> None:
    assert PINS["torch"].startswith(f"{handout.TORCH}.")
    assert PYTHONS[0].startswith(f"{handout.PYTHON}.")
