#include "shim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "_cgo_export.h"

// Whether this gateway has a function that later revisions of the ABI added.
#define COVERS(host, function) \
  ((host)->size >= offsetof(tykpp_api_host, function) + sizeof((host)->function))

enum { STACK_TEXTS = 160, STACK_OUT = 4096 };

static tykpp_hook_plugin hooks[TYKPP_GO_MAX_HOOKS];
static tykpp_info_plugin info = {TYKPP_ABI_MAGIC, TYKPP_ABI_VERSION, sizeof info, sizeof hooks[0],
                                 "go", "", hooks, 0};

static tykpp_text_plugin own(const char* data, size_t size) {
  tykpp_text_plugin text = {data, size};
  return text;
}

/* ---- gathering ---- */

static void fact(tykpp_go_call* c, int32_t field, int slot) {
  tykpp_text_host* out = &c->texts[slot];
  if (c->host->text(c->call, field, out) != TYKPP_OK) {
    out->data = "";
    out->size = 0;
  }
}

static void facts(tykpp_go_call* c) {
  fact(c, TYKPP_TEXT_METHOD, GO_METHOD);
  fact(c, TYKPP_TEXT_URL, GO_URL);
  fact(c, TYKPP_TEXT_HOST, GO_HOST);
  fact(c, TYKPP_TEXT_SCHEME, GO_SCHEME);
  fact(c, TYKPP_TEXT_PROTOCOL, GO_PROTOCOL);
  fact(c, TYKPP_TEXT_REMOTE_ADDRESS, GO_REMOTE);
  fact(c, TYKPP_TEXT_REQUEST_TARGET, GO_TARGET);
  fact(c, TYKPP_TEXT_CLIENT_ADDRESS, GO_CLIENT);
  if (c->texts[GO_SCHEME].size != sizeof "https" - 1) {
    const tykpp_text_host none = {"", 0};
    for (int slot = GO_CERTIFICATES; slot <= GO_TLS_NAME; ++slot) c->texts[slot] = none;
    return;
  }
  fact(c, TYKPP_TEXT_CLIENT_CERTIFICATES, GO_CERTIFICATES);
  fact(c, TYKPP_TEXT_TLS_VERSION, GO_TLS_VERSION);
  fact(c, TYKPP_TEXT_TLS_CIPHER, GO_TLS_CIPHER);
  fact(c, TYKPP_TEXT_TLS_SERVER_NAME, GO_TLS_NAME);
}

static size_t headers(tykpp_go_call* c, int32_t message, size_t count, tykpp_text_host* out) {
  size_t i = 0;
  for (; i < count; ++i) {
    if (c->host->header_at(c->call, message, i, &out[2 * i], &out[2 * i + 1]) != TYKPP_OK) break;
  }
  return i;
}

static size_t count(tykpp_go_call* c, int32_t message) {
  size_t n = 0;
  return c->host->header_count(c->call, message, &n) == TYKPP_OK ? n : 0;
}

/* ---- applying ---- */

static void drop(void* state) { tykppGoDrop((uint64_t)(uintptr_t)state); }

static int32_t number(const char* bytes, size_t size) {
  int32_t value = 0;
  if (size == sizeof value) memcpy(&value, bytes, sizeof value);
  return value;
}

static int32_t apply_one(const tykpp_api_host* host, tykpp_call_host* call, int op, int32_t message,
                         tykpp_text_plugin a, tykpp_text_plugin b) {
  switch (op) {
    case GO_OP_METHOD: return host->text_set(call, TYKPP_TEXT_METHOD, a);
    case GO_OP_URL: return host->text_set(call, TYKPP_TEXT_URL, a);
    case GO_OP_HOST: return host->text_set(call, TYKPP_TEXT_HOST, a);
    case GO_OP_HEADER_SET: return host->header_set(call, message, a, b);
    case GO_OP_HEADER_ADD: return host->header_add(call, message, a, b);
    case GO_OP_HEADER_DELETE: return host->header_delete(call, message, a);
    case GO_OP_BODY: return host->body_set(call, message, a);
    case GO_OP_STATUS: return host->status_set(call, number(a.data, a.size));
    case GO_OP_RESPOND: return host->respond(call, number(a.data, a.size), b);
    case GO_OP_SESSION: return host->session_set(call, a, b);
    case GO_OP_STATE: {
      uint64_t id = 0;
      memcpy(&id, a.data, sizeof id);
      /* Nothing depends on it: a call that has ended, or a gateway that keeps nothing. */
      if (!COVERS(host, state_set) || host->state_set == NULL ||
          host->state_set(call, (void*)(uintptr_t)id, drop) != TYKPP_OK) {
        tykppGoDrop(id);
      }
      return TYKPP_OK;
    }
    case GO_OP_RECORD:
      return COVERS(host, record_set) && host->record_set != NULL ? host->record_set(call, a) : TYKPP_ERR_NOT_BUILT;
    case GO_OP_RECORD_TEXT: return host->record_text_set(call, number(a.data, a.size), b);
    case GO_OP_RECORD_NUMBER: {
      int64_t value = 0;
      if (b.size == sizeof value) memcpy(&value, b.data, sizeof value);
      return host->record_number_set(call, number(a.data, a.size), value);
    }
    default: return TYKPP_ERR_ARGUMENT;
  }
}

/* Fields the gateway keeps for itself, and fields that were gone already, are no failure: Go plugins
 * set Content-Length as they were used to. */
static int harmless(int op, int32_t message, int32_t code) {
  if (op < GO_OP_HEADER_SET || op > GO_OP_HEADER_DELETE) return 0;
  if (code == TYKPP_ERR_DENIED || code == TYKPP_ERR_NOT_FOUND) return 1;
  return message == TYKPP_ANSWER; /* said once, by Go */
}

static const char* op_name(int op) {
  static const char* const names[] = {"",        "method",  "URL",     "header", "header", "header",
                                      "body",    "status",  "answer",  "session", "request state",
                                      "record",  "record",  "record"};
  return op > 0 && op < (int)(sizeof names / sizeof names[0]) ? names[op] : "reply";
}

/* TYKPP_OK, or the first failure, which is explained to the gateway. */
static int32_t apply(const tykpp_api_host* host, tykpp_call_host* call, const char* at, size_t size) {
  const char* const end = at + size;
  int32_t result = TYKPP_OK;
  while (end - at >= 10) {
    uint32_t na, nb;
    const int op = (unsigned char)at[0];
    const int32_t message = (unsigned char)at[1];
    memcpy(&na, at + 2, 4);
    memcpy(&nb, at + 6, 4);
    at += 10;
    const tykpp_text_plugin a = own(at, na), b = own(at + na, nb);
    at += (size_t)na + nb;
    const int32_t code = apply_one(host, call, op, message, a, b);
    if (code == TYKPP_OK) continue;
    if (message == TYKPP_ANSWER && op <= GO_OP_HEADER_DELETE) tykppGoNoAnswerHeaders();
    if (harmless(op, message, code) || result != TYKPP_OK) continue;
    char why[160];
    const int used = snprintf(why, sizeof why, "the gateway refused the %s \"%.*s\" that the plugin set (code %d%s)",
                              op_name(op), op <= GO_OP_HEADER_DELETE ? (int)(na > 60 ? 60 : na) : 0, a.data, (int)code,
                              code == TYKPP_ERR_NOT_BUFFERED ? ": the function needs the comment //tykpp:body" : "");
    host->explain(call, own(why, used < (int)sizeof why ? (size_t)used : sizeof why - 1));
    result = code;
  }
  return result;
}

/* ---- the call ---- */

static int runs_in_host(void) {
  static int known = -1;
  if (known < 0) {
    const char* const set = getenv("TYKPP_PLUGIN_HOST");
    known = set != NULL && strcmp(set, "1") == 0;
  }
  return known;
}

/* Whether this thread's call is one of those that let Go's scheduler run: one in 4 ms. Go's monitor
 * takes it for a call that has run for too long when the scheduler has not run on a thread for
 * 10 ms, and then takes away what the thread needs to come back into Go (its P) whenever the thread
 * is outside: each request pays for getting it again, and for the wake-ups of three threads. */
static int32_t rests(void) {
  enum { EVERY_MS = 4 };
  static __thread int64_t last;
  struct timespec now;
  if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return 0;
  const int64_t ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
  if (ms - last < EVERY_MS) return 0;
  last = ms;
  return 1;
}

static int32_t enter(tykpp_go_call* c) {
  int32_t verdict;
  const int can_wait = c->hook != TYKPP_HOOK_ANALYTICS && runs_in_host();
  c->completion = can_wait ? c->host->defer(c->call) : NULL;
  c->rest = c->completion == NULL && rests();
  verdict = tykppGoCall(c);
  if (c->completion != NULL) return verdict; /* pending; what Go was lent, it has copied */
  if (c->out_used > 0 && apply(c->host, c->call, c->out, c->out_used) != TYKPP_OK) return TYKPP_FAILED;
  return verdict;
}

static int32_t run(const tykpp_api_host* host, tykpp_call_host* call, int32_t index) {
  tykpp_text_host stack_texts[STACK_TEXTS];
  char stack_out[STACK_OUT];
  tykpp_text_host* heap_texts = NULL;
  tykpp_go_call c;
  memset(&c, 0, sizeof c);
  c.host = host;
  c.call = call;
  c.index = index;
  c.hook = host->hook(call);
  c.texts = stack_texts;
  c.out = stack_out;
  c.out_size = sizeof stack_out;
  int32_t verdict;
  if (c.hook != TYKPP_HOOK_ANALYTICS) {
    const size_t of_request = count(&c, TYKPP_REQUEST);
    const size_t of_response = c.hook == TYKPP_HOOK_RESPONSE ? count(&c, TYKPP_RESPONSE) : 0;
    const size_t wanted = GO_FIXED_TEXTS + 2 * (of_request + of_response);
    if (wanted > STACK_TEXTS) {
      heap_texts = malloc(wanted * sizeof *heap_texts);
      if (heap_texts == NULL) return TYKPP_FAILED;
      c.texts = heap_texts;
    }
    facts(&c);
    c.request_headers = headers(&c, TYKPP_REQUEST, of_request, c.texts + GO_FIXED_TEXTS);
    c.response_headers = headers(&c, TYKPP_RESPONSE, of_response,
                                 c.texts + GO_FIXED_TEXTS + 2 * c.request_headers);
    if (c.hook == TYKPP_HOOK_RESPONSE) host->status_get(call, &c.status);
    if (hooks[index].flags & TYKPP_HOOK_BODY) {
      c.has_body = host->body_get(call, c.hook == TYKPP_HOOK_RESPONSE ? TYKPP_RESPONSE : TYKPP_REQUEST,
                                  &c.body) == TYKPP_OK;
    }
    if (COVERS(host, state_get) && host->state_get != NULL) {
      void* state = NULL;
      if (host->state_get(call, &state) == TYKPP_OK) c.state = (uint64_t)(uintptr_t)state;
    }
  }
  verdict = enter(&c);
  free(heap_texts);
  if (c.out != stack_out) free(c.out);
  return verdict;
}

char* tykpp_go_reserve(tykpp_go_call* c, size_t size) {
  char* const fresh = malloc(size);
  if (fresh == NULL) return NULL;
  if (c->out_size > STACK_OUT) free(c->out);
  c->out = fresh;
  c->out_size = size;
  return fresh;
}

int32_t tykpp_go_finish(const tykpp_api_host* host, tykpp_call_host* call, tykpp_completion_plugin* completion,
                     const char* reply, size_t size, int32_t verdict) {
  if (size > 0 && apply(host, call, reply, size) != TYKPP_OK) verdict = TYKPP_FAILED;
  return host->complete(completion, verdict);
}

/* ---- what Go asks in between ---- */

void tykpp_go_log(const tykpp_api_host* host, tykpp_call_host* call, int32_t level, const char* text, size_t size) {
  host->log(call, level, own(text, size));
}
void tykpp_go_explain(const tykpp_api_host* host, tykpp_call_host* call, const char* text, size_t size) {
  host->explain(call, own(text, size));
}
int32_t tykpp_go_text(const tykpp_api_host* host, tykpp_call_host* call, int32_t field, tykpp_text_host* out) {
  return host->text(call, field, out);
}
int32_t tykpp_go_gateway_text(const tykpp_api_host* host, int32_t field, tykpp_text_host* out) {
  if (!COVERS(host, gateway_text) || host->gateway_text == NULL) return TYKPP_ERR_NOT_BUILT;
  return host->gateway_text(field, out);
}
int32_t tykpp_go_session(const tykpp_api_host* host, tykpp_call_host* call, tykpp_text_host* json,
                         tykpp_text_host* key) {
  const int32_t code = host->session_get(call, json);
  if (code != TYKPP_OK) return code;
  if (host->session_key(call, key) != TYKPP_OK) *key = (tykpp_text_host){"", 0};
  return TYKPP_OK;
}
static void ended(void* context) { tykppGoEnded((uint64_t)(uintptr_t)context); }
int32_t tykpp_go_on_gone(const tykpp_api_host* host, tykpp_call_host* call, uint64_t id) {
  if (!COVERS(host, on_gone) || host->on_gone == NULL) return TYKPP_ERR_NOT_BUILT;
  return host->on_gone(call, ended, (void*)(uintptr_t)id);
}
int32_t tykpp_go_has_state(const tykpp_api_host* host) {
  return COVERS(host, state_set) && host->state_set != NULL;
}
int32_t tykpp_go_record(const tykpp_api_host* host, tykpp_call_host* call, tykpp_text_host* json) {
  if (!COVERS(host, record_set) || host->record_get == NULL) return TYKPP_ERR_NOT_BUILT;
  return host->record_get(call, json);
}
int32_t tykpp_go_record_text(const tykpp_api_host* host, tykpp_call_host* call, int32_t field, tykpp_text_host* out) {
  return host->record_text(call, field, out);
}
int32_t tykpp_go_record_number(const tykpp_api_host* host, tykpp_call_host* call, int32_t field, int64_t* out) {
  return host->record_number(call, field, out);
}

/* ---- one address a function: a hook carries no data of its own ---- */

#define HOOK(n) \
  static int32_t hook_##n(const tykpp_api_host* host, tykpp_call_host* call) { return run(host, call, 0##n); }
#define HOOKS_8(n) HOOK(n##0) HOOK(n##1) HOOK(n##2) HOOK(n##3) HOOK(n##4) HOOK(n##5) HOOK(n##6) HOOK(n##7)
#define HOOKS_64(n) HOOKS_8(n##0) HOOKS_8(n##1) HOOKS_8(n##2) HOOKS_8(n##3) HOOKS_8(n##4) HOOKS_8(n##5) HOOKS_8(n##6) HOOKS_8(n##7)
#define NAME_8(n) hook_##n##0, hook_##n##1, hook_##n##2, hook_##n##3, hook_##n##4, hook_##n##5, hook_##n##6, hook_##n##7,
#define NAMES_64(n) NAME_8(n##0) NAME_8(n##1) NAME_8(n##2) NAME_8(n##3) NAME_8(n##4) NAME_8(n##5) NAME_8(n##6) NAME_8(n##7)

/* Numbers are octal: three digits count the hooks. */
HOOKS_64(0) HOOKS_64(1) HOOKS_64(2) HOOKS_64(3) HOOKS_64(4) HOOKS_64(5) HOOKS_64(6) HOOKS_64(7)

static const tykpp_function_plugin functions[TYKPP_GO_MAX_HOOKS] = {
    NAMES_64(0) NAMES_64(1) NAMES_64(2) NAMES_64(3) NAMES_64(4) NAMES_64(5) NAMES_64(6) NAMES_64(7)};

int32_t tykpp_go_add(const char* name, uint32_t places, uint32_t flags) {
  if (info.hook_count >= TYKPP_GO_MAX_HOOKS) return -1;
  const size_t index = info.hook_count++;
  hooks[index] = (tykpp_hook_plugin){name, places, flags, functions[index]};
  return (int32_t)index;
}

void tykpp_go_name(const char* name, const char* version) {
  info.name = name;
  info.version = version;
}

TYKPP_EXPORT const tykpp_info_plugin* tykpp_plugin_query(void) {
  tykppGoLoad();
  return &info;
}
