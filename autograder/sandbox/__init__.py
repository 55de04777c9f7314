"""The boundary: a submission goes in, a live student comes out, and only plain data crosses."""

from autograder.sandbox.client import Sandbox, SandboxUnavailable, Session
from autograder.sandbox.conversation import Conversation, Ended, LocalConversation
from autograder.sandbox.limits import Limits

__all__ = [
    "Conversation",
    "Ended",
    "Limits",
    "LocalConversation",
    "Sandbox",
    "SandboxUnavailable",
    "Session",
]
