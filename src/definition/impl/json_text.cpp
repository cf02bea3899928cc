#include "definition/impl/json_text.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace tykpp::definition {
namespace {

constexpr bool isJsonSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Listens to a parse that is known to fail, for the place and the reason.
struct FailureListener : nlohmann::json_sax<Json> {
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool key(string_t&) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t at, const std::string&, const Json::exception& error) override {
    position = at;
    reason = error.what();
    return false;
  }
  std::size_t position = 0;
  std::string reason;
};

Error parseFailure(std::string_view text) {
  FailureListener listener;
  Json::sax_parse(text.begin(), text.end(), &listener);
  const std::size_t end = std::min(listener.position, text.size());
  std::size_t line = 1;
  std::size_t line_start = 0;
  for (std::size_t i = 0; i + 1 < end; ++i) {
    if (text[i] == '\n') {
      ++line;
      line_start = i + 1;
    }
  }
  // The library's text starts with its own name, number and place.
  std::string reason = listener.reason;
  for (const std::string_view mark : {"] ", "syntax error "}) {
    const std::size_t found = reason.find(mark);
    if (found != std::string::npos) reason.erase(0, found + mark.size());
  }
  if (reason.size() > 300) reason.resize(300);
  return {Errc::kBadDefinition, "not valid JSON: line " + std::to_string(line) + ", column " +
                                    std::to_string(end - line_start) + ": " + reason};
}

}  // namespace

Result<Json> parseJson(std::string_view text) {
  if (jsonDeeperThan(text, kMaxJsonDepth)) {
    return Error(Errc::kBadDefinition,
                 "nested deeper than " + std::to_string(kMaxJsonDepth) + " levels");
  }
  Json value = Json::parse(text.begin(), text.end(), nullptr, false);
  if (value.is_discarded()) return parseFailure(text);
  return value;
}

std::string compactJson(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::string buffer(text.size(), '\0');
  char* out = buffer.data();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (isJsonSpace(text[i])) continue;
    *out++ = text[i];
    if (text[i] != '"') continue;
    while (++i < text.size()) {
      *out++ = text[i];
      if (text[i] == '"') break;
      if (text[i] == '\\' && i + 1 < text.size()) *out++ = text[++i];
    }
  }
  // A string of its own: the buffer is as long as the text was.
  return {buffer.data(), static_cast<std::size_t>(out - buffer.data())};
}

std::string pointerTo(std::string_view base, std::string_view key) {
  std::string out(base);
  out.push_back('/');
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string pointerTo(std::string_view base, std::size_t index) {
  return std::string(base) + "/" + std::to_string(index);
}

const Json* member(const Json& value, std::string_view key) {
  if (!value.is_object()) return nullptr;
  const auto found = value.find(key);
  return found == value.end() ? nullptr : &*found;
}

const Json* memberAt(const Json& value, std::string_view path) {
  const Json* at = &value;
  while (at != nullptr && !path.empty()) {
    const std::size_t slash = path.find('/');
    at = member(*at, path.substr(0, slash));
    path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
  }
  return at;
}

std::string_view textOf(const Json& value, std::string_view key) {
  const Json* found = member(value, key);
  if (found == nullptr || !found->is_string()) return {};
  return *found->get_ptr<const std::string*>();
}

bool flagOf(const Json& value, std::string_view key) {
  const Json* found = member(value, key);
  return found != nullptr && found->is_boolean() && found->get<bool>();
}

double numberOf(const Json& value, std::string_view key) {
  const Json* found = member(value, key);
  return found != nullptr && found->is_number() ? found->get<double>() : 0;
}

std::int64_t integerOf(const Json& value, std::string_view key) {
  const Json* found = member(value, key);
  return found != nullptr && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

std::vector<std::string> textsOf(const Json& value, std::string_view key) {
  std::vector<std::string> texts;
  const Json* found = member(value, key);
  if (found == nullptr || !found->is_array()) return texts;
  for (const Json& entry : *found) {
    if (entry.is_string()) texts.push_back(entry.get<std::string>());
  }
  return texts;
}

const Json* filled(const Json& value, std::string_view key) {
  const Json* found = member(value, key);
  if (found == nullptr || !found->is_structured() || found->empty()) return nullptr;
  return found;
}

std::string jsonEscaped(std::string_view text) {
  // `replace`: a secret may hold bytes that are not UTF-8; the library would throw otherwise.
  std::string quoted = Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  return quoted.substr(1, quoted.size() - 2);
}

void Report::notBuilt(std::string_view pointer, std::string_view what) {
  error(pointer, std::string(what) + " is not built yet");
}

Error Report::firstError() const {
  const Problem& problem = problems_[first_];
  const bool not_built = problem.reason.ends_with("is not built yet");
  return Error(not_built ? Errc::kNotBuilt : Errc::kBadDefinition, problem.reason)
      .at(problem.pointer);
}

}  // namespace tykpp::definition
