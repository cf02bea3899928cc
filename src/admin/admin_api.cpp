#include "admin/admin_api.hpp"

#include "admin/impl/answers.hpp"
#include "admin/impl/api_calls.hpp"
#include "admin/impl/call_table.hpp"
#include "admin/impl/cert_calls.hpp"
#include "admin/impl/debug_calls.hpp"
#include "admin/impl/health_answers.hpp"
#include "admin/impl/key_calls.hpp"
#include "admin/impl/oauth_calls.hpp"
#include "admin/impl/org_calls.hpp"
#include "admin/impl/plugin_answers.hpp"
#include "admin/impl/policy_calls.hpp"
#include "admin/impl/schema_answer.hpp"
#include "base/ascii.hpp"
#include "base/log.hpp"
#include "net/task.hpp"

namespace tykpp::admin {
namespace {

constexpr std::string_view kPrefix = "/tyk";

std::string endpoint(std::string_view name) {
  while (name.starts_with('/')) name.remove_prefix(1);
  while (name.ends_with('/')) name.remove_suffix(1);
  return "/" + std::string(name);
}

std::string_view severityText(definition::Severity severity) {
  return severity == definition::Severity::kError ? "error" : "warning";
}

/// Answers once, whatever the task does.
net::Detached answerWith(net::Task<AdminReply> task, std::function<void(AdminReply)> reply) {
  AdminReply answer;
  try {
    answer = co_await task;
  } catch (const std::exception& error) {
    TYKPP_LOG(err, "api", "a call of the control API failed: {}", error.what());
    answer = statusMessage(500, "There was a problem proxying the request");
  }
  reply(std::move(answer));
}

/// The reference's answer; problems of the load are an addition of ours that shows only when there
/// are any.
AdminReply reloadAnswer(const definition::Problems& problems) {
  if (problems.empty()) return statusMessage(200, "");
  AdminReply reply;
  reply.body = R"({"status":"ok","message":"","problems":[)";
  bool first = true;
  for (const definition::Problem& problem : problems) {
    if (!first) reply.body += ',';
    first = false;
    reply.body += R"({"file":)" + jsonString(problem.file) + R"(,"pointer":)" +
                  jsonString(problem.pointer) + R"(,"reason":)" + jsonString(problem.reason) +
                  R"(,"severity":)" + jsonString(severityText(problem.severity)) + "}";
  }
  reply.body += "]}\n";
  return reply;
}

}  // namespace

struct AdminApi::State {
  Control& control;
  const HealthState& health;
  ApiCalls apis;
  CertCalls certificates;
  KeyCalls keys;
  OrgCalls orgs;
  OAuthCalls oauth;
  PolicyCalls policies;
  std::string health_path;
  std::string ready_path;
  bool warned_of_group = false;

  using Reply = std::function<void(AdminReply)>;

  bool authorised(const AdminRequest& request) const;
  void handleControl(const AdminRequest& request, const Reply& reply);
  void handleAuthorised(const AdminRequest& request, const Reply& reply);
  void reload(const AdminRequest& request, const Reply& reply);
  void rollBack(const std::string& api_id, const Reply& reply);
  void debug(const AdminRequest& request, const Reply& reply);
  AdminReply reloadGroup();
  AdminReply call(const Selected& selected, const AdminRequest& request);
  std::optional<net::Task<AdminReply>> task(const Selected& selected, const AdminRequest& request);
  std::optional<net::Task<AdminReply>> oauthTask(const Selected& selected,
                                                 const AdminRequest& request);
};

AdminApi::AdminApi(Control& control, const HealthState& health)
    : state_(new State{control, health, ApiCalls(control), CertCalls(control), KeyCalls(control),
                       OrgCalls(control), OAuthCalls(control), PolicyCalls(control),
                       endpoint(control.config().health_check_endpoint_name),
                       endpoint(control.config().readiness_check_endpoint_name)}) {}
AdminApi::~AdminApi() = default;

bool AdminApi::isControlPath(std::string_view decoded_path) const noexcept {
  if (decoded_path.starts_with(kPrefix)) {
    const std::string_view rest = decoded_path.substr(kPrefix.size());
    if (rest.starts_with('/')) return true;
  }
  return decoded_path == state_->health_path || decoded_path == state_->ready_path;
}

void AdminApi::handle(AdminRequest request, std::function<void(AdminReply)> reply) {
  const bool health = request.path == state_->health_path;
  if (!health && request.path != state_->ready_path) {
    state_->handleControl(request, reply);
    return;
  }
  if (request.method != "GET") {
    reply(statusMessage(405, "Method Not Allowed"));
    return;
  }
  reply(health ? healthAnswer(state_->control, state_->health)
               : readinessAnswer(state_->control, state_->health));
}

void AdminApi::handleTrusted(AdminRequest request, std::function<void(AdminReply)> reply) {
  state_->handleAuthorised(request, reply);
}

bool AdminApi::State::authorised(const AdminRequest& request) const {
  const std::string& secret = control.config().secret;
  return !secret.empty() && equalsConstantTime(request.authorization, secret);
}

void AdminApi::State::handleControl(const AdminRequest& request, const Reply& reply) {
  if (!authorised(request)) {
    reply(statusMessage(403, "Attempted administrative access with invalid or missing key!"));
    return;
  }
  if (!request.certificate_problem.empty()) {
    reply(statusMessage(403, request.certificate_problem));
    return;
  }
  handleAuthorised(request, reply);
}

void AdminApi::State::handleAuthorised(const AdminRequest& request, const Reply& reply) {
  std::string_view path = request.path;
  if (path.starts_with(kPrefix)) path.remove_prefix(kPrefix.size());
  while (path.ends_with('/')) path.remove_suffix(1);
  const Selected selected = selectCall(request.method, path);
  if (selected.kind == Selected::Kind::kUnknownPath) {
    reply(pageNotFound());
  } else if (selected.kind == Selected::Kind::kUnknownMethod) {
    reply(statusMessage(405, "Method not supported"));
  } else if (request.body.size() > kMaxBodyBytes) {
    reply(
        statusMessage(413, "the body is larger than " + std::to_string(kMaxBodyBytes) + " bytes"));
  } else if (selected.call == Call::kReload) {
    reload(request, reply);
  } else if (selected.call == Call::kRollBackPlugins) {
    rollBack(std::string(selected.values.front()), reply);
  } else if (selected.call == Call::kDebug) {
    debug(request, reply);
  } else if (auto later = task(selected, request)) {
    answerWith(std::move(*later), reply);
  } else {
    reply(call(selected, request));
  }
}

std::optional<net::Task<AdminReply>> AdminApi::State::oauthTask(const Selected& selected,
                                                                const AdminRequest& request) {
  const auto value = [&](std::size_t index) {
    return index < selected.values.size() ? std::string(selected.values[index]) : std::string();
  };
  switch (selected.call) {
    case Call::kCreateClient:
      return oauth.create(request);
    case Call::kListClients:
      return oauth.list(value(0));
    case Call::kGetClient:
      return oauth.get(value(0), value(1));
    case Call::kUpdateClient:
      return oauth.update(value(0), value(1), request);
    case Call::kRotateClient:
      return oauth.rotate(value(0), value(1));
    case Call::kRemoveClient:
      return oauth.remove(value(0), value(1));
    case Call::kListTokens:
      return oauth.tokens(value(0), value(1), request);
    case Call::kListClientApis:
      // Without an organisation it is the client of an API whose id is "apis".
      if (!hasQuery(request.query, "orgID")) return oauth.get("apis", value(0));
      return oauth.apisOf(value(0), request);
    case Call::kRemoveRefreshToken:
      return oauth.removeRefresh(value(0), request);
    case Call::kRevokeToken:
      return oauth.revoke(request);
    case Call::kRevokeTokens:
      return oauth.revokeAll(request);
    case Call::kPurgeTokens:
      return oauth.purge(request);
    default:
      return std::nullopt;
  }
}

namespace {

net::Task<AdminReply> forgetAnswers(Control& control, std::string api_id) {
  net::Task<Result<void>> forgetting = control.forgetAnswers(api_id);
  const Result<void> done = co_await forgetting;
  if (done) co_return statusMessage(200, "cache invalidated");
  TYKPP_LOG(err, "api", "cached answers cannot be removed: {} api_id={}", done.error().message(),
            log::quoted(api_id));
  co_return statusMessage(500, "Cache invalidation failed");
}

}  // namespace

/// The calls that ask the store.
std::optional<net::Task<AdminReply>> AdminApi::State::task(const Selected& selected,
                                                           const AdminRequest& request) {
  std::string id(selected.values.empty() ? std::string_view{} : selected.values.front());
  switch (selected.call) {
    case Call::kAddCertificate:
      return certificates.add(request);
    case Call::kListCertificates:
      return certificates.list(request);
    case Call::kGetCertificates:
      return certificates.get(std::move(id));
    case Call::kRemoveCertificate:
      return certificates.remove(std::move(id), request);
    case Call::kCreateKey:
      return keys.create(request);
    case Call::kPreviewKey:
      return keys.preview(request);
    case Call::kListKeys:
      return keys.list(request);
    case Call::kGetKey:
      return keys.get(std::move(id), request);
    case Call::kWriteKey:
      return keys.write(std::move(id), request);
    case Call::kRemoveKey:
      return keys.remove(std::move(id), request);
    case Call::kSetKeyPolicies:
      return keys.setPolicies(std::move(id), request);
    case Call::kListOrgs:
      return orgs.list(request);
    case Call::kGetOrg:
      return orgs.get(std::move(id));
    case Call::kWriteOrg:
      return orgs.write(std::move(id), request);
    case Call::kRemoveOrg:
      return orgs.remove(std::move(id));
    case Call::kForgetAnswers:
      return forgetAnswers(control, std::move(id));
    default:
      return oauthTask(selected, request);
  }
}

void AdminApi::State::reload(const AdminRequest& request, const Reply& reply) {
  if (queryValue(request.query, "block") != "true") {
    control.requestReload(nullptr);
    reply(statusMessage(200, ""));
    return;
  }
  control.requestReload([this, reply] { reply(reloadAnswer(control.loadProblems())); });
}

void AdminApi::State::rollBack(const std::string& api_id, const Reply& reply) {
  control.rollbackPlugins(api_id, [api_id, reply](const Result<void>& done) {
    if (done) {
      reply(modified(api_id, "rolled back"));
    } else {
      const Error error = done.error();
      reply(statusMessage(error.code() == Errc::kNotFound ? 404 : 500, error.message()));
    }
  });
}

void AdminApi::State::debug(const AdminRequest& request, const Reply& reply) {
  auto call = readDebugCall(request.body);
  if (!call) {
    reply(statusMessage(400, call.error().message()));
    return;
  }
  control.debugRequest(std::move(*call),
                       [reply](const DebugOutcome& outcome) { reply(debugAnswer(outcome)); });
}

AdminReply AdminApi::State::reloadGroup() {
  const bool told = control.publishGroupReload();
  if (!told && control.config().storage.type == "redis" && !warned_of_group) {
    warned_of_group = true;
    TYKPP_LOG(
        warn, "api",
        "reload/group reloads this node alone: telling other nodes over Redis is not built yet");
  }
  return statusMessage(200, "");
}

AdminReply AdminApi::State::call(const Selected& selected, const AdminRequest& request) {
  const std::string id(selected.values.empty() ? std::string_view{} : selected.values.front());
  switch (selected.call) {
    case Call::kReloadGroup:
      return reloadGroup();
    case Call::kListApis:
      return apis.list();
    case Call::kGetApi:
      return apis.get(id);
    case Call::kCreateApi:
      return apis.create(request);
    case Call::kUpdateApi:
      return apis.update(id, request);
    case Call::kRemoveApi:
      return apis.remove(id);
    case Call::kListOas:
      return apis.listOas();
    case Call::kGetOas:
      return apis.getOas(id);
    case Call::kCreateOas:
      return apis.createOas(request);
    case Call::kListVersions:
      return apis.versions(id, request);
    case Call::kImportOas:
      return apis.importOas(request);
    case Call::kUpdateOas:
      return apis.updateOas(id, request);
    case Call::kExportOas:
      return apis.exportOas(id, request);
    case Call::kExportAllOas:
      return apis.exportAllOas(request);
    case Call::kForgetKeySets:
      control.forgetKeySets(id);
      return statusMessage(200, "cache invalidated");
    case Call::kGetSchema:
      return schemaAnswer(queryValue(request.query, "oasVersion"));
    case Call::kListPlugins:
      return pluginList(control.plugins(), std::nullopt);
    case Call::kGetApiPlugins:
      return pluginList(control.plugins(), id);
    case Call::kListPolicies:
      return policies.list();
    case Call::kGetPolicy:
      return policies.get(id);
    case Call::kWritePolicy:
      return policies.write(id, request);
    case Call::kRemovePolicy:
      return policies.remove(id);
    default:  // answered where a late reply is possible
      break;
  }
  return notBuilt(request.method + " " + std::string(kPrefix) + std::string(selected.pattern));
}

}  // namespace tykpp::admin
