// The text form of messages, as `str()` shows it.

#include <string>

#include "drivers/python/impl/wire.hpp"

namespace tykpp::drivers::python {
namespace {

void putQuoted(std::string& out, std::string_view text) {
  constexpr char kDigits[] = "01234567";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\' || c == '\'') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte >= 0x7f) {
      out += {'\\', kDigits[byte >> 6], kDigits[byte >> 3 & 7], kDigits[byte & 7]};
    } else {
      out += c;
    }
  }
  out += '"';
}

bool putValue(std::string& out, PyObject* value) {
  if (PyUnicode_Check(value)) {
    putQuoted(out, textOf(value));
  } else if (PyBytes_Check(value)) {
    putQuoted(out, bytesOf(value));
  } else if (PyBool_Check(value)) {
    out += value == Py_True ? "true" : "false";
  } else {
    const Ref text(PyObject_Str(value));
    if (!text) return false;
    out += textOf(text.get());
  }
  return true;
}

/// `name: value`, or `name { … }` for a message.
bool putLine(std::string& out, const char* name, PyObject* value, int indent) {
  out.append(static_cast<std::size_t>(indent), ' ');
  out += name;
  Message* message = asMessage(value);
  if (message == nullptr) {
    out += ": ";
    const bool good = putValue(out, value);
    out += '\n';
    return good;
  }
  out += " {\n";
  const bool good = printText(*message, out, indent + 2);
  out.append(static_cast<std::size_t>(indent), ' ');
  out += "}\n";
  return good;
}

bool putMap(std::string& out, const char* name, PyObject* dict, int indent) {
  const Ref keys(PyDict_Keys(dict));
  if (!keys || PyList_Sort(keys.get()) != 0) return false;
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(keys.get()); ++i) {
    PyObject* key = PyList_GET_ITEM(keys.get(), i);
    out.append(static_cast<std::size_t>(indent), ' ');
    out += name;
    out += " {\n";
    if (!putLine(out, "key", key, indent + 2)) return false;
    if (!putLine(out, "value", PyDict_GetItem(dict, key), indent + 2)) return false;
    out.append(static_cast<std::size_t>(indent), ' ');
    out += "}\n";
  }
  return true;
}

bool putField(std::string& out, const char* name, PyObject* value, int indent) {
  if (const Map* map = asMap(value)) return putMap(out, name, map->dict, indent);
  const Repeated* repeated = asRepeated(value);
  if (repeated == nullptr) return putLine(out, name, value, indent);
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(repeated->list); ++i) {
    if (!putLine(out, name, PyList_GET_ITEM(repeated->list, i), indent)) return false;
  }
  return true;
}

}  // namespace

bool printText(Message& message, std::string& out, int indent) {
  if (!materialise(message)) return false;
  for (std::size_t i = 0; i < message.descriptor->count; ++i) {
    if (isSet(message, i) &&
        !putField(out, message.descriptor->fields[i].name, message.slots[i], indent)) {
      return false;
    }
  }
  return true;
}

}  // namespace tykpp::drivers::python
