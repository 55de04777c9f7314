"""Markdown of students on nbgrader's pages: an allow-list on nbconvert's own parser, tried on its real output."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.platforms.nbgrader.markdown import MAX_MARKDOWN, Allowed, message
from autograder.platforms.nbgrader.tex import only_mathematics
from tests.platforms.nbgrader.browser_rules import rendered, wrongs
from tests.platforms.nbgrader.mangled import PNG

PICTURES = {"ok.png": {"image/png": PNG}, "a%20b.png": {"image/png": PNG}}
TAKEN = ("exercise-1", "solution-1-comment")

#: What acts on a page that shows it as Markdown.
ACTS = {
    "script address, escaped": r"[x](javascript\:alert(1))",
    "script address in angles": r"[x](<javascript\:alert(1)>)",
    "script address by reference": "[x][r]\n\n[r]: javascript\\:alert(1)",
    "script address, entities": "[x](javascript&#58;alert(1))",
    "script address, in a table": "|a|\n|-|\n|[x](javascript\\:alert(1))|",
    "script address, in a heading": "# [x](javascript\\:alert(1))",
    "script address, tab": "[x](java&Tab;script:alert(1))",
    "data address": "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "vbscript": "<vbscript:x>",
    "own server": "[x](/hub/logout)",
    "own server, relative to the scheme": "[x](http:/hub/logout)",
    "any server, relative to the scheme": "[x](//evil.example)",
    "no host": "[x](http://}{/y) [y](http://%00) [z](http://a@b.example)",
    "backslashes": r"[x](\\\\evil.example)",
    "files": "[x](files/../../hub/logout)",
    "mail": "<a@b.example>",
    "picture from elsewhere": "![](http://127.0.0.1:9911/pixel.png)",
    "picture of the own server": "![](/hub/logout)",
    "picture by reference": "![a][b]\n\n[b]: http://127.0.0.1:9911/ref.png",
    "picture in a link": "[![a](http://evil.example/p)](http://evil.example)",
    "picture that is not attached": "![a](attachment:x.png)",
    "picture with data": "![](data:image/svg+xml;base64,PHN2Zz4=)",
    "tag": "<img src=x onerror=alert(1)>",
    "tag in words": "a <b onclick=alert(1)>b</b>",
    "tag in a comment": "<!--><img src=x onerror=alert(1)>-->",
    "tag in a list": "- <svg onload=alert(1)>",
    "tag in a table": "|a|\n|-|\n|<iframe src=x>|",
    "cdata": "<![CDATA[<script>x</script>]]>",
    "declaration": "<!DOCTYPE x [<script>x</script>]>",
    "instruction": "<?x <script>x</script>?>",
    "style": "<style>@import 'http://evil.example'</style>",
    "form": "<form action=http://evil.example><input name=x></form>",
    "base": "<base href=http://evil.example>",
    "meta": '<meta http-equiv="refresh" content="0;url=http://evil.example">',
    "mermaid": "```mermaid\n<img src=x onerror=alert(1)>\n```",
    "mermaid, tilde": "~~~mermaidx\n<img src=x onerror=alert(1)>\n~~~",
    "language": '```x" onclick="alert(1)\ncode\n```',
    "lexer": "```php\n<?php echo 1;\n```",
    "title": "[x](http://a.example \"' onclick='alert(1)\") <b>",
    "formula: href": r"$\href{javascript:alert(1)}{x}$",
    "formula: href, as text": r"\$\href{http://evil.example}{x}\$",
    "formula: href, entities": r"&#36;\href{javascript:alert(1)}{x}&#36;",
    "formula: href, brackets": r"\\(\href{javascript:alert(1)}{x}\\)",
    "formula: href, environment": "\\begin{align}\n\\href{http://evil.example}{x}\n\\end{align}",
    "formula: href, two backslashes off": r"$\\\href{http://evil.example}{x}$",
    "formula: definition": r"$\def\x#1{\h#1}\x{ref}{http://evil.example}{x}$",
    "formula: definition by let": r"$$\let\x\href \x{http://evil.example}{x}$$",
    "formula: token": r"$\mmlToken{mtext}[href='http://evil.example']{click}$",
    "formula: box": r"$\bbox[background:url(http://127.0.0.1:9911/b.png)]{x}$",
    "formula: style": r"$\style{background:url(http://evil.example)}{x}$",
    "formula: require": r"$\require{action}\texttip{a}{b}$",
    "formula: picture": r"$\includegraphics{http://evil.example/x.png}$",
    "formula in a table": "|a|\n|-|\n|$\\href{http://evil.example}{x}$|",
    "formula in a title": r"# $\class{x}{y}$",
    "heading with the id of an input": "# exercise-1",
    "heading with the id of a comment": "solution-1-comment\n===",
}

#: What an honest student writes.
HONEST = [
    "# Part 1\n\nWe *see* that **ReLU** is `max(x)`.\n\n- one\n- two\n  1. three\n\n> quoted\n\n---\n\nend  \nof line",
    r"The loss is $\mathcal{L}(\theta) = \frac{1}{N}\sum_{i=1}^N \left\|f_\theta(x_i) - y_i\right\|_2^2$.",
    "$$\n\\begin{aligned}\n\\nabla J &= \\mathbb{E}[x] \\\\ y &= \\operatorname{softmax}(z)\n\\end{aligned}\n$$",
    "\\begin{equation*}\nE = mc^2 \\tag{1}\n\\end{equation*}",
    r"\\(a \le b\\) and \\[\hat{y} = \sigma(w^\top x)\\]",
    "| model | loss |\n|:--|--:|\n| $a$ | 0.1 |\n| b | `0.2` |",
    'see [the paper](https://arxiv.org/abs/1706.03762 "attention"), https://pytorch.org and <http://a.example/x?y=1&z=2>',
    "![my plot](attachment:ok.png) and ![](attachment:a%20b.png)",
    "```python\nif a < b and c > d:\n    print('$x$')\n```\n\n    indented <b>\n\n~~~\ntilde\n~~~",
    "- [x] done\n- [ ] not yet\n\n~~no~~\n\nterm\n: what it means",
    '5 < 6, a & b, 3 * 4 * 5, snake_case, C:\\temp\\new, "quotes"',
    "# 練習 1\n\nÜber die Größe; café; שלום",
]

PARTS = st.sampled_from(
    [*ACTS.values(), *HONEST, "$", "$$", "\\", "\\\\", "\\(", "\\[", "`", "```", "\n", "\n\n", "    ", "\t", "> ", "- ",
     "|", "<", ">", "<!--", "-->", "&", "&lt;", "&#36;", "[", "](", ")", "![", "]:", "\\href{x}{y}", "\\begin{a}", "*",
     "javascript:", "http://a.example", "attachment:ok.png", "<br>", "\x0c", "\u2028", "\r", "\x00"]
)  # fmt: skip
TEXTS = st.lists(PARTS | st.text(max_size=8), max_size=8).map("".join)


@pytest.mark.parametrize("text", ACTS.values(), ids=ACTS)
def test_what_acts_on_a_page_is_shown_as_it_was_typed(text):
    shown = Allowed(PICTURES, TAKEN).shown(text)
    assert shown != text
    page = rendered(shown, PICTURES)
    assert not wrongs(page) and not any(f'id="{name}"' in page for name in TAKEN)


@pytest.mark.parametrize("text", HONEST)
def test_honest_work_stays_as_it_was_typed(text):
    assert Allowed(PICTURES, TAKEN).shown(text) == text
    assert not wrongs(rendered(text, PICTURES))


@given(TEXTS)
def test_nothing_acts_whatever_was_written(text):
    assert not wrongs(rendered(Allowed(PICTURES, TAKEN).shown(text), PICTURES))


@given(st.lists(TEXTS, max_size=3))
def test_a_message_has_no_link_no_picture_and_no_formula(lines):
    page = rendered(message(lines), {})
    assert not wrongs(page)
    assert not any(f"<{tag}" in page for tag in ("a ", "img", "h1", "ul", "ol", "table", "input"))


def test_only_what_acts_is_set_as_code_and_the_rest_stays():
    text = (
        "# Plan\n\n<center>A</center>\n\n*Mine*: [x](javascript:y) $x^2$ ![p](attachment:ok.png)<br>![](a.png)\n\n- `b`"
    )
    shown = Allowed(PICTURES).shown(text)
    page = rendered(shown, PICTURES)
    assert "<em>Mine</em>" in page and "$x^2$" in page and "data:image/png" in page and "<li><code>b" in page
    assert "<code>[x](javascript:y)</code>" in page and "&lt;center&gt;A" in page and "<code>![](a.png)</code>" in page


def test_what_is_too_long_or_too_costly_for_the_parser_is_shown_as_typed():
    for text in ("word *word* " * MAX_MARKDOWN, "\\\\[" * 5_000, "> " * 9_000 + "<b>", "[" * 19_000 + "<b>"):
        shown = Allowed().shown(text)
        assert len(shown) < 3 * MAX_MARKDOWN
        assert not wrongs(rendered(shown, {}))


@pytest.mark.parametrize(
    "text", ["expected (3, 4), got (4, 3)", "`relu` of `x < 0`", "a <b> \\alpha [c](d) $x$ ![](e)", "1. a\n2. b"]
)
def test_a_message_shows_every_character(text):
    from bs4 import BeautifulSoup

    said = BeautifulSoup(rendered(message([text]), {}), "html.parser").get_text()
    assert " ".join(text.replace("`", "").split()) in " ".join(said.replace("`", "").split())


def test_lines_that_are_harmless_alone_are_harmless_together():
    shown = message(["a $$ b", r"c \href{http://evil.example}{x} $$ d", "[r]", "[r]: http://evil.example"])
    assert not wrongs(rendered(shown, {})) and "<a " not in rendered(shown, {})


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        (r"$\\x$", True), (r"$\x$", False), (r"$\\\x$", False), (r"C:\Users", True), (r"\begin{align*}", True),
        (r"\begin{x}", False), (r"\begin", False), (r"$a\,b\;\{c\}$", True), (r"\(\href\)", False),
    ],
)  # fmt: skip
def test_a_command_is_known_or_is_not_typeset(text, fine):
    assert only_mathematics(text) is fine
