// The C side: the table, and what cgo cannot call by itself.
#include <string.h>
#include <tykpp/plugin.h>

extern int32_t goHook(int32_t which, tykpp_api_host* host, tykpp_call_host* call);

#define HOOK(name, which)                                                  \
  static int32_t name(const tykpp_api_host* host, tykpp_call_host* call) { \
    return goHook(which, (tykpp_api_host*)host, call);                     \
  }
HOOK(goHeader, 0)
HOOK(goPanic, 1)
HOOK(goLater, 2)
HOOK(goEat, 3)
HOOK(goPanicElsewhere, 4)

static tykpp_hook_plugin hooks[] = {{"GoHeader", TYKPP_AT_REQUEST, 0, goHeader},
                                    {"GoPanic", TYKPP_AT_REQUEST, 0, goPanic},
                                    {"GoLater", TYKPP_AT_REQUEST, 0, goLater},
                                    {"GoEat", TYKPP_AT_REQUEST, TYKPP_HOOK_BLOCKS, goEat},
                                    {"GoPanicElsewhere", TYKPP_AT_REQUEST, 0, goPanicElsewhere}};
static tykpp_info_plugin info = {
    TYKPP_ABI_MAGIC, TYKPP_ABI_VERSION, sizeof info, sizeof hooks[0], "handmade-go", "1", hooks, 5};

TYKPP_EXPORT const tykpp_info_plugin* tykpp_plugin_query(void) { return &info; }

void setHeader(tykpp_api_host* host, tykpp_call_host* call, char* name, char* value) {
  tykpp_text_plugin n = {name, strlen(name)}, v = {value, strlen(value)};
  host->header_set(call, TYKPP_REQUEST, n, v);
}
tykpp_completion_plugin* deferCall(tykpp_api_host* host, tykpp_call_host* call) {
  return host->defer(call);
}
void completeCall(tykpp_api_host* host, tykpp_completion_plugin* completion) {
  host->complete(completion, TYKPP_CONTINUE);
}
