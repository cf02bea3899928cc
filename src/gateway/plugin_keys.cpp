#include "gateway/plugin_keys.hpp"

#include "base/text.hpp"

namespace tykpp::gateway {
namespace {

/// The path is taken as decoded: a slash would name another call.
bool isName(const std::string& key) { return !key.empty() && key.find('/') == std::string::npos; }

admin::AdminRequest request(const char* method, const std::string& key) {
  admin::AdminRequest made;
  made.method = method;
  made.path = "/tyk/keys/" + key;
  return made;
}

admin::AdminReply refused(std::uint16_t status, std::string why) {
  admin::AdminReply reply;
  reply.status = status;
  reply.body = std::move(why);
  return reply;
}

Result<void> outcome(const admin::AdminReply& reply) {
  if (reply.status < 300) return {};
  return Error(reply.status == 404 ? Errc::kNotFound : Errc::kBadRequest, reply.body);
}

}  // namespace

void PluginKeys::getKey(std::uint32_t worker, std::string key, std::string api_id, Got done) {
  main_.post([this, worker, key = std::move(key), api_id = std::move(api_id),
              done = std::move(done)]() mutable {
    auto answer = [this, worker, done = std::move(done)](admin::AdminReply reply) {
      post_(worker, [done, reply = std::move(reply)] {
        if (reply.status == 200) {
          done(reply.body);
        } else {
          done(Error(Errc::kNotFound, "there is no such key"));
        }
      });
    };
    if (!isName(key)) {
      answer(refused(404, "no name of a key"));
      return;
    }
    admin::AdminRequest asked = request("GET", key);
    asked.query = "api_id=";
    appendFormEncoded(asked.query, api_id);
    api_.handleTrusted(std::move(asked), std::move(answer));
  });
}

void PluginKeys::setKey(std::uint32_t worker, std::string key, std::string session_json,
                        bool suppress_quota_reset, Set done) {
  main_.post([this, worker, key = std::move(key), session = std::move(session_json),
              suppress_quota_reset, done = std::move(done)]() mutable {
    auto answer = [this, worker, done = std::move(done)](const admin::AdminReply& reply) {
      post_(worker, [done, result = outcome(reply)] { done(result); });
    };
    if (!isName(key)) {
      answer(refused(400, "no name of a key"));
      return;
    }
    admin::AdminRequest asked = request("PUT", key);
    asked.body = std::move(session);
    if (suppress_quota_reset) asked.query = "suppress_reset=1";
    // A key that there is not yet is made.
    admin::AdminRequest other = asked;
    other.method = "POST";
    other.plain_name = true;
    api_.handleTrusted(std::move(asked), [this, other = std::move(other),
                                          answer](const admin::AdminReply& reply) mutable {
      if (reply.status != 404) {
        answer(reply);
      } else {
        api_.handleTrusted(std::move(other), answer);
      }
    });
  });
}

}  // namespace tykpp::gateway
