// The message type's fields: reading, writing, merging.

#include "drivers/python/impl/message.hpp"

#include <cmath>
#include <deque>
#include <string>

#include "drivers/python/impl/message_methods.hpp"

namespace tykpp::drivers::python {
namespace {

PyTypeObject* types[kTypes] = {};

Message& self(PyObject* object) { return *reinterpret_cast<Message*>(object); }
PyObject* object(Message* message) { return reinterpret_cast<PyObject*>(message); }
Py_ssize_t sizeOf(const Descriptor& descriptor) {
  const std::size_t more = descriptor.count > 1 ? descriptor.count - 1 : 0;
  return static_cast<Py_ssize_t>(sizeof(Message) + more * sizeof(PyObject*));
}

void destroyMessage(PyObject* given) {
  Message& message = self(given);
  PyTypeObject* type = Py_TYPE(given);
  for (std::size_t i = 0; i < message.descriptor->count; ++i) Py_CLEAR(message.slots[i]);
  message.source.~shared_ptr();
  type->tp_free(given);
  Py_DECREF(type);
}

PyObject* allocate(PyTypeObject* type, const Descriptor& descriptor) {
  PyObject* fresh = type->tp_alloc(type, 0);  // zeroed
  if (fresh == nullptr) return nullptr;
  self(fresh).descriptor = &descriptor;
  new (&self(fresh).source) std::shared_ptr<const void>();
  return fresh;
}

PyObject* construct(PyTypeObject* type, PyObject*, PyObject*) {
  for (std::size_t i = 0; i < kTypes; ++i) {
    if (types[i] == type) return allocate(type, descriptorOf(static_cast<Type>(i)));
  }
  return PyErr_Format(PyExc_TypeError, "%s is no message", type->tp_name);
}

int initialise(PyObject* given, PyObject* args, PyObject* keywords) {
  if (PyTuple_GET_SIZE(args) != 0) {
    PyErr_SetString(PyExc_TypeError, "a message's fields are given by name");
    return -1;
  }
  if (keywords == nullptr) return 0;
  Message& message = self(given);
  PyObject* name = nullptr;
  PyObject* value = nullptr;
  Py_ssize_t at = 0;
  while (PyDict_Next(keywords, &at, &name, &value) != 0) {
    const std::size_t index = message.descriptor->find(textOf(name));
    if (index == message.descriptor->count) {
      PyErr_Format(PyExc_ValueError, "%s has no field %R", message.descriptor->name, name);
      return -1;
    }
    if (value != Py_None && !assignAny(message, index, value)) return -1;
  }
  return 0;
}

PyObject* getField(PyObject* given, void* closure) {
  Message& message = self(given);
  return readField(message, static_cast<std::size_t>(static_cast<const Field*>(closure) -
                                                     message.descriptor->fields));
}

int setField(PyObject* given, PyObject* value, void* closure) {
  Message& message = self(given);
  const auto index =
      static_cast<std::size_t>(static_cast<const Field*>(closure) - message.descriptor->fields);
  return writeField(message, index, value) ? 0 : -1;
}

/// What a field that was never set reads as; containers and messages are kept, to be changed.
PyObject* makeDefault(Message& message, std::size_t index) {
  const Field& field = message.descriptor->fields[index];
  PyObject* fresh = nullptr;
  switch (field.kind) {
    case Kind::kText:
      return PyUnicode_New(0, 0);
    case Kind::kBytes:
      return newBytes({});
    case Kind::kInt32:
    case Kind::kInt64:
    case Kind::kEnum:
      return PyLong_FromLong(0);
    case Kind::kDouble:
      return PyFloat_FromDouble(0);
    case Kind::kBool:
      return PyBool_FromLong(0);
    case Kind::kMessage:
      fresh = object(newMessage(field.type));
      break;
    case Kind::kTextMap:
    case Kind::kMessageMap:
      fresh = newMap(field);
      break;
    default:
      fresh = newRepeated(field);
  }
  if (fresh == nullptr) return nullptr;
  placeField(message, index, fresh);
  return Ref::to(fresh).release();
}

/// A type for each message: the fields as getters and setters, the methods in common.
PyTypeObject* makeType(const Descriptor& descriptor) {
  auto* getters = new PyGetSetDef[descriptor.count + 1]{};  // lives as long as the type: for ever
  for (std::size_t i = 0; i < descriptor.count; ++i) {
    const Field& field = descriptor.fields[i];
    getters[i] = {field.name, &getField, &setField, nullptr, const_cast<Field*>(&field)};
  }
  // Types keep pointing at their names, and are never freed.
  static auto* const names = new std::deque<std::string>;
  const std::string& name =
      names->emplace_back(std::string(descriptor.module) + "." + descriptor.name);
  PyType_Slot slots[] = {
      {Py_tp_new, asSlot(&construct)},
      {Py_tp_init, asSlot(&initialise)},
      {Py_tp_dealloc, asSlot(&destroyMessage)},
      {Py_tp_repr, asSlot(&messageText)},
      {Py_tp_str, asSlot(&messageText)},
      {Py_tp_richcompare, asSlot(&compareMessages)},
      {Py_tp_hash, asSlot(&PyObject_HashNotImplemented)},
      {Py_tp_getset, getters},
      {Py_tp_methods, messageMethods()},
      {0, nullptr},
  };
  PyType_Spec spec = {name.c_str(), static_cast<int>(sizeOf(descriptor)), 0, Py_TPFLAGS_DEFAULT,
                      slots};
  return reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
}

bool mergeField(Message& to, std::size_t index, PyObject* value) {
  switch (to.descriptor->fields[index].kind) {
    case Kind::kMessage: {
      const Ref mine(readField(to, index));
      if (!mine) return false;
      self(mine.get()).written |= kExplicit;
      return mergeMessage(self(mine.get()), self(value));
    }
    case Kind::kTextMap:
    case Kind::kMessageMap: {
      const Ref mine(readField(to, index));
      return mine && updateMap(*asMap(mine.get()), value);
    }
    case Kind::kTexts:
    case Kind::kDoubles:
    case Kind::kMessages: {
      const Ref mine(readField(to, index));
      return mine && extendRepeated(*asRepeated(mine.get()), value);
    }
    default:
      return writeField(to, index, value);
  }
}

bool assignMessage(Message& message, std::size_t index, PyObject* value) {
  const Ref mine(readField(message, index));
  if (!mine) return false;
  Message& target = self(mine.get());
  target.written |= kExplicit;
  if (Message* from = asMessage(value, target.descriptor->type)) return mergeMessage(target, *from);
  if (!PyDict_Check(value)) {
    PyErr_Format(PyExc_TypeError, "field %s holds a %s, not %s",
                 message.descriptor->fields[index].name, target.descriptor->name,
                 Py_TYPE(value)->tp_name);
    return false;
  }
  const Ref none(PyTuple_New(0));
  return none && initialise(mine.get(), none.get(), value) == 0;
}

}  // namespace

bool addMessageTypes(PyObject* module) {
  for (std::size_t i = 0; i < kTypes; ++i) {
    const Descriptor& descriptor = descriptorOf(static_cast<Type>(i));
    types[i] = makeType(descriptor);
    if (types[i] == nullptr) return false;
    if (addObject(module, descriptor.name, reinterpret_cast<PyObject*>(types[i])) != 0) {
      return false;
    }
  }
  return true;
}

PyTypeObject* messageType(Type type) noexcept { return types[static_cast<std::size_t>(type)]; }

Message* newMessage(Type type) {
  return reinterpret_cast<Message*>(allocate(messageType(type), descriptorOf(type)));
}

Message* asMessage(PyObject* given, Type type) noexcept {
  return Py_TYPE(given) == messageType(type) ? &self(given) : nullptr;
}

Message* asMessage(PyObject* given) noexcept {
  for (PyTypeObject* type : types) {
    if (Py_TYPE(given) == type) return &self(given);
  }
  return nullptr;
}

PyObject* readField(Message& message, std::size_t index) {
  if (PyObject* there = message.slots[index]) return Ref::to(there).release();
  if (message.fill != nullptr && !wasWritten(message, index)) {
    PyObject* made = message.fill(message, index);
    if (made == nullptr && PyErr_Occurred() != nullptr) return nullptr;
    if (made != nullptr) {
      placeField(message, index, made);
      return Ref::to(made).release();
    }
    if (PyObject* there = message.slots[index]) return Ref::to(there).release();
  }
  return makeDefault(message, index);
}

bool writeField(Message& message, std::size_t index, PyObject* value) {
  const Field& field = message.descriptor->fields[index];
  if (value == nullptr) {
    PyErr_Format(PyExc_AttributeError, "field %s is reset with ClearField", field.name);
    return false;
  }
  if (field.kind >= Kind::kMessage) {
    PyErr_Format(PyExc_AttributeError,
                 "field %s holds a message, a map or a list: it is changed in place", field.name);
    return false;
  }
  PyObject* fresh = checked(field.kind, field.name, value);
  if (fresh == nullptr) return false;
  placeField(message, index, fresh);
  message.written |= std::uint64_t{1} << index;
  return true;
}

void placeField(Message& message, std::size_t index, PyObject* value) noexcept {
  PyObject* old = std::exchange(message.slots[index], value);
  Py_XDECREF(old);
}

bool materialise(Message& message) {
  if (message.fill == nullptr) return true;
  for (std::size_t i = 0; i < message.descriptor->count; ++i) {
    const Ref value(readField(message, i));
    if (!value) return false;
  }
  return true;
}

bool isSet(const Message& message, std::size_t index) {
  PyObject* value = message.slots[index];
  if (value == nullptr) return false;
  switch (message.descriptor->fields[index].kind) {
    case Kind::kText:
      return PyUnicode_GET_LENGTH(value) != 0;
    case Kind::kBytes:
      return PyBytes_GET_SIZE(value) != 0;
    case Kind::kDouble:
      return PyFloat_AS_DOUBLE(value) != 0 || std::signbit(PyFloat_AS_DOUBLE(value));
    case Kind::kMessage:
      return isPresent(self(value));
    case Kind::kTextMap:
    case Kind::kMessageMap:
      return PyDict_GET_SIZE(asMap(value)->dict) != 0;
    case Kind::kTexts:
    case Kind::kDoubles:
    case Kind::kMessages:
      return PyList_GET_SIZE(asRepeated(value)->list) != 0;
    default:
      return PyObject_IsTrue(value) == 1;
  }
}

bool isPresent(const Message& message) {
  if (message.written != 0) return true;
  for (std::size_t i = 0; i < message.descriptor->count; ++i) {
    if (isSet(message, i)) return true;
  }
  return false;
}

void clearMessage(Message& message) noexcept {
  message.fill = nullptr;
  for (std::size_t i = 0; i < message.descriptor->count; ++i) clearField(message, i);
}

void clearField(Message& message, std::size_t index) noexcept {
  Py_CLEAR(message.slots[index]);
  message.written |= std::uint64_t{1} << index;
}

bool mergeMessage(Message& to, Message& from) {
  if (&to == &from) return true;
  if (!materialise(from)) return false;
  if (from.written != 0) to.written |= kExplicit;
  for (std::size_t i = 0; i < from.descriptor->count; ++i) {
    if (isSet(from, i) && !mergeField(to, i, from.slots[i])) return false;
  }
  return true;
}

bool assignAny(Message& message, std::size_t index, PyObject* value) {
  const Kind kind = message.descriptor->fields[index].kind;
  if (kind < Kind::kMessage) return writeField(message, index, value);
  if (kind == Kind::kMessage) return assignMessage(message, index, value);
  const Ref mine(readField(message, index));
  if (!mine) return false;
  if (Map* map = asMap(mine.get())) return updateMap(*map, value);
  return extendRepeated(*asRepeated(mine.get()), value);
}

Message* copyMessage(Message& message) {
  Ref fresh(object(newMessage(message.descriptor->type)));
  if (!fresh || !mergeMessage(self(fresh.get()), message)) return nullptr;
  return &self(fresh.release());
}

}  // namespace tykpp::drivers::python
