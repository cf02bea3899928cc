"""Loads plugins: each API's files in a namespace of their own.

A plugin's main file becomes a package with a name that no other has, and the files beside it become
modules of that package, though the plugin imports them by their plain names. So two APIs may have
modules of one name, and a changed file is loaded beside the old one until that has served its last
call. What is not beside the main file is imported as everywhere else, and shared.
"""
import builtins
import gc
import hashlib
import importlib
import importlib.machinery
import itertools
import os
import site
import sys
import types
import weakref

import _tykpp

_plain_import = builtins.__import__
_spaces = {}  # package name -> Space
_open = {}  # key of an API's main file -> weak reference to its newest lease
_serial = itertools.count(1)

_ALIASES = {
    "gateway": "tyk.gateway",
    "decorators": "tyk.decorators",
    "request": "tyk.request",
    "session": "tyk.session",
    "object": "tyk.object",
    "event": "tyk.event",
    "loader": "tyk.loader",
    "middleware": "tyk.middleware",
}


def _digest(data):
    return hashlib.sha256(data).digest()


class _BuiltIn:
    """Finds and runs the modules that are part of the program."""

    sources = dict(_tykpp.sources())

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        if fullname not in cls.sources:
            return None
        origin = "<tykpp>/" + fullname.replace(".", "/") + ".py"
        return importlib.machinery.ModuleSpec(fullname, cls, origin=origin, is_package=fullname == "tyk")

    @staticmethod
    def create_module(spec):
        return None

    @classmethod
    def exec_module(cls, module):
        spec = module.__spec__
        module.__file__ = spec.origin
        exec(compile(cls.sources[spec.name], spec.origin, "exec"), module.__dict__)

    @classmethod
    def get_source(cls, fullname):
        return cls.sources[fullname]


class _Loader(importlib.machinery.SourceFileLoader):
    """Runs a file of a space: always from its source, with the space's way to import."""

    def __init__(self, space, name, path):
        super().__init__(name, path)
        self.space = space

    def get_code(self, fullname):
        path = self.get_filename(fullname)
        data = self.get_data(path)
        self.space.files[path] = _digest(data)
        return self.source_to_code(data, path)

    def exec_module(self, module):
        module.__dict__["__builtins__"] = self.space.builtins
        super().exec_module(module)


class _Finder:
    """Finds modules of spaces, and nothing else."""

    @staticmethod
    def find_spec(fullname, path=None, target=None):
        space = _spaces.get(fullname.partition(".")[0])
        if space is None or path is None:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and type(spec.loader) is importlib.machinery.SourceFileLoader:
            spec.loader = _Loader(space, fullname, spec.loader.path)
        return spec


class Space:
    """The modules of one API's plugin, as of one moment."""

    def __init__(self, stem, path, root):
        self.name = "%s_%d" % (stem, next(_serial))
        self.path = path
        self.root = root
        self.files = {}  # path -> digest of what was run
        self.own = set()  # top-level names that are files of this plugin
        self.loading = True
        self.builtins = dict(vars(builtins))
        self.builtins["__import__"] = self.import_module
        self.handlers = {}

    def run(self):
        """Imports the main file. @raises whatever it raises; nothing is left behind then"""
        importlib.invalidate_caches()
        loader = _Loader(self, self.name, self.path)
        spec = importlib.machinery.ModuleSpec(self.name, loader, origin=self.path, is_package=True)
        spec.submodule_search_locations[:] = [self.root]
        spec.has_location = True
        module = types.ModuleType(self.name)
        module.__spec__ = spec
        module.__file__ = self.path
        module.__loader__ = loader
        module.__package__ = self.name
        module.__path__ = [self.root]
        _spaces[self.name] = self
        sys.modules[self.name] = module
        try:
            loader.exec_module(module)
        except BaseException:
            self.close()
            raise
        self.loading = False
        handler_types = sys.modules["tyk.decorators"].HANDLER_TYPES
        for value in list(vars(module).values()):
            if isinstance(value, handler_types):
                self.handlers[value.name] = value

    def close(self):
        _spaces.pop(self.name, None)
        inside = self.name + "."
        for name in [n for n in list(sys.modules) if n == self.name or n.startswith(inside)]:
            sys.modules.pop(name, None)

    def unchanged(self):
        """Whether every file that was run still has the content it had."""
        try:
            for path, digest in list(self.files.items()):
                with open(path, "rb") as file:
                    if _digest(file.read()) != digest:
                        return False
        except OSError:
            return False
        return True

    def has(self, top):
        return importlib.machinery.PathFinder.find_spec(self.name + "." + top, [self.root]) is not None

    def import_module(self, name, globals=None, locals=None, fromlist=(), level=0):
        """`__import__` of the plugin's own files: what is installed comes first, then what lies
        beside the main file."""
        if level != 0:
            return _plain_import(name, globals, locals, fromlist, level)
        top = name.partition(".")[0]
        if top not in self.own:
            # The folder itself on sys.path would make its files everybody's.
            while self.root in sys.path:
                sys.path.remove(self.root)
            try:
                return _plain_import(name, globals, locals, fromlist, 0)
            except ModuleNotFoundError as error:
                if error.name != top:
                    raise
                if not self.has(top):
                    if self.loading:
                        _tykpp.log("error", "Your bundle doesn't contain '%s'" % top)
                    raise
                self.own.add(top)
        return self._import_own(name, top, fromlist)

    def _import_own(self, name, top, fromlist):
        full = self.name + "." + name
        if fromlist:
            return _plain_import(full, None, None, fromlist, 0)
        _plain_import(full, None, None, (), 0)
        return sys.modules[self.name + "." + top]


class Lease:
    """Held by every handler of a space; the modules go when the last one is let go."""

    def __init__(self, space):
        self.space = space

    def __del__(self):
        self.space.close()
        self.space.handlers.clear()
        gc.collect()


def load(key, stem, path, root, name):
    """The handler `name` of the plugin in `path`.

    @param key  tells one API's plugin from another's
    @param stem  what the module is called, before a number is put behind it
    @return (lease, callable, number of its parameters), or None when there is no such handler
    """
    known = _open.get(key)
    lease = known() if known is not None else None
    if lease is None or not lease.space.unchanged():
        space = Space(stem, path, root)
        space.run()
        lease = Lease(space)
        _open[key] = weakref.ref(lease)
    handler = lease.space.handlers.get(name)
    if handler is None:
        return None
    return lease, handler.f, handler.arg_count


def configure(prefix, site_packages, python_path):
    """Makes the modules that plugins import, and sets the paths. Once."""
    sys.meta_path[:0] = [_BuiltIn, _Finder]
    importlib.import_module("_tykpp_descriptors")
    for alias, name in _ALIASES.items():
        sys.modules[alias] = importlib.import_module(name)
    if prefix:
        sys.path[:0] = [folder for folder in (prefix, os.path.join(prefix, "coprocess", "python"))
                        if os.path.isdir(folder)]
    for folder in site_packages:
        if not os.path.isdir(folder):
            _tykpp.log("error", "python_site_packages: no directory '%s'" % folder)
        site.addsitedir(folder)
    sys.path.extend(p for p in python_path.split(os.pathsep) if p and p not in sys.path)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.reconfigure(line_buffering=True, errors="backslashreplace")


def finish():
    """What a Python program does at its end, as far as plugins may wait for it."""
    import atexit

    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
