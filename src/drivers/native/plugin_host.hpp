#pragma once
// The other side of isolated plugins: what `tykpp plugin-host` does. The gateway starts it.

namespace tykpp::drivers::native {

/// Loads the plugin that the gateway names on the socket and runs its hooks until the gateway lets
/// go. Thread: main, alone in its process. Does not return while it serves.
/// @param socket  the descriptor that the gateway left
/// @param parent  the gateway's process id
int servePluginHost(int socket, int parent);

}  // namespace tykpp::drivers::native
