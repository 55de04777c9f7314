"""Markdown of strangers, for pages of nbgrader's, which hand HTML, addresses and TeX on as they are.

An allow-list on the parser that will read it: nbconvert's own. What passes is left as it was typed. Of what does not,
the parts that may not act are set as code, so that they are shown as they were typed; and if that cannot be trusted
either, all of it is.
"""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from mistune.core import BlockState
from mistune.renderers.markdown import MarkdownRenderer
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from autograder.feedback.formats import clip
from autograder.platforms.nbgrader.tex import only_mathematics

MAX_MARKDOWN = 20_000
"""Characters of one text: a parser may take the square of the time."""
MAX_FORMULAS = 300
"""So many formulas begin in one text: for each, the parser may look for an end through all of it."""
NOT_SHOWN = "*This text cannot be shown here. It is in the file that was handed in.*"

Token = dict[str, Any]

_WORDS = frozenset({"text", "codespan", "softbreak", "linebreak", "paragraph", "blank_line"})
_PROSE = _WORDS | {
    "block_code", "block_math", "block_quote", "block_text", "def_list", "def_list_head", "def_list_item", "emphasis",
    "heading", "image", "inline_math", "latex_environment", "link", "list", "list_item", "newline", "strikethrough",
    "strong", "table", "table_body", "table_cell", "table_head", "table_row", "task_list_item", "thematic_break",
}  # fmt: skip
_LANGUAGES = frozenset({"", "bash", "console", "ipython", "ipython3", "json", "py", "python", "python3", "sh", "text"})
"""A page colours code in these. Hundreds more could be named, and some of those take for ever."""
_ADDRESS = re.compile(
    r"https?://(?:[A-Za-z0-9_-][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::\d+)?(?:[/?#][^\s\\<>\"]*)?", re.IGNORECASE
)
_ATTACHMENT = "attachment:"
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif);base64,[A-Za-z0-9+/=]*")
_FORMULA = re.compile(r"\\\\[\[(]|\\begin")
_SPECIAL = re.compile(r"([\\`*_\[\]<>&$!~|])")

_PLAIN = "blockquote br code dd del dl dt em hr p pre strong table tbody thead tr ul"
_ATTRIBUTES: Mapping[str, Mapping[str, re.Pattern[str]]] = {
    **{tag: {} for tag in _PLAIN.split()},
    **{f"h{level}": {"id": re.compile(r"\S+")} for level in range(1, 7)},
    "a": {"href": re.compile(rf"#\S*|{_ADDRESS.pattern}", re.I), "title": re.compile(r".*", re.S),
          "class": re.compile("anchor-link")},
    "div": {"class": re.compile("highlight")},
    "img": {"src": _PICTURE, "alt": re.compile(r".*", re.S), "title": re.compile(r".*", re.S)},
    "input": {"class": re.compile("task-list-item-checkbox"), "type": re.compile("checkbox"),
              "disabled": re.compile(""), "checked": re.compile("")},
    "li": {"class": re.compile("task-list-item")},
    "ol": {"start": re.compile(r"\d+")},
    "span": {"class": re.compile(r"[a-z0-9]{1,4}")},
    **{tag: {"style": re.compile(r"text-align:(?:left|center|right)")} for tag in ("td", "th")},
}  # fmt: skip
"""What a page may be made of: elements, and what each of their attributes may hold."""


@dataclass(frozen=True)
class Allowed:
    """What a text may do on its page.

    Args:
        pictures: the attachments of its cell, by name.
        taken: ids that the page's own scripts look for; no heading may have one.
        tokens: kinds of tokens, as the parser names them.
    """

    pictures: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    taken: Collection[str] = ()
    tokens: frozenset[str] = _PROSE

    def shown(self, text: str) -> str:
        """Return Markdown that shows a text and does no more than is allowed."""
        if len(text) <= MAX_MARKDOWN and len(_FORMULA.findall(text)) <= MAX_FORMULAS:
            if self.holds(text):
                return text
            if self.tokens == _PROSE:
                for headings in (True, False):
                    if self.holds(rewritten := self._rewritten(text, headings)):
                        return rewritten
        typed = as_typed(clip(text, MAX_MARKDOWN))
        return typed if Allowed(tokens=frozenset({"block_code", "blank_line"})).holds(typed) else NOT_SHOWN

    def holds(self, markdown: str) -> bool:
        """Return whether Markdown does no more than is allowed, as nbconvert reads it and as a browser does then."""
        try:
            if not all(map(self._permits, _every(_tokens(markdown)))):
                return False
            page = _Page()
            page.feed(_html(markdown, self.pictures))
            page.close()
        except Exception:  # nbgrader's pages would fail just so, for the whole class
            return False
        return page.allowed and not page.ids.intersection(self.taken) and only_mathematics("".join(page.text))

    def _permits(self, token: Token) -> bool:
        attributes = token.get("attrs", {})
        match token["type"]:
            case kind if kind not in self.tokens:
                return False
            case "link":
                return _ADDRESS.fullmatch(attributes["url"]) is not None
            case "image":
                url = attributes["url"]
                return url.startswith(_ATTACHMENT) and url.removeprefix(_ATTACHMENT) in self.pictures
            case "block_code":
                return attributes.get("info", "").strip() in _LANGUAGES
        return True

    def _rewritten(self, text: str, headings: bool) -> str:
        """Return the text with what is not allowed set as code; whether it is allowed now remains to be seen."""
        try:
            return _Writer()([self._replaced(token, headings) for token in _tokens(text)], BlockState())
        except Exception:  # nested too deeply, say
            return as_typed(text)

    def _replaced(self, token: Token, headings: bool) -> Token:
        kind, attributes = token["type"], token.get("attrs", {})
        if "children" in token:
            token = {**token, "children": [self._replaced(child, headings) for child in token["children"]]}
        if kind == "inline_html" and re.fullmatch(r"<br\s*/?>", token["raw"], re.IGNORECASE):
            return {"type": "linebreak"}
        if kind in ("inline_math", "block_math", "latex_environment"):
            typed = _Writer().render_token(token, BlockState())
            return token if only_mathematics(typed) else _code(typed)
        if kind == "block_code" and not self._permits(token):
            return {"type": "block_code", "raw": token["raw"]}
        if kind == "text" and not only_mathematics("$" + html.unescape(token["raw"])):
            return _code(token["raw"])
        if kind == "heading" and not headings:
            return {"type": "paragraph", "children": [{"type": "strong", "children": token["children"]}]}
        if self._permits(token):
            return {key: value for key, value in token.items() if key not in ("label", "ref")}
        if kind in ("link", "image"):
            words = "".join(part.get("raw", "") for part in _every(token["children"]))
            return _code(f"{'!' * (kind == 'image')}[{words}]({attributes['url']})")
        typed = str(token.get("raw", "")) or "".join(part.get("raw", "") for part in _every([token]))
        return {"type": "block_code", "raw": typed} if kind.startswith("block") else _code(typed)


WORDS = Allowed(tokens=_WORDS)
"""For messages: words, and `names` between backticks."""


def message(lines: Iterable[str]) -> str:
    """Return lines, which may quote a student, as Markdown that shows them as they are."""
    return WORDS.shown("\n\n".join(lines))


def as_typed(text: str) -> str:
    """Return a text as a block of code."""
    return "\n" + textwrap.indent(text, "    ", lambda _: True) + "\n"


def _tokens(markdown: str) -> list[Token]:
    found, _ = MarkdownWithMath(renderer=None).parse(markdown)  # type: ignore[arg-type]  # mistune's own allows it
    assert not isinstance(found, str)
    return list(found)


def _html(markdown: str, pictures: Mapping[str, Mapping[str, str]]) -> str:
    renderer = IPythonRenderer(escape=False, attachments={name: dict(data) for name, data in pictures.items()})
    return str(MarkdownWithMath(renderer=renderer).render(markdown))


def _every(tokens: Iterable[Token]) -> Iterable[Token]:
    for token in tokens:
        yield token
        yield from _every(token.get("children", ()))


def _code(text: str) -> Token:
    return {"type": "codespan", "raw": " ".join(text.split()) or " "}


class _Page(HTMLParser):
    """Reads what a browser will be given, and takes note of what is not on the list."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.allowed = True
        self.ids: set[str] = set()
        self.text: list[str] = []
        """All that MathJax looks through."""
        self._code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = _ATTRIBUTES.get(tag)
        if known is None or any(name not in known or not known[name].fullmatch(value or "") for name, value in attrs):
            self.allowed = False
        self.ids.update(value or "" for name, value in attrs if name == "id")
        self._code += tag in ("pre", "code")

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in ("pre", "code")

    def handle_data(self, data: str) -> None:
        if not self._code:
            self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.allowed = False

    def handle_decl(self, decl: str) -> None:
        self.allowed = False

    def handle_pi(self, data: str) -> None:
        self.allowed = False

    def unknown_decl(self, data: str) -> None:
        self.allowed = False


class _Writer(MarkdownRenderer):
    """Writes tokens as Markdown again, those of nbconvert's parser too."""

    def text(self, token: Token, state: BlockState) -> str:
        return _SPECIAL.sub(r"\\\1", html.unescape(token["raw"]))

    def inline_math(self, token: Token, state: BlockState) -> str:
        return f"${token['raw']}$"

    def block_math(self, token: Token, state: BlockState) -> str:
        return f"$${token['raw']}$$"

    def latex_environment(self, token: Token, state: BlockState) -> str:
        name, body = token["attrs"]["name"], token["attrs"]["body"]
        return f"\\begin{{{name}}}{body}\\end{{{name}}}"

    def def_list(self, token: Token, state: BlockState) -> str:
        return self.render_children(token, state) + "\n"

    def def_list_head(self, token: Token, state: BlockState) -> str:
        return self.render_children(token, state) + "\n"

    def def_list_item(self, token: Token, state: BlockState) -> str:
        return ": " + self.render_children(token, state).strip() + "\n"

    def newline(self, token: Token, state: BlockState) -> str:
        return ""
