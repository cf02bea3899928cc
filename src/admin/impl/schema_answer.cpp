#include "admin/impl/schema_answer.hpp"

#include "admin/impl/answers.hpp"
#include "definition/oas_schema.hpp"

namespace tykpp::admin {

AdminReply schemaAnswer(std::string_view version) {
  const auto schema = definition::oasSchema(version);
  if (schema) {
    return jsonAnswer(R"({"status":"Success","message":"","schema":)" + htmlSafe(*schema) + "}");
  }
  const std::string message = "Schema not found for version \"" + std::string(version) + "\"";
  AdminReply reply = jsonAnswer(R"({"status":"Failed","message":)" + jsonString(message) + "}");
  reply.status = 404;
  return reply;
}

}  // namespace tykpp::admin
