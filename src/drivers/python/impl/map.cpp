// Map fields.

#include "drivers/python/impl/message.hpp"

namespace tykpp::drivers::python {
namespace {

PyTypeObject* map_type = nullptr;

Map& self(PyObject* object) { return *reinterpret_cast<Map*>(object); }
bool holdsMessages(const Map& map) { return map.field->kind == Kind::kMessageMap; }

void destroyMap(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  Py_CLEAR(self(object).dict);
  type->tp_free(object);
  Py_DECREF(type);
}

Ref checkedKey(const Map& map, PyObject* key) {
  return Ref(checked(Kind::kText, map.field->name, key));
}

/// Reading a key that is not there makes it, as the protocol's own Python objects do.
PyObject* subscript(PyObject* object, PyObject* key) {
  Map& map = self(object);
  const Ref name = checkedKey(map, key);
  if (!name) return nullptr;
  PyObject* found = PyDict_GetItemWithError(map.dict, name.get());
  if (found != nullptr) return Ref::to(found).release();
  if (PyErr_Occurred() != nullptr || !ownDict(map)) return nullptr;
  Ref fresh(holdsMessages(map) ? reinterpret_cast<PyObject*>(newMessage(map.field->type))
                               : PyUnicode_New(0, 0));
  if (!fresh || PyDict_SetItem(map.dict, name.get(), fresh.get()) != 0) return nullptr;
  return fresh.release();
}

int assign(PyObject* object, PyObject* key, PyObject* value) {
  Map& map = self(object);
  const Ref name = checkedKey(map, key);
  if (!name || !ownDict(map)) return -1;
  if (value == nullptr) return PyDict_DelItem(map.dict, name.get());
  if (holdsMessages(map)) {
    PyErr_Format(PyExc_ValueError,
                 "entries of %s are made by reading them, and changed in place or by CopyFrom",
                 map.field->name);
    return -1;
  }
  const Ref text(checked(Kind::kText, map.field->name, value));
  return text ? PyDict_SetItem(map.dict, name.get(), text.get()) : -1;
}

Py_ssize_t length(PyObject* object) { return PyDict_Size(self(object).dict); }
int contains(PyObject* object, PyObject* key) { return PyDict_Contains(self(object).dict, key); }
PyObject* iterate(PyObject* object) { return PyObject_GetIter(self(object).dict); }

PyObject* represent(PyObject* object) { return PyObject_Repr(self(object).dict); }

PyObject* compare(PyObject* object, PyObject* other, int how) {
  if (how != Py_EQ && how != Py_NE) Py_RETURN_NOTIMPLEMENTED;
  if (const Map* map = asMap(other)) other = map->dict;
  return PyObject_RichCompare(self(object).dict, other, how);
}

PyObject* get(PyObject* object, PyObject* const* args, Py_ssize_t count) {
  if (count < 1 || count > 2) {
    return PyErr_Format(PyExc_TypeError, "get takes a key and a default");
  }
  PyObject* found = PyDict_GetItemWithError(self(object).dict, args[0]);
  if (found == nullptr && PyErr_Occurred() != nullptr) return nullptr;
  if (found == nullptr) found = count == 2 ? args[1] : Py_None;
  return Ref::to(found).release();
}

PyObject* keys(PyObject* object, PyObject*) {
  return PyObject_CallMethod(self(object).dict, "keys", nullptr);
}
PyObject* values(PyObject* object, PyObject*) {
  return PyObject_CallMethod(self(object).dict, "values", nullptr);
}
PyObject* items(PyObject* object, PyObject*) {
  return PyObject_CallMethod(self(object).dict, "items", nullptr);
}
PyObject* copy(PyObject* object, PyObject*) { return PyDict_Copy(self(object).dict); }

PyObject* clear(PyObject* object, PyObject*) {
  Map& map = self(object);
  if (!ownDict(map)) return nullptr;
  PyDict_Clear(map.dict);
  Py_RETURN_NONE;
}

PyObject* pop(PyObject* object, PyObject* const* args, Py_ssize_t count) {
  Map& map = self(object);
  if (count < 1 || count > 2) {
    return PyErr_Format(PyExc_TypeError, "pop takes a key and a default");
  }
  Ref found = Ref::to(PyDict_GetItemWithError(map.dict, args[0]));
  if (!found) {
    if (PyErr_Occurred() != nullptr) return nullptr;
    if (count == 2) return Ref::to(args[1]).release();
    PyErr_SetObject(PyExc_KeyError, args[0]);
    return nullptr;
  }
  if (!ownDict(map) || PyDict_DelItem(map.dict, args[0]) != 0) return nullptr;
  return found.release();
}

PyObject* popitem(PyObject* object, PyObject*) {
  Map& map = self(object);
  if (!ownDict(map)) return nullptr;
  return PyObject_CallMethod(map.dict, "popitem", nullptr);
}

PyObject* setdefault(PyObject* object, PyObject* const* args, Py_ssize_t count) {
  Map& map = self(object);
  if (count < 1 || count > 2) {
    return PyErr_Format(PyExc_TypeError, "setdefault takes a key and a default");
  }
  const int known = PyDict_Contains(map.dict, args[0]);
  if (known < 0) return nullptr;
  if (known == 0 && count == 2 && assign(object, args[0], args[1]) != 0) return nullptr;
  return subscript(object, args[0]);
}

PyObject* update(PyObject* object, PyObject* args, PyObject* keywords) {
  PyObject* from = nullptr;
  if (!PyArg_UnpackTuple(args, "update", 0, 1, &from)) return nullptr;
  if (from != nullptr && !updateMap(self(object), from)) return nullptr;
  if (keywords != nullptr && !updateMap(self(object), keywords)) return nullptr;
  Py_RETURN_NONE;
}

PyObject* mergeFrom(PyObject* object, PyObject* other) {
  const Map* from = asMap(other);
  if (from == nullptr || from->field->kind != self(object).field->kind) {
    return PyErr_Format(PyExc_TypeError, "MergeFrom wants another map of %s",
                        self(object).field->name);
  }
  if (!updateMap(self(object), other)) return nullptr;
  Py_RETURN_NONE;
}

PyObject* getOrCreate(PyObject* object, PyObject* key) { return subscript(object, key); }

PyMethodDef kMethods[] = {
    {"get", asMethod(&get), METH_FASTCALL, nullptr},
    {"keys", asMethod(&keys), METH_NOARGS, nullptr},
    {"values", asMethod(&values), METH_NOARGS, nullptr},
    {"items", asMethod(&items), METH_NOARGS, nullptr},
    {"copy", asMethod(&copy), METH_NOARGS, nullptr},
    {"clear", asMethod(&clear), METH_NOARGS, nullptr},
    {"pop", asMethod(&pop), METH_FASTCALL, nullptr},
    {"popitem", asMethod(&popitem), METH_NOARGS, nullptr},
    {"setdefault", asMethod(&setdefault), METH_FASTCALL, nullptr},
    {"update", asMethod(&update), METH_VARARGS | METH_KEYWORDS, nullptr},
    {"MergeFrom", asMethod(&mergeFrom), METH_O, nullptr},
    {"get_or_create", asMethod(&getOrCreate), METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyType_Slot kSlots[] = {
    {Py_tp_dealloc, asSlot(&destroyMap)},
    {Py_tp_repr, asSlot(&represent)},
    {Py_tp_richcompare, asSlot(&compare)},
    {Py_tp_hash, asSlot(&PyObject_HashNotImplemented)},
    {Py_tp_iter, asSlot(&iterate)},
    {Py_tp_methods, kMethods},
    {Py_mp_subscript, asSlot(&subscript)},
    {Py_mp_ass_subscript, asSlot(&assign)},
    {Py_mp_length, asSlot(&length)},
    {Py_sq_contains, asSlot(&contains)},
    {0, nullptr},
};

PyType_Spec kSpec = {"_tykpp.Map", sizeof(Map), 0, Py_TPFLAGS_DEFAULT, kSlots};

bool setEntry(Map& map, PyObject* key, PyObject* value) {
  if (!holdsMessages(map)) {
    return assign(reinterpret_cast<PyObject*>(&map), key, value) == 0;
  }
  Message* from = asMessage(value, map.field->type);
  if (from == nullptr) {
    PyErr_Format(PyExc_TypeError, "%s holds messages of type %s", map.field->name,
                 descriptorOf(map.field->type).name);
    return false;
  }
  const Ref place(subscript(reinterpret_cast<PyObject*>(&map), key));
  if (!place) return false;
  Message& to = *reinterpret_cast<Message*>(place.get());
  if (&to == from) return true;
  clearMessage(to);
  return mergeMessage(to, *from);
}

bool updateFromDict(Map& map, PyObject* dict) {
  // A copy: values may be changed by what checks them.
  const Ref entries(PyDict_Items(dict));
  if (!entries) return false;
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(entries.get()); ++i) {
    PyObject* pair = PyList_GET_ITEM(entries.get(), i);
    if (!setEntry(map, PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1))) return false;
  }
  return true;
}

}  // namespace

bool addMapType(PyObject* module) {
  map_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&kSpec));
  if (map_type == nullptr) return false;
  return addObject(module, "Map", reinterpret_cast<PyObject*>(map_type)) == 0;
}

Map* asMap(PyObject* object) noexcept {
  return Py_TYPE(object) == map_type ? reinterpret_cast<Map*>(object) : nullptr;
}

PyObject* newMap(const Field& field, PyObject* dict, bool shared) {
  Ref content(dict != nullptr ? dict : PyDict_New());
  if (!content) return nullptr;
  PyObject* object = map_type->tp_alloc(map_type, 0);
  if (object == nullptr) return nullptr;
  self(object).dict = content.release();
  self(object).field = &field;
  self(object).shared = shared;
  return object;
}

bool ownDict(Map& map) {
  if (!map.shared) return true;
  PyObject* own = PyDict_Copy(map.dict);
  if (own == nullptr) return false;
  Py_SETREF(map.dict, own);
  map.shared = false;
  return true;
}

bool updateMap(Map& map, PyObject* from) {
  if (const Map* other = asMap(from)) return updateFromDict(map, other->dict);
  if (PyDict_Check(from)) return updateFromDict(map, from);
  const Ref dict(PyDict_New());
  if (!dict) return false;
  const bool mapping = PyObject_HasAttrString(from, "keys") != 0;
  const int failed =
      mapping ? PyDict_Update(dict.get(), from) : PyDict_MergeFromSeq2(dict.get(), from, 1);
  return failed == 0 && updateFromDict(map, dict.get());
}

}  // namespace tykpp::drivers::python
