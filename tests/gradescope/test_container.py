"""In a real container, as on Gradescope: 768 MB, half a CPU, no terminal. `make container-test` runs these.

CONTAINER_BASE names the base image (Debian or Ubuntu with apt, or one that has Python 3.11 already), CONTAINER_BUILD
and CONTAINER_RUN further words for podman or docker. Nothing is downloaded but by the image's own build.
"""

from __future__ import annotations

import json
import os
import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder.config import load
from autograder.gradescope.build import bundle, write_context
from autograder.gradescope.results import report_in
from autograder.gradescope.simulate import ContainerError, Engine, metadata, simulate
from tests import tiny
from tests.gradescope.fake import RIGHT

pytestmark = [pytest.mark.container, pytest.mark.timeout(1200)]
TAG = "autograder-test-tiny"
PROFILES = (Path("/usr/share/containers/seccomp.json"), Path("/etc/containers/seccomp.json"))
NAMESPACES = {
    "unshare",
    "setns",
    "mount",
    "umount",
    "umount2",
    "pivot_root",
    "clone3",
    "open_tree",
    "move_mount",
    "fsopen",
}


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    tiny.write(root)
    config = load(tiny.config(root))
    try:
        engine = Engine.find(more=shlex.split(os.environ.get("CONTAINER_BUILD", "")))
    except ContainerError as error:
        pytest.skip(str(error))
    base = os.environ.get("CONTAINER_BASE")
    if not base or not engine.has(base):
        pytest.skip(f"no base image: CONTAINER_BASE is {base!r}")
    write_context(bundle(config, "tiny"), root / "context", base)
    engine.build(root / "context", TAG)
    return config


@pytest.fixture(scope="module", params=["the engine's own rules", "no namespaces, as docker has it"])
def engine(request, tmp_path_factory, course):
    """podman's own rules let a process make user namespaces; docker's do not."""
    more = shlex.split(os.environ.get("CONTAINER_RUN", ""))
    if request.param.startswith("no namespaces"):
        found = next((path for path in PROFILES if path.exists()), None)
        if found is None:
            pytest.skip("no seccomp profile to start from")
        profile = json.loads(found.read_text())
        for rule in profile["syscalls"]:
            if rule["action"] == "SCMP_ACT_ALLOW" and not rule.get("includes"):
                rule["names"] = [name for name in rule["names"] if name not in NAMESPACES]
        path = tmp_path_factory.mktemp("profile") / "profile.json"
        path.write_text(json.dumps(profile))
        more += ["--security-opt", f"seccomp={path}"]
    return Engine.find(more=more)


def graded(engine, course, folder, source):
    (folder / "tiny.py").write_text(source)
    settings = course.assignments["tiny"]
    data = metadata("ada", settings, datetime(2027, 3, 1, tzinfo=UTC))
    done = simulate(engine, TAG, folder / "tiny.py", "ada", settings, data)
    assert done.results is not None, done.problem + done.stdout
    return done


def test_a_right_submission_gets_full_points_with_the_boundary_intact(engine, course, tmp_path):
    done = graded(engine, course, tmp_path, RIGHT)
    assert done.results.score == 10, done.stdout
    report = report_in(done.results.extra_data)
    assert {"separate user", "landlock", "seccomp", "rlimits"} <= set(report.boundary)


@pytest.mark.parametrize(
    ("name", "body", "tags"),
    [
        ("hang", "while True: pass", ["timed out"]),
        ("memory", "return [bytearray(1 << 26) for _ in range(99)]", ["out of memory"]),
        ("exit", "import os; os._exit(0)", ["crashed"]),
        ("kill everything", "import os; os.kill(-1, 9)", ["crashed", "failed"]),
    ],
)
def test_what_goes_wrong_is_called_by_its_name(engine, course, tmp_path, name, body, tags):
    done = graded(engine, course, tmp_path, RIGHT.replace("return 2 * x", body))
    assert done.results.score == 6, done.stdout
    assert set(tags) & set(done.results.tests[3].tags)


def test_nothing_can_be_read_written_or_reached(engine, course, tmp_path):
    spy = """
import os, socket
found = []
for folder, _, names in os.walk("/autograder"): found += names
for path in ("/autograder/source/course_secret", "/autograder/submission_metadata.json", "/proc/1/environ"):
    try: found.append(open(path).read())
    except OSError: pass
for path in ("/autograder/results/results.json", "/opt/autograder/engine/x", "/usr/x", "/var/tmp/x"):
    try: open(path, "w"); found.append(path)
    except OSError: pass
try: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("192.0.2.1", 9)); found.append("network")
except OSError: pass
print("found", found)
"""
    body = spy.strip().replace("\n", "\n    ")
    done = graded(engine, course, tmp_path, RIGHT.replace("    return x * x", f"    {body}\n    return x * x"))
    assert done.results.score == 10, done.stdout
    assert "found []" in done.results.tests[-1].output
