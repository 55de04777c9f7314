"""What nbconvert makes of Markdown, read as a browser reads it: by html5lib, which follows the standard."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_markdown_cell, new_notebook

_NAMES = "html head body p h1 h2 h3 h4 h5 h6 a img em strong del code pre div span blockquote ul ol li table"
ELEMENTS = frozenset(f"{_NAMES} thead tbody tr th td hr br input dl dt dd".split())
ADDRESSES = ("href", "src", "srcset", "action", "formaction", "data", "poster", "background", "xlink:href", "ping")
MACRO = re.compile(
    r"(?<!\\)(?:\\\\)*\\(?:href|require|class|cssId|style|def|let|newcommand|mmlToken|bbox|unicode|csname)"
)


def rendered(markdown: str, attachments: Mapping[str, Mapping[str, str]]) -> str:
    """The text cell of the page that nbgrader's exporter writes."""
    cell = new_markdown_cell(markdown)
    if attachments:
        cell["attachments"] = attachments
    page, _ = HTMLExporter(template_name="classic").from_notebook_node(new_notebook(cells=[cell]))
    return page[page.index('<div class="text_cell_render') : page.rindex("</body>")]


def wrongs(page: str) -> list[str]:
    """Everything in a piece of a page that could act on its reader."""
    html5lib = pytest.importorskip("bleach._vendor.html5lib")
    tree = BeautifulSoup(_serialized(html5lib, page), "html.parser")
    found = []
    for element in tree.find_all(True):
        if element.name not in ELEMENTS:
            found.append(f"<{element.name}>")
        for name, value in element.attrs.items():
            found += list(_wrong(element.name, name, value))
    for code in tree.find_all(("pre", "code")):
        code.decompose()
    text = tree.get_text()
    if re.search(r"\$|\\[(\[]|\\begin", text):
        found += MACRO.findall(text)
    return found


def _wrong(element: str, name: str, value: Any) -> list[str]:
    text = " ".join(value) if isinstance(value, list) else str(value)
    plain = re.sub(r"[\x00-\x20]", "", text)
    if name.startswith("on") or (name == "style" and not re.fullmatch(r"text-align:(left|right|center);?", plain)):
        return [f"{name}={text}"]
    if name in ADDRESSES:
        own = element == "a" and plain.startswith("#")
        away = element == "a" and re.match(r"https?://[A-Za-z0-9\[]", plain, re.IGNORECASE)
        picture = element == "img" and re.match(r"data:image/(png|jpeg|gif);base64,", plain)
        return [] if name in ("href", "src") and (own or away or picture) else [f"{name}={text}"]
    return []


def _serialized(html5lib: Any, page: str) -> str:
    tree = html5lib.parse(f"<!DOCTYPE html><body>{page}", namespaceHTMLElements=False)
    return html5lib.serialize(tree, quote_attr_values="always", omit_optional_tags=False)
