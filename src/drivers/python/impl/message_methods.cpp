#include "drivers/python/impl/message_methods.hpp"

#include "drivers/python/impl/wire.hpp"

namespace tykpp::drivers::python {
namespace {

Message& self(PyObject* object) { return *reinterpret_cast<Message*>(object); }

Message* sameType(PyObject* given, PyObject* other) {
  if (Py_TYPE(given) == Py_TYPE(other)) return &self(other);
  PyErr_Format(PyExc_TypeError, "wanted a %s, not %s", self(given).descriptor->name,
               Py_TYPE(other)->tp_name);
  return nullptr;
}

/// The index of a field by name; `count` with ValueError for a name it does not have.
std::size_t fieldNamed(const Message& message, PyObject* name) {
  const std::size_t index = message.descriptor->find(textOf(name));
  if (index == message.descriptor->count) {
    PyErr_Format(PyExc_ValueError, "%s has no field %R", message.descriptor->name, name);
  }
  return index;
}

PyObject* mergeFrom(PyObject* object, PyObject* other) {
  Message* from = sameType(object, other);
  if (from == nullptr || !mergeMessage(self(object), *from)) return nullptr;
  self(object).written |= kExplicit;
  Py_RETURN_NONE;
}

PyObject* copyFrom(PyObject* object, PyObject* other) {
  Message* from = sameType(object, other);
  if (from == nullptr) return nullptr;
  if (from == &self(object)) Py_RETURN_NONE;
  // Merged from a copy: what is copied may hang in what is cleared.
  const Ref copy(reinterpret_cast<PyObject*>(copyMessage(*from)));
  if (!copy) return nullptr;
  clearMessage(self(object));
  if (!mergeMessage(self(object), self(copy.get()))) return nullptr;
  Py_RETURN_NONE;
}

PyObject* clear(PyObject* object, PyObject*) {
  clearMessage(self(object));
  Py_RETURN_NONE;
}

PyObject* clearNamed(PyObject* object, PyObject* name) {
  const std::size_t index = fieldNamed(self(object), name);
  if (index == self(object).descriptor->count) return nullptr;
  clearField(self(object), index);
  Py_RETURN_NONE;
}

PyObject* hasField(PyObject* object, PyObject* name) {
  Message& message = self(object);
  const std::size_t index = fieldNamed(message, name);
  if (index == message.descriptor->count) return nullptr;
  if (message.descriptor->fields[index].kind != Kind::kMessage) {
    return PyErr_Format(PyExc_ValueError, "field %s of %s has no presence: compare its value",
                        message.descriptor->fields[index].name, message.descriptor->name);
  }
  const Ref value(readField(message, index));
  if (!value || !materialise(self(value.get()))) return nullptr;
  return PyBool_FromLong(isPresent(self(value.get())));
}

/// The names of the fields that are set, in order: ListFields puts descriptors beside them.
PyObject* setFields(PyObject* object, PyObject*) {
  Message& message = self(object);
  Ref names(PyList_New(0));
  if (!names || !materialise(message)) return nullptr;
  for (std::size_t i = 0; i < message.descriptor->count; ++i) {
    if (!isSet(message, i)) continue;
    const Ref name(newText(message.descriptor->fields[i].name));
    if (!name || PyList_Append(names.get(), name.get()) != 0) return nullptr;
  }
  return names.release();
}

PyObject* serialize(PyObject* object, PyObject*, PyObject*) {
  std::string bytes;
  if (!encode(self(object), bytes)) return nullptr;
  return newBytes(bytes);
}

PyObject* byteSize(PyObject* object, PyObject*) {
  std::string bytes;
  if (!encode(self(object), bytes)) return nullptr;
  return PyLong_FromSize_t(bytes.size());
}

PyObject* mergeFromString(PyObject* object, PyObject* given) {
  Py_buffer buffer;
  if (PyObject_GetBuffer(given, &buffer, PyBUF_SIMPLE) != 0) return nullptr;
  const auto size = static_cast<std::size_t>(buffer.len);
  const bool good = decode(self(object), {static_cast<const char*>(buffer.buf), size});
  PyBuffer_Release(&buffer);
  return good ? PyLong_FromSize_t(size) : nullptr;
}

PyObject* parseFromString(PyObject* object, PyObject* given) {
  clearMessage(self(object));
  return mergeFromString(object, given);
}

PyObject* fromString(PyObject* type, PyObject* given) {
  Ref fresh(PyObject_CallNoArgs(type));
  if (!fresh) return nullptr;
  const Ref read(mergeFromString(fresh.get(), given));
  return read ? fresh.release() : nullptr;
}

PyObject* setInParent(PyObject* object, PyObject*) {
  self(object).written |= kExplicit;
  Py_RETURN_NONE;
}

PyObject* copied(PyObject* object, PyObject*) {
  return reinterpret_cast<PyObject*>(copyMessage(self(object)));
}

/// Pickling: the type, and its bytes to read.
PyObject* reduce(PyObject* object, PyObject*) {
  const Ref bytes(serialize(object, nullptr, nullptr));
  const Ref read(
      PyObject_GetAttrString(reinterpret_cast<PyObject*>(Py_TYPE(object)), "FromString"));
  if (!bytes || !read) return nullptr;
  return Py_BuildValue("O(O)", read.get(), bytes.get());
}

PyObject* yes(PyObject*, PyObject*) { Py_RETURN_TRUE; }
PyObject* nothing(PyObject*, PyObject*) { Py_RETURN_NONE; }

PyMethodDef kMethods[] = {
    {"MergeFrom", asMethod(&mergeFrom), METH_O, nullptr},
    {"CopyFrom", asMethod(&copyFrom), METH_O, nullptr},
    {"Clear", asMethod(&clear), METH_NOARGS, nullptr},
    {"ClearField", asMethod(&clearNamed), METH_O, nullptr},
    {"HasField", asMethod(&hasField), METH_O, nullptr},
    {"_set_fields", asMethod(&setFields), METH_NOARGS, nullptr},
    {"SerializeToString", asMethod(&serialize), METH_VARARGS | METH_KEYWORDS, nullptr},
    {"SerializePartialToString", asMethod(&serialize), METH_VARARGS | METH_KEYWORDS, nullptr},
    {"ByteSize", asMethod(&byteSize), METH_NOARGS, nullptr},
    {"MergeFromString", asMethod(&mergeFromString), METH_O, nullptr},
    {"ParseFromString", asMethod(&parseFromString), METH_O, nullptr},
    {"FromString", asMethod(&fromString), METH_O | METH_CLASS, nullptr},
    {"IsInitialized", asMethod(&yes), METH_NOARGS, nullptr},
    {"SetInParent", asMethod(&setInParent), METH_NOARGS, nullptr},
    {"DiscardUnknownFields", asMethod(&nothing), METH_NOARGS, nullptr},
    {"__copy__", asMethod(&copied), METH_NOARGS, nullptr},
    {"__deepcopy__", asMethod(&copied), METH_O, nullptr},
    {"__reduce__", asMethod(&reduce), METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

PyMethodDef* messageMethods() noexcept { return kMethods; }

PyObject* messageText(PyObject* object) {
  std::string text;
  if (!printText(self(object), text)) return nullptr;
  return newText(text);
}

PyObject* compareMessages(PyObject* one, PyObject* other, int how) {
  if ((how != Py_EQ && how != Py_NE) || Py_TYPE(one) != Py_TYPE(other)) Py_RETURN_NOTIMPLEMENTED;
  Message& mine = self(one);
  Message& theirs = self(other);
  bool equal = true;
  for (std::size_t i = 0; i < mine.descriptor->count && equal; ++i) {
    const Ref a(readField(mine, i));
    const Ref b(readField(theirs, i));
    if (!a || !b) return nullptr;
    const int same = PyObject_RichCompareBool(a.get(), b.get(), Py_EQ);
    if (same < 0) return nullptr;
    equal = same != 0;
  }
  return PyBool_FromLong(equal == (how == Py_EQ));
}

}  // namespace tykpp::drivers::python
