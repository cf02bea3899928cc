#include "middleware/variables.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/ascii.hpp"
#include "base/text.hpp"
#include "http/request_context.hpp"
#include "oauth/client.hpp"
#include "session/session_state.hpp"

namespace tykpp::middleware {
namespace {

using definition::ContextName;
using definition::VariableText;
using http::ContextText;
using http::RequestContext;

ContextValue textValue(std::string_view text) { return {text, !text.empty(), true}; }

ContextValue numberValue(std::int64_t number, Arena& arena) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, number);
  return {arena.copy({text, static_cast<std::size_t>(end.ptr - text)}), true, false};
}

/// Whether a header's name in its canonical form, `_` for `-`, is the one that was asked for.
bool isHeader(std::string_view name, std::string_view wanted) noexcept {
  if (name.size() != wanted.size()) return false;
  bool first = true;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char canonical = first ? toUpper(name[i]) : toLower(name[i]);
    if ((canonical == '-' ? '_' : canonical) != wanted[i]) return false;
    first = canonical == '-';
  }
  return true;
}

ContextValue headerValue(const RequestContext& context, std::string_view wanted) {
  if (wanted == "Host") return {context.host, true, true};
  for (const http::HeaderField& field : context.headers) {
    if (isHeader(field.name, wanted)) return {field.value, true, true};
  }
  return {};
}

/// Whether a name is the one that was asked for once `-` is `_`.
bool isPlain(std::string_view name, std::string_view wanted) noexcept {
  return std::equal(name.begin(), name.end(), wanted.begin(), wanted.end(),
                    [](char given, char asked) { return (given == '-' ? '_' : given) == asked; });
}

/// The last cookie of a name counts.
ContextValue cookieValue(const RequestContext& context, std::string_view wanted) {
  ContextValue found;
  for (const http::HeaderField& field : context.headers) {
    if (field.id != http::HeaderId::kCookie) continue;
    std::string_view left = field.value;
    while (!left.empty()) {
      const std::size_t end = std::min(left.find(';'), left.size());
      const std::string_view pair = trim(left.substr(0, end));
      left.remove_prefix(std::min(left.size(), end + 1));
      const std::size_t equals = pair.find('=');
      if (equals == std::string_view::npos || !isPlain(trim(pair.substr(0, equals)), wanted))
        continue;
      std::string_view value = trim(pair.substr(equals + 1));
      if (value.size() > 1 && value.front() == '"' && value.back() == '"')
        value = value.substr(1, value.size() - 2);
      found = {value, true, true};
    }
  }
  return found;
}

ContextValue formValue(const RequestContext& context, std::string_view wanted) {
  for (const ContextText& pair : context.form) {
    if (isPlain(pair.name, wanted)) return {pair.text, true, true};
  }
  return {};
}

/// `name:value,value;name:value`, in the order of the names.
ContextValue wholeForm(const RequestContext& context, Arena& arena) {
  std::pmr::vector<ContextText> sorted(context.form.begin(), context.form.end(), &arena);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const ContextText& a, const ContextText& b) { return a.name < b.name; });
  std::pmr::string out(&arena);
  const ContextText* before = nullptr;
  for (const ContextText& pair : sorted) {
    const bool same = before != nullptr && before->name == pair.name;
    if (before != nullptr) out += same ? ',' : ';';
    if (!same) out.append(pair.name).append(1, ':');
    out.append(pair.text);
    before = &pair;
  }
  return {arena.copy(out), true, false};
}

/// Every segment of the path with commas between, the first of which goes.
ContextValue pathParts(const RequestContext& context, Arena& arena) {
  const std::string_view path = context.path;
  if (path.empty()) return {{}, true, false};
  char* out = static_cast<char*>(arena.allocate(path.size(), 1));
  std::replace_copy(path.begin(), path.end(), out, '/', ',');
  std::string_view parts(out, path.size());
  if (parts.starts_with(',')) parts.remove_prefix(1);
  return {parts, true, false};
}

/// What was said last under a name.
ContextValue lastOf(const std::pmr::vector<ContextText>& texts, std::string_view name) {
  const auto found = std::find_if(texts.rbegin(), texts.rend(),
                                  [name](const ContextText& text) { return text.name == name; });
  return found == texts.rend() ? ContextValue{} : ContextValue{found->text, true, found->is_text};
}

ContextValue rateValue(ContextName::Kind kind, const RequestContext& context, Arena& arena) {
  if (!context.rate) return {};
  if (kind == ContextName::Kind::kRateLimit) return numberValue(context.rate->limit, arena);
  if (kind == ContextName::Kind::kRateRemaining) return numberValue(context.rate->remaining, arena);
  return numberValue(context.rate->reset, arena);
}

ContextValue quotaValue(ContextName::Kind kind, http::Exchange& exchange) {
  if (exchange.session == nullptr) return {};
  const http::LimitNumbers& numbers = exchange.limit_numbers;
  if (kind == ContextName::Kind::kQuotaLimit) return numberValue(numbers.limit, exchange.arena());
  if (kind == ContextName::Kind::kQuotaRemaining)
    return numberValue(numbers.remaining, exchange.arena());
  return numberValue(numbers.reset, exchange.arena());
}

std::string shownNumber(double number) {
  char text[400];  // more than the digits of the largest
  const auto end = std::to_chars(text, text + sizeof text, number, std::chars_format::fixed);
  return {text, end.ptr};
}

std::string metadataValue(const http::Exchange& exchange, std::string_view name) {
  if (exchange.session == nullptr) return {};
  const session::MetaData& all = exchange.session->data().meta_data;
  const auto found = all.find(name);
  if (found == all.end()) return {};
  if (found->second.is_text) return found->second.text;
  return shownJson(nlohmann::json::parse(found->second.text, nullptr, false));
}

void appendEscaped(std::string& out, std::string_view value, Escaping escaping) {
  if (escaping == Escaping::kNone || value.starts_with("http")) {
    out += value;
  } else {
    appendFormEncoded(out, value);
  }
}

}  // namespace

std::string shownJson(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return value.dump();
  if (value.is_number()) return shownNumber(value.get<double>());
  std::string out;
  if (!value.is_array()) return out;
  for (const nlohmann::json& element : value) {
    const std::string shown = shownJson(element);
    if (shown.empty()) continue;
    if (!out.empty()) out += ',';
    appendFormEncoded(out, shown);
  }
  return out;
}

ContextValue contextValue(const ContextName& name, http::Exchange& exchange) {
  using Asked = ContextName::Kind;
  RequestContext* context = exchange.context;
  if (context == nullptr) return {};
  if (name.kind == Asked::kTrigger) return lastOf(context->triggers, name.name);
  if (!context->recorded) return {};
  switch (name.kind) {
    case Asked::kPath:
      return {context->path, true, true};
    case Asked::kPathParts:
      return pathParts(*context, exchange.arena());
    case Asked::kRemoteAddress:
      return {context->remote_address, true, true};
    case Asked::kRequestId:
      if (context->request_id.empty())
        context->request_id = exchange.arena().copy(oauth::newUuid());
      return textValue(context->request_id);
    case Asked::kToken:
      return textValue(context->token);
    case Asked::kForm:
      return wholeForm(*context, exchange.arena());
    case Asked::kFormValue:
      return formValue(*context, name.name);
    case Asked::kHeader:
      return headerValue(*context, name.name);
    case Asked::kCookie:
      return cookieValue(*context, name.name);
    case Asked::kClaim:
      return lastOf(context->claims, name.name);
    case Asked::kRateLimit:
    case Asked::kRateRemaining:
    case Asked::kRateReset:
      return rateValue(name.kind, *context, exchange.arena());
    case Asked::kQuotaLimit:
    case Asked::kQuotaRemaining:
    case Asked::kQuotaReset:
      return quotaValue(name.kind, exchange);
    default:
      return {};
  }
}

std::string_view rendered(const VariableText& text, http::Exchange& exchange, Escaping escaping,
                          std::span<const std::string_view> groups) {
  if (const std::string* constant = text.constant(); constant != nullptr) return *constant;
  // Keeps its memory from one request to the next.
  thread_local std::string out;
  out.clear();
  for (const VariableText::Piece& piece : text.pieces()) {
    switch (piece.kind) {
      case VariableText::Piece::Kind::kText:
        out += piece.text;
        break;
      case VariableText::Piece::Kind::kGroup:
        if (piece.group < groups.size()) out += groups[piece.group];
        break;
      case VariableText::Piece::Kind::kContext:
        appendEscaped(out, contextValue(piece.context, exchange).text, escaping);
        break;
      case VariableText::Piece::Kind::kMeta:
        appendEscaped(out, metadataValue(exchange, piece.text), escaping);
        break;
    }
  }
  return exchange.arena().copy(out);
}

}  // namespace tykpp::middleware
