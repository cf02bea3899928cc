#pragma once
// Typed members out of JSON, the counterpart of JsonWriter. null counts as absent; the first member
// of a wrong type ends the reading with its JSON pointer.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "session/session_data.hpp"

namespace tykpp::session {

using Json = nlohmann::json;

/// Parses a whole document of bounded depth. @error kBadRequest  it is no JSON
Result<Json> parseDocument(std::string_view text);
/// `must be <wanted>, not <what it is>`
Error wrongType(const char* wanted, const Json& found);
/// Adds JSON as the original writes it: members sorted by name.
void appendJson(std::string& out, const Json& value);

class JsonReader {
 public:
  /// @param object  outlives the reader
  explicit JsonReader(const Json& object) : object_(object) {}

  template <class T>
  void field(std::string_view name, T& out) {
    const Json* member = find(name);
    if (member != nullptr && !read(*member, out)) locate(name);
  }
  template <class T>
  void always(std::string_view name, T& out) {
    field(name, out);
  }
  template <class Visit>
  void object(std::string_view name, bool /*zero*/, const Visit& visit) {
    const Json* member = find(name);
    if (member == nullptr) return;
    if (!readObject(*member, visit)) locate(name);
  }
  /// Members that nobody asked for, as JSON text.
  UnknownMembers unknown() const;
  bool failed() const noexcept { return error_.has_value(); }
  /// Only after a failure.
  Error takeError() { return std::move(*error_); }

  /// Reads a whole value. @return false after a failure
  bool read(const Json& value, std::string& out);
  bool read(const Json& value, bool& out);
  bool read(const Json& value, double& out);
  bool read(const Json& value, std::int64_t& out);
  bool read(const Json& value, MetaValue& out);
  template <class T>
  bool read(const Json& value, std::optional<T>& out) {
    T inner{};
    if (!read(value, inner)) return false;
    out = std::move(inner);
    return true;
  }
  template <class T>
  bool read(const Json& value, std::vector<T>& out) {
    if (!value.is_array()) return fail(wrongType("an array", value));
    out.clear();
    for (const Json& element : value) {
      out.emplace_back();
      if (!element.is_null() && !read(element, out.back())) {
        return locate(std::to_string(out.size() - 1));
      }
    }
    return true;
  }
  template <class T>
  requires requires { typename T::mapped_type; }
  bool read(const Json& value, T& out) {
    if (!value.is_object()) return fail(wrongType("an object", value));
    out.clear();
    for (const auto& [name, element] : value.items()) {
      typename T::mapped_type& place = out[name];
      if (!element.is_null() && !read(element, place)) return locate(name);
    }
    return true;
  }
  template <class T>
  requires requires(JsonReader& reader, T& object) { visitMembers(reader, object); }
  bool read(const Json& value, T& out) {
    return readObject(value, [&](JsonReader& inner) {
      visitMembers(inner, out);
      if constexpr (requires { out.unknown; }) out.unknown = inner.unknown();
    });
  }

 private:
  template <class Visit>
  bool readObject(const Json& value, const Visit& visit) {
    if (!value.is_object()) return fail(wrongType("an object", value));
    JsonReader inner(value);
    visit(inner);
    return !inner.failed() || fail(inner.takeError());
  }
  const Json* find(std::string_view name);
  bool fail(Error error) {
    error_ = std::move(error);
    return false;
  }
  /// Puts a member's name in front of the place of the failure.
  bool locate(std::string_view name);

  const Json& object_;
  std::vector<std::string_view> asked_;
  std::optional<Error> error_;
};

}  // namespace tykpp::session
