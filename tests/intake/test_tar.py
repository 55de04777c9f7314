"""Tar archives are read as zips are: in memory, within limits, without links."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from autograder.errors import RejectedError
from autograder.intake import read_submission, tar

CODE = b"def f(): return 1\n"


def packed(path: Path, files: dict[str, bytes], mode: str = "w", **links: str) -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for name, target in links.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
    return path


@pytest.mark.parametrize(("suffix", "mode"), [("tar", "w"), ("tar.gz", "w:gz"), ("tgz", "w:gz"), ("tar.bz2", "w:bz2")])
def test_its_code_is_read(tmp_path: Path, suffix: str, mode: str) -> None:
    path = packed(tmp_path / f"ada.{suffix}", {"hw/./regression.py": CODE, "hw/data.csv": b"1" * 9_999}, mode)
    assert read_submission(path, "ada").files == {"regression.py": CODE.decode()}


def test_in_a_folder_too(tmp_path: Path) -> None:
    packed(tmp_path / "hw.tar.gz", {"regression.py": CODE}, "w:gz")
    assert read_submission(tmp_path, "ada").files == {"regression.py": CODE.decode()}


def test_links_and_names_that_lead_outside_are_left_out(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.tar", {"a.py": CODE, "../b.py": CODE, "/c.py": CODE, "x\n.py": CODE}, l="/etc/passwd")
    submission = read_submission(path, "ada")
    assert set(submission.files) == {"a.py"} and len(submission.notes) == 4


def test_it_cannot_unpack_to_more_than_there_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tar, "MAX_UNPACKED", 100_000)
    path = packed(tmp_path / "a.tar.gz", {"big.bin": b"0" * 10_000_000, "a.py": CODE}, "w:gz")
    assert path.stat().st_size < 20_000
    with pytest.raises(RejectedError, match="unpacks to far more than code"):
        read_submission(path, "ada")


def test_its_code_has_the_same_limit_as_any_other(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.tar.gz", {"a.py": CODE * 100, "b.py": CODE * 100}, "w:gz")
    with pytest.raises(RejectedError, match="larger than"):
        read_submission(path, "ada", max_bytes=3_000)


@pytest.mark.parametrize("cut", [0, 1, 40])
def test_damage_is_said(tmp_path: Path, cut: int) -> None:
    path = packed(tmp_path / "a.tar.gz", {"a.py": bytes(range(256)) * 9}, "w:gz")
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(RejectedError, match=r"a\.tar\.gz is not a tar archive that can be opened"):
        read_submission(path, "ada")
