/* A plugin for the tests, in plain C: one function for each thing a hook can do. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <tykpp/plugin.h>

static tykpp_text_plugin text(const char* s) { return (tykpp_text_plugin){s, strlen(s)}; }
static tykpp_text_plugin copy(tykpp_text_host t) { return (tykpp_text_plugin){t.data, t.size}; }

static int32_t mark(const tykpp_api_host* host, tykpp_call_host* call, const char* name) {
  return host->header_add(call, TYKPP_REQUEST, text("X-Order"), text(name)) == TYKPP_OK
             ? TYKPP_CONTINUE
             : TYKPP_FAILED;
}
static int32_t first(const tykpp_api_host* host, tykpp_call_host* call) {
  return mark(host, call, "first");
}
static int32_t second(const tykpp_api_host* host, tykpp_call_host* call) {
  return mark(host, call, "second");
}

/* What the host says about the request, as request headers the test can read upstream. */
static int32_t facts(const tykpp_api_host* host, tykpp_call_host* call) {
  static const struct {
    int32_t field;
    const char* name;
  } kFields[] = {{TYKPP_TEXT_METHOD, "X-Method"},  {TYKPP_TEXT_URL, "X-Url"},
                 {TYKPP_TEXT_PATH, "X-Path"},      {TYKPP_TEXT_QUERY, "X-Query"},
                 {TYKPP_TEXT_HOST, "X-Host"},      {TYKPP_TEXT_SCHEME, "X-Scheme"},
                 {TYKPP_TEXT_API_ID, "X-Api"},     {TYKPP_TEXT_API_NAME, "X-Api-Name"},
                 {TYKPP_TEXT_ORG_ID, "X-Org"},     {TYKPP_TEXT_CONFIG_DATA, "X-Config"},
                 {TYKPP_TEXT_HOOK_NAME, "X-Hook"}, {TYKPP_TEXT_CLIENT_ADDRESS, "X-Client"}};
  for (size_t i = 0; i < sizeof kFields / sizeof *kFields; ++i) {
    tykpp_text_host value;
    if (host->text(call, kFields[i].field, &value) != TYKPP_OK) return TYKPP_FAILED;
    host->header_set(call, TYKPP_REQUEST, text(kFields[i].name), copy(value));
  }
  return TYKPP_CONTINUE;
}

static int32_t rewrite(const tykpp_api_host* host, tykpp_call_host* call) {
  int32_t done = host->text_set(call, TYKPP_TEXT_METHOD, text("PUT"));
  return done == TYKPP_OK ? TYKPP_CONTINUE : TYKPP_FAILED;
}

static int32_t remove_header(const tykpp_api_host* host, tykpp_call_host* call) {
  return host->header_delete(call, TYKPP_REQUEST, text("x-secret")) == TYKPP_OK ? TYKPP_CONTINUE
                                                                                : TYKPP_FAILED;
}

/* Forging the framing of a request must not be possible. */
static int32_t forge(const tykpp_api_host* host, tykpp_call_host* call) {
  int denied = 0;
  denied += host->header_set(call, TYKPP_REQUEST, text("Content-Length"), text("5")) != TYKPP_OK;
  denied +=
      host->header_set(call, TYKPP_REQUEST, text("Transfer-Encoding"), text("chunked")) != TYKPP_OK;
  denied += host->header_set(call, TYKPP_REQUEST, text("X-A"), text("a\r\nX-B: b")) != TYKPP_OK;
  denied += host->header_set(call, TYKPP_REQUEST, text("X A"), text("a")) != TYKPP_OK;
  denied += host->text_set(call, TYKPP_TEXT_URL, text("/x HTTP/1.1\r\nX-B: b\r\n\r\n")) != TYKPP_OK;
  denied += host->text_set(call, TYKPP_TEXT_METHOD, text("GET /x")) != TYKPP_OK;
  return denied == 6 ? TYKPP_CONTINUE : TYKPP_FAILED;
}

static int32_t answer(const tykpp_api_host* host, tykpp_call_host* call) {
  if (host->respond(call, 418, text("from the plugin")) != TYKPP_OK) return TYKPP_FAILED;
  host->header_set(call, TYKPP_RESPONSE, text("X-From"), text("plugin"));
  return TYKPP_RESPOND;
}

static int32_t fail(const tykpp_api_host* host, tykpp_call_host* call) {
  (void)host;
  (void)call;
  return TYKPP_FAILED;
}

static int32_t body_upper(const tykpp_api_host* host, tykpp_call_host* call) {
  int32_t message = host->hook(call) == TYKPP_HOOK_RESPONSE ? TYKPP_RESPONSE : TYKPP_REQUEST;
  tykpp_text_host body;
  if (host->body_get(call, message, &body) != TYKPP_OK) return TYKPP_FAILED;
  char* upper = malloc(body.size + 1);
  for (size_t i = 0; i < body.size; ++i) {
    char c = body.data[i];
    upper[i] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
  }
  upper[body.size] = '!';
  int32_t done = host->body_set(call, message, (tykpp_text_plugin){upper, body.size + 1});
  free(upper);
  return done == TYKPP_OK ? TYKPP_CONTINUE : TYKPP_FAILED;
}

static int32_t response_header(const tykpp_api_host* host, tykpp_call_host* call) {
  int32_t status;
  if (host->status_get(call, &status) != TYKPP_OK) return TYKPP_FAILED;
  host->header_set(call, TYKPP_RESPONSE, text("X-Status-Was"),
                   text(status == 200 ? "200" : "other"));
  host->header_delete(call, TYKPP_RESPONSE, text("Server"));
  host->status_set(call, 203);
  return TYKPP_CONTINUE;
}

/* --- answers that come later, from another thread */
struct later {
  const tykpp_api_host* host;
  tykpp_call_host* call;
  tykpp_completion_plugin* completion;
  int milliseconds;
  int respond;
};

static void* complete_later(void* argument) {
  struct later* later = argument;
  struct timespec pause = {later->milliseconds / 1000, (later->milliseconds % 1000) * 1000000L};
  nanosleep(&pause, NULL);
  if (later->respond) {
    later->host->respond(later->call, 202, text("later"));
  } else {
    later->host->header_set(later->call, TYKPP_REQUEST, text("X-Later"), text("yes"));
  }
  later->host->complete(later->completion, later->respond ? TYKPP_RESPOND : TYKPP_CONTINUE);
  free(later);
  return NULL;
}

static int32_t defer(const tykpp_api_host* host, tykpp_call_host* call, int milliseconds,
                     int respond) {
  struct later* later = malloc(sizeof *later);
  *later = (struct later){host, call, host->defer(call), milliseconds, respond};
  pthread_t thread;
  if (later->completion == NULL || pthread_create(&thread, NULL, complete_later, later) != 0) {
    free(later);
    return TYKPP_FAILED;
  }
  pthread_detach(thread);
  return TYKPP_PENDING;
}
static int32_t later_header(const tykpp_api_host* host, tykpp_call_host* call) {
  return defer(host, call, 50, 0);
}
static int32_t later_answer(const tykpp_api_host* host, tykpp_call_host* call) {
  return defer(host, call, 50, 1);
}
static int32_t too_late(const tykpp_api_host* host, tykpp_call_host* call) {
  return defer(host, call, 3000, 0);
}

/* --- authentication: the key is the header Authorization, and only `open` opens */
static int32_t authenticate(const tykpp_api_host* host, tykpp_call_host* call) {
  tykpp_text_host key;
  if (host->header_get(call, TYKPP_REQUEST, text("Authorization"), 0, &key) != TYKPP_OK ||
      key.size != 4 || memcmp(key.data, "open", 4) != 0) {
    return host->respond(call, 403, text("closed")) == TYKPP_OK ? TYKPP_RESPOND : TYKPP_FAILED;
  }
  return host->session_set(call, text("{\"alias\":\"visitor\"}"), copy(key)) == TYKPP_OK
             ? TYKPP_CONTINUE
             : TYKPP_FAILED;
}

static int32_t who(const tykpp_api_host* host, tykpp_call_host* call) {
  tykpp_text_host key;
  if (host->session_key(call, &key) != TYKPP_OK) return TYKPP_FAILED;
  return host->header_set(call, TYKPP_REQUEST, text("X-Key"), copy(key)) == TYKPP_OK
             ? TYKPP_CONTINUE
             : TYKPP_FAILED;
}

static int32_t record(const tykpp_api_host* host, tykpp_call_host* call) {
  int64_t status = 0;
  tykpp_text_host path;
  if (host->record_number(call, TYKPP_RECORD_RESPONSE_CODE, &status) != TYKPP_OK ||
      host->record_text(call, TYKPP_RECORD_PATH, &path) != TYKPP_OK) {
    return TYKPP_FAILED;
  }
  host->log(call, TYKPP_LOG_WARN, text(status == 200 ? "probe-record-200" : "probe-record-other"));
  return TYKPP_CONTINUE;
}

static const tykpp_hook_plugin kHooks[] = {
    {"First", TYKPP_AT_REQUEST, 0, first},
    {"Second", TYKPP_AT_REQUEST, 0, second},
    {"Facts", TYKPP_AT_REQUEST, 0, facts},
    {"Rewrite", TYKPP_AT_REQUEST, 0, rewrite},
    {"RemoveHeader", TYKPP_AT_REQUEST, 0, remove_header},
    {"Forge", TYKPP_AT_REQUEST, 0, forge},
    {"Answer", TYKPP_AT_REQUEST | TYKPP_AT_RESPONSE, 0, answer},
    {"Fail", TYKPP_AT_REQUEST | TYKPP_AT_RESPONSE, 0, fail},
    {"BodyUpper", TYKPP_AT_REQUEST | TYKPP_AT_RESPONSE, TYKPP_HOOK_BODY, body_upper},
    {"ResponseHeader", TYKPP_AT_RESPONSE, 0, response_header},
    {"LaterHeader", TYKPP_AT_REQUEST, 0, later_header},
    {"LaterAnswer", TYKPP_AT_REQUEST, 0, later_answer},
    {"TooLate", TYKPP_AT_REQUEST, 0, too_late},
    {"Authenticate", TYKPP_AT(TYKPP_HOOK_AUTH), 0, authenticate},
    {"Who", TYKPP_AT_REQUEST, 0, who},
    {"Record", TYKPP_AT_ANALYTICS, 0, record},
};

#ifndef PROBE_ABI
#define PROBE_ABI TYKPP_ABI_VERSION
#endif
static const tykpp_info_plugin kInfo = {TYKPP_ABI_MAGIC,
                                        PROBE_ABI,
                                        sizeof(tykpp_info_plugin),
                                        sizeof(tykpp_hook_plugin),
                                        "probe",
                                        "1",
                                        kHooks,
                                        sizeof kHooks / sizeof *kHooks};

TYKPP_EXPORT const tykpp_info_plugin* tykpp_plugin_query(void) { return &kInfo; }
