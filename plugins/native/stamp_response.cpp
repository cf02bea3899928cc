// Response hooks: one marks the upstream's answer and hides its server, the other also edits the
// body.
#include <string>
#include <tykpp/plugin.hpp>

namespace {

void stampResponse(tykpp::Response& response) {
  response.headers().set("X-Stamped-By", response.apiName());
  response.headers().remove("Server");
  if (response.status() == 404) response.setStatus(410);
}

void signBody(tykpp::Response& response) {
  response.setBody(std::string(response.body()) + "\n-- through tykpp\n");
}

}  // namespace

TYKPP_PLUGIN("stamp-response", "1.0", tykpp::hook<stampResponse>("StampResponse"),
             tykpp::hook<signBody>("SignBody", tykpp::kBody))
