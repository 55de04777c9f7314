"""What the rehearsal hands in: the student's own ordinary files, and no more than Gradescope takes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from autograder.platforms.gradescope import simulate
from tests.intake.conftest import zipped


def handed_in(submission: Path, to: Path) -> dict[str, str]:
    simulate._hand_in(submission, to)
    return {path.relative_to(to).as_posix(): path.read_text() for path in to.rglob("*") if path.is_file()}


def test_a_folder_comes_as_it_is_but_for_what_is_not_the_student_s(tmp_path: Path) -> None:
    ada = tmp_path / "ada"
    (ada / "inner").mkdir(parents=True)
    for name in ("a.py", "inner/b.csv", ".hidden"):
        (ada / name).write_text(name)
    (tmp_path / "secret.py").write_text("secret")
    (ada / "link.py").symlink_to("../secret.py")
    (ada / "up").symlink_to("..")
    os.mkfifo(ada / "pipe.py")
    assert handed_in(ada, tmp_path / "to") == {name: name for name in ("a.py", "inner/b.csv", ".hidden")}


def test_a_zip_is_unpacked_and_another_file_kept(tmp_path: Path) -> None:
    assert handed_in(zipped(tmp_path / "ada.zip", {"x/a.py": "1"}), tmp_path / "one") == {"x/a.py": "1"}
    (tmp_path / "bo.zip").write_text("no zip")
    assert handed_in(tmp_path / "bo.zip", tmp_path / "two") == {"bo.zip": "no zip"}
    (tmp_path / "link.py").symlink_to("bo.zip")
    assert handed_in(tmp_path / "link.py", tmp_path / "three") == {}


def test_of_more_than_is_taken_there_is_only_a_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulate, "LARGEST", 1_000)
    bomb = zipped(tmp_path / "bomb.zip", {"a.py": "#" * 100_000})
    assert handed_in(bomb, tmp_path / "one") == {}
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada/a.py").write_text("#" * 900)
    (tmp_path / "ada/b.py").write_text("#" * 900)
    with open(tmp_path / "ada/c.py", "wb") as file:
        file.truncate(1 << 40)
    assert list(handed_in(tmp_path / "ada", tmp_path / "two")) == ["a.py"]
