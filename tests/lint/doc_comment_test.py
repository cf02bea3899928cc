"""Classes, structs and free functions that a room shows to others say what they are for."""
import re

import pytest

import tree

# Declarations at namespace scope start in the first column, as clang-format leaves them.
TYPE = re.compile(r"^(?:template\s*<.*>\s*)?(?:class|struct)\s+(?:\[\[\w+\]\]\s*)?(\w+)\b[^;]*\{")
FUNCTION = re.compile(r"^(?=\S)(?!using|typedef|return|namespace|static_assert|extern|#)[\w:<>,&*\s\[\]]+?[\s&*](\w+)\(")
# Undocumented for a reason: (header, name) -> reason.
ALLOWED = {
    ("src/base/ascii.hpp", "lowered"): "one line beside its documented twin",
    ("src/net/task.hpp", "PromiseBase"): "what coroutines demand by name; nobody calls it",
    ("src/net/task.hpp", "Promise"): "what coroutines demand by name; nobody calls it",
}


def headers():
    for path in tree.sources(".hpp", ".h"):
        parts = path.relative_to(tree.ROOT).parts
        if parts[0] == "include" or (parts[0] == "src" and "impl" not in parts):
            yield path


def body(lines, at):
    """The declaration's own lines, when it is one of the short kind: an enumeration, a struct of a few fields."""
    for line in lines[at:at + 10]:
        yield line
        if line.startswith("}") or line.endswith(";") and line == lines[at]:
            return


def documented(lines, at) -> bool:
    """A comment stands above the declaration (attributes and `template` lines between) or behind it."""
    if any("///<" in line for line in body(lines, at)):
        return True
    above = at - 1
    while above >= 0 and re.match(r"^(template\b|\[\[|requires\b|TYKPP_\w+)", lines[above]):
        above -= 1
    return above >= 0 and lines[above].lstrip().startswith(("//", "*/", " *"))


def undocumented(path):
    lines = path.read_text().splitlines()
    fresh = True  # the opening paragraph of a header speaks for its first declaration and for its main type
    main_type = "".join(part.capitalize() for part in path.stem.split("_"))
    opening = len(lines) > 1 and any(line.startswith("//") for line in lines[:4])
    for at, line in enumerate(lines):
        found = TYPE.match(line) or (path.suffix == ".hpp" and FUNCTION.match(line))
        if not found or line.rstrip().endswith("\\"):
            continue
        # The next of a block of declarations shares the comment of the block.
        in_block = at > 0 and (lines[at - 1].rstrip().endswith(";") or lines[at - 1].startswith("}"))
        if not documented(lines, at) and not in_block and not (
                opening and (fresh or found[1] == main_type)):
            yield found[1]
        fresh = False


@pytest.mark.parametrize("path", list(headers()), ids=tree.name)
def test_public_declarations_are_documented(path):
    missing = [n for n in undocumented(path) if (tree.name(path), n) not in ALLOWED]
    assert not missing, f"{tree.name(path)}: no comment on {', '.join(missing)}"
