"""Where the sources are; shared by the lint tests."""
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"
PUBLIC = ROOT / "include"
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)


def sources(*suffixes: str):
    """C and C++ files of the product: src/, include/ and the example plugins."""
    for folder in (SOURCE, PUBLIC, ROOT / "plugins"):
        for path in sorted(folder.rglob("*")):
            if path.suffix in suffixes:
                yield path


def includes(path: Path):
    """(quoted, name) of each include line."""
    return [(mark == '"', name) for mark, name in INCLUDE.findall(path.read_text())]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tracked(pattern: str):
    """Files git knows, so that build folders and editors' leftovers stay out."""
    listed = subprocess.run(["git", "ls-files", "-z", "--", pattern], cwd=ROOT, capture_output=True, text=True)
    return [ROOT / p for p in listed.stdout.split("\0") if p and (ROOT / p).exists()]
