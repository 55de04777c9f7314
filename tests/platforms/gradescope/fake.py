"""A fake /autograder in a temporary folder: the harness as Gradescope runs it, without a container."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import autograder
from autograder.config import load
from autograder.platforms.gradescope import contract
from autograder.platforms.gradescope.build import BuildFiles, bundle, write_files
from tests import tiny
from tests.platforms.gradescope.sample import metadata_json

RIGHT = "def square(x):\n    return x * x\ndef total(x):\n    return square(x).sum()\ndef slope(x):\n    return 2 * x\n"


class Fake:
    """`root` is /autograder. `run` hands in a module and gives back results.json, checked."""

    def __init__(self, folder: Path, gradescope: str = "", checks: str = tiny.CHECKS, timeout: float = 1200) -> None:
        course = folder / "course"
        tiny.write(course, checks)
        config = tiny.config(course)
        config.write_text(config.read_text() + gradescope)
        self.root = folder / "autograder"
        self.more: dict[str, Any] = {}
        """Other fields of the metadata."""
        self.built: BuildFiles = bundle(load(config), "tiny")
        write_files(self.built, self.root / "source")
        settings = json.loads(self.built.files["container.json"])
        settings |= {
            "python": sys.executable,
            "engine": str(Path(autograder.__file__).parents[1]),
            "timeout_seconds": timeout,
        }
        (self.root / "source/container.json").write_text(json.dumps(settings))

    def run(self, source: str = RIGHT, *previous: dict[str, Any], created: str = "2027-03-01T12:00:00+01:00"):
        data, self.said = self.run_raw(source, *previous, created=created)
        results = contract.check(data)
        assert not (self.root / "grading").exists()
        assert os.listdir(self.root / "results") == ["results.json"]
        return results

    def run_raw(self, source: str, *previous: dict[str, Any], created: str) -> tuple[bytes, str]:
        (self.root / "submission").mkdir(exist_ok=True)
        (self.root / "submission/tiny.py").write_text(source)
        (self.root / "submission_metadata.json").write_bytes(metadata_json(created, *previous, **self.more))
        done = subprocess.run(
            [sys.executable, str(self.root / "source/run_autograder"), str(self.root)],
            capture_output=True, text=True, timeout=1200, stdin=subprocess.DEVNULL, check=True,
        )  # fmt: skip
        return (self.root / "results/results.json").read_bytes(), done.stdout + done.stderr
