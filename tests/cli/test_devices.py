"""`--device`: what is said where there is none, and the whole way through with the CPU as a second device."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from autograder.cli import main
from autograder.cli.course import open_course
from autograder.cli.grade import grade_class
from autograder.cli.validate import validate_assignment
from autograder.intake import find_class
from tests import tiny
from tests.cli.test_commands import RIGHT

CPU = "cpu:0"
"""The CPU under a name of its own: all is done that is done for a second device."""


@pytest.fixture
def course(namespaces: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tiny.write(tmp_path)
    config = tiny.config(tmp_path)
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "ada.py").write_text(RIGHT, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return config


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
@pytest.mark.parametrize("words", [["grade", "tiny", "class", "--device", "cuda"], ["doctor", "--device", "cuda"]])
def test_a_device_that_is_not_there_is_said_with_the_way_on(
    course: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["autograder", *words])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 1
    printed = capsys.readouterr()
    said = " ".join((printed.out + printed.err).split())
    assert "cuda does not work in the sandbox" in said and "Without --device" in said
    assert "Traceback" not in said


def test_a_class_is_graded_with_a_second_device(course: Path) -> None:
    opened = open_course("tiny", course, CPU)
    code = grade_class(
        opened, find_class(course.parent / "class").entries, jobs=1, again=None, fresh=False, folder=None, unsafe=False,
        json=True, quiet=True,
    )  # fmt: skip
    assert code == 0
    with opened.records() as records:
        (report,) = records.all_latest("tiny")
    assert report.score == 10
    assert report.boundary[-1].startswith(f"on {CPU}: ")
    assert [result.name for result in report.results if result.message] == []


def test_validate_compares_the_devices(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    opened = open_course("tiny", course)
    assert validate_assignment(opened, range(1), training=False, jobs=1, json=False, quiet=True, device=CPU) == 0
    assert f"On {CPU}, unit checks of all variants: 0 decide otherwise" in capsys.readouterr().out
