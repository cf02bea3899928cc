#include "hooks/impl/id_extractor.hpp"

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <re2/re2.h>

#include "base/text.hpp"

namespace tykpp::hooks {
namespace {

using From = definition::IdExtractor::From;
using With = definition::IdExtractor::With;

struct FreeDocument {
  void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
};
struct FreeContext {
  void operator()(xmlXPathContext* context) const { xmlXPathFreeContext(context); }
};
struct FreeObject {
  void operator()(xmlXPathObject* object) const { xmlXPathFreeObject(object); }
};
struct FreeExpression {
  void operator()(xmlXPathCompExpr* expression) const { xmlXPathFreeCompExpr(expression); }
};
struct FreeText {
  void operator()(xmlChar* text) const { xmlFree(text); }
};

/// Steps of an evaluation: an expression must not hold a worker.
constexpr unsigned long kMostSteps = 100'000;

Error nothing(const char* why) { return Error(Errc::kBadRequest, why); }

void silentError(void* /*context*/, xmlError* /*error*/) {}

/// All values of a parameter, one behind the other.
void appendValues(std::string_view form, const std::string& name, std::string& out) {
  forEachFormPair(form, [&](std::string_view key, std::string_view value) {
    if (formDecode(key) == name) out += formDecode(value);
  });
}

std::string nthMatch(const RE2& expression, std::string_view text, std::size_t index) {
  std::size_t from = 0;
  for (std::size_t seen = 0; from <= text.size(); ++seen) {
    re2::StringPiece match;
    const re2::StringPiece whole(text.data(), text.size());
    if (!expression.Match(whole, from, text.size(), RE2::UNANCHORED, &match, 1)) return {};
    if (seen == index) return std::string(match.data(), match.size());
    const auto end = static_cast<std::size_t>(match.data() - text.data()) + match.size();
    from = match.empty() ? end + 1 : end;
  }
  return {};
}

Result<std::string> firstNode(const std::string& expression, const std::string& text) {
  // No entities, no network: the document comes from a stranger.
  const std::unique_ptr<xmlDoc, FreeDocument> document(
      xmlReadMemory(text.data(), static_cast<int>(text.size()), nullptr, nullptr,
                    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING));
  if (document == nullptr) return nothing("no XML document");
  const std::unique_ptr<xmlXPathContext, FreeContext> context(xmlXPathNewContext(document.get()));
  if (context == nullptr) return nothing("no memory");
  context->opLimit = kMostSteps;
  context->error = &silentError;
  // Not compiled once for all: libxml2 writes into a compiled expression while it evaluates it.
  const std::unique_ptr<xmlXPathObject, FreeObject> object(
      xmlXPathEvalExpression(reinterpret_cast<const xmlChar*>(expression.c_str()), context.get()));
  if (object == nullptr) return nothing("the XPath cannot be evaluated");
  const std::unique_ptr<xmlChar, FreeText> value(
      object->type == XPATH_NODESET
          ? (xmlXPathNodeSetIsEmpty(object->nodesetval)
                 ? nullptr
                 : xmlXPathCastNodeToString(object->nodesetval->nodeTab[0]))
          : xmlXPathCastToString(object.get()));
  if (value == nullptr) return nothing("no node matches the XPath");
  return std::string(reinterpret_cast<const char*>(value.get()));
}

}  // namespace

struct IdExtractor::Expressions {
  std::unique_ptr<const RE2> regex;
};

IdExtractor::IdExtractor(definition::IdExtractor rules,
                         std::unique_ptr<const Expressions> expressions)
    : rules_(std::move(rules)), expressions_(std::move(expressions)) {}
IdExtractor::~IdExtractor() = default;

Result<std::unique_ptr<IdExtractor>> IdExtractor::create(const definition::IdExtractor& rules) {
  auto expressions = std::make_unique<Expressions>();
  const auto bad = [](std::string why) {
    return Error(Errc::kBadDefinition, std::move(why))
        .at("/custom_middleware/id_extractor/extractor_config");
  };
  if (rules.with == With::kRegex) {
    RE2::Options options;
    options.set_log_errors(false);
    expressions->regex = std::make_unique<const RE2>(rules.expression, options);
    if (!expressions->regex->ok()) return bad("regex_expression: " + expressions->regex->error());
  }
  if (rules.with == With::kXPath) {
    xmlInitParser();
    const std::unique_ptr<xmlXPathContext, FreeContext> context(xmlXPathNewContext(nullptr));
    if (context == nullptr) return bad("no memory");
    context->error = &silentError;
    const std::unique_ptr<xmlXPathCompExpr, FreeExpression> compiled(xmlXPathCtxtCompile(
        context.get(), reinterpret_cast<const xmlChar*>(rules.expression.c_str())));
    if (compiled == nullptr) return bad("xpath_expression cannot be read");
  }
  return std::unique_ptr<IdExtractor>(new IdExtractor(rules, std::move(expressions)));
}

bool IdExtractor::readsBody() const noexcept {
  return rules_.from == From::kBody || rules_.from == From::kForm;
}

Result<std::string> IdExtractor::source(const http::Exchange& exchange) const {
  const http::Request& request = exchange.request();
  std::string text;
  switch (rules_.from) {
    case From::kHeader:
      text = request.headers.get(std::string_view(rules_.name));
      break;
    case From::kForm:
      if (request.body() != nullptr) appendValues(*request.body(), rules_.name, text);
      [[fallthrough]];
    case From::kQuery:
      appendValues(request.query, rules_.name, text);
      break;
    case From::kBody:
      if (request.body() != nullptr) text = *request.body();
      break;
  }
  if (text.empty()) return nothing("the request has no such value");
  return text;
}

Result<std::string> IdExtractor::extract(const http::Exchange& exchange) const {
  Result<std::string> text = source(exchange);
  if (!text) return text;
  if (rules_.with == With::kRegex) {
    text = nthMatch(*expressions_->regex, *text, rules_.match_index);
  } else if (rules_.with == With::kXPath) {
    text = firstNode(rules_.expression, *text);
  }
  if (text && text->empty()) return nothing("nothing matches");
  return text;
}

}  // namespace tykpp::hooks
