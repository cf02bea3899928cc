#include "admin/impl/policy_calls.hpp"

#include <unistd.h>

#include "admin/impl/answers.hpp"
#include "admin/impl/document.hpp"
#include "admin/impl/safe_files.hpp"
#include "base/log.hpp"
#include "session/policy_set.hpp"

namespace tykpp::admin {
namespace {

constexpr const char* kBadId = "Invalid Policy ID: Allowed characters: a-z, A-Z, 0-9, ., _, -, ~";

}  // namespace

/// Unsafe ids may hold anything that is still one file's name.
bool PolicyCalls::allowed(const std::string& id) const {
  if (control_.config().identity.policies.allow_unsafe_policy_ids) return isSafeApiId(id);
  return session::isSafePolicyId(id) && isSafeApiId(id);
}

std::string PolicyCalls::directory() const {
  return directoryOf(control_.config(), control_.config().identity.policies.policy_path);
}

AdminReply PolicyCalls::list() const { return jsonAnswer(control_.policies()->json()); }

AdminReply PolicyCalls::get(const std::string& id) const {
  const auto policies = control_.policies();
  const session::Policy* policy = policies->find(id);
  if (policy == nullptr) return statusMessage(404, "Policy not found");
  return jsonAnswer(policy->json());
}

AdminReply PolicyCalls::write(const std::string& id, const AdminRequest& request) {
  const bool update = request.method == "PUT";
  if (update && id.empty()) return statusMessage(400, "Must specify an apiID to update");
  auto policy = session::Policy::parse(request.body);
  if (!policy) return statusMessage(400, "Request malformed");
  if (!policy->id.empty() && !allowed(policy->id)) return statusMessage(400, kBadId);
  if (update && policy->id != id) {
    return statusMessage(400,
                         "Request ID does not match that in policy! For Update operations these "
                         "must match.");
  }
  policy->id = policy->effectiveId();
  if (policy->id.empty()) return statusMessage(400, "Unable to create policy without id.");
  if (!allowed(policy->id)) return statusMessage(400, kBadId);
  const std::string folder = directory();
  if (::access(folder.c_str(), F_OK) != 0) {
    return statusMessage(500, "Unable to access policy storage.");
  }
  Result<void> written = replaceFile(folder, policy->id + ".json", policy->fileText());
  if (written) written = syncDirectory(folder);
  if (!written) {
    TYKPP_LOG(err, "api", "policy not written id={} error={}", log::quoted(policy->id),
              log::quoted(written.error().message()));
    return statusMessage(500, "Failed to create file!");
  }
  TYKPP_LOG(info, "api", "policy written id={}", log::quoted(policy->id));
  return modified(policy->id, update ? "modified" : "added");
}

AdminReply PolicyCalls::remove(const std::string& id) {
  if (id.empty()) return statusMessage(400, "Must specify an apiID to delete");
  const std::string folder = directory();
  const std::string file = folder + "/" + id + ".json";
  if (!isSafeApiId(id) || ::unlink(file.c_str()) != 0) return statusMessage(500, "Delete failed");
  if (const auto synced = syncDirectory(folder); !synced) {
    TYKPP_LOG(err, "api", "the removal of a policy may not last: {}",
              log::quoted(synced.error().message()));
  }
  TYKPP_LOG(info, "api", "policy removed id={}", log::quoted(id));
  return modified(id, "deleted");
}

}  // namespace tykpp::admin
