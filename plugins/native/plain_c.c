/* The same as add_foo_bar.cpp in C: the ABI needs no C++. */
#include <string.h>
#include <tykpp/plugin.h>

static tykpp_text_plugin text(const char* literal) {
  tykpp_text_plugin out = {literal, strlen(literal)};
  return out;
}

static int32_t add_foo_bar(const tykpp_api_host* host, tykpp_call_host* call) {
  int32_t code = host->header_set(call, TYKPP_REQUEST, text("Foo"), text("Bar"));
  if (code != TYKPP_OK) {
    host->log(call, TYKPP_LOG_ERROR, text("cannot set the header"));
    return TYKPP_FAILED;
  }
  return TYKPP_CONTINUE;
}

static const tykpp_hook_plugin hooks[] = {{"AddFooBar", TYKPP_AT_REQUEST, 0, add_foo_bar}};
static const tykpp_info_plugin info = {
    TYKPP_ABI_MAGIC, TYKPP_ABI_VERSION, sizeof info, sizeof hooks[0], "plain-c", "1.0", hooks, 1};

TYKPP_EXPORT const tykpp_info_plugin* tykpp_plugin_query(void) { return &info; }
