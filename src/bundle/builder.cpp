#include "bundle/builder.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/base64.hpp"
#include "base/log.hpp"
#include "bundle/impl/bad_bundle.hpp"

namespace tykpp::bundle {
namespace {
using OrderedJson = nlohmann::ordered_json;

constexpr const char* kHookLists[] = {"pre", "post", "post_key_auth", "response"};
constexpr std::size_t kAnyNumber = SIZE_MAX;

std::optional<std::string> readFile(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return std::nullopt;
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

/// A member, null when it is absent or not what it should be.
const OrderedJson* member(const OrderedJson& object, const char* key, OrderedJson::value_t type) {
  const auto found = object.find(key);
  return found != object.end() && found->type() == type ? &*found : nullptr;
}

std::string textOf(const OrderedJson& object, const char* key) {
  const OrderedJson* text = member(object, key, OrderedJson::value_t::string);
  return text != nullptr ? text->get<std::string>() : std::string();
}

std::size_t countHooks(const OrderedJson& hooks) {
  std::size_t count = 0;
  for (const char* name : kHookLists) {
    if (const OrderedJson* list = member(hooks, name, OrderedJson::value_t::array))
      count += list->size();
  }
  for (const char* name : {"auth_check", "traffic_logs"}) {
    const OrderedJson* entry = member(hooks, name, OrderedJson::value_t::object);
    if (entry != nullptr && !textOf(*entry, "name").empty()) ++count;
  }
  return count;
}

/// Every field there is, as the original tool writes them; what is set stays, unknown fields as
/// well.
OrderedJson completeEntry(const OrderedJson& given) {
  OrderedJson entry = {{"disabled", false},
                       {"name", ""},
                       {"path", ""},
                       {"require_session", false},
                       {"raw_body_only", false}};
  if (given.is_object()) entry.update(given);
  return entry;
}

OrderedJson completeHooks(const OrderedJson& given) {
  OrderedJson hooks = OrderedJson::object();
  for (const char* name : kHookLists) {
    hooks[name] = OrderedJson::array();
    if (const OrderedJson* list = member(given, name, OrderedJson::value_t::array)) {
      for (const OrderedJson& entry : *list) hooks[name].push_back(completeEntry(entry));
    }
  }
  for (const char* name : {"auth_check", "traffic_logs"}) {
    const OrderedJson* entry = member(given, name, OrderedJson::value_t::object);
    hooks[name] = completeEntry(entry != nullptr ? *entry : OrderedJson::object());
  }
  hooks["driver"] = textOf(given, "driver");
  hooks["id_extractor"] = {{"disabled", false},
                           {"extract_from", ""},
                           {"extract_with", ""},
                           {"extractor_config", OrderedJson::object()}};
  if (const OrderedJson* extractor = member(given, "id_extractor", OrderedJson::value_t::object))
    hooks["id_extractor"].update(*extractor);
  for (const auto& [key, value] : given.items()) {
    if (!hooks.contains(key)) hooks[key] = value;
  }
  return hooks;
}

FileReader readerOf(const std::vector<std::pair<std::string, std::string>>& files) {
  return [&files](const std::string& name, const ByteSink& sink) -> Result<void> {
    for (const auto& [known, bytes] : files) {
      if (known == name) return sink(bytes);
    }
    return bad("no such file: " + log::quoted(name));
  };
}

}  // namespace

Result<Builder> Builder::load(const std::string& manifest_file) {
  Builder builder;
  auto text = readFile(manifest_file);
  if (!text) return bad("Couldn't load manifest file");
  auto manifest = parseManifest(*text, kAnyNumber);
  if (!manifest) return std::move(manifest).error();
  for (const std::string& name : manifest->files) {
    auto bytes = readFile(name);
    if (!bytes) return bad("Referencing a nonexistent file: " + name);
    builder.files_.emplace_back(name, std::move(*bytes));
  }
  const OrderedJson json = OrderedJson::parse(*text, nullptr, false);
  const OrderedJson& hooks = json["custom_middleware"];
  if (countHooks(hooks) == 0) return bad("No hooks defined");
  if (textOf(hooks, "driver").empty()) return bad("No driver specified");
  builder.manifest_ = std::move(*text);
  return builder;
}

Result<std::string> Builder::pack(const PrivateKey* key) const {
  std::vector<std::string> names;
  for (const auto& [name, bytes] : files_) names.push_back(name);
  const auto digests = digestFiles(names, readerOf(files_));
  if (!digests) return digests.error();
  std::string signature;
  if (key != nullptr) {
    const auto raw = key->sign(digests->sha256);
    if (!raw) return raw.error();
    signature = encodeBase64(*raw);
  }
  const OrderedJson given = OrderedJson::parse(manifest_, nullptr, false);
  OrderedJson manifest = {{"file_list", names},
                          {"custom_middleware", completeHooks(given["custom_middleware"])},
                          {"checksum", digests->md5},
                          {"signature", signature},
                          {"sha256", digests->by_file}};
  for (const auto& [name, value] : given.items()) {
    if (!manifest.contains(name)) manifest[name] = value;
  }
  auto all = files_;
  all.emplace_back(kManifestName, manifest.dump());
  return writeArchive(all);
}

Result<Inspection> inspect(Archive& archive, const ArchiveLimits& limits) {
  const ArchiveEntry* entry = archive.find(kManifestName);
  if (entry == nullptr) return bad("the bundle has no manifest.json");
  const auto text = archive.readAll(*entry, kMaxManifestBytes);
  if (!text) return text.error();
  auto manifest = parseManifest(*text, limits.files);
  if (!manifest) return std::move(manifest).error();
  const FileReader reader = [&](const std::string& name, const ByteSink& sink) -> Result<void> {
    const ArchiveEntry* file = archive.find(name);
    if (file == nullptr)
      return bad("the bundle lacks a file of its file_list: " + log::quoted(name));
    return archive.read(*file, sink);
  };
  auto digests = digestFiles(manifest->files, reader);
  if (!digests) return std::move(digests).error();
  std::vector<std::string> unlisted = unlistedFiles(archive, *manifest);
  return Inspection{std::move(*manifest), std::move(*digests), std::move(unlisted)};
}

std::vector<std::string> describeHooks(const Manifest& manifest) {
  std::vector<std::string> lines;
  const OrderedJson json = OrderedJson::parse(manifest.text, nullptr, false);
  const OrderedJson& hooks = json["custom_middleware"];
  lines.push_back("driver: " + log::quoted(textOf(hooks, "driver")));
  const auto describe = [&](const char* hook, const OrderedJson& entry) {
    if (!entry.is_object() || textOf(entry, "name").empty()) return;
    std::string line = std::string(hook) + ": " + log::quoted(textOf(entry, "name"));
    if (const std::string path = textOf(entry, "path"); !path.empty())
      line += " in " + log::quoted(path);
    if (const OrderedJson* off = member(entry, "disabled", OrderedJson::value_t::boolean);
        off && off->get<bool>())
      line += " (disabled)";
    lines.push_back(std::move(line));
  };
  for (const char* name : kHookLists) {
    if (const OrderedJson* list = member(hooks, name, OrderedJson::value_t::array)) {
      for (const OrderedJson& entry : *list) describe(name, entry);
    }
  }
  for (const char* name : {"auth_check", "traffic_logs"}) {
    if (const OrderedJson* entry = member(hooks, name, OrderedJson::value_t::object))
      describe(name, *entry);
  }
  return lines;
}

}  // namespace tykpp::bundle
