#pragma once
// The plugin host process: loads one plugin and runs its hooks for the gateway that started it.

namespace tykpp::drivers::native::isolated {

/// Serves until the gateway closes the control socket or dies.
/// @param control  the socket to the gateway
/// @param parent   the gateway's process: with another parent it has died already
/// @return the process' exit code, when the plugin cannot be loaded; it does not return otherwise
int serveChild(int control, int parent);

}  // namespace tykpp::drivers::native::isolated
