/* Says it was built for an ABI that does not exist yet. */
#include <tykpp/plugin.h>

static const tykpp_info_plugin info = {TYKPP_ABI_MAGIC, 99,  sizeof info, sizeof(tykpp_hook_plugin),
                                       "future",        "1", 0,           0};
TYKPP_EXPORT const tykpp_info_plugin* tykpp_plugin_query(void) { return &info; }
