#include "drivers/js/js_driver.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/digest.hpp"
#include "base/log.hpp"
#include "drivers/js/impl/events.hpp"
#include "drivers/js/impl/js_plugin.hpp"
#include "drivers/js/impl/output.hpp"
#include "drivers/js/impl/scripts.hpp"
#include "drivers/js/impl/sources.hpp"

namespace tykpp::drivers::js {
namespace {

constexpr std::string_view kDisabled =
    "JSVM isn't enabled/initialized, check your gateway settings";

/// The functions of a program that the gateway calls by name, each once.
std::vector<std::string> namesOf(const definition::ApiSpec& api, std::size_t bundle) {
  std::vector<std::string> names;
  const auto add = [&names](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  if (bundle == 0) {
    for (const auto& endpoint : api.virtual_endpoints) add(endpoint.function);
  }
  const definition::PluginHooks& hooks = api.hooks;
  if (hooks.auth && hooks.auth->bundle == bundle) add(hooks.auth->name);
  for (const auto* list : {&hooks.pre, &hooks.post, &hooks.post_auth, &hooks.response}) {
    for (const definition::PluginRef& ref : *list) {
      if (ref.bundle == bundle) add(ref.name);
    }
  }
  return names;
}

bool configDataDisabled(const definition::ApiSpec& api) {
  const auto document = nlohmann::json::parse(api.classic_text, nullptr, false);
  return document.is_object() && document.contains("config_data_disabled") &&
         document["config_data_disabled"] == true;
}

std::size_t indexOf(const Program& program, const std::string& name) {
  const auto found = std::find(program.names.begin(), program.names.end(), name);
  return static_cast<std::size_t>(found - program.names.begin());
}

/// Everything that makes a program what it is.
std::string keyOf(const Program& program) {
  std::string all = program.api_id + '\0' + program.org_id + '\0' + program.config_data + '\0';
  all += program.has_config_data ? '1' : '0';
  all += program.insecure_skip_verify ? '1' : '0';
  all += program.foundation->tyk_js.text;
  for (const std::string& name : program.names) all += '\0' + name;
  for (const Script& script : program.scripts) {
    all += '\0' + script.name + '\0' + script.text + '\0' + script.problem;
  }
  return program.api_id + ' ' + md5Hex(all);
}

/// Why a function cannot be called: its file's own problem says more than that it is missing.
Error notUsable(const Program& program, const std::string& script, const std::string& function,
                const std::string& wrong) {
  for (const Script& failed : program.failed) {
    if (failed.name == script) return Error(Errc::kBadPlugin, failed.problem);
  }
  return Error(Errc::kBadPlugin, "Failed to run JS middleware: " + function + ": " + wrong);
}

Error notOfApi(const std::string& function) {
  return Error(Errc::kInternal, "function " + function + " is none of the API's");
}

HookFacts factsOf(const definition::ApiSpec& api, const JsOptions& options) {
  HookFacts facts;
  facts.api_id = api.api_id;
  facts.org_id = api.org_id;
  facts.verbatim_names = options.verbatim_names;
  facts.attaches_session = api.customAuthGivesSession();
  return facts;
}

}  // namespace

struct JsDriver::Impl {
  Impl(const JsOptions& options, WorkerServices& worker_services)
      : services(worker_services),
        runtimes(std::make_shared<Runtimes>(options.memory_limit)),
        loading(options.memory_limit),
        events(options.memory_limit, options.timeout, worker_services) {}

  WorkerServices& services;
  OutputPump output;
  std::shared_ptr<Runtimes> runtimes;
  Runtime loading;  // scripts run here first, on the main thread
  std::shared_ptr<const Foundation> foundation;
  std::map<std::string, std::weak_ptr<const Program>> programs;  // by all that makes them up
  std::shared_ptr<const Program> latest;  // so that an API's hooks share it, working or not
  std::map<std::string, std::string> event_files;  // object to file
  EventHandlers events;

  void start(const JsOptions& options);
  void compileAll(Program& program);
  Result<std::shared_ptr<const Program>> finish(std::shared_ptr<Program> program);
  Result<std::shared_ptr<const Program>> programOf(const definition::ApiSpec& api,
                                                   std::size_t bundle, const JsOptions& options);
  Result<std::shared_ptr<const Program>> eventProgram(const JsOptions& options,
                                                      const std::vector<JsEventHandler>& handlers);
};

JsOptions JsOptions::of(const definition::GatewayConfig& config) {
  JsOptions options;
  options.enabled = config.plugins.enable_jsvm;
  options.timeout = config.plugins.jsvm_timeout;
  options.tyk_js_path = config.plugins.tyk_js_path;
  options.refuse_blobs = config.plugins.disable_virtual_path_blobs;
  options.verbatim_names = config.ignore_canonical_mime_header_key;
  options.insecure_skip_verify = config.proxy_ssl_insecure_skip_verify;
  options.memory_limit = static_cast<std::size_t>(config.plugins.plugin_memory_limit);
  options.max_body = config.max_buffered_body_size;
  return options;
}

JsDriver::JsDriver(JsOptions options, WorkerServices& services)
    : options_(std::move(options)), impl_(std::make_unique<Impl>(options_, services)) {}

JsDriver::~JsDriver() = default;

/// What all programs begin with, again when the user's script has changed.
void JsDriver::Impl::start(const JsOptions& options) {
  std::string user;
  // Unreadable: passed over without a word, as in the reference.
  if (!options.tyk_js_path.empty() && !readFile(options.tyk_js_path, user)) user.clear();
  if (foundation != nullptr && foundation->tyk_js.text == user) return;
  auto made = std::make_shared<Foundation>();
  made->host = {&output, options.keys, options.max_body};
  made->load_timeout = options.timeout;
  const auto own = [&](const char* name, std::string_view source) {
    auto bytecode = compile(loading, made->host, name, source);
    if (!bytecode) TYKPP_LOG(err, "jsvm", "{}: {}", name, bytecode.error().message());
    return bytecode ? std::move(*bytecode) : std::string();
  };
  made->core = own("core", coreSource());
  made->underscore = own("underscore", underscoreSource());
  made->tyk_js.name = options.tyk_js_path;
  made->tyk_js.text = std::move(user);
  if (!made->tyk_js.text.empty()) {
    auto bytecode = compile(loading, made->host, made->tyk_js.name, made->tyk_js.text);
    if (bytecode) {
      made->tyk_js.bytecode = std::move(*bytecode);
    } else {
      TYKPP_LOG(err, "jsvm", "Could not load user's TykJS path={} error={}",
                log::quoted(made->tyk_js.name), log::quoted(bytecode.error().message()));
    }
  }
  foundation = std::move(made);
}

void JsDriver::Impl::compileAll(Program& program) {
  program.wants_underscore = mentionsUnderscore(foundation->tyk_js.text);
  for (Script& script : program.scripts) {
    if (script.problem.empty()) {
      program.wants_underscore = program.wants_underscore || mentionsUnderscore(script.text);
      auto bytecode = compile(loading, foundation->host, script.name, script.text);
      if (bytecode) {
        script.bytecode = std::move(*bytecode);
      } else {
        script.problem =
            "Failed to load JS middleware " + script.name + ": " + bytecode.error().message();
      }
    }
    script.text.clear();
    script.text.shrink_to_fit();
    if (!script.problem.empty()) program.failed.push_back(script);
  }
}

/// Compiles and runs the scripts, and looks at what they made.
Result<std::shared_ptr<const Program>> JsDriver::Impl::finish(std::shared_ptr<Program> program) {
  compileAll(*program);
  std::vector<Script> threw;
  auto image = buildImage(loading, *program, false, &threw);
  if (!image) {
    TYKPP_LOG(err, "jsvm", "{} api_id={}", image.error().message(), log::quoted(program->api_id));
    return image.error();
  }
  for (Script& script : threw) {
    script.problem = "Failed to load JS middleware " + script.name + ": " + script.problem;
    program->failed.push_back(std::move(script));
  }
  for (const Script& script : program->failed) {
    TYKPP_LOG(err, "jsvm", "{} api_id={}", script.problem, log::quoted(program->api_id));
  }
  program->checks = checkNames(loading, *program, *image);
  return std::shared_ptr<const Program>(std::move(program));
}

Result<std::shared_ptr<const Program>> JsDriver::Impl::programOf(const definition::ApiSpec& api,
                                                                 std::size_t bundle,
                                                                 const JsOptions& options) {
  start(options);
  auto program = std::make_shared<Program>();
  program->api_id = api.api_id;
  program->org_id = api.org_id;
  program->config_data = api.config_data;
  program->has_config_data = !api.config_data.empty() || !configDataDisabled(api);
  program->insecure_skip_verify = options.insecure_skip_verify || api.tls.insecure_skip_verify;
  program->names = namesOf(api, bundle);
  program->scripts = readSources(api, bundle, options.refuse_blobs);
  program->foundation = foundation;
  const std::string key = keyOf(*program);
  const auto known = programs.find(key);
  if (known != programs.end()) {
    if (auto same = known->second.lock(); same != nullptr) return same;
  }
  auto finished = finish(std::move(program));
  if (!finished) return finished;
  std::erase_if(programs, [](const auto& entry) { return entry.second.expired(); });
  programs[key] = *finished;
  latest = *finished;
  return finished;
}

/// The files of event handlers, each once, in one program.
Result<std::shared_ptr<const Program>> JsDriver::Impl::eventProgram(
    const JsOptions& options, const std::vector<JsEventHandler>& handlers) {
  start(options);
  auto program = std::make_shared<Program>();
  program->foundation = foundation;
  program->insecure_skip_verify = options.insecure_skip_verify;
  std::set<std::string> files;
  std::set<std::string> objects;
  for (const JsEventHandler& handler : handlers) {
    if (objects.insert(handler.object).second) program->names.push_back(handler.object);
    if (!files.insert(handler.file).second) continue;
    Script script;
    script.name = handler.file;
    if (!readFile(handler.file, script.text)) {
      script.problem = "Failed to open JS middleware file: " + handler.file;
    }
    program->scripts.push_back(std::move(script));
  }
  return finish(std::move(program));
}

Error JsDriver::brokenAnswer(Hook hook) const {
  const bool middleware = !options_.enabled || hook == Hook::kResponse;
  return Error(Errc::kBadPlugin, Side::kPlugin, 500,
               middleware ? "Middleware error" : "Internal Server Error");
}

Error JsDriver::virtualFailure(std::string detail) const {
  return virtualEndpointFailure(std::move(detail));
}

Result<std::shared_ptr<const LoadedPlugin>> JsDriver::load(const definition::PluginRef& ref,
                                                           Hook hook,
                                                           const definition::ApiSpec& api) {
  if (!options_.enabled) return Error(Errc::kBadPlugin, std::string(kDisabled));
  if (hook == Hook::kAnalytics) {
    return Error(Errc::kBadPlugin, "a JavaScript function cannot be an analytics hook");
  }
  auto program = impl_->programOf(api, ref.bundle, options_);
  if (!program) return Error(program.error());
  const std::size_t name = indexOf(**program, ref.name);
  if (name == (*program)->names.size()) return notOfApi(ref.name);
  const Program::Check& check = (*program)->checks[name];
  const std::string& wrong = hook == Hook::kResponse ? check.response_hook : check.request_hook;
  if (!wrong.empty()) return notUsable(**program, scriptName(ref), ref.name, wrong);
  JsFunction function;
  function.kind = hook == Hook::kResponse ? Kind::kResponse : Kind::kRequest;
  function.facts = factsOf(api, options_);
  function.facts.hook = hook;
  function.facts.function = ref.name;
  function.facts.require_session =
      ref.require_session && (hook == Hook::kPostAuth || hook == Hook::kPost);
  function.program = std::move(*program);
  function.name = name;
  function.timeout = ref.timeout;
  return std::shared_ptr<const LoadedPlugin>(
      std::make_shared<JsLoaded>(std::move(function), impl_->runtimes, impl_->services));
}

Result<std::shared_ptr<const LoadedPlugin>> JsDriver::loadVirtual(
    const definition::VirtualEndpoint& endpoint, const definition::ApiSpec& api) {
  if (!options_.enabled) return Error(Errc::kBadPlugin, std::string(kDisabled));
  auto program = impl_->programOf(api, 0, options_);
  if (!program) return Error(program.error());
  const std::size_t name = indexOf(**program, endpoint.function);
  if (name == (*program)->names.size()) return notOfApi(endpoint.function);
  if (const std::string& wrong = (*program)->checks[name].function; !wrong.empty()) {
    const std::string script = endpoint.is_blob ? blobName(endpoint) : endpoint.source;
    return notUsable(**program, script, endpoint.function, wrong);
  }
  JsFunction function;
  function.kind = Kind::kVirtual;
  function.facts = factsOf(api, options_);
  function.facts.hook = Hook::kPost;
  function.facts.function = endpoint.function;
  function.facts.require_session = endpoint.use_session;
  function.program = std::move(*program);
  function.name = name;
  function.timeout = options_.timeout;
  return std::shared_ptr<const LoadedPlugin>(
      std::make_shared<JsLoaded>(std::move(function), impl_->runtimes, impl_->services));
}

Result<void> JsDriver::loadEventHandler(const std::string& file, const std::string& object) {
  if (!options_.enabled) return Error(Errc::kBadPlugin, std::string(kDisabled));
  auto files = impl_->event_files;
  files[object] = file;
  std::vector<JsEventHandler> handlers;
  for (const auto& [name, path] : files) handlers.push_back({path, name});
  auto finished = impl_->eventProgram(options_, handlers);
  if (!finished) return finished.error();
  const std::string& wrong = (*finished)->checks[indexOf(**finished, object)].event_handler;
  if (!wrong.empty()) return notUsable(**finished, file, object, wrong);
  impl_->event_files = std::move(files);
  impl_->events.use(std::move(*finished));
  return {};
}

std::vector<Result<void>> JsDriver::useEventHandlers(const std::vector<JsEventHandler>& handlers) {
  clearEventHandlers();
  std::vector<Result<void>> outcomes(handlers.size());
  if (handlers.empty()) return outcomes;
  // All at once, when nothing is wrong with any of them: each load runs every file.
  if (options_.enabled) {
    auto all = impl_->eventProgram(options_, handlers);
    if (all && (*all)->failed.empty() &&
        std::all_of((*all)->checks.begin(), (*all)->checks.end(),
                    [](const Program::Check& check) { return check.event_handler.empty(); })) {
      for (const JsEventHandler& handler : handlers)
        impl_->event_files[handler.object] = handler.file;
      impl_->events.use(std::move(*all));
      return outcomes;
    }
  }
  for (std::size_t i = 0; i < handlers.size(); ++i) {
    outcomes[i] = loadEventHandler(handlers[i].file, handlers[i].object);
  }
  return outcomes;
}

void JsDriver::clearEventHandlers() {
  impl_->event_files.clear();
  impl_->events.use(nullptr);
}

void JsDriver::callEvent(const std::string& object, JsEvent event) {
  impl_->events.call(object, std::move(event));
}

Result<std::shared_ptr<const LoadedPlugin>> NewerJsDriver::load(
    const definition::PluginRef& ref, Hook /*hook*/, const definition::ApiSpec& /*api*/) {
  return Error(Errc::kNotBuilt, "driver \"" + ref.driver +
                                    "\" (JavaScript from ES2015 on) is not built; plugins in ES5 "
                                    "run under the driver \"otto\"");
}

}  // namespace tykpp::drivers::js
