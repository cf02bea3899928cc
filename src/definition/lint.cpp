#include "definition/lint.hpp"

#include <fcntl.h>

#include <algorithm>

#include "definition/api_loader.hpp"
#include "definition/impl/config_session.hpp"
#include "definition/impl/definition_builder.hpp"
#include "definition/impl/file_reader.hpp"

namespace tykpp::definition {
namespace {

void keep(Result<ApiSpec> built, ApiSpec* spec) {
  if (built && spec != nullptr) *spec = std::move(*built);
}

void lintPair(Source source, const std::string& path, const BuildSettings& settings, Report& report,
              Problems& problems, ApiSpec* spec) {
  const std::string companion =
      path.substr(0, path.size() - std::min<std::size_t>(path.size(), 5)) + "-oas.json";
  Report oas_report(companion, problems);
  auto content = readFile(AT_FDCWD, companion.c_str(), ApiDirectory::kMaxFileBytes);
  if (!content) {
    report.error("/is_oas", "its OpenAPI document " + companion + " " + content.error().message());
    return;
  }
  auto oas = openSource(content->bytes, companion, settings.config, oas_report);
  if (!oas) return;
  checkOasDocument(oas->json, settings.unknown, oas_report);
  keep(buildPair(std::move(source), std::move(*oas), settings, report, oas_report), spec);
}

}  // namespace

Problems lintConfig(const std::string& path) {
  LoadedConfig loaded;
  const auto fail = [&](const std::string& reason) {
    return Problems{{Severity::kError, path, "", reason}};
  };
  auto content = readFile(AT_FDCWD, path.c_str(), ApiDirectory::kMaxFileBytes);
  if (!content) return fail(content.error().message());
  auto judged = judgeConfig(path, content->bytes, Environment(std::map<std::string, std::string>{}),
                            Unknown::kWarn, loaded);
  if (!judged) {
    const std::string text = judged.error().message();
    return fail(text.starts_with(path + ": ") ? text.substr(path.size() + 2) : text);
  }
  for (const std::string& name : loaded.not_built) {
    std::string pointer = "/" + name;
    std::replace(pointer.begin(), pointer.end(), '.', '/');
    loaded.problems.push_back(
        {Severity::kWarning, path, pointer, "is not built yet and has no effect"});
  }
  return loaded.problems;
}

Problems lintDefinition(const std::string& path, const GatewayConfig* config, ApiSpec* spec) {
  Problems problems;
  Report report(path, problems);
  const GatewayConfig defaults;
  const BuildSettings settings{config == nullptr ? defaults : *config, Unknown::kWarn};
  auto content = readFile(AT_FDCWD, path.c_str(), ApiDirectory::kMaxFileBytes);
  if (!content) {
    report.error("", content.error().message());
    return problems;
  }
  auto source = openSource(content->bytes, path, settings.config, report);
  if (!source) return problems;
  if (looksLikeOas(source->json)) {
    keep(buildOas(std::move(*source), settings, report), spec);
  } else if (wantsCompanion(source->json)) {
    lintPair(std::move(*source), path, settings, report, problems, spec);
  } else {
    keep(buildClassic(std::move(*source), settings, report), spec);
  }
  return problems;
}

}  // namespace tykpp::definition
