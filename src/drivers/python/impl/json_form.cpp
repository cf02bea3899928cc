// Messages as JSON, under the names of their fields.

#include "drivers/python/impl/call_messages.hpp"

namespace tykpp::drivers::python {
namespace {

using Json = nlohmann::json;

Json scalarJson(Kind kind, PyObject* value) {
  switch (kind) {
    case Kind::kText:
    case Kind::kTexts:
    case Kind::kTextMap:
      return std::string(textOf(value));
    case Kind::kDouble:
    case Kind::kDoubles: {
      const double number = PyFloat_AsDouble(value);
      // What has no fraction is written without one, as the store has it.
      if (number > -1e15 && number < 1e15) {
        const auto whole = static_cast<std::int64_t>(number);
        if (static_cast<double>(whole) == number) return whole;
      }
      return number;
    }
    case Kind::kBool:
      return value == Py_True;
    default:
      return PyLong_AsLongLong(value);
  }
}

Json mapJson(const Map& map) {
  Json all = Json::object();
  PyObject* key = nullptr;
  PyObject* value = nullptr;
  Py_ssize_t at = 0;
  while (PyDict_Next(map.dict, &at, &key, &value) != 0) {
    Message* message = asMessage(value);
    all[std::string(textOf(key))] =
        message != nullptr ? toJson(*message) : scalarJson(Kind::kText, value);
  }
  return all;
}

Json listJson(const Repeated& repeated) {
  Json all = Json::array();
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(repeated.list); ++i) {
    PyObject* value = PyList_GET_ITEM(repeated.list, i);
    Message* message = asMessage(value);
    all.push_back(message != nullptr ? toJson(*message) : scalarJson(repeated.field->kind, value));
  }
  return all;
}

/// The JSON value as a field of that kind holds it, or null (no error set) when it is of another
/// type.
PyObject* scalarObject(Kind kind, const Json& json) {
  switch (kind) {
    case Kind::kText:
    case Kind::kTexts:
    case Kind::kTextMap:
      return json.is_string() ? newText(json.get_ref<const std::string&>()) : nullptr;
    case Kind::kDouble:
    case Kind::kDoubles:
      return json.is_number() ? PyFloat_FromDouble(json.get<double>()) : nullptr;
    case Kind::kBool:
      return json.is_boolean() ? PyBool_FromLong(json.get<bool>()) : nullptr;
    case Kind::kInt32:
    case Kind::kInt64:
      return json.is_number() ? PyLong_FromLongLong(json.get<std::int64_t>()) : nullptr;
    default:
      return nullptr;
  }
}

bool fillMap(Map& map, const Json& json) {
  auto* object = reinterpret_cast<PyObject*>(&map);
  for (const auto& [name, value] : json.items()) {
    const Ref key(newText(name));
    if (!key) return false;
    if (map.field->kind == Kind::kMessageMap) {
      const Ref place(PyObject_GetItem(object, key.get()));
      if (!place || !fromJson(*asMessage(place.get()), value)) return false;
      continue;
    }
    const Ref content(scalarObject(Kind::kText, value));
    if (!content && PyErr_Occurred() != nullptr) return false;
    if (content && PyObject_SetItem(object, key.get(), content.get()) != 0) return false;
  }
  return true;
}

bool fillList(Repeated& repeated, const Json& json) {
  for (const Json& value : json) {
    Ref one;
    if (repeated.field->kind == Kind::kMessages) {
      one = Ref(reinterpret_cast<PyObject*>(newMessage(repeated.field->type)));
      if (!one || !fromJson(*asMessage(one.get()), value)) return false;
    } else {
      one = Ref(scalarObject(repeated.field->kind, value));
    }
    if (!one && PyErr_Occurred() != nullptr) return false;
    if (one && PyList_Append(repeated.list, one.get()) != 0) return false;
  }
  return true;
}

bool fillField(Message& message, std::size_t index, const Json& json) {
  const Kind kind = message.descriptor->fields[index].kind;
  if (kind < Kind::kMessage) {
    PyObject* value = scalarObject(kind, json);
    if (value != nullptr) placeField(message, index, value);
    return value != nullptr || PyErr_Occurred() == nullptr;
  }
  const Ref mine(readField(message, index));
  if (!mine) return false;
  if (kind == Kind::kMessage) {
    asMessage(mine.get())->written |= kExplicit;
    return fromJson(*asMessage(mine.get()), json);
  }
  if (Map* map = asMap(mine.get())) return !json.is_object() || fillMap(*map, json);
  return !json.is_array() || fillList(*asRepeated(mine.get()), json);
}

}  // namespace

Json toJson(Message& message) {
  if (!materialise(message)) return nullptr;
  Json all = Json::object();
  for (std::size_t i = 0; i < message.descriptor->count; ++i) {
    if (!isSet(message, i)) continue;
    const Field& field = message.descriptor->fields[i];
    PyObject* value = message.slots[i];
    if (field.kind == Kind::kMessage) {
      all[field.name] = toJson(*asMessage(value));
    } else if (const Map* map = asMap(value)) {
      all[field.name] = mapJson(*map);
    } else if (const Repeated* repeated = asRepeated(value)) {
      all[field.name] = listJson(*repeated);
    } else {
      all[field.name] = scalarJson(field.kind, value);
    }
  }
  return all;
}

bool fromJson(Message& message, const Json& json) {
  if (!json.is_object()) return true;
  for (const auto& [name, value] : json.items()) {
    const std::size_t index = message.descriptor->find(name);
    if (index != message.descriptor->count && !fillField(message, index, value)) return false;
  }
  return true;
}

}  // namespace tykpp::drivers::python
