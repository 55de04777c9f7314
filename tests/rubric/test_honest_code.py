"""Honest code keeps its points and is not listed, whatever its style: what students of such courses write.

All of it runs where everything is banned that any exercise bans, but for what comes with bans of its own.
"""

from __future__ import annotations

import sys
import types

import pytest
import torch

from autograder.grading.local import LocalConversation
from autograder.rubric import AUTOGRAD, Reference, Rubric, Student
from autograder.rubric.shortcuts import find_shortcuts

EVERYTHING = (
    "torch.softmax", "torch.log_softmax", "torch.nn.functional.one_hot", "torch.nn.functional.cross_entropy",
    "torch.nn.functional.conv2d", "torch.nn.functional.max_pool2d", "torch.nn.functional.unfold",
    "torch.nn.functional.batch_norm", "torch.nn.functional.scaled_dot_product_attention",
    "torch.nn.TransformerEncoderLayer", "torch.optim", "torch.nn.functional.grid_sample",
    "torch.nn.utils.clip_grad_norm_", *AUTOGRAD,
)  # fmt: skip

#: Bodies of `f(x)` for x (3, 4) in float64, `import torch` before them.
BODIES = {
    "softmax by exp and sum": "e = torch.exp(x - x.max(dim=1, keepdim=True).values)\n"
    "return e / e.sum(dim=1, keepdim=True)",
    "softmax by logsumexp": "return torch.exp(x - torch.logsumexp(x, dim=1, keepdim=True))",
    "amax": "e = (x - x.amax(-1, keepdim=True)).exp()\nreturn e.div_(e.sum(-1, keepdim=True))",
    "einsum": "return torch.einsum('nd,md->nm', x, x)",
    "matrix product": "return x @ x.T / x.shape[-1] ** 0.5",
    "bmm": "return torch.bmm(x[None], x.T[None]).squeeze(0)",
    "unfold of a tensor": "return x.unfold(1, 2, 1).sum(-1)",
    "two unfolds": "return x.unfold(0, 2, 1).unfold(1, 3, 1).flatten(2).amax(-1)",
    "as_strided": "return torch.as_strided(x, (2, 2, 2), (4, 1, 1)).sum(0)",
    "padding": "return torch.nn.functional.pad(x, (1, 1, 2, 0), value=-torch.inf)",
    "vmap": "return torch.func.vmap(lambda row: row / row.norm())(x)",
    "old vmap": "return torch.vmap(lambda row: row.cumsum(0))(x)",
    "cumsum": "return torch.cumsum(x, dim=1)",
    "scatter": "return torch.zeros(3, 5).scatter_(1, torch.tensor([[0], [2], [4]]), 1.0)",
    "one-hot by eye": "return torch.eye(4)[torch.tensor([0, 3, 1])]",
    "one-hot by comparing": "return (torch.tensor([0, 3, 1])[:, None] == torch.arange(4)).double()",
    "masks": "mask = torch.tril(torch.ones(4, 4, dtype=torch.bool))\nreturn x @ mask.to(x).masked_fill(~mask, 0.0)",
    "where": "return torch.where(x > 0, x, torch.zeros_like(x))",
    "gather": "return -x.gather(1, torch.tensor([[0], [1], [2]])).mean()",
    "index arrays": "return -x[torch.arange(3), torch.tensor([0, 1, 2])].mean()",
    "mean and variance": "m, v = x.mean(-1, keepdim=True), x.var(-1, unbiased=False, keepdim=True)\n"
    "return (x - m) / torch.sqrt(v + 1e-5)",
    "var_mean": "v, m = torch.var_mean(x, dim=0, correction=0)\nreturn (x - m) * (v + 1e-5).rsqrt()",
    "standard score": "return (x - x.mean()) / (x - x.mean()).std()",
    "no_grad block": "with torch.no_grad():\n    return x.clone().mul_(2)",
    "no_grad decorator": "@torch.no_grad()\ndef g(y):\n    return y * 2\nreturn g(x)",
    "inference mode": "with torch.inference_mode():\n    return (x * 2).clone()",
    "detach": "return x.detach().clone().numpy().sum()",
    "loops": "out = torch.zeros_like(x)\nfor i in range(3):\n    for j in range(4):\n"
    "        out[i, j] += x[i, j] ** 2\nreturn out",
    "lists": "return torch.stack([torch.tensor([float(v) ** 2 for v in row]) for row in x.tolist()])",
    "zip": "return [a * b for a, b in zip(x, reversed(x), strict=True)]",
    "numpy": "import numpy as np\na = x.numpy()\nreturn torch.from_numpy(np.exp(a) / np.exp(a).sum(1, keepdims=True))",
    "numpy windows": "import numpy as np\n"
    "return np.lib.stride_tricks.sliding_window_view(x.numpy(), (2, 2)).max(axis=(2, 3))",
    "math": "import math\nreturn [math.log(math.cosh(v)) for v in x.flatten().tolist()]",
    "itertools": "import itertools\nreturn sum(float(a) * float(b) for a, b in itertools.product(x[0], x[1]))",
    "functools": "import functools\nreturn functools.reduce(torch.matmul, [x, x.T, x])",
    "partial": "from functools import partial\nreturn partial(torch.sum, dim=0)(x)",
    "collections": "from collections import Counter, defaultdict, namedtuple\nP = namedtuple('P', 'a b')\n"
    "return P(len(Counter('aab')), x.sum())",
    "a class for state": "class Running:\n    def __init__(self):\n        self.mean = 0.0\n"
    "    def __call__(self, v):\n"
    "        self.mean = 0.9 * self.mean + 0.1 * v\n        return self.mean\nr = Running()\nreturn [r(v) for v in x]",
    "printing": "print('x', x, x.shape, f'{x.mean():.3f}')\nprint(x.numpy())\nreturn x",
    "logging": "import logging\nlogging.getLogger(__name__).info('shape %s', tuple(x.shape))\n"
    "logging.warning('small')\nreturn x",
    "warnings": "import warnings\nwarnings.warn('rounded', stacklevel=2)\nreturn x",
    "time": "import time\nbegan = time.perf_counter()\ny = x * 2\nprint(time.perf_counter() - began)\nreturn y",
    "tqdm": "from tqdm import tqdm\nreturn sum(row.sum() for row in tqdm(x, desc='rows'))",
    "tqdm auto": "from tqdm.auto import trange\nreturn [x[i].sum() for i in trange(3)]",
    "seeds": "import random\nimport numpy as np\nrandom.seed(0), np.random.seed(0), torch.manual_seed(0)\n"
    "return torch.randn(3)",
    "a generator": "g = torch.Generator().manual_seed(1)\nreturn torch.randperm(5, generator=g)",
    "assert": "assert x.ndim == 2, x.shape\nreturn x",
    "an error of one's own": "try:\n    x.view(5, 5)\nexcept RuntimeError as error:\n    print(error)\nreturn x",
    "traceback": "import traceback\ntry:\n    x.view(5, 5)\nexcept RuntimeError:\n    traceback.print_exc()\nreturn x",
    "random tensors": "return torch.rand_like(x) + torch.zeros(3, 4).uniform_() + torch.empty(3, 4).normal_()",
    "sigmoid": "s = torch.sigmoid(x)\nreturn s * (1 - s)",
    "activations": "import torch.nn.functional as F\nreturn F.relu(x) + F.softplus(x) + F.gelu(x) + torch.tanh(x)",
    "log of a sigmoid": "import torch.nn.functional as F\n"
    "return F.logsigmoid(x).mean() - torch.log1p(torch.exp(-x)).mean()",
    "losses that are not asked": "import torch.nn.functional as F\n"
    "return F.mse_loss(x, x * 2) + F.smooth_l1_loss(x, x + 1)",
    "linear": "return torch.nn.functional.linear(x, x, torch.zeros(3, dtype=x.dtype))",
    "an unused leaf": "y = x.clone().requires_grad_(True)\nreturn (y * y).sum().item()",
    "broadcasting": "return x[:, None, :] - x[None, :, :]",
    "cdist, topk, sort": "return torch.cdist(x, x).topk(2).values, x.sort(dim=1).indices, torch.argmax(x, 1)",
    "linear algebra": "values, vectors = torch.linalg.eigh(x @ x.T)\nreturn torch.linalg.norm(vectors) + values.sum()",
    "outer, kron, roll": "return torch.outer(x[0], x[1]).sum() + torch.kron(x, x).sum() + torch.roll(x, 1, 0).sum()",
    "in place": "y = x.clone()\ny[0] = 1\ny += 1\ny[:, 1:].mul_(2)\nreturn y",
    "stacking": "return torch.cat([x, x], 0), torch.stack([x, x]), torch.block_diag(x, x), "
    "torch.cartesian_prod(x[0], x[1])",
    "conversion": "return x.float().int().long().bool().double().contiguous().to(torch.float32)",
    "an enum": "from enum import Enum\nclass Kind(Enum):\n    A = 'a'\nreturn Kind('a').value",
    "embeddings": "return torch.nn.functional.embedding(torch.tensor([0, 2]), x)",
    "a step by hand": "v = torch.zeros_like(x)\nfor g in x:\n    v = 0.9 * v - 0.1 * g\nreturn x + v",
    "unused layers": "layer = torch.nn.LayerNorm(4)\nloss = torch.nn.KLDivLoss()\n"
    "optimiser = torch.optim.SGD([x], lr=1)\nreturn x",
    "recursion": "def g(n):\n    return 1 if n < 2 else n * g(n - 1)\nreturn g(5)",
    "dictionary of functions": "table = {'relu': torch.relu, 'tanh': torch.tanh}\nreturn table['tanh'](x)",
}  # fmt: skip

#: What stands in a file beside the functions, as notebooks have it.
AROUND = {
    "imports": "import os, sys, gc, copy, glob, json, math, random, re\nimport numpy as np\nimport pandas as pd\n"
    "from pathlib import Path\nfrom typing import Any, Callable\nfrom torch import Tensor, nn\n"
    "import torch.nn.functional as F\n",
    "plots": "import matplotlib.pyplot as plt\nplt.rcParams['figure.figsize'] = (6, 4)\n",
    "data loaders": "from torch.utils.data import DataLoader, Dataset, TensorDataset\n"
    "loader = DataLoader(TensorDataset(torch.zeros(4, 2)), batch_size=2, shuffle=True)\n",
    "metrics": "from sklearn.metrics import accuracy_score\nfrom sklearn.decomposition import PCA\n"
    "def report(y, z):\n    return accuracy_score(y, z)\n",
    "sqrtm elsewhere": "import scipy.linalg\ndef root(a):\n    return scipy.linalg.sqrtm(a)\n",
    "settings": "torch.backends.cudnn.deterministic = True\ntorch.backends.cudnn.benchmark = False\n"
    "torch.set_printoptions(precision=3)\ntorch.manual_seed(0)\n",
    "a device": "device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')\n",
    "dataclass": "from dataclasses import dataclass, field\n@dataclass(frozen=True)\nclass Config:\n"
    "    lr: float = 1e-3\n"
    "    sizes: list = field(default_factory=list)\n    def __post_init__(self):\n"
    "        object.__setattr__(self, 'lr', 1.0)\n",
    "a network that trains": "from torch import nn\nclass Net(nn.Module):\n    def __init__(self):\n"
    "        super().__init__()\n        self.conv = nn.Conv2d(1, 2, 3)\n        self.norm = nn.BatchNorm2d(2)\n"
    "    def forward(self, x):\n        return self.norm(self.conv(x)).softmax(1)\n"
    "def train(model, loader):\n    optimiser = torch.optim.AdamW(model.parameters(), foreach=True)\n"
    "    loss = nn.CrossEntropyLoss()\n    for x, y in loader:\n        optimiser.zero_grad()\n"
    "        loss(model(x), y).backward()\n        nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n"
    "        optimiser.step()\n",
    "a trainer by configuration": "config = {'optimizer': 'Adam', 'lr': 0.1}\ndef trainer(model):\n"
    "    return getattr(torch.optim, config['optimizer'])(model.parameters(), lr=config['lr'])\n",
    "tests of one's own": "def test(x):\n    y = x.clone().requires_grad_()\n    torch.softmax(y, 1).sum().backward()\n"
    "    assert torch.autograd.gradcheck\n",
    "the main guard": "if __name__ == '__main__':\n"
    "    print(torch.__version__, sys.argv if 'sys' in globals() else '')\n",
    "the course's own tool": "import autograder\nif __name__ == '__main__':\n    autograder.check('1')\n",
    "a dictionary of settings": "class Bag:\n    def __init__(self, **kw):\n        self.__dict__.update(kw)\n",
    "memory": "import gc\ngc.collect()\n",
    "private helpers": "from torch.nn.modules.utils import _pair\nfrom torch.optim.lr_scheduler import _LRScheduler\n",
    "version": "import torch, numpy\nprint(torch.__version__, numpy.__version__)\n",
    "types": "import types\nspace = types.SimpleNamespace(a=1)\nspace.a = 2\n",
    "a loss of the same name": "from torch import nn\nloss = nn.CrossEntropyLoss()\n",
}  # fmt: skip


def source(body: str, around: str = "") -> str:
    lines = "\n".join(f"    {line}" for line in body.split("\n"))
    return f"import torch\n{around}def f(x):\n{lines}\n"


def flags(text: str, bans: tuple[str, ...] = EVERYTHING) -> list[str]:
    rubric = Rubric()
    rubric.exercise("1", "By hand", owns=("f",), points=0, bans=bans)
    return [str(one) for one in find_shortcuts({"a.py": text}, rubric)]


def asked(text: str, bans: tuple[str, ...] = EVERYTHING) -> object:
    module = types.ModuleType("submission")
    sys.modules["submission"] = module
    exec(compile(text, "a.py", "exec"), module.__dict__)
    student = Student(LocalConversation(module.__dict__), Reference({}))
    student.ban(bans)
    return student.f(torch.linspace(-1, 1, 12, dtype=torch.float64).reshape(3, 4))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", BODIES)
def test_a_function_is_neither_stopped_nor_listed(name):
    asked(source(BODIES[name]))
    listed = flags(source(BODIES[name]))
    assert listed == [] or name == "unused layers"  # those a person may look at: they name what is banned


@pytest.mark.parametrize("name", AROUND)
def test_what_stands_around_it_is_not_listed(name):
    loss = "loss = (x * x).sum()\nreturn loss"
    assert flags(source(loss, AROUND[name])) == []


ALLOWED = {
    "jacobians where attention is banned": (
        ("torch.nn.functional.scaled_dot_product_attention", "torch.nn.functional.conv1d"),
        "from torch.func import hessian, jacfwd, jacrev, jvp, vmap\n"
        "g = lambda y: torch.softmax(y @ x.T, -1) @ x\n"
        "hessian(lambda y: g(y).sum())(x[0]), jvp(g, (x[0],), (x[0],)), torch.autograd.functional.jacobian(g, x[0])\n"
        "return jacfwd(g)(x[0]) - jacrev(g)(x[0])",
    ),
    "an optimiser where attention is banned": (
        ("torch.nn.functional.scaled_dot_product_attention",),
        "p = torch.nn.Parameter(x)\nfor kind in (torch.optim.AdamW, torch.optim.SGD, torch.optim.Adam):\n"
        "    o = kind([p], lr=0.1, foreach=True)\n    (p * p).sum().backward()\n    o.step()\nreturn p.detach()",
    ),
    "gradients where softmax is banned": (
        ("torch.softmax",),
        "y = x.clone().requires_grad_(True)\n(y.exp() / y.exp().sum()).sum().backward()\nreturn y.grad",
    ),
    "softmax where the cross-entropy is banned": (
        ("torch.nn.functional.cross_entropy", *AUTOGRAD),
        "return torch.softmax(x, -1) - torch.log_softmax(x, -1)",
    ),
    "a network where clipping is banned": (
        ("torch.nn.utils.clip_grad_norm_",),
        "net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3), torch.nn.Dropout(0.5)).double()\n"
        "net(x).sum().backward()\ntorch.nn.utils.clip_grad_value_(net.parameters(), 1.0)\nreturn net(x)",
    ),
    "checkpoints where attention is banned": (
        ("torch.nn.functional.scaled_dot_product_attention",),
        "from torch.utils.checkpoint import checkpoint\ny = x.clone().requires_grad_(True)\n"
        "checkpoint(torch.tanh, y, use_reentrant=False).sum().backward()\nreturn y.grad",
    ),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_what_an_exercise_does_not_ask_for_is_not_stopped(name):
    bans, body = ALLOWED[name]
    asked(source(body), bans)
    assert flags(source(body), bans) == []


def test_there_are_many():
    assert len(BODIES) + len(AROUND) + len(ALLOWED) >= 90
