#include "definition/variable_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.hpp"

namespace tykpp::definition {
namespace {

using ContextKind = ContextName::Kind;

struct ContextWord {
  std::string_view name;
  ContextKind kind;
};
constexpr std::array<ContextWord, 12> kWholeNames{
    {{"path", ContextKind::kPath},
     {"path_parts", ContextKind::kPathParts},
     {"remote_addr", ContextKind::kRemoteAddress},
     {"request_id", ContextKind::kRequestId},
     {"token", ContextKind::kToken},
     {"request_data", ContextKind::kForm},
     {"rate_limit_limit", ContextKind::kRateLimit},
     {"rate_limit_remaining", ContextKind::kRateRemaining},
     {"rate_limit_reset", ContextKind::kRateReset},
     {"quota_limit", ContextKind::kQuotaLimit},
     {"quota_remaining", ContextKind::kQuotaRemaining},
     {"quota_reset", ContextKind::kQuotaReset}}};
constexpr std::array<ContextWord, 4> kPrefixes{{{"headers_", ContextKind::kHeader},
                                                {"cookies_", ContextKind::kCookie},
                                                {"request_data_", ContextKind::kFormValue},
                                                {"jwt_claims_", ContextKind::kClaim}}};

enum class VariableSource : std::uint8_t {
  kContext,
  kMeta,
  kConfiguration,
  kEnvironment,
  kElsewhere
};
struct VariableForm {
  std::string_view beginning;
  VariableSource source;
};
constexpr std::array<VariableForm, 7> kForms{{{"$tyk_context.", VariableSource::kContext},
                                              {"$tyk_meta.", VariableSource::kMeta},
                                              {"$secret_conf.", VariableSource::kConfiguration},
                                              {"$secret_env.", VariableSource::kEnvironment},
                                              {"$secret_vault.", VariableSource::kElsewhere},
                                              {"$secret_consul.", VariableSource::kElsewhere},
                                              {"$secret_file.", VariableSource::kElsewhere}}};

bool isNameByte(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || isDigit(c) || c == '_' || c == '-' ||
         c == '.';
}

/// As many bytes of the front as belong to a name.
std::string_view nameAt(std::string_view text) noexcept {
  const auto end = std::find_if_not(text.begin(), text.end(), isNameByte);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

/// The form that a text begins with, a name included, or null.
const VariableForm* formAt(std::string_view text) noexcept {
  const auto* found = std::find_if(kForms.begin(), kForms.end(), [text](const VariableForm& form) {
    return text.starts_with(form.beginning) && text.size() > form.beginning.size() &&
           isNameByte(text[form.beginning.size()]);
  });
  return found == kForms.end() ? nullptr : found;
}

/// `$` and decimal digits. @return how many bytes they take, 0: there is no group
std::size_t groupAt(std::string_view text, std::size_t& group) noexcept {
  constexpr std::size_t kMost = 100'000;  // no pattern has more: beyond, all groups are empty
  std::size_t at = 1;
  group = 0;
  for (; at < text.size() && isDigit(text[at]); ++at) {
    group = std::min(group * 10 + static_cast<std::size_t>(text[at] - '0'), kMost);
  }
  return at > 1 ? at : 0;
}

std::string secretOf(VariableSource source, std::string_view name, const SecretSources& secrets) {
  if (source == VariableSource::kConfiguration) {
    const auto found = secrets.conf.find(std::string(name));
    return found == secrets.conf.end() ? std::string{} : found->second;
  }
  std::string variable = "TYK_SECRET_";
  std::transform(name.begin(), name.end(), std::back_inserter(variable), toUpper);
  return secrets.env.get(variable).value_or(std::string{});
}

}  // namespace

ContextName ContextName::parse(std::string_view name) {
  for (const ContextWord& known : kWholeNames) {
    if (known.name == name) return {known.kind, {}};
  }
  for (const ContextWord& prefix : kPrefixes) {
    if (name.starts_with(prefix.name))
      return {prefix.kind, std::string(name.substr(prefix.name.size()))};
  }
  if (name.starts_with("trigger-")) return {Kind::kTrigger, std::string(name)};
  return {Kind::kUnknown, std::string(name)};
}

void VariableText::addText(std::string_view text) {
  if (text.empty()) return;
  if (pieces_.empty() || pieces_.back().kind != Piece::Kind::kText) pieces_.emplace_back();
  pieces_.back().text += text;
}

Result<VariableText> VariableText::parse(std::string_view text, const SecretSources& secrets,
                                         Groups groups) {
  VariableText out;
  while (!text.empty()) {
    const std::size_t dollar = std::min(text.find('$'), text.size());
    out.addText(text.substr(0, dollar));
    text.remove_prefix(dollar);
    if (text.empty()) break;
    std::size_t group = 0;
    if (const std::size_t size = groups == Groups::kYes ? groupAt(text, group) : 0; size > 0) {
      out.pieces_.push_back({Piece::Kind::kGroup, {}, group, {}});
      text.remove_prefix(size);
      continue;
    }
    const VariableForm* form = formAt(text);
    if (form == nullptr) {
      out.addText(text.substr(0, 1));
      text.remove_prefix(1);
      continue;
    }
    text.remove_prefix(form->beginning.size());
    const std::string_view name = nameAt(text);
    text.remove_prefix(name.size());
    switch (form->source) {
      case VariableSource::kContext:
        out.pieces_.push_back({Piece::Kind::kContext, {}, 0, ContextName::parse(name)});
        break;
      case VariableSource::kMeta:
        out.pieces_.push_back({Piece::Kind::kMeta, std::string(name), 0, {}});
        break;
      case VariableSource::kElsewhere: {
        const std::string_view store = form->beginning.substr(1, form->beginning.size() - 2);
        return Error(Errc::kNotBuilt, std::string(store) + " is not built yet");
      }
      default:
        out.addText(secretOf(form->source, name, secrets));
    }
  }
  return out;
}

const std::string* VariableText::constant() const noexcept {
  static const std::string kEmpty;
  if (pieces_.empty()) return &kEmpty;
  const Piece& first = pieces_.front();
  return pieces_.size() == 1 && first.kind == Piece::Kind::kText ? &first.text : nullptr;
}

std::string_view VariableText::beginning() const noexcept {
  return pieces_.empty() || pieces_.front().kind != Piece::Kind::kText
             ? std::string_view{}
             : std::string_view(pieces_.front().text);
}

bool VariableText::needsForm() const noexcept {
  return std::any_of(pieces_.begin(), pieces_.end(), [](const Piece& piece) {
    return piece.kind == Piece::Kind::kContext && (piece.context.kind == ContextKind::kForm ||
                                                   piece.context.kind == ContextKind::kFormValue);
  });
}

}  // namespace tykpp::definition
