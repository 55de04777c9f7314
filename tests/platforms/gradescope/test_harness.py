"""run_autograder on a plain folder: results.json is valid and fair whatever happens."""

from __future__ import annotations

import json
import os
import stat

import pytest

from autograder.errors import SandboxUnavailableError
from autograder.platforms.gradescope import contract, publication
from autograder.platforms.gradescope.harness import no_sandbox
from autograder.platforms.gradescope.results import report_in
from tests import tiny
from tests.platforms.gradescope.fake import RIGHT, Fake
from tests.platforms.gradescope.sample import previous

BEFORE = "2027-02-28T12:00:00+01:00"


@pytest.mark.parametrize(("why", "slow"), [("the fork server did not start (timed out)", True), ("no torch", False)])
def test_a_machine_that_is_too_slow_to_start_is_called_so(why, slow):
    said = no_sandbox(SandboxUnavailableError(why))
    assert why in said and ("too busy, or is too slow" in said) is slow


@pytest.fixture(scope="module")
def fake(tmp_path_factory):
    return Fake(tmp_path_factory.mktemp("gradescope"), "    gradescope:\n      attempts: 3\n")


def test_a_right_submission_gets_full_points(fake):
    results = fake.run()
    assert results.score == 10
    assert [test.visibility for test in results.tests] == ["visible", *["after_due_date"] * 3]
    assert "attempt 1 of 3" in results.output
    report = report_in(results.extra_data)
    assert report is not None and report.student == "ada@example.org" and "seccomp" in report.boundary
    assert "layers: " in fake.said
    for name in ("source", "results", "submission_metadata.json"):
        assert stat.S_IMODE((fake.root / name).stat().st_mode) & 0o077 == 0


def test_a_wrong_one_loses_what_it_should(fake):
    results = fake.run(RIGHT.replace("x * x", "2 * x"))
    assert results.score == 6
    assert "You double instead of squaring." in results.tests[1].output


def test_what_cannot_be_read_is_said(fake):
    results = fake.run("\x00\x01")
    assert results.score == 0 and results.output


def test_what_takes_hours_to_parse_is_rejected(tmp_path):
    """Python takes the square of a format string's length to parse it: seconds for each of these modules."""
    fake = Fake(tmp_path)
    (fake.root / "submission").mkdir()
    for number in range(60):
        slow = f"import helper{number + 1}\ndef more(x): return f'" + "{x}" * 99_000 + "'\n"
        (fake.root / f"submission/helper{number}.py").write_text(slow)
    results = fake.run("import helper0\n" + RIGHT)
    assert results.score == 0 and publication.OURS not in results.extra_data
    assert "to read. Hand in plain code." in results.output


def test_a_hang_costs_its_own_points_only(tmp_path):
    fake = Fake(tmp_path, "    limits:\n      check_seconds: 3\n")
    results = fake.run(RIGHT.replace("return 2 * x", "while True: pass"))
    assert results.score == 6
    assert "timed out" in results.tests[-1].tags


def test_an_attempt_beyond_the_limit_is_not_graded(fake):
    history = [previous(f"2027-02-2{day}T12:00:00+01:00", day) for day in (4, 5, 6)]
    results = fake.run(RIGHT, *history)
    assert results.score == 6.0
    assert results.extra_data[publication.REFUSED] is True
    assert [(row.name, row.visibility) for row in results.tests] == [(publication.TOTAL, "after_due_date")]


def test_what_was_public_of_the_attempt_that_stands_is_shown_again(fake):
    wrong = RIGHT.replace("x * x", "2 * x")
    first = fake.run_raw(wrong, created=BEFORE)[0]
    history = [previous(f"2027-02-2{day}T12:00:00+01:00", day) for day in (4, 5)]
    last = {"submission_time": "2027-02-26T12:00:00+01:00", "score": "6.0", "results": json.loads(first)}
    results = fake.run(RIGHT, *history, last)
    assert results.score == 6 and results.extra_data[publication.REFUSED] is True
    assert results.tests == contract.check(first).tests
    assert {row.visibility for row in results.tests} == {"visible", "after_due_date"}


def test_a_bad_field_costs_neither_the_late_penalty_nor_the_attempt(tmp_path):
    fake = Fake(tmp_path, "    late: {percent_per_day: 10}\n")
    extension = {"email": None, "name": "Ada", "assignment": {"due_date": "2027-02-28T23:59:00"}}
    fake.more = {"users": [extension, None], "assignment": {"due_date": None, "group_size": "four"}}
    results = fake.run(RIGHT, previous(BEFORE, 7.5))
    assert results.score == 9 and publication.OURS not in results.extra_data
    assert report_in(results.extra_data).student == "Ada"
    for field in ("users[0].email", "users[0].assignment.due_date", "users[1]", "assignment.due_date"):
        assert f"submission_metadata.json: {field} " in fake.said


def test_where_hidden_checks_are_never_shown_nor_is_the_total_before_grades_are(tmp_path):
    results = Fake(tmp_path, "    gradescope:\n      hidden_checks: hidden\n").run(RIGHT)
    assert [row.visibility for row in results.tests] == ["visible", "hidden", "hidden", "hidden", "after_published"]


KILLS_THE_GRADER = """
    import os
    def parent(pid):
        return int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])
    os.kill(parent(os.getppid()), 9)  # above the slot and the warm grader
    os.kill(os.getpid(), 9)  # or it would go on, below somebody else
"""


def killing(what: str) -> str:
    """Checks of which the third does something first."""
    return tiny.CHECKS.replace('"""Adds the squares."""', f'"""Adds the squares."""\n{what}')


def test_a_grader_that_is_killed_charges_nobody_and_keeps_what_was_done(tmp_path):
    results = Fake(tmp_path, checks=killing(KILLS_THE_GRADER)).run(RIGHT, previous(BEFORE, 7.5))
    assert results.score == 7.5
    assert 0 < len(results.tests) <= 2, "what had been heard of by then"
    assert results.extra_data[publication.OURS] is True
    assert "not your fault" in results.output


def test_the_next_attempt_at_the_same_work_goes_on_where_it_was_cut_short(tmp_path):
    fake = Fake(tmp_path, checks=killing(KILLS_THE_GRADER))
    carried = fake.run(RIGHT).extra_data
    again = fake.run(RIGHT, {"submission_time": BEFORE, "score": 4.0, "results": {"extra_data": carried}})
    before, after = report_in(carried), report_in(again.extra_data)
    assert before is not None and after is not None
    assert [one.seconds for one in before.results] == [one.seconds for one in after.results][: len(before.results)]


def test_a_check_that_ends_its_slot_with_the_references_answers_too_is_an_error_of_ours(tmp_path):
    results = Fake(tmp_path, checks=killing("    import os; os.kill(os.getpid(), 9)")).run(RIGHT)
    assert (results.score, len(results.tests)) == (8, 4)
    assert results.extra_data[publication.OURS] is True
    assert "not your fault" in results.tests[2].output


def test_a_grader_that_cannot_start_leaves_the_fallback(tmp_path):
    fake = Fake(tmp_path)
    (fake.root / "source/reference/tiny/checks.py").write_text("import nonsense")
    results = fake.run(RIGHT, previous(BEFORE, 3.5))
    assert (results.score, results.extra_data[publication.OURS]) == (3.5, True)
    (fake.root / "source/container.json").unlink()
    assert fake.run(RIGHT, previous(BEFORE, "nonsense")).score == 0


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "body",
    [
        "while True: print('x' * 65536)",
        "while True: os.kill(-1, 9)",
        "for pid in range(2, 4000000): os.path.exists(f'/proc/{pid}') and kill(pid)",
        "open('/tmp/x', 'wb').write(bytes(1 << 30))",
        "[os.unlink(os.path.join(folder, name)) for folder, _, names in os.walk('/autograder') for name in names]",
        "return torch.zeros(1).expand(1 << 40)",
        "return {bytes(8): [[]] * (1 << 20)}",
        "return [bytearray(1 << 26) for _ in range(99)]",
        "os.close(3) or os.closerange(0, 9999)",
        "raise SystemExit(grader_error=True)",
    ],
    ids=["output", "everybody", "each process", "disk", "files", "huge", "odd", "memory", "sockets", "exit"],
)
def test_nothing_that_a_student_does_is_an_error_of_the_graders(tmp_path, body):
    head = "import os, torch\ndef kill(pid):\n    try: os.kill(pid, 9)\n    except OSError: pass\n"
    fake = Fake(tmp_path, "    limits:\n      check_seconds: 3\n")
    results = fake.run(head + RIGHT.replace("return 2 * x", body))
    assert publication.OURS not in results.extra_data, fake.said
    assert results.score == 6


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_an_attempt_whose_checks_were_all_done_counts_however_long_its_source_is_searched(tmp_path):
    dead = f"    if False:\n        torch{'.a' * 900}\n" * 30
    results = Fake(tmp_path).run(f"import torch\n{RIGHT}def more():\n{dead}    return 1\n")
    assert results.score == 10
    assert publication.OURS not in results.extra_data


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_who_sleeps_below_the_limit_of_each_check_gets_no_free_attempt(tmp_path):
    """Half a minute a check, of the 32 seconds that it may take by the clock, until the time for all is over."""
    fake = Fake(tmp_path, "    limits:\n      check_seconds: 8\n", timeout=130)
    sleeps = "    if len(x) in (3, 4): time.sleep(15)\n"
    source = f"import time\ndef square(x):\n{sleeps}    return x * x\ndef total(x):\n{sleeps}    return (x * x).sum()\n"
    results = fake.run(f"{source}def slope(x):\n{sleeps}    return 2 * x\n")
    assert publication.OURS not in results.extra_data, fake.said
    assert "timed out" in results.tests[-1].tags


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_grader_that_takes_too_long_is_ended_in_time(tmp_path):
    checks = tiny.CHECKS.replace(
        '"""The gradient is right."""', '"""The gradient is right."""\n    import time; time.sleep(900)'
    )
    fake = Fake(tmp_path, checks=checks, timeout=120)
    results = fake.run(RIGHT)
    assert results.score == sum(test.score for test in results.tests) <= 6, "what was done by then"
    assert results.extra_data[publication.OURS] is True
    assert "took too long" in fake.said


def test_the_students_code_can_neither_read_nor_write_what_is_there(fake):
    spy = f"""
import os
found = []
for folder, _, files in os.walk({str(fake.root)!r}): found += files
for path in ("source/reference/tiny/solution.py", "source/course_secret", "submission_metadata.json"):
    try: found.append(open({str(fake.root)!r} + "/" + path).read())
    except OSError: pass
try: open({str(fake.root)!r} + "/results/results.json", "w").write('{{"score": 1000}}')
except OSError: pass
print("found", found)
"""
    results = fake.run(
        RIGHT
        + "\n"
        + spy.replace("\n", "\n    ").replace("\n    import", "\ndef square(x):\n    import", 1)
        + "\n    return x * x\n"
    )
    assert results.score == 10
    assert "found []" in results.tests[-1].output
    assert os.getuid() == (fake.root / "results/results.json").stat().st_uid
