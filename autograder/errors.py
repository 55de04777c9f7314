"""The errors of this package, as one tree.

AutograderError
├── UserError                       what a person can put right: the message says what to do next
│   ├── ConfigError                 grader_config.yml cannot be used
│   ├── InputError                  the folder or file that a command was given cannot be used
│   ├── RejectedError               a submission cannot be read
│   ├── StorageError                the file system does not give a submission's files
│   ├── AssignmentError             reference/NAME cannot be loaded or released
│   │   ├── RubricError             a rubric that contradicts itself
│   │   ├── MarkerError             solution markers that do not pair up
│   │   ├── LeakError               a release would give the solution away
│   │   └── PublicCheckError        a public check that cannot be released
│   ├── ScaffoldError               a new assignment cannot be made
│   ├── PublicReleaseError          public.json is missing or damaged
│   ├── RecordsError                the database cannot be read or written
│   ├── ReportError                 the report's pages cannot be written
│   ├── ContainerError              containers cannot be run or built here
│   ├── BuildFolderError            an image is not built from this folder
│   └── SandboxUnavailableError     no sandbox can be had here
├── ProtocolError                   talk over a socket that did not end well
│   ├── ConnectionClosedError
│   ├── MalformedMessageError
│   ├── DeadlineError
│   └── UnacceptableValueError      a value that may not cross the boundary
├── ConversationEndedError          a check's conversation is over before its end
├── StudentError                    the student's code did not answer
├── MismatchError                   the student's work differs from what was asked
├── BannedCallError                 the student's code called what the exercise asks to write
├── OutOfBoundsError                the student's code did what would get round a ban
├── StandInError                    the reference refused a stand-in's arguments
├── UnusableFileError               a file of a submission is not what it is taken for
│   └── VanishedError               it was exchanged or removed meanwhile
├── WorkTimeoutError              the grader's own work took too long
├── SlotDiedError                   a slot ended before its work was done
├── InterruptedGradingError         grading was told to stop
├── NotRecordedError                a public check asked for something that no release recorded
└── ResultsFormatError              a results.json that Gradescope would refuse
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autograder.model import Difference, Outcome


class AutograderError(Exception):
    """The base of every error that this package raises on purpose."""


# --- what a person can put right ---------------------------------------------------------------------------------


class UserError(AutograderError):
    """An error whose message says what to do next. The command line prints it and ends with `exit_code`."""

    exit_code = 2
    prefix = ""


class ConfigError(UserError):
    """The configuration cannot be used; the message names the file, the line and the fix."""


class InputError(UserError):
    """What a command was given cannot be used; the message says what to change."""


class RejectedError(UserError):
    """A submission cannot be read. `reason` tells the student what is wrong and what to do next."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class StorageError(UserError):
    """The file system does not give a submission's files. Never a student's fault; the message says why."""


class AssignmentError(UserError):
    """An assignment cannot be loaded or released; the message says what to change."""


class RubricError(AssignmentError, ValueError):
    """A rubric contradicts itself; the message says where. `place`: the file and the line, where they are known."""

    def __init__(self, message: str, place: tuple[str, int] = ("", 0)) -> None:
        super().__init__(message)
        self.place = place


class MarkerError(AssignmentError):
    """Solution markers do not pair up, or are another tool's; the message names the line and what to write."""


class LeakError(AssignmentError):
    """A release would give something away; the message lists what and where."""


class PublicCheckError(AssignmentError):
    """A public check cannot be released; the message says what to change."""


class ScaffoldError(UserError):
    """A new assignment cannot be made; the message says why."""


class PublicReleaseError(UserError):
    """There is no `public.json` here, or it is damaged; the message says what to do."""

    def _render_traceback_(self) -> list[str]:
        """Show the message alone in a notebook: IPython asks for it by this name."""
        return [f"autograder: {self}"]


class RecordsError(UserError):
    """The database cannot be read or written; the message says where it is and what happened."""


class ReportError(UserError):
    """The report's pages cannot be written; the message says why."""

    exit_code = 1


class ContainerError(UserError):
    """Containers cannot be run or built here; the message says what to do."""

    exit_code = 1


class BuildFolderError(UserError):
    """An image is not built from this folder; the message says why."""


class SandboxUnavailableError(UserError):
    """No sandbox can be had here. Never a student's fault; the message says what to install or change."""

    exit_code = 1
    prefix = "no sandbox: "


# --- talk over a socket ------------------------------------------------------------------------------------------


class ProtocolError(AutograderError):
    """Talk with another process did not end well."""


class ConnectionClosedError(ProtocolError):
    """The other side is gone."""


class MalformedMessageError(ProtocolError):
    """The other side sent something that is not a message, or one that is too large."""


class DeadlineError(ProtocolError):
    """The deadline passed."""


class UnacceptableValueError(ProtocolError):
    """A value that may not cross the boundary: `str(error)` says why."""


# --- a check's conversation --------------------------------------------------------------------------------------


class _WithOutcome(AutograderError):
    """An error that decides the outcome of a check, with a message for the student."""

    def __init__(self, outcome: Outcome, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.message = message


class ConversationEndedError(_WithOutcome):
    """The conversation is over before its end: a time-out, no memory left, or a sandbox that is gone."""


class LoadEndedError(ConversationEndedError):
    """One statement did not let the loading of a file come to its end.

    `file` and `line` say which, `place` as the student knows it; `did` says what it did.
    """

    def __init__(self, outcome: Outcome, message: str, did: str, file: str, line: int, place: str) -> None:
        super().__init__(outcome, message)
        self.did = did
        self.file = file
        self.line = line
        self.place = place


class StudentError(_WithOutcome):
    """The student's code could not answer: missing, not attempted, raised, or returned something malformed.

    Args:
        outcome: What becomes of the check: `Outcome.FAILED`, `Outcome.NOT_ATTEMPTED` or `Outcome.OUT_OF_MEMORY`.
        message: Tells the student what happened.
        doubtful: Whether another submission may have had a part in it: something ran out that all of them share.
        raised: The name of the exception's type, where the student's code raised one; else "".

    Example:
        >>> try:
        ...     student.huber(torch.zeros(2), torch.ones(2))
        ... except StudentError as error:
        ...     print(f"{error.outcome}: {error.message}")
        failed: `huber` is not defined in your submission.
    """

    def __init__(self, outcome: Outcome, message: str, *, doubtful: bool = False, raised: str = "") -> None:
        super().__init__(outcome, message)
        self.doubtful = doubtful
        self.raised = raised


class MismatchError(AutograderError):
    """The student's work differs from what was asked.

    Args:
        message: Tells the student how, without an expected value.
        difference: Shapes, the first index and the largest error, for the report; None where there are none.

    Example:
        >>> raise MismatchError("the losses do not fall")
        Traceback (most recent call last):
        autograder.errors.MismatchError: the losses do not fall
    """

    def __init__(self, message: str, difference: Difference | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.difference = difference


class BannedCallError(AutograderError):
    """The student's code called what the exercise asks to write. The message is the library function's name."""


class MissingNameError(AutograderError):
    """A driver uses something that is not in the student's code. The message is its name."""


class OutOfBoundsError(AutograderError):
    """The student's code did what would get round a ban. The message says what: "starts a thread"."""


class StandInError(AutograderError):
    """The reference refused a stand-in's arguments: the student's call was wrong."""


# --- the grader's own processes and files ------------------------------------------------------------------------


class UnusableFileError(AutograderError):
    """A file of a submission is a link, a device, or somebody else's: `str(error)` says which."""


class VanishedError(UnusableFileError):
    """It was there a moment ago, and has been exchanged or removed since."""

    def __init__(self) -> None:
        super().__init__("it was exchanged or removed while it was read")


class WorkTimeoutError(AutograderError):
    """Work of the grader's took too long, because of what a student handed in, and was stopped."""


class SlotDiedError(AutograderError):
    """A slot ended, or was stopped, before its work was done. `check` names the check that it was at, if any.

    `killed`: the system ended it by force, as it does for lack of memory, and not what it was at.
    """

    def __init__(self, check: str = "", *, killed: bool = False) -> None:
        super().__init__(f"a slot ended during {check or 'its start'}")
        self.check = check
        self.killed = killed


class InterruptedGradingError(AutograderError):
    """Grading was told to stop: Ctrl-C, or a signal that asks for an end."""


class NotRecordedError(AutograderError):
    """A public check asked for something that was not recorded: only the grader can run it on these values."""


class ResultsFormatError(AutograderError, ValueError):
    """A results.json that Gradescope would refuse or misread; the message says where."""
