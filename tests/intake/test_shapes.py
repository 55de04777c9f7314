"""The shapes a submission comes in, which file of it is graded, and what is refused."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.errors import RejectedError
from autograder.intake import read_submission
from autograder.model import Submission
from tests.intake.conftest import notebook, zipped

Load = Callable[[Submission], dict[str, Any]]

WRITTEN = "def mae(p, y):\n    return 1\n"
STARTER = "def mae(p, y):\n    raise NotImplementedError\n"
EXPECTED = frozenset({"mae", "mse"})


def _folder(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = root / "ada" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root / "ada"


def _read(path: Path, **options: Any) -> Submission:
    return read_submission(path, "ada", expected=EXPECTED, **options)


def test_helper_modules_come_along(tmp_path: Path, load: Load) -> None:
    folder = _folder(
        tmp_path,
        {
            "regression.py": "import stepping\nfrom pkg.deep import three\n"
            "def mae(p, y): return stepping.two() + three()\n",
            "stepping.py": "def two(): return 2\nprint('loaded')\n",
            "pkg/deep.py": "def three(): return 3\n",
            "views.csv": "1,2\n",
            "README.txt": "hello",
        },
    )
    submission = _read(folder)
    assert load(submission)["mae"](0, 0) == 5
    assert set(submission.files) >= {"regression.py", "stepping.py", "pkg/deep.py"}
    assert not any("csv" in name or "README" in name for name in submission.files)


def test_a_relative_import_of_a_helper_works(tmp_path: Path, load: Load) -> None:
    folder = _folder(
        tmp_path,
        {
            "regression.py": "from .stepping import two\ndef mae(p, y): return two()\n",
            "stepping.py": "def two(): return 2\n",
        },
    )
    assert load(_read(folder))["mae"](0, 0) == 2


def test_folders_inside_folders_are_descended(tmp_path: Path) -> None:
    assert _read(_folder(tmp_path, {"final/really/regression.py": WRITTEN})).main == "regression.py"


def test_a_zip_is_read_like_a_folder(tmp_path: Path, load: Load) -> None:
    path = zipped(
        tmp_path / "ada.zip",
        {
            "hw1/regression.py": "import stepping\ndef mae(p, y): return stepping.two()\n",
            "hw1/stepping.py": "def two(): return 2\n",
            "__MACOSX/hw1/._regression.py": b"\x00\x05",
            "hw1/.ipynb_checkpoints/regression-checkpoint.ipynb": "{}",
        },
    )
    submission = _read(path)
    assert load(submission)["mae"](0, 0) == 2
    assert submission.notes == ()


def test_a_folder_that_holds_only_a_zip_is_read(tmp_path: Path) -> None:
    (tmp_path / "ada").mkdir()
    zipped(tmp_path / "ada" / "hw.zip", {"regression.py": WRITTEN})
    assert _read(tmp_path / "ada").main == "regression.py"


def test_a_renamed_file_is_found_if_it_is_the_only_one(tmp_path: Path) -> None:
    submission = _read(_folder(tmp_path, {"WMS q3 (final).ipynb": notebook(WRITTEN)}))
    assert submission.main == "WMS q3 (final).ipynb"
    assert submission.notes == ()


def test_a_renamed_file_is_found_by_its_functions(tmp_path: Path) -> None:
    submission = _read(_folder(tmp_path, {"my_work.py": WRITTEN, "utils.py": "def other(): return 1\n"}))
    assert submission.main == "my_work.py"
    assert submission.notes == ("my_work.py is graded: of these files it has most of the functions asked for.",)


def test_of_module_and_notebook_the_one_with_more_in_it_is_graded(tmp_path: Path) -> None:
    submission = _read(_folder(tmp_path, {"regression.py": STARTER, "regression.ipynb": notebook(WRITTEN)}))
    assert submission.main == "regression.ipynb"
    assert submission.notes[0] == (
        "Both regression.ipynb and regression.py are here: regression.ipynb is graded, it has more in it."
    )


def test_an_untouched_starter_gives_way_to_the_students_file(tmp_path: Path) -> None:
    assert (
        _read(_folder(tmp_path, {"regression.py": STARTER, "solution_final.py": WRITTEN})).main == "solution_final.py"
    )


def test_a_main_file_that_only_imports_the_work_stays_the_main_file(tmp_path: Path, load: Load) -> None:
    submission = _read(_folder(tmp_path, {"regression.py": "from work import *\n", "work.py": WRITTEN}))
    assert load(submission)["mae"](0, 0) == 1


def test_names_in_any_language_are_fine(tmp_path: Path) -> None:
    (tmp_path / "作業一.py").write_text(WRITTEN)
    submission = read_submission(tmp_path / "作業一.py", "林怡君")
    assert (submission.student, submission.main) == ("林怡君", "作業一.py")


# --- refused, with the next step -----------------------------------------------------------------------------------


def _rejected(path: Path, **options: Any) -> str:
    with pytest.raises(RejectedError) as rejected:
        _read(path, **options)
    return rejected.value.reason


def test_an_empty_folder_is_rejected(tmp_path: Path) -> None:
    assert "no .py or .ipynb file" in _rejected(_folder(tmp_path, {"notes.txt": "hi"}))


@pytest.mark.parametrize("content", [b"", b"  \n", b"x = 1\0", bytes(range(256)) * 20])
def test_empty_and_binary_files_are_rejected(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "regression.py").write_bytes(content)
    assert "hand " in _rejected(tmp_path / "regression.py").lower()


def test_a_damaged_helper_is_left_out_with_a_note(tmp_path: Path) -> None:
    folder = _folder(tmp_path, {"regression.py": WRITTEN, "data.py": "\0\0"})
    assert "data.py is not a text file" in _read(folder).notes[0]


def test_other_kinds_of_files_are_rejected(tmp_path: Path) -> None:
    (tmp_path / "homework.docx").write_bytes(b"PK")
    assert "is a text document: it holds no code" in _rejected(tmp_path / "homework.docx")


def test_too_much_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "regression.py").write_text(WRITTEN + "#" * 2_000)
    assert "larger than" in _rejected(tmp_path / "regression.py", max_bytes=1_000)


def test_too_many_files_are_rejected(tmp_path: Path) -> None:
    assert "more than 200" in _rejected(_folder(tmp_path, {f"m{n}.py": "x = 1\n" for n in range(201)}))


def test_links_are_never_followed(tmp_path: Path) -> None:
    secret = tmp_path / "solution.py"
    secret.write_text("SECRET = 1\n")
    folder = _folder(tmp_path, {"regression.py": WRITTEN})
    (folder / "helper.py").symlink_to(secret)
    (folder / "reference").symlink_to(tmp_path)
    submission = _read(folder)
    assert set(submission.files) == {"regression.py"}
    assert submission.notes == (
        "helper.py was left out: it is a link. Hand in the file itself.",
        "reference was left out: it is a link. Hand in the file itself.",
    )
    (tmp_path / "eve.py").symlink_to(secret)
    assert "is a link" in _rejected(tmp_path / "eve.py")


def test_pipes_and_devices_are_not_opened(tmp_path: Path) -> None:
    folder = _folder(tmp_path, {"regression.py": WRITTEN})
    os.mkfifo(folder / "pipe.py")
    assert "not an ordinary file" in _read(folder).notes[0]


def test_a_damaged_zip_is_rejected(tmp_path: Path) -> None:
    path = zipped(tmp_path / "ada.zip", {"regression.py": WRITTEN * 100})
    data = bytearray(path.read_bytes())
    data[45:60] = b"damage, damage!"
    path.write_bytes(data)
    assert "damaged" in _rejected(path)
    path.write_bytes(b"Rar!\x1a\x07")
    assert "another kind of archive" in _rejected(path)


@pytest.mark.parametrize(
    "name", ["../regression.py", "/etc/regression.py", "C:/x.py", "a/../../b.py", "..\\b.py", "a\nb.py"]
)
def test_names_that_point_elsewhere_are_left_out(tmp_path: Path, name: str) -> None:
    submission = _read(zipped(tmp_path / "ada.zip", {"regression.py": WRITTEN, name: "x = 1\n"}))
    assert set(submission.files) == {"regression.py"}
    assert "was left out" in submission.notes[0]


def test_links_in_a_zip_are_left_out(tmp_path: Path) -> None:
    path = zipped(tmp_path / "ada.zip", {"regression.py": WRITTEN})
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("helper.py")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    submission = _read(path)
    assert set(submission.files) == {"regression.py"}
    assert "link or a device" in submission.notes[0]


def test_a_zip_bomb_is_rejected_before_it_is_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "ada.zip", {"regression.py": "#" * 15_000_000})
    assert "far more than it holds" in _rejected(path)


def test_a_zip_that_lies_about_its_sizes_is_rejected(tmp_path: Path) -> None:
    path = zipped(tmp_path / "ada.zip", {"regression.py": "#" * 5_000_000})
    data = path.read_bytes()
    path.write_bytes(data.replace((5_000_000).to_bytes(4, "little"), (90_000).to_bytes(4, "little")))
    assert "damaged" in _rejected(path)


def test_a_locked_zip_is_rejected(tmp_path: Path) -> None:
    path = zipped(tmp_path / "ada.zip", {"regression.py": WRITTEN})
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert "password" in _rejected(path)


def test_a_zip_in_a_zip_is_rejected(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", {"regression.py": WRITTEN})
    outer = zipped(tmp_path / "ada.zip", {"inner.zip": inner.read_bytes()})
    assert "only another archive (inner.zip)" in _rejected(outer)


def test_nothing_is_executed(tmp_path: Path) -> None:
    proof = tmp_path / "executed"
    (tmp_path / "regression.py").write_text(f"open({str(proof)!r}, 'w')\nclass A: open({str(proof)!r}, 'w')\n")
    read_submission(tmp_path / "regression.py", "eve", run_top_level=True)
    assert not proof.exists()
