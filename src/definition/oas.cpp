#include "definition/oas.hpp"

#include "definition/impl/definition_builder.hpp"
#include "definition/impl/oas_security.hpp"
#include "definition/impl/oas_shape.hpp"

namespace tykpp::definition {
namespace {

/// Tells problems found in the converted definition at the places they came from.
void toOasPlaces(Problems& problems) {
  for (Problem& problem : problems) problem.pointer = oasPointer(problem.pointer);
}

void toOasPlaces(PluginHooks& hooks) {
  for (auto* list : {&hooks.pre, &hooks.post_auth, &hooks.post, &hooks.response}) {
    for (PluginRef& ref : *list) ref.pointer = oasPointer(ref.pointer);
  }
  for (auto* one : {&hooks.auth, &hooks.analytics}) {
    if (*one) (*one)->pointer = oasPointer((*one)->pointer);
  }
}

void wantMember(const Json& value, const char* name, bool (Json::*is)() const noexcept,
                const char* kind, const std::string& place, Report& report) {
  const Json* found = member(value, name);
  if (found == nullptr) {
    report.error(place, std::string(name) + " is missing");
  } else if (!(found->*is)()) {
    report.error(pointerTo(place, name),
                 std::string("expected ") + kind + ", found " + found->type_name());
  }
}

bool isBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace

void checkOasDocument(Json& document, Unknown unknown, Report& report) {
  if (!document.is_object()) {
    report.error("", std::string("expected an object, found ") + document.type_name());
    return;
  }
  const std::string_view version = textOf(document, "openapi");
  if (!version.starts_with("3.0") && !version.starts_with("3.1")) {
    report.error("/openapi", "has to be a 3.0 or 3.1 version");
  }
  wantMember(document, "info", &Json::is_object, "an object", "", report);
  wantMember(document, "paths", &Json::is_object, "an object", "", report);
  const auto extension = document.find(kExtension);
  if (extension == document.end()) {
    report.error("", std::string("the payload should contain ") + kExtension);
    return;
  }
  const std::string place = std::string("/") + kExtension;
  applyShape(*extension, extensionShape(), place, unknown, report);
  checkSchemes(document, unknown, report);
  for (const char* name : {"info", "server", "upstream"}) {
    if (member(*extension, name) == nullptr) report.error(place, std::string(name) + " is missing");
  }
  if (const Json* info = member(*extension, "info");
      info != nullptr && isBlank(textOf(*info, "name"))) {
    report.error(place + "/info/name", "is missing or blank");
  }
}

Result<ApiSpec> buildOas(Source source, const BuildSettings& settings, Report& report) {
  const std::size_t before = report.errors();
  checkOasDocument(source.json, settings.unknown, report);
  if (report.errors() > before) return report.firstError();
  checkOasNotBuilt(source.json, report);
  Source classic{source.file, {}, classicFromOas(source.json), {}};
  classic.text = classic.json.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (!source.written.empty()) {
    const auto written = parseJson(source.written);
    if (!written) {
      report.error(
          "", "is no JSON before its secret references are replaced: " + written.error().message());
      return report.firstError();
    }
    classic.written = classicFromOas(*written).dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  Problems found;
  Report classic_report(source.file, found);
  auto spec = buildClassic(std::move(classic), {settings.config, Unknown::kIgnore}, classic_report);
  toOasPlaces(found);
  for (const Problem& problem : found) {
    if (problem.severity == Severity::kError) {
      report.error(problem.pointer, problem.reason);
    } else {
      report.warn(problem.pointer, problem.reason);
    }
  }
  if (report.errors() == 0) readOasAuth(source.json, *spec, report);
  if (report.errors() > 0) return report.firstError();
  toOasPlaces(spec->hooks);
  for (EventHandler& handler : spec->event_handlers) handler.pointer = oasPointer(handler.pointer);
  spec->oas_text = compactJson(source.shown());
  spec->checksum = contentChecksum(source.text, "oas");
  return spec;
}

Result<ApiSpec> parseOas(std::string_view text, const std::string& file,
                         const GatewayConfig& config, Problems& problems) {
  Report report(file, problems);
  auto source = openSource(text, file, config, report);
  if (!source) return source.error();
  return buildOas(std::move(*source), {config}, report);
}

Result<std::string> convertOasToClassic(std::string_view oas_text, Problems& problems) {
  Report report("", problems);
  auto document = parseJson(oas_text);
  if (!document) {
    report.error("", document.error().message());
    return report.firstError();
  }
  checkOasDocument(*document, Unknown::kIgnore, report);
  if (report.errors() > 0) return report.firstError();
  checkOasNotBuilt(*document, report);
  if (report.errors() > 0) return report.firstError();
  return classicFromOas(*document).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace tykpp::definition
