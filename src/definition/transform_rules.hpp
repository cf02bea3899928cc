#pragma once
// How an API changes requests and answers on their way: headers, URLs, methods. What one version of
// a definition says. Field comments name the Classic field.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "definition/limit_rules.hpp"
#include "definition/variable_text.hpp"

namespace tykpp::definition {

/// Headers that go and headers that come. Removing comes first.
struct HeaderEdit {
  std::vector<std::string> remove;
  /// Replace what is there under the name. In the order of the names.
  std::vector<std::pair<std::string, VariableText>> set;
  bool empty() const noexcept { return remove.empty() && set.empty(); }
};

/// An entry of `transform_headers` or `transform_response_headers`.
struct EndpointHeaders {
  EndpointPlace place;
  HeaderEdit edit;
};

/// What a trigger looks at.
enum class TriggerInput : std::uint8_t {
  kHeader,    ///< `header_matches`
  kQuery,     ///< `query_val_matches`
  kPathPart,  ///< `path_part_matches`: any segment of the path; the name says nothing
  kMetadata,  ///< `session_meta_matches`
  kContext,   ///< `request_context_matches`
  kBody,      ///< `payload_matches`: one, without a name
};

/// One entry of an option of a trigger.
struct TriggerMatch {
  std::string name;
  std::string pattern;   ///< RE2; one that cannot be read never matches, as in the reference
  bool reverse = false;  ///< matches when the pattern does not
};

/// All entries of one option.
struct TriggerOption {
  TriggerInput input = TriggerInput::kHeader;
  std::vector<TriggerMatch> matches;  ///< at least one
};

struct RewriteTrigger {
  bool any = false;  ///< `on` is `any`: one option that holds is enough
  std::vector<TriggerOption> options;
  VariableText rewrite_to;
};

/// An entry of `url_rewrites`.
struct RewriteRule {
  EndpointPlace place;
  std::string match_pattern;  ///< RE2; one that cannot be read fails the requests it is for
  VariableText rewrite_to;
  std::vector<RewriteTrigger> triggers;  ///< the first that fires supplies `rewrite_to`
};

/// An entry of `method_transforms`.
struct MethodRule {
  EndpointPlace place;
  std::string to_method;  ///< in upper case; may be one that is not allowed
};

struct TransformRules {
  EndpointMatching matching;                               ///< of every path pattern
  HeaderEdit request_headers;                              ///< `global_headers…`
  std::vector<EndpointHeaders> endpoint_request_headers;   ///< counted after them
  HeaderEdit response_headers;                             ///< `global_response_headers…`
  std::vector<EndpointHeaders> endpoint_response_headers;  ///< counted before them
  /// Options of the processor `header_injector`; counted last.
  HeaderEdit processor_headers;
  std::vector<RewriteRule> rewrites;
  std::vector<MethodRule> methods;
  /// A variable asks for parameters of the request's form.
  bool needs_form = false;
};

/// Whether results of a rewrite may name a host of their own.
bool mayLeaveTarget(const RewriteRule& rule) noexcept;

}  // namespace tykpp::definition
