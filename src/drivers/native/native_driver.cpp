#include "drivers/native/native_driver.hpp"

#include "drivers/native/impl/native_plugin.hpp"
#include "drivers/native/impl/shared_object.hpp"

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

}  // namespace

NativeDriver::NativeDriver(NativeOptions options, WorkerServices& services)
    : options_(std::move(options)),
      objects_(std::make_unique<ObjectStore>(options_.temp_directory)),
      services_(std::make_shared<ServicesGate>(services)) {}

NativeDriver::~NativeDriver() { services_->close(); }

Result<std::shared_ptr<const LoadedPlugin>> NativeDriver::load(const definition::PluginRef& ref,
                                                               Hook hook,
                                                               const definition::ApiSpec& api) {
  auto file = locate(ref.path, options_.working_directory, options_.compatible_version);
  if (!file) return Error(file.error());
  auto object = objects_->open(*file);
  if (!object) return Error(object.error());
  const tykpp_hook_plugin* entry = (*object)->find(ref.name);
  if (entry == nullptr) {
    return Error(Errc::kBadPlugin, "plugin " + *file + " has no function \"" + ref.name +
                                       "\"; it has: " + (*object)->names());
  }
  if ((entry->places & TYKPP_AT(static_cast<unsigned>(hook))) == 0) {
    return Error(Errc::kBadPlugin, "plugin " + *file + ": function \"" + ref.name +
                                       "\" cannot be a " + std::string(hookName(hook)) +
                                       " hook; it is written for: " + placesText(entry->places));
  }
  FunctionFacts facts;
  facts.hook_name = ref.name;
  facts.api_id = api.api_id;
  facts.api_name = api.name;
  facts.org_id = api.org_id;
  facts.config_data = api.config_data;
  facts.plugin = (*object)->info->name != nullptr ? (*object)->info->name : "";
  facts.reads_body = (entry->flags & TYKPP_HOOK_BODY) != 0;
  facts.ignore_canonical_names = options_.ignore_canonical_header_names;
  facts.max_pending = options_.max_pending;
  facts.services = services_;
  return std::shared_ptr<const LoadedPlugin>(
      std::make_shared<NativeLoaded>(*object, entry->function, std::move(facts)));
}

}  // namespace tykpp::drivers::native
