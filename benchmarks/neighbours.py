"""Does what one submission takes move another's score? Grade a victim alone, then beside a hog of each resource.

    python benchmarks/neighbours.py [HOG ...] [--without LAYER ...]

The victim trains, starts worker processes and threads, keeps files and talks over sockets. Prints its score beside each
hog, what had to be graded again alone, and the CPU seconds of its training; exits with 1 where the score moved.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from autograder.config import DEFAULT_PACKAGES
from autograder.grading.executors.local import LocalExecutor
from autograder.grading.scheduler import Batch
from autograder.grading.settings import GradingSettings, Reading
from autograder.intake.classroom import Entry
from autograder.model import CheckResult, Report
from autograder.protocol.devices import CPU
from autograder.protocol.limits import Limits
from autograder.sandbox.host.sandbox import Sandbox

LIMITS = Limits(check_seconds=10, load_seconds=10, submission_seconds=120, memory_mb=1024)
HOGGING = 12
"""Seconds that a hog holds what it took."""

TASKS = ("train", "workers", "threads", "programs", "files", "waiting")
SOLUTION = "\n".join(
    ["# %% [markdown]\n# # Neighbours\n# %%\nimport torch"]
    + [
        f"# %% [markdown]\n# ## Exercise {number} · {task} (1 points)\n# %%\ndef {task}(x):\n"
        f'    """The double of x."""\n    # SOLUTION\n    return 2 * x\n    # END'
        for number, task in enumerate(TASKS, 1)
    ]
)
CHECKS = "from autograder.rubric import Rubric, matches\nrubric = Rubric()\n" + "\n".join(
    f'''
@rubric.exercise("{number}", "{task}", owns=("{task}",), points=1).check(1)
def doubles_{number}(student, reference, draw):
    """Doubles."""
    matches(student, reference, "{task}", draw.uniform(3, low=1, high=2))
'''
    for number, task in enumerate(TASKS, 1)
)
VICTIM = """
import asyncio, os, subprocess, tempfile, threading
import torch
from torch.utils.data import DataLoader

def train(x):
    w = torch.zeros(400, 400, requires_grad=True)
    data = torch.randn(2000, 400)
    for _ in range(60):
        loss = ((data @ w - data) ** 2).mean()
        loss.backward()
        with torch.no_grad(): w -= w.grad
        w.grad = None
    return 2 * x

def workers(x):
    for _ in range(3):
        assert sum(len(batch) for batch in DataLoader(torch.arange(64.0), batch_size=8, num_workers=2)) == 64
    return 2 * x

def threads(x):
    got = []
    started = [threading.Thread(target=lambda: got.append(2)) for _ in range(8)]
    for one in started: one.start()
    for one in started: one.join()
    return got[-1] * x

def programs(x):
    return float(subprocess.run(["echo", "2"], capture_output=True, text=True, check=True).stdout) * x

def files(x):
    for _ in range(20):
        with tempfile.NamedTemporaryFile() as file:
            torch.save(torch.zeros(1 << 18), file.name)
            torch.load(file.name)
    return 2 * x

def waiting(x):
    async def soon():
        await asyncio.sleep(0.01)
        return 2
    return asyncio.run(soon()) * x
"""
HOLD = f"""
import array, ctypes, fcntl, mmap, os, resource, select, socket, tempfile, threading, time
import numpy, torch
end, kept = None, []
def hold():
    while time.time() < end: time.sleep(0.1)
def train(x):
    global end
    end = time.time() + {HOGGING}
    try:
        take()
    except (OSError, MemoryError, RuntimeError) as error:
        print(type(error), error)
    hold()
    return x
def every(work, count=60):
    for _ in range(count):
        try:
            if os.fork() == 0:
                try: work()
                except BaseException: pass
                hold()
                os._exit(0)
        except OSError: time.sleep(0.05)
"""
HOGS = {
    "nothing": "def take(): pass",
    "cores": "def spin():\n    while time.time() < end: pass\ndef take(): every(spin)",
    "memory bandwidth": """
def take():
    big = numpy.zeros(24 << 20)
    while time.time() < end: big += 1
""",
    "memory": """
def take():
    kept.extend(bytearray(1 << 20) for _ in range(900))
    hold()
""",
    "processes and pids": """
def take():
    every(hold, 50)
    while time.time() < end:
        child = os.fork()
        if child == 0: os._exit(0)
        os.waitpid(child, 0)
""",
    "disk and inodes": """
def take():
    for place in (tempfile.gettempdir(), "/dev/shm"):
        try:
            for number in range(20_000): open(f"{place}/{number}", "wb").close()
        except OSError: pass
        try:
            for number in range(20_000):
                with open(f"{place}/{number}", "wb") as file: file.write(bytes(1 << 20))
        except OSError: pass
""",
    "reading and syncing": """
def take():
    while time.time() < end:
        for folder, _, names in os.walk(os.path.dirname(torch.__file__)):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    while file.read(1 << 20) and time.time() < end: pass
        os.sync()
""",
    "descriptors": """
def work():
    while True: kept.append(os.open("/dev/null", os.O_RDONLY))
def take(): every(work)
""",
    "descriptors under way": """
def take():
    null = os.open("/dev/null", os.O_RDONLY)
    while True:
        kept.append(socket.socketpair())
        kept[-1][0].sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [null] * 250))])
""",
    "pipes": """
def work():
    while True:
        reader, writer = os.pipe()
        kept.append((reader, writer))
        try: fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 1 << 20)
        except OSError: pass
        os.set_blocking(writer, False)
        try:
            while True: os.write(writer, bytes(1 << 16))
        except BlockingIOError: pass
def take(): every(work)
""",
    "socket buffers": """
def work():
    while True:
        kept.append(socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM))
        for one in kept[-1]:
            one.setblocking(False)
            try:
                while True: one.send(bytes(100_000))
            except BlockingIOError: pass
def take(): every(work)
""",
    "page tables": """
def take():
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    for _ in range(8):
        size = 1 << 40
        place = libc.mmap(None, ctypes.c_size_t(size), 1, 0x4022, -1, ctypes.c_long(0))
        libc.madvise(ctypes.c_void_p(place), ctypes.c_size_t(size), 15)
        for at in range(place, place + size, 1 << 21):
            ctypes.c_char.from_address(at).value
""",
    "watches": """
def work():
    pairs = [os.pipe() for _ in range(120)]
    while True:
        kept.append(select.epoll())
        for reader, _ in pairs: kept[-1].register(reader)
def take(): every(work)
""",
}


class Shelf:
    """A store in memory."""

    def __init__(self) -> None:
        self.reports: dict[str, Report] = {}

    def latest(self, assignment: str, student: str) -> Report | None:
        """Return no earlier report."""
        return None

    def save(self, report: Report) -> None:
        """Keep the report."""
        self.reports[report.student] = report


def graded(executor: LocalExecutor, sources: dict[str, str], place: Path) -> tuple[dict[str, Report], int]:
    """Grade submissions side by side. Returns their reports, and how many checks were run more than once."""
    entries = []
    for student, source in sources.items():
        folder = place / student
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "neighbours.py").write_text(source, encoding="utf-8")
        entries.append(Entry(student, folder))
    shelf, seen = Shelf(), list[CheckResult]()
    batch = Batch(executor, executor.sandboxes[CPU].boundary, shelf, jobs=2, fresh=True, progress=seen.append)
    list(batch.run(entries))
    return shelf.reports, len(seen) - sum(len(report.results) for report in shelf.reports.values())


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hogs", nargs="*", metavar="HOG", help=", ".join(HOGS))
    parser.add_argument("--without", action="append", default=[], help="a layer to leave out")
    options = parser.parse_args()
    moved = False
    with tempfile.TemporaryDirectory() as folder, Sandbox(without=options.without) as sandbox:
        place = Path(folder)
        place.chmod(0o755)
        (place / "ref").mkdir()
        (place / "ref" / "solution.py").write_text(SOLUTION, encoding="utf-8")
        (place / "ref" / "checks.py").write_text(CHECKS, encoding="utf-8")
        settings = GradingSettings(str(place / "ref"), Reading("neighbours", DEFAULT_PACKAGES), LIMITS, b"secret")
        with LocalExecutor(settings, {CPU: sandbox}) as executor:
            alone = graded(executor, {"victim": VICTIM}, place)[0]["victim"]
            print(f"{'alone':24} {alone.score:g}  training {alone.results[0].cpu_seconds:.1f} s")
            for name in options.hogs or HOGS:
                reports, again = graded(executor, {"hog": HOLD + HOGS[name], "victim": VICTIM}, place)
                victim, hog = reports["victim"], reports["hog"].results[0].outcome
                lost = [f"{one.name}: {one.outcome} {one.message}" for one in victim.results if one.earned < one.points]
                moved |= victim.score != alone.score and victim.status != "grader error"
                print(
                    f"{name:24} {victim.score:g}  training {victim.results[0].cpu_seconds:.1f} s"
                    f"  graded again: {again}  hog: {hog}  {'; '.join(lost)}",
                    flush=True,
                )
    return int(moved)


if __name__ == "__main__":
    sys.exit(main())
