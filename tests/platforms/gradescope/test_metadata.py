"""submission_metadata.json: one bad field is missing, is named, and takes no other along."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.config import GradescopeConfig
from autograder.config_parts import LateConfig
from autograder.platforms.gradescope import contract, policy, publication
from autograder.platforms.gradescope.metadata import Metadata, named, read_metadata
from tests.platforms.gradescope.sample import metadata_json, previous

LATE = LateConfig(percent_per_day=10, grace_minutes=15)
CAME, ZONE = "2027-03-02T10:22:32.365935+01:00", "+01:00"
EARLIER = (previous("2027-02-01T10:00:00+01:00", "50"), previous("2027-02-02T10:00:00+01:00", 60.0, mark=True))
VALID = json.loads(
    metadata_json(
        CAME,
        *EARLIER,
        users=[
            {"email": "ada@example.org", "id": 1, "name": "Ada", "assignment": None},
            {"email": "bo@example.org", "id": 2, "name": "Bo"},
        ],
    )
)


def read(data) -> Metadata:
    return read_metadata(json.dumps(data).encode())


def test_what_is_there_is_read_and_nothing_is_named():
    found = read(VALID)
    assert found.student == "ada@example.org + bo@example.org"
    assert (policy.lateness(found, LATE).units, publication.standing(found), len(found.previous)) == (1, 60.0, 2)
    assert found.latest is not None and found.latest.extra == {"mark": True}
    assert found.problems == ()


@pytest.mark.parametrize("bad", [None, 7, ["ada@example.org"], {}, True])
def test_a_bad_address_is_named_and_the_name_stands_in_for_it(bad):
    data = copy.deepcopy(VALID)
    data["users"][0]["email"] = bad
    found = read(data)
    assert found.student == "Ada + bo@example.org"
    assert policy.lateness(found, LATE).units == 1
    assert len(found.problems) == 1 and found.problems[0].startswith("users[0].email")
    assert next(iter(named(found.problems))).startswith("submission_metadata.json: users[0].email")


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "not a JSON object"),
        (b'{"id": 1,', "not a JSON object"),
        (b"[]", "not a JSON object"),
        (b"\xff\xfe", "not a JSON object"),
        (b'{"a":' + b"[" * 100_000, "not a JSON object"),
        (metadata_json(users=None), "users is null"),
        (metadata_json(users=[None]), "users[0] cannot be read: None"),
        (metadata_json(previous_submissions=None), "previous_submissions is null"),
        (metadata_json(previous_submissions="x"), "previous_submissions cannot be read: 'x'"),
        (metadata_json(assignment=None), "assignment is null"),
        (metadata_json(created_at="soon"), "created_at cannot be read: 'soon'"),
        (metadata_json(created_at="9999-12-31T23:59:59"), "created_at cannot be read"),
        (metadata_json(created_at="0001-01-01T00:00:00+23:59"), "created_at cannot be read"),
        (metadata_json(created_at="2027-03-01"), "created_at cannot be read"),
        (metadata_json("x", previous("y", 1.0)), "previous_submissions[0].submission_time cannot be read: 'y'"),
        (metadata_json("x", previous("y", "NaN")), "previous_submissions[0].score cannot be read: 'NaN'"),
        (metadata_json("x", previous("y", 1.0) | {"results": "x"}), "previous_submissions[0].results cannot be read"),
    ],
)
def test_what_cannot_be_read_is_named(data, word):
    assert any(word in problem for problem in read_metadata(data).problems)


def test_of_thousands_of_bad_fields_the_first_are_named():
    found = read(VALID | {"users": [None] * 5000})
    assert len(found.problems) == 21 and found.problems[-1] == "and 4980 more"


def test_a_number_of_any_length_and_half_a_character_are_read():
    data = metadata_json("x", previous("y", 1.0)).replace(b"1.0,", b"9" * 20_000 + b",")
    assert read_metadata(data).previous[0].points is None
    assert read(VALID | {"users": [{"name": "\ud800da", "email": ""}]}).student == "?da"


# --- times without a zone ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("whose", ["created", "due", "both", "extension"])
@pytest.mark.parametrize(("came", "days"), [("2027-03-01T23:58:00", 0), ("2027-03-02T00:15:00", 1)])
@pytest.mark.parametrize("zone", ["-08:00", "+00:00", "+09:00"])
def test_without_a_zone_what_is_late_is_late_and_what_is_in_time_is_in_time(whose, came, days, zone):
    """A time counts in the zone of the others, for all of them are the course's."""
    due = "2027-03-01T23:59:00"
    data = VALID | {"created_at": came + zone, "assignment": {"due_date": due + zone}}
    data["previous_submissions"] = []
    if whose in ("created", "both"):
        data["created_at"] = came
    if whose in ("due", "both"):
        data["assignment"] = {"due_date": due}
    if whose == "extension":
        data["assignment"] = {"due_date": "2027-02-20T12:00:00" + zone}
        data["users"] = [{"email": "a@example.org", "name": "A", "assignment": {"due_date": due}}]
    found = read(data)
    assert policy.lateness(found, LATE).units == days
    assert all("has no time zone" in problem for problem in found.problems) and found.problems


def test_of_two_zones_that_of_the_nearest_time_is_taken():
    """Summer time begins on 14 March 2027 where the course is."""
    users = [{"email": "a@example.org", "name": "A", "assignment": {"due_date": "2027-03-20T23:59:00"}}]
    found = read(
        VALID
        | {"created_at": "2027-03-20T23:30:00-07:00", "assignment": {"due_date": "2027-03-01T23:59:00-08:00"}}
        | {"users": users}
    )
    assert found.due is not None and found.due.isoformat() == "2027-03-20T23:59:00-07:00"


def test_an_attempt_is_known_again_whatever_zone_its_time_was_read_in():
    naive = previous("2027-02-02T10:00:00", 1.0, grader_error=True)
    for created in ("2027-03-02T10:00:00-08:00", "2027-03-20T10:00:00-07:00"):
        assert publication.uncounted(read(VALID | {"created_at": created, "previous_submissions": [naive]})) == (
            "2027-02-02T10:00:00",
        )


# --- one field at a time -----------------------------------------------------------------------------------------


def paths(data, at=()):
    """Every field of a document, by the way to it."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield (*at, key)
        yield from paths(value, (*at, key))


FIELDS = list(paths(VALID))
DECISIVE = [("created_at",), ("assignment",), ("assignment", "due_date")]
"""Without these nobody knows whether it is late."""
deep = [[[[{"a": [{"b": None}]}]]]]
for _ in range(100):
    deep = [deep]
BAD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=30),
    st.sampled_from([10**400, "x" * 100_000, deep, {}, [], "2027", "9999-12-31T23:59:59-23:59", [None] * 1000]),
    st.recursive(st.none() | st.text(max_size=5), lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(), x)),
)


def mutated(path, value, *, gone):
    data = copy.deepcopy(VALID)
    holder = data
    for key in path[:-1]:
        holder = holder[key]
    if gone:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return data


@given(st.sampled_from(FIELDS), BAD, st.booleans())
def test_whatever_becomes_of_one_field_a_late_submission_stays_late(path, value, gone):
    found = read(mutated(path, value, gone=gone))
    late = policy.lateness(found, LATE)
    assert isinstance(found.student, str) and found.student.encode()
    policy.attempts(found, GradescopeConfig(attempts=3, attempts_hours=2))
    if path not in DECISIVE:
        assert (late.units, late.cost(10.0, 10.0)) == (1, 1.0), found.problems
    elif late.units != 1:
        assert found.problems or "created_at" in path, "a date that can be read is believed"


@given(st.sampled_from(FIELDS), BAD, st.booleans())
def test_whatever_becomes_of_one_field_the_fallback_is_one(path, value, gone):
    data = publication.unchanged(read(mutated(path, value, gone=gone)), publication.OURS, "words")
    found = contract.check(json.dumps(publication.withheld(data, "after_due_date"), allow_nan=False).encode())
    assert found.score is not None
