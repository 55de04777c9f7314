"""What a stranger wrote is shown on a terminal as it was typed, whatever rich or the terminal would make of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.feedback.formats import visible
from autograder.feedback.terminal import escape

TYPED = [
    ":smile:", "a:warning-emoji:b", "::", "[bold]x[/bold]", r"\[bold]", r"\\[x]", r"\[1]", r"\[x^2\]", "[", "]", "\\",
    "a\\\\", "[/]", "[link=http://evil.example]x[/link]", "[@click=quit()]", "[[red]", "[none]", r"C:\new\[0]",
]  # fmt: skip
PARTS = st.sampled_from([*TYPED, "\\", "[", "]", ":", "red", "/", "#fff", " ", "\n", "\x1b[31m", "\x1b]0;x\x07"])


def shown(markup: str) -> str:
    console = Console(width=10_000, emoji=True, force_terminal=True, color_system=None, legacy_windows=False)
    with console.capture() as captured:
        console.print(markup, highlight=False)
    return captured.get().removesuffix("\n")


@pytest.mark.parametrize("text", TYPED)
def test_markup_pictures_and_backslashes_are_shown_as_typed(text: str) -> None:
    assert shown(f"[red]{escape(text)}[/] {escape(text)}!") == f"{text} {text}!"


@given(st.lists(PARTS | st.text(max_size=4)).map("".join))
def test_every_text_is_shown_as_typed_in_every_place(text: str) -> None:
    for around in ("{}", "[red]{}[/]", "x{}", "{}{}"):
        found = Text.from_markup(around.replace("{}", escape(text)), emoji=True).plain
        assert found == around.replace("[red]", "").replace("[/]", "").replace("{}", visible(text))


def test_so_it_is_in_a_table() -> None:
    grid = Table()
    grid.add_column(escape(":cat:[b]"))
    grid.add_row(escape("\\[1] :dog: \x1b]8;;http://evil.example\x07"))
    console = Console(width=200)
    with console.capture() as captured:
        console.print(grid)
    assert ":cat:[b]" in captured.get() and r"\[1] :dog: ␛]8;;http://evil.example␇" in captured.get()
