"""The boundary: a submission goes in, a live student comes out, and only plain data crosses.

`Sandbox` and `Session` are for Linux and are imported when first asked for; the rest works everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograder.sandbox.conversation import Conversation, Ended, LocalConversation, SandboxUnavailable
from autograder.sandbox.limits import Limits

if TYPE_CHECKING:
    from autograder.sandbox.client import Sandbox, Session

__all__ = [
    "Conversation",
    "Ended",
    "Limits",
    "LocalConversation",
    "Sandbox",
    "SandboxUnavailable",
    "Session",
]


def __getattr__(name: str) -> Any:
    if name not in ("Sandbox", "Session"):
        raise AttributeError(name)
    from autograder.sandbox import client

    return getattr(client, name)
