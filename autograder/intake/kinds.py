"""Say of a file that is not graded what it is, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from autograder.intake.text import printable

CODE = (".py", ".ipynb")
_ARCHIVES = {
    "a RAR archive": ".rar",
    "a 7-Zip archive": ".7z",
    "packed in a way": ".xz .txz .gz .bz2 .zst .dmg .lz .lzma .cab",
}
_DOCUMENTS = {
    "a PDF": ".pdf",
    "a text document": ".doc .docx .odt .rtf .pages .tex",
    "a web page": ".html .htm .mhtml",
    "a picture": ".png .jpg .jpeg .heic .gif .webp .svg",
    "a link": ".url .webloc .lnk .gdoc",
}
_TABLES = frozenset(
    {".csv", ".tsv", ".xlsx", ".xls", ".ods", ".yml", ".yaml", ".md", ".log", ".sqlite", ".db", ".toml"}
)
_NOTES = frozenset({"readme", "license", "licence", "makefile", "roster", "grades", "index", "notes", "feedback"})


def _known(kinds: Mapping[str, str], suffix: str) -> str:
    return next((kind for kind, suffixes in kinds.items() if suffix in suffixes.split()), "")


def is_the_courses(name: str) -> bool:
    """Return whether a file in a class folder is most likely the course's own: a table, a readme."""
    path = PurePosixPath(name)
    return path.suffix.lower() in _TABLES or path.stem.lower() in _NOTES


def why_not(name: str) -> str:
    """Return why a file with this name is not graded, and the way out."""
    path = PurePosixPath(name)
    shown, suffix = printable(path.name), path.suffix.lower()
    inner = PurePosixPath(path.stem).suffix.lower()
    if inner in CODE and not _known(_ARCHIVES, suffix):
        return (
            f"{shown}: its name ends in {printable(suffix, 20)}. Rename it to {printable(path.stem)}, and hand that in."
        )
    if kind := _known(_ARCHIVES, suffix):
        return (
            f"{shown} is {kind} ({suffix}) that is not opened here. Make a plain zip of your files, or hand in "
            "the .py or .ipynb file itself."
        )
    if kind := _known(_DOCUMENTS, suffix):
        return f"{shown} is {kind}: it holds no code that can run. Hand in the .py or .ipynb file itself."
    if suffix == ".txt":
        return (
            f"{shown} is a text file. If that is your code, rename it to {printable(path.stem)}.py, and hand that in."
        )
    return f"{shown}: only .py, .ipynb, .zip and .tar files are graded. Hand in one of these."


def student_of(name: str) -> str:
    """Return a file's name without its suffixes: `ada.tar.gz` and `ada.py.txt` are Ada's."""
    path = PurePosixPath(name)
    if PurePosixPath(path.stem).suffix.lower() in (*CODE, ".tar", ".zip"):
        path = PurePosixPath(path.stem)
    return path.stem
