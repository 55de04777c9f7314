"""Rebuild the zips of the sample class from `zipped/`: python examples/build.py

The same folder always gives the same bytes.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

HERE = Path(__file__).parent
JUNK = {"__MACOSX/._homework": b"\x00\x05\x16\x07", ".DS_Store": b"\x00\x00\x00\x01Bud1"}


def build(folder: Path, target: Path) -> None:
    """Zip a folder as macOS does, with its extra files."""
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, data in sorted({**files, **JUNK}.items()):
            member = zipfile.ZipInfo(name, date_time=(2027, 2, 28, 23, 41, 0))
            member.compress_type = zipfile.ZIP_STORED
            member.external_attr = 0o100644 << 16
            archive.writestr(member, data)


if __name__ == "__main__":
    for source in sorted((HERE / "zipped").iterdir()):
        build(source, HERE / "regression" / f"{source.name}.zip")
