#include "drivers/native/impl/call_host.hpp"

namespace tykpp::drivers::native {
namespace {

void copyHeaders(const http::Headers& from, http::Headers& to) {
  to.clear();
  for (const http::HeaderField& field : from) {
    to.addCopy(http::HeaderName(field.id, field.name), field.value);
  }
}

}  // namespace

bool endDeferral(Deferral& deferral) {
  std::vector<Deferral::Gone> told;
  {
    const std::lock_guard lock(deferral.mutex);
    if (deferral.state != Deferral::State::kOpen) return false;
    deferral.state = Deferral::State::kEnded;
    told.swap(deferral.gone);
  }
  for (const Deferral::Gone& one : told) one.ended(one.context);
  return true;
}

std::shared_ptr<void> stateOf(const http::Exchange& exchange, const void* owner) {
  for (const http::PluginState& state : exchange.plugin_states) {
    if (state.owner == owner) return state.value;
  }
  return nullptr;
}

void setState(http::Exchange& exchange, const void* owner, std::shared_ptr<void> value) {
  for (http::PluginState& state : exchange.plugin_states) {
    if (state.owner != owner) continue;
    state.value = std::move(value);
    return;
  }
  if (value != nullptr) exchange.plugin_states.push_back({owner, std::move(value)});
}

void copyExchange(http::Exchange& from, http::Exchange& to, const void* state_owner,
                  bool request_body, bool response_body) {
  Arena& arena = to.arena();
  const http::Request& request = from.request();
  http::Request& copy = to.request();
  copy.method = arena.copy(request.method);
  copy.target = arena.copy(request.target);
  copy.received_target = arena.copy(request.received_target);
  copy.raw_path = arena.copy(request.raw_path);
  copy.path = arena.copy(request.path);
  copy.query = arena.copy(request.query);
  copy.has_query = request.has_query;
  copy.host = arena.copy(request.host);
  copy.version_minor = request.version_minor;
  copyHeaders(request.headers, copy.headers);
  if (request_body && request.body() != nullptr) copy.setBody(*request.body());
  to.response().status = from.response().status;
  copyHeaders(from.response().headers, to.response().headers);
  if (response_body && from.response().body() != nullptr) {
    to.response().setBody(*from.response().body());
  }
  to.peer = from.peer;
  to.peer.address = arena.copy(from.peer.address);
  to.peer.server_name = arena.copy(from.peer.server_name);
  to.session = from.session;
  copyHeaders(from.answer_headers, to.answer_headers);
  if (!from.plugin_states.empty()) setState(to, state_owner, stateOf(from, state_owner));
}

void applyChanges(http::Exchange& from, http::Exchange& to, unsigned changed,
                  const void* state_owner) {
  Arena& arena = to.arena();
  http::Request& request = from.request();
  http::Response& response = from.response();
  if ((changed & kMethodChanged) != 0) to.request().method = arena.copy(request.method);
  if ((changed & kHostChanged) != 0) to.request().host = arena.copy(request.host);
  if ((changed & kUrlChanged) != 0) to.request().setTarget(arena.copy(request.target));
  if ((changed & kRequestHeadersChanged) != 0) copyHeaders(request.headers, to.request().headers);
  if ((changed & kRequestBodyChanged) != 0) to.request().setBody(*request.body());
  if ((changed & kResponseChanged) != 0) {
    to.response().status = response.status;
    to.response().reason = {};
    copyHeaders(response.headers, to.response().headers);
  }
  if ((changed & kResponseBodyChanged) != 0) to.response().setBody(*response.body());
  if ((changed & kSessionChanged) != 0) to.session = from.session;
  if ((changed & kAnswerHeadersChanged) != 0) copyHeaders(from.answer_headers, to.answer_headers);
  if ((changed & kStateChanged) != 0) setState(to, state_owner, stateOf(from, state_owner));
}

}  // namespace tykpp::drivers::native
