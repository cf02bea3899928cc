#include "middleware/rewrite_triggers.hpp"

#include <algorithm>
#include <charconv>

#include "base/ascii.hpp"
#include "base/text.hpp"
#include "http/request_context.hpp"
#include "middleware/variables.hpp"
#include "session/session_state.hpp"

namespace tykpp::middleware {
namespace {

using definition::TriggerInput;

/// Matches of a body beyond these become no variables.
constexpr std::size_t kMostBodyMatches = 100;

std::string_view numbered(std::string_view name, std::size_t number, Arena& arena) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, number);
  return arena.concat(name, "-", std::string_view(text, static_cast<std::size_t>(end.ptr - text)));
}

}  // namespace

/// One look of a trigger at a request.
class RewriteTriggerCheck::Run {
 public:
  Run(const RewriteTriggerCheck& trigger, http::Exchange& exchange)
      : trigger_(trigger), exchange_(exchange), context_(http::contextOf(exchange)) {}

  /// Whether an option holds.
  bool holds(const Option& option) {
    if (option.input == TriggerInput::kBody) return bodyMatches(option.matches.front());
    std::size_t count = 0;
    for (const Match& match : option.matches) count += matched(option.input, match, count);
    return trigger_.any_ ? count > 0 : count > 0 && count >= option.matches.size();
  }

 private:
  /// How many values of a name match. @param before  those of the option so far
  std::size_t matched(TriggerInput input, const Match& match, std::size_t before) {
    switch (input) {
      case TriggerInput::kHeader:
        return headerMatches(match);
      case TriggerInput::kQuery:
        return queryMatches(match);
      case TriggerInput::kPathPart:
        return partMatches(match, before);
      case TriggerInput::kMetadata:
        return metadataMatches(match);
      case TriggerInput::kContext: {
        const ContextValue value = contextValue(match.context, exchange_);
        return value.found && value.is_text && takes(match, value.text, nameOf(match)) ? 1 : 0;
      }
      case TriggerInput::kBody:
        break;
    }
    return 0;
  }

  std::string_view nameOf(const Match& match) {
    return exchange_.arena().concat(trigger_.prefix_, match.name);
  }

  /// Whether a value matches; what did becomes variables.
  bool takes(const Match& match, std::string_view value, std::string_view name) {
    if (!match.pattern) return false;
    const RewritePattern::Groups groups = match.pattern->find(value, 0, exchange_.arena());
    note(name, groups);
    return groups.empty() == match.reverse;
  }

  void note(std::string_view name, RewritePattern::Groups groups) {
    if (groups.empty()) return;
    context_.triggers.push_back({name, groups[0]});
    for (std::size_t i = 1; i < groups.size(); ++i)
      context_.triggers.push_back({numbered(name, i - 1, exchange_.arena()), groups[i]});
  }

  std::size_t headerMatches(const Match& match) {
    std::size_t count = 0;
    std::size_t index = 0;
    for (const http::HeaderField& field : exchange_.request().headers) {
      if (field.id == http::HeaderId::kHost || !equalsIgnoreCase(field.name, match.name)) continue;
      const std::string_view name = numbered(nameOf(match), index++, exchange_.arena());
      count += takes(match, field.value, name) ? 1 : 0;
    }
    return count;
  }

  std::size_t queryMatches(const Match& match) {
    std::size_t count = 0;
    std::size_t index = 0;
    Arena& arena = exchange_.arena();
    forEachFormPair(exchange_.request().query, [&](std::string_view name, std::string_view value) {
      if (formDecode(name) != match.name) return;
      const std::string_view given = arena.copy(formDecode(value));
      count += takes(match, given, numbered(nameOf(match), index++, arena)) ? 1 : 0;
    });
    return count;
  }

  std::size_t partMatches(const Match& match, std::size_t before) {
    std::size_t count = 0;
    std::string_view left = exchange_.request().path;
    for (bool more = true; more;) {
      const std::size_t slash = left.find('/');
      more = slash != std::string_view::npos;
      const std::string_view part = left.substr(0, slash);
      if (more) left.remove_prefix(slash + 1);
      const std::string_view name = numbered(nameOf(match), before + count, exchange_.arena());
      count += takes(match, part, name) ? 1 : 0;
    }
    return count;
  }

  std::size_t metadataMatches(const Match& match) {
    if (exchange_.session == nullptr) return 0;
    const session::MetaData& all = exchange_.session->data().meta_data;
    const auto found = all.find(match.name);
    if (found == all.end() || !found->second.is_text) return 0;
    return takes(match, exchange_.arena().copy(found->second.text), nameOf(match)) ? 1 : 0;
  }

  bool bodyMatches(const Match& match) {
    if (!match.pattern) return false;
    Arena& arena = exchange_.arena();
    const std::string* body = exchange_.request().body();
    const std::string_view text = body == nullptr ? std::string_view{} : std::string_view(*body);
    const std::string_view name = arena.concat(trigger_.prefix_, "payload");
    std::size_t from = 0;
    std::size_t count = 0;
    while (from <= text.size() && count < kMostBodyMatches) {
      const RewritePattern::Groups groups = match.pattern->find(text, from, arena);
      if (groups.empty()) break;
      // A later step may replace the body.
      noteCopies(name, groups, count++);
      const std::size_t end =
          static_cast<std::size_t>(groups[0].data() - text.data()) + groups[0].size();
      from = groups[0].empty() ? end + 1 : end;
    }
    return (count > 0) != match.reverse;
  }

  void noteCopies(std::string_view name, RewritePattern::Groups groups, std::size_t index) {
    Arena& arena = exchange_.arena();
    const std::string_view whole = arena.copy(groups[0]);
    if (index == 0) context_.triggers.push_back({name, whole});
    const std::string_view own = numbered(name, index, arena);
    context_.triggers.push_back({own, whole});
    for (std::size_t i = 1; i < groups.size(); ++i)
      context_.triggers.push_back({numbered(own, i - 1, arena), arena.copy(groups[i])});
  }

  const RewriteTriggerCheck& trigger_;
  http::Exchange& exchange_;
  http::RequestContext& context_;
};

RewriteTriggerCheck::RewriteTriggerCheck(const definition::RewriteTrigger& trigger,
                                         std::size_t number)
    : any_(trigger.any),
      prefix_("trigger-" + std::to_string(number) + "-"),
      rewrite_to_(trigger.rewrite_to) {
  for (const definition::TriggerOption& from : trigger.options) {
    Option option{from.input, {}};
    for (const definition::TriggerMatch& match : from.matches) {
      std::string name = match.name;
      if (from.input == TriggerInput::kHeader && http::isToken(name))
        http::canonicalise(name.data(), name.size());
      auto pattern = RewritePattern::compile(match.pattern);
      option.matches.push_back(
          {std::move(name), definition::ContextName::parse(match.name),
           pattern ? std::optional<RewritePattern>(std::move(*pattern)) : std::nullopt,
           match.reverse});
    }
    options_.push_back(std::move(option));
  }
}

bool RewriteTriggerCheck::fires(http::Exchange& exchange) const {
  Run run(*this, exchange);
  if (any_) {
    return std::any_of(options_.begin(), options_.end(),
                       [&run](const Option& option) { return run.holds(option); });
  }
  bool all = true;
  for (const Option& option : options_) all = run.holds(option) && all;
  return all;
}

bool RewriteTriggerCheck::needsBody() const noexcept {
  return std::any_of(options_.begin(), options_.end(),
                     [](const Option& option) { return option.input == TriggerInput::kBody; });
}

}  // namespace tykpp::middleware
