/* Answers nothing to the handshake. */
#include <tykpp/plugin.h>

TYKPP_EXPORT const tykpp_info_plugin* tykpp_plugin_query(void) { return 0; }
