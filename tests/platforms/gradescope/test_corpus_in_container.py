"""tests/exploits, inside the image, under every set of rules that a container may have. Part of `make container-test`.

Settings as in test_container.py. pytest comes from this environment, by a mount. CONTAINER_CORPUS picks attacks, as
`pytest -k` does: all of them take minutes in each container. EXPLOITS_PATIENCE=4 allows them four times as long, on a
busy machine.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from autograder.platforms.gradescope.build import HOME
from autograder.platforms.gradescope.simulate import Engine
from tests.platforms.gradescope import containers

pytestmark = [pytest.mark.container, pytest.mark.timeout(5400)]
TESTS = Path(__file__).parents[2]
PYTHON = f"{HOME}/venv/bin/python"
WORKS = (
    "import sys; from autograder.sandbox.host.sandbox import Sandbox; "
    "s = Sandbox(preload=()); print(*s.boundary, sep=', ')"
)
FULL = {"mount namespace", "pid namespace", "network namespace", "landlock", "seccomp"}
MODES = {
    "root, podman's rules": ([], True, FULL),
    "root, docker's rules": ([], False, {"separate user", "landlock", "seccomp"}),
    "an ordinary user, podman's rules": (["--user", "1000"], True, FULL),
    "an ordinary user, docker's rules": (["--user", "1000"], False, {"landlock", "seccomp"}),
}


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """pytest, which the image has no use for."""
    folder = tmp_path_factory.mktemp("packages")
    folder.chmod(0o755)
    containers.copy_packages(["pytest", "pytest-timeout"], folder)
    return folder


@pytest.mark.parametrize("mode", MODES)
def test_attacks_gain_nothing_and_honest_code_gets_its_points(mode, course, packages, tmp_path, record_property):
    user, namespaces, layers = MODES[mode]
    rules = [] if namespaces else containers.without_namespaces(tmp_path)
    engine = Engine.find(more=[*containers.run_words(), *rules, *user, "--memory", "4g", "-e", "HOME=/tmp"])
    mounts = ["-v", f"{TESTS}:/corpus/tests:ro", "-v", f"{packages}:/corpus/packages:ro", "-w", "/corpus"]
    mounts += ["-e", f"EXPLOITS_PATIENCE={os.environ.get('EXPLOITS_PATIENCE', '1')}"]
    mounts += ["-e", f"PYTHONPATH={HOME}/engine:/corpus:/corpus/packages", "-e", "PYTHONDONTWRITEBYTECODE=1"]
    code, said = containers.command(engine, *mounts, containers.TAG, PYTHON, "-c", WORKS)
    if code != 0 and user and not namespaces:
        assert "no boundary for" in said  # without Linux 6.12 nothing keeps it from signalling the grader
        record_property(f"in a container ({mode})", "grading is refused")
        return
    assert code == 0 and layers <= set(said.strip().split(", ")), said
    words = [PYTHON, "-m", "pytest", "tests/exploits", "-q", "-rxs", "--tb=short", "-p", "no:cacheprovider"]
    words += ["-W", "ignore::pytest.PytestUnknownMarkWarning"]
    code, said = containers.command(
        engine, *mounts, containers.TAG, *words, "-k", os.environ.get("CONTAINER_CORPUS", ""), seconds=5000
    )
    tried = re.search(r"attacks tried: \d+, points gained: [\d.]+", said)
    record_property(f"in a container ({mode})", tried.group() if tried else "no attack was tried")
    assert code == 0, said[-20_000:]
    assert tried and tried.group().endswith("points gained: 0")
