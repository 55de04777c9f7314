"""Write docs/course.md: what grades each assignment, and how the grader did against its own mutants.

    python tools/course_page.py [SEEDS]

Runs `autograder validate` for every assignment (without training checks), with so many seeds for the right solutions.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from autograder.config import load as load_config
from autograder.rubric.assignment import Assignment, load
from autograder.rubric.calibration import Calibration

ROOT = Path(__file__).parents[1]
HEAD = """# The course, and how well it is graded

Made by `python tools/course_page.py` (torch {torch}, {seeds} seeds for the right solutions, two cores). A *mutant* is
a solution with one known mistake. It is *killed* when it loses points, *blamed rightly* when it loses them in the
exercise that owns the mistake and in no other, *hinted rightly* when the student is told that very mistake. Mutants of
training exercises are left out here (`autograder validate NAME --training` tries them).

A hint is given where exactly one known mistake explains all that a function did, in every check. So for a known mistake
it can be missing, but hardly wrong; how hints do on mistakes that were never written down is seen in the sample classes
(`examples/`). *Left out*: a function is not written; others must not lose points. A *broken contract* is a right
function that changes its argument, or whose result has another dtype or kind: it must cost that function one check.
"""
CONFUSED = """
**Diagnosis.** {right} of {given} hints are right. {rest}
"""


def validated(name: str, seeds: int) -> tuple[dict[str, Any], float]:
    """What `validate` found, and the seconds it took."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "autograder", "validate", name, "--json", "--seeds", str(seeds)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return json.loads(done.stdout), time.perf_counter() - began


def table(assignment: Assignment, found: dict[str, Any]) -> Iterator[str]:
    """A row for each exercise, and one for all."""
    yield (
        "| exercise | points | checks | mutants | killed | blamed rightly | hinted rightly | left out, alone loses "
        "| broken contracts, charged once |"
    )
    yield "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    for exercise in assignment.rubric.exercises:
        own = [mutant for mutant in found["mutants"] if mutant["exercise"] == exercise.number]
        title = f"{exercise.number} {exercise.title}" + (" (bonus)" if exercise.bonus else "")
        rest = functions(found, exercise.owns) if not exercise.trains else "trains | trains"
        yield f"| {title} | {exercise.points:g} | {len(exercise.checks)} | {counts(own)} | {rest} |"
    points, checks = assignment.rubric.points, len(assignment.rubric.checks)
    rest = functions(found, tuple(assignment.rubric.functions))
    yield f"| **all** | **{points:g}** | {checks} | {counts(found['mutants'])} | {rest} |"


def functions(found: dict[str, Any], names: tuple[str, ...]) -> str:
    """Of these functions, how many cost only themselves when they are left out, and of the ways to break their
    contracts, how many are charged once."""
    alone = [one["lost"] == [one["function"]] for one in found["left_out"] if one["function"] in names]
    charged = [
        one["lost"] == [one["function"]] and one["checks"] == 1 for one in found["breaches"] if one["function"] in names
    ]
    return f"{sum(alone)} of {len(alone)} | {sum(charged)} of {len(charged)}"


def counts(mutants: list[dict[str, Any]]) -> str:
    """All, killed, blamed rightly, hinted rightly."""
    killed = sum(mutant["killed"] for mutant in mutants)
    blamed = sum(mutant["lost"] == [mutant["of"]] for mutant in mutants)
    hinted = sum(mutant["hinted"] == mutant["name"] for mutant in mutants)
    return f"{len(mutants)} | {killed} | {blamed} | {hinted}"


def diagnosis(found: dict[str, Any]) -> str:
    """Which mutants a hint confuses, and which get none because they cannot be told apart."""
    given = [mutant for mutant in found["mutants"] if mutant["hinted"]]
    wrong = [mutant for mutant in given if mutant["hinted"] != mutant["name"]]
    rest = [f"`{mutant['name']}` is taken for `{mutant['hinted']}`." for mutant in wrong]
    for mutant in found["mutants"]:
        if not mutant["hinted"]:
            like = ", ".join(f"`{name}`" for name in mutant["alike"])
            rest.append(
                f"`{mutant['name']}` ({mutant['exercise']}) gets none" + (f": it answers like {like}." if like else ".")
            )
    return CONFUSED.format(right=len(given) - len(wrong), given=len(given), rest=" ".join(rest)).rstrip()


def ladders(folder: Path) -> Iterator[str]:
    """What the rungs reached, and the picture."""
    path = folder / "calibration.json"
    if not path.is_file():
        return
    calibration = Calibration.read(path)
    yield "\n| ladder | rung | mean | sd | 99 % of seeds reach | seconds |"
    yield "|---|---|---:|---:|---:|---:|"
    for one in calibration.levels:
        figures = f"{one.mean:.3g} | {one.sd:.2g} | {one.tolerance_bound:.3g} | {one.seconds:.0f}"
        yield f"| {one.exercise} {one.metric} | {one.rung} | {figures} |"
    yield f"\n![The ladder of {folder.name}](../{folder.relative_to(ROOT).as_posix()}/calibration.svg)"


def main(seeds: int) -> None:
    """Validate and write."""
    config = load_config(ROOT / "grader_config.yml")
    parts = [HEAD.format(torch=torch.__version__, seeds=seeds)]
    for name, settings in config.assignments.items():
        assignment = load(ROOT / "reference" / name)
        found, seconds = validated(name, seeds)
        failed = {one["solution"] for one in found["failures"]}
        right = len(found["right"])
        parts += [
            f"\n## {settings.title}\n",
            *table(assignment, found),
            f"\n{right - len(failed)} of {right} right solutions (the reference and {right - 1} written otherwise) at "
            f"100 %; the untouched starter: {found['starter_points']:g} points. {seconds:.0f} s.",
            diagnosis(found),
            *ladders(assignment.folder),
        ]
        print(f"{name}: {seconds:.0f} s, {'sound' if found['sound'] else 'NOT SOUND'}")
    (ROOT / "docs" / "course.md").write_text("\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
