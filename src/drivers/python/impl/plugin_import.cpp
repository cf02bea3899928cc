#include "drivers/python/impl/plugin_import.hpp"

#include <algorithm>
#include <filesystem>

#include "base/digest.hpp"
#include "base/log.hpp"
#include "drivers/python/impl/dispatch.hpp"
#include "drivers/python/impl/interpreter.hpp"

namespace tykpp::drivers::python {
namespace {

namespace fs = std::filesystem;

/// What the loader thread is asked, and what it answers. It may answer when nobody waits any more.
struct Question {
  std::string key, stem, file, root, name;
  std::shared_ptr<Handler> handler;
  bool found = false;
  PythonError error;
};

Ref specDict(const coprocess::Facts& facts) {
  Ref dict(PyDict_New());
  for (const auto& [name, value] : facts.spec) {
    const Ref key(newText(name));
    const Ref content(newText(value));
    if (!dict || !key || !content || PyDict_SetItem(dict.get(), key.get(), content.get()) != 0) {
      return {};
    }
  }
  return dict;
}

/// Takes (lease, function, number of parameters) over. @return false with a Python error set
bool keep(Handler& handler, PyObject* answer) {
  Ref spec = specDict(handler.facts);
  const Py_ssize_t parameters = PyLong_AsSsize_t(PyTuple_GetItem(answer, 2));
  if (!spec || PyErr_Occurred() != nullptr) return false;
  handler.lease = Ref::to(PyTuple_GetItem(answer, 0)).release();
  handler.function = Ref::to(PyTuple_GetItem(answer, 1)).release();
  handler.spec = spec.release();
  handler.parameters = parameters;
  return true;
}

/// With the GIL.
void answer(Question& question) {
  const Ref runtime(PyImport_ImportModule("_tykpp_runtime"));
  const Ref result(runtime
                       ? PyObject_CallMethod(runtime.get(), "load", "sssss", question.key.c_str(),
                                             question.stem.c_str(), question.file.c_str(),
                                             question.root.c_str(), question.name.c_str())
                       : nullptr);
  if (result.get() == Py_None) return;
  question.found = result && keep(*question.handler, result.get());
  if (!question.found) question.error = takeErrorWithTraceback();
}

/// The reference calls no function with another number of parameters, and says nothing.
void warnOfParameters(const Handler& handler) {
  if (handler.handles_events || (handler.parameters >= 3 && handler.parameters <= 5)) return;
  TYKPP_LOG(warn, "python",
            "{} has {} parameters and is never called: a handler has 3, 4 or 5 api_id={}",
            log::quoted(handler.label), handler.parameters, log::quoted(handler.facts.api_id));
}

Error badPlugin(std::string text) { return Error(Errc::kBadPlugin, std::move(text)); }

}  // namespace

Handler::~Handler() {
  if (function == nullptr && lease == nullptr && spec == nullptr) return;
  interpreter->later([objects = std::array{function, lease, spec}] {
    for (PyObject* object : objects) Py_XDECREF(object);
  });
}

PluginPlace placeOf(const definition::PluginRef& ref, const definition::ApiSpec& api) {
  const definition::BundlePart* bundle = definition::bundleOf(ref, api);
  if (bundle == nullptr) return {ref.path, fs::path(ref.path).parent_path().string()};
  const auto inBundle = [bundle](const std::string& name) {
    return PluginPlace{(fs::path(bundle->folder) / name).string(), bundle->folder};
  };
  if (bundle->files.size() == 1) return inBundle(bundle->files.front());
  PluginPlace usual = inBundle("middleware.py");
  std::error_code ignored;
  if (fs::exists(usual.file, ignored)) return usual;
  for (const std::string& name : bundle->files) {
    if (name.ends_with(".py")) return inBundle(name);
  }
  return usual;
}

std::vector<PluginPlace> eventPlaces(const definition::ApiSpec& api) {
  std::vector<PluginPlace> places;
  const auto add = [&](const definition::PluginRef& ref) {
    if (ref.driver != "python") return;
    PluginPlace place = placeOf(ref, api);
    const bool known = std::any_of(places.begin(), places.end(), [&](const PluginPlace& other) {
      return other.file == place.file;
    });
    if (!place.file.empty() && !known) places.push_back(std::move(place));
  };
  const definition::PluginHooks& hooks = api.hooks;
  if (hooks.auth) add(*hooks.auth);
  for (const auto* list : {&hooks.pre, &hooks.post_auth, &hooks.post, &hooks.response}) {
    for (const definition::PluginRef& ref : *list) add(ref);
  }
  const bool hookless = places.empty();
  for (std::size_t i = 0; hookless && i < api.bundle.parts.size(); ++i) {
    definition::PluginRef ref;
    ref.driver = "python";
    ref.bundle = i;
    add(ref);
  }
  return places;
}

Result<void> importPlugin(Interpreter& interpreter, const PluginPlace& place,
                          const definition::ApiSpec& api, std::chrono::milliseconds limit,
                          const std::shared_ptr<Handler>& handler) {
  const auto question = std::make_shared<Question>();
  question->key = api.api_id + "\n" + place.file;
  question->stem =
      api.bundle.parts.empty() ? "plugin_" + md5Hex(question->key).substr(0, 12) : api.bundle.hash;
  question->file = place.file;
  question->root = place.root;
  question->name = handler->facts.hook_name;
  question->handler = handler;
  handler->interpreter = &interpreter;
  if (!interpreter.run([question] { answer(*question); }, limit)) {
    return badPlugin("Middleware initialization error: importing " + place.file + " does not end");
  }
  if (question->found) {
    warnOfParameters(*handler);
    if (handler->handles_events && handler->parameters != 2) {
      return badPlugin("an event handler has two parameters, event and spec; " + handler->label +
                       " has " + std::to_string(handler->parameters));
    }
    return {};
  }
  if (question->error.line.empty()) {
    return badPlugin("Hook is not defined: " + handler->facts.hook_name + " (in " + place.file +
                     ")");
  }
  TYKPP_LOG(err, "python", "Middleware initialization error: {} file={} api_id={} traceback={}",
            log::quoted(question->error.line), log::quoted(place.file), log::quoted(api.api_id),
            log::quoted(question->error.traceback));
  return badPlugin("Middleware initialization error: " + question->error.line + " (in " +
                   place.file + ")");
}

}  // namespace tykpp::drivers::python
