"""The page for grading: what it shows, what it takes, and who may not have it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

from autograder.marking.answers import sheets
from autograder.marking.page import LARGEST, Marking, application
from autograder.model import HandGrade, answer_digest
from autograder.records.by_hand import HandGrades
from autograder.rubric import Written
from tests.asked import WHY, answer, report

QUESTIONS = (
    Written("3", WHY, points=3, elements=("it is convex", "its slope `2x` is zero once")),
    Written("4", "What if?", points=2, elements=("a plane",)),
)
TEXT = "It is convex."
HARM = '<script>alert(1)</script> "><img src=x onerror=alert(1)> {{ 7 * 7 }} \u202egnp'
KEY = answer_digest(TEXT)


class Desk:
    """A class's answers, and what was given."""

    def __init__(self, *texts: tuple[str, str]) -> None:
        self.reports = [report(student, answer("3", text)) for student, text in texts]
        self.given: list[HandGrade] = []

    def marking(self, **more) -> Marking:
        return Marking("Tiny", "Grace", False, self.read, self.given.extend, **more)

    def read(self):
        return sheets(QUESTIONS, {"3": "Answer in three sentences."}, self.reports, HandGrades(self.given))


@pytest.fixture
def desk() -> Desk:
    return Desk(("ada", TEXT), ("bo", HARM), ("cy", TEXT), ("di", ""))


def client_of(marking: Marking) -> TestClient:
    return TestClient(application(marking), base_url="http://127.0.0.1:8000", follow_redirects=False)


@pytest.fixture
def marking(desk) -> Marking:
    return desk.marking()


@pytest.fixture
def client(marking) -> TestClient:
    client = client_of(marking)
    client.get("/", params={"token": marking.token})
    return client


def give(client: TestClient, marking: Marking, points: str, key: str = KEY, **more: str):
    sent = {"answer": key, "points": points, "comment": "", "seen": ""} | more
    return client.post("/question/3", json=sent, headers={"X-Form-Token": marking.form_token})


# --- what it shows ------------------------------------------------------------------------------------------------


def test_each_text_is_there_once_without_a_name(client):
    page = client.get("/question/3").text
    assert page.count(TEXT) == 1
    assert "2 submissions" in page and "0</span> of 2 graded, 1 without an answer" in page
    assert not re.search(r"\b(ada|bo|cy)\b", page)


def test_names_are_there_for_who_asks(desk):
    marking = Marking("Tiny", "Grace", True, desk.read, desk.given.extend)
    page = client_of(marking).get("/question/3", cookies={"autograder-8000": marking.token}).text
    assert "<bdi>ada</bdi>, <bdi>cy</bdi>" in page


def test_what_a_full_answer_has_and_what_students_read_stand_beside_it(client):
    page = client.get("/question/3").text
    assert "<li>it is convex</li><li>its slope <code>2x</code> is zero once</li>" in page
    assert "Answer in three sentences." in page


def test_what_students_write_is_text(client):
    page = client.get("/question/3").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &#34;&gt;&lt;img" in page
    assert "<script>alert" not in page and "<img" not in page and "{{ 7 * 7 }}" in page
    assert "⟨U+202E⟩gnp" in page


def test_it_may_load_nothing_and_run_no_script_but_its_own(client):
    found = client.get("/question/3")
    policy = found.headers["content-security-policy"]
    (nonce,) = set(re.findall(r"<(?:script|style) nonce=\"([^\"]+)\"", found.text))
    assert policy.startswith("default-src 'none'") and f"script-src 'nonce-{nonce}'" in policy
    assert "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert not re.search(r"(?:src|href)=\"(?!/question/)", found.text)
    assert found.headers["cache-control"] == "no-store"
    assert nonce not in client.get("/question/3").text


def test_it_begins_where_there_is_something_to_do(client, marking):
    assert client.get("/").headers["location"] == "/question/3"
    give(client, marking, "1")
    give(client, marking, "1", key=answer_digest(HARM))
    assert client.get("/").headers["location"] == "/question/3"  # 4 has no answers, and all of 3 are graded


# --- what it takes ------------------------------------------------------------------------------------------------


def test_points_go_to_everybody_who_wrote_the_text_with_who_gave_them(client, marking, desk):
    before = datetime.now(UTC)
    said = give(client, marking, "2,5", comment=" Well seen. ").json()
    assert (said["state"], said["points"], said["graded"]) == ("2.5 of 3 points by Grace", "2.5", True)
    assert [(one.student, one.question, one.answer, one.points) for one in desk.given] == [
        ("ada", "3", KEY, 2.5), ("cy", "3", KEY, 2.5),
    ]  # fmt: skip
    assert {(one.comment, one.grader) for one in desk.given} == {("Well seen.", "Grace")}
    assert all(one.given >= before for one in desk.given)
    assert "2.5 of 3 points by Grace" in client.get("/question/3").text


def test_no_points_take_back_what_was_given(client, marking, desk):
    seen = give(client, marking, "2").json()["seen"]
    assert give(client, marking, "", seen=seen).json()["state"] == "not graded yet"
    assert desk.read()["3"].graded == 0


@pytest.mark.parametrize("points", ["3.5", "-1", "nan", "inf", "all", "1e9", "2 of 3"])
def test_points_are_between_none_and_all(client, marking, desk, points):
    found = give(client, marking, points)
    assert found.status_code == 422
    assert found.json()["problem"] == f"'{points}' is no number of points: this question gives 0 to 3."
    assert desk.given == []


def test_two_who_grade_one_answer_hear_of_each_other(client, marking, desk):
    """Neither overrules the other without knowing."""
    give(client, marking, "1")
    found = give(client, marking, "3")  # from a page that was loaded before
    assert found.status_code == 409
    assert found.json()["problem"] == "Meanwhile it was given 1 of 3 points by Grace. Save again to overrule."
    assert give(client, marking, "3", seen=found.json()["seen"]).status_code == 200
    assert desk.read()["3"].answer(KEY).grade.points == 3


def test_an_answer_that_was_handed_in_anew_is_not_graded(client, marking, desk):
    desk.reports = [report("ada", answer("3", "Another."))]
    found = give(client, marking, "1")
    assert found.status_code == 404 and "handed in anew" in found.json()["problem"]
    assert desk.given == []


def test_the_points_of_an_earlier_text_are_shown_and_do_not_count(client, marking, desk):
    give(client, marking, "2", comment="Say why.")
    desk.reports = [report("ada", answer("3", "It is strictly convex."))]
    page = client.get("/question/3").text
    assert "An earlier text got 2 of 3 from Grace: “Say why.”. This one is new." in page
    assert "0</span> of 1 graded" in page


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"not json", b'{"answer": 1}', b"[" * 60_000])
def test_what_the_page_does_not_send_is_refused(client, marking, desk, body):
    found = client.post("/question/3", content=body, headers={"X-Form-Token": marking.form_token})
    assert found.status_code == 400
    assert desk.given == []


def test_a_request_is_no_larger_than_a_comment(client, marking, desk):
    assert give(client, marking, "1", comment="a" * LARGEST).status_code == 413
    assert give(client, marking, "1", comment="a" * 5_000).status_code == 422
    assert desk.given == []


# --- who may not have it ------------------------------------------------------------------------------------------


def test_without_the_token_there_is_nothing(marking, desk):
    stranger = client_of(marking)
    for path in ("/", "/?token=", "/?token=guess", "/question/3"):
        found = stranger.get(path)
        assert (found.status_code, TEXT in found.text, "set-cookie" in found.headers) == (403, False, False)
    assert give(stranger, marking, "3").status_code == 403
    assert desk.given == []


def test_another_site_cannot_send_what_the_page_sends(client, marking, desk):
    """It has no way to read the page's own token, nor is the cookie sent along with what it asks for."""
    sent = {"answer": KEY, "points": "3", "comment": "", "seen": ""}
    assert client.post("/question/3", json=sent).status_code == 403
    assert client.post("/question/3", json=sent, headers={"X-Form-Token": marking.token}).status_code == 403
    assert desk.given == []
    cookie = client_of(marking).get("/", params={"token": marking.token}).headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie


def test_a_name_of_another_site_that_leads_here_gets_nothing(marking):
    found = client_of(marking).get("/", params={"token": marking.token}, headers={"Host": "evil.example:8000"})
    assert found.status_code == 400


def test_tokens_are_new_each_time_and_in_no_page(desk, client, marking):
    assert desk.marking().token != marking.token
    assert marking.token not in client.get("/question/3").text
    assert marking.token not in repr(marking) and marking.form_token not in repr(marking)


def test_an_unknown_question_is_told(client):
    assert client.get("/question/9").status_code == 404
