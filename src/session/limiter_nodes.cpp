#include "session/limiter_nodes.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace tykpp::session {
namespace {

std::string textOf(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

LimiterNodes::LimiterNodes(std::string id, std::string host, const std::vector<std::string>& tags)
    : id_(std::move(id)), host_(std::move(host)) {
  for (const std::string& tag : tags) tags_ += tag;
}

std::string LimiterNodes::announcement(std::int64_t load) const {
  const nlohmann::ordered_json message{{"HostName", host_},
                                       {"ID", id_},
                                       {"LoadPerSec", std::max<std::int64_t>(load, 1)},
                                       {"Percentage", 0},
                                       {"TagHash", tags_}};
  return message.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void LimiterNodes::heard(std::string_view payload, Clock::time_point now) {
  const auto message = nlohmann::json::parse(payload, nullptr, false);
  if (!message.is_object() || textOf(message, "TagHash") != tags_) return;
  const std::string id = textOf(message, "ID");
  if (id.empty()) return;
  const auto known = last_heard_.find(id + "|" + textOf(message, "HostName"));
  if (known != last_heard_.end()) {
    known->second = now;
  } else if (last_heard_.size() < kMost) {
    last_heard_.emplace(id + "|" + textOf(message, "HostName"), now);
  }
}

int LimiterNodes::count(Clock::time_point now) {
  std::erase_if(last_heard_, [now](const auto& node) { return now - node.second > kSilence; });
  return std::max(1, static_cast<int>(last_heard_.size()));
}

}  // namespace tykpp::session
