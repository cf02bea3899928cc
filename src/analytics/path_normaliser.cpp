#include "analytics/path_normaliser.hpp"

#include <re2/re2.h>

#include "base/log.hpp"
#include "definition/analytics_config.hpp"

namespace tykpp::analytics {

struct PathNormaliser::Rule {
  std::unique_ptr<const RE2> expression;
  const char* replacement;
};

PathNormaliser::PathNormaliser(const definition::NormaliseUrls& rules) {
  if (!rules.enabled) return;
  const auto add = [this](const std::string& text, const char* replacement) {
    RE2::Options options;
    options.set_log_errors(false);
    auto expression = std::make_unique<const RE2>(text, options);
    if (expression->ok()) {
      rules_.push_back({std::move(expression), replacement});
    } else {
      TYKPP_LOG(err, "analytics",
                "analytics_config.normalise_urls.custom_patterns: an expression is left out "
                "expression={} reason={}",
                log::quoted(text), log::quoted(expression->error()));
    }
  };
  if (rules.normalise_uuids) {
    add("[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}",
        "{uuid}");
  }
  if (rules.normalise_ulids) add("(?i)[0-7][0-9A-HJKMNP-TV-Z]{25}", "{ulid}");
  if (rules.normalise_numbers) add("/[0-9]+", "/{id}");
  for (const std::string& text : rules.custom_patterns) add(text, "{var}");
}

PathNormaliser::~PathNormaliser() = default;

void PathNormaliser::apply(std::string& path) const {
  for (const Rule& rule : rules_) RE2::GlobalReplace(&path, *rule.expression, rule.replacement);
}

}  // namespace tykpp::analytics
