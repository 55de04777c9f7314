"""Auto-graded homework for deep-learning courses."""

# `python -m autograder` comes through here while the folder one stands in is searched first: nothing is imported.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from autograder.home import Checked

__version__ = "0.2.0"


def check(*exercises: str, practice: bool = False) -> "Checked":
    """In a notebook: run the public checks on what you have defined, all of them or some (`check("softmax")`).

    `practice`: train too, on the public data, and see where you stand on the ladder.
    """
    from autograder.home import check as checked  # torch is slow to import: only when it is asked for

    return checked(*exercises, practice=practice)
