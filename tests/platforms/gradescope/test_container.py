"""In a real container, as on Gradescope: 768 MB, half a CPU, no terminal. `make container-test` runs these.

CONTAINER_BASE names the base image (Debian or Ubuntu with apt, or one that has Python 3.11 already), CONTAINER_BUILD
and CONTAINER_RUN further words for podman or docker, CONTAINER_SETUP those for running the zip's setup.sh. Nothing is
downloaded but by that and by the image's own build.
"""

from __future__ import annotations

import os
import shlex
from datetime import UTC, datetime

import pytest

from autograder.platforms.gradescope.build import bundle, write_zip
from autograder.platforms.gradescope.results import report_in
from autograder.platforms.gradescope.simulate import Engine, install, metadata, simulate
from tests.platforms.gradescope import containers
from tests.platforms.gradescope.fake import RIGHT

pytestmark = [pytest.mark.container, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module", params=["the engine's own rules", "no namespaces, as docker has it"])
def engine(request, tmp_path_factory, course):
    """podman's own rules let a process make user namespaces; docker's do not."""
    strict = request.param.startswith("no namespaces")
    rules = containers.without_namespaces(tmp_path_factory.mktemp("profile")) if strict else []
    return Engine.find(more=[*containers.run_words(), *rules])


def graded(engine, course, folder, source, image=containers.TAG):
    (folder / "tiny.py").write_text(source)
    settings = course.assignments["tiny"]
    data = metadata("ada", settings, datetime(2027, 3, 1, tzinfo=UTC))
    done = simulate(engine, image, folder / "tiny.py", "ada", settings, data)
    assert done.results is not None, done.problem + done.stdout
    return done


def test_a_right_submission_gets_full_points_with_the_boundary_intact(engine, course, tmp_path):
    done = graded(engine, course, tmp_path, RIGHT)
    assert done.results.score == 10, done.stdout
    report = report_in(done.results.extra_data)
    assert {"separate user", "landlock", "seccomp", "rlimits"} <= set(report.boundary)


def test_a_stand_in_answers_within_the_same_memory(engine, course, tmp_path):
    """The reference answers in a process of its own; what is left of 768 MB has to do for it."""
    done = graded(engine, course, tmp_path, RIGHT.replace("x * x", "2 * x"))
    assert done.results.score == 6, done.stdout
    assert "Checked with our own" in done.results.tests[-1].output


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


@pytest.mark.skipif("CONTAINER_SETUP" not in os.environ, reason="CONTAINER_SETUP is not set: docs/gradescope.md")
def test_the_zip_is_set_up_and_grades_as_the_image_does(course, tmp_path):
    engine = Engine.find(more=shlex.split(os.environ["CONTAINER_SETUP"]))
    write_zip(bundle(course, "tiny"), tmp_path / "tiny.zip")
    install(engine, tmp_path / "tiny.zip", os.environ["CONTAINER_BASE"], f"{containers.TAG}-zip")
    done = graded(Engine.find(more=containers.run_words()), course, tmp_path, RIGHT, image=f"{containers.TAG}-zip")
    assert done.results.score == 10, done.stdout
