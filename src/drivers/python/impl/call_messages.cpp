#include "drivers/python/impl/call_messages.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "drivers/python/impl/handler.hpp"

namespace tykpp::drivers::python {
namespace {

const Call& callOf(const Message& message) {
  return *static_cast<const Call*>(message.source.get());
}
bool rawOnly(const Call& call) { return call.handler->facts.raw_body_only; }

Message* newSourced(Type type, const std::shared_ptr<Call>& call, Fill fill) {
  Message* message = newMessage(type);
  if (message == nullptr) return nullptr;
  message->source = call;
  message->fill = fill;
  return message;
}

bool addPair(PyObject* dict, std::string_view name, std::string_view value) {
  const Ref key(newText(name));
  if (!key) return false;
  const Ref content(newText(value));
  return content && PyDict_SetItem(dict, key.get(), content.get()) == 0;
}

/// A map of the first value of each name; `skip` is left out.
PyObject* fieldsMap(const Field& field, const Call& call, const std::vector<HeaderPiece>& pieces,
                    std::string_view skip) {
  Ref dict(PyDict_New());
  if (!dict) return nullptr;
  for (const HeaderPiece& piece : pieces) {
    const std::string_view name = call.view(piece.name);
    if (name == skip) continue;
    const Ref key(newText(name));
    const Ref value(newText(call.view(piece.value)));
    // SetDefault keeps the first of several.
    if (!key || !value || PyDict_SetDefault(dict.get(), key.get(), value.get()) == nullptr) {
      return nullptr;
    }
  }
  return newMap(field, dict.release());
}

PyObject* paramsMap(const Field& field, const Call& call) {
  Ref dict(PyDict_New());
  if (!dict) return nullptr;
  for (const auto& [name, value] : coprocess::queryParams(call.view(call.query))) {
    if (!addPair(dict.get(), name, value)) return nullptr;
  }
  return newMap(field, dict.release());
}

PyObject* bodyText(const Call& call, const std::string& body) {
  if (rawOnly(call) || !isUtf8(body)) return nullptr;
  return newText(body);
}

PyObject* overridesOf() {
  Message* message = newMessage(Type::kOverrides);
  if (message != nullptr) placeField(*message, kResponseCode, PyLong_FromLong(-1));
  return reinterpret_cast<PyObject*>(message);
}

PyObject* fillRequest(Message& message, std::size_t index) {
  const Call& call = callOf(message);
  const Field& field = message.descriptor->fields[index];
  switch (index) {
    case kRequestHeaders:
      return fieldsMap(field, call, call.headers, {});
    case kBody:
      return bodyText(call, call.body);
    case kUrl:
      return newText(call.view(call.url));
    case kParams:
      return paramsMap(field, call);
    case kReturnOverrides:
      return overridesOf();
    case kMethod:
      return newText(call.view(call.method));
    case kRequestUri:
      return newText(call.view(call.uri));
    case kScheme:
      return newText(call.view(call.scheme));
    case kRawBody:
      return newBytes(call.body);
    default:
      return nullptr;
  }
}

/// Every value under the name it first came with.
PyObject* multivalueHeaders(const Field& field, const Call& call) {
  Ref list(PyList_New(0));
  if (!list) return nullptr;
  std::vector<std::pair<std::string_view, PyObject*>> known;
  for (const HeaderPiece& piece : call.response_headers) {
    const std::string_view name = call.view(piece.name);
    const Ref value(newText(call.view(piece.value)));
    if (!value) return nullptr;
    auto at = std::find_if(known.begin(), known.end(),
                           [name](const auto& entry) { return entry.first == name; });
    if (at == known.end()) {
      const Ref header(reinterpret_cast<PyObject*>(newMessage(Type::kHeader)));
      if (!header || PyList_Append(list.get(), header.get()) != 0) return nullptr;
      placeField(*asMessage(header.get()), kHeaderKey, newText(name));
      const Ref values(readField(*asMessage(header.get()), kHeaderValues));
      if (!values) return nullptr;
      known.emplace_back(name, values.get());  // the header keeps it
      at = known.end() - 1;
    }
    if (PyList_Append(asRepeated(at->second)->list, value.get()) != 0) return nullptr;
  }
  return newRepeated(field, list.release());
}

PyObject* fillResponse(Message& message, std::size_t index) {
  const Call& call = callOf(message);
  const Field& field = message.descriptor->fields[index];
  switch (index) {
    case kStatusCode:
      return PyLong_FromLong(call.status);
    case kResponseRawBody:
      return newBytes(call.response_body);
    case kResponseText:
      return bodyText(call, call.response_body);
    case kResponseHeaders:
      return fieldsMap(field, call, call.response_headers, "Host");
    case kMultivalueHeaders:
      return multivalueHeaders(field, call);
    default:
      return nullptr;
  }
}

/// A session is read as a whole, the first time anything of it is.
PyObject* fillSession(Message& message, std::size_t /*index*/) {
  const Call& call = callOf(message);
  message.fill = nullptr;
  const std::uint64_t written = message.written;
  nlohmann::json json = coprocess::sessionMessage(*call.session);
  for (const char* name : {"basic_auth_data", "jwt_data", "monitor"}) {
    if (!json.contains(name)) json[name] = nlohmann::json::object();  // always there
  }
  for (std::size_t i = 0; i < message.descriptor->count; ++i) {
    if ((written >> i & 1) != 0) json.erase(message.descriptor->fields[i].name);
  }
  fromJson(message, json);
  return nullptr;
}

std::vector<coprocess::Pair> pairsOf(const Map& map) {
  std::vector<coprocess::Pair> pairs;
  PyObject* key = nullptr;
  PyObject* value = nullptr;
  Py_ssize_t at = 0;
  while (PyDict_Next(map.dict, &at, &key, &value) != 0) {
    pairs.emplace_back(textOf(key), textOf(value));
  }
  return pairs;
}

std::vector<coprocess::Pair> pairsAt(const Message& message, std::size_t index) {
  PyObject* value = peekField(message, index);
  return value != nullptr ? pairsOf(*asMap(value)) : std::vector<coprocess::Pair>{};
}

std::vector<std::string> textsAt(const Message& message, std::size_t index) {
  std::vector<std::string> texts;
  PyObject* value = peekField(message, index);
  if (value == nullptr) return texts;
  PyObject* list = asRepeated(value)->list;
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); ++i) {
    texts.emplace_back(textOf(PyList_GET_ITEM(list, i)));
  }
  return texts;
}

std::string textAt(const Message& message, std::size_t index) {
  return std::string(textOf(peekField(message, index)));
}

coprocess::Overrides overridesAt(const Message& request) {
  coprocess::Overrides overrides;
  PyObject* value = peekField(request, kReturnOverrides);
  if (value == nullptr) return overrides;
  const Message& message = *asMessage(value);
  if (PyObject* code = peekField(message, kResponseCode)) overrides.code = PyLong_AsLongLong(code);
  overrides.error = textAt(message, kResponseError);
  overrides.body = textAt(message, kResponseBody);
  overrides.headers = pairsAt(message, kOverrideHeaders);
  overrides.override_error = peekField(message, kOverrideError) == Py_True;
  return overrides;
}

/// Whether the map of single values is what the plugin was given.
bool headersUntouched(const Message& response, const Call& call) {
  PyObject* value = peekField(response, kResponseHeaders);
  if (value == nullptr) return !wasWritten(response, kResponseHeaders);
  const Ref given(fieldsMap(response.descriptor->fields[kResponseHeaders], call,
                            call.response_headers, "Host"));
  return given &&
         PyObject_RichCompareBool(asMap(given.get())->dict, asMap(value)->dict, Py_EQ) == 1;
}

}  // namespace

Message* newRequestMessage(const std::shared_ptr<Call>& call) {
  return newSourced(Type::kRequest, call, &fillRequest);
}

Message* newResponseMessage(const std::shared_ptr<Call>& call) {
  if (call->hook != Hook::kResponse) return newMessage(Type::kResponse);
  return newSourced(Type::kResponse, call, &fillResponse);
}

Message* newSessionMessage(const std::shared_ptr<Call>& call) {
  if (call->session == nullptr) return newMessage(Type::kSession);
  return newSourced(Type::kSession, call, &fillSession);
}

bool takeRequest(Message& request, coprocess::RequestReply& reply) {
  if (wasWritten(request, kRawBody)) {
    reply.raw_body = std::string(bytesOf(peekField(request, kRawBody)));
  }
  reply.delete_headers = textsAt(request, kDeleteHeaders);
  reply.set_headers = pairsAt(request, kSetHeaders);
  reply.delete_params = textsAt(request, kDeleteParams);
  reply.add_params = pairsAt(request, kAddParams);
  if (wasWritten(request, kUrl)) reply.url = textAt(request, kUrl);
  if (wasWritten(request, kMethod)) reply.method = textAt(request, kMethod);
  reply.overrides = overridesAt(request);
  return PyErr_Occurred() == nullptr;
}

bool takeResponse(Message& response, const Call& call, coprocess::ResponseReply& reply) {
  const Ref status(readField(response, kStatusCode));
  const Ref multivalue(readField(response, kMultivalueHeaders));
  if (!status || !multivalue) return false;
  reply.status = PyLong_AsLongLong(status.get());
  if (!headersUntouched(response, call)) reply.headers = pairsAt(response, kResponseHeaders);
  PyObject* list = asRepeated(multivalue.get())->list;
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); ++i) {
    const Message& header = *asMessage(PyList_GET_ITEM(list, i));
    reply.multivalue_headers.push_back(
        {textAt(header, kHeaderKey), textsAt(header, kHeaderValues)});
  }
  if (wasWritten(response, kResponseRawBody)) {
    reply.raw_body = std::string(bytesOf(peekField(response, kResponseRawBody)));
  }
  return PyErr_Occurred() == nullptr;
}

}  // namespace tykpp::drivers::python
