"""A second sandbox, in which students' code has a second device."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.errors import ConversationEndedError, SandboxUnavailableError
from autograder.protocol.devices import CPU
from autograder.protocol.limits import Limits
from autograder.protocol.messages import Call, Raised
from autograder.sandbox.host.sandbox import Sandbox

PROBE = """
import torch

def probe():
    product = torch.ones(8, 8) @ torch.ones(8, 8)
    assert product.sum() == 512
    return torch.cuda.get_device_name() if product.is_cuda else str(product.device)
"""


@contextmanager
def second_sandbox(
    device: str, private: Iterable[Path] = (), *, typical: str = "", unsafe: bool = False
) -> Iterator[Sandbox | None]:
    """A sandbox with `device`, tried out; the CPU needs none. Raises `SandboxUnavailableError`."""
    if device == CPU:
        yield None
        return
    with Sandbox(device=device, typical=typical, private=private, unsafe=unsafe) as sandbox:
        device_name(sandbox)
        yield sandbox


def device_name(sandbox: Sandbox) -> str:
    """The device that code in the sandbox computes on, by its own name.

    Raises `SandboxUnavailableError` where it cannot.
    """
    try:
        with sandbox.open({"probe.py": PROBE}, "probe.py", Limits()) as session, session.check(60) as conversation:
            answer = conversation.perform(Call("probe", [], {}), lambda question: Raised("error", "", ""))
    except ConversationEndedError as ended:
        problem = ended.message
    else:
        if not isinstance(answer, Raised):
            return str(answer.value)
        problem = f"{answer.type_name}: {answer.message}"
    raise SandboxUnavailableError(
        f"{sandbox.device} does not work in the sandbox: {problem.splitlines()[0]}. Without --device (and `device` in "
        "grader_config.yml), all is checked on the CPU, for the same scores: docs/devices.md"
    )
