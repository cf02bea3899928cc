// From a template's text to its statements.

#include <cstdlib>
#include <optional>

#include "base/action_text.hpp"
#include "events/impl/template_nodes.hpp"

namespace tykpp::events {
namespace {

/// Blocks and parentheses nest no deeper.
constexpr int kMaxDepth = 50;

Error wrong(std::size_t line, const std::string& why) {
  return Error(Errc::kBadConfig, "line " + std::to_string(line) + ": " + why);
}

bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool isDigitChar(char c) { return c >= '0' && c <= '9'; }
bool isWord(char c) {
  const char lower = static_cast<char>(c | 0x20);
  return (lower >= 'a' && lower <= 'z') || isDigitChar(c) || c == '_';
}

/// Reads one pipeline.
class PipelineReader {
 public:
  explicit PipelineReader(std::string_view text) : left_(text) {}

  Result<Expression> read() {
    auto value = pipeline(0);
    if (!value) return value;
    skip();
    if (!left_.empty()) return bad("unexpected " + std::string(left_.substr(0, 20)));
    return value;
  }

 private:
  static Error bad(std::string why) { return Error(Errc::kBadConfig, std::move(why)); }
  void skip() {
    while (!left_.empty() && isSpace(left_.front())) left_.remove_prefix(1);
  }
  bool at(char c) {
    skip();
    return !left_.empty() && left_.front() == c;
  }

  Result<Expression> pipeline(int depth) {
    auto value = command(depth, nullptr);
    while (value && at('|')) {
      left_.remove_prefix(1);
      Expression piped = std::move(*value);
      value = command(depth, &piped);
    }
    return value;
  }

  /// A value, or a function with its arguments; `piped` becomes the last of them.
  Result<Expression> command(int depth, Expression* piped) {
    skip();
    if (!left_.empty() && isWord(left_.front()) && !isDigitChar(left_.front())) {
      const std::string name = word();
      if (name != "true" && name != "false" && name != "nil") return call(name, depth, piped);
      if (piped != nullptr) return bad(name + " is no function");
      return constant(name == "nil" ? Json() : Json(name == "true"));
    }
    if (piped != nullptr) return bad("a function is wanted behind |");
    return operand(depth);
  }

  Result<Expression> call(const std::string& name, int depth, Expression* piped) {
    Expression out;
    out.kind = Expression::Kind::kCall;
    out.function = findFunction(name);
    if (out.function == nullptr) return bad("there is no function " + name);
    while (true) {
      skip();
      if (left_.empty() || left_.front() == ')' || left_.front() == '|') break;
      auto argument = operand(depth);
      if (!argument) return argument;
      out.arguments.push_back(std::move(*argument));
    }
    if (piped != nullptr) out.arguments.push_back(std::move(*piped));
    if (out.arguments.size() < out.function->min_arguments ||
        out.arguments.size() > out.function->max_arguments) {
      return bad("wrong number of arguments for " + name);
    }
    return out;
  }

  Result<Expression> operand(int depth) {
    skip();
    if (left_.empty()) return bad("a value is missing");
    const char c = left_.front();
    if (c == '(') return parenthesis(depth);
    if (c == '.' || c == '$') return field();
    if (c == '"' || c == '`') return quoted(c);
    if (isDigitChar(c) || c == '-') return number();
    if (isWord(c)) return command(depth, nullptr);
    return bad("unexpected " + std::string(left_.substr(0, 20)));
  }

  Result<Expression> parenthesis(int depth) {
    if (depth >= kMaxDepth) return bad("parentheses nest too deep");
    left_.remove_prefix(1);
    auto inner = pipeline(depth + 1);
    if (!inner) return inner;
    if (!at(')')) return bad("a ) is missing");
    left_.remove_prefix(1);
    return inner;
  }

  Result<Expression> field() {
    Expression out;
    out.kind = Expression::Kind::kField;
    if (left_.front() == '$') {
      out.from_root = true;
      left_.remove_prefix(1);
      if (!left_.empty() && isWord(left_.front())) return bad("variables are not supported");
    }
    if (left_.empty() || left_.front() != '.') return out;
    while (!left_.empty() && left_.front() == '.') {
      left_.remove_prefix(1);
      std::string name = word();
      if (name.empty()) break;
      out.path.push_back(std::move(name));
    }
    return out;
  }

  Result<Expression> quoted(char quote) {
    std::size_t end = 1;
    while (end < left_.size() && left_[end] != quote) {
      end += quote == '"' && left_[end] == '\\' ? 2U : 1U;
    }
    if (end >= left_.size()) return bad("a quote is not closed");
    const std::string_view whole = left_.substr(0, end + 1);
    left_.remove_prefix(end + 1);
    if (quote == '`') return constant(Json(std::string(whole.substr(1, whole.size() - 2))));
    Json text = Json::parse(whole, nullptr, false);
    if (!text.is_string()) return bad("a text has escapes that are not understood");
    return constant(std::move(text));
  }

  Result<Expression> number() {
    std::size_t end = left_.front() == '-' ? 1 : 0;
    while (end < left_.size() && (isDigitChar(left_[end]) || left_[end] == '.')) ++end;
    Json value = Json::parse(left_.substr(0, end), nullptr, false);
    if (!value.is_number()) return bad("a number is malformed");
    left_.remove_prefix(end);
    return constant(std::move(value));
  }

  static Expression constant(Json value) {
    Expression out;
    out.constant = std::move(value);
    return out;
  }

  std::string word() {
    std::size_t end = 0;
    while (end < left_.size() && isWord(left_[end])) ++end;
    std::string out(left_.substr(0, end));
    left_.remove_prefix(end);
    return out;
  }

  std::string_view left_;
};

/// The first word of an action, and what follows it.
std::pair<std::string_view, std::string_view> keyword(std::string_view action) {
  std::size_t end = 0;
  while (end < action.size() && isWord(action[end])) ++end;
  std::string_view rest = action.substr(end);
  while (!rest.empty() && isSpace(rest.front())) rest.remove_prefix(1);
  return {action.substr(0, end), rest};
}

/// Puts pieces together to statements.
class BlockReader {
 public:
  explicit BlockReader(std::vector<ActionPiece> pieces) : pieces_(std::move(pieces)) {}

  /// The whole template.
  Result<Template::Block> all() {
    Template::Block out;
    auto end = read(out, 0);
    if (!end) return end.error();
    if (*end != nullptr) return wrong((*end)->line, "{{" + (*end)->action + "}} ends nothing");
    return out;
  }

 private:
  /// Reads until an `end` or `else` of the block around it, which is answered; null at the end.
  Result<const ActionPiece*> read(Template::Block& out, int depth) {
    while (next_ < pieces_.size()) {
      ActionPiece& piece = pieces_[next_++];
      if (!piece.text.empty()) {
        Statement text;
        text.text = std::move(piece.text);
        out.statements.push_back(std::move(text));
      }
      if (!piece.has_action) continue;
      const auto [word, rest] = keyword(piece.action);
      if (word == "end" || word == "else") return &piece;
      auto statement = readStatement(piece, word, rest, depth);
      if (!statement) return statement.error();
      out.statements.push_back(std::move(*statement));
    }
    return nullptr;
  }

  Result<Statement> readStatement(const ActionPiece& piece, std::string_view word,
                                  std::string_view rest, int depth) {
    for (const std::string_view unknown : {"define", "template", "block", "break", "continue"}) {
      if (word == unknown)
        return wrong(piece.line, "{{" + std::string(word) + "}} is not supported");
    }
    if (word == "if") return branch(piece, Statement::Kind::kIf, rest, depth);
    if (word == "with") return branch(piece, Statement::Kind::kWith, rest, depth);
    if (word == "range") return branch(piece, Statement::Kind::kRange, rest, depth);
    return statementOf(Statement::Kind::kOutput, piece.action, piece.line);
  }

  static Result<Statement> statementOf(Statement::Kind kind, std::string_view pipeline,
                                       std::size_t line) {
    auto value = PipelineReader(pipeline).read();
    if (!value) return wrong(line, value.error().message());
    Statement out;
    out.kind = kind;
    out.value = std::move(*value);
    out.line = line;
    return out;
  }

  Result<Statement> branch(const ActionPiece& piece, Statement::Kind kind,
                           std::string_view pipeline, int depth) {
    const std::size_t line = piece.line;
    if (depth >= kMaxDepth) return wrong(line, "blocks nest too deep");
    auto statement = statementOf(kind, pipeline, line);
    if (!statement) return statement;
    auto end = read(statement->then, depth + 1);
    if (!end) return end.error();
    if (*end == nullptr) return wrong(line, "a block has no {{end}}");
    auto [word, rest] = keyword((*end)->action);
    if (word == "end") return statement;
    const auto [again, condition] = keyword(rest);
    if (again == "if" || again == "with") {
      // `else if` holds what follows, and ends with the same `end`.
      auto inner = branch(**end, again == "if" ? Statement::Kind::kIf : Statement::Kind::kWith,
                          condition, depth + 1);
      if (!inner) return inner;
      statement->otherwise.statements.push_back(std::move(*inner));
      return statement;
    }
    if (!rest.empty()) return wrong((*end)->line, "{{" + (*end)->action + "}} is not understood");
    end = read(statement->otherwise, depth + 1);
    if (!end) return end.error();
    if (*end == nullptr || keyword((*end)->action).first != "end")
      return wrong(line, "a block has no {{end}}");
    return statement;
  }

  std::vector<ActionPiece> pieces_;
  std::size_t next_ = 0;
};

}  // namespace

Result<Template> Template::parse(std::string_view text) {
  auto pieces = splitActions(text);
  if (!pieces) return pieces.error();
  auto block = BlockReader(std::move(*pieces)).all();
  if (!block) return block.error();
  Template out;
  out.root_ = std::make_shared<const Block>(std::move(*block));
  return out;
}

}  // namespace tykpp::events
