"""A second device beside the CPU: unit checks are decided on the CPU, training counts there if it comes to an end."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from msgspec.structs import replace

from autograder.errors import SandboxUnavailableError
from autograder.grading.engine import Engine
from autograder.grading.grade import grade, info_of
from autograder.grading.hosts import LocalHost
from autograder.grading.second import device_name, second_sandbox
from autograder.grading.validate import Validator
from autograder.model import CheckResult, Outcome, Report, Submission
from autograder.protocol.limits import Limits
from autograder.rubric.assignment import Assignment, load
from autograder.sandbox.host.sandbox import Sandbox
from autograder.sandbox.host.session import Session
from tests import second_device, tiny
from tests.second_device import LAZY
from tests.slots import PATIENCE, directly, settings

TRAINING = '''
from autograder.rubric import Score, expect

three = rubric.exercise("3", "Training", owns=("train",), points=5)

@three.check("train", 5, trains=True, seconds=20)
def trained(student, reference, draw):
    """Gets the error below 0.1."""
    error = student.train(draw.normal(8), 3)
    expect(error < 100, "The error is above 100.")
    return Score(1.0 if error < 0.1 else 0.2)
'''


@pytest.fixture(autouse=True)
def _lazy() -> None:
    second_device.register()


def graded(assignment: Assignment, **changes: object) -> dict[str, CheckResult]:
    here, there = (LocalHost(lambda: assignment.solution(changes), device) for device in ("cpu", LAZY))
    return {result.name: result for result in Engine(assignment, b"s").run(here, "d", second=there)}


def test_code_that_runs_on_both_gets_no_remark(tiny_assignment: Assignment) -> None:
    results = graded(tiny_assignment)
    assert all(result.outcome is Outcome.PASSED and result.message == "" for result in results.values())


def test_what_does_not_run_there_costs_nothing_and_is_said(tiny_assignment: Assignment) -> None:
    results = graded(tiny_assignment, square=lambda x: torch.from_numpy(x.detach().numpy()) ** 2)
    random = results["1 random"]
    assert (random.outcome, random.earned) == (Outcome.PASSED, 3)
    assert random.message.startswith(
        "Right on the CPU, which decides. On lazy: `square` raised TypeError: can't convert"
    )


def test_what_is_wrong_on_the_cpu_is_not_tried_elsewhere(tiny_assignment: Assignment) -> None:
    seen: list[str] = []

    def doubles(x: torch.Tensor) -> torch.Tensor:
        seen.append(x.device.type)
        return 2 * x

    assert graded(tiny_assignment, square=doubles)["1 random"].outcome is Outcome.FAILED
    assert seen == ["cpu"] * len(seen)


def test_right_on_the_device_alone_is_wrong(tiny_assignment: Assignment) -> None:
    """A score is the same on a machine without that device."""

    def there_only(x: torch.Tensor) -> torch.Tensor:
        return x * x if x.device.type == LAZY else 2 * x

    assert graded(tiny_assignment, square=there_only)["1 random"].earned == 0


def test_wrong_on_the_device_alone_is_right(tiny_assignment: Assignment) -> None:
    def here_only(x: torch.Tensor) -> torch.Tensor:
        return x * x if x.device.type == "cpu" else 2 * x

    random = graded(tiny_assignment, square=here_only)["1 random"]
    assert random.earned == 3
    assert random.message.startswith("Right on the CPU, which decides. On lazy: `square`: 2 of 2 values differ")


def test_a_module_that_uses_the_gpu_while_it_is_loaded_is_told_so(
    tiny_assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "_is_in_bad_fork", lambda: True)

    def square(x: torch.Tensor) -> torch.Tensor:
        if x.device.type != "cpu":
            torch.cuda.init()
        return x * x

    random = graded(tiny_assignment, square=square)["1 random"]
    assert (random.earned, random.message) == (
        3,
        "Right on the CPU, which decides. On lazy: your module uses the GPU while it is loaded, and then no function "
        "can. Move that code into a function.",
    )


@pytest.fixture
def training(tmp_path: Path) -> Assignment:
    """The tiny assignment with an exercise that trains."""
    return load(tiny.write_training(tmp_path, TRAINING, 5, "x, seed", "return 0.05"))


def test_training_counts_where_it_ends(training: Assignment) -> None:
    seen: list[str] = []

    def train(x: torch.Tensor, seed: int) -> float:
        seen.append(x.device.type)
        return 0.05 if x.device.type == LAZY else 5.0

    result = graded(training, train=train)["3 trained"]
    assert (seen, result.earned, result.message) == ([LAZY], 5, "")


@pytest.mark.parametrize("error", [5.0, 500.0])
def test_training_that_ends_badly_there_is_not_tried_again(training: Assignment, error: float) -> None:
    def train(x: torch.Tensor, seed: int) -> float:
        return error if x.device.type == LAZY else 0.05

    result = graded(training, train=train)["3 trained"]
    assert result.earned == (1 if error == 5 else 0)
    assert "On lazy" not in result.message


def test_training_that_breaks_there_counts_on_the_cpu(training: Assignment) -> None:
    def train(x: torch.Tensor, seed: int) -> float:
        return 0.05 + 0 * float(x.numpy()[0])

    result = graded(training, train=train)["3 trained"]
    assert result.earned == 5
    assert result.message.startswith("Trained on the CPU. On lazy: `train` raised TypeError")


def test_training_that_breaks_everywhere_earns_nothing(training: Assignment) -> None:
    def train(x: torch.Tensor, seed: int) -> float:
        raise ValueError("no idea")

    result = graded(training, train=train)["3 trained"]
    assert (result.outcome, result.earned) == (Outcome.FAILED, 0)
    assert result.message.startswith("`train` raised ValueError: no idea")


# --- in sandboxes ------------------------------------------------------------------------------------------------

SOLVED = """
import torch

def square(x):
    return x * x

def total(x):
    return square(x).sum()

def slope(x):
    return torch.from_numpy(2 * x.detach().numpy())
"""


TOGETHER = pytest.mark.xdist_group("sandboxes on two devices")


@pytest.fixture(scope="module")
def both():
    with Sandbox(preload=("torch",)) as sandbox, Sandbox(device=LAZY, preload=("torch",)) as other:
        yield sandbox, other


def graded_on_both(both, assignment: Assignment, source: str, limits: Limits = Limits()) -> Report:
    sandbox, other = (directly(one, patience=PATIENCE) for one in both)
    submission = Submission.of("ada", "a.py", {"a.py": source})
    return grade(submission, assignment, settings(assignment.folder, limits), sandbox, second=other)


@TOGETHER
def test_a_submission_is_graded_on_both(both, tiny_assignment: Assignment) -> None:
    report = graded_on_both(both, tiny_assignment, second_device.SOURCE + SOLVED)
    assert report.score == 10
    assert [result.name for result in report.results if result.message] == ["2 gradient"]
    assert "On lazy: `slope` raised TypeError" in report.results[-1].message
    assert report.boundary[: len(both[0].boundary)] == both[0].boundary
    assert report.boundary[-1].startswith("on lazy: ")


@TOGETHER
def test_what_does_not_load_there_is_checked_on_the_cpu(both, tiny_assignment: Assignment) -> None:
    source = f"import os\nif os.path.isdir('/sys/kernel'):\n    os._exit(1)\n{SOLVED}"
    report = graded_on_both(both, tiny_assignment, source)
    assert report.score == 10
    assert report.notes == (
        "Everything was checked on the CPU. On lazy, the process ended while your file was loaded.",
    )


@TOGETHER
def test_a_device_that_is_gone_costs_nobody_the_report(
    both, tiny_assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise SandboxUnavailableError("the driver is gone")

    monkeypatch.setattr(both[1], "connect", gone)
    report = graded_on_both(both, tiny_assignment, SOLVED)
    assert (report.score, report.notes) == (10, ("Everything was checked on the CPU: lazy could not be had.",))


@TOGETHER
def test_loading_counts_as_time_of_the_submission(both, tiny_assignment: Assignment) -> None:
    source = f"import time\nwhile time.process_time() < 2.5: pass\n{SOLVED}"
    report = graded_on_both(both, tiny_assignment, source, Limits(submission_seconds=2))
    assert report.results[0].outcome is Outcome.TIMED_OUT
    assert report.results[0].message == "the whole submission used up its 2 s of computing"


def test_a_device_changes_what_stands(tiny_assignment: Assignment) -> None:
    plain = settings(tiny_assignment.folder)
    info = info_of(tiny_assignment)
    assert plain.decided(info).digest != replace(plain, device=LAZY).decided(info).digest


@TOGETHER
def test_time_on_the_second_device_is_not_the_first_ones(both, tiny_assignment: Assignment) -> None:
    source = f"{second_device.SOURCE}\nimport os\nTHERE = os.path.isdir('/sys/kernel')\n{SOLVED}"
    source = source.replace("    return x * x", "    while THERE: pass\n    return x * x")
    report = graded_on_both(both, tiny_assignment, source, Limits(check_seconds=1, submission_seconds=4))
    assert report.score == 10
    assert sum("On lazy: stopped after 1 s of computing" in result.message for result in report.results) >= 2


@TOGETHER
def test_a_session_that_cannot_be_closed_costs_nobody_the_report(
    both, tiny_assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    close = Session.close

    def stuck(session: Session) -> None:
        close(session)
        if session.device == LAZY:
            raise RuntimeError("processes live on")

    monkeypatch.setattr(Session, "close", stuck)
    assert graded_on_both(both, tiny_assignment, second_device.SOURCE + SOLVED).score == 10


def test_a_device_that_does_not_work_is_said_before_anything_is_graded() -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device here")
    said = r"cuda does not work in the sandbox: .+\. Without --device"
    with pytest.raises(SandboxUnavailableError, match=said), second_sandbox("cuda"):
        raise AssertionError


def test_the_cpu_needs_no_second_sandbox() -> None:
    with second_sandbox("cpu") as other:
        assert other is None


# --- the course's rubrics ----------------------------------------------------------------------------------------

COURSE = sorted(path.parent for path in (Path(__file__).parents[2] / "reference").glob("*/checks.py"))
MISCOUNTS = {"5.8 three_and_four"}
"""Checks that the lazy device gets wrong: it takes one number for another in two products of the same form."""


@pytest.mark.parametrize("folder", COURSE, ids=[folder.name for folder in COURSE])
def test_the_reference_is_right_on_a_second_device(folder: Path) -> None:
    found = [one for one in Validator(load(folder)).elsewhere("reference", 0, LAZY) if one.check not in MISCOUNTS]
    assert found == []


def test_variants_are_decided_alike_on_both(tiny_assignment: Assignment) -> None:
    names = [mutant.name for mutant in tiny_assignment.mutants]
    assert [one for name in names for one in Validator(tiny_assignment).elsewhere(name, 0, LAZY)] == []


def test_a_variant_that_is_decided_otherwise_is_found(tiny_folder: Path) -> None:
    source = (tiny_folder / "mutants.py").read_text(encoding="utf-8")
    source = source.replace("return 2 * x", "return x * x if x.device.type == 'lazy' else 2 * x", 1)
    (tiny_folder / "mutants.py").write_text(source, encoding="utf-8")
    found = Validator(load(tiny_folder)).elsewhere("doubles", 0, LAZY)
    assert [(one.check, one.here, one.there, one.answered) for one in found][:2] == [
        ("1 small", Outcome.FAILED, Outcome.PASSED, True),
        ("1 random", Outcome.FAILED, Outcome.PASSED, True),
    ]


# --- a GPU -------------------------------------------------------------------------------------------------------


@pytest.mark.gpu
def test_cuda_computes_in_its_sandbox() -> None:
    with Sandbox(device="cuda") as sandbox:
        assert device_name(sandbox) == torch.cuda.get_device_name()


@pytest.mark.gpu
@pytest.mark.parametrize("folder", COURSE, ids=[folder.name for folder in COURSE])
def test_every_variant_is_decided_alike_on_cuda(folder: Path) -> None:
    assignment = load(folder)
    validator = Validator(assignment)
    variants = ["reference", *(one.name for one in (*assignment.equivalents, *assignment.mutants))]
    found = [one for name in variants for one in validator.elsewhere(name, 0, "cuda")]
    assert [one for one in found if one.answered] == []


@pytest.mark.gpu
@pytest.mark.parametrize("folder", COURSE, ids=[folder.name for folder in COURSE])
def test_the_reference_gets_the_same_unit_score_beside_cuda(folder: Path) -> None:
    assignment = load(folder)
    submission = Submission.of("ada", "a.py", {"a.py": assignment.solution_source})
    wanted = settings(folder, Limits(submission_seconds=600))
    with Sandbox() as sandbox, second_sandbox("cuda") as other:
        alone = grade(submission, assignment, wanted, directly(sandbox))
        assert other is not None
        both = grade(submission, assignment, wanted, directly(sandbox), second=directly(other))
    trains = {check.name for check in assignment.rubric.checks if check.trains}
    assert [(r.name, r.earned) for r in both.results if r.name not in trains] == [
        (r.name, r.earned) for r in alone.results if r.name not in trains
    ]
    assert not [r.message for r in both.results if "On cuda" in r.message]
