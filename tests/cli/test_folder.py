"""Nothing is taken from the folder one stands in: it may be a submission, with modules named like the library's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

import autograder
from autograder.sandbox.layers.interpreter import isolated
from tests import tiny

RIGHT = "def square(x):\n    return x * x\ndef total(x):\n    return square(x).sum()\ndef slope(x):\n    return 2 * x\n"
#: Modules of the standard library, of packages that grading imports, our own, and those that Python looks for.
NAMES = (
    "contextlib", "typing", "json", "socket", "random", "multiprocessing", "torch", "numpy", "msgspec", "autograder",
    "__future__", "sitecustomize", "usercustomize",
)  # fmt: skip
#: The modules that `python -m` itself imports before anything of ours runs.
OF_PYTHON = {"contextlib", "warnings", "types", "functools", "collections", "autograder"}
HOSTILE = (
    'import os\nopen(os.path.join(os.path.dirname(os.path.abspath(__file__)), "TAKEN"), "a").write(__name__ + "\\n")\n'
)
HOSTILE += 'raise ImportError("this module was taken from the folder")\n'
ROOT = Path(autograder.__file__).parent.parent


@pytest.fixture
def course(tmp_path: Path) -> Path:
    tiny.write(tmp_path / "course")
    tiny.config(tmp_path / "course")
    return tmp_path / "course"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A submission with a module for each name, where the TA stands."""
    place = tmp_path / "class" / "mallory"
    place.mkdir(parents=True)
    (place / "tiny.py").write_text(RIGHT, encoding="utf-8")
    for name in NAMES:
        (place / f"{name}.py").write_text(HOSTILE, encoding="utf-8")
    return place


def installed(tmp_path: Path) -> list[str]:
    """The command as pip installs it: a script that lies elsewhere."""
    script = tmp_path / "bin" / "autograder"
    script.parent.mkdir()
    text = "from autograder.cli import main\nif __name__ == '__main__':\n    main()\n"
    script.write_text(text, encoding="utf-8")
    return [sys.executable, str(script)]


def run(command: list[str], at: Path) -> str:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=at, capture_output=True, text=True, check=False, env=environment, timeout=600)
    taken = at / "TAKEN"
    assert not taken.exists(), f"{taken.read_text()}{done.stdout}{done.stderr}"
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "words", [("grade", "tiny", ".."), ("validate", "tiny", "--seeds", "1", "--jobs", "1")], ids=lambda words: words[0]
)
def test_grading_and_validating_take_no_module_from_the_folder(tmp_path, course, folder, words):
    """Neither does the warm grader, the fork server, or a process that shares the work."""
    run([*installed(tmp_path), *words, "--config", str(course / "grader_config.yml"), "--quiet"], folder)


def test_python_m_takes_no_module_from_the_folder_but_those_that_python_imports_first(tmp_path, course, folder):
    for name in OF_PYTHON & set(NAMES):
        (folder / f"{name}.py").unlink()
    words = ["grade", "tiny", "..", "--config", str(course / "grader_config.yml"), "--quiet"]
    run([sys.executable, "-m", "autograder", *words], folder)


def test_python_m_with_a_safe_path_takes_none_at_all(tmp_path, course, folder):
    words = ["status", "tiny", "--config", str(course / "grader_config.yml")]
    run([sys.executable, "-P", "-m", "autograder", *words], folder)


def test_watching_starts_checks_that_take_no_module_from_the_folder(tmp_path, course, folder):
    words = ["release", "tiny", "--to", str(tmp_path / "out"), "--config", str(course / "grader_config.yml")]
    command = installed(tmp_path)
    run([*command, *words], tmp_path)
    subprocess.run(["unzip", "-q", "-o", *(tmp_path / "out").glob("*.zip"), "-d", folder], check=False)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    found = next(folder.rglob("public.json")).parent
    (found / "tiny.py").write_text(RIGHT, encoding="utf-8")
    for name in NAMES:
        (found / f"{name}.py").write_text(HOSTILE, encoding="utf-8")
    with subprocess.Popen(
        [*command, "check", "tiny.py", "--watch"], cwd=found, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, env=environment, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:  # fmt: skip
        said = ""  # started in a shell's background, the tests ignore SIGINT, and so would what they start
        while "Waiting for you to save" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        process.send_signal(signal.SIGINT)
        process.wait()
    assert not (found / "TAKEN").exists(), said
    assert "✓" in said


def test_the_standard_library_comes_before_the_folder_that_holds_the_package(tmp_path):
    """In a folder made by `pip install --target`, any package may lie beside ours."""
    (tmp_path / "autograder").mkdir()
    (tmp_path / "autograder" / "__init__.py").write_text("import contextlib\nHERE = True\n", encoding="utf-8")
    (tmp_path / "contextlib.py").write_text(HOSTILE, encoding="utf-8")
    (tmp_path / "beside.py").write_text("VALUE = 3\n", encoding="utf-8")
    code = "import autograder, beside; print(autograder.HERE, beside.VALUE)"
    assert run([sys.executable, *isolated(code, str(tmp_path))], tmp_path) == "True 3\n"


def test_no_program_is_taken_from_the_folder(tmp_path, course, folder):
    """A PATH with an empty part looks where one stands."""
    program = folder / "bwrap"
    program.write_text(f"#!/bin/sh\necho bwrap > {folder}/TAKEN\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    words = ["grade", "tiny", "..", "--config", str(course / "grader_config.yml"), "--quiet"]
    run(["env", f"PATH=:.:{os.environ['PATH']}", *installed(tmp_path), *words], folder)


def words_of(process: psutil.Process) -> str:
    """A process's command line; nothing of one that has just ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def test_workers_end_with_the_command(tmp_path, course):
    """A killed `validate` leaves no process behind that waits for work."""
    words = ["validate", "tiny", "--jobs", "2", "--config", str(course / "grader_config.yml"), "--quiet"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = subprocess.Popen([*installed(tmp_path), *words], cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL)
    workers: list[psutil.Process] = []
    while not any("spawn_main" in words_of(one) for one in workers):
        assert command.poll() is None
        workers = psutil.Process(command.pid).children(recursive=True)
        time.sleep(0.01)
    command.kill()
    command.wait()
    _, alive = psutil.wait_procs(workers, timeout=60)
    assert not alive
