"""The zip and the image's folder: what is in them, what is not, and that equal courses give equal files."""

from __future__ import annotations

import importlib.metadata
import json
import re
import stat
import subprocess
import sys
import zipfile

import pytest
from typer.testing import CliRunner

from autograder.cli.app import app
from autograder.config import load
from autograder.errors import BuildFolderError, ConfigError, ContainerError
from autograder.platforms.gradescope.build import bundle, pins, write_context, write_zip
from autograder.platforms.gradescope.simulate import Engine, install
from tests import tiny


@pytest.fixture
def config(tmp_path):
    tiny.write(tmp_path)
    return load(tiny.config(tmp_path))


def test_the_scripts_are_at_the_root_and_executable(config, tmp_path):
    write_zip(bundle(config, "tiny"), tmp_path / "tiny.zip")
    with zipfile.ZipFile(tmp_path / "tiny.zip") as archive:
        for name in ("setup.sh", "run_autograder"):
            assert (archive.getinfo(name).external_attr >> 16) & stat.S_IXUSR
        assert archive.read("run_autograder").startswith(b"#!/usr/bin/env python3\n")
        assert "reference/tiny/solution.py" in archive.namelist()
        assert not any(".git" in name or "__pycache__" in name for name in archive.namelist())
    assert (tmp_path / "tiny.zip").stat().st_size < 600_000
    assert stat.S_IMODE((tmp_path / "tiny.zip").stat().st_mode) == 0o600


def test_equal_courses_give_equal_zips(config, tmp_path):
    for name in ("one", "two"):
        write_zip(bundle(config, "tiny"), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_the_slow_layer_does_not_depend_on_the_assignment(config, tmp_path):
    before = bundle(config, "tiny").environment
    (tmp_path / "reference/tiny/checks.py").write_text(tiny.CHECKS + "\n# changed\n")
    assert bundle(config, "tiny").environment == before
    assert bundle(config, "tiny", gpu=True).environment != before


def test_everything_that_grading_needs_is_pinned():
    found = dict(pin.split("==") for pin in pins())
    assert {"torch", "numpy", "msgspec", "pydantic", "pyseccomp", "typing-extensions"} <= set(found)
    assert not any("+" in version for version in found.values())
    assert not {"nbgrader", "notebook", "pytest", "mypy"} & set(found)


ONLY_PINNED = """
import sys
absent = set(sys.argv[1:])
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import autograder.cli, autograder.grading.scheduler, autograder.records, autograder.reports
import autograder.platforms.gradescope.harness
"""


def test_what_runs_in_the_container_needs_nothing_that_is_not_there():
    pinned = {pin.partition("==")[0] for pin in pins()} | {"autograder"}
    owners = importlib.metadata.packages_distributions()
    absent = [
        module
        for module, names in owners.items()
        if not {re.sub(r"[-_.]+", "-", name).lower() for name in names} & pinned
    ]
    assert "nbgrader" in absent
    subprocess.run([sys.executable, "-c", ONLY_PINNED, *absent], check=True)


def test_every_script_is_sound(config, tmp_path):
    for gpu in (False, True):
        write_context(bundle(config, "tiny", gpu=gpu), tmp_path / "context", "debian:12")
        source = tmp_path / "context/source"
        for script in (*source.glob("*.sh"), source / "grade_class"):
            subprocess.run(["bash", "-n", str(script)], check=True)
        assert ("+cpu" in (source / "environment.sh").read_text()) is not gpu
    assert "ARG BASE=debian:12" in (tmp_path / "context/Containerfile").read_text()


def test_a_folder_with_something_else_in_it_is_left_alone(config, tmp_path):
    (tmp_path / "course").mkdir()
    (tmp_path / "course/thesis.txt").write_text("years of work")
    with pytest.raises(BuildFolderError, match=r"thesis\.txt"):
        write_context(bundle(config, "tiny"), tmp_path / "course", "debian:12")
    assert (tmp_path / "course/thesis.txt").exists()


def test_what_goes_along_is_this_assignment_alone(config, tmp_path):
    built = bundle(config, "tiny")
    settings = json.loads(built.files["container.json"])
    assert settings["assignment"] == "tiny" and settings["timeout_seconds"] == 600
    assert settings["hidden_checks"] == "after_due_date"
    path = tmp_path / "inside" / "grader_config.yml"
    path.parent.mkdir()
    path.write_bytes(built.files["grader_config.yml"])
    assert list(load(path).assignments) == ["tiny"]
    assert built.files["course_secret"].strip() == config.secret()


def test_mistakes_in_the_section_name_their_line(tmp_path):
    tiny.write(tmp_path)
    path = tiny.config(tmp_path)
    path.write_text(path.read_text() + "    gradescope:\n      attempts: 3\n      hidden_checks: never\n")
    with pytest.raises(ConfigError, match=r"line 8: assignments\.tiny\.gradescope\.hidden_checks"):
        load(path)


def test_a_container_that_is_too_small_for_right_work_is_a_mistake_that_says_what_to_do(tmp_path):
    tiny.write(tmp_path)
    path = tiny.config(tmp_path)
    path.write_text(path.read_text() + "    gradescope:\n      memory_mb: 512\n")
    with pytest.raises(ConfigError, match=r"line 7: .*memory_mb: .*768 MB at least: .* Choose more here and in the"):
        load(path)


def test_build_says_where_the_zip_is(config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["gradescope", "build", "tiny"])
    assert result.exit_code == 0 and (tmp_path / "build/tiny.zip").is_file()
    assert "torch_wheels" in result.stderr


def test_a_zip_that_gradescope_would_not_take_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "nested.zip", "w") as archive:
        archive.writestr("nested/setup.sh", "")
    with pytest.raises(ContainerError, match=r"no setup\.sh at its root"):
        install(Engine("podman"), tmp_path / "nested.zip", "any", "any")
