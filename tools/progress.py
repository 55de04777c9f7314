"""Show what pip does: a line for each package, or on a terminal one line that changes. A log keeps all that pip says.

Usage: pip install --progress-bar raw ... 2>&1 | python tools/progress.py LOG
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterable
from typing import TextIO
from urllib.parse import unquote

LOOKED_UP = re.compile(r"Collecting (\S+)")
WHEEL = re.compile(
    r"\s*(?:Processing|Downloading|Using cached) (?:\S*/)?([^-/]+)-([^-/]+)-\S+\.whl(?: .*?(\([\d.]+ .B\)))?"
)
DOWNLOADED = re.compile(r"Progress (\d+) of ([1-9]\d*)")


def brief(line: str) -> str | None:
    """Return what a person wants to know of a line of pip's, or None."""
    if wheel := WHEEL.match(line):
        return unquote(" ".join(part for part in wheel.groups() if part))
    if line.startswith("Installing collected packages: "):
        count = line.count(",") + 1
        return f"installing {count} package{'s' if count > 1 else ''}"
    return line.strip() if "WARNING: Retrying" in line else None


def follow(lines: Iterable[str], log: TextIO) -> None:
    """Write the lines to the log, and what they come to to stdout."""
    terminal = sys.stdout.isatty()
    package = ""
    for line in lines:
        downloaded = DOWNLOADED.match(line)
        if not downloaded:
            log.write(line)
            log.flush()
        package = brief(line) or package
        if not terminal:
            if brief(line):
                print(f"  {package}", flush=True)
        elif downloaded:
            _replace_line(f"{package}: {100 * int(downloaded[1]) // int(downloaded[2])} %")
        elif looked_up := LOOKED_UP.match(line):
            _replace_line(looked_up[1])
        elif brief(line):
            _replace_line(package)
    if terminal:
        print("\r\033[K", end="", flush=True)


def _replace_line(text: str) -> None:
    width = shutil.get_terminal_size().columns - 3
    print(f"\r\033[K  {text[:width]}", end="", flush=True)


if __name__ == "__main__":
    with open(sys.argv[1], "a", encoding="utf-8") as opened:
        follow(sys.stdin, opened)
