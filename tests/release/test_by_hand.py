"""What is to be written by hand is said at each exercise and in the handout, from what the rubric bans."""

from __future__ import annotations

from autograder.release.by_hand import note, table, with_notes

SOLUTION = '''\
# %% [markdown]
# ## Exercise 1 · Softmax (2 points)
#
# Make weights of scores.


# %%
def softmax(z):
    """Along the last axis."""
    # a comment


# %% [markdown]
# ## Exercise 1.2 · Anything (2 points)
#
# As you like.
'''
BANS = {"1": ("torch.softmax",), "1.2": ()}


def test_the_note_ends_the_text_above_the_exercise():
    lines = with_notes(SOLUTION, BANS).split("\n")
    assert lines[3:6] == [
        "# Make weights of scores.",
        "#",
        "# **By hand:** please use no library softmax (`torch.softmax`, `F.log_softmax`, ...) in this exercise.",
    ]
    assert len(lines) == len(SOLUTION.split("\n")) + 2


def test_without_bans_nothing_changes():
    assert with_notes(SOLUTION, {"1": (), "1.2": ()}) == with_notes(SOLUTION, {}) == SOLUTION
    assert table({"1": ()}) == ""


def test_several_are_joined_in_one_sentence():
    assert note(("torch.optim", "torch.nn.functional.one_hot", "torch.kron")) == (
        "**By hand:** please use no `F.one_hot`, no `torch.optim` and no `torch.kron` in this exercise."
    )


def test_the_table_has_a_row_for_those_that_ban_alike():
    rows = table({"1": ("torch.optim.SGD",), "2": (), "3": ("torch.optim",)}).split("\n")
    assert rows[2:4] == ["| 1, 3 | `torch.optim` |", ""]


def test_a_long_note_is_wrapped():
    names = ("torch.softmax", "torch.nn.functional.conv2d", "torch.nn.LayerNorm", "torch.optim")
    assert max(map(len, with_notes(SOLUTION, {"1": names}).split("\n"))) <= 120
