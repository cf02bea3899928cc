#include "http/request_context.hpp"

#include <new>

namespace tykpp::http {

RequestContext& contextOf(Exchange& exchange) {
  if (exchange.context == nullptr) {
    Arena& arena = exchange.arena();
    void* memory = arena.allocate(sizeof(RequestContext), alignof(RequestContext));
    exchange.context = new (memory) RequestContext(arena);
  }
  return *exchange.context;
}

void noteToken(Exchange& exchange, std::string_view token) {
  if (exchange.context == nullptr || !exchange.context->recorded) [[likely]]
    return;
  exchange.context->token = exchange.arena().copy(token);
}

}  // namespace tykpp::http
