#include "admin/impl/plugin_answers.hpp"

#include "admin/impl/answers.hpp"
#include "admin/impl/document.hpp"

namespace tykpp::admin {
namespace {

Document documentOf(const PluginStatus& plugin) {
  Document document = {{"api_id", plugin.api_id},
                       {"api_name", plugin.api_name},
                       {"hook", plugin.hook},
                       {"name", plugin.name},
                       {"driver", plugin.driver},
                       {"path", plugin.path},
                       {"bundle", plugin.bundle},
                       {"server", plugin.server},
                       {"server_state", plugin.server_state},
                       {"server_error", plugin.server_error},
                       {"status", plugin.broken.empty() ? "loaded" : "refuses"},
                       {"error", plugin.broken},
                       {"timeout_ms", plugin.timeout.count()},
                       {"on_error", plugin.on_error},
                       {"calls", plugin.calls},
                       {"errors", plugin.errors},
                       {"timeouts", plugin.timeouts},
                       {"overruns", plugin.overruns},
                       {"answers", plugin.responded},
                       {"skipped", plugin.skipped},
                       {"latency_p50_us", plugin.p50.count()},
                       {"latency_p99_us", plugin.p99.count()}};
  if (plugin.broken.empty()) document.erase("error");
  if (plugin.server.empty()) document.erase("server");
  if (plugin.server_state.empty()) document.erase("server_state");
  if (plugin.server_restarts > 0) document["server_restarts"] = plugin.server_restarts;
  if (plugin.server_error.empty()) document.erase("server_error");
  return document;
}

}  // namespace

AdminReply pluginList(const std::vector<PluginStatus>& plugins,
                      const std::optional<std::string>& api_id) {
  Document list = Document::array();
  for (const PluginStatus& plugin : plugins) {
    if (!api_id || plugin.api_id == *api_id) list.push_back(documentOf(plugin));
  }
  AdminReply reply;
  reply.body = htmlSafe(list.dump(-1, ' ', false, Document::error_handler_t::replace)) + "\n";
  return reply;
}

}  // namespace tykpp::admin
