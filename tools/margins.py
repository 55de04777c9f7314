"""Write docs/margins.md: how often right work fails a check by chance, and how near it comes.

    python tools/margins.py [DRAWS] [NAME ...]

Runs the reference on so many draws of every check without training, and as many draws spread over the other right
solutions. Every inequality that a check expects (`expect(share >= 0.99, ...)`) is watched on the way: its margin is how
far the value is on the right side of the bound, in standard deviations over the draws.
"""

from __future__ import annotations

import ast
import math
import shutil
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import torch

from autograder.grading.engine import Engine
from autograder.grading.hosts import LocalHost
from autograder.model import Outcome
from autograder.rubric.assignment import load

ROOT = Path(__file__).parents[1]
NAMES = ("regression", "classification", "cnn", "self_attention", "transformer", "gan")
JOBS = 2
CHUNK = 25
"""Draws of one process's task."""
Margins = dict[str, list[float]]
RECORDER = """
seen = []

def margin(place, left, right, sign):
    try:
        value = sign * (float(left) - float(right))
    except (TypeError, ValueError, RuntimeError):
        return
    seen.append((place, value))
"""


class _Watched(ast.NodeTransformer):
    """Reports both sides of every inequality inside of `expect(...)`."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._inside = 0
        self._function = ""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self._function = node.name
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        expects = isinstance(node.func, ast.Name) and node.func.id == "expect"
        self._inside += expects
        self.generic_visit(node)
        self._inside -= expects
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        signs = {ast.GtE: 1, ast.Gt: 1, ast.LtE: -1, ast.Lt: -1}
        if not self._inside or len(node.ops) > 1 or type(node.ops[0]) not in signs:
            return node
        whole, left, right = map(ast.unparse, (node, node.left, node.comparators[0]))
        place = f"{self._module}.{self._function}: {whole}"
        recorded = f"_margin({place!r}, {left}, {right}, {signs[type(node.ops[0])]})"
        return ast.parse(f"({recorded}, {whole})[1]", mode="eval").body


def watched(name: str, folder: Path) -> Path:
    """Copy an assignment's reference, its inequalities watched, and return the copy."""
    place = folder / "reference" / name
    shutil.copytree(ROOT / "reference" / name, place)
    (place / "exercises/margin.py").write_text(RECORDER, encoding="utf-8")
    for path in (place / "exercises").glob("*.py"):
        if path.name not in ("__init__.py", "margin.py"):
            tree = _Watched(path.stem).visit(ast.parse(path.read_text(encoding="utf-8")))
            text = ast.unparse(ast.fix_missing_locations(tree))
            first = "from __future__ import annotations\n"
            path.write_text(text.replace(first, f"{first}from .margin import margin as _margin\n", 1), encoding="utf-8")
    return place


def run(place: Path, solution: str, first: int) -> tuple[list[str], Margins]:
    """Grade a right solution on some draws; return what failed, and the margins."""
    torch.set_num_threads(1)
    assignment = load(place)
    seen = sys.modules[f"{assignment.package.__name__}.exercises.margin"].seen
    seen.clear()
    changes = {one.name: one.changes for one in assignment.equivalents}.get(solution, {})
    host = LocalHost(lambda: assignment.solution(changes))
    checks = [check for check in assignment.rubric.checks if not check.trains]
    failed: list[str] = []
    for draw in range(first, first + CHUNK):
        results = Engine(assignment, b"margins").run(host, f"{solution} {draw}", checks=checks, hints=False)
        failed += [f"{one.name} ({solution}): {one.message}" for one in results if one.outcome is not Outcome.PASSED]
    found: Margins = defaultdict(list)
    for where, value in seen:
        found[where].append(value)
    return failed, dict(found)


def tasks(place: Path, draws: int) -> Iterator[tuple[str, int]]:
    """As many draws of the reference as of all other right solutions together."""
    others = [one.name for one in load(place).equivalents]
    chunks = math.ceil(draws / CHUNK)
    for chunk in range(chunks):
        yield "the reference", chunk * CHUNK
    for chunk in range(chunks):
        yield others[chunk % len(others)], chunk // len(others) * CHUNK


def page(name: str, draws: int) -> Iterator[str]:
    """The lines about one assignment."""
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(JOBS) as pool:
        place = watched(name, Path(folder))
        work = [pool.submit(run, place, *task) for task in tasks(place, draws)]
        margins: Margins = defaultdict(list)
        failed: list[str] = []
        for one in work:
            wrong, found = one.result()
            failed += wrong
            for where, values in found.items():
                margins[where] += values
    total = len(work) * CHUNK
    yield f"\n## {name}\n"
    yield f"{total} draws of every check: {len(failed)} failed. " + (
        f"With 95 % confidence, right work fails one of the checks in fewer than 1 of {total // 3} submissions."
        if not failed
        else ""
    )
    yield from (f"- {line}" for line in failed[:20])
    yield "\n| inequality | values | nearest to failing | mean margin | sd | in sd |\n|---|---:|---:|---:|---:|---:|"
    for where, values in sorted(margins.items()):
        sd = statistics.stdev(values) if len(values) > 1 else 0.0
        mean = statistics.fmean(values)
        ratio = "always the same" if sd == 0 else f"{mean / sd:.1f}"
        where = where.replace("|", "\\|")
        yield f"| `{where}` | {len(values)} | {min(values):.3g} | {mean:.3g} | {sd:.2g} | {ratio} |"


def main() -> None:
    """Write the page."""
    draws = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    names = sys.argv[2:] or NAMES
    text = " ".join((__doc__ or "").split("\n\n")[2].split())
    lines = [
        "# Margins\n",
        f"Made by `python tools/margins.py {draws}` (torch {torch.__version__.partition('+')[0]}). {text}",
    ]
    for name in names:
        lines += page(name, draws)
        print(f"{name} done", flush=True)
    (ROOT / "docs/margins.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
