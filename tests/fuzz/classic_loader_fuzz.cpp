// Arbitrary bytes as a Classic definition: they give an API or a problem that names the file, and
// nothing else.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "definition/classic.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tykpp::definition;
  static const GatewayConfig config = [] {
    GatewayConfig made;
    made.secrets = {{"token", "value \" with \\ both"}, {"token2", ""}};
    return made;
  }();
  Problems problems;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto spec = parseClassic(text, "fuzz.json", config, problems);
  bool told = false;
  for (const Problem& problem : problems) told = told || problem.severity == Severity::kError;
  // A refusal without a reason, an error that is served all the same, an API nobody could reach.
  if (spec.has_value() == told) std::abort();
  if (spec && (spec->listen_path.empty() || spec->api_id.empty() || spec->target.host.empty()))
    std::abort();
  // What was accepted once has to be accepted in the form that is kept.
  if (spec) {
    Problems again;
    if (!parseClassic(spec->classic_text, "fuzz.json", config, again)) std::abort();
  }
  return 0;
}
