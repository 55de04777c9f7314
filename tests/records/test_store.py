"""Records: durable at once, the latest counts, nothing half-written."""

import threading

import pytest

from autograder.errors import RecordsError
from autograder.model import Report
from autograder.records import Records


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
    with pytest.raises(RecordsError, match=r"x\.sqlite"):
        Records(f"sqlite:///{tmp_path}/x.sqlite")
