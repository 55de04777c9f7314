"""Records: durable at once, the latest counts, nothing half-written."""

import os
import sys
import threading
from datetime import UTC, datetime

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.dialects import mssql, mysql
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import CreateTable

from autograder.errors import RecordsError
from autograder.model import Report
from autograder.records import Records, store
from autograder.records.database import Database
from autograder.records.migrate import migrate
from autograder.records.schema import Base
from tests.places import read_only


def report(student="ada", score=1.0, status="graded", assignment="tiny"):
    return Report(student, assignment, "d", "a", "e", status, score, 10.0)


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/deep/down/course.sqlite"


def test_a_saved_report_is_read_back_whole(url):
    with Records(url) as records:
        records.save(report())
    with Records(url) as records:
        assert records.latest("tiny", "ada") == report()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_records_are_their_owners_only(tmp_path, url, umask):
    before = os.umask(umask)
    try:
        with Records(url) as records:
            records.save(report())
            names = {path.name: oct(path.stat().st_mode & 0o777) for path in (tmp_path / "deep" / "down").iterdir()}
    finally:
        os.umask(before)
    made = ("course.sqlite", "course.sqlite-wal", "course.sqlite-shm", "course.sqlite.made")
    assert names == dict.fromkeys(made, "0o600")
    for folder in ("deep", "deep/down"):
        assert (tmp_path / folder).stat().st_mode & 0o777 == 0o700


def test_a_folder_and_a_file_that_were_there_keep_their_modes(tmp_path):
    """They are the user's: `autograder grade` says who may read them."""
    tmp_path.chmod(0o755)
    (tmp_path / "r.sqlite").touch(mode=0o644)
    with Records(f"sqlite:///{tmp_path}/r.sqlite") as records:
        records.save(report())
    assert tmp_path.stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "r.sqlite").stat().st_mode & 0o777 == 0o644


def test_the_latest_report_counts_and_earlier_ones_stay(url):
    with Records(url) as records:
        for score in (1.0, 3.0, 2.0):
            records.save(report(score=score))
        assert records.latest("tiny", "ada").score == 2.0
        assert [one.score for one in records.all_latest("tiny")] == [2.0]


def test_students_come_by_name_and_assignments_apart(url):
    with Records(url) as records:
        for student in ("zoë", "ada", "李"):
            records.save(report(student))
        records.save(report("bob", assignment="other"))
        assert [one.student for one in records.all_latest("tiny")] == ["ada", "zoë", "李"]
        assert records.latest("tiny", "bob") is None


NEAR = ("alice", "Alice", "ALICE", "alicé", "alice ", "José", "Jose\u0301", "straße", "strasse", "ﬁn", "fin")


def test_names_that_are_nearly_the_same_are_different_students(url):
    with Records(url) as records:
        for score, student in enumerate(NEAR):
            records.save(report(student, score))
        assert {one.student: one.score for one in records.all_latest("tiny")} == {
            student: score for score, student in enumerate(NEAR)
        }
        assert [records.latest("tiny", student).score for student in NEAR] == list(range(len(NEAR)))


@pytest.mark.parametrize(
    ("dialect", "collation"),
    [(mysql.dialect(), "utf8mb4_bin"), (mssql.dialect(), "Latin1_General_100_BIN2")],
    ids=["MySQL", "SQL Server"],
)
def test_a_database_that_ignores_case_is_told_not_to(dialect, collation):
    for table in Base.metadata.sorted_tables:
        made = str(CreateTable(table).compile(dialect=dialect))
        whose = "entry" if table.name == "leases" else "student"
        assert f"{whose} VARCHAR(400) COLLATE {collation}" in made
        assert f"assignment VARCHAR(200) COLLATE {collation}" in made


def test_a_table_that_compares_less_exactly_gives_nobody_another_s_report(url):
    """Tables that an earlier version made keep their collation."""
    with Records(url) as records:
        with records.engine.begin() as connection:
            connection.execute(text("DROP TABLE reports"))
            columns = "assignment TEXT, student TEXT COLLATE NOCASE, digest, assignment_digest, engine, status, score, "
            columns += "points, graded, received, report"
            connection.execute(text(f"CREATE TABLE reports (id INTEGER PRIMARY KEY, {columns})"))
        records.save(report("alice", 1.0))
        records.save(report("Alice", 2.0))
        assert records.latest("tiny", "alice").score == 1.0
        assert records.latest("tiny", "ALICE") is None
        assert sorted(one.student for one in records.all_latest("tiny")) == ["Alice", "alice"]


def test_threads_may_save_at_once(url):
    with Records(url) as records:
        threads = [threading.Thread(target=records.save, args=(report(f"s{i}"),)) for i in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(list(records.all_latest("tiny"))) == 16


def test_many_may_make_the_database_at_once(url):
    errors = []

    def one():
        try:
            with Records(url) as records:
                records.save(report())
        except RecordsError as error:
            errors.append(error)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / "x.sqlite").write_text("not a database, but long enough to be looked at" * 50)
    with pytest.raises(RecordsError) as caught:
        Records(f"sqlite:///{tmp_path}/x.sqlite")
    assert str(caught.value) == f"records at sqlite:///{tmp_path}/x.sqlite: file is not a database"


def test_a_report_that_cannot_be_kept_is_said_and_nothing_of_it_stays(url):
    with Records(url) as records:
        records.save(report(score=1.0))
        with records.engine.begin() as connection:
            trigger = "CREATE TRIGGER full BEFORE INSERT ON reports BEGIN SELECT RAISE(ABORT, 'full'); END"
            connection.execute(text(trigger))
        with pytest.raises(RecordsError) as caught:
            records.save(report(score=9.0))
        assert str(caught.value) == f"records at {url}: full"
        assert records.latest("tiny", "ada").score == 1.0


def test_what_is_asked_of_the_database_stands_in_columns_of_its_own(url):
    """For those who look into it with other tools."""
    when = datetime(2027, 3, 1, 12, tzinfo=UTC)
    kept = msgspec.structs.replace(report(score=2.5), graded=when)
    with Records(url) as records:
        records.save(kept)
        with records.engine.connect() as connection:
            (row,) = connection.execute(text("SELECT * FROM reports")).mappings()
    found = {key: row[key] for key in row if key not in ("report", "graded")}
    assert found == {
        "id": 1, "assignment": "tiny", "student": "ada", "digest": "d", "assignment_digest": "a", "engine": "e",
        "status": "graded", "score": 2.5, "points": 10.0, "received": None,
    }  # fmt: skip
    assert row["graded"].startswith("2027-03-01 12:00:00")
    assert msgspec.json.decode(row["report"], type=Report) == kept


def test_a_commit_survives_a_crash_and_writers_wait_for_each_other(url):
    with Records(url) as records, records.engine.connect() as connection:
        found = {
            pragma: connection.execute(text(f"PRAGMA {pragma}")).scalar_one()
            for pragma in ("journal_mode", "synchronous", "busy_timeout")
        }
    full = 2
    assert found == {"journal_mode": "wal", "synchronous": full, "busy_timeout": 30_000}


def test_the_latest_is_found_by_an_index(url):
    with Records(url) as records, records.engine.connect() as connection:
        query = "SELECT report FROM reports WHERE assignment = 'a' AND student = 's' ORDER BY id DESC"
        plan = connection.execute(text(f"EXPLAIN QUERY PLAN {query}")).mappings().all()
    assert [row["detail"] for row in plan] == ["SEARCH reports USING INDEX latest (assignment=? AND student=?)"]


def locked(*_, **__):
    raise OperationalError("CREATE TABLE", {}, Exception("database is locked"))


def test_a_database_that_stays_locked_is_given_up_after_half_a_minute(url, monkeypatch):
    """While SQLite turns a new file into one that writers can share, it sends others away at once."""
    clock = iter([100.0, 100.0, 130.0, 130.1])
    naps = []
    monkeypatch.setattr(store.time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(store.time, "sleep", naps.append)
    monkeypatch.setattr(store, "migrate", locked)
    with pytest.raises(RecordsError, match="database is locked"):
        Records(url)
    assert naps == [0.02, 0.02], "it was tried three times"


def test_a_database_that_is_unlocked_in_time_is_taken(url, monkeypatch):
    tries = []

    def once_locked(*args, **more):
        tries.append(args)
        return locked() if len(tries) == 1 else migrate(*args, **more)

    monkeypatch.setattr(store.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(store, "migrate", once_locked)
    with Records(url) as records:
        records.save(report())
        assert len(tries) == 2


def test_any_other_trouble_is_told_at_once(url, monkeypatch):
    def broken(*_, **__):
        raise OperationalError("CREATE TABLE", {}, Exception("disk I/O error"))

    monkeypatch.setattr(store.time, "sleep", lambda seconds: pytest.fail("nothing to wait for"))
    monkeypatch.setattr(store, "migrate", broken)
    with pytest.raises(RecordsError, match="disk I/O error"):
        Records(url)


def test_a_database_elsewhere_needs_no_folder_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Records("sqlite://") as records:
        records.save(report())
        assert records.latest("tiny", "ada") == report()
    assert list(tmp_path.iterdir()) == []


def test_many_reports_are_read_one_by_one(url):
    with Records(url) as records:
        for number in range(120):
            records.save(report(f"s{number:03}"))
        reader = records.all_latest("tiny")
        assert next(reader).student == "s000"
        assert len(list(reader)) == 119


# --- what an operator can put right ----------------------------------------------------------------------------------


def refused(url: str) -> str:
    """What is said of records that cannot be had there."""
    with pytest.raises(RecordsError) as caught:
        Records(url)
    error = caught.value
    assert error.__context__ is None or error.__suppress_context__, "a traceback would show a driver's words, unread"
    return str(error)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("foo://ta:s3cret@host/grades", "there is no driver for foo"),
        ("postgresql+foo://ta:s3cret@host/grades", "there is no driver for postgresql+foo"),
        (
            "postgresql+psycopg://ta:s3cret@host/grades?sslpassword=s3cret",
            "not installed: pip install 'autograder[postgres]'",
        ),
        ("mysql://ta:s3cret@host/grades", "the driver MySQLdb is not installed: pip install 'mysqlclient'"),
        ("my sql://ta:s3cret@host/grades", "is not a database URL"),
        ("postgresql://ta:s3c@s3cret@host/grades", "@ is written %40"),
        ("postgresql://ta:x@host:s3cret/grades", "is not a database URL"),
        ("sqlite://ta:s3cret@host/grades", "Invalid SQLite URL"),
    ],
)
def test_a_url_that_leads_nowhere_says_what_is_missing_and_no_password(monkeypatch, url, said):
    for module in ("psycopg", "MySQLdb"):
        monkeypatch.setitem(sys.modules, module, None)
    message = refused(url)
    assert said in message and "s3c" not in message


def test_the_place_is_said_without_the_password():
    message = refused("foo://ta:s3cret@host:5432/grades?password=s3cret")
    assert message.startswith("records at foo://ta:***@host:5432/grades: ")


def test_a_password_in_a_driver_s_words_is_not_repeated():
    database = Database.at("postgresql://ta:s3cret@host/grades")
    said = "connection to server failed:\n\tpassword s3cret is wrong"
    shown = "records at postgresql://ta:***@host/grades: connection to server failed: password *** is wrong"
    assert str(database.failed(said)) == shown


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "records").write_text("a file")
    message = refused(f"sqlite:///{tmp_path}/records/deep/course.sqlite")
    assert f"the folder {tmp_path}/records/deep cannot be made" in message
    assert f"({tmp_path}/records is a file). Make that possible, or set course.records" in message


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path):
    message = refused(f"sqlite:///{tmp_path}")
    assert f"unable to open database file ({tmp_path} is a folder)" in message and "set course.records" in message


@pytest.mark.parametrize("name", ["course.sqlite", "new.sqlite", "records/new.sqlite"])
def test_a_place_that_cannot_be_written_to_says_why(tmp_path, name):
    with Records(f"sqlite:///{tmp_path}/course.sqlite") as records:
        records.save(report())
    with read_only(tmp_path):
        message = refused(f"sqlite:///{tmp_path}/{name}")
    assert f"{tmp_path} lies on a read-only file system" in message or f"may not write to {tmp_path}" in message
    assert "set course.records in grader_config.yml to another place" in message


def test_what_goes_wrong_while_reading_is_told_too(url, tmp_path):
    with Records(url) as records:
        records.save(report())
        with records.engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE reports")
        for read in (lambda: records.latest("tiny", "ada"), lambda: list(records.all_latest("tiny"))):
            with pytest.raises(RecordsError, match=r"course\.sqlite: no such table"):
                read()
