"""A second device: code that never speaks of devices runs there, and draws the same numbers."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from autograder.errors import SandboxUnavailableError
from autograder.grading.local import LocalConversation
from autograder.protocol.codec import decode, encode
from autograder.protocol.devices import CPU
from autograder.protocol.limits import Limits
from autograder.protocol.messages import Ask, Call, Raised, Returned, StandIn
from autograder.protocol.values import GeneratorValue
from autograder.sandbox.guest.devices import on
from autograder.sandbox.host.sandbox import Sandbox
from tests import second_device
from tests.sandbox.test_sandbox import ask
from tests.second_device import LAZY

DEVICES = [LAZY, pytest.param("cuda", marks=pytest.mark.gpu)]


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> str:
    second_device.register()
    return str(request.param)


def test_new_tensors_are_made_there(device: str) -> None:
    with on(device):
        made = [torch.zeros(2), torch.tensor([1.0]), torch.arange(3), torch.randn(2), torch.nn.Linear(2, 3).weight]
    assert {tensor.device.type for tensor in made} == {device}
    assert torch.zeros(2).device.type == CPU


def test_nothing_changes_on_the_cpu() -> None:
    before = torch.get_rng_state()
    with on(CPU):
        assert torch.zeros(2).device.type == CPU
    assert torch.equal(torch.get_rng_state(), before)


def _in_batches(generator: torch.Generator) -> torch.Tensor:
    pairs = torch.utils.data.TensorDataset(torch.arange(10.0))
    loader = torch.utils.data.DataLoader(pairs, batch_size=4, shuffle=True, generator=generator)
    return torch.cat([batch for (batch,) in loader])


DRAWS = {
    "randn": lambda g: torch.randn(3, 4, generator=g),
    "rand, with a size": lambda g: torch.rand(size=(2, 2), generator=g),
    "randint": lambda g: torch.randint(0, 9, (7,), generator=g),
    "randperm": lambda g: torch.randperm(9, generator=g),
    "like another": lambda g: torch.rand_like(torch.zeros(3, 3)),
    "bernoulli": lambda g: torch.bernoulli(torch.full((20,), 0.5), generator=g),
    "bernoulli, a method": lambda g: torch.full((20,), 0.5).bernoulli(generator=g),
    "multinomial, a method": lambda g: torch.ones(5).multinomial(9, replacement=True, generator=g),
    "multinomial": lambda g: torch.multinomial(torch.ones(5), 9, replacement=True, generator=g),
    "normal": lambda g: torch.normal(torch.zeros(4), torch.ones(4), generator=g),
    "in place": lambda g: torch.empty(3, 2).normal_(1, 2, generator=g),
    "in place, a part": lambda g: torch.zeros(4, 4)[1:3].uniform_(generator=g),
    "a layer": lambda g: torch.nn.Linear(3, 2).weight,
    "a convolution": lambda g: torch.nn.Conv2d(1, 2, 3).bias,
    "initialised": lambda g: torch.nn.init.normal_(torch.empty(4), std=0.1),
    "a parameter": lambda g: torch.nn.init.normal_(torch.nn.Parameter(torch.empty(4))),
    "a parameter, Kaiming's": lambda g: torch.nn.init.kaiming_uniform_(torch.nn.Parameter(torch.empty(4, 2))),
    "a parameter, Xavier's": lambda g: torch.nn.init.xavier_uniform_(torch.nn.Parameter(torch.empty(4, 2))),
    "shuffled batches": _in_batches,
}


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_seeds_and_generators_give_the_same_numbers(draw, device: str) -> None:
    def drawn(where: str) -> torch.Tensor:
        torch.manual_seed(3)
        with on(where):
            return draw(torch.Generator().manual_seed(4))

    here, there = drawn(CPU), drawn(device)
    assert (here.device.type, there.device.type) == (CPU, device)
    torch.testing.assert_close(there.detach().cpu(), here.detach())


class _NoDrawsThere(TorchDispatchMode):
    """A GPU does not draw what the CPU draws, and refuses its generators; the lazy device does not mind."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if torch.Tag.nondeterministic_seeded in func.tags:
            tensors = [value for value in (*args, *kwargs.values()) if isinstance(value, torch.Tensor)]
            places = {tensor.device.type for tensor in tensors} | {torch.device(kwargs.get("device") or CPU).type}
            assert places == {CPU}, f"{func} draws on {places}"
        return func(*args, **kwargs)


IN_PARTS = {"in place, a part", "a layer", "shuffled batches"}
"""Draws that the lazy device cannot be watched at: it has no such views then."""


@pytest.mark.parametrize("name", sorted(DRAWS.keys() - IN_PARTS))
def test_the_device_itself_draws_nothing(name: str, device: str) -> None:
    with on(device), _NoDrawsThere():
        DRAWS[name](torch.Generator().manual_seed(4))


def test_the_device_would_draw_if_it_were_let() -> None:
    """What the test before this one looks for is there to be found."""
    second_device.register()
    with torch.device(LAZY), _NoDrawsThere(), pytest.raises(AssertionError, match="draws on"):
        torch.randn(3, generator=torch.Generator())


def test_a_leaf_that_needs_its_gradient_is_not_filled_in_place(device: str) -> None:
    for where in (CPU, device):
        with on(where), pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
            torch.zeros(3, requires_grad=True).normal_()


def test_a_drawn_parameter_is_a_leaf(device: str) -> None:
    with on(device):
        w = torch.randn(3, requires_grad=True)
        (w * w).sum().backward()
    assert w.is_leaf and w.grad is not None
    torch.testing.assert_close(w.grad.cpu(), 2 * w.detach().cpu())


def test_what_is_asked_for_on_the_cpu_stays_there(device: str) -> None:
    with on(device):
        assert torch.randn(2, device=CPU).device.type == CPU
        assert torch.zeros(2, device=CPU).uniform_().device.type == CPU
        assert torch.rand_like(torch.zeros(2, device=CPU)).device.type == CPU


def test_what_has_no_deterministic_algorithm_works_without_a_word(device: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with on(device):
            values = torch.zeros(3).put_(torch.tensor([1]), torch.tensor([5.0]))
    assert values.tolist() == [0, 5, 0]
    assert torch.get_deterministic_debug_mode() == 0


def test_algorithms_are_deterministic_where_they_can_be(device: str) -> None:
    with on(device):
        assert torch.are_deterministic_algorithms_enabled() and torch.backends.cudnn.deterministic
        assert not torch.backends.cuda.matmul.allow_tf32 and not torch.backends.cudnn.allow_tf32


# --- a conversation ----------------------------------------------------------------------------------------------


def refuse(question: Ask) -> Returned | Raised:
    raise AssertionError(question)


def test_arguments_arrive_there_and_answers_come_back(device: str) -> None:
    def f(x, parts, generator):
        assert {x.device.type, parts["a"][0].device.type} == {device} and x.is_leaf and x.requires_grad
        (x * torch.randn(3, generator=generator)).sum().backward()
        return x.grad, parts["a"][0] + 1

    values = [encode(torch.ones(3, requires_grad=True)), encode({"a": [torch.ones(2)]}), GeneratorValue(1, 5)]
    answer = LocalConversation({"f": f}, device=device).perform(Call("f", values, {}), refuse)
    assert isinstance(answer, Returned), answer
    gradient, moved = decode(answer.value)
    assert gradient.device.type == moved.device.type == CPU
    assert moved.tolist() == [2.0, 2.0]


def test_a_stand_in_gives_values_and_gradients_there(device: str) -> None:
    source = """
def slope(x):
    y = square(x)
    y.sum().backward()
    return y.device.type, x.grad
"""

    def answer(question: Ask) -> Returned:
        x = decode(question.args[0])
        assert x.device.type == CPU
        return Returned(encode(x * x if question.upstream is None else [2 * x * decode(question.upstream[0])]))

    namespace: dict[str, Any] = {}
    exec(source, namespace)
    conversation = LocalConversation(namespace, device=device)
    conversation.perform(StandIn(["square"]), answer)
    found = conversation.perform(Call("slope", [encode(torch.tensor([3.0, 4.0], requires_grad=True))], {}), answer)
    assert isinstance(found, Returned), found
    where, gradient = decode(found.value)
    assert (where, gradient.tolist()) == (device, [6.0, 8.0])


# --- its sandbox -------------------------------------------------------------------------------------------------

CODE = """
import os, socket, torch

def places(x):
    return str(x.device), str((x * 2).device), x * 2

def settings():
    return torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.allow_tf32

def me():
    return os.getuid(), os.getcwd()

def keep(name):
    with open(name, "w") as file:
        file.write("an answer")
    return os.path.abspath(name)

def look(path):
    return open(path).read()

def listing(path):
    return os.listdir(path)

def name_a_thread():
    import threading
    with open(f"/proc/self/task/{threading.get_native_id()}/comm", "w") as file:
        file.write("cuda00001")
    return True

def litter():
    for place in (".", "/dev/shm"):
        os.chdir(place)
        for _ in range(400):
            os.mkdir("deeper")
            os.chdir("deeper")
            open("file", "w").close()
    return True

def anonymous_file():
    os.close(os.memfd_create("cuda"))
    return True

def kill(pid):
    os.kill(pid, 9)

def connect():
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
"""


TOGETHER = pytest.mark.xdist_group("a sandbox with a second device")


@pytest.fixture(scope="module")
def sandbox(namespaces):
    with Sandbox(device=LAZY, preload=("torch",)) as running:
        yield running


def opened(sandbox: Sandbox):
    return sandbox.open({"code.py": second_device.SOURCE + CODE}, "code.py", Limits())


@TOGETHER
def test_code_runs_on_the_device_in_a_sandbox(sandbox: Sandbox) -> None:
    with opened(sandbox) as session:
        assert session.load_error is None
        came, went, result = ask(session, "places", torch.ones(2))
        assert (came, went, result.device.type, result.tolist()) == ("lazy:0", "lazy:0", CPU, [2.0, 2.0])
        assert ask(session, "settings") == (True, False)


@TOGETHER
def test_what_a_gpus_driver_needs_is_allowed_there_and_nowhere_else(sandbox: Sandbox) -> None:
    with opened(sandbox) as session:
        assert ask(session, "name_a_thread") is True
        assert ask(session, "anonymous_file") is True
        assert ask(session, "listing", "/sys")
    with Sandbox(preload=("torch",)) as usual, usual.open({"code.py": CODE}, "code.py", Limits()) as session:
        for name in ("name_a_thread", "anonymous_file"):
            assert isinstance(ask(session, name), Raised)
        assert isinstance(ask(session, "listing", "/sys"), Raised)


@TOGETHER
def test_submissions_there_do_not_see_one_another(sandbox: Sandbox) -> None:
    with opened(sandbox) as one, opened(sandbox) as other:
        for place in ("notes.txt", "/dev/shm/notes.txt"):
            path = ask(one, "keep", place)
            assert ask(one, "look", path) == "an answer"
            assert ask(other, "look", path).type_name == "FileNotFoundError"
        # Each sees its init process, its loaded code and its check, and has no way into the init process.
        assert len([pid for pid in ask(one, "listing", "/proc") if pid.isdecimal()]) <= 4
        for name in ("mem", "environ"):
            assert ask(one, "look", f"/proc/1/{name}").type_name == "PermissionError"
        ask(one, "kill", 1)  # the first process of a namespace does not hear it
        assert ask(one, "settings") == (True, False)


@TOGETHER
def test_student_code_has_no_rights_there(sandbox: Sandbox) -> None:
    with opened(sandbox) as session:
        status = dict(line.split(":\t", 1) for line in ask(session, "look", "/proc/self/status").splitlines())
    assert {status[f"Cap{name}"] for name in ("Inh", "Prm", "Eff", "Amb")} == {"0" * 16}
    assert status["NoNewPrivs"] == "1"


def test_where_namespaces_cannot_be_had_there_is_no_second_device() -> None:
    with pytest.raises(SandboxUnavailableError):
        Sandbox(device=LAZY, preload=("torch",), without=["user namespace", "pid namespace"])


@TOGETHER
def test_the_network_and_the_graders_files_are_out_of_reach_there(sandbox: Sandbox) -> None:
    assert set(sandbox.proofs) == {"file system", "network", "processes"}
    with opened(sandbox) as session:
        assert isinstance(ask(session, "connect"), Raised)
        assert isinstance(ask(session, "look", str(Path(__file__).resolve())), Raised)


@TOGETHER
def test_nothing_is_left_when_a_session_ends(sandbox: Sandbox) -> None:
    """However many files there are, and however deep they lie. Closing raises if processes live on."""
    with opened(sandbox) as session:
        assert ask(session, "litter") is True
    with opened(sandbox) as session:
        assert ask(session, "listing", "/dev/shm") == []
        assert ask(session, "listing", ".") == []
