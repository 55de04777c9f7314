"""The page on which a person grades written answers: a small web application for one person on this machine.

It answers on the loopback device only, to whoever has the token that its start printed. What students wrote is text and
nothing else: it is escaped, and the page may load nothing and run no script but its own.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import jinja2
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from autograder.errors import InputError
from autograder.feedback import formats
from autograder.feedback.signs import SIGNS
from autograder.marking.answers import Answer, Sheet, grades
from autograder.model import HandGrade, Outcome

HOSTS = ["127.0.0.1", "localhost"]
"""The names that the page answers to: a page of another site that points its own name here gets nothing."""
LARGEST = 64_000
"""Bytes of a request."""
NO_TOKEN = "This page belongs to whoever started it: use the address that `autograder written` printed.\n"


@dataclass(frozen=True)
class Marking:
    """What the page works on.

    Attributes:
        title: The assignment's.
        grader: Who grades.
        names: Whether the answers' authors are shown.
        read: Returns the sheets as the records have them now, by number.
        give: Commits points.
        token: Who knows it may grade.
        form_token: Stands in the page: no other site can read it, so none can send what the page sends.
    """

    title: str
    grader: str
    names: bool
    read: Callable[[], Mapping[str, Sheet]]
    give: Callable[[list[HandGrade]], None]
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    form_token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)


def application(marking: Marking) -> Starlette:
    """Return the web application."""
    page = _Page(marking)
    return Starlette(
        routes=[
            Route("/", page.enter, methods=["GET"]),
            Route("/question/{number}", page.show, methods=["GET"]),
            Route("/question/{number}", page.take, methods=["POST"]),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False)],
    )


class _Page:
    """The three requests that there are. They run in threads, for the records wait for their disk."""

    def __init__(self, marking: Marking) -> None:
        self._marking = marking

    def enter(self, request: Request) -> Response:
        """Exchange the token in the address for a cookie, and go to the first question with something to do."""
        token = request.query_params.get("token", "")
        if not (_equal(token, self._marking.token) or self._is_known(request)):
            return PlainTextResponse(NO_TOKEN, 403)
        sheets = self._marking.read()
        first = next((one for one in sheets.values() if one.graded < len(one.answers)), next(iter(sheets.values())))
        response = RedirectResponse(f"/question/{first.question.number}", 303)
        response.set_cookie(_cookie(request), self._marking.token, httponly=True, samesite="strict", path="/")
        return response

    def show(self, request: Request) -> Response:
        """Return a question's page."""
        if not self._is_known(request):
            return PlainTextResponse(NO_TOKEN, 403)
        sheets = self._marking.read()
        sheet = sheets.get(request.path_params["number"])
        if sheet is None:
            return PlainTextResponse("There is no such question.\n", 404)
        nonce = secrets.token_urlsafe(16)
        page = _environment().get_template("marking.html.j2").render(
            marking=self._marking, sheets=tuple(sheets.values()), sheet=sheet, nonce=nonce, state_of=state_of,
            waits=SIGNS[Outcome.NOT_GRADED],
        )  # fmt: skip
        return HTMLResponse(page, headers=_headers(nonce))

    async def take(self, request: Request) -> Response:
        """Take points in, and answer with what stands now."""
        if not self._is_known(request) or not _equal(request.headers.get("x-form-token", ""), self._marking.form_token):
            return PlainTextResponse(NO_TOKEN, 403)
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > LARGEST:
                return JSONResponse({"problem": "That is too long to be kept."}, 413)
        number = str(request.path_params["number"])
        status, answer = await run_in_threadpool(self._taken, number, body)
        return JSONResponse(answer, status)

    def _taken(self, number: str, body: bytes) -> tuple[int, dict[str, Any]]:
        try:
            sent = json.loads(body)
            key, points, comment, seen = (str(sent[name]) for name in ("answer", "points", "comment", "seen"))
        except (ValueError, KeyError, TypeError, RecursionError):
            return 400, {"problem": "That is nothing this page sends: load it again."}
        sheet = self._marking.read().get(number)
        answer = sheet.answer(key) if sheet is not None else None
        if sheet is None or answer is None:
            return 404, {"problem": "This answer was handed in anew meanwhile: load the page again."}
        if seen != stamp_of(answer.grade):
            said = f"Meanwhile it was given {state_of(sheet, answer)}. Save again to overrule."
            return 409, {"problem": said, **_standing(sheet, answer)}
        try:
            made = grades(sheet, answer, points, comment, self._marking.grader)
        except InputError as error:
            return 422, {"problem": f"{str(error)[:1].upper()}{str(error)[1:]}."}
        self._marking.give(made)
        standing = made[0] if made[0].points is not None else None
        return 200, _standing(sheet, replace(answer, grade=standing))

    def _is_known(self, request: Request) -> bool:
        return _equal(request.cookies.get(_cookie(request), ""), self._marking.token)


def stamp_of(grade: HandGrade | None) -> str:
    """Return what tells one giving of points from the next."""
    return "" if grade is None else f"{grade.given.timestamp():.6f}"


def state_of(sheet: Sheet, answer: Answer) -> str:
    """Return in words what an answer was given, and by whom."""
    grade = answer.grade
    if grade is None or grade.points is None:
        return SIGNS[Outcome.NOT_GRADED].word
    by = f" by {formats.name(grade.grader)}" if grade.grader else ""
    return f"{formats.points(grade.points)} of {formats.points(sheet.question.points)} points{by}"


def _standing(sheet: Sheet, answer: Answer) -> dict[str, Any]:
    grade = answer.grade
    return {
        "state": state_of(sheet, answer),
        "graded": grade is not None,
        "points": "" if grade is None or grade.points is None else formats.points(grade.points),
        "seen": stamp_of(grade),
    }


def _cookie(request: Request) -> str:
    """Return the cookie's name: a browser does not tell apart the ports of one machine."""
    return f"autograder-{request.url.port or 80}"


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())


def _headers(nonce: str) -> dict[str, str]:
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [jinja2.PackageLoader("autograder.marking"), jinja2.PackageLoader("autograder.reports")]
        ),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=formats.shown,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(name=formats.name, points=formats.points, code=formats.code, stamp=stamp_of)
    return environment
