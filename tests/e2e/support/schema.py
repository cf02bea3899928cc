"""The JSON schema of OAS definitions, as the sources have it."""
import functools
import json
from pathlib import Path

import jsonschema

FOLDER = Path(__file__).resolve().parents[3] / "src/definition/schema"
EXTENSION = "x-tyk-api-gateway"


@functools.cache
def schema(version: str) -> dict:
    composed = json.loads((FOLDER / f"openapi_{version}.json").read_text())
    composed["definitions"].update(json.loads((FOLDER / f"{EXTENSION.replace('-', '_')}.json").read_text())["definitions"])
    return composed


@functools.cache
def validator(version: str):
    return jsonschema.Draft7Validator(schema(version))


def problems(document: dict) -> list:
    """What the schema of the document's version has against it, as `place: reason`."""
    version = "3.1" if str(document.get("openapi")).startswith("3.1") else "3.0"
    return [f"/{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in validator(version).iter_errors(document)]


def check_loaded(apps: Path, log: str):
    """Every OAS document of a folder that the gateway had no error about is one by the schema."""
    for path in sorted(apps.glob("*.json")):
        if not path.is_file():  # tests put pipes there, too
            continue
        try:
            document = json.loads(path.read_text())
        except (ValueError, OSError, RecursionError):
            continue
        if not isinstance(document, dict) or EXTENSION not in document:
            continue
        if not any("level=error" in line and path.name in line for line in log.splitlines()):
            found = problems(document)
            assert not found, f"{path.name} was loaded and is none by the schema: {found}"
