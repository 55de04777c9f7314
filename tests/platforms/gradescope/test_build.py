"""The zip and the image's folder: what is in them, what is not, and that equal courses give equal files."""

from __future__ import annotations

import importlib.metadata
import json
import re
import shutil
import stat
import subprocess
import sys
import zipfile

import pytest
from typer.testing import CliRunner

from autograder.cli.app import app
from autograder.config import ContainerConfig, load
from autograder.errors import BuildFolderError, ConfigError, ContainerError
from autograder.platforms.gradescope.build import bundle, made_from, pins, write_context, write_zip
from autograder.platforms.gradescope.simulate import Engine, full_name, install
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
    assert (tmp_path / "tiny.zip").stat().st_size < 1_000_000, "the grader's own code, no data and no environment"
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


PIP = """\
#!/usr/bin/env bash
echo "$*" >>"$CALLS"
case "$*" in *"+cpu"*) printf '%s\\n' "$SAID" >&2; exit 1;; esac
"""
"""A Python whose pip cannot install the CPU build of torch, and says what it is told to say."""
NO_BUILD = "ERROR: No matching distribution found for torch==2.13.0+cpu"


def installed(config, tmp_path, said):
    """Run environment.sh where there is no apt and pip is ours; what it says, its exit code, and pip's calls."""
    home, bin = tmp_path / "home", tmp_path / "bin"
    (home / "venv/bin").mkdir(parents=True)
    bin.mkdir()
    for name in ("bash", "dirname", "grep", "mkdir", "find", "rm", "python3"):
        (bin / name).symlink_to(shutil.which(name))
    (home / "venv/bin/python").write_text(PIP)
    (home / "venv/bin/python").chmod(0o755)
    script = bundle(config, "tiny").files["environment.sh"].decode().replace("/opt/autograder", str(home))
    (tmp_path / "environment.sh").write_text(script)
    (tmp_path / "requirements.txt").write_text("numpy==2\ntorch==2.13.0\n")
    environment = {"PATH": str(bin), "SAID": said, "CALLS": str(tmp_path / "calls")}
    done = subprocess.run(
        ["bash", str(tmp_path / "environment.sh")], env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done, (tmp_path / "calls").read_text().splitlines()


@pytest.mark.parametrize(
    "said",
    [
        "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
        f"WARNING: Retrying (Retry(total=0)) after connection broken: Temporary failure in name resolution\n{NO_BUILD}",
        f"Could not fetch URL https://index.example/simple/: 403\n{NO_BUILD}",
        "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES",
        "Killed",
    ],
    ids=["a full disk", "no network", "an index that refuses", "a damaged download", "no memory"],
)
def test_what_stops_pip_is_told_and_no_other_build_is_tried(config, tmp_path, said):
    """It was taken for "there is no CPU build", and several GB more were asked of a full disk."""
    done, calls = installed(config, tmp_path, said)
    assert done.returncode == 1 and len(calls) == 1
    assert said in done.stderr and "pip says why above" in done.stderr and "CUDA" not in done.stderr


def test_where_there_is_no_cpu_build_the_other_one_is_taken(config, tmp_path):
    done, calls = installed(config, tmp_path, NO_BUILD)
    assert done.returncode == 0, done.stderr
    assert "name its index as course.container.torch_wheels" in done.stderr
    assert [call.split()[-1].rpartition("/")[2] for call in calls] == ["torch==2.13.0+cpu", "torch==2.13.0", "rest.txt"]


def test_the_default_base_has_its_full_name():
    """podman knows no registry where a name has none."""
    base = ContainerConfig().base
    assert base.startswith("docker.io/") and full_name(base) == base


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("debian:12", "docker.io/library/debian:12"),
        ("gradescope/autograder-base:ubuntu-22.04", "docker.io/gradescope/autograder-base:ubuntu-22.04"),
        ("quay.io/some/base", "quay.io/some/base"),
        ("localhost/base", "localhost/base"),
        ("mirror:5000/base", "mirror:5000/base"),
    ],
)
def test_a_short_name_is_dockers_own_registrys(short, full):
    assert full_name(short) == full


def engine(folder, name, script):
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / "bin" / name).chmod(0o755)


def test_docker_without_its_daemon_says_so(tmp_path, monkeypatch):
    engine(
        tmp_path, "docker", "echo 'Client: 27'; echo 'Cannot connect to the Docker daemon. Is it running?' >&2; exit 1"
    )
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/nowhere")
    with pytest.raises(
        ContainerError, match=r"does not answer: Cannot connect.*\. Start its daemon .* or install podman"
    ):
        Engine.find()
    engine(tmp_path, "podman", "exit 0")
    assert Engine.find().command == "podman"
    with pytest.raises(ContainerError, match="docker is installed, but"):
        Engine.find("docker")


@pytest.mark.parametrize(("base", "said"), [("debian:12", True), ("docker.io/library/debian:12", False), ("", False)])
def test_a_build_that_fails_on_a_short_name_says_the_full_one(tmp_path, monkeypatch, base, said):
    engine(tmp_path, "podman", "[ $1 = version ]")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/nowhere")
    with pytest.raises(ContainerError) as error:
        Engine.find().build(tmp_path, "tag", base)
    assert ("its full name is docker.io/library/debian:12" in str(error.value)) is said


def changed(monkeypatch, tmp_path, *words):
    """Rehearse with an engine that knows the labels of the Containerfile; what is said on stderr."""
    labels = re.findall(r'(org\.\S+)="(\w+)"', (tmp_path / "build/tiny-image/Containerfile").read_text())
    (tmp_path / "labels").write_text(json.dumps(dict(labels)))
    engine(tmp_path, "podman", f'[ "$3" = --format ] && /bin/cat {tmp_path}/labels; [ $1 != run ] || exit 125')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin")
    (tmp_path / "ada.py").write_text("")
    return " ".join(CliRunner().invoke(app, ["gradescope", "simulate", "tiny", "ada.py", *words]).stderr.split())


def test_an_image_older_than_the_course_is_noticed(config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["gradescope", "image", "tiny"]).exit_code == 0
    assert CliRunner().invoke(app, ["gradescope", "build", "tiny"]).exit_code == 0
    zipped = ("--zip", "build/tiny.zip")
    assert "built before" not in changed(monkeypatch, tmp_path) + changed(monkeypatch, tmp_path, *zipped)
    path = tmp_path / "grader_config.yml"
    path.write_text(path.read_text() + "    gradescope:\n      hidden_checks: visible\n")
    said = "was built before a change: it has another grader_config.yml. Build it again: autograder gradescope"
    assert f"autograder-tiny {said} image tiny --make" in changed(monkeypatch, tmp_path)
    assert f"build/tiny.zip {said} build tiny" in changed(monkeypatch, tmp_path, *zipped)
    (tmp_path / "reference/tiny/checks.py").write_text(tiny.CHECKS + "\n# changed\n")
    assert "another grader_config.yml, another reference." in changed(monkeypatch, tmp_path)


def test_where_torch_comes_from_does_not_make_an_image_old(config):
    assert made_from(bundle(config, "tiny").files) == made_from(bundle(config, "tiny", gpu=True).files)
