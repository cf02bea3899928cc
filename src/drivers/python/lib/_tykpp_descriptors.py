"""Descriptors of the messages: real ones where the protobuf package is installed, so that its
`json_format` works with our messages; else objects with the attributes that are asked for most.
"""
import collections.abc

import _tykpp

_PACKAGE = "coprocess"
# Kinds of the table in the gateway: name -> (protobuf type, cpp type).
_SCALARS = {"text": (9, 9), "bytes": (12, 9), "int32": (5, 1), "int64": (3, 2), "double": (1, 5),
            "bool": (8, 7), "enum": (14, 8), "message": (11, 10)}
_OPTIONAL, _REPEATED = 1, 3


class _Enum:
    """Names and numbers of an enumeration, as generated code has them."""

    def __init__(self, **values):
        self._values = values

    def Value(self, name):
        if name not in self._values:
            raise ValueError("no hook type %r" % name)
        return self._values[name]

    def Name(self, number):
        for name, value in self._values.items():
            if value == number:
                return name
        raise ValueError("no hook type %r" % number)

    def keys(self):
        return list(self._values)

    def values(self):
        return list(self._values.values())

    def items(self):
        return list(self._values.items())


HookType = _Enum(Unknown=0, Pre=1, Post=2, PostKeyAuth=3, CustomKeyCheck=4, Response=5)


class _Plain:
    """A descriptor without the protobuf package."""

    has_options = False
    is_extension = False
    containing_oneof = None
    enum_type = None
    message_type = None
    default_value = None

    def __init__(self, **attributes):
        self.__dict__.update(attributes)

    def GetOptions(self):
        return self


def _parts(kind):
    """(scalar kind, repeated, map) of a kind of the table."""
    if kind.endswith("_map"):
        return kind[:-4], True, True
    if kind.endswith("s") and kind[:-1] in _SCALARS:
        return kind[:-1], True, False
    return kind, False, False


def _plain_field(name, number, kind, message):
    scalar, repeated, _ = _parts(kind)
    proto_type, cpp_type = _SCALARS[scalar]
    first, *rest = name.split("_")
    camel = first + "".join(part.capitalize() for part in rest)
    return _Plain(name=name, number=number, type=proto_type, cpp_type=cpp_type, camelcase_name=camel,
                  json_name=camel, label=_REPEATED if repeated else _OPTIONAL, is_repeated=repeated,
                  has_presence=kind == "message", message_type=_Lazy(message) if message else None)


class _Lazy:
    """Stands for a message's descriptor until something of it is asked for."""

    def __init__(self, message):
        self._message = message

    def __getattr__(self, name):
        return getattr(of(self._message), name)


def _plain(message):
    fields = [_plain_field(*field) for field in _tykpp.table()[message]]
    found = _Plain(name=message, full_name=_PACKAGE + "." + message, fields=fields, oneofs=[],
                   fields_by_name={f.name: f for f in fields}, nested_types=[], extensions=[])
    for field in fields:
        field.containing_type = found
        field.full_name = found.full_name + "." + field.name
    return found


def _add_map_entry(proto, field, name, scalar, message):
    entry = proto.nested_type.add(name="".join(p.capitalize() for p in name.split("_")) + "Entry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=9, label=_OPTIONAL)
    value = entry.field.add(name="value", number=2, type=_SCALARS[scalar][0], label=_OPTIONAL)
    if message:
        value.type_name = ".%s.%s" % (_PACKAGE, message)
    field.type = 11
    field.type_name = ".%s.%s.%s" % (_PACKAGE, proto.name, entry.name)


def _add_field(proto, name, number, kind, message):
    scalar, repeated, is_map = _parts(kind)
    field = proto.field.add(name=name, number=number, label=_REPEATED if repeated else _OPTIONAL,
                            type=_SCALARS[scalar][0])
    if is_map:
        _add_map_entry(proto, field, name, scalar, message)
    elif scalar == "enum":
        field.type_name = ".%s.HookType" % _PACKAGE
    elif message:
        field.type_name = ".%s.%s" % (_PACKAGE, message)


def _real():
    """Every message's descriptor from a pool of our own, or None without the protobuf package."""
    try:
        from google.protobuf import descriptor_pb2, descriptor_pool
    except ImportError:
        return None
    file = descriptor_pb2.FileDescriptorProto(name="tykpp/coprocess.proto", package=_PACKAGE,
                                              syntax="proto3")
    hook_type = file.enum_type.add(name="HookType")
    for name, number in HookType.items():
        hook_type.value.add(name=name, number=number)
    for message, fields in _tykpp.table().items():
        proto = file.message_type.add(name=message)
        for field in fields:
            _add_field(proto, *field)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file) if hasattr(pool, "Add") else pool.AddSerializedFile(file.SerializeToString())
    return {m: pool.FindMessageTypeByName(_PACKAGE + "." + m) for m in _tykpp.table()}


_known = {}


def of(message):
    """The descriptor of a message by its name."""
    if not _known:
        _known.update(_real() or {m: _plain(m) for m in _tykpp.table()})
    return _known[message]


class _Descriptor:
    """`DESCRIPTOR` of a message and of its class."""

    def __init__(self, message):
        self.message = message

    def __get__(self, instance, owner=None):
        return of(self.message)


def _list_fields(self):
    by_name = self.DESCRIPTOR.fields_by_name
    return [(by_name[name], getattr(self, name)) for name in self._set_fields()]


def _which_oneof(self, name):
    raise ValueError("%s has no oneof %r" % (type(self).__name__, name))


for _name in _tykpp.table():
    _type = getattr(_tykpp, _name)
    _type.DESCRIPTOR = _Descriptor(_name)
    _type.ListFields = _list_fields
    _type.WhichOneof = _which_oneof
collections.abc.MutableMapping.register(_tykpp.Map)
collections.abc.MutableSequence.register(_tykpp.Repeated)
