"""Databases of other versions: an older one is brought up to date, a newer one refused, a lost one noticed."""

import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from autograder.errors import RecordsError
from autograder.model import Report
from autograder.records import Records
from autograder.records.migrate import CURRENT, Migration
from autograder.records.schema import Base

#: What version 0.1 made, word for word.
OLDEST = """
CREATE TABLE reports (
	id INTEGER NOT NULL, assignment VARCHAR(200) NOT NULL, student VARCHAR(400) NOT NULL, digest VARCHAR(64) NOT NULL,
	assignment_digest VARCHAR(64) NOT NULL, engine VARCHAR(64) NOT NULL, status VARCHAR(20) NOT NULL,
	score FLOAT NOT NULL, points FLOAT NOT NULL, graded DATETIME, report BLOB NOT NULL, PRIMARY KEY (id)
);
CREATE INDEX latest ON reports (assignment, student, id);
"""
WHEN = datetime(2027, 3, 1, 12, tzinfo=UTC)


def report(student="ada", score=1.0, status="graded"):
    return Report(student, "tiny", "d", "a", "e", status, score, 10.0, graded=WHEN, received=WHEN)


@pytest.fixture
def old(tmp_path):
    """A database as version 0.1 left it, with three reports."""
    path = tmp_path / "course.sqlite"
    with sqlite3.connect(path) as connection:
        connection.executescript(OLDEST)
        for one in (report(score=4.0), report("bob", 2.0), report("bob", 0.0, "grader error")):
            connection.execute(
                "INSERT INTO reports (assignment, student, digest, assignment_digest, engine, status, score, points, "
                "graded, report) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (one.assignment, one.student, one.digest, one.assignment_digest, one.engine, one.status, one.score,
                 one.points, "2027-03-01 12:00:00.000000", msgspec.json.encode(one)),
            )  # fmt: skip
    connection.close()
    return path


def rows(path: Path, query: str) -> list[tuple]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_an_older_database_is_brought_up_to_date_with_everything_in_it(old):
    with Records(f"sqlite:///{old}") as records:
        assert records.migration == Migration("0001", CURRENT, old.with_name(f"course.sqlite.before-{CURRENT}"))
        assert [one.score for one in records.all_latest("tiny")] == [4.0, 0.0]
        records.save(report("carol"))
    assert rows(old, "SELECT DISTINCT received FROM reports") == [("2027-03-01 12:00:00.000000",)]


def test_the_history_of_scores_begins_with_the_reports_that_were_there(old):
    with Records(f"sqlite:///{old}"):
        pass
    assert rows(old, "SELECT student, score, cause, report FROM scores ORDER BY id") == [
        ("ada", 4.0, "graded", 1), ("bob", 2.0, "graded", 2), ("bob", None, "graded", 3),
    ]  # fmt: skip


def test_an_older_database_is_kept_as_it_was_for_its_owner_only(old):
    with Records(f"sqlite:///{old}") as records:
        backup = records.migration.backup
    assert backup.stat().st_mode & 0o777 == 0o600
    assert rows(backup, "SELECT name FROM sqlite_master ORDER BY name") == [("latest",), ("reports",)]
    assert rows(backup, "SELECT count(*) FROM reports") == [(3,)]


def test_no_copy_that_is_there_is_overwritten(old):
    first = old.with_name(f"course.sqlite.before-{CURRENT}")
    first.write_text("an earlier one")
    with Records(f"sqlite:///{old}") as records:
        assert records.migration.backup.name == f"course.sqlite.before-{CURRENT}-2"
    assert first.read_text() == "an earlier one"


def test_what_was_done_is_said_in_a_line(tmp_path):
    done = Migration("0001", "0002", Path("records/course.sqlite.before-0002"))
    assert str(done) == (
        "the records were brought from schema 0001 to 0002; as they were, they lie in records/course.sqlite.before-0002"
    )


def test_a_database_of_today_is_left_as_it_is(tmp_path):
    url = f"sqlite:///{tmp_path}/course.sqlite"
    with Records(url) as records:
        assert records.migration is None, "a new one is not migrated: nothing was in it"
    with Records(url) as records:
        assert records.migration is None
    assert {path.name for path in tmp_path.iterdir()} == {"course.sqlite", "course.sqlite.made"}


def test_a_migration_that_fails_leaves_the_database_as_it_was(old):
    connection = sqlite3.connect(old)
    connection.execute("UPDATE reports SET report = 'no JSON' WHERE id = 3")
    connection.commit()
    before = rows(old, "SELECT * FROM sqlite_master"), rows(old, "SELECT * FROM reports")
    connection.close()
    with pytest.raises(ValueError):
        Records(f"sqlite:///{old}")
    assert (rows(old, "SELECT * FROM sqlite_master"), rows(old, "SELECT * FROM reports")) == before


def test_several_may_find_an_older_database_at_once(old):
    found, errors = [], []

    def opens():
        try:
            with Records(f"sqlite:///{old}") as records:
                found.append(records.migration)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=opens) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sum(one is not None for one in found) == 1, "one of them migrates, the others wait"


def test_a_database_of_a_later_version_is_refused(tmp_path):
    path = tmp_path / "course.sqlite"
    with Records(f"sqlite:///{path}") as records:
        records.save(report())
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9001'")
    connection.commit()
    connection.close()
    with pytest.raises(RecordsError) as caught:
        Records(f"sqlite:///{path}")
    assert f"a later version of autograder wrote them (schema 9001; this one knows {CURRENT})" in str(caught.value)
    assert rows(path, "SELECT count(*) FROM reports") == [(1,)]


def test_a_database_that_is_gone_is_noticed(tmp_path):
    path = tmp_path / "course.sqlite"
    with Records(f"sqlite:///{path}") as records:
        records.save(report())
    path.unlink()
    with pytest.raises(RecordsError) as caught:
        Records(f"sqlite:///{path}")
    assert "the file is gone, and every score with it" in str(caught.value)
    assert f"to begin anew, delete {path}.made" in str(caught.value)
    assert not path.exists()
    path.with_name("course.sqlite.made").unlink()
    with Records(f"sqlite:///{path}") as records:
        assert records.latest("tiny", "ada") is None


def test_the_tables_are_what_the_steps_make(tmp_path):
    with Records(f"sqlite:///{tmp_path}/course.sqlite") as records, records.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_today_s_schema_is_the_last_step():
    config = Config()
    config.set_main_option("script_location", "autograder.records:migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == CURRENT
