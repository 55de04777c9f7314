"""What a course cannot lose: the records and the secret, copied, put back, shared and changed."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from autograder.config import load
from autograder.model import Report
from autograder.records import Records
from tests import tiny
from tests.cli.test_commands import run


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tiny.write(tmp_path)
    tiny.config(tmp_path)
    monkeypatch.chdir(tmp_path)
    save(tmp_path, 1.0)
    return tmp_path


def url(course: Path) -> str:
    return f"sqlite:///{course}/records/course.sqlite"


def save(course: Path, score: float) -> None:
    with Records(url(course)) as records:
        records.save(Report("ada", "tiny", "d", "a", "e", "graded", score, 10.0))


def score(course: Path) -> float | None:
    with Records(url(course)) as records:
        report = records.latest("tiny", "ada")
        return None if report is None else report.score


def secret(course: Path) -> str:
    return (course / ".course_secret").read_text().strip()


# --- backup ---


def test_a_backup_has_the_records_and_the_secret_for_its_owner_only(course: Path) -> None:
    with Records(url(course)):  # somebody is grading
        assert run("backup", "--to", "b/week.zip").exit_code == 0
    assert (course / "b/week.zip").stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(course / "b/week.zip") as archive:
        assert sorted(archive.namelist()) == ["course.sqlite", "course_secret"]
        assert archive.read("course_secret").decode().strip() == secret(course)
    (made,) = [Path(run("backup").stdout.strip())]
    assert made.parent == course / "backups"


def test_what_was_lost_comes_back(course: Path) -> None:
    run("backup", "--to", "week.zip")
    before = secret(course)
    for path in (*(course / "records").glob("course.sqlite*"), course / ".course_secret"):
        if path.suffix != ".made":
            path.unlink()
    said = run("restore", "week.zip").stdout
    assert (score(course), secret(course)) == (1.0, before)
    assert "The records are those of the backup." in said


def test_what_was_there_is_kept_when_a_backup_is_put_back(course: Path) -> None:
    run("backup", "--to", "week.zip")
    save(course, 2.0)
    old = secret(course)
    run("secret", "--rotate")
    new = secret(course)
    said = run("restore", "week.zip").stdout
    assert (score(course), secret(course)) == (1.0, old) and old != new
    assert "what was there is in" in said and "course.sqlite.before-restore" in said
    with Records(f"sqlite:///{course}/records/course.sqlite.before-restore") as records:
        assert records.latest("tiny", "ada").score == 2.0
    assert new in {path.read_text().strip() for path in course.glob(".course_secret.*")}


def test_a_damaged_backup_changes_nothing(course: Path) -> None:
    with zipfile.ZipFile(course / "bad.zip", "w") as archive:
        archive.writestr("course.sqlite", b"SQLite format 3\0" + b"x" * 5000)
        archive.writestr("course_secret", "x" * 64)
    run("secret")
    before = secret(course)
    assert "holds no records that can be read" in str(run("restore", "bad.zip").exception)
    assert (score(course), secret(course)) == (1.0, before)
    assert not list((course / "records").glob("*restor*"))


# --- the secret ---


def test_a_secret_is_known_by_a_fingerprint_that_tells_nothing_of_it(course: Path) -> None:
    said = run("secret").stdout
    assert said == run("secret").stdout and ".course_secret: fingerprint " in said
    assert secret(course) not in said and len(said.split()[-1]) == len("0123-4567-89ab")


def test_a_secret_is_shared_with_another_course_folder(course: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    run("secret", "--export", "shared")
    assert (course / "shared").stat().st_mode & 0o777 == 0o600
    other = tmp_path_factory.mktemp("clone")
    tiny.write(other)
    config = str(tiny.config(other))
    assert run("secret", "--config", config).stdout.split()[-1] != run("secret").stdout.split()[-1]
    run("secret", "--import", str(course / "shared"), "--config", config)
    assert secret(other) == secret(course)
    assert load(Path(config)).secret() == load(course / "grader_config.yml").secret()
    assert "stays as it is" in run("secret", "--import", "shared").stdout


def test_a_secret_that_is_changed_is_kept(course: Path) -> None:
    run("secret")
    old = secret(course)
    said = run("secret", "--rotate").stdout
    assert "everybody is graded anew" in said and secret(course) != old
    (kept,) = course.glob(".course_secret.*")
    assert kept.read_text().strip() == old and kept.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("secret", "--rotate", "--export", "x"), "give one of --export, --import, --rotate"),
        (("secret", "--import", "nowhere"), "nowhere cannot be read: No such file"),
        (("secret", "--import", "short"), "too short for a secret: 32 characters at least"),
        (("secret", "--export", "short"), "short is there already"),
        (("backup", "--to", "short"), "a backup overwrites nothing"),
        (("restore", "short"), "short is not what `autograder backup` writes"),
        (("restore", "nowhere"), "nowhere is not what `autograder backup` writes"),
    ],
)
def test_what_cannot_be_is_said_with_the_way_on(words: tuple[str, ...], said: str, course: Path) -> None:
    (course / "short").write_text("abc")
    assert said in str(run(*words).exception)


def test_another_database_has_tools_of_its_own(course: Path) -> None:
    config = course / "grader_config.yml"
    config.write_text(config.read_text().replace("name: Tiny course", "name: C\n  records: postgresql://ta:x@host/db"))
    for words in (("backup",), ("restore", "x.zip")):
        assert "with the database's own tools, such as pg_dump" in str(run(*words).exception)
