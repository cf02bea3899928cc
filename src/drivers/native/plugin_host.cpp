#include "drivers/native/plugin_host.hpp"

#include "drivers/native/isolated/child.hpp"

namespace tykpp::drivers::native {

int servePluginHost(int socket, int parent) { return isolated::serveChild(socket, parent); }

}  // namespace tykpp::drivers::native
