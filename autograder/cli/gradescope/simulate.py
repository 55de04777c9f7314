"""`autograder gradescope simulate`: run the image or the zip here as Gradescope would."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from autograder.cli.course import CourseAssignment, open_course
from autograder.cli.gradescope.image import image_name
from autograder.cli.options import ConfigFile, Container, ContainerWords, Name
from autograder.cli.progress import tell
from autograder.errors import InputError
from autograder.files import private_folder
from autograder.identity import clean_name, file_name
from autograder.intake import find_class
from autograder.platforms.gradescope import simulate as rehearsal

EXAMPLES = (
    "autograder gradescope simulate regression ada.ipynb",
    "autograder gradescope simulate regression --class submissions/",
)

WORDS = {
    "configuration": "grader_config.yml",
    "reference": "reference",
    "secret": "course secret",
    "packages": "list of packages",
    "engine": "version of the grader",
}
"""What the parts of an image and of a zip are called."""


def simulate(
    name: Name,
    submission: Annotated[Path | None, typer.Argument(help="A module, a notebook, a zip or a folder.")] = None,
    folder: Annotated[Path | None, typer.Option("--class", help="A whole class; results go to the records.")] = None,
    tag: Annotated[str | None, typer.Option("--image", help="The image.", show_default="autograder-NAME")] = None,
    archive: Annotated[
        Path | None, typer.Option("--zip", help="Run this zip instead: setup.sh first, on the base image.")
    ] = None,
    base: Annotated[str | None, typer.Option("--base", help="Another base image, for --zip.")] = None,
    data: Annotated[Path | None, typer.Option("--metadata", help="Another submission_metadata.json.")] = None,
    to: Annotated[Path | None, typer.Option("--to", help="Where pages and results go.")] = None,
    engine: Container = None,
    option: ContainerWords = None,
    config: ConfigFile = None,
) -> None:
    """Run the image or the zip as Gradescope would, and write the page that the student would see.

    Exit codes: 0 there are results, 1 Gradescope would report a failure or an error of the grader's, 2 wrong input.
    """
    course = open_course(name, config, submissions=folder or submission)
    if (submission is None) == (folder is None):
        raise InputError("give a submission, or --class and a folder")
    podman = rehearsal.Engine.find(engine, option or ())
    if archive is not None:
        tag = tag or f"{image_name(name)}-zip"
        _tell_changed(course, str(archive), rehearsal.archived(archive), f"autograder gradescope build {name}")
        rehearsal.install(podman, archive, base or course.config.course.container.base, tag)
    tag = tag or image_name(name)
    if not podman.has(tag):
        raise InputError(f"there is no image {tag}: autograder gradescope image {name} --make")
    if archive is None:
        _tell_changed(course, tag, podman.made_from(tag), f"autograder gradescope image {name} --make")
    place = to or course.config.root / course.config.course.reports / f"{name}-gradescope"
    private_folder(place)
    now = datetime.now(UTC)
    if folder is not None:
        found = find_class(folder, apart=course.apart, reports=(course.reports, place))
        tell(found)
        simulated = rehearsal.simulate_class(podman, tag, found.entries, course.settings, now)
    else:
        assert submission is not None
        if not submission.exists():
            raise InputError(f"{submission} does not exist")
        student = clean_name(submission.stem)
        described = data.read_bytes() if data else rehearsal.metadata(student, course.settings, now)
        simulated = iter([rehearsal.simulate(podman, tag, submission, student, course.settings, described)])
    failed = sum([not _kept(one, course, place, into_records=folder is not None) for one in simulated])
    raise typer.Exit(1 if failed else 0)


def _tell_changed(course: CourseAssignment, what: str, then: Mapping[str, str], again: str) -> None:
    """Say which parts of an image or a zip are no longer what the course has."""
    from autograder.platforms.gradescope.build import bundle, made_from

    now = made_from(bundle(course.config, course.name).files)
    changed = [words for part, words in WORDS.items() if then.get(part, now[part]) != now[part]]
    if changed:
        console = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)
        said = f"{what} was built before a change: it has another {', another '.join(changed)}. Build it again: {again}"
        console.print(said, style="yellow", markup=False)


def _kept(one: rehearsal.Simulated, course: CourseAssignment, place: Path, *, into_records: bool) -> bool:
    """Write a run's pages and results; say what became of it. Whether it was graded."""
    from autograder.files import PRIVATE, replace
    from autograder.platforms.gradescope.contract import encode
    from autograder.platforms.gradescope.page import page
    from autograder.platforms.gradescope.publication import OURS

    console = Console(soft_wrap=True, highlight=False, emoji=False)
    html = file_name(one.student)
    replace(place / html, page(one, title=course.settings.title).encode(), PRIVATE)
    replace(place / f"instructor-{html}", page(one, title=course.settings.title, instructor=True).encode(), PRIVATE)
    if one.results is not None:
        replace((place / html).with_suffix(".json"), msgspec.json.format(encode(one.results)), PRIVATE)
    report = one.report
    if report is not None and into_records:
        with course.records() as records:
            records.save(msgspec.structs.replace(report, student=one.student))
    score = "failed" if one.results is None else f"{one.results.score:g}"
    console.print(f"{one.student}: {score} in {one.seconds:.0f} s {place / html} {one.problem}".rstrip(), markup=False)
    return one.results is not None and not one.results.extra_data.get(OURS)
