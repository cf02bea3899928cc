#include "definition/impl/error_message_reader.hpp"

namespace tykpp::definition {
namespace {

void readOne(const Json& from, const std::string& at, ErrorMessage& out, Report& report) {
  if (!from.is_object()) {
    report.error(at, "has to be an object with message and code");
    return;
  }
  for (const auto& [name, value] : from.items()) {
    if (name != "message" && name != "code")
      report.warn(pointerTo(at, name), "unknown member, it is ignored");
  }
  if (const Json* message = member(from, "message"); message != nullptr && !message->is_null()) {
    if (!message->is_string()) {
      report.error(at + "/message", "has to be text");
    } else if (!message->get_ref<const std::string&>().empty()) {
      out.message = message->get<std::string>();
    }
  }
  const Json* code = member(from, "code");
  if (code == nullptr || code->is_null() || *code == 0) return;
  const std::int64_t given = code->is_number_integer() ? code->get<std::int64_t>() : 0;
  if (given < 200 || given > 599) {
    report.error(at + "/code", "has to be 200 to 599");
  } else {
    out.code = static_cast<std::uint16_t>(given);
  }
}

}  // namespace

std::shared_ptr<const ErrorMessages> readErrorMessages(const Json& given, const std::string& place,
                                                       Report& report) {
  if (!given.is_object()) {
    report.error(place, "has to be an object of messages by id");
    return nullptr;
  }
  auto messages = std::make_shared<ErrorMessages>();
  for (const auto& [name, value] : given.items()) {
    const std::string at = pointerTo(place, name);
    if (const auto id = errorIdOf(name); id) {
      readOne(value, at, messages->of(*id), report);
    } else {
      report.warn(at, "no message has this id, it is ignored; there are " + errorIdNames());
    }
  }
  return messages;
}

}  // namespace tykpp::definition
