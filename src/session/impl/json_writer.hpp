#pragma once
// JSON as the original gateway writes it: one line, numbers in their shortest form, `<`, `>` and
// `&` escaped. What an object's members are called and in which order they stand, its
// visitMembers() says, which JsonReader uses as well.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "session/session_data.hpp"

namespace tykpp::session {

/// The text as a JSON string with its quotes.
void appendJsonText(std::string& out, std::string_view text);
/// The shortest text that reads back as the same number; an exponent below 1e-6 and from 1e21 on.
void appendJsonNumber(std::string& out, double number);
/// The same JSON on several lines, two spaces a level; empty objects and arrays stay together.
std::string indentJson(std::string_view compact);

/// A value that is its own JSON text.
struct RawJson {
  std::string_view text;
};

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  /// A member that is left out when it is zero or empty.
  template <class T>
  void field(std::string_view name, const T& member) {
    if (!isZero(member)) always(name, member);
  }
  /// A member that is always written; an empty list or map is null.
  template <class T>
  void always(std::string_view name, const T& member) {
    key(name);
    value(member);
  }
  /// An object whose members `visit` names, left out when `zero`.
  template <class Visit>
  void object(std::string_view name, bool zero, const Visit& visit) {
    if (zero) return;
    key(name);
    open('{');
    visit(*this);
    close('}');
  }
  /// The next member's name, for writers of free-form objects.
  void key(std::string_view name) {
    separate();
    appendJsonText(out_, name);
    out_ += ':';
    fresh_ = true;
  }
  void open(char bracket) {
    separate();
    out_ += bracket;
    fresh_ = true;
  }
  void close(char bracket) {
    out_ += bracket;
    fresh_ = false;
  }
  void value(const std::string& text) {
    plain([&] { appendJsonText(out_, text); });
  }
  void value(bool flag) {
    plain([&] { out_ += flag ? "true" : "false"; });
  }
  void value(double number) {
    plain([&] { appendJsonNumber(out_, number); });
  }
  void value(std::int64_t number) {
    plain([&] { out_ += std::to_string(number); });
  }
  void value(RawJson raw) {
    plain([&] { out_ += raw.text; });
  }
  void value(const MetaValue& meta) {
    if (meta.is_text) return value(meta.text);
    value(RawJson{meta.text});
  }
  /// Nothing is null, which an empty list or map in it is not.
  template <class T>
  void value(const std::optional<T>& maybe) {
    if (!maybe) return value(RawJson{"null"});
    if constexpr (requires { typename T::mapped_type; }) {
      if (maybe->empty()) return value(RawJson{"{}"});
    } else if constexpr (requires { typename T::value_type; } && !std::is_same_v<T, std::string>) {
      if (maybe->empty()) return value(RawJson{"[]"});
    }
    value(*maybe);
  }
  template <class T>
  void value(const std::vector<T>& list) {
    if (list.empty()) return value(RawJson{"null"});
    open('[');
    for (const T& element : list) value(element);
    close(']');
  }
  template <class T>
  requires requires(const T& map) { typename T::mapped_type; }
  void value(const T& map) {
    if (map.empty()) return value(RawJson{"null"});
    open('{');
    for (const auto& [name, element] : map) always(name, element);
    close('}');
  }
  template <class T>
  requires requires(JsonWriter& writer, const T& object) { visitMembers(writer, object); }
  void value(const T& object) {
    open('{');
    visitMembers(*this, object);
    close('}');
  }

 private:
  template <class T>
  static bool isZero(const T& member) {
    if constexpr (std::is_arithmetic_v<T>) {
      return member == T{};
    } else if constexpr (requires { member.has_value(); }) {
      return !member.has_value();
    } else {
      return member.empty();
    }
  }
  void separate() {
    if (!fresh_) out_ += ',';
    fresh_ = false;
  }
  template <class Write>
  void plain(const Write& write) {
    separate();
    write();
  }

  std::string& out_;
  bool fresh_ = true;  ///< no comma before what comes next
};

}  // namespace tykpp::session
