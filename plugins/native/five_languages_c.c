/* One of the five plugins of apps/five-languages.json: notes that the request came by. */
#include <string.h>
#include <tykpp/plugin.h>

static tykpp_text_plugin text(const char* literal) {
  tykpp_text_plugin out = {literal, strlen(literal)};
  return out;
}

static int32_t pass(const tykpp_api_host* host, tykpp_call_host* call) {
  return host->header_set(call, TYKPP_REQUEST, text("X-Languages"), text("C")) == TYKPP_OK
             ? TYKPP_CONTINUE
             : TYKPP_FAILED;
}

static const tykpp_hook_plugin hooks[] = {{"PassC", TYKPP_AT_REQUEST, 0, pass}};
static const tykpp_info_plugin info = {TYKPP_ABI_MAGIC,
                                       TYKPP_ABI_VERSION,
                                       sizeof info,
                                       sizeof hooks[0],
                                       "five-languages",
                                       "1.0",
                                       hooks,
                                       1};

TYKPP_EXPORT const tykpp_info_plugin* tykpp_plugin_query(void) { return &info; }
