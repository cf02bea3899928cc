#include "bundle/impl/settings.hpp"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ascii.hpp"
#include "base/digest.hpp"
#include "base/log.hpp"
#include "base/percent.hpp"

namespace tykpp::bundle {
namespace {

/// `//`, `.` and `..` resolved; begins with `/` and ends without.
std::string cleaned(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  std::string out;
  for (const std::string_view part : parts) out.append("/").append(part);
  return out.empty() ? "/" : out;
}

/// As Go writes the path of a URL: these stay, everything else is escaped.
std::string escaped(std::string_view text) {
  constexpr std::string_view kPlain = "-_.~$&+,/:;=@";
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool letter = toLower(c) >= 'a' && toLower(c) <= 'z';
    if (letter || isDigit(c) || kPlain.find(c) != std::string_view::npos) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
  }
  return out;
}

}  // namespace

Settings::Settings(const definition::GatewayConfig& config)
    : root((std::filesystem::path(config.working_directory) / config.middleware_path / "bundles")
               .lexically_normal()
               .string()),
      plugins(config.plugins),
      limits{static_cast<std::uint64_t>(config.plugins.bundle_max_unpacked_size),
             static_cast<std::size_t>(config.plugins.bundle_max_files)},
      max_packed(static_cast<std::size_t>(config.plugins.bundle_max_size)) {}

Places::Places(const Settings& settings, const std::string& name) {
  const std::string hash = md5Hex(name);
  current = settings.root + "/" + hash;
  previous = current + ".1";
  etag = settings.root + "/." + hash + ".etag";
  if (auto names = definition::bundleNames(name)) bundles = std::move(*names);
}

std::string Places::folderIn(const std::string& root, const definition::BundleName& bundle) {
  return bundle.folder.empty() ? root : root + "/" + bundle.folder;
}

bool Places::filled() const {
  return std::all_of(bundles.begin(), bundles.end(), [this](const auto& bundle) {
    std::error_code ignored;
    return std::filesystem::exists(folderIn(current, bundle), ignored);
  });
}

Error toldOf(const char* what, const definition::BundleName& bundle, const std::string& why) {
  return toldOf(what, bundle, Error(Errc::kBadPlugin, why));
}

Error toldOf(const char* what, const definition::BundleName& bundle, const Error& error) {
  std::string which;
  if (!bundle.folder.empty()) {
    which = log::quoted(bundle.name);
    which = which.starts_with('"') ? " " + which : " \"" + which + '"';
  }
  return {error.code(), what + which + ": " + error.message()};
}

Result<Source> locate(const std::string& base_url, const std::string& name) {
  const auto unknown = [] { return Error(Errc::kBadPlugin, "Unknown URL scheme"); };
  const std::size_t colon = base_url.find("://");
  if (colon == std::string::npos) return unknown();
  const std::string scheme = lowered(base_url.substr(0, colon));
  std::string_view rest = std::string_view(base_url).substr(colon + 3);
  rest = rest.substr(0, rest.find('#'));
  const std::size_t question = rest.find('?');
  const std::string query(question == std::string_view::npos ? "" : rest.substr(question));
  rest = rest.substr(0, question);
  const std::size_t slash = rest.find('/');
  const std::string authority(rest.substr(0, slash));
  const std::string path(slash == std::string_view::npos ? "" : rest.substr(slash));
  Source source;
  if (scheme == "file") {
    source.kind = Source::Kind::kFile;
    source.location = cleaned(percentDecode(path) + "/" + name);
    source.shown = "file://" + source.location;
    return source;
  }
  if (scheme != "http" && scheme != "https") return unknown();
  const std::string target = cleaned(path + "/" + escaped(name));
  const std::size_t at = authority.rfind('@');
  const std::string host = at == std::string::npos ? authority : authority.substr(at + 1);
  source.location = scheme + "://" + authority + target + query;
  source.shown = scheme + "://" + host + target;
  return source;
}

}  // namespace tykpp::bundle
