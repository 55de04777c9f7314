"""The sandbox: what a student's code can do, what it cannot, and what becomes of it when it misbehaves."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
import torch
from msgspec.structs import replace

from autograder.errors import ConversationEndedError, SandboxUnavailableError
from autograder.grading import hosts
from autograder.model import Outcome
from autograder.protocol.codec import decode, encode
from autograder.protocol.limits import WALL_FACTOR, Limits
from autograder.protocol.messages import Call, Raised, Returned
from autograder.rubric import Reference, Student, StudentError
from autograder.sandbox.host import launcher
from autograder.sandbox.host.sandbox import LARGE, Sandbox, named_in
from tests.slots import PATIENCE, directly, hosted

SOURCE = """
import os, sys, socket, time
import torch

counter = 0
print("loaded")

def double(x): return x * 2
def count():
    global counter
    counter += 1
    return counter
def read(path): return open(path).read()
def write(path): open(path, "w").write("x"); return True
def names(path): return sorted(os.listdir(path))
def environment(): return dict(os.environ)
def descriptors():
    return [n for n in range(256) if _open(n)]
def _open(n):
    try: os.fstat(n)
    except OSError: return False
    return True
def hang():
    while True: pass
def sleep(): time.sleep(60)
def hog(): return [bytearray(1 << 26) for _ in range(64)]
def tensor_hog(): return [torch.ones(1 << 23, dtype=torch.float64) for _ in range(64)]
def quit(): os._exit(0)
def leave(): sys.exit(0)
def die(): os.kill(os.getpid(), 11)
def connect(): socket.create_connection(("127.0.0.1", 22), 1)
def raw(): socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)
def trace():
    import ctypes
    return ctypes.CDLL(None, use_errno=True).ptrace(0, 0, 0, 0)
def user_namespace():
    import ctypes
    return ctypes.CDLL(None).unshare(0x10000000)
def daemon():
    if os.fork() == 0:
        os.setsid()
        while True: time.sleep(0.01); open("/tmp/alive", "w").close()
    time.sleep(0.2)
    return os.path.exists("/tmp/alive")
def alive(): return time.time() - os.path.getmtime("/tmp/alive")
def bomb():
    children = 0
    while True:
        try:
            if os.fork() == 0: time.sleep(60)
        except OSError: return children
        children += 1
def fill_disk():
    with open("/tmp/big", "wb") as file:
        for _ in range(200): file.write(bytes(1 << 20))
def shout(): print("x" * 5_000_000); print(chr(27) + "[31m"); return True
def huge(): return torch.zeros(1 << 20, dtype=torch.float64)
def squared_later(x): return helper(x) * 3
def helper(x): return x
def gradient(x):
    x = x.clone().requires_grad_(True)
    helper(x).sum().backward()
    return x.grad
def loader():
    data = torch.utils.data.TensorDataset(torch.arange(8.0))
    batches = torch.utils.data.DataLoader(data, batch_size=3, num_workers=2)
    return sum(len(batch[0]) for batch in batches)
def thread():
    import threading
    out = []
    worker = threading.Thread(target=lambda: out.append(1)); worker.start(); worker.join()
    return out
"""


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def session(sandbox):
    with sandbox.open({"m.py": SOURCE}, "m.py", Limits(check_seconds=6, memory_mb=256, message_mb=4)) as open_session:
        yield open_session


def ask(session, name, *args, seconds=None):
    """Call a function in a check of its own; `ConversationEndedError` is returned, not raised."""
    try:
        with session.check(seconds) as conversation:
            answer = conversation.perform(Call(name, [encode(value) for value in args], {}), lambda question: None)
    except ConversationEndedError as ended:
        return ended
    return decode(answer.value) if isinstance(answer, Returned) else answer


def refused(answer, *kinds):
    assert isinstance(answer, Raised), answer
    assert answer.type_name in kinds, answer


def test_every_layer_holds_here(sandbox):
    assert {"bubblewrap", "user namespace", "pid namespace", "network namespace", "mount namespace", "seccomp",
            "landlock", "rlimits"} <= set(sandbox.boundary), sandbox.problems  # fmt: skip


def test_python_may_be_called_by_a_relative_path(tmp_path):
    """`../venv/bin/python -m autograder`: the folder that this starts from is not in the sandbox."""
    python = os.path.relpath(f"{sys.prefix}/bin/{Path(sys.executable).name}", tmp_path)
    code = "from autograder.sandbox.host.sandbox import Sandbox\n"
    code += "with Sandbox(preload=()) as s: print(s.boundary, s.problems)"
    done = subprocess.run(
        [python, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert done.stdout.startswith("('bubblewrap'"), done.stdout + done.stderr


def test_tensors_go_in_and_come_out(session):
    assert torch.equal(ask(session, "double", torch.arange(3.0)), torch.tensor([0.0, 2.0, 4.0]))


def test_each_check_starts_from_the_freshly_loaded_submission(session):
    assert [ask(session, "count") for _ in range(3)] == [1, 1, 1]


def test_a_missing_function_is_named(session):
    answer = ask(session, "nowhere")
    assert (answer.kind, answer.message) == ("missing", "nowhere")


@pytest.mark.parametrize("name", ["loader", "thread"])
def test_honest_code_may_use_threads_and_workers(session, name):
    assert ask(session, name) in (8, [1])


@pytest.mark.parametrize("name", ["hang", "sleep"])
def test_a_hang_is_timed_out_and_the_next_check_goes_on(sandbox, name):
    limits = Limits(check_seconds=1)
    opener = directly(sandbox, WALL_FACTOR if name == "sleep" else PATIENCE)
    with opener.open({"m.py": SOURCE}, "m.py", limits) as session:
        assert ask(session, name).outcome is Outcome.TIMED_OUT
        assert ask(session, "count") == 1


@pytest.mark.parametrize("name", ["hog", "tensor_hog"])
def test_too_much_memory_is_called_that(session, name):
    answer = ask(session, name)
    assert getattr(answer, "kind", "") == "memory" or answer.outcome is Outcome.OUT_OF_MEMORY


@pytest.mark.parametrize("name", ["quit", "die"])
def test_a_process_that_ends_itself_has_crashed(session, name):
    assert ask(session, name).outcome is Outcome.CRASHED
    assert ask(session, "count") == 1


def test_sys_exit_is_an_ordinary_error(session):
    refused(ask(session, "leave"), "SystemExit")


@pytest.mark.parametrize("name", ["connect", "raw"])
def test_there_is_no_network(session, name):
    refused(ask(session, name), "PermissionError", "OSError")


def test_the_repository_is_not_there(session):
    root = Path(__file__).parents[2]
    refused(ask(session, "read", str(root / "reference/regression/solution.py")), "FileNotFoundError")
    refused(ask(session, "read", str(root / "grader_config.yml")), "FileNotFoundError")
    refused(ask(session, "names", str(root / "reference")), "FileNotFoundError")


@pytest.mark.parametrize("path", ["/etc/shadow", "/etc/passwd", "/proc/self/environ", "/proc/1/cmdline"])
def test_the_machines_secrets_are_not_there(session, path):
    refused(ask(session, "read", path), "FileNotFoundError", "PermissionError")


def test_the_environment_holds_nothing_of_the_graders(session, monkeypatch):
    assert not any("TOKEN" in name or "SECRET" in name for name in ask(session, "environment"))


def test_only_its_own_sockets_and_output_are_open(session):
    assert ask(session, "descriptors") == [0, 1, 2, 4]


@pytest.mark.parametrize("path", ["/usr/lib/x", "/opt/autograder/autograder/x", "/etc/x", "/x"])
def test_the_system_cannot_be_written(session, path):
    refused(ask(session, "write", path), "OSError", "PermissionError")


def test_its_own_folder_can(session):
    assert ask(session, "write", "notes.txt") is True
    assert ask(session, "write", "/tmp/notes.txt") is True


@pytest.mark.parametrize("name", ["trace", "user_namespace"])
def test_kernel_calls_without_business_here_fail(session, name):
    assert ask(session, name) == -1


def test_a_daemon_dies_with_its_check(session):
    assert ask(session, "daemon") is True
    time.sleep(0.3)
    assert ask(session, "alive") > 0.25


def test_a_fork_bomb_is_contained(session):
    assert ask(session, "bomb", seconds=30) < 70
    assert ask(session, "count") == 1


def test_the_disk_is_small(sandbox):
    with sandbox.open({"m.py": SOURCE}, "m.py", Limits(disk_mb=16)) as session:
        refused(ask(session, "fill_disk"), "OSError")


def test_a_result_larger_than_a_message_may_be_is_refused(session):
    refused(ask(session, "huge"), "ValueError")


def test_heavy_printing_never_blocks_and_is_cut(sandbox):
    with sandbox.open({"m.py": SOURCE}, "m.py", Limits(output_kb=8)) as session:
        assert ask(session, "shout") is True
    assert session.output.startswith("loaded")
    assert len(session.output) < 9_000
    assert "more bytes were left out" in session.output
    assert "\x1b" not in session.output


ENDS = """
import os, signal
def other(): return 1
def ends(): os.kill(os.getppid(), signal.SIGKILL); return 1
def stops(): os.kill(os.getppid(), signal.SIGSTOP); return 1
"""


def test_a_sandbox_that_ended_is_replaced(sandbox):
    """A function that ends its submission's process costs its own check; the others go on in a fresh sandbox."""
    with hosted(sandbox, ENDS) as host:
        ask(host, "ends")
        assert ask(host, "other") == 1
        assert ask(host, "ends") is not None
        assert ask(host, "other") == 1


def test_one_that_was_stopped_goes_on(sandbox):
    with hosted(sandbox, ENDS) as host:
        assert (ask(host, "stops"), ask(host, "other")) == (1, 1)


def test_one_that_ends_again_and_again_is_not(sandbox, monkeypatch):
    monkeypatch.setattr(hosts, "REOPENED", 2)
    with hosted(sandbox, ENDS) as host:
        for _ in range(4):
            ask(host, "ends")
        ended = ask(host, "other")
    assert (ended.outcome, ended.message) == (Outcome.CRASHED, "your program ended itself again and again")


def test_an_error_while_loading_keeps_what_was_defined(sandbox):
    with sandbox.open({"m.py": "def f(): return 1\nraise ValueError('late')\n"}, "m.py", Limits()) as session:
        assert session.load_error.type_name == "ValueError"
        assert "m.py, line 2" in session.load_error.where
        assert ask(session, "f") == 1


@pytest.mark.parametrize(
    ("source", "outcome"),
    [("while True: pass", Outcome.TIMED_OUT), ("import os; os._exit(0)", Outcome.CRASHED)],
)
def test_a_submission_that_never_loads_is_ended(sandbox, source, outcome):
    with pytest.raises(ConversationEndedError) as caught:
        directly(sandbox, PATIENCE).open({"m.py": source}, "m.py", Limits(load_seconds=1))
    assert caught.value.outcome is outcome


def test_helper_modules_are_found_and_nothing_is_shadowed(sandbox):
    files = {"m.py": "import torch, extra\ndef f(): return extra.ONE, torch.__version__", "extra.py": "ONE = 1",
             "torch.py": "__version__ = 'mine'"}  # fmt: skip
    with sandbox.open(files, "m.py", Limits()) as session:
        assert ask(session, "f") == (1, torch.__version__)


def test_a_stand_in_is_computed_outside_forward_and_backward(session):
    reference = Reference({"helper": lambda x: x**3})
    with session.check() as conversation:
        student = Student(conversation, reference)
        student.stand_in(("helper",))
        x = torch.tensor([1.0, 2.0], dtype=torch.float64)
        assert torch.equal(student.squared_later(x), 3 * x**3)
        assert torch.equal(student.gradient(x), 3 * x**2)


def test_a_stand_in_reaches_helper_modules_too(sandbox):
    files = {"m.py": "from steps import f\n", "losses.py": "def mse(x): return x\n",
             "steps.py": "from losses import mse\ndef f(x): return mse(x)\n"}  # fmt: skip
    with sandbox.open(files, "m.py", Limits()) as session, session.check() as conversation:
        student = Student(conversation, Reference({"mse": lambda x: x + 41}))
        student.stand_in(("mse",))
        assert student.f(1) == 42


def test_a_stand_in_that_refuses_is_the_callers_error(session):
    with session.check() as conversation:
        student = Student(conversation, Reference({"helper": lambda x: x @ x}))
        student.stand_in(("helper",))
        with pytest.raises(StudentError, match="StandInError"):
            student.squared_later("text")


def living() -> int:
    """Our processes; what has ended and is not yet fetched counts for nothing."""
    return sum(child.status() != psutil.STATUS_ZOMBIE for child in psutil.Process().children(recursive=True))


def test_closing_ends_every_process(sandbox):
    before = living()
    with sandbox.open({"m.py": SOURCE}, "m.py", Limits()) as session:
        ask(session, "count")
        assert living() > before
    deadline = time.monotonic() + 60
    while living() > before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert living() <= before


def test_many_threads_may_open_sessions_at_once(sandbox):
    results = []

    def one(number):
        with sandbox.open({"m.py": f"def f(): return {number}"}, "m.py", Limits()) as session:
            results.append(ask(session, "f"))

    threads = [threading.Thread(target=one, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == list(range(8))


def children():
    return set(psutil.Process().children())


def test_a_fork_server_that_was_killed_is_started_again():
    before = children()
    with Sandbox() as sandbox:
        (server,) = children() - before
        server.kill()
        time.sleep(0.3)
        with sandbox.open({"m.py": "def f(): return 1"}, "m.py", Limits()) as session:
            assert ask(session, "f") == 1


def test_a_fork_server_outlives_the_thread_that_started_it():
    """Or else each batch, whose threads end with it, would start its own."""
    others = children()

    def use():
        with sandbox.open({"m.py": "def f(): return 1"}, "m.py", Limits()) as session:
            assert ask(session, "f") == 1

    with Sandbox(preload=("torch",)) as sandbox:
        (first,) = children() - others
        first.kill()
        first.wait()
        thread = threading.Thread(target=use)
        thread.start()
        thread.join()
        second = children() - others
        time.sleep(0.2)
        use()
        assert children() - others == second != {first}


LIBRARIES = """
import sys
before = [name for name in ("torch", "pan" + "das", "skl" + "earn") if name in sys.modules]
def which(): return before
def dynamic(): return int(__import__("pan" + "das").Series([1, 2]).sum())
"""
BY_ITSELF = "if __name__ == '__main__':\n    import sklearn\n"


def opened(sandbox, *imports):
    source = "\n".join((LIBRARIES, *(f"import {name}" for name in imports), BY_ITSELF))
    return sandbox.open({"m.py": source}, "m.py", Limits())


def test_large_libraries_are_there_before_a_submission_that_imports_one(sandbox):
    """A fork of a process that has them takes twice as long: most submissions do without, and may still import."""
    with opened(sandbox, "pandas", "sklearn") as session:
        assert ask(session, "which") == ["torch", "pandas", "sklearn"]
    with opened(sandbox, "pandas") as session:
        assert ask(session, "which") == ["torch", "pandas", "sklearn"], "what is running already will do"
    with opened(sandbox) as session:
        assert ask(session, "which") == ["torch"]
        assert ask(session, "dynamic") == 3


def test_the_first_fork_server_has_what_a_typical_submission_imports():
    before = children()
    with Sandbox(typical="import pandas as pd\n") as sandbox:
        for imports in ((), ("pandas",)):
            with opened(sandbox, *imports) as session:
                assert ask(session, "which")[1:] == ["pandas"]
        assert len(children() - before) == 1


def test_without_a_second_fork_server_submissions_import_large_libraries_themselves(monkeypatch):
    with Sandbox() as sandbox:
        monkeypatch.setattr(launcher.ForkServer, "_launch", none_to_be_had)
        for _ in range(2):
            with opened(sandbox, "pandas") as session:
                assert ask(session, "which") == ["torch"]
                assert ask(session, "dynamic") == 3


def test_a_second_fork_server_with_other_layers_is_not_used(monkeypatch):
    right = launcher.ForkServer._launch
    before = children()
    with Sandbox() as sandbox:
        monkeypatch.setattr(
            launcher.ForkServer, "_launch", lambda self, way: replace(right(self, way), layers=("rlimits",))
        )
        with opened(sandbox, "pandas") as session:
            assert ask(session, "which") == ["torch"]
        assert len(children() - before) == 1, "and it is gone"


def test_a_second_fork_server_that_dies_for_good_is_done_without(monkeypatch):
    with Sandbox() as sandbox:
        first = children()
        with opened(sandbox, "pandas") as session:
            assert ask(session, "which") == ["torch", "pandas"]
        (second,) = children() - first
        monkeypatch.setattr(launcher.ForkServer, "_launch", none_to_be_had)
        second.kill()
        second.wait()
        with opened(sandbox, "pandas") as session:
            assert ask(session, "which") == ["torch"]


def none_to_be_had(self, way):
    raise SandboxUnavailableError("no memory")


def test_a_machine_without_memory_for_a_fork_server_is_no_traceback(monkeypatch):
    def no_memory(*words, **more):
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(subprocess, "Popen", no_memory)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(SandboxUnavailableError, match="Cannot allocate memory"):
        Sandbox()
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_closed_sandbox_stays_closed():
    before = children()
    with Sandbox() as sandbox:
        pass
    for imports in ((), ("pandas",)):
        with pytest.raises(SandboxUnavailableError, match="closed"):
            opened(sandbox, *imports)
    assert children() == before


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("import pandas as pd", ["pandas"]),
        ("def f():\n    from sklearn.svm import SVC", ["sklearn"]),
        ("try: import pandas\nexcept ImportError: pass", ["pandas"]),
        ("if __name__ == '__main__':\n    import pandas\n\n    pandas.f()", []),
        ("if __name__ == '__main__':\n    import pandas\n\nimport sklearn", ["sklearn"]),
        ("# if __name__ == '__main__':\n#     import pandas\n", []),
        ("def f():\n    # import pandas\n    import sklearn  # or pandas", ["pandas", "sklearn"]),
        ("import geopandas, my_sklearn", []),
    ],
)
def test_what_sources_name(source, named):
    assert list(named_in({"m.py": source}, LARGE)) == named
