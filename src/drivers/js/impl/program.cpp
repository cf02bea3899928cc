#include "drivers/js/impl/program.hpp"

#include "base/ascii.hpp"
#include "base/log.hpp"
#include "drivers/js/impl/engine.hpp"
#include "drivers/js/impl/scripts.hpp"
#include "drivers/js/impl/text.hpp"

namespace tykpp::drivers::js {
namespace {

/// Of a thread's own stack, which is far larger.
constexpr std::size_t kLoadStackBytes = 512 * 1024;

Run loadRun(const HostServices& host, std::chrono::milliseconds time, bool quiet) {
  Run run;
  run.host = &host;
  run.deadline = Clock::now() + time;
  run.quiet = quiet;
  return run;
}

void runBytecode(duk_context* ctx, const std::string& bytecode) {
  duk_push_external_buffer(ctx);  // a copy in the heap would leave a hole in its image
  duk_config_buffer(ctx, -1, const_cast<char*>(bytecode.data()), bytecode.size());
  duk_load_function(ctx);
  duk_call(ctx, 0);
  duk_pop(ctx);
}

/// What a lookup of `_` finds where no source mentions it: Underscore is loaded then.
duk_ret_t loadUnderscore(duk_context* ctx) {
  duk_push_heap_stash(ctx);
  duk_get_prop_string(ctx, -1, "underscore");
  const auto* bytecode = static_cast<const std::string*>(duk_get_pointer(ctx, -1));
  duk_push_global_object(ctx);
  duk_push_string(ctx, "_");
  duk_push_undefined(ctx);
  duk_def_prop(ctx, -3,
               DUK_DEFPROP_HAVE_VALUE | DUK_DEFPROP_SET_WRITABLE | DUK_DEFPROP_SET_ENUMERABLE |
                   DUK_DEFPROP_SET_CONFIGURABLE | DUK_DEFPROP_FORCE);
  runBytecode(ctx, *bytecode);
  duk_get_prop_string(ctx, -1, "_");
  return 1;
}

duk_ret_t replaceUnderscore(duk_context* ctx) {
  duk_push_global_object(ctx);
  duk_push_string(ctx, "_");
  duk_dup(ctx, 0);
  duk_def_prop(ctx, -3,
               DUK_DEFPROP_HAVE_VALUE | DUK_DEFPROP_SET_WRITABLE | DUK_DEFPROP_SET_ENUMERABLE |
                   DUK_DEFPROP_SET_CONFIGURABLE | DUK_DEFPROP_FORCE);
  return 0;
}

void addLazyUnderscore(duk_context* ctx, const std::string& bytecode) {
  duk_push_heap_stash(ctx);
  duk_push_pointer(ctx, const_cast<std::string*>(&bytecode));
  duk_put_prop_string(ctx, -2, "underscore");
  duk_pop(ctx);
  duk_push_global_object(ctx);
  duk_push_string(ctx, "_");
  duk_push_c_function(ctx, &loadUnderscore, 0);
  duk_push_c_function(ctx, &replaceUnderscore, 1);
  duk_def_prop(ctx, -4,
               DUK_DEFPROP_HAVE_GETTER | DUK_DEFPROP_HAVE_SETTER | DUK_DEFPROP_SET_CONFIGURABLE);
  duk_pop(ctx);
}

/// Keeps the object on top alive in the heap. @return its address
void* keep(duk_context* ctx) {
  void* pointer = duk_get_heapptr(ctx, -1);
  duk_push_heap_stash(ctx);
  duk_get_prop_string(ctx, -1, "kept");
  duk_dup(ctx, -3);
  duk_put_prop_index(ctx, -2, static_cast<duk_uarridx_t>(duk_get_length(ctx, -2)));
  duk_pop_2(ctx);
  return pointer;
}

/// Keeps the functions whose work the driver does itself, before any script can replace them.
void rememberCore(duk_context* ctx) {
  constexpr std::string_view kWhere = "TykJS.TykMiddleware.MiddlewareComponentMeta.prototype";
  duk_push_heap_stash(ctx);
  duk_push_lstring(ctx, kWhere.data(), kWhere.size());
  duk_eval(ctx);
  duk_get_prop_string(ctx, -1, "DoProcessRequest");
  duk_put_prop_string(ctx, -3, "do_request");
  duk_get_prop_string(ctx, -1, "DoProcessResponse");
  duk_put_prop_string(ctx, -3, "do_response");
  duk_pop_2(ctx);
}

/// The engine with what comes before an API's own scripts.
Result<Image> buildBase(Runtime& runtime, const Foundation& foundation, bool underscore,
                        bool quiet) {
  Run run = loadRun(foundation.host, foundation.load_timeout, quiet);
  const RunScope scope(run, kLoadStackBytes);
  runtime.enter(run);
  duk_context* ctx = createEngine(runtime.arena());
  if (ctx == nullptr) {
    runtime.leave(run);
    return Error(Errc::kBadPlugin, "plugin_memory_limit leaves no room for JavaScript");
  }
  auto begin = [&](duk_context* inner) {
    duk_push_heap_stash(inner);
    duk_push_array(inner);
    duk_put_prop_string(inner, -2, "kept");
    addBuiltins(inner);
    if (underscore) {
      runBytecode(inner, foundation.underscore);
    } else {
      addLazyUnderscore(inner, foundation.underscore);
    }
    runBytecode(inner, foundation.core);
    rememberCore(inner);
  };
  std::string problem = protectedCall(ctx, begin);
  if (problem.empty() && !foundation.tyk_js.bytecode.empty()) {
    auto preload = [&](duk_context* inner) { runBytecode(inner, foundation.tyk_js.bytecode); };
    const std::string failed = protectedCall(ctx, preload);
    if (run.ended != Ended::kNo) problem = failed;
    if (!failed.empty() && !quiet) {
      TYKPP_LOG(err, "jsvm", "Could not load user's TykJS path={} error={}",
                log::quoted(foundation.tyk_js.name), log::quoted(failed));
    }
  }
  if (problem.empty()) {
    auto finish = [](duk_context* inner) {
      addApiFunctions(inner);
      duk_gc(inner, 0);
      duk_gc(inner, DUK_GC_COMPACT);
    };
    problem = protectedCall(ctx, finish);
  }
  runtime.leave(run);
  if (!problem.empty()) return Error(Errc::kBadPlugin, "JavaScript cannot start: " + problem);
  return runtime.capture(ctx, nullptr);
}

constexpr std::string_view kPrepare = R"js((function () {
  return {
    request: { Headers: null, SetHeaders: {}, DeleteHeaders: [], Body: "", URL: "", Params: {},
      AddParams: {}, ExtendedParams: {}, DeleteParams: [],
      ReturnOverrides: { ResponseCode: 0, ResponseError: "", ResponseBody: "",
        ResponseHeaders: null, OverrideError: false },
      IgnoreBody: false, Method: "", RequestURI: "", Scheme: "" },
    response: { StatusCode: 0, Body: "", Headers: null, SetHeaders: {}, DeleteHeaders: [] },
    virtual_request: { Headers: null, Body: "", URL: "", Params: null, Scheme: "" },
    session: {},
    config: {}
  };
})())js";

/// The objects that calls begin with.
void prepareObjects(duk_context* ctx, const Program& program, ProgramImage& image) {
  duk_push_lstring(ctx, kPrepare.data(), kPrepare.size());
  duk_eval(ctx);
  const struct {
    const char* name;
    void** place;
  } objects[] = {{"request", &image.request},
                 {"response", &image.response},
                 {"virtual_request", &image.virtual_request},
                 {"session", &image.session}};
  for (const auto& object : objects) {
    duk_get_prop_string(ctx, -1, object.name);
    *object.place = keep(ctx);
    duk_pop(ctx);
  }
  duk_get_prop_string(ctx, -1, "config");
  pushText(ctx, program.api_id);
  duk_put_prop_string(ctx, -2, "APIID");
  pushText(ctx, program.org_id);
  duk_put_prop_string(ctx, -2, "OrgID");
  if (program.has_config_data) {
    pushText(ctx, program.config_data.empty() ? std::string_view("null") : program.config_data);
    duk_json_decode(ctx, -1);
    duk_put_prop_string(ctx, -2, "config_data");
  }
  image.config = keep(ctx);
}

void prepareNames(duk_context* ctx, const Program& program, ProgramImage& image) {
  for (const std::string& name : program.names) {
    const std::string source = "(function () { return (" + name + "\n); })";
    pushText(ctx, source);
    // A name that is no expression stays without a function: its hook says so.
    if (duk_peval(ctx) == 0 && duk_is_function(ctx, -1) != 0) {
      image.names.push_back(keep(ctx));
    } else {
      image.names.push_back(nullptr);
    }
    duk_pop(ctx);
  }
}

/// The functions whose work the driver does itself while they are what a plugin inherits.
void* coreFunction(duk_context* ctx, const char* name) {
  duk_push_heap_stash(ctx);
  duk_get_prop_string(ctx, -1, name);
  void* pointer = duk_get_heapptr(ctx, -1);
  duk_pop_2(ctx);
  return pointer;
}

/// Whether what a name stands for is a function, or has that method: empty, or why not.
std::string checkName(Runtime& runtime, const Program& program, const ProgramImage& image,
                      std::size_t name, const char* function) {
  if (image.names[name] == nullptr) return "is no expression";
  Run run = loadRun(program.foundation->host, program.foundation->load_timeout, true);
  const RunScope scope(run, kLoadStackBytes);
  runtime.enter(run, image);
  auto body = [&](duk_context* ctx) {
    duk_push_heapptr(ctx, image.names[name]);
    duk_call(ctx, 0);
    if (function != nullptr) duk_get_prop_string(ctx, -1, function);
    if (duk_is_function(ctx, -1) == 0) {
      duk_type_error(ctx, "%s is no function", function == nullptr ? "it" : function);
    }
  };
  std::string problem = protectedCall(image.engine, body);
  runtime.leave(run);
  return problem;
}

}  // namespace

bool mentionsUnderscore(std::string_view source) {
  const auto isPart = [](char c) {
    return c == '_' || c == '$' || isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (static_cast<unsigned char>(c) & 0x80) != 0;
  };
  for (std::size_t at = source.find('_'); at != std::string_view::npos;
       at = source.find('_', at + 1)) {
    const bool begins = at == 0 || !isPart(source[at - 1]);
    if (begins && (at + 1 == source.size() || !isPart(source[at + 1]))) return true;
  }
  return false;
}

Result<std::string> compile(Runtime& runtime, const HostServices& host, const std::string& name,
                            std::string_view source) {
  Run run = loadRun(host, std::chrono::seconds(30), true);
  const RunScope scope(run, kLoadStackBytes);
  runtime.enter(run);
  duk_context* ctx = createEngine(runtime.arena());
  std::string bytecode;
  std::string problem = "plugin_memory_limit leaves no room for JavaScript";
  if (ctx != nullptr) {
    auto body = [&](duk_context* inner) {
      pushText(inner, source);
      pushText(inner, name);
      duk_compile(inner, 0);
      duk_dump_function(inner);
      duk_size_t size = 0;
      const char* data = static_cast<const char*>(duk_get_buffer(inner, -1, &size));
      bytecode.assign(data, size);
    };
    problem = protectedCall(ctx, body);
  }
  runtime.leave(run);
  if (!problem.empty()) return Error(Errc::kBadPlugin, problem);
  return bytecode;
}

Result<ProgramImage> buildImage(Runtime& runtime, const Program& program, bool quiet,
                                std::vector<Script>* failed) {
  const Foundation& foundation = *program.foundation;
  if (runtime.base_of != program.foundation) {
    runtime.base_of = program.foundation;
    runtime.base = nullptr;
    runtime.base_with_underscore = nullptr;
  }
  auto& base = program.wants_underscore ? runtime.base_with_underscore : runtime.base;
  if (base == nullptr) {
    auto built = buildBase(runtime, foundation, program.wants_underscore, quiet);
    if (!built) return built.error();
    base = std::make_shared<const Image>(std::move(*built));
  }
  Run run = loadRun(foundation.host, foundation.load_timeout, quiet);
  const RunScope scope(run, kLoadStackBytes);
  runtime.enter(run, *base);
  duk_context* ctx = base->engine;
  std::string problem;
  for (const Script& script : program.scripts) {
    if (script.bytecode.empty()) continue;
    auto body = [&](duk_context* inner) { runBytecode(inner, script.bytecode); };
    const std::string why = protectedCall(ctx, body);
    if (run.ended != Ended::kNo) {
      runtime.leave(run);
      return Error(Errc::kBadPlugin, "Failed to load JS middleware " + script.name + ": " + why);
    }
    if (!why.empty() && failed != nullptr) failed->push_back({script.name, {}, {}, why});
  }
  ProgramImage image;
  auto finish = [&](duk_context* inner) {
    image.do_request = coreFunction(inner, "do_request");
    image.do_response = coreFunction(inner, "do_response");
    prepareObjects(inner, program, image);
    prepareNames(inner, program, image);
    duk_set_top(inner, 0);
    // Not compacted: that moves every table of the objects that all programs begin with.
    duk_gc(inner, 0);
    duk_gc(inner, 0);
  };
  problem = protectedCall(ctx, finish);
  runtime.leave(run);
  if (!problem.empty()) return Error(Errc::kBadPlugin, "Failed to load JS middleware: " + problem);
  static_cast<Image&>(image) = runtime.capture(ctx, base);
  return image;
}

std::vector<Program::Check> checkNames(Runtime& runtime, const Program& program,
                                       const ProgramImage& image) {
  const auto check = [&](std::size_t name, const char* function) {
    return checkName(runtime, program, image, name, function);
  };
  std::vector<Program::Check> checks;
  for (std::size_t i = 0; i < program.names.size(); ++i) {
    checks.push_back({check(i, "DoProcessRequest"), check(i, "DoProcessResponse"),
                      check(i, nullptr), check(i, "DoProcessEvent")});
  }
  return checks;
}

Result<std::shared_ptr<const ProgramImage>> Program::imageFor(Runtime& runtime) const {
  {
    const std::lock_guard lock(mutex_);
    if (auto known = images_[&runtime].lock(); known != nullptr) return known;
  }
  auto built = buildImage(runtime, *this, true, nullptr);
  if (!built) return built.error();
  auto image = std::make_shared<const ProgramImage>(std::move(*built));
  const std::lock_guard lock(mutex_);
  images_[&runtime] = image;
  return image;
}

}  // namespace tykpp::drivers::js
