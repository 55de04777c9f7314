"""Files that are handed in, graded behind the boundary: predictions alone, and weights with the student's model."""

from __future__ import annotations

import io
import pickle
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from autograder.grading.executors.local import LocalExecutor
from autograder.intake import Entry
from autograder.model import Outcome, Report
from autograder.sandbox.host.sandbox import Sandbox
from tests import handed
from tests.handed import MODEL, RIGHT
from tests.slots import Shelf, executing, run, settings


@pytest.fixture(scope="module")
def executor(tmp_path_factory) -> Iterator[LocalExecutor]:
    folder = handed.write(tmp_path_factory.mktemp("course"))
    with Sandbox() as sandbox, executing(settings(folder), sandbox) as executor:
        yield executor


Files = Mapping[str, bytes | str]


def folder_of(files: Files, place: Path) -> Path:
    shutil.rmtree(place / "ada", ignore_errors=True)
    for name, data in files.items():
        path = place / "ada" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    return place / "ada"


def zip_of(files: Files, place: Path) -> Path:
    with zipfile.ZipFile(place / "ada.zip", "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return place / "ada.zip"


def tar_of(files: Files, place: Path) -> Path:
    with tarfile.open(place / "ada.tar.gz", "w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            content = data.encode() if isinstance(data, str) else data
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return place / "ada.tar.gz"


@pytest.fixture
def grade(executor, tmp_path) -> Callable[..., Report]:
    def grade(files: Files, shape: Callable[[Files, Path], Path] = folder_of) -> Report:
        (done,) = run(executor, Shelf(), [Entry("ada", shape(files, tmp_path))])
        return done.report

    return grade


def said(report: Report, number: str) -> str:
    return report.of_exercise(number)[0].message


@pytest.mark.parametrize("shape", [folder_of, zip_of, tar_of])
def test_predictions_alone_are_a_submission(grade, shape):
    report = grade({"work/predictions.csv": RIGHT}, shape)
    assert (report.status, report.score) == ("graded", 4)
    assert "predictions.csv (49 bytes) is used." in report.notes
    assert "weights.pt was not handed in." in report.notes


def test_weights_are_loaded_beside_the_students_own_model(grade):
    report = grade({"handed.py": MODEL, "predictions.csv": RIGHT, "weights.pt": handed.weights()})
    assert report.score == 8
    assert grade({"handed.py": MODEL, "weights.pt": handed.weights(2.0)}).score == 0


def test_a_metric_gives_points_by_its_ladder(grade):
    half = RIGHT.replace("0,0", "0,2").replace("1,1", "1,2").replace("3,0", "3,2").replace("4,1", "4,2")
    report = grade({"predictions.csv": half.replace("6,0", "6,2")})
    assert report.score == 2
    assert said(report, "1") == "unseen accuracy: 0.5. Next baseline, boss: 1 (longer)."


def test_what_was_left_out_is_not_attempted(grade):
    report = grade({"handed.py": MODEL})
    assert [report.of_exercise(number)[0].outcome for number in "12"] == [Outcome.NOT_ATTEMPTED] * 2
    assert said(report, "1").startswith("predictions.csv was not handed in")


def test_another_file_under_another_name_is_told(grade):
    report = grade({"my_predictions (2).csv": RIGHT, "old/predictions_1.csv": "x", "handed.py": MODEL})
    assert report.score == 4
    assert "my_predictions (2).csv (49 bytes) is used as predictions.csv; old/predictions_1.csv is not." in report.notes


def test_other_files_are_left_where_they_are(grade):
    report = grade({"predictions.csv": RIGHT, "data/train.csv": b"\0" * 30_000_000, "model.pt": b"x" * 30_000_000})
    assert report.score == 4


def test_nothing_that_is_asked_for_is_rejected_with_what_is(grade):
    report = grade({"train.csv": "1,2"})
    assert report.status == "rejected"
    assert report.problem.endswith("This assignment takes predictions.csv and weights.pt, too.")


class Evil:
    def __reduce__(self):
        return (print, ("it ran",))


def saved(value: object) -> bytes:
    data = io.BytesIO()
    torch.save(value, data)
    return data.getvalue()


def arrays() -> bytes:
    data = io.BytesIO()
    np.savez(data, slope=np.array(3.0))
    return data.getvalue()


@pytest.mark.parametrize(
    "data",
    [pickle.dumps(Evil()), saved(Evil()), saved({"slope": Evil()}), arrays(), b"", b"PK\x03\x04 and no more"],
    ids=["a pickle", "an object", "an object inside", "arrays", "nothing", "a broken zip"],
)
def test_what_is_no_plain_weights_is_not_read_and_runs_nothing(grade, data):
    report = grade({"handed.py": MODEL, "weights.pt": data, "predictions.csv": RIGHT})
    assert "weights.pt cannot be read. Write it with torch.save(model.state_dict(), 'weights.pt')" in report.problem
    assert "it ran" not in report.output
    assert report.score == 4  # the predictions count all the same


def test_a_whole_list_is_no_state_dict(grade):
    report = grade({"handed.py": MODEL, "weights.pt": saved([1, 2])})
    assert "weights.pt holds no dictionary" in report.problem


def test_other_weights_are_another_submission(grade):
    one = grade({"handed.py": MODEL, "weights.pt": handed.weights(3.0)})
    two = grade({"handed.py": MODEL, "weights.pt": handed.weights(2.0)})
    assert one.digest != two.digest
