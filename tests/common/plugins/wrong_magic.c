/* Exports the symbol, but answers something else. */
#include <tykpp/plugin.h>

static const tykpp_info_plugin info = {
    7, TYKPP_ABI_VERSION, sizeof info, sizeof(tykpp_hook_plugin), "x", "1", 0, 0};
TYKPP_EXPORT const tykpp_info_plugin* tykpp_plugin_query(void) { return &info; }
