"""nbgrader's own pages, on a real server and in a real browser, with a class that would like to own them."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.platforms.nbgrader.browser import CHROMIUM, PATIENCE, Browser, Canary, browser
from tests.platforms.nbgrader.conftest import BIN, ROOT, NbCourse
from tests.platforms.nbgrader.mangled import PNG, cell_of, solved
from tests.platforms.nbgrader.test_markdown import ACTS, HONEST

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("nbgrader"),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here"),
    pytest.mark.skipif(not (BIN / "jupyter-server").is_file(), reason="no Jupyter server beside this Python"),
]

MATHJAX = "https://cdnjs.cloudflare.com/ajax/libs/mathjax/2.7.7/"
OURS = ("https://cdnjs.cloudflare.com/", "http://127.0.0.1", "data:image/png;base64,", "about:")
"""What nbgrader's pages load of themselves."""
MATHJAX_HERE = Path(os.environ.get("MATHJAX", "/usr/share/javascript/mathjax"))
"""MathJax 2.7, where it is installed: the pages load theirs from a place that no test may ask."""
STUDENTS = ("acts", "raises", "outputs", "two", "attached", "named")

LINKS = """[...document.querySelectorAll('.rendered_html a, .panel-footer a')]
    .filter(a => a.className != 'anchor-link' && !(a.protocol.match(/^https?:$/) && a.host != location.host))
    .map(a => a.outerHTML)"""
HANDLERS = """[...document.querySelectorAll('#notebook-container *')]
    .filter(e => [...e.attributes].some(a => a.name.startsWith('on')) || ['SCRIPT', 'IFRAME', 'OBJECT', 'FORM',
        'STYLE', 'BASE', 'META', 'EMBED', 'LINK'].includes(e.tagName) && !(e.type || '').startsWith('math/'))
    .map(e => e.outerHTML)"""
TYPESET = "!window.MathJax || !MathJax.Hub || !MathJax.Hub.queue || MathJax.Hub.queue.pending == 0"


@dataclass
class Pages:
    """A server with the formgrader, a browser before it, and who was called."""

    course: NbCourse
    address: str
    tab: Browser
    canary: Canary

    def submission(self, student: str) -> str:
        with self.course.gradebook() as book:
            return f"{self.address}/formgrader/submissions/{book.find_submission_notebook('tiny', 'tiny', student).id}/"


def aimed(text: str, canary: Canary) -> str:
    return re.sub(r"127\.0\.0\.1:99\d\d", f"127.0.0.1:{canary.port}", text)


def markdown(source: str, **more: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source, **more}


def hand_in_all(course: NbCourse, canary: Canary) -> None:
    acts = {name: aimed(text, canary) for name, text in ACTS.items()}
    notebook = solved(course.released)
    notebook["cells"][1:1] = [markdown(text) for text in acts.values()]
    course.hand_in("acts", {"tiny.ipynb": json.dumps(notebook)})

    notebook = solved(course.released)
    for grade_id, old in (("solution-1", "return x * x"), ("solution-2", "return square(x).sum()")):
        cell = cell_of(notebook, grade_id)
        quoted = "\n\n".join(acts.values()) if grade_id == "solution-1" else acts["picture from elsewhere"]
        cell["source"] = cell["source"].replace(old, f"raise ValueError({quoted!r})")
    files = {f"{name}.py": "x = (" for name in ("![](http:", "<img src=x onerror=alert(1)>", "[a](javascript:b)")}
    course.hand_in("raises", {"tiny.ipynb": json.dumps(notebook), **{k: v for k, v in files.items() if "/" not in k}})

    notebook = solved(course.released)
    texts = ["<script>alert(1)</script>", "\x1b]8;;http://evil.example\x07x\x1b]8;;\x07", "\x1b[31m<b onclick=x>"]
    bundles = [{"text/html": texts[0]}, {"application/javascript": "alert(1)"}, {"text/markdown": acts["tag"]},
               {"image/svg+xml": "<svg onload=alert(1)>"}, {"text/latex": acts["formula: href"]}]  # fmt: skip
    outputs: list[dict[str, Any]] = [{"output_type": "stream", "name": "stdout", "text": text} for text in texts]
    outputs += [{"output_type": "display_data", "data": data, "metadata": {}} for data in bundles]
    source = "%%html\n<script>alert(1)</script>\n<img src=http://evil.example/code>"
    notebook["cells"].insert(1, {"cell_type": "code", "metadata": {}, "source": source, "outputs": outputs})
    course.hand_in("outputs", {"tiny.ipynb": json.dumps(notebook)})

    shallow, deep = json.loads(json.dumps(course.released)), solved(course.released)
    shallow["cells"].append(markdown("THE SHALLOW ONE"))
    deep["cells"].append(markdown("THE GRADED ONE"))
    course.hand_in("two", {"tiny.ipynb": json.dumps(shallow)})
    (course.folder / "submitted/two/tiny/sub").mkdir()
    (course.folder / "submitted/two/tiny/sub/tiny.ipynb").write_text(json.dumps(deep))

    notebook = solved(course.released)
    pasted = {"ok.png": {"image/png": PNG}, "a b.png": {"image/png": PNG}, "x.svg": {"image/svg+xml": "PHN2Zz4="}}
    notebook["cells"][1:1] = [markdown(text, attachments=pasted) for text in HONEST]
    notebook["cells"].append(markdown("![](attachment:x.svg) ![](attachment:gone.png) kept"))
    course.hand_in("attached", {"tiny.ipynb": json.dumps(notebook)})

    course.hand_in("named", {"tiny.ipynb": json.dumps(solved(course.released))})
    course.hand_in('<img src=x onerror="alert(1)">', {"tiny.ipynb": json.dumps(solved(course.released))})
    os.mkfifo(course.folder / "submitted/named/tiny/submission_secret.txt")


@pytest.fixture(scope="module")
def pages(released_course: NbCourse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    course, canary = released_course, Canary()
    hand_in_all(course, canary)
    said = course.autograder("nbgrader", "grade", "course", "tiny", "--quiet", code=1)
    assert "rename the folder" in " ".join(said.split())
    course.nbgrader("generate_feedback", "tiny", "--force")
    home = tmp_path_factory.mktemp("home")
    with served(course, home) as address, browser(home / "profile", canary.port, {MATHJAX: MATHJAX_HERE}) as tab:
        yield Pages(course, address, tab, canary)
    canary.close()


class served:
    """`jupyter server` with the formgrader on this machine alone."""

    def __init__(self, course: NbCourse, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        environment = os.environ | {"HOME": str(home), "PYTHONPATH": str(ROOT), "PATH": f"{BIN}:{os.environ['PATH']}"}
        environment |= {name: str(home / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR")}
        self._log = (home / "server.log").open("w+")
        words = ["--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={self._port}",
                 "--IdentityProvider.token=", "--ServerApp.password=", f"--ServerApp.root_dir={course.folder}",
                 "--ServerApp.jpserver_extensions={'nbgrader.server_extensions.formgrader': True}"]  # fmt: skip
        self._process = subprocess.Popen(
            [str(BIN / "jupyter-server"), *words], cwd=course.folder, env=environment, stdin=subprocess.DEVNULL,
            stdout=self._log, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def __enter__(self) -> str:
        address = f"http://127.0.0.1:{self._port}"
        end = time.monotonic() + PATIENCE
        while True:
            try:
                with urllib.request.urlopen(f"{address}/formgrader/manage_assignments", timeout=PATIENCE):
                    return address
            except OSError as error:
                if self._process.poll() is not None or time.monotonic() > end:
                    self._log.seek(0)
                    raise AssertionError(f"the formgrader does not answer: {error}\n{self._log.read()}") from error
                time.sleep(0.2)

    def __exit__(self, *raised: object) -> None:
        self._process.terminate()
        self._process.wait()
        self._log.close()


def quiet(pages: Pages, url: str, student: str, *scripts: str) -> list[Any]:
    """Open a page; nothing on it may call out, run or lead elsewhere."""
    pages.canary.heard.clear()
    visit = pages.tab.visit(url, LINKS, HANDLERS, "document.body.innerText", *scripts, settle=TYPESET)
    if keep := os.environ.get("KEEP_PAGES"):
        Path(keep, f"{student}-{'feedback' if url.startswith('file') else 'formgrader'}.png").write_bytes(visit.picture)
    links, handlers, text, *values = visit.values
    assert (links, handlers, visit.dialogs, pages.canary.heard) == ([], [], [], [])
    loaded = [one for one in visit.requests if one != url and not one.startswith(OURS)]
    assert all(one.startswith("file:") and url.startswith("file:") for one in loaded), loaded
    assert not any("evil.example" in one or f":{pages.canary.port}" in one for one in visit.requests)
    return [text, *values]


@pytest.mark.parametrize("student", STUDENTS)
def test_the_formgrader_shows_it_and_does_no_more(pages, student):
    text, status = quiet(
        pages, pages.submission(student), student, "document.querySelectorAll('.nbgrader_cell').length"
    )
    assert "Exercise 1" in text and status == 4


@pytest.mark.parametrize("student", STUDENTS)
def test_feedback_shows_it_and_does_no_more(pages, student):
    page = pages.course.folder / "feedback" / student / "tiny/tiny.html"
    assert "Exercise 1" in quiet(pages, page.as_uri(), student)[0]


def test_the_notebook_shown_is_the_one_that_was_graded(pages):
    (text,) = quiet(pages, pages.submission("two"), "two")
    assert "THE GRADED ONE" in text and "THE SHALLOW ONE" not in text
    with pages.course.gradebook() as book:
        assert book.find_submission("tiny", "two").score == 10


def test_pasted_pictures_are_shown(pages):
    pictures = "[...document.querySelectorAll('.rendered_html img')].map(i => i.complete && i.naturalWidth)"
    text, widths = quiet(pages, pages.submission("attached"), "attached", pictures)
    assert widths == [1, 1] and "kept" in text


def test_what_a_person_enters_is_saved_whatever_the_headings_say(pages):
    enter = "$('#exercise-1').val(3).change(); new Promise(done => setTimeout(done, 1000))"
    quiet(pages, pages.submission("acts"), "acts", enter)
    with pages.course.gradebook() as book:
        assert book.find_grade("exercise-1", "tiny", "tiny", "acts").manual_score == 3


def test_the_lists_of_the_formgrader_do_no_more_than_list(pages):
    for place in ("manage_students", "manage_submissions/tiny", "gradebook/tiny/tiny", "manage_students/named"):
        quiet(pages, f"{pages.address}/formgrader/{place}", place.replace("/", "-"))


def test_this_browser_would_have_noticed(pages):
    """The student's own notebook in the place of what we write: it runs, and it calls."""
    autograded = pages.course.folder / "autograded/named/tiny/tiny.ipynb"
    kept = autograded.read_bytes()
    notebook = json.loads(kept)
    for name in ("picture from elsewhere", "tag", "script address, escaped"):
        notebook["cells"].append({**markdown(aimed(ACTS[name], pages.canary)), "id": f"odd-{len(notebook['cells'])}"})
    pages.canary.heard.clear()
    autograded.chmod(0o600)
    autograded.write_text(json.dumps(notebook))
    try:
        visit = pages.tab.visit(pages.submission("named"), LINKS, HANDLERS)
    finally:
        autograded.write_bytes(kept)
    assert [len(found) for found in visit.values] == [1, 1]
    assert visit.dialogs == ["1"] and pages.canary.heard == ["/pixel.png"]
