/* Two hooks of one name. */
#include <tykpp/plugin.h>

static int32_t pass(const tykpp_api_host* host, tykpp_call_host* call) {
  (void)host;
  (void)call;
  return TYKPP_CONTINUE;
}
static const tykpp_hook_plugin hooks[] = {{"Same", TYKPP_AT_REQUEST, 0, pass},
                                          {"Same", TYKPP_AT_REQUEST, 0, pass}};
static const tykpp_info_plugin info = {
    TYKPP_ABI_MAGIC, TYKPP_ABI_VERSION, sizeof info, sizeof hooks[0], "x", "1", hooks, 2};
TYKPP_EXPORT const tykpp_info_plugin* tykpp_plugin_query(void) { return &info; }
