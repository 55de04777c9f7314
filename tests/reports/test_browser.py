"""The pages in a real browser: for everybody, at every width, on paper, and with nothing from elsewhere."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.config import Leaderboard
from autograder.model import Outcome
from autograder.reports import write_reports
from autograder.reports.live import BatchState, Finished, live_page
from tests.reports import sample

sync_api = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: pip install 'autograder[dev]'"
)
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
MOST_PAGES = 4

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser of this machine's."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("there is no browser: apt-get install chromium")
    with sync_api.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A page of each kind, by what it shows."""
    folder = tmp_path_factory.mktemp("pages")
    dice = random.Random(3)
    trace = "While your file was loaded: NameError: name 'y' is not defined (hw1.py, line 12)"
    reports = [
        *sample.a_class(60),
        sample.report("mixed", sample.mixed(0.7, dice), output="epoch 1\n" * 40, notes=("a note",) * 8),
        sample.report("failed", sample.all_of(Outcome.FAILED, hint="Along which `axis` is it normalised?" * 2)),
        sample.report("passed", sample.all_of(Outcome.PASSED)),
        sample.report("rejected", status="rejected", problem="The notebook is cut off."),
        sample.report("unloaded", sample.all_of(Outcome.FAILED), problem=trace),
        sample.report("W" * 100, sample.all_of(Outcome.TIMED_OUT), flags=("a place " * 30,)),
    ]
    index = write_reports(
        reports, folder, course=sample.COURSE, title=sample.TITLE, secret=b"s", leaderboard=Leaderboard.PSEUDONYMS
    )
    own = {path.name.partition(".")[0]: path for path in (folder / "students").iterdir()}
    chosen = {name: own[name] for name in ("mixed", "failed", "passed", "rejected", "unloaded", "leaderboard")}
    live = folder / "live.html"
    done = tuple(Finished.of(report, report.student) for report in reports)
    failed = tuple(one for one in done if one.sign is not None)
    state = BatchState("hw1", 80, 66, 3, ("eve",) * 14, done[-12:], failed, sample.WHEN, sample.WHEN, 1, "stopped")
    live.write_text(live_page(state, course=sample.COURSE, title=sample.TITLE), encoding="utf-8")
    return {"class": index, "live": live, **chosen}


KINDS = ("class", "live", "mixed", "failed", "passed", "rejected", "unloaded", "leaderboard")


def shown(browser: Any, path: Path, width: int = 1280, **options: Any) -> Any:
    """A page as it is shown; what it asks for, says and fails with is kept in `page.noted`."""
    context = browser.new_context(viewport={"width": width, "height": 900}, **options)
    page = context.new_page()
    page.noted = []
    page.on("request", lambda request: page.noted.append(request.url))
    page.on("console", lambda message: page.noted.append(message.text))
    page.on("pageerror", lambda error: page.noted.append(str(error)))
    page.goto(path.as_uri())
    return page


@pytest.mark.parametrize("kind", KINDS)
def test_every_page_is_accessible(browser, pages, kind):
    """Contrast, names, roles, headings, tables, keyboard: all that axe-core finds by itself."""
    page = shown(browser, pages[kind])
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    for width in (390, 1280):
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            found = axe.Axe().run(page).response
            assert len(found["passes"]) > 10, "it did look"
            problems = [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]]
            assert not problems, f"{width} px, {scheme}: {problems}"
    page.context.close()


@pytest.mark.parametrize("kind", KINDS)
def test_no_page_is_wider_than_the_screen(browser, pages, kind):
    page = shown(browser, pages[kind])
    for width in (320, 390, 768, 1280, 2560):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.context.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_asks_for_nothing_but_itself(browser, pages, kind):
    page = shown(browser, pages[kind])
    assert page.noted == [pages[kind].as_uri()]
    page.context.close()


@pytest.mark.parametrize("kind", KINDS[2:-1])
def test_a_students_page_is_at_most_four_pages_of_paper(browser, pages, kind):
    page = shown(browser, pages[kind])
    printed = page.pdf(format="A4")
    count = len(re.findall(rb"/Type\s*/Page\b", printed))
    assert 1 <= count <= MOST_PAGES
    page.context.close()


def rows(page: Any) -> list[str]:
    """The names of the students that are shown, from the top."""
    return page.eval_on_selector_all(
        "#class tbody tr", "found => found.filter((row) => !row.hidden).map((row) => row.cells[0].innerText.trim())"
    )


def scores(page: Any) -> list[str]:
    return page.eval_on_selector_all(
        "#class tbody tr", "found => found.filter((row) => !row.hidden).map((row) => row.cells[1].innerText.trim())"
    )


def test_students_are_sorted_by_any_column_and_who_has_nothing_there_comes_last(browser, pages):
    page = shown(browser, pages["class"])
    by_name = rows(page)
    page.get_by_role("button", name="Score").click()
    numbers = [float(one) for one in scores(page) if one != "–"]
    assert numbers == sorted(numbers, reverse=True) and scores(page)[-1] == "–"
    assert page.get_by_role("columnheader", name="Score").get_attribute("aria-sort") == "descending"
    page.get_by_role("button", name="Score").click()
    numbers = [float(one) for one in scores(page) if one != "–"]
    assert numbers == sorted(numbers) and scores(page)[-1] == "–"
    page.get_by_role("button", name="Student").click()
    assert rows(page) == by_name
    page.context.close()


def test_students_are_found_by_a_part_of_the_name_and_the_number_is_said(browser, pages):
    page = shown(browser, pages["class"])
    everybody = rows(page)
    page.get_by_label("Name").fill("PRÍYA")
    assert rows(page) == [name for name in everybody if "Priya" in name] != []
    assert page.get_by_role("status").inner_text() == f"{len(rows(page))} of {len(everybody)} students"
    page.get_by_role("button", name="Everybody again").click()
    page.wait_for_function("document.getElementById('count').value === '66 students'")
    assert rows(page) == everybody
    page.context.close()


@pytest.mark.parametrize(("what", "few"), [("who needs a look", True), ("full marks", True), ("not graded", True)])
def test_students_are_filtered(browser, pages, what, few):
    page = shown(browser, pages["class"])
    page.get_by_label("Show").select_option(label=what)
    found = rows(page)
    assert 0 < len(found) < 66
    if what == "full marks":
        assert set(scores(page)) == {"37"}
    if what == "not graded":
        assert set(scores(page)) == {"–"} and "rejected" in found
    if what == "who needs a look":
        assert {"rejected", "W" * 100} <= set(found) and "passed" not in found
    page.context.close()


def test_who_lacks_points_in_an_exercise_is_found(browser, pages):
    page = shown(browser, pages["class"])
    page.get_by_label("Lacks points in").select_option(label="1.4 Softmax without overflow")
    signs = page.eval_on_selector_all(
        "#class tbody tr:not([hidden])", "found => found.map((row) => row.cells[5].innerText.trim())"
    )
    assert "✓" not in signs and "✗" in signs and "passed" not in rows(page)
    page.context.close()


def test_the_keyboard_alone_sorts_and_searches(browser, pages):
    page = shown(browser, pages["class"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the students"
    page.keyboard.press("Enter")
    page.get_by_label("Name").focus()
    page.keyboard.type("mixed")
    assert rows(page) == ["mixed"]
    for _ in range(5):
        page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").startswith("Score"), "after the table itself and Student"
    page.keyboard.press("Enter")
    assert page.get_by_role("columnheader", name="Score").get_attribute("aria-sort") == "descending"
    page.context.close()


def test_without_scripts_everybody_is_there(browser, pages):
    page = shown(browser, pages["class"], java_script_enabled=False)
    assert page.locator("#class tbody tr").count() == 66
    assert page.locator("#class tbody tr").last.is_visible() and not page.locator("#controls").is_visible()
    page.context.close()


def test_a_link_leads_to_the_students_page(browser, pages):
    page = shown(browser, pages["class"])
    page.locator("#class").get_by_role("link", name="mixed", exact=True).click()
    assert page.get_by_role("heading", level=1).inner_text() == "mixed"
    page.context.close()
