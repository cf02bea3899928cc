#pragma once
// `/tyk/apis…`: the calls on API definitions (spec/admin-api.md sections 4 and 5). What they write
// is served after the next reload. Thread: main.

#include <memory>
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
  AdminReply exportOas(const std::string& id, const AdminRequest& request) const;
  AdminReply exportAllOas(const AdminRequest& request) const;

 private:
  using Api = std::shared_ptr<const definition::ApiSpec>;

  std::vector<Api> sorted() const;
  Api find(const std::string& id) const;
  AdminReply storeClassic(Document document, const std::string& id, const Api& loaded);
  AdminReply storeOas(Document document, const std::string& id, const Api& loaded,
                      const AdminRequest& request);
  AdminReply store(const std::string& id, const Api& loaded, const Document& classic,
                   const Document* oas);
  std::string gatewayUrl(std::string_view domain, std::string_view listen_path,
                         const AdminRequest& request) const;
  void setServers(Document& document, const Document& classic, const Api& loaded,
                  const AdminRequest& request) const;

  Control& control_;
};

}  // namespace tykpp::admin
