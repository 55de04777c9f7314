"""Write docs/schemas/: what `--json` prints, as JSON schemas. tests/cli/test_json.py holds them to the code."""

from __future__ import annotations

from pathlib import Path

from autograder.cli.results import SCHEMAS, schema

FOLDER = Path(__file__).parents[1] / "docs" / "schemas"

if __name__ == "__main__":
    for name in SCHEMAS:
        (FOLDER / f"{name}.json").write_bytes(schema(name))
