// Repeated fields.

#include "drivers/python/impl/message.hpp"

namespace tykpp::drivers::python {
bool addMapType(PyObject* module);

namespace {

PyTypeObject* repeated_type = nullptr;

Repeated& self(PyObject* object) { return *reinterpret_cast<Repeated*>(object); }
bool holdsMessages(const Repeated& repeated) { return repeated.field->kind == Kind::kMessages; }

void destroyRepeated(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  Py_CLEAR(self(object).list);
  type->tp_free(object);
  Py_DECREF(type);
}

/// What the list holds for a value: checked, and a copy when it is a message.
Ref element(const Repeated& repeated, PyObject* value) {
  if (!holdsMessages(repeated)) {
    return Ref(checked(repeated.field->kind, repeated.field->name, value));
  }
  Message* message = asMessage(value, repeated.field->type);
  if (message == nullptr) {
    PyErr_Format(PyExc_TypeError, "%s holds messages of type %s, not %s", repeated.field->name,
                 descriptorOf(repeated.field->type).name, Py_TYPE(value)->tp_name);
    return {};
  }
  return Ref(reinterpret_cast<PyObject*>(copyMessage(*message)));
}

Py_ssize_t length(PyObject* object) { return PyList_GET_SIZE(self(object).list); }
PyObject* item(PyObject* object, Py_ssize_t at) {
  return PySequence_GetItem(self(object).list, at);
}
PyObject* subscript(PyObject* object, PyObject* key) {
  return PyObject_GetItem(self(object).list, key);
}
int contains(PyObject* object, PyObject* value) {
  return PySequence_Contains(self(object).list, value);
}
PyObject* iterate(PyObject* object) { return PyObject_GetIter(self(object).list); }
PyObject* represent(PyObject* object) { return PyObject_Repr(self(object).list); }

int assign(PyObject* object, PyObject* key, PyObject* value) {
  Repeated& repeated = self(object);
  if (value == nullptr) return PyObject_DelItem(repeated.list, key);
  if (holdsMessages(repeated)) {
    PyErr_Format(PyExc_TypeError, "elements of %s are changed in place", repeated.field->name);
    return -1;
  }
  if (!PySlice_Check(key)) {
    const Ref fresh = element(repeated, value);
    return fresh ? PyObject_SetItem(repeated.list, key, fresh.get()) : -1;
  }
  const Ref several(newRepeated(*repeated.field));
  if (!several || !extendRepeated(self(several.get()), value)) return -1;
  return PyObject_SetItem(repeated.list, key, self(several.get()).list);
}

PyObject* compare(PyObject* object, PyObject* other, int how) {
  if (how != Py_EQ && how != Py_NE) Py_RETURN_NOTIMPLEMENTED;
  if (const Repeated* repeated = asRepeated(other)) other = repeated->list;
  return PyObject_RichCompare(self(object).list, other, how);
}

PyObject* append(PyObject* object, PyObject* value) {
  const Ref fresh = element(self(object), value);
  if (!fresh || PyList_Append(self(object).list, fresh.get()) != 0) return nullptr;
  Py_RETURN_NONE;
}

PyObject* insert(PyObject* object, PyObject* args) {
  Py_ssize_t at = 0;
  PyObject* value = nullptr;
  if (!PyArg_ParseTuple(args, "nO", &at, &value)) return nullptr;
  const Ref fresh = element(self(object), value);
  if (!fresh || PyList_Insert(self(object).list, at, fresh.get()) != 0) return nullptr;
  Py_RETURN_NONE;
}

PyObject* extend(PyObject* object, PyObject* from) {
  if (!extendRepeated(self(object), from)) return nullptr;
  Py_RETURN_NONE;
}

/// `add(key="…", values=[…])`: appends a message and answers it.
PyObject* add(PyObject* object, PyObject* args, PyObject* keywords) {
  Repeated& repeated = self(object);
  if (!holdsMessages(repeated)) {
    return PyErr_Format(PyExc_AttributeError, "%s holds no messages: use append",
                        repeated.field->name);
  }
  auto* type = reinterpret_cast<PyObject*>(messageType(repeated.field->type));
  Ref fresh(PyObject_Call(type, args, keywords));
  if (!fresh || PyList_Append(repeated.list, fresh.get()) != 0) return nullptr;
  return fresh.release();
}

/// A method that the list has too and that brings nothing new in.
template <const char* const& Name>
PyObject* ofList(PyObject* object, PyObject* args, PyObject* keywords) {
  const Ref method(PyObject_GetAttrString(self(object).list, Name));
  return method ? PyObject_Call(method.get(), args, keywords) : nullptr;
}
constexpr const char* kPop = "pop";
constexpr const char* kRemove = "remove";
constexpr const char* kSort = "sort";
constexpr const char* kReverse = "reverse";
constexpr const char* kIndex = "index";
constexpr const char* kCount = "count";
constexpr const char* kClear = "clear";
constexpr int kAny = METH_VARARGS | METH_KEYWORDS;

PyMethodDef kMethods[] = {
    {"append", asMethod(&append), METH_O, nullptr},
    {"insert", asMethod(&insert), METH_VARARGS, nullptr},
    {"extend", asMethod(&extend), METH_O, nullptr},
    {"MergeFrom", asMethod(&extend), METH_O, nullptr},
    {"add", asMethod(&add), kAny, nullptr},
    {"pop", asMethod(&ofList<kPop>), kAny, nullptr},
    {"remove", asMethod(&ofList<kRemove>), kAny, nullptr},
    {"sort", asMethod(&ofList<kSort>), kAny, nullptr},
    {"reverse", asMethod(&ofList<kReverse>), kAny, nullptr},
    {"index", asMethod(&ofList<kIndex>), kAny, nullptr},
    {"count", asMethod(&ofList<kCount>), kAny, nullptr},
    {"clear", asMethod(&ofList<kClear>), kAny, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyType_Slot kSlots[] = {
    {Py_tp_dealloc, asSlot(&destroyRepeated)},
    {Py_tp_repr, asSlot(&represent)},
    {Py_tp_richcompare, asSlot(&compare)},
    {Py_tp_hash, asSlot(&PyObject_HashNotImplemented)},
    {Py_tp_iter, asSlot(&iterate)},
    {Py_tp_methods, kMethods},
    {Py_sq_item, asSlot(&item)},
    {Py_sq_length, asSlot(&length)},
    {Py_sq_contains, asSlot(&contains)},
    {Py_mp_length, asSlot(&length)},
    {Py_mp_subscript, asSlot(&subscript)},
    {Py_mp_ass_subscript, asSlot(&assign)},
    {0, nullptr},
};

PyType_Spec kSpec = {"_tykpp.Repeated", sizeof(Repeated), 0, Py_TPFLAGS_DEFAULT, kSlots};

}  // namespace

bool addContainerTypes(PyObject* module) {
  if (!addMapType(module)) return false;
  repeated_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&kSpec));
  if (repeated_type == nullptr) return false;
  return addObject(module, "Repeated", reinterpret_cast<PyObject*>(repeated_type)) == 0;
}

Repeated* asRepeated(PyObject* object) noexcept {
  return Py_TYPE(object) == repeated_type ? reinterpret_cast<Repeated*>(object) : nullptr;
}

PyObject* newRepeated(const Field& field, PyObject* list) {
  Ref content(list != nullptr ? list : PyList_New(0));
  if (!content) return nullptr;
  PyObject* object = repeated_type->tp_alloc(repeated_type, 0);
  if (object == nullptr) return nullptr;
  self(object).list = content.release();
  self(object).field = &field;
  return object;
}

bool extendRepeated(Repeated& repeated, PyObject* from) {
  if (const Repeated* other = asRepeated(from)) from = other->list;
  const Ref elements(PySequence_List(from));  // a copy: the source may be this list
  if (!elements) return false;
  const Ref fresh(PyList_New(0));
  if (!fresh) return false;
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(elements.get()); ++i) {
    const Ref one = element(repeated, PyList_GET_ITEM(elements.get(), i));
    if (!one || PyList_Append(fresh.get(), one.get()) != 0) return false;
  }
  const Py_ssize_t end = PyList_GET_SIZE(repeated.list);
  return PyList_SetSlice(repeated.list, end, end, fresh.get()) == 0;
}

}  // namespace tykpp::drivers::python
