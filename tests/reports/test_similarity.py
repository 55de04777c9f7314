"""The pages about what hand-ins share: both sources side by side, as text, and never a verdict."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest

from autograder.errors import ReportError
from autograder.reports.similarity import NamedPair, write_similarity
from autograder.similarity.regions import Comparison, Line, Shared, Side, Source

LINES = (
    Line(1, "# <script>alert(1)</script> & \u202e", Shared.NOT),
    Line(2, "def f(x):", Shared.GIVEN),
    Line(3, "    y = x < 1", Shared.USUAL, 1),
    Line(4, "    return y", Shared.RARE, 2),
    Line(5, "\ty" + "y" * 5000, Shared.RARE, 2),
)
SIDE = Side({"<b>.py": Source(LINES, 7)}, {Shared.RARE: 2, Shared.USUAL: 1, Shared.GIVEN: 1, Shared.NOT: 7})
PAIR = NamedPair("Ada <i>", "Bob", Comparison(SIDE, SIDE))


def written(folder: Path, *pairs: NamedPair, compared: int = 40) -> tuple[str, list[str]]:
    index = write_similarity(pairs, folder, course="DL", title="Regression", compared=compared, usual=4)
    pages = sorted((folder / "pairs").iterdir())
    return index.read_text(encoding="utf-8"), [page.read_text(encoding="utf-8") for page in pages]


def test_what_students_wrote_is_text_on_every_page(tmp_path: Path) -> None:
    index, (page,) = written(tmp_path, PAIR)
    for text in (index, page):
        assert "Ada &lt;i&gt;" in text and "<i>" not in text and "<script" not in text and "\u202e" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;" in page and "&lt;b&gt;.py" in page
    assert "y" * 400 not in page, "a long line is clipped"
    assert page.count("7 more lines are not shown.") == 2


def test_the_lines_of_a_region_lead_to_the_other_side(tmp_path: Path) -> None:
    _, (page,) = written(tmp_path, PAIR)
    for region in "12":
        for here, there in (("a", "b"), ("b", "a")):
            assert page.count(f'id="{here}{region}"') == 1
            assert page.count(f'href="#{there}{region}"') == 1
    assert page.count('class="line rare"') == 4 and page.count('class="line given"') == 2


def test_colour_is_not_all_that_tells(tmp_path: Path) -> None:
    _, (page,) = written(tmp_path, PAIR)
    pattern = r'<div class="line([^"]*)"[^>]*><span>\d+</span><span>(?:<span class="sign[^"]*">(.)</span>)?'
    assert dict(re.findall(pattern, page)) == {"": "", " given": "·", " usual": "○", " rare": "●"}


def test_the_overview_counts_lines(tmp_path: Path) -> None:
    other = NamedPair("Ada", "Cy", Comparison(SIDE, Side({}, {Shared.RARE: 3, Shared.NOT: 5})))
    index, _ = written(tmp_path, PAIR, other)
    rows = [re.sub("<.*?>", "", cell).split() for cell in re.findall(r'<td class="right">(.*?)</td>', index)]
    assert rows == [["2"], ["1"], ["1"], ["11"], ["2", "·", "3"], ["1", "·", "0"], ["1", "·", "0"], ["11", "·", "8"]]
    assert "Only 40" not in index and "Only 6 were compared" in written(tmp_path, PAIR, compared=6)[0]


@pytest.mark.parametrize("word", ["%", "score", "suspic", "cheat", "plagiar", "similarity of"])
def test_no_page_says_more_than_what_is_shared(tmp_path: Path, word: str) -> None:
    index, (page,) = written(tmp_path, PAIR)
    for text in (index, page):
        body = text[text.index("<body") :].lower()
        assert word not in body and "it cannot say why" in body


def test_pages_are_their_owners_and_those_of_an_earlier_run_go(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "place"
    written(folder, PAIR, PAIR, PAIR)
    (folder / "pairs" / "mine.txt").write_text("kept")
    written(folder, PAIR)
    assert sorted(path.name for path in (folder / "pairs").iterdir()) == ["001.html", "mine.txt"]
    assert stat.S_IMODE((folder / "index.html").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "pairs" / "001.html").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "pairs").stat().st_mode) == 0o700


def test_a_class_without_pairs_has_a_page_that_says_so(tmp_path: Path) -> None:
    assert "No two hand-ins share anything" in written(tmp_path)[0]


def test_pages_are_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "pairs").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ReportError, match="is a link"):
        written(tmp_path, PAIR)
