#include "session/impl/json_reader.hpp"

#include <algorithm>
#include <limits>

#include "base/text.hpp"
#include "session/impl/json_writer.hpp"

namespace tykpp::session {
namespace {

/// Deeper documents are refused: reading and freeing a tree recurses.
constexpr std::size_t kMaxDepth = 100;

}  // namespace

Result<Json> parseDocument(std::string_view text) {
  if (jsonDeeperThan(text, kMaxDepth)) return Error(Errc::kBadRequest, "is nested too deeply");
  Json document = Json::parse(text, nullptr, false);
  if (document.is_discarded()) return Error(Errc::kBadRequest, "is not JSON");
  return document;
}

Error wrongType(const char* wanted, const Json& found) {
  return {Errc::kBadRequest, std::string("must be ") + wanted + ", not " + found.type_name()};
}

void appendJson(std::string& out, const Json& value) {
  switch (value.type()) {
    case Json::value_t::string:
      return appendJsonText(out, value.get_ref<const std::string&>());
    case Json::value_t::number_float:
      return appendJsonNumber(out, value.get<double>());
    case Json::value_t::array: {
      char before = '[';
      for (const Json& element : value) {
        out += before;
        appendJson(out, element);
        before = ',';
      }
      if (value.empty()) out += '[';
      out += ']';
      return;
    }
    case Json::value_t::object: {
      char before = '{';
      for (const auto& [name, element] : value.items()) {
        out += before;
        appendJsonText(out, name);
        out += ':';
        appendJson(out, element);
        before = ',';
      }
      if (value.empty()) out += '{';
      out += '}';
      return;
    }
    default:
      out += value.dump();  // null, true, false, whole numbers
  }
}

const Json* JsonReader::find(std::string_view name) {
  if (failed()) return nullptr;
  asked_.push_back(name);
  const auto at = object_.find(name);
  return at == object_.end() || at->is_null() ? nullptr : &*at;
}

UnknownMembers JsonReader::unknown() const {
  UnknownMembers members;
  if (failed()) return members;
  for (const auto& [name, value] : object_.items()) {
    if (std::find(asked_.begin(), asked_.end(), name) != asked_.end()) continue;
    appendJson(members.emplace_back(name, std::string{}).second, value);
  }
  return members;
}

bool JsonReader::read(const Json& value, std::string& out) {
  if (!value.is_string()) return fail(wrongType("a string", value));
  out = value.get_ref<const std::string&>();
  return true;
}

bool JsonReader::read(const Json& value, bool& out) {
  if (!value.is_boolean()) return fail(wrongType("true or false", value));
  out = value.get<bool>();
  return true;
}

bool JsonReader::read(const Json& value, double& out) {
  if (!value.is_number()) return fail(wrongType("a number", value));
  out = value.get<double>();
  return true;
}

bool JsonReader::read(const Json& value, std::int64_t& out) {
  if (!value.is_number_integer()) return fail(wrongType("a whole number", value));
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > kMost) {
    return fail(Error(Errc::kBadRequest, "is too large"));
  }
  out = value.get<std::int64_t>();
  return true;
}

bool JsonReader::read(const Json& value, MetaValue& out) {
  out.is_text = value.is_string();
  if (out.is_text) {
    out.text = value.get_ref<const std::string&>();
  } else {
    appendJson(out.text, value);
  }
  return true;
}

bool JsonReader::locate(std::string_view name) {
  std::string step = "/";
  for (const char c : name) {
    if (c == '~') {
      step += "~0";
    } else if (c == '/') {
      step += "~1";
    } else {
      step += c;
    }
  }
  static_cast<void>(std::move(*error_).at(step));  // in place
  return false;
}

}  // namespace tykpp::session
