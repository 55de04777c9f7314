"""What is there at home and not when grading gets a stand-in that does nothing: it costs nobody a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from autograder.model import Submission

Module = Callable[..., Submission]
Load = Callable[[Submission], dict[str, Any]]


@pytest.mark.parametrize(
    "source",
    [
        "from torch.utils.tensorboard import SummaryWriter\ndef f():\n    w = SummaryWriter()\n"
        "    w.add_scalar('x', 1)\n    with w: return 1",
        "from torch.utils import tensorboard as tb\ndef f():\n    tb.SummaryWriter('x').close()\n    return 1",
        "import wandb\nrun = wandb.init(project='hw')\ndef f():\n    run.log({'x': 1})\n    return 1",
        "import os, wandb as w\ndef f():\n    for _ in w.runs: pass\n    w.config.lr = 3\n    return len(os.sep)",
        "def f():\n    import mlflow\n    with mlflow.start_run(): return 1",
        "from google.colab import drive\ndrive.mount('/content')\ndef f():\n    drive.flush()\n    return 1",
        "import ipywidgets as widgets\n@widgets.interact\ndef f(): return 1",
        "from IPython.display import clear_output\ndef f():\n    clear_output(wait=True)\n    return 1",
        "def f():\n    display('x')\n    get_ipython().system('ls')\n    return 1",
        "from ipywidgets import Widget\nclass Mine(Widget): pass\ndef f(): return 1 if Mine() else 0",
        "import torch\ntorch.set_default_device('cuda')\nx = torch.ones(1)\ndef f(): return int(x)",
        "import torch\nGPU = torch.device('mps')\ntorch.set_default_device(GPU)\ndef f(): return int(torch.ones(1))",
        "import torch\ntorch.set_default_tensor_type('torch.cuda.FloatTensor')\ndef f(): return int(torch.ones(1))",
        "import torch\nfrom torch import set_default_device\nset_default_device('cuda:0')\n"
        "def f(): return int(torch.ones(1))",
    ],
)  # fmt: skip
def test_a_function_works_without_it(module: Module, load: Load, source: str) -> None:
    assert load(module(source, expected=frozenset({"f"})))["f"]() == 1


@pytest.mark.parametrize("package", ["wandb", "torch.utils.tensorboard", "mlflow"])
@pytest.mark.parametrize("source", ["import {}\ndef f(): return 1\n", "def f():\n    import {}\n    return 1\n"])
def test_what_is_logged_is_said_to_be_lost(module: Module, package: str, source: str) -> None:
    (note,) = module(source.format(package)).notes
    assert f"`{package}` does nothing here" in note


def test_a_display_is_said_to_show_nothing(module: Module) -> None:
    assert module("def f(): display(1)\n").notes == ("`display` shows nothing here, and costs nothing.",)
    assert module("def display(x): pass\ndef f(): display(1)\n").notes == ()


@pytest.mark.parametrize("device", ['"cuda"', '"cuda:0"', '"mps"', 'torch.device("cuda")'])
def test_a_default_device_is_said_to_be_the_graders(module: Module, device: str) -> None:
    assert module(f"import torch\ntorch.set_default_device({device})\ndef f(): return 1\n").notes == (
        "line 2: a default device that is not there when your work is graded is not set: it is graded on the CPU.",
    )
    assert module("import torch\ntorch.set_default_device('cpu')\ndef f(): return 1\n").notes == ()


def test_the_students_own_way_around_it_is_theirs(module: Module, load: Load) -> None:
    source = "try:\n    import wandb\nexcept ImportError:\n    wandb = None\ndef f(): return wandb\n"
    assert load(module(source))["f"]() is None
