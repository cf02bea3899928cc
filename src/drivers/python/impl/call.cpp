#include "drivers/python/impl/call.hpp"

#include "drivers/message_edit.hpp"

namespace tykpp::drivers::python {
namespace {

/// A body that large is not kept for the next call.
constexpr std::size_t kKeptBytes = 64 * 1024;

Piece put(Call& call, std::string_view text) {
  const Piece piece{static_cast<std::uint32_t>(call.text.size()),
                    static_cast<std::uint32_t>(text.size())};
  call.text += text;
  return piece;
}

void empty(std::string& text) {
  if (text.capacity() > kKeptBytes) {
    text = {};
  } else {
    text.clear();
  }
}

void putFields(Call& call, const std::vector<coprocess::ViewPair>& fields,
               std::vector<HeaderPiece>& to) {
  to.reserve(fields.size());
  for (const auto& [name, value] : fields) {
    const Piece name_piece = put(call, name);
    to.push_back({name_piece, put(call, value)});
  }
}

}  // namespace

void Call::reset() {
  handler.reset();
  empty(text);
  empty(body);
  empty(response_body);
  headers.clear();
  response_headers.clear();
  status = 0;
  session.reset();
  request_reply = {};
  response_reply = {};
  error.reset();
  unwanted.store(false, std::memory_order_relaxed);
  waiter = {};
  returned = false;
  timed_out = false;
}

void fillCall(Call& call, HookCall& from) {
  http::Exchange& exchange = from.exchange;
  const http::Request& request = exchange.request();
  call.hook = from.hook;
  call.worker = exchange.workerIndex();
  call.deadline = from.deadline;
  call.method = put(call, coprocess::shownMethod(exchange));
  call.url = put(call, coprocess::shownUrl(exchange));
  call.uri = put(call, coprocess::requestUri(exchange));
  call.scheme = put(call, coprocess::requestScheme(exchange));
  call.query = put(call, request.query);
  putFields(call, coprocess::requestHeaders(exchange), call.headers);
  call.body.assign(coprocess::requestBody(exchange));
  if (from.hook != Hook::kPre && from.hook != Hook::kAuth) call.session = exchange.session;
  if (from.hook != Hook::kResponse) return;
  call.status = exchange.response().status;
  putFields(call, coprocess::responseFields(exchange), call.response_headers);
  if (const std::string* body = exchange.response().body()) call.response_body = *body;
}

}  // namespace tykpp::drivers::python
