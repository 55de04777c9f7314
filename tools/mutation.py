"""Put faults into the code, one at a time, and count how many the tests notice.

    python tools/mutation.py [FILE ...] [--every N | --left] [--jobs N] [--shown]

mutmut makes the faults ("mutants") and runs the tests; pyproject.toml says in which files, and which tests. Without a
FILE all of them are tried, which takes an hour and more; `--every 5` tries every fifth mutant of each function, always
the same ones; `--left` tries again what survived the last run; `--shown` runs nothing. Each ends with what is left and
the table, and with 1 where fewer than 90 % are killed in a file.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code

ASKED = 0.9
NOTICED = frozenset({"killed", "timeout", "segfault"})
"""What became of a mutant that the tests noticed: one failed, never ended, or died."""


@dataclass(frozen=True)
class Tried:
    """What became of the mutants of one file: their names, by their fate."""

    file: str
    killed: tuple[str, ...]
    survived: tuple[str, ...]

    @property
    def share(self) -> float:
        """The killed among those that were tried."""
        return len(self.killed) / max(1, len(self.killed) + len(self.survived))

    def line(self) -> str:
        """A row of the table in docs/mutation.md."""
        return f"| {self.file} | {len(self.killed) + len(self.survived)} | {len(self.killed)} | {self.share:.1%} |"


def tried(file: str) -> Tried:
    """Read what mutmut noted beside its copy of a file."""
    data = SourceFileMutationData(path=file)
    data.load()
    fates = {name: status_by_exit_code[code] for name, code in data.exit_code_by_key.items() if code is not None}
    return Tried(
        file,
        tuple(name for name, fate in fates.items() if fate in NOTICED),
        tuple(name for name, fate in fates.items() if fate not in NOTICED),
    )


def change(file: str, mutant: str) -> str:
    """The lines that a mutant takes away and puts in."""
    lines = get_diff_for_mutant(mutant, path=file).splitlines()[2:]
    return "\n".join(f"    {line}" for line in lines if line.startswith(("-", "+")))


def files_to_mutate() -> list[str]:
    """The files named in pyproject.toml, patterns expanded."""
    settings = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    return sorted({str(path) for pattern in settings["only_mutate"] for path in Path().glob(pattern)})


def pattern(file: str, every: int) -> str:
    """What mutmut calls the mutants of a file: all of them, or those whose number ends so."""
    last_digits = "".join(str(digit % 10) for digit in range(1, 11, every))
    return f"{file.removesuffix('.py').replace('/', '.')}.*[{last_digits}]"


def run(names: list[str], jobs: int) -> bool:
    """Have mutmut try these mutants. Returns whether it came to its end."""
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(jobs), *names]
    return subprocess.run(command, check=False).returncode == 0


def main() -> int:
    """Run, print the survivors and the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE")
    parser.add_argument("--every", type=int, default=1, choices=(1, 2, 5, 10))
    parser.add_argument("--left", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--shown", action="store_true")
    asked = parser.parse_args()
    known = files_to_mutate()
    files = asked.files or known
    if strange := sorted(set(files) - set(known)):
        parser.error(f"not among the files of [tool.mutmut] in pyproject.toml: {', '.join(strange)}")
    names = [name for file in files for name in tried(file).survived] if asked.left else []
    if not asked.shown and not run(names or [pattern(file, asked.every) for file in files], asked.jobs):
        print("mutmut was stopped: try again, or see what it had found with --shown", file=sys.stderr)
        return 2
    found = [one for one in map(tried, files) if one.killed or one.survived]
    for one in found:
        for mutant in one.survived:
            print(f"{mutant}\n{change(one.file, mutant)}")
    print("| file | mutants | killed | |", "|---|---:|---:|---:|", *(one.line() for one in found), sep="\n")
    return int(any(one.share < ASKED for one in found))


if __name__ == "__main__":
    sys.exit(main())
