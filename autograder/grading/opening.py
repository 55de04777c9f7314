"""Open sandboxes with one submission, without the statements that do not let it be loaded."""

from __future__ import annotations

from autograder.errors import LoadEndedError
from autograder.grading.slot_sandbox import SlotSandbox
from autograder.model import Submission
from autograder.protocol.limits import Limits
from autograder.protocol.values import printable
from autograder.sandbox.host.session import Session

MOST = 3
"""Statements that are left out one by one; after that, all that compute are."""


class Opening:
    """Opens a submission's sandbox, again where needed: what is left out once stays out. `problems` says so."""

    def __init__(self, sandbox: SlotSandbox, submission: Submission, limits: Limits) -> None:
        self.problems: list[str] = []
        self._sandbox = sandbox
        self._submission = submission
        self._limits = limits
        self._skipped: list[tuple[str, int]] = []
        self._plain = False

    def once(self, sandbox: SlotSandbox) -> Session:
        """Open it in another sandbox, without what is left out by now. Raises `ConversationEndedError` and
        `SandboxUnavailableError`."""
        return sandbox.open(
            self._submission.files, self._submission.main, self._limits, tuple(self._skipped), self._plain
        )

    def __call__(self) -> Session:
        """Open it. Raises `ConversationEndedError` and `SandboxUnavailableError`."""
        while True:
            try:
                return self.once(self._sandbox)
            except LoadEndedError as ended:
                at = (ended.file, ended.line)
                if self._plain or at in self._skipped:
                    raise
                self._leave_out(at, ended)

    def _leave_out(self, at: tuple[str, int], ended: LoadEndedError) -> None:
        self._skipped.append(at)
        self.problems.append(f"this line {ended.did}, and was left out: {printable(ended.place[:200])}")
        if len(self._skipped) > MOST:
            self._plain = True
            self.problems.append("so only definitions, imports and plain values are loaded")
