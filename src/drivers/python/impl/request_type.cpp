// The `request` argument of a handler.

#include "drivers/python/impl/call.hpp"
#include "drivers/python/impl/dispatch.hpp"
#include "drivers/python/impl/message.hpp"

namespace tykpp::drivers::python {
namespace {

struct Request {
  PyObject ob_base;
  PyObject* message;  // MiniRequestObject
};

PyTypeObject* request_type = nullptr;

Request& self(PyObject* object) { return *reinterpret_cast<Request*>(object); }

void destroyRequest(PyObject* object) {
  PyTypeObject* type = Py_TYPE(object);
  Py_CLEAR(self(object).message);
  type->tp_free(object);
  Py_DECREF(type);
}

PyObject* construct(PyTypeObject*, PyObject* args, PyObject*) {
  PyObject* message = nullptr;
  if (!PyArg_UnpackTuple(args, "TykCoProcessRequest", 1, 1, &message)) return nullptr;
  if (asMessage(message, Type::kRequest) == nullptr) {
    return PyErr_Format(PyExc_TypeError, "a request is made of a MiniRequestObject, not %s",
                        Py_TYPE(message)->tp_name);
  }
  return newRequestWrapper(Ref::to(message).release());
}

Ref field(PyObject* object, RequestField index) {
  return Ref(readField(*asMessage(self(object).message), index));
}

PyObject* put(PyObject* object, RequestField index, PyObject* const* args, Py_ssize_t count) {
  if (count != 2) return PyErr_Format(PyExc_TypeError, "a name and a value are needed");
  const Ref map = field(object, index);
  if (!map || PyObject_SetItem(map.get(), args[0], args[1]) != 0) return nullptr;
  Py_RETURN_NONE;
}

PyObject* append(PyObject* object, RequestField index, PyObject* value) {
  const Ref list = field(object, index);
  if (!list) return nullptr;
  const Ref text(checked(Kind::kText, asRepeated(list.get())->field->name, value));
  if (!text || PyList_Append(asRepeated(list.get())->list, text.get()) != 0) return nullptr;
  Py_RETURN_NONE;
}

PyObject* addHeader(PyObject* object, PyObject* const* args, Py_ssize_t count) {
  return put(object, kSetHeaders, args, count);
}
PyObject* deleteHeader(PyObject* object, PyObject* name) {
  return append(object, kDeleteHeaders, name);
}
PyObject* addParam(PyObject* object, PyObject* const* args, Py_ssize_t count) {
  return put(object, kAddParams, args, count);
}
PyObject* deleteParam(PyObject* object, PyObject* name) {
  return append(object, kDeleteParams, name);
}

PyObject* getHeader(PyObject* object, PyObject* name) {
  Message& message = *asMessage(self(object).message);
  // As long as nobody has asked for the map, it need not be made for one header.
  if (message.slots[kRequestHeaders] == nullptr && message.fill != nullptr &&
      !wasWritten(message, kRequestHeaders) && PyUnicode_Check(name)) {
    const Call& call = *static_cast<const Call*>(message.source.get());
    const std::string_view wanted = textOf(name);
    for (const HeaderPiece& piece : call.headers) {
      if (call.view(piece.name) == wanted) return newText(call.view(piece.value));
    }
    Py_RETURN_NONE;
  }
  const Ref map = field(object, kRequestHeaders);
  if (!map) return nullptr;
  PyObject* found = PyDict_GetItemWithError(asMap(map.get())->dict, name);
  if (found == nullptr && PyErr_Occurred() != nullptr) return nullptr;
  return Ref::to(found != nullptr ? found : Py_None).release();
}

PyObject* getObject(PyObject* object, void*) { return Ref::to(self(object).message).release(); }

PyMethodDef kMethods[] = {
    {"add_header", asMethod(&addHeader), METH_FASTCALL, nullptr},
    {"delete_header", asMethod(&deleteHeader), METH_O, nullptr},
    {"add_param", asMethod(&addParam), METH_FASTCALL, nullptr},
    {"delete_param", asMethod(&deleteParam), METH_O, nullptr},
    {"get_header", asMethod(&getHeader), METH_O, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyGetSetDef kGetters[] = {
    {"object", &getObject, nullptr, nullptr, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyType_Slot kSlots[] = {
    {Py_tp_new, asSlot(&construct)},
    {Py_tp_dealloc, asSlot(&destroyRequest)},
    {Py_tp_methods, kMethods},
    {Py_tp_getset, kGetters},
    {0, nullptr},
};

PyType_Spec kSpec = {"tyk.request.TykCoProcessRequest", sizeof(Request), 0, Py_TPFLAGS_DEFAULT,
                     kSlots};

}  // namespace

bool addRequestType(PyObject* module) {
  request_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&kSpec));
  return request_type != nullptr &&
         addObject(module, "TykCoProcessRequest", reinterpret_cast<PyObject*>(request_type)) == 0;
}

PyObject* newRequestWrapper(PyObject* message) {
  Ref owned(message);
  PyObject* object = request_type->tp_alloc(request_type, 0);
  if (object != nullptr) self(object).message = owned.release();
  return object;
}

}  // namespace tykpp::drivers::python
