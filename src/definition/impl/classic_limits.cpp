// Limits and lists of endpoints of a Classic definition.

#include <algorithm>
#include <atomic>

#include "base/ascii.hpp"
#include "definition/impl/definition_builder.hpp"
#include "definition/impl/endpoint_entries.hpp"
#include "definition/limit_rules.hpp"

namespace tykpp::definition {
namespace {

/// Reads the lists of the version that is served.
class ListReader {
 public:
  ListReader(const Json& version, std::string place, LimitRules& rules, Report& report)
      : version_(version),
        place_(std::move(place)),
        extended_(flagOf(version, "use_extended_paths")),
        ignore_case_(flagOf(version, "ignore_endpoint_case")),
        rules_(rules),
        report_(report) {}

  void read() {
    readEndpoints("mock_response", EndpointList::kMock);
    readEndpoints("ignored", EndpointList::kIgnored);
    readEndpoints("black_list", EndpointList::kBlocked);
    readEndpoints("white_list", EndpointList::kAllowed);
    forEach("internal", [this](const Json& entry, EndpointPlace place) {
      // The reference compares the method and never finds one that is not given.
      if (!textOf(entry, "method").empty()) rules_.internals.push_back(std::move(place));
    });
    forEach("rate_limit", [this](const Json& entry, EndpointPlace place) {
      rules_.endpoint_rates.push_back(
          {std::move(place), numberOf(entry, "rate"), numberOf(entry, "per")});
    });
    forEach("size_limits", [this](const Json& entry, EndpointPlace place) {
      rules_.endpoint_sizes.push_back({std::move(place), integerOf(entry, "size_limit")});
    });
    // The reference compares methods: without one, such a rule finds nothing.
    forEach("track_endpoints", [this](const Json& entry, EndpointPlace place) {
      if (!textOf(entry, "method").empty()) rules_.tracked.push_back(std::move(place));
    });
    forEach("do_not_track_endpoints", [this](const Json& entry, EndpointPlace place) {
      if (!textOf(entry, "method").empty()) rules_.untracked.push_back(std::move(place));
    });
    readSizes();
  }

 private:
  /// Calls `visit(entry, place)` for every entry of a list that is in force.
  template <class Visit>
  void forEach(const std::string& list, const Visit& visit) const {
    if (extended_) forEachListed(version_, place_, list, visit);
  }

  MadeUpReply reply(const Json& from, const char* body, const std::string& pointer) const {
    MadeUpReply made;
    const std::int64_t code = integerOf(from, "code");
    // The reference cannot send an answer without a code; a plain success is what was meant.
    if (code != 0 && (code < 200 || code > 599)) {
      report_.error(pointer + "/code", "has to be 200 to 599");
    } else if (code != 0) {
      made.code = static_cast<std::uint16_t>(code);
    }
    made.body = textOf(from, body);
    const Json* headers = member(from, "headers");
    if (headers == nullptr || !headers->is_object()) return made;
    for (const auto& [name, value] : headers->items()) {
      if (!value.is_string()) continue;
      const auto& text = value.get_ref<const std::string&>();
      if (isFraming(name)) continue;
      if (!isHeaderText(name, text)) {
        report_.error(pointerTo(pointer + "/headers", name), "cannot be a header");
        continue;
      }
      made.headers.emplace_back(name, text);
    }
    return made;
  }

  /// What the server says of each answer itself.
  static bool isFraming(std::string_view name) {
    return equalsIgnoreCase(name, "Content-Length") || equalsIgnoreCase(name, "Connection") ||
           equalsIgnoreCase(name, "Transfer-Encoding");
  }

  static bool isHeaderText(const std::string& name, const std::string& value) {
    const auto control = [](char c) {
      return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
    };
    constexpr std::string_view kSeparators = " \t\"(),/:;<=>?@[\\]{}";
    return !name.empty() && name.find_first_of(kSeparators) == std::string::npos &&
           std::none_of(
               name.begin(), name.end(),
               [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c >= 0x7f; }) &&
           std::none_of(value.begin(), value.end(), control);
  }

  std::optional<std::vector<MethodAction>> actions(const Json& entry,
                                                   const std::string& pointer) const {
    const Json* given = member(entry, "method_actions");
    if (given == nullptr || !given->is_object()) return std::nullopt;
    std::vector<MethodAction> list;
    for (const auto& [method, from] : given->items()) {
      MethodAction action;
      action.method = method;
      const std::string_view kind = textOf(from, "action");
      if (kind == "reply") {
        action.kind = MethodAction::Kind::kReply;
        action.reply = reply(from, "data", pointerTo(pointerTo(pointer, "method_actions"), method));
      } else if (kind != "no_action") {
        action.kind = MethodAction::Kind::kBlock;
      }
      list.push_back(std::move(action));
    }
    return list;
  }

  void readEndpoints(const std::string& name, EndpointList list) {
    forEach(name, [&](const Json& entry, EndpointPlace place) {
      EndpointRule rule;
      rule.list = list;
      rule.ignore_case = ignore_case_ || flagOf(entry, "ignore_case");
      if (list == EndpointList::kMock) rule.reply = reply(entry, "body", place.pointer);
      rule.actions = actions(entry, place.pointer);
      rule.place = std::move(place);
      rules_.endpoints.push_back(std::move(rule));
    });
    if (!extended_ && list != EndpointList::kMock) readLegacy(name, list);
  }

  /// `paths`: bare paths, for all methods.
  void readLegacy(const std::string& name, EndpointList list) {
    const Json* entries = memberAt(version_, "paths/" + name);
    if (entries == nullptr || !entries->is_array() || entries->empty()) return;
    report_.warn(place_ + "/paths", "Legacy path detected! Upgrade to extended.");
    std::size_t index = 0;
    for (const Json& entry : *entries) {
      std::string pointer = pointerTo(pointerTo(place_ + "/paths", name), index++);
      if (!entry.is_string()) continue;
      EndpointRule rule;
      rule.list = list;
      rule.ignore_case = ignore_case_;
      rule.place = {entry.get<std::string>(), {}, std::move(pointer)};
      rules_.endpoints.push_back(std::move(rule));
    }
  }

  void readSizes() {
    const std::int64_t limit = integerOf(version_, "global_size_limit");
    const bool off =
        flagOf(version_, "global_size_limit_disabled") && rules_.endpoint_sizes.empty();
    if (limit > 0 && !off) rules_.global_size_limit = limit;
  }

  const Json& version_;
  std::string place_;
  bool extended_;
  bool ignore_case_;
  LimitRules& rules_;
  Report& report_;
};

}  // namespace

std::uint64_t nextLimitRules() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

void readLimits(const Json& document, const GatewayConfig& config, ApiSpec& spec, Report& report) {
  auto rules = std::make_shared<LimitRules>();
  rules->matching.prefix = config.http_server_options.enable_path_prefix_matching;
  rules->matching.suffix = config.http_server_options.enable_path_suffix_matching;
  rules->disable_rate_limit = flagOf(document, "disable_rate_limit");
  rules->disable_quota = flagOf(document, "disable_quota");
  rules->dont_set_quota_on_create = flagOf(document, "dont_set_quota_on_create");
  if (const Json* rate = member(document, "global_rate_limit");
      rate != nullptr && !flagOf(*rate, "disabled")) {
    rules->global_rate = numberOf(*rate, "rate");
    rules->global_per = numberOf(*rate, "per");
  }
  std::string key;
  if (const Json* version = selectedVersion(document, key, nullptr); version != nullptr) {
    ListReader(*version, pointerTo("/version_data/versions", key), *rules, report).read();
  }
  spec.limits = std::move(rules);
}

}  // namespace tykpp::definition
