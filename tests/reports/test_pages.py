"""The pages: whole, harmless, kind, and silent about what is not the student's to see."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from autograder.identity import page_name
from autograder.model import CheckResult, ExerciseInfo, Outcome, Report
from autograder.reports import write_reports
from tests.reports import sample

VOID = {"meta", "br", "hr", "img", "link", "input"}
EVIL = (
    "<script>alert(1)</script>",
    "../../../etc/passwd",
    "\u202egnp.exe",
    "a\x00b\x1b[2J",
    "{{ 7 * 7 }}{% raw %}",
    "' onmouseover='x",
    '"><img src=x>',
    "\ud800",
    "",
    "new\nline",
)


class Balance(HTMLParser):
    """Every tag closes, ids are unique, links to anchors lead somewhere; nothing runs and nothing is loaded."""

    def __init__(self, page: str, *, scripts: bool = False) -> None:
        super().__init__()
        self.scripts = scripts
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert self.open == []
        assert len(self.ids) == len(set(self.ids))
        assert {link[1:] for link in self.links if link.startswith("#")} <= set(self.ids)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in {"img", "link", "iframe", "object", "image", "use"}
        assert tag != "script" or (self.scripts and not attrs), "no script but ours, and only on the class page"
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)) and not any(name.startswith("on") for name in names)
        values = dict(attrs)
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag == "a":
            self.links.append(values.get("href") or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.open):
            self.text += data


def written(folder: Path, *reports: Report) -> Path:
    return write_reports(reports, folder, course=sample.COURSE, title=sample.TITLE, secret=b"s")


def checked(path: Path) -> str:
    """The text of a page that is well-formed, harmless and free of NaN in its pictures."""
    page = path.read_text(encoding="utf-8")
    assert not re.search(r'\b(?:x|y|d|points|width|height|cx|cy)="[^"]*(?:nan|inf)', page)
    assert "url(" not in page and "@import" not in page
    return " ".join(Balance(page, scripts=path.name == "index.html").text.split())


def student_text(folder: Path, report: Report) -> str:
    written(folder, report)
    return checked(folder / "students" / page_name(report.student, report.assignment, b"s"))


def test_a_whole_class(tmp_path: Path) -> None:
    reports = list(sample.a_class(40))
    index = written(tmp_path, *reports)
    assert index == tmp_path / "index.html"
    assert len(list((tmp_path / "students").iterdir())) == 40
    shown = checked(index)
    links = [link for link in Balance(index.read_text(), scripts=True).links if link and not link.startswith("#")]
    assert links and all((tmp_path / link).is_file() for link in links)
    for report in reports:
        assert report.student in shown
        checked(tmp_path / "students" / page_name(report.student, report.assignment, b"s"))


def test_students_never_see_the_mutant_or_our_traceback(tmp_path: Path) -> None:
    reports = [*sample.a_class(60), sample.report("ours", status="grader error", problem=sample.TRACE)]
    index = written(tmp_path, *reports).read_text()
    mutants = [mutant for mutant, _ in sample.MISTAKES.values()]
    assert all(mutant in index for mutant in mutants) and "SECRET_REFERENCE" in index
    for path in (tmp_path / "students").iterdir():
        page = path.read_text()
        assert not any(secret in page for secret in [*mutants, "SECRET_REFERENCE", "KeyError", "landlock"])


def test_the_class_page_allows_its_own_script_and_no_other(tmp_path: Path) -> None:
    """A name that got past every escape would still not run."""
    index = written(tmp_path, *sample.a_class(3)).read_text()
    (script,) = re.findall(r"<script>(.*?)</script>", index, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', index)
    assert policy == f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    for page in (tmp_path / "students").iterdir():
        assert "script-src" not in page.read_text() and "<script" not in page.read_text()


def test_the_class_page_without_its_script_shows_everybody_by_name_and_no_dead_control(tmp_path: Path) -> None:
    index = written(tmp_path, *sample.a_class(30)).read_text()
    assert (
        re.search(r'<form class="controls"[^>]* hidden>', index)
        and "<button" not in index.partition('<table class="class"')[2].partition("</table>")[0]
    )
    shown = re.findall(r'<th class="who" scope="row"><a [^>]*><bdi>([^<]*)</bdi>', index)
    assert len(shown) == 30 and shown == sorted(shown, key=str.casefold)


def test_a_misconception_has_an_example_that_names_nobody(tmp_path: Path) -> None:
    slip = sample.check("1.3", Outcome.FAILED, mutant="gd_step_adds", hint="You go up the slope.")
    shown = checked(written(tmp_path, *(sample.report(name, (slip,)) for name in ("ada", "bob"))))
    told = shown.partition("Commonest misconceptions")[2].partition("Students ✓")[0]
    assert "You go up the slope. cost 2 students 3 points: 100 % of what known mistakes cost For example:" in told
    example = told.partition("For example:")[2].partition("2 students")[0]
    assert "7 of 15 values differ" in example and not {"ada", "bob"} & set(example.split())


def test_equal_reports_give_equal_bytes(tmp_path: Path) -> None:
    for part in ("one", "other"):
        written(tmp_path / part, *sample.a_class(12))
    one, other = (
        {path.relative_to(tmp_path / part): path.read_bytes() for path in (tmp_path / part).rglob("*.html")}
        for part in ("one", "other")
    )
    assert one == other


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_its_word(tmp_path: Path, outcome: Outcome) -> None:
    results = (sample.check("1.1", Outcome.FAILED), sample.check("1.1", outcome, 1))
    assert outcome in student_text(tmp_path, sample.report("ada", results)).lower()


@pytest.mark.parametrize("evil", EVIL)
def test_hostile_text_stays_text(tmp_path: Path, evil: str) -> None:
    result = CheckResult(evil, evil, evil, 3.0, 0.0, Outcome.FAILED, True, evil, evil, evil, None, None, (evil,))
    report = sample.report(
        evil, (result,), exercises=(ExerciseInfo(evil, evil, 3.0),), problem=evil, output=evil, notes=(evil,)
    )
    index = write_reports([report], tmp_path, course=evil, title=evil, secret=b"s")
    checked(index)
    assert [path.name for path in (tmp_path / "students").iterdir()] == [page_name(evil, report.assignment, b"s")]
    shown = checked(tmp_path / "students" / page_name(evil, report.assignment, b"s"))
    assert "\u202e" not in shown and "\x1b" not in shown and "49" not in shown


def test_ten_megabytes_of_output_make_a_small_page(tmp_path: Path) -> None:
    results = (sample.check("1.1", Outcome.FAILED, message="m" * 10_000_000, hint="h" * 10_000_000),)
    written(tmp_path, sample.report("ada", results, output="o" * 10_000_000, problem="p" * 10_000_000))
    assert (tmp_path / "students" / page_name("ada", "hw1", b"s")).stat().st_size < 100_000
    assert (tmp_path / "index.html").stat().st_size < 100_000


def test_the_difference_without_the_values(tmp_path: Path) -> None:
    shown = student_text(tmp_path, sample.report("ada", (sample.check("1.4", Outcome.FAILED, hint="Which `axis`?"),)))
    for words in ("(3, 5)", "7 of 15 (46 %)", "[0, 2]", "0.831", "1.27", "Hint: Which axis?"):
        assert words in shown


def test_one_line_for_an_exercise_that_was_not_started(tmp_path: Path) -> None:
    shown = student_text(tmp_path, sample.report("ada", sample.all_of(Outcome.NOT_ATTEMPTED)))
    assert shown.count("Not attempted: ") == 12
    assert sample.MESSAGES[Outcome.NOT_ATTEMPTED] not in shown
    assert "0 of 12 exercises complete, 12 not attempted" in shown


def test_one_reason_is_given_once(tmp_path: Path) -> None:
    reason = "Stopped after 20 seconds."
    results = sample.all_of(Outcome.TIMED_OUT, message=reason)
    report = sample.report("ada", results, problem=f"While your file was loaded: {reason}")
    shown = student_text(tmp_path, report)
    assert shown.count(reason) == 1 and "Nothing could be checked." in shown and "mse" not in shown


def test_a_file_that_stopped_half_way_keeps_what_passed(tmp_path: Path) -> None:
    report = sample.report("ada", sample.all_of(Outcome.PASSED), problem="While your file was loaded: NameError: y")
    shown = student_text(tmp_path, report)
    assert "What comes after that point could not be checked" in shown and "Mean squared error" in shown


def test_one_message_speaks_for_the_checks_that_share_it(tmp_path: Path) -> None:
    results = tuple(sample.check("1.1", Outcome.CRASHED, part) for part in (0, 1))
    shown = student_text(tmp_path, sample.report("ada", (*results, sample.check("1.2", Outcome.PASSED))))
    assert shown.count(sample.MESSAGES[Outcome.CRASHED]) == 1
    assert "Crashed: all 2 checks, for the same reason." in shown


def test_an_error_of_ours_is_called_ours(tmp_path: Path) -> None:
    results = (sample.check("1.1", Outcome.GRADER_ERROR), sample.check("1.1", Outcome.PASSED, 1))
    shown = student_text(tmp_path, sample.report("ada", results))
    for words in ("Grader error", "not your fault", "costs you nothing", "not final"):
        assert words in shown


def test_a_stand_in_is_named(tmp_path: Path) -> None:
    results = (sample.check("1.5", Outcome.FAILED, stand_ins=("gd_step", "mse")),)
    shown = student_text(tmp_path, sample.report("ada", results))
    assert "Checked with our own gd_step and mse, so that what is wrong or slow there costs nothing here." in shown
    many = sample.check("1.5", Outcome.FAILED, stand_ins=("one", "two", "three", "four", "five"))
    shown = student_text(tmp_path, sample.report("ada", (many,)))
    assert "Checked with our own one, two, three and 2 more of the earlier functions, so that" in shown


def test_a_rejected_submission_says_why(tmp_path: Path) -> None:
    shown = student_text(tmp_path, sample.report("ada", status="rejected", problem="The notebook is cut off."))
    assert "This submission could not be read" in shown and "The notebook is cut off." in shown
    assert "exercises complete" not in shown


@pytest.mark.parametrize("layers", [(), ("none (asked for by name)",)])
def test_no_boundary_is_a_red_banner(tmp_path: Path, layers: tuple[str, ...]) -> None:
    index = written(tmp_path, sample.report("ada", sample.all_of(Outcome.PASSED), boundary=layers))
    assert "Graded without a sandbox" in checked(index)


def test_a_boundary_is_no_banner(tmp_path: Path) -> None:
    reports = (sample.report("ada", sample.all_of(Outcome.PASSED)), sample.report("b", status="rejected", problem="?"))
    assert "Graded without a sandbox" not in checked(written(tmp_path, *reports))


def test_an_empty_class_is_a_page(tmp_path: Path) -> None:
    assert "No submission has been graded yet" in checked(written(tmp_path))


def test_a_report_without_exercises_or_points(tmp_path: Path) -> None:
    bare = Report("ada", "hw1", "", "", "", "graded", 0.0, 0.0)
    assert "ada" in checked(written(tmp_path, bare))
    assert "ada" in checked(tmp_path / "students" / page_name("ada", "hw1", b"s"))


def test_a_later_report_replaces_an_earlier_one(tmp_path: Path) -> None:
    index = written(tmp_path, *(sample.report("ada", sample.all_of(o)) for o in (Outcome.FAILED, Outcome.PASSED)))
    assert "Submissions1Mean37.0" in checked(index).replace(" ", "")
    assert "12 of 12 exercises complete" in checked(tmp_path / "students" / page_name("ada", "hw1", b"s"))
