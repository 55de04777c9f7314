"""The records on a real PostgreSQL server: the same promises as on SQLite."""

import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from autograder.errors import RecordsError
from autograder.model import HandGrade, Report
from autograder.records import Records
from autograder.records.ledger import Ledger, Score
from autograder.records.migrate import CURRENT, Migration
from autograder.records.schema import Base
from autograder.scoring.adjustments import Adjustment, Kind
from autograder.scoring.extensions import Extension
from tests.records.postgresql import server
from tests.records.test_store import NEAR

WHEN = datetime(2027, 3, 1, 12, tzinfo=UTC)


def report(student="ada", score=1.0, assignment="tiny"):
    return Report(student, assignment, "d", "a", "e", "graded", score, 10.0, received=WHEN, graded=WHEN)


@pytest.fixture(scope="module")
def running():
    with server() as url:
        yield url


@pytest.fixture
def url(running):
    """An empty database."""
    import sqlalchemy

    with sqlalchemy.create_engine(running).begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    return running


def test_reports_are_read_back_whole_and_the_latest_counts(url):
    with Records(url) as records:
        for score in (1.0, 3.0, 2.0):
            records.save(report(score=score))
        records.save(report("bob", assignment="other"))
    with Records(url) as records:
        assert records.migration is None
        assert records.latest("tiny", "ada") == report(score=2.0)
        assert [one.score for one in records.all_latest("tiny")] == [2.0]


def test_names_that_are_nearly_the_same_are_different_students(url):
    with Records(url) as records:
        for score, student in enumerate(NEAR):
            records.save(report(student, score))
        assert {one.student: one.score for one in records.all_latest("tiny")} == {
            student: score for score, student in enumerate(NEAR)
        }


def test_what_people_decided_comes_back_as_it_was(url):
    local = WHEN.astimezone(ZoneInfo("Europe/Zurich"))
    with Records(url) as records:
        ledger = Ledger(records)
        one = Adjustment("tiny", "ada", "1.1", Kind.SET, 2.5, "because", "ta", local)
        more = Extension("tiny", "ada", local + timedelta(days=1), False, "ill", "ta", local)
        score = Score("tiny", "ada", None, 10.0, "graded", "", 1, "ta", local)
        numbers = ledger.adjust(one), ledger.extend(more)
        ledger.note([score])
        grade = HandGrade("ada", "1", "a" * 64, 2.5, local, "ta", "good")
        records.give("tiny", [grade])
        (adjustment,), (extension,) = ledger.adjustments("tiny"), ledger.extensions()
        assert (adjustment.number, extension.number) == numbers
        assert (adjustment.value, adjustment.kind, adjustment.time) == (2.5, Kind.SET, WHEN)
        assert extension.due == more.due and ledger.scores("tiny") == [score]
        assert ledger.latest_scores("tiny") == {"ada": score}


def test_the_tables_are_what_the_steps_make(url):
    with Records(url) as records, records.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_a_database_of_the_first_version_is_brought_up_to_date(url):
    import sqlalchemy

    with sqlalchemy.create_engine(url).begin() as connection:
        connection.execute(
            text(
                "CREATE TABLE reports (id SERIAL PRIMARY KEY, assignment VARCHAR(200) NOT NULL, student VARCHAR(400) "
                "NOT NULL, digest VARCHAR(64) NOT NULL, assignment_digest VARCHAR(64) NOT NULL, engine VARCHAR(64) "
                "NOT NULL, status VARCHAR(20) NOT NULL, score FLOAT NOT NULL, points FLOAT NOT NULL, graded TIMESTAMP "
                "WITH TIME ZONE, report BYTEA NOT NULL)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO reports (assignment, student, digest, assignment_digest, engine, status, score, points, "
                "graded, report) VALUES ('tiny', 'ada', 'd', 'a', 'e', 'graded', 1, 10, :graded, :report)"
            ),
            {"graded": WHEN, "report": msgspec.json.encode(report())},
        )
    with Records(url) as records:
        assert records.migration == Migration("0001", CURRENT, None)
        assert [one.received for one in Ledger(records).graded("tiny")] == [WHEN]
        assert Ledger(records).latest_scores("tiny")["ada"].score == 1.0


def test_many_may_make_the_tables_at_once_and_save(url):
    errors = []

    def one(number):
        try:
            with Records(url) as records:
                records.save(report(f"s{number}"))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with Records(url) as records:
        assert len(list(records.all_latest("tiny"))) == 8


def test_a_server_that_is_not_there_is_said_in_a_line(tmp_path):
    pytest.importorskip("psycopg", reason="pip install 'autograder[postgres]'")
    with pytest.raises(RecordsError) as caught:
        Records(f"postgresql+psycopg://ta:s3cret@/grades?host={tmp_path}")
    assert "records at postgresql+psycopg://ta:***@/grades: connection" in str(caught.value)
    assert "\n" not in str(caught.value) and "s3cret" not in str(caught.value)
