"""What students get, made from the reference folder: module, notebook, handout, public data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from autograder.errors import LeakError, MarkerError
from autograder.files import replace
from autograder.home.bundle import FILE as PUBLIC
from autograder.home.bundle import PublicRelease
from autograder.release.cut import starter_source
from autograder.release.handout import handout
from autograder.release.leaks import leaks
from autograder.release.notebook import colab_notebook, starter_notebook


def released(reference: Path, bundle: PublicRelease | None = None) -> dict[str, bytes]:
    """The generated files of an assignment by relative path. Raises `LeakError` and `MarkerError`.

    `public/` in the reference folder holds the public data, copied as it is into `data/`. `bundle` is the public
    side of the rubric: with it come the checks at home, and the notebook that is ready for Colab.
    """
    solution = (reference / "solution.py").read_text(encoding="utf-8")
    starter = starter_source(solution)
    try:
        compile(starter, f"{reference.name}.py", "exec", dont_inherit=True)
    except SyntaxError as error:
        raise MarkerError(f"the starter is not valid Python, {error}: a block may need a STARTER") from error
    files = {
        f"{reference.name}.py": starter.encode(),
        f"{reference.name}.ipynb": starter_notebook(starter).encode(),
    }
    if (reference / "handout.md").is_file():
        files["README.md"] = handout((reference / "handout.md").read_text(encoding="utf-8"), bundle).encode()
    for path in sorted((reference / "public").rglob("*")):
        if path.is_file():
            files[f"data/{path.relative_to(reference / 'public').as_posix()}"] = path.read_bytes()
    if bundle is not None:
        files[PUBLIC] = bundle.write()
        asked = {exercise.number: exercise.owns for exercise in bundle.exercises}
        files[f"{reference.name}_colab.ipynb"] = colab_notebook(starter, reference.name, asked).encode()
    found = leaks(reference, files)
    if found:
        raise LeakError("; ".join(found))
    return files


def generate(reference: Path, assignments: Path, bundle: PublicRelease | None = None) -> list[Path]:
    """Write the assignment's files into assignments/NAME; gives the paths written."""
    return write_files(released(reference, bundle), assignments / reference.name)


def look_through(reference: Path, assignments: Path, bundle: PublicRelease | None = None) -> None:
    """Before assignments/NAME goes out as it lies there: nothing in it may be somebody's own work, and what an
    assignment's own script put into data/ is searched too. Raises `LeakError`."""
    if strays := current(reference, assignments, bundle):
        raise LeakError(f"{', '.join(strays)}: not from the source. Remove it, or keep it elsewhere")
    data = assignments / reference.name / "data"
    files = {f"data/{path.relative_to(data)}": path.read_bytes() for path in data.rglob("*") if path.is_file()}
    if found := leaks(reference, files):
        raise LeakError("; ".join(found))


def write_files(files: Mapping[str, bytes], target: Path) -> list[Path]:
    """Write files by relative path, each whole or not at all; gives the paths written."""
    written = []
    for name, data in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, data)
        written.append(path)
    return written


def current(reference: Path, assignments: Path, bundle: PublicRelease | None = None) -> list[str]:
    """The files that are missing, different or not generated at all.

    What lies in `data/` without coming from `public/` is left alone: an assignment's own script writes it.
    """
    target = assignments / reference.name
    wanted = released(reference, bundle)
    present = {p.relative_to(target).as_posix() for p in target.rglob("*") if p.is_file()} if target.is_dir() else set()
    stale = [name for name, data in wanted.items() if name not in present or (target / name).read_bytes() != data]
    return stale + sorted(name for name in present - set(wanted) if not name.startswith("data/"))
