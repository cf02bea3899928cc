#include "drivers/native/native_driver.hpp"

#include "drivers/native/impl/host_api.hpp"
#include "drivers/native/impl/native_plugin.hpp"
#include "drivers/native/impl/shared_object.hpp"
#include "drivers/native/isolated/isolated_plugin.hpp"

namespace tykpp::drivers::native {
namespace {

std::string placesText(std::uint32_t places) {
  std::string text;
  for (int hook = TYKPP_HOOK_PRE; hook <= TYKPP_HOOK_ANALYTICS; ++hook) {
    if ((places & TYKPP_AT(hook)) == 0) continue;
    text += (text.empty() ? "" : ", ") + std::string(hookName(static_cast<Hook>(hook)));
  }
  return text.empty() ? "no hook" : text;
}

Error noFunction(const std::string& file, const std::string& name, const std::string& names) {
  return Error(Errc::kBadPlugin,
               "plugin " + file + " has no function \"" + name + "\"; it has: " + names);
}

Error wrongPlace(const std::string& file, const std::string& name, Hook hook,
                 std::uint32_t places) {
  return Error(Errc::kBadPlugin, "plugin " + file + ": function \"" + name + "\" cannot be a " +
                                     std::string(hookName(hook)) +
                                     " hook; it is written for: " + placesText(places));
}

isolated::HostOptions hostOptions(const NativeOptions& options) {
  isolated::HostOptions host;
  host.executable = options.host_executable;
  host.memory_limit = options.host.memory_limit;
  host.start_timeout = options.host.start_timeout;
  host.max_restart_delay = options.host.max_restart_delay;
  host.threads = options.host.threads;
  host.max_calls = static_cast<std::size_t>(options.host.max_calls);
  host.max_body = options.max_body;
  host.gateway_version = options.compatible_version;
  host.gateway_config = options.config_text;
  return host;
}

}  // namespace

NativeOptions NativeOptions::of(const definition::GatewayConfig& config) {
  NativeOptions options;
  options.working_directory = config.working_directory;
  options.ignore_canonical_header_names = config.ignore_canonical_mime_header_key;
  options.config_text = config.text;
  options.host = config.plugins.host;
  options.max_body = static_cast<std::size_t>(config.max_buffered_body_size);
  return options;
}

NativeDriver::NativeDriver(NativeOptions options, WorkerServices& services)
    : options_(std::move(options)),
      objects_(std::make_unique<ObjectStore>(options_.temp_directory)),
      services_(std::make_shared<ServicesGate>(services)),
      workers_(services) {
  setGatewayTexts(options_.compatible_version, options_.config_text);
}

NativeDriver::~NativeDriver() { services_->close(); }

std::shared_ptr<const std::string> NativeDriver::definitionText(const definition::ApiSpec& api) {
  const std::string& text = api.is_oas ? api.oas_text : api.classic_text;
  std::weak_ptr<const std::string>& kept = definitions_[api.api_id];
  std::shared_ptr<const std::string> shared = kept.lock();
  if (shared == nullptr || *shared != text) {
    shared = std::make_shared<const std::string>(text);
    kept = shared;
    std::erase_if(definitions_, [](const auto& entry) { return entry.second.expired(); });
  }
  return shared;
}

FunctionFacts NativeDriver::factsOf(const definition::PluginRef& ref,
                                    const definition::ApiSpec& api) {
  FunctionFacts facts;
  facts.hook_name = ref.name;
  facts.api_id = api.api_id;
  facts.api_name = api.name;
  facts.org_id = api.org_id;
  facts.config_data = api.config_data;
  facts.definition = definitionText(api);
  facts.oas_definition = api.is_oas;
  facts.ignore_canonical_names = options_.ignore_canonical_header_names;
  facts.max_pending = options_.max_pending;
  facts.services = services_;
  return facts;
}

Result<std::shared_ptr<const LoadedPlugin>> NativeDriver::load(const definition::PluginRef& ref,
                                                               Hook hook,
                                                               const definition::ApiSpec& api) {
  auto file = locate(ref.path, options_.working_directory, options_.compatible_version);
  if (!file) return Error(file.error());
  // Several Go runtimes do not get along in one process, and Go plugins come as `goplugin`.
  const bool isolate = ref.isolate.value_or(ref.driver == "goplugin");
  return isolate ? loadIsolated(*file, ref, hook, api) : loadHere(*file, ref, hook, api);
}

Result<std::shared_ptr<const LoadedPlugin>> NativeDriver::loadHere(const std::string& file,
                                                                   const definition::PluginRef& ref,
                                                                   Hook hook,
                                                                   const definition::ApiSpec& api) {
  auto object = objects_->open(file);
  if (!object) return Error(object.error());
  const tykpp_hook_plugin* entry = (*object)->find(ref.name);
  if (entry == nullptr) return noFunction(file, ref.name, (*object)->names());
  if ((entry->places & TYKPP_AT(static_cast<unsigned>(hook))) == 0) {
    return wrongPlace(file, ref.name, hook, entry->places);
  }
  FunctionFacts facts = factsOf(ref, api);
  facts.state_owner = object->get();
  facts.plugin = (*object)->info->name != nullptr ? (*object)->info->name : "";
  facts.reads_body = (entry->flags & TYKPP_HOOK_BODY) != 0;
  return std::shared_ptr<const LoadedPlugin>(
      std::make_shared<NativeLoaded>(*object, entry->function, std::move(facts)));
}

Result<std::shared_ptr<const LoadedPlugin>> NativeDriver::loadIsolated(
    const std::string& file, const definition::PluginRef& ref, Hook hook,
    const definition::ApiSpec& api) {
  auto digest = objects_->digestOf(file);
  if (!digest) return Error(digest.error());
  if (hosts_ == nullptr) {
    hosts_ = std::make_unique<isolated::HostPool>(hostOptions(options_), workers_);
  }
  auto use = hosts_->open(*digest, file, [&] {
    // A host that ends removes its own copy alone.
    return objects_->copy(file, *digest, "host-" + std::to_string(++copies_));
  });
  if (!use) return Error(use.error());
  const isolated::PluginTable& table = (*use)->host().table();
  const isolated::HookEntry* entry = table.find(ref.name);
  if (entry == nullptr) return noFunction(file, ref.name, table.names());
  if ((entry->places & TYKPP_AT(static_cast<unsigned>(hook))) == 0) {
    return wrongPlace(file, ref.name, hook, entry->places);
  }
  FunctionFacts facts = factsOf(ref, api);
  facts.plugin = table.name;
  facts.reads_body = (entry->flags & TYKPP_HOOK_BODY) != 0;
  return std::shared_ptr<const LoadedPlugin>(
      std::make_shared<isolated::IsolatedLoaded>(std::move(*use), ref.name, std::move(facts)));
}

std::vector<RemoteServer> NativeDriver::servers() const {
  return hosts_ != nullptr ? hosts_->servers() : std::vector<RemoteServer>{};
}

}  // namespace tykpp::drivers::native
