// Arbitrary bytes as an OAS document: they give an API or a problem, and the conversion to a
// Classic definition never gives text that is no JSON.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "definition/classic.hpp"
#include "definition/oas.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tykpp::definition;
  static const GatewayConfig config;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Problems problems;
  const auto spec = parseOas(text, "fuzz.json", config, problems);
  bool told = false;
  for (const Problem& problem : problems) told = told || problem.severity == Severity::kError;
  if (spec.has_value() == told) std::abort();
  if (spec && (spec->listen_path.empty() || spec->oas_text.empty() || !spec->is_oas)) std::abort();
  Problems converting;
  const auto classic = convertOasToClassic(text, converting);
  if (spec && !classic) std::abort();
  if (spec) {
    Problems pair;
    if (!parsePair(*classic, "fuzz.json", spec->oas_text, "fuzz-oas.json", config, pair))
      std::abort();
  }
  return 0;
}
