"""The live view as an ASGI application: pages to read, on this machine, for who has the token."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from autograder.cli.course import CourseAssignment
from autograder.cli.journal import read_journal
from autograder.identity import page_name
from autograder.model import Report
from autograder.records import Records
from autograder.reports.live import live_page
from autograder.reports.pages import class_page, student_page
from autograder.reports.rows import Row
from autograder.reports.summary import ClassSummary

HOSTS = ["127.0.0.1", "localhost"]
"""Names that a request may call this server by: another page cannot reach it under a name of its own."""
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}

Page = Callable[[Request], Response]


def live_app(course: CourseAssignment, records: Records, journal: Path, token: str) -> Starlette:
    """Return the application. Its pages are below /TOKEN/; nothing can be changed through it."""
    name, secret = course.name, course.config.secret()
    called, title = course.config.course.name, course.settings.title

    def standing() -> Iterator[Report]:
        return course.standings(records).reports(note=False)

    def live(request: Request) -> Response:
        return _page(live_page(read_journal(journal), course=called, title=title))

    def index(request: Request) -> Response:
        rows = (Row.of(report, page_name(report.student, name, secret)) for report in standing())
        return _page(class_page(ClassSummary.of(rows), course=called, title=title))

    def by_name(request: Request) -> Response:
        student = request.query_params.get("name", "")
        return RedirectResponse(f"students/{page_name(student, name, secret)}", headers=HEADERS)

    def student(request: Request) -> Response:
        file = request.path_params["file"]
        report = next((one for one in standing() if page_name(one.student, name, secret) == file), None)
        if report is None:
            return PlainTextResponse("There is no report of this student yet.", 404, HEADERS)
        return _page(student_page(report, Row.of(report, file), course=called, title=title))

    pages: tuple[tuple[str, Page], ...] = (
        ("/", live), ("/index.html", index), ("/student", by_name), ("/students/{file}", student),
    )  # fmt: skip
    routes = [Route(f"/{{token}}{path}", _for_who_has(token, page)) for path, page in pages]
    return Starlette(routes=routes, middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)])


def _for_who_has(token: str, page: Page) -> Page:
    def asked(request: Request) -> Response:
        given = request.path_params["token"]
        if not hmac.compare_digest(given.encode(), token.encode()):
            return PlainTextResponse("Not found", 404, HEADERS)
        return page(request)

    return asked


def _page(text: str) -> Response:
    return HTMLResponse(text, headers=HEADERS)
