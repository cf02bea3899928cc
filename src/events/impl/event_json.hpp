#pragma once
#include <nlohmann/json.hpp>

#include "events/event.hpp"

namespace tykpp::events {

/// `{"Type": …, "Meta": …, "TimeStamp": …}`, members in the order of the original.
nlohmann::ordered_json messageJson(const Event& event);

}  // namespace tykpp::events
