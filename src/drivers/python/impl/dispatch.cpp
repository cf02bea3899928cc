#include "drivers/python/impl/dispatch.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/log.hpp"
#include "drivers/python/impl/call_messages.hpp"
#include "drivers/python/impl/host.hpp"

namespace tykpp::drivers::python {
namespace {

constexpr Field kSpecField = {"spec", 6, Kind::kTextMap};

/// The plugin's objects for one call.
struct Arguments {
  Ref request, request_object, response, session, metadata, spec, result;

  Message& sessionMessage() const { return *reinterpret_cast<Message*>(session.get()); }

  bool make(const std::shared_ptr<Call>& call) {
    const Handler& handler = *call->handler;
    request_object = Ref(reinterpret_cast<PyObject*>(newRequestMessage(call)));
    if (!request_object) return false;
    request = Ref(newRequestWrapper(Ref::to(request_object.get()).release()));
    session = Ref(reinterpret_cast<PyObject*>(newSessionMessage(call)));
    // The dict is everybody's until a plugin writes to it.
    spec = Ref(newMap(kSpecField, Ref::to(handler.spec).release(), true));
    if (!request || !session || !spec) return false;
    if (handler.parameters == 5) {
      response = Ref(reinterpret_cast<PyObject*>(newResponseMessage(call)));
      if (!response) return false;
    }
    if (handler.parameters >= 4) metadata = Ref(readField(sessionMessage(), kSessionMetadata));
    return handler.parameters < 4 || metadata;
  }

  bool invoke(const Handler& handler) {
    PyObject* function = handler.function;
    if (handler.parameters == 3) {
      const std::array args{request.get(), session.get(), spec.get()};
      result = Ref(PyObject_Vectorcall(function, args.data(), args.size(), nullptr));
    } else if (handler.parameters == 4) {
      const std::array args{request.get(), session.get(), metadata.get(), spec.get()};
      result = Ref(PyObject_Vectorcall(function, args.data(), args.size(), nullptr));
    } else {
      const std::array args{request.get(), response.get(), session.get(), metadata.get(),
                            spec.get()};
      result = Ref(PyObject_Vectorcall(function, args.data(), args.size(), nullptr));
    }
    return static_cast<bool>(result);
  }
};

/// The returned values as a tuple of exactly that many; empty with TypeError or ValueError.
Ref unpacked(PyObject* result, Py_ssize_t count) {
  if (PyTuple_CheckExact(result) && PyTuple_GET_SIZE(result) == count) return Ref::to(result);
  Ref values(PySequence_Tuple(result));
  if (!values) return {};
  if (PyTuple_GET_SIZE(values.get()) != count) {
    PyErr_Format(PyExc_ValueError, "the hook has to return %zd values, it returned %zd", count,
                 PyTuple_GET_SIZE(values.get()));
    return {};
  }
  return values;
}

/// The returned session and metadata of a hook with four parameters.
bool mergeReturned(Arguments& arguments, PyObject* values) {
  PyObject* session = PyTuple_GET_ITEM(values, 1);
  Message* message = asMessage(session, Type::kSession);
  if (message == nullptr) {
    PyErr_Format(PyExc_TypeError, "the hook has to return a session, not %s",
                 Py_TYPE(session)->tp_name);
    return false;
  }
  if (session != arguments.session.get()) arguments.session = Ref::to(session);
  PyObject* metadata = PyTuple_GET_ITEM(values, 2);
  if (metadata == Py_None || metadata == arguments.metadata.get()) return true;
  const Ref mine(readField(*message, kSessionMetadata));
  return mine && updateMap(*asMap(mine.get()), metadata);
}

bool checkReturned(Arguments& arguments, const Handler& handler) {
  if (handler.parameters == 5) return true;
  const Ref values = unpacked(arguments.result.get(), handler.parameters - 1);
  if (!values) return false;
  return handler.parameters == 3 || mergeReturned(arguments, values.get());
}

bool takeReply(Call& call, Arguments& arguments) {
  Message& request = *reinterpret_cast<Message*>(arguments.request_object.get());
  if (call.hook == Hook::kResponse) {
    if (!arguments.response) return true;  // nothing of the answer was shown
    Message& response = *reinterpret_cast<Message*>(arguments.response.get());
    return takeResponse(response, call, call.response_reply);
  }
  if (!takeRequest(request, call.request_reply)) return false;
  if (call.hook != Hook::kAuth) return true;
  Message& session = arguments.sessionMessage();
  if (!materialise(session)) return false;
  if (isPresent(session)) call.request_reply.session = toJson(session);
  return PyErr_Occurred() == nullptr;
}

/// The answer of a hook that left everything as it is.
bool leaveAlone(const std::shared_ptr<Call>& call) {
  if (call->hook != Hook::kResponse) return true;
  const Ref response(reinterpret_cast<PyObject*>(newResponseMessage(call)));
  return response && takeResponse(*asMessage(response.get()), *call, call->response_reply);
}

/// At most one traceback a second and function: a hook that fails at every request must not fill
/// the disk.
bool mayLogTraceback(const Handler& handler) {
  using namespace std::chrono;
  const std::int64_t now = duration_cast<seconds>(Clock::now().time_since_epoch()).count();
  return handler.last_traceback.exchange(now, std::memory_order_relaxed) != now &&
         Host::get().isOpen();
}

/// Takes the Python error that is set. @return what it says in one line
std::string reportError(const Handler& handler) {
  if (!mayLogTraceback(handler)) return takeError();
  PythonError error = takeErrorWithTraceback();
  TYKPP_LOG(err, "python", "{} plugin={} api_id={} traceback={}", log::quoted(error.line),
            log::quoted(handler.label), log::quoted(handler.facts.api_id),
            log::quoted(error.traceback));
  return std::move(error.line);
}

/// The size of the largest body that the plugin made.
std::size_t madeBytes(const Call& call) {
  std::size_t bytes = call.request_reply.overrides.body.size();
  for (const auto* body : {&call.request_reply.raw_body, &call.response_reply.raw_body}) {
    if (*body) bytes = std::max(bytes, (*body)->size());
  }
  return bytes;
}

bool callPlugin(const std::shared_ptr<Call>& call) {
  const Handler& handler = *call->handler;
  // A function with another number of parameters is never called, as in the reference.
  if (handler.parameters < 3 || handler.parameters > 5) return leaveAlone(call);
  Arguments arguments;
  if (!arguments.make(call) || !arguments.invoke(handler)) return false;
  if (!checkReturned(arguments, handler) || !takeReply(*call, arguments)) return false;
  if (call->hook == Hook::kResponse && !arguments.response) return leaveAlone(call);
  return true;
}

/// Calls `handler(event, spec)`; what it returns is nobody's.
bool callEventHandler(const Call& call) {
  const Ref module(PyImport_ImportModule("tyk.event"));
  const Ref text(module ? newText(call.event) : nullptr);
  const Ref event(text ? PyObject_CallMethod(module.get(), "TykEvent", "O", text.get()) : nullptr);
  const Ref spec(event ? PyObject_GetAttrString(event.get(), "spec") : nullptr);
  if (!spec) return false;
  const std::array args{event.get(), spec.get()};
  const Ref result(PyObject_Vectorcall(call.handler->function, args.data(), args.size(), nullptr));
  return static_cast<bool>(result);
}

}  // namespace

void dispatch(const std::shared_ptr<Call>& call) {
  if (!call->event.empty()) {
    if (!callEventHandler(*call)) {
      call->error = Error(Errc::kPluginFailed, reportError(*call->handler));
    }
    return;
  }
  if (callPlugin(call)) {
    if (madeBytes(*call) > call->handler->max_body) {
      call->error = coprocess::failure(
          call->hook, "the plugin makes a body that is larger than max_buffered_body_size");
    }
    return;
  }
  const bool overdue = PyErr_ExceptionMatches(timeoutException()) != 0;
  call->error = coprocess::failure(call->hook, reportError(*call->handler),
                                   overdue ? Errc::kPluginTimeout : Errc::kPluginFailed);
}

}  // namespace tykpp::drivers::python
