"""The boundary: a submission goes in, a live student comes out, and only plain data crosses.

Names are imported when first asked for: `Sandbox` is for Linux only, and most of the rest needs torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.sandbox.client import Sandbox
    from autograder.sandbox.conversation import (
        NO_BOUNDARY,
        Conversation,
        Ended,
        LocalConversation,
        SandboxUnavailable,
    )
    from autograder.sandbox.limits import Limits
    from autograder.sandbox.session import Session

HOMES = {
    "Conversation": "conversation",
    "Ended": "conversation",
    "Limits": "limits",
    "LocalConversation": "conversation",
    "NO_BOUNDARY": "conversation",
    "Sandbox": "client",
    "SandboxUnavailable": "conversation",
    "Session": "session",
}
__all__ = [
    "NO_BOUNDARY",
    "Conversation",
    "Ended",
    "Limits",
    "LocalConversation",
    "Sandbox",
    "SandboxUnavailable",
    "Session",
]


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(name)
    return getattr(importlib.import_module(f"autograder.sandbox.{HOMES[name]}"), name)
