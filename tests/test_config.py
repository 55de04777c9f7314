"""grader_config.yml: what it may say, and what is said when it is wrong."""

import stat
from concurrent.futures import ThreadPoolExecutor
from zoneinfo import ZoneInfo

import pytest

from autograder.config import find, load
from autograder.errors import ConfigError
from tests import tiny
from tests.places import read_only

GOOD = "course:\n  name: C\nassignments:\n  one:\n    title: One\n"


ZONED = GOOD.replace("  name: C\n", "  name: C\n  time_zone: Europe/Zurich\n")


def written(tmp_path, text):
    path = tmp_path / "grader_config.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_smallest_configuration_has_defaults(tmp_path):
    config = load(written(tmp_path, GOOD))
    assert config.assignment("one").limits.check_seconds > 0
    assert config.records_url == f"sqlite:///{tmp_path}/records/course.sqlite"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (GOOD + "    tilte: x\n", 6, "tilte"),
        (GOOD + "    limits:\n      check_seconds: -1\n", 7, "greater than 0"),
        (GOOD + "    due: 2027-01-01T00:00:00\n", 6, "time zone"),
        (GOOD + "    due: 2027-13-01\n", 6, "2027-13-01 is not a date that exists: month must be in 1..12"),
        (GOOD + "    due: 2027-02-30T23:59:00+01:00\n", 6, "2027-02-30T23:59:00+01:00 is not a date that exists"),
        (GOOD + "    due: 2027-03-01T24:59:00+01:00\n", 6, "hour must be in 0..23"),
        (GOOD + "    limits:\n      memory_mb: many\n", 7, "memory_mb"),
        ("course:\n  name: C\n", 1, "assignments is missing"),
        ("course: [\n", 2, "not valid YAML"),
        ("just words\n", 1, "expected"),
        (GOOD.replace("  name: C", "  name: ''"), 2, "course.name"),
        (GOOD + "    due: 2027-03-01\n", 6, "give the time of day too"),
        (GOOD + "    due: 20270301\n", 6, "give the time of day too"),
        (ZONED + "    due: 2027-03-28T02:30:00\n", 7, "2027-03-28 02:30 does not exist in Europe/Zurich"),
        (ZONED + "    due: 2027-10-31T02:30:00\n", 7, "comes twice in Europe/Zurich, where clocks are changed then"),
        (GOOD.replace("name: C", "name: C\n  time_zone: Zurich"), 3, "one is called Europe/Zurich"),
        (GOOD.replace("name: C", "name: C\n  time_zone: UTC+1"), 3, "UTC+1 is no time zone that has a name"),
        (GOOD + "    late: {}\n", 6, "say what lateness costs: one of percent_per_day"),
        (GOOD + "    late: {grace_minutes: 15}\n", 6, "say what lateness costs"),
        (GOOD + "    late: {percent_per_day: 10, points_per_hour: 1}\n", 6, "two rates: choose one"),
        (GOOD + "    late: {percent_per_day: 110}\n", 6, "less than or equal to 100"),
        (GOOD + "    late: {points_per_day: .nan}\n", 6, "finite number"),
        (GOOD + "    late: {percent_per_day: 10, hard_deadline: 2027-03-01}\n", 6, "give the time of day"),
        (
            ZONED + "    due: 2027-03-01T23:59:00\n    late: {hard_deadline: 2027-02-28T12:00:00}\n",
            5,
            "late.hard_deadline 2027-02-28T12:00:00+01:00 lies before due 2027-03-01T23:59:00+01:00",
        ),
        (GOOD + "    gradescope:\n      late: {percent_per_day: 10}\n", 7, "Move it one level up, beside `gradescope`"),
        (GOOD.replace("name: C", "name: C\n  late_days: -1"), 3, "course.late_days"),
    ],
)
def test_a_mistake_names_its_line_and_the_fix(tmp_path, text, line, said):
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, text))
    assert f"line {line}" in str(caught.value)
    assert said in str(caught.value)


def test_what_no_parser_takes_is_a_mistake_too(tmp_path):
    with pytest.raises(ConfigError, match=r"line 6: 99999.* is not a number that can be read"):
        load(written(tmp_path, GOOD + f"    due: {'9' * 5000}\n"))
    with pytest.raises(ConfigError, match="nested too deep"):
        load(written(tmp_path, "course: " + "[" * 2000 + "]" * 2000))


def test_a_password_is_not_repeated(tmp_path):
    url = "postgresql://ta:s3c@ret@host/grades"
    for text in (f"course: {url}\n", GOOD.replace("  name: C", f"  name: C\n  records: [{url}]")):
        with pytest.raises(ConfigError) as caught:
            load(written(tmp_path, text))
        assert "ta:***@host" in str(caught.value) and "ret@" not in str(caught.value)


def test_times_are_read_as_the_course_s_clocks_show_them(tmp_path):
    due = "    due: 2027-07-01T23:59\n    late: {percent_per_day: 10, hard_deadline: 2027-07-05T12:00:00+00:00}\n"
    one = load(written(tmp_path, ZONED + due)).assignment("one")
    assert one.due.isoformat() == "2027-07-01T23:59:00+02:00" and one.due.tzinfo == ZoneInfo("Europe/Zurich")
    assert one.late.hard_deadline.isoformat() == "2027-07-05T14:00:00+02:00"


def test_an_assignment_s_own_rules_on_lateness_go_before_the_course_s(tmp_path):
    text = GOOD.replace("name: C\n", "name: C\n  late: {percent_per_day: 10}\n")
    assert load(written(tmp_path, text)).late("one").percent_per_day == 10
    own = load(written(tmp_path, text + "    late: {points_per_day: 1}\n")).late("one")
    assert (own.points_per_day, own.percent_per_day) == (1, None)


def test_every_mistake_is_listed_at_once(tmp_path):
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, GOOD + "    tilte: x\n    titel: y\n"))
    assert len(str(caught.value).splitlines()) == 2


def test_an_unknown_assignment_lists_the_known_ones(tmp_path):
    with pytest.raises(ConfigError, match="it has: one"):
        load(written(tmp_path, GOOD)).assignment("two")


def test_the_secret_is_made_once_and_kept_private(tmp_path):
    config = load(written(tmp_path, GOOD))
    secret = config.secret()
    assert len(secret) == 64
    assert config.secret() == secret
    assert stat.S_IMODE((tmp_path / ".course_secret").stat().st_mode) == 0o600


def test_a_short_secret_is_refused(tmp_path):
    (tmp_path / ".course_secret").write_text("abc")
    with pytest.raises(ConfigError, match="too short"):
        load(written(tmp_path, GOOD)).secret()


def test_a_secret_that_cannot_be_written_is_said_with_the_way_on(tmp_path):
    config = load(written(tmp_path, GOOD))
    with read_only(tmp_path), pytest.raises(ConfigError, match=r"secret cannot be written: .* course\.secret_file"):
        config.secret()


def test_a_secret_that_cannot_be_read_is_said(tmp_path):
    (tmp_path / ".course_secret").mkdir()
    with pytest.raises(ConfigError, match=r"secret cannot be read: Is a directory"):
        load(written(tmp_path, GOOD)).secret()


def test_the_configuration_is_found_from_below(tmp_path):
    path = tiny.config(tmp_path)
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert find(tmp_path / "a" / "b") == path


def test_a_secret_that_two_make_at_once_is_one_and_whole(tmp_path):
    """Two graders that start in a new course: neither reads what the other has only begun to write."""
    tiny.config(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: load(tmp_path / "grader_config.yml").secret(), range(64)))
    assert len(found) == 1 and len(found.pop()) == 64
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".course_secret")] == [".course_secret"]
