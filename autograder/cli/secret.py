"""`autograder secret`: what decides the hidden inputs; shown by a fingerprint, shared, backed up, changed."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.found import open_config
from autograder.cli.options import ConfigFile
from autograder.config import LEAST_SECRET, Config
from autograder.errors import InputError
from autograder.files import PRIVATE, replace

EXAMPLES = ("autograder secret", "autograder secret --import /media/stick/course_secret")


def secret(
    export: Annotated[Path | None, typer.Option("--export", help="Write it to a file, to keep or to share.")] = None,
    take: Annotated[Path | None, typer.Option("--import", help="Use the one in this file.")] = None,
    rotate: Annotated[bool, typer.Option("--rotate", help="Make a new one: everything is graded anew.")] = False,
    config: ConfigFile = None,
) -> None:
    """Show the fingerprint of the course's secret, or export, import or change it.

    The secret decides the hidden inputs. All who grade a course need the same one: with another, a weak submission's
    score may differ. Two secrets are the same if their fingerprints are.
    """
    settings = open_config(config)
    if sum((export is not None, take is not None, rotate)) > 1:
        raise InputError("give one of --export, --import, --rotate")
    path = settings.root / settings.course.secret_file
    if export is not None:
        if export.exists():
            raise InputError(f"{export} is there already: give another file")
        replace(export, settings.secret() + b"\n", PRIVATE)
        known = fingerprint(settings.secret())
        print(f"{export} has the secret with the fingerprint {known}: share it with graders only.")
    elif take is not None:
        try:
            text = take.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{take} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}") from None
        for line in put_secret(settings, text):
            print(line)
    elif rotate:
        for line in put_secret(settings, secrets.token_hex(32)):
            print(line)
    else:
        print(f"{path}: fingerprint {fingerprint(settings.secret())}")


def fingerprint(value: bytes) -> str:
    """Return what tells two secrets apart, and tells nothing of them."""
    digest = hashlib.sha256(b"fingerprint of a course's secret\0" + value).hexdigest()
    return "-".join(digest[start : start + 4] for start in range(0, 12, 4))


def put_secret(settings: Config, value: str) -> Iterator[str]:
    """Put a secret in place, keep the one that is there under its fingerprint, and say what follows.

    Raises `InputError` for one that is too short.
    """
    if len(value) < LEAST_SECRET:
        raise InputError(f"that is too short for a secret: {LEAST_SECRET} characters at least")
    path = settings.root / settings.course.secret_file
    new = fingerprint(value.encode())
    if path.exists():
        old = settings.secret()
        if old == value.encode():
            yield f"The secret stays as it is: fingerprint {new}."
            return
        kept = path.with_name(f"{path.name}.{fingerprint(old)}")
        replace(kept, old + b"\n", PRIVATE)
        yield f"The secret that was there is kept in {kept}."
    replace(path, value.encode() + b"\n", PRIVATE)
    yield f"The secret has the fingerprint {new} now. With another one than before, everybody is graded anew, and"
    yield "pages have new addresses; zips and images for Gradescope hold the old one until they are built again."
