#pragma once
#include <string_view>

#include "admin/admin_api.hpp"

namespace tykpp::admin {

/// `GET /tyk/schema`: the schema of OAS definitions. @param version  of OpenAPI; empty: the newest
AdminReply schemaAnswer(std::string_view version);

}  // namespace tykpp::admin
