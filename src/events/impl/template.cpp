#include "events/impl/template.hpp"

#include "base/ascii.hpp"
#include "events/impl/template_nodes.hpp"

namespace tykpp::events {
namespace {

/// `OrgID` and `org_id` are one name.
bool sameName(std::string_view a, std::string_view b) {
  std::size_t i = 0;
  std::size_t j = 0;
  while (true) {
    while (i < a.size() && a[i] == '_') ++i;
    while (j < b.size() && b[j] == '_') ++j;
    if (i == a.size() || j == b.size()) return i == a.size() && j == b.size();
    if (toLower(a[i++]) != toLower(b[j++])) return false;
  }
}

const Json& memberOf(const Json& value, const std::string& name) {
  static const Json kNothing;
  if (!value.is_object()) return kNothing;
  if (const auto exact = value.find(name); exact != value.end()) return *exact;
  for (const auto& [key, member] : value.items()) {
    if (sameName(key, name)) return member;
  }
  return kNothing;
}

class Renderer {
 public:
  explicit Renderer(const Json& root) : root_(root) {}

  Result<void> block(const Template::Block& block, const Json& dot) {
    for (const Statement& statement : block.statements) {
      auto done = one(statement, dot);
      if (!done) return done;
      if (++steps_ > Template::kMaxSteps)
        return Error(Errc::kBodyTooLarge, "the template's loops run too often");
      if (out_.size() > Template::kMaxOutput)
        return Error(Errc::kBodyTooLarge, "the template's body is larger than 1 MiB");
    }
    return {};
  }
  std::string take() { return std::move(out_); }

 private:
  Result<void> one(const Statement& statement, const Json& dot) {
    if (statement.kind == Statement::Kind::kText) {
      out_ += statement.text;
      return {};
    }
    auto value = evaluate(statement.value, dot);
    if (!value) {
      return Error(value.error().code(),
                   "line " + std::to_string(statement.line) + ": " + value.error().message());
    }
    switch (statement.kind) {
      case Statement::Kind::kIf:
        return block(isTrue(*value) ? statement.then : statement.otherwise, dot);
      case Statement::Kind::kWith:
        return isTrue(*value) ? block(statement.then, *value) : block(statement.otherwise, dot);
      case Statement::Kind::kRange:
        return range(statement, *value, dot);
      default:
        write(statement.value, *value);
        return {};
    }
  }

  Result<void> range(const Statement& statement, const Json& list, const Json& dot) {
    if (!list.is_structured() || list.empty()) return block(statement.otherwise, dot);
    for (const Json& element : list) {
      auto done = block(statement.then, element);
      if (!done) return done;
    }
    return {};
  }

  void write(const Expression& from, const Json& value) {
    if (from.kind == Expression::Kind::kCall && from.function->escapes) {
      out_ += textOf(value);
    } else {
      appendHtml(out_, textOf(value));
    }
  }

  Result<Json> evaluate(const Expression& expression, const Json& dot) {
    if (expression.kind == Expression::Kind::kConstant) return expression.constant;
    if (expression.kind == Expression::Kind::kField) {
      const Json* at = expression.from_root ? &root_ : &dot;
      for (const std::string& name : expression.path) at = &memberOf(*at, name);
      return *at;
    }
    std::vector<Json> arguments;
    arguments.reserve(expression.arguments.size());
    for (const Expression& argument : expression.arguments) {
      auto value = evaluate(argument, dot);
      if (!value) return value;
      arguments.push_back(std::move(*value));
    }
    auto result = expression.function->call(arguments);
    if (!result) {
      return Error(Errc::kBadConfig,
                   std::string(expression.function->name) + ": " + result.error().message());
    }
    return result;
  }

  const Json& root_;
  std::string out_;
  std::size_t steps_ = 0;
};

}  // namespace

void appendHtml(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '\0':
        out += "\xEF\xBF\xBD";
        break;
      case '"':
        out += "&#34;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '+':
        out += "&#43;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      default:
        out += c;
    }
  }
}

Result<std::string> Template::render(const Json& data) const {
  Renderer renderer(data);
  auto done = renderer.block(*root_, data);
  if (!done) return done.error();
  return renderer.take();
}

}  // namespace tykpp::events
