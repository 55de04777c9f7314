"""The rooms of the package: imports point one way, and no file outgrows its reader."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.sandbox.layers import exposure

PACKAGE = Path(__file__).parents[1] / "autograder"
SHARED = {"model", "config", "config_parts", "zones", "errors", "syntax", "files", "identity"}
LEVELS = (
    {"protocol"},
    {"intake"},
    {"sandbox"},
    {"rubric"},
    {"grading"},
    {"scoring"},
    {"records"},
    {"feedback"},
    {"home", "similarity"},
    {"release", "reports"},
    {"platforms"},
    {"marking"},
    {"cli"},
)
LEVEL = {room: level for level, rooms in enumerate(LEVELS) for room in rooms}
#: What a room may not import although it lies above: rubric code is on the grader's side of the boundary.
FORBIDDEN = {
    "rubric": {"sandbox", "intake"},
    "feedback": {"protocol", "intake", "sandbox", "rubric", "grading", "records"},
}
FILES = sorted(PACKAGE.rglob("*.py"))
#: What people import or run: they only lead into a room.
ENTRANCES = {"__init__.py", "__main__.py"}
MAX_LINES = 400


def module_of(path: Path) -> str:
    parts = ("autograder", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path): path for path in FILES}


def imports_of(path: Path, *, when_loaded: bool = False) -> set[str]:
    """The package's own modules that a file imports; `when_loaded` leaves out those inside functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = _outside_functions(tree) if when_loaded else ast.walk(tree)
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}, line {node.lineno}: imports are absolute"
            module = node.module or ""
            found |= {
                f"{module}.{alias.name}" if f"{module}.{alias.name}" in MODULES else module for alias in node.names
            }
    return {name for name in found if name.split(".")[0] == "autograder"}


def _outside_functions(node):
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from _outside_functions(child)


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def test_every_room_has_its_place():
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert rooms == set(LEVEL)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_room_imports_only_earlier_rooms(path):
    room = room_of(module_of(path))
    if path.parent == PACKAGE and path.name in ENTRANCES:
        return
    wrong = set()
    for module in imports_of(path) - {"autograder"}:
        other = room_of(module)
        if other == room or other in SHARED:
            continue
        if LEVEL[other] >= LEVEL.get(room, -1) or other in FORBIDDEN.get(room, ()):
            wrong.add(module)
    assert wrong == set()


def test_no_module_imports_itself_through_others():
    graph = {module: imports_of(path, when_loaded=True) & set(MODULES) for module, path in MODULES.items()}
    # A package's __init__ imports its parts; the parts name each other, never their __init__.
    finished: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " -> ".join((*way[way.index(module) :], module))
        if module not in finished:
            for other in sorted(graph[module]):
                visit(other, (*way, module))
            finished.add(module)

    for module in graph:
        visit(module, ())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_file_outgrows_its_reader(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


def test_the_scheduler_does_without_torch():
    """It decodes no answer and runs no rubric: torch, and what students import, are the slots' and the sandboxes'."""
    heavy = ("torch", "numpy", "pandas", "sklearn", "scipy")
    code = "import sys, autograder.cli.app, autograder.cli.batch, autograder.grading.scheduler, autograder.records; "
    code += f"print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


#: Which side of the boundary a file runs on is seen from its path, and each side knows nothing of the other.
SIDES = {
    "autograder.sandbox.guest": {"autograder.sandbox.guest", "autograder.sandbox.layers", "autograder.protocol"},
    "autograder.sandbox.layers": {"autograder.sandbox.layers", "autograder.protocol"},
    "autograder.sandbox.host": {"autograder.sandbox.host", "autograder.sandbox.layers", "autograder.protocol"},
}


@pytest.mark.parametrize("side", SIDES)
def test_a_side_of_the_boundary_does_not_know_the_other(side):
    for module, path in MODULES.items():
        if module.startswith(f"{side}."):
            known = {".".join(name.split(".")[:3]) if "sandbox" in name else ".".join(name.split(".")[:2])
                     for name in imports_of(path)}  # fmt: skip
            assert known - {"autograder", "autograder.errors", "autograder.model"} <= SIDES[side], module


def test_what_is_carried_into_the_sandbox_is_all_that_it_needs():
    carried = {path.resolve() for path in exposure.own_modules()}
    for path in carried:
        needed = {MODULES[name].resolve() for name in imports_of(path, when_loaded=True) if name in MODULES}
        if path.name != "__init__.py":
            assert needed - {(PACKAGE / "model.py").resolve()} <= carried, path.name


def test_only_the_door_opens_what_students_handed_in():
    """A second way in would read another file than the one that is graded, or follow a link."""
    ways = {"read_text", "read_bytes", "iterdir", "rglob", "glob", "scandir", "listdir", "walk"}
    downloads = ("download.py", "*/download.py", "recognise.py", "classroom.py")
    readers = [path for name in downloads for path in (PACKAGE / "platforms").glob(name)]
    for path in (*(PACKAGE / "intake").glob("*.py"), *readers):
        if path.name == "disk.py":
            continue
        calls = [
            node.func for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
        ]
        found = {call.id for call in calls if isinstance(call, ast.Name) and call.id == "open"}
        for call in calls:
            if isinstance(call, ast.Attribute) and not (isinstance(call.value, ast.Name) and call.value.id == "ast"):
                by_os = isinstance(call.value, ast.Name) and call.value.id == "os" and call.attr == "open"
                found |= {call.attr} & ways | ({"os.open"} if by_os else set())
        assert found == set(), path.name
