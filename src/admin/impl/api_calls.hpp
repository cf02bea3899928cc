#pragma once
// `/tyk/apis…`: the calls on API definitions (spec/admin-api.md sections 4 and 5). What they write
// is served after the next reload. Thread: main.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "admin/admin_api.hpp"
#include "admin/impl/document.hpp"

namespace tykpp::admin {

class ApiCalls {
 public:
  explicit ApiCalls(Control& control) : control_(control) {}

  AdminReply list() const;
  AdminReply get(const std::string& id) const;
  AdminReply create(const AdminRequest& request);
  AdminReply update(const std::string& id, const AdminRequest& request);
  /// For both formats. @param id  of the path
  AdminReply remove(const std::string& id);

  AdminReply listOas() const;
  AdminReply getOas(const std::string& id) const;
  AdminReply createOas(const AdminRequest& request);
  AdminReply updateOas(const std::string& id, const AdminRequest& request);
  /// The versions of an API that are APIs of their own, itself first.
  AdminReply versions(const std::string& id, const AdminRequest& request) const;
  /// A document without our part, which it gets from the call's parameters.
  AdminReply importOas(const AdminRequest& request);
  AdminReply exportOas(const std::string& id, const AdminRequest& request) const;
  AdminReply exportAllOas(const AdminRequest& request) const;

 private:
  using Api = std::shared_ptr<const definition::ApiSpec>;

  static constexpr const char* kOasIdPointer = "/x-tyk-api-gateway/info/id";

  static constexpr const char* kNotFound = "API not found";
  /// Changes what a definition says of versions: `definition`, or `info.versioning` of an OAS
  /// document.
  using BaseEdit = std::function<void(Document& versioning, bool oas)>;

  /// Why a new API cannot be the version that the query asks for; nothing when it can, or asks for
  /// none.
  std::optional<AdminReply> refusedVersion(const AdminRequest& request) const;
  /// Makes an API the version that the query asks for. What fails is logged alone: the API is
  /// there.
  void addToBase(const AdminRequest& request, const std::string& id) const;
  void removeFromBase(const std::string& id) const;
  void rewriteBase(const Api& base, const BaseEdit& edit) const;
  /// The API that has this one as a version, or null.
  Api baseOf(const std::string& id) const;
  void addBaseId(AdminReply& reply, const definition::ApiSpec& api) const;
  /// The answer to the call that stored a new API, which becomes a version where the query says so.
  AdminReply created(AdminReply stored, const AdminRequest& request, const std::string& id) const;
  std::vector<Api> sorted() const;
  Api find(const std::string& id) const;
  AdminReply storeClassic(Document document, const std::string& id, const Api& loaded);
  /// @param imported  messages name the parameters of an import
  AdminReply storeOas(Document document, const std::string& id, const Api& loaded,
                      const AdminRequest& request, bool imported = false);
  AdminReply store(const std::string& id, const Api& loaded, const Document& classic,
                   const Document* oas) const;
  std::string gatewayUrl(std::string_view domain, std::string_view listen_path,
                         const AdminRequest& request) const;
  void setServers(Document& document, const Document& classic, const Api& loaded,
                  const AdminRequest& request) const;

  Control& control_;
};

}  // namespace tykpp::admin
