"""Rooms include only what the table allows, and nothing goes in a circle."""
import re

import tree

EVERY_ROOM = "every room"
# What a room's files may include, beside the room itself and `base`. CMakeLists.txt links the same table.
MAY_INCLUDE = {
    "base": set(),
    "net": set(),
    "definition": set(),
    "http": {"net"},
    "storage": {"net"},
    "certs": {"net", "storage"},
    "session": {"net", "storage", "definition"},
    "route": {"http", "definition"},
    "client": set(),
    "events": {"http", "client", "storage", "definition"},
    "bundle": {"net", "http", "client", "definition"},
    "chain": {"net", "http", "definition"},
    "jwt": {"net", "client"},
    "oauth": {"net", "client", "session", "storage", "definition"},
    "middleware": {"net", "chain", "http", "session", "storage", "definition", "events", "jwt", "certs", "oauth"},
    "drivers": {"net", "http", "session", "definition"},
    "hooks": {"chain", "http", "drivers", "session", "definition", "events"},
    "upstream": {"net", "http", "definition", "certs"},
    "response": {"chain", "hooks", "http", "definition"},
    "analytics": {"net", "http", "session", "storage", "definition"},
    "admin": {"net", "http", "session", "storage", "definition", "certs", "oauth"},
    "gateway": EVERY_ROOM,
    "cli": {"gateway", "bundle", "definition", "events", "drivers"},
}
# Rooms whose headers hand on a type of another room (an awaitable, a buffer): naming that type is no new edge.
HANDED_ON = {("hooks", "net"): "net::Task is the return type of the driver and step interfaces it implements"}
# Third-party headers that stay behind a door.
CONFINED = {
    "boost/beast": ("http/impl/", "upstream/impl/", "net/impl/", "cli/impl/"),
    "Python.h": ("drivers/python/impl/",),
    "lua.hpp": ("drivers/lua/impl/",),
    "duktape.h": ("drivers/js/impl/",),
    "nghttp2/": ("drivers/grpc/impl/",),
    "hiredis/": ("storage/",),
    "sqlite3.h": ("storage/impl/",),
    "curl/": ("client/impl/", "client/client.cpp"),
    "zip.h": ("bundle/impl/",),
    "libxml/": ("hooks/impl/",),
    "crypt.h": ("session/impl/",),
}


def room_of(path):
    return path.relative_to(tree.SOURCE).parts[0]


def edges():
    """(file, room, included room, included name) of every include of one of our headers."""
    for path in tree.sources(".hpp", ".cpp", ".h", ".c"):
        if not path.is_relative_to(tree.SOURCE):
            continue
        for quoted, included in tree.includes(path):
            if quoted and (tree.SOURCE / included).exists():
                yield path, room_of(path), included.split("/")[0], included


def test_every_room_is_in_the_table():
    rooms = {p.name for p in tree.SOURCE.iterdir() if p.is_dir() and any(p.rglob("*.[ch]pp"))}
    assert rooms <= MAY_INCLUDE.keys(), f"not in the table: {rooms - MAY_INCLUDE.keys()}"


def test_rooms_include_only_what_the_table_allows():
    stray = []
    for path, room, other, included in edges():
        allowed = MAY_INCLUDE[room]
        if other in (room, "base") or allowed == EVERY_ROOM and other != "cli":
            continue
        if other not in allowed and (room, other) not in HANDED_ON:
            stray.append(f"{tree.name(path)} includes {included}: {room} may not include {other}")
    assert not stray, "\n".join(stray)


def test_private_headers_stay_in_their_room():
    stray = [f"{tree.name(path)} includes {included}" for path, room, other, included in edges()
             if "/impl/" in included and other != room]
    assert not stray, "\n".join(stray)


def test_drivers_know_nothing_of_each_other():
    stray = []
    for path, room, other, included in edges():
        if room == other == "drivers":
            mine = path.relative_to(tree.SOURCE / "drivers").parts
            theirs = included.split("/")[1:]
            # What several drivers share is no driver: rules of coprocess objects, fibers for scripts.
            shared = theirs[0] in ("coprocess", "script")
            if len(mine) > 1 and len(theirs) > 1 and mine[0] != theirs[0] and not shared:
                stray.append(f"{tree.name(path)} includes {included}")
    assert not stray, "\n".join(stray)


def test_no_two_headers_include_each_other_in_a_circle():
    graph = {}
    for path, _, _, included in edges():
        graph.setdefault(str(path.relative_to(tree.SOURCE)), set()).add(included)
    state = {}

    def visit(node, trail):
        if state.get(node) == "done":
            return
        assert node not in trail, " -> ".join([*trail[trail.index(node):], node])
        for following in sorted(graph.get(node, ())):
            visit(following, [*trail, node])
        state[node] = "done"

    for node in sorted(graph):
        visit(node, [])


def test_third_party_headers_stay_behind_their_doors():
    stray = []
    for path in tree.sources(".hpp", ".cpp"):
        if not path.is_relative_to(tree.SOURCE):
            continue
        place = str(path.relative_to(tree.SOURCE))
        for _, included in tree.includes(path):
            for prefix, doors in CONFINED.items():
                if included.startswith(prefix) and not place.startswith(doors):
                    stray.append(f"{tree.name(path)} includes {included}: only {', '.join(doors)} may")
    assert not stray, "\n".join(stray)


def test_the_build_links_the_same_table():
    text = (tree.ROOT / "CMakeLists.txt").read_text()
    wrong = []
    for room, arguments in re.findall(r"^tykpp_room\((\w+)([^)]*)\)", text, re.M):
        found = re.search(r"\bDEPS ([\w ]*?)(?: (?:LIBS|PRIVATE_LIBS|DIRS)\b|$)", arguments)
        linked = set(found[1].split()) - {"base"} if found else set()
        allowed = MAY_INCLUDE[room]
        if allowed != EVERY_ROOM and not linked <= allowed:
            wrong.append(f"CMakeLists.txt links {room} with {sorted(linked - allowed)}, which it may not include")
    assert not wrong, "\n".join(wrong)
