// The encoding of protocol buffers, proto3.

#include "drivers/python/impl/wire.hpp"

#include <cstring>

namespace tykpp::drivers::python {
namespace {

constexpr int kMaxDepth = 32;
enum Wire : std::uint32_t { kVarint = 0, kFixed64 = 1, kSized = 2, kFixed32 = 5 };

void putVarint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

void putTag(std::string& out, std::uint32_t number, Wire wire) {
  putVarint(out, std::uint64_t{number} << 3 | wire);
}

void putSized(std::string& out, std::uint32_t number, std::string_view bytes) {
  putTag(out, number, kSized);
  putVarint(out, bytes.size());
  out += bytes;
}

void putDouble(std::string& out, double value) {
  char bytes[8];
  std::memcpy(bytes, &value, sizeof bytes);  // little endian, as every machine we build for
  out.append(bytes, sizeof bytes);
}

bool putMessage(std::string& out, std::uint32_t number, PyObject* object) {
  std::string inner;
  if (!encode(*asMessage(object), inner)) return false;
  putSized(out, number, inner);
  return true;
}

bool putMap(std::string& out, const Field& field, PyObject* dict) {
  PyObject* key = nullptr;
  PyObject* value = nullptr;
  Py_ssize_t at = 0;
  while (PyDict_Next(dict, &at, &key, &value) != 0) {
    std::string entry;
    putSized(entry, 1, textOf(key));
    if (field.kind == Kind::kTextMap) {
      putSized(entry, 2, textOf(value));
    } else if (!putMessage(entry, 2, value)) {
      return false;
    }
    putSized(out, field.number, entry);
  }
  return true;
}

bool putList(std::string& out, const Field& field, PyObject* list) {
  std::string packed;
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); ++i) {
    PyObject* value = PyList_GET_ITEM(list, i);
    if (field.kind == Kind::kTexts) {
      putSized(out, field.number, textOf(value));
    } else if (field.kind == Kind::kDoubles) {
      putDouble(packed, PyFloat_AsDouble(value));
    } else if (!putMessage(out, field.number, value)) {
      return false;
    }
  }
  if (!packed.empty()) putSized(out, field.number, packed);
  return true;
}

bool putField(std::string& out, const Field& field, PyObject* value) {
  switch (field.kind) {
    case Kind::kText:
      putSized(out, field.number, textOf(value));
      return true;
    case Kind::kBytes:
      putSized(out, field.number, bytesOf(value));
      return true;
    case Kind::kDouble:
      putTag(out, field.number, kFixed64);
      putDouble(out, PyFloat_AsDouble(value));
      return true;
    case Kind::kMessage:
      return putMessage(out, field.number, value);
    case Kind::kTextMap:
    case Kind::kMessageMap:
      return putMap(out, field, asMap(value)->dict);
    case Kind::kTexts:
    case Kind::kDoubles:
    case Kind::kMessages:
      return putList(out, field, asRepeated(value)->list);
    default:
      putTag(out, field.number, kVarint);
      putVarint(out, static_cast<std::uint64_t>(PyLong_AsLongLong(value)));
      return true;
  }
}

/// Reads from the front of the bytes; false means that they end too early.
struct Reader {
  std::string_view left;

  bool varint(std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && !left.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(left.front());
      left.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  bool take(std::size_t count, std::string_view& bytes) {
    if (count > left.size()) return false;
    bytes = left.substr(0, count);
    left.remove_prefix(count);
    return true;
  }
  bool sized(std::string_view& bytes) {
    std::uint64_t count = 0;
    return varint(count) && count <= left.size() && take(static_cast<std::size_t>(count), bytes);
  }
};

/// One value of a field as it stands in the bytes.
struct Raw {
  std::uint32_t number = 0;
  std::uint32_t wire = 0;
  std::uint64_t number_value = 0;
  std::string_view bytes;

  bool read(Reader& reader) {
    std::uint64_t tag = 0;
    if (!reader.varint(tag) || tag >> 3 == 0 || tag >> 32 != 0) return false;
    number = static_cast<std::uint32_t>(tag >> 3);
    wire = tag & 7;
    switch (wire) {
      case kVarint:
        return reader.varint(number_value);
      case kFixed64:
        return reader.take(8, bytes);
      case kSized:
        return reader.sized(bytes);
      case kFixed32:
        return reader.take(4, bytes);
      default:
        return false;
    }
  }
  double asDouble() const {
    double value = 0;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
};

Ref text(std::string_view bytes) {
  return Ref(PyUnicode_DecodeUTF8(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), "strict"));
}

bool readEntry(Map& map, std::string_view bytes, int depth) {
  Reader reader{bytes};
  std::string_view key;
  std::string_view value;
  for (Raw raw; !reader.left.empty();) {
    if (!raw.read(reader)) return false;
    if (raw.wire == kSized && raw.number == 1) key = raw.bytes;
    if (raw.wire == kSized && raw.number == 2) value = raw.bytes;
  }
  const Ref name = text(key);
  auto* object = reinterpret_cast<PyObject*>(&map);
  if (!name) return false;
  if (map.field->kind == Kind::kTextMap) {
    const Ref content = text(value);
    return content && PyObject_SetItem(object, name.get(), content.get()) == 0;
  }
  const Ref place(PyObject_GetItem(object, name.get()));
  return place && decode(*asMessage(place.get()), value, depth + 1);
}

bool readElement(Repeated& repeated, const Raw& raw, int depth) {
  if (repeated.field->kind == Kind::kTexts) {
    const Ref value = text(raw.bytes);
    return value && PyList_Append(repeated.list, value.get()) == 0;
  }
  if (repeated.field->kind == Kind::kDoubles) {
    Reader reader{raw.bytes};
    for (Raw one; reader.take(8, one.bytes);) {
      const Ref value(PyFloat_FromDouble(one.asDouble()));
      if (!value || PyList_Append(repeated.list, value.get()) != 0) return false;
    }
    return reader.left.empty();
  }
  const Ref fresh(reinterpret_cast<PyObject*>(newMessage(repeated.field->type)));
  return fresh && decode(*asMessage(fresh.get()), raw.bytes, depth + 1) &&
         PyList_Append(repeated.list, fresh.get()) == 0;
}

Ref scalar(Kind kind, const Raw& raw) {
  switch (kind) {
    case Kind::kText:
      return text(raw.bytes);
    case Kind::kBytes:
      return Ref(newBytes(raw.bytes));
    case Kind::kDouble:
      return Ref(PyFloat_FromDouble(raw.asDouble()));
    case Kind::kBool:
      return Ref(PyBool_FromLong(raw.number_value != 0));
    case Kind::kInt64:
      return Ref(PyLong_FromLongLong(static_cast<long long>(raw.number_value)));
    default:
      return Ref(PyLong_FromLong(static_cast<std::int32_t>(raw.number_value)));
  }
}

std::uint32_t wireOf(Kind kind) {
  switch (kind) {
    case Kind::kInt32:
    case Kind::kInt64:
    case Kind::kBool:
    case Kind::kEnum:
      return kVarint;
    case Kind::kDouble:
      return kFixed64;
    default:
      return kSized;
  }
}

bool readValue(Message& message, std::size_t index, const Raw& raw, int depth) {
  const Kind kind = message.descriptor->fields[index].kind;
  const bool unpacked = kind == Kind::kDoubles && raw.wire == kFixed64;
  if (raw.wire != wireOf(kind) && !unpacked) return true;  // another version's field: skipped
  if (kind < Kind::kMessage) {
    const Ref value = scalar(kind, raw);
    return value && writeField(message, index, value.get());
  }
  const Ref mine(readField(message, index));
  if (!mine) return false;
  if (kind == Kind::kMessage) {
    Message& inner = *asMessage(mine.get());
    inner.written |= kExplicit;
    return decode(inner, raw.bytes, depth + 1);
  }
  if (Map* map = asMap(mine.get())) return readEntry(*map, raw.bytes, depth);
  return readElement(*asRepeated(mine.get()), raw, depth);
}

}  // namespace

bool encode(Message& message, std::string& out) {
  if (!materialise(message)) return false;
  for (std::size_t i = 0; i < message.descriptor->count; ++i) {
    if (isSet(message, i) && !putField(out, message.descriptor->fields[i], message.slots[i])) {
      return false;
    }
  }
  return true;
}

bool decode(Message& message, std::string_view bytes, int depth) {
  Reader reader{bytes};
  bool good = depth < kMaxDepth;
  for (Raw raw; good && !reader.left.empty();) {
    good = raw.read(reader);
    if (!good) break;
    for (std::size_t i = 0; i < message.descriptor->count && good; ++i) {
      if (message.descriptor->fields[i].number == raw.number) {
        good = readValue(message, i, raw, depth);
      }
    }
  }
  if (!good && PyErr_Occurred() == nullptr) {
    PyErr_Format(PyExc_ValueError, "these bytes are no %s", message.descriptor->name);
  }
  return good;
}

}  // namespace tykpp::drivers::python
