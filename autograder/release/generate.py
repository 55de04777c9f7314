"""Generate what students get from the reference folder: module, notebook, handout, public data."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from autograder.errors import LeakError, MarkerError
from autograder.files import replace
from autograder.home.public_release import FILE as PUBLIC
from autograder.home.public_release import PublicRelease
from autograder.release.beginning import with_beginning
from autograder.release.by_hand import with_notes
from autograder.release.cut import Cut, starter_source
from autograder.release.handout import handout
from autograder.release.leaks import leaks
from autograder.release.notebook import colab_notebook, starter_notebook
from autograder.release.pack import LEFTOVERS
from autograder.release.pictures import released_pictures, with_pictures
from autograder.rubric.authored import SOLUTION, source_of
from autograder.rubric.written import with_answer_cells


def released(reference: Path, public: PublicRelease | None = None, *, notebook_only: bool = False) -> dict[str, bytes]:
    """Return the generated files of an assignment by relative path. Raises `LeakError` and `MarkerError`.

    `public/` in the reference folder holds the public data, copied unchanged into `data/`. With `public`, the public
    side of the rubric, come the checks at home and the notebook that is ready for Colab. With `notebook_only` there is
    one form to work in, the notebook. The handout speaks of what is there.
    """
    solution = source_of(reference / SOLUTION)
    starter_of(solution)  # its line numbers are the author's
    starter = starter_source(with_additions(solution, public)) if public else starter_source(solution)
    pictures = released_pictures(reference)
    files = {f"{reference.name}.ipynb": starter_notebook(starter, pictures).encode(), **pictures}
    if not notebook_only:
        files[f"{reference.name}.py"] = starter.encode()
    for path in sorted((reference / "public").rglob("*")):
        if path.is_file():
            files[f"data/{path.relative_to(reference / 'public').as_posix()}"] = path.read_bytes()
    if public is not None:
        files[PUBLIC] = public.write()
        asked = {exercise.number: exercise.owns for exercise in public.exercises}
        if not notebook_only:
            files[f"{reference.name}_colab.ipynb"] = colab_notebook(starter, reference.name, asked, pictures).encode()
    if (reference / "handout.md").is_file():
        text = with_pictures(source_of(reference / "handout.md"), starter, files)
        text = with_beginning(text, reference.name, files, starter)
        files["README.md"] = handout(text, public).encode()
    found = leaks(reference, files)
    if found:
        raise LeakError("; ".join(found))
    return files


def with_additions(solution: str, public: PublicRelease) -> str:
    """Return a solution with what the rubric says of it: what is written by hand, and where questions are answered.

    Raises `RubricError` where a question is not asked.
    """
    return with_answer_cells(with_notes(solution, public.bans), [question.number for question in public.written])


def starter_of(solution: str) -> str:
    """Return the starter of a solution, which is valid Python. Raises `MarkerError`, which names the line."""
    try:
        cut = Cut(solution)
    except MarkerError as error:
        raise MarkerError(f"{SOLUTION}, {error}") from error
    try:
        compile(cut.starter, SOLUTION, "exec", dont_inherit=True)
    except SyntaxError as error:
        line = cut.kept[min(error.lineno or 1, len(cut.kept)) - 1][0]
        raise MarkerError(
            f"{SOLUTION}, line {line}: the starter is not valid Python here ({error.msg}): the block above needs a "
            "`# STARTER` with what stands there instead"
        ) from error
    return cut.starter.rstrip() + "\n"


def generate(reference: Path, assignments: Path, public: PublicRelease | None = None) -> list[Path]:
    """Write the assignment's files into assignments/NAME; return the paths written."""
    return write_files(released(reference, public), assignments / reference.name)


def look_through(reference: Path, assignments: Path, public: PublicRelease | None = None) -> None:
    """Check what lies in assignments/NAME already, before it is written and handed out. Raises `LeakError`.

    Files that are not from the source are refused, and what an assignment's own script wrote into data/ is searched for
    leaks too. What is only stale is written anew.
    """
    wanted = released(reference, public)
    if strays := _strays(_present(assignments / reference.name), wanted):
        raise LeakError(f"{', '.join(strays)}: not from the source. Remove it, or keep it elsewhere")
    written_data(reference, assignments)


def written_data(reference: Path, assignments: Path) -> dict[str, bytes]:
    """Return what lies in assignments/NAME/data, which an assignment's own script may have written, by relative path.

    Raises `LeakError` for what may not go out.
    """
    data = assignments / reference.name / "data"
    paths = sorted(path for path in data.rglob("*") if path.is_file() and LEFTOVERS.isdisjoint(path.parts))
    files = {f"data/{path.relative_to(data).as_posix()}": path.read_bytes() for path in paths}
    if found := leaks(reference, files):
        raise LeakError("; ".join(found))
    return files


def write_files(files: Mapping[str, bytes], target: Path) -> list[Path]:
    """Write files by relative path, each whole or not at all; return the paths written."""
    written = []
    for name, data in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, data)
        written.append(path)
    return written


def current(reference: Path, assignments: Path, public: PublicRelease | None = None) -> list[str]:
    """Return the files that are missing, differ from the source, or do not come from it.

    Files in `data/` that do not come from `public/` are ignored: an assignment's own script writes them.
    """
    target = assignments / reference.name
    wanted = released(reference, public)
    present = _present(target)
    stale = [name for name, data in wanted.items() if name not in present or (target / name).read_bytes() != data]
    return stale + _strays(present, wanted)


def _strays(present: Collection[str], wanted: Collection[str]) -> list[str]:
    """Return the files that do not come from the source, in order; data may come from a script."""
    return sorted(name for name in present if name not in wanted and not name.startswith("data/"))


def _present(target: Path) -> set[str]:
    """Return the files that lie in a folder, by relative path."""
    return {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
