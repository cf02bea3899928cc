/* Plays a gateway of plugin ABI 1.1 for one request, and writes down what a plugin asks of it.
 *
 *   abi_host PLUGIN.so HOOK:FUNCTION...     HOOK: pre auth post response analytics
 *
 * With TYKPP_PLUGIN_HOST=1 hooks may defer; with CLIENT_LEAVES=1 the client leaves while they wait. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <tykpp/plugin.h>

enum { MAX = 64 };
struct header { char name[64], value[256]; };
struct tykpp_call_host { int32_t hook; const char* name; };

static struct header requests[MAX], responses[MAX];
static size_t request_count, response_count;
static char method[16] = "GET", url[256] = "/api/get?a=1";
static char session[4096], key[256];
static void* state;
static void (*state_drop)(void*);
static void (*gone)(void*);
static void* gone_context;
static int deferred;
static int32_t verdict;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_mutex_t line = PTHREAD_MUTEX_INITIALIZER;

#define SAY(...) (pthread_mutex_lock(&line), printf(__VA_ARGS__), putchar('\n'), pthread_mutex_unlock(&line))
#define TEXT(t) (int)(t).size, (t).data

static int32_t give(tykpp_text_host* out, const char* text) {
  out->data = text;
  out->size = strlen(text);
  return TYKPP_OK;
}
static void keep(char* to, size_t size, tykpp_text_plugin text) { snprintf(to, size, "%.*s", TEXT(text)); }

static void say_log(tykpp_call_host* call, int32_t level, tykpp_text_plugin text) {
  const char* end = memchr(text.data, '\n', text.size); /* stacks differ */
  if (end != NULL) text.size = (size_t)(end - text.data);
  SAY("log %d %.*s%s", level, TEXT(text), call != NULL ? " (of the call)" : "");
}
static int32_t explain(tykpp_call_host* call, tykpp_text_plugin reason) {
  (void)call;
  SAY("explain %.*s", TEXT(reason));
  return TYKPP_OK;
}
static int32_t hook_of(tykpp_call_host* call) { return call->hook; }
static int32_t text_of(tykpp_call_host* call, int32_t field, tykpp_text_host* out) {
  switch (field) {
    case TYKPP_TEXT_METHOD: return give(out, method);
    case TYKPP_TEXT_URL: return give(out, url);
    case TYKPP_TEXT_HOST: return give(out, "shop.example");
    case TYKPP_TEXT_SCHEME: return give(out, "https");
    case TYKPP_TEXT_PROTOCOL: return give(out, "HTTP/1.0");
    case TYKPP_TEXT_REMOTE_ADDRESS: return give(out, "10.0.0.1:4711");
    case TYKPP_TEXT_REQUEST_TARGET: return give(out, "/original");
    case TYKPP_TEXT_CLIENT_ADDRESS: return give(out, "10.0.0.1");
    case TYKPP_TEXT_API_ID: return give(out, "api");
    case TYKPP_TEXT_HOOK_NAME: return give(out, call->name);
    case TYKPP_TEXT_API_FORMAT: return give(out, "classic");
    case TYKPP_TEXT_API_DEFINITION:
      return give(out, "{\"api_id\": \"api\", \"name\": \"whole\", \"config_data\": {\"a\": [1]}}");
    default: return TYKPP_ERR_ARGUMENT;
  }
}
static int32_t text_set(tykpp_call_host* call, int32_t field, tykpp_text_plugin value) {
  (void)call;
  SAY("text %d %.*s", field, TEXT(value));
  return TYKPP_OK;
}
static int32_t header_count(tykpp_call_host* call, int32_t message, size_t* out) {
  (void)call;
  *out = message == TYKPP_REQUEST ? request_count : response_count;
  return TYKPP_OK;
}
static int32_t header_at(tykpp_call_host* call, int32_t message, size_t i, tykpp_text_host* name,
                         tykpp_text_host* value) {
  (void)call;
  struct header* all = message == TYKPP_REQUEST ? requests : responses;
  give(name, all[i].name);
  return give(value, all[i].value);
}
static const char* const messages[] = {"request", "response", "answer"};
static int32_t header_get(tykpp_call_host* call, int32_t message, tykpp_text_plugin name, size_t i,
                          tykpp_text_host* out) {
  (void)call, (void)message, (void)name, (void)i, (void)out;
  return TYKPP_ERR_NOT_FOUND;
}
static int32_t header_set(tykpp_call_host* call, int32_t message, tykpp_text_plugin name, tykpp_text_plugin value) {
  (void)call;
  SAY("set %s %.*s=%.*s", messages[message], TEXT(name), TEXT(value));
  return TYKPP_OK;
}
static int32_t header_add(tykpp_call_host* call, int32_t message, tykpp_text_plugin name, tykpp_text_plugin value) {
  (void)call;
  SAY("add %s %.*s=%.*s", messages[message], TEXT(name), TEXT(value));
  return TYKPP_OK;
}
static int32_t header_delete(tykpp_call_host* call, int32_t message, tykpp_text_plugin name) {
  (void)call;
  SAY("delete %s %.*s", messages[message], TEXT(name));
  return TYKPP_OK;
}
static int32_t body_get(tykpp_call_host* call, int32_t message, tykpp_text_host* out) {
  (void)call, (void)message;
  return give(out, "the body");
}
static int32_t body_set(tykpp_call_host* call, int32_t message, tykpp_text_plugin body) {
  (void)call;
  SAY("body %s %.*s", messages[message], TEXT(body));
  return TYKPP_OK;
}
static int32_t status_get(tykpp_call_host* call, int32_t* out) {
  (void)call;
  *out = 200;
  return TYKPP_OK;
}
static int32_t status_set(tykpp_call_host* call, int32_t status) {
  (void)call;
  SAY("status %d", status);
  return TYKPP_OK;
}
static int32_t respond(tykpp_call_host* call, int32_t status, tykpp_text_plugin body) {
  (void)call;
  SAY("respond %d %.*s", status, TEXT(body));
  return TYKPP_OK;
}
static int32_t session_get(tykpp_call_host* call, tykpp_text_host* out) {
  (void)call;
  return session[0] != 0 ? give(out, session) : TYKPP_ERR_NOT_FOUND;
}
static int32_t session_key(tykpp_call_host* call, tykpp_text_host* out) {
  (void)call;
  return session[0] != 0 ? give(out, key) : TYKPP_ERR_NOT_FOUND;
}
static int32_t session_set(tykpp_call_host* call, tykpp_text_plugin json, tykpp_text_plugin token) {
  (void)call;
  keep(session, sizeof session, json);
  keep(key, sizeof key, token);
  SAY("session %s", key);
  return TYKPP_OK;
}
static int32_t record_text(tykpp_call_host* call, int32_t field, tykpp_text_host* out) {
  (void)call, (void)field, (void)out;
  return TYKPP_ERR_NOT_HERE; /* the whole record is there */
}
static int32_t record_text_set(tykpp_call_host* call, int32_t field, tykpp_text_plugin value) {
  (void)call, (void)field, (void)value;
  return TYKPP_ERR_NOT_HERE;
}
static int32_t record_number(tykpp_call_host* call, int32_t field, int64_t* out) {
  (void)call, (void)field, (void)out;
  return TYKPP_ERR_NOT_HERE;
}
static int32_t record_number_set(tykpp_call_host* call, int32_t field, int64_t value) {
  (void)call, (void)field, (void)value;
  return TYKPP_ERR_NOT_HERE;
}
static tykpp_completion_plugin* defer(tykpp_call_host* call) {
  if (call->hook == TYKPP_HOOK_ANALYTICS) return NULL;
  deferred = 1;
  return (tykpp_completion_plugin*)&deferred;
}
static int32_t complete(tykpp_completion_plugin* completion, int32_t answer) {
  (void)completion;
  pthread_mutex_lock(&mutex);
  verdict = answer;
  deferred = 0;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
  return TYKPP_OK;
}
static int32_t gateway_text(int32_t field, tykpp_text_host* out) {
  return give(out, field == TYKPP_GATEWAY_VERSION ? "5.13.0" : "{\"hash_keys\": true, \"storage\": {\"port\": 6380}}");
}
static int32_t on_gone(tykpp_call_host* call, void (*ended)(void*), void* context) {
  (void)call;
  pthread_mutex_lock(&mutex);
  gone = ended;
  gone_context = context;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
  return TYKPP_OK;
}
static int32_t state_get(tykpp_call_host* call, void** out) {
  (void)call;
  if (state == NULL) return TYKPP_ERR_NOT_FOUND;
  *out = state;
  return TYKPP_OK;
}
static int32_t state_set(tykpp_call_host* call, void* fresh, void (*drop)(void*)) {
  (void)call;
  state = fresh;
  state_drop = drop;
  SAY("state");
  return TYKPP_OK;
}
static int32_t record_get(tykpp_call_host* call, tykpp_text_host* json) {
  (void)call;
  return give(json, "{\"method\": \"GET\", \"path\": \"/thing\", \"response_code\": 200, \"future\": 1, "
                    "\"timestamp\": \"2024-01-02T03:04:05Z\", \"tags\": null}");
}
static int32_t record_set(tykpp_call_host* call, tykpp_text_plugin json) {
  (void)call;
  SAY("record %.*s", TEXT(json));
  return TYKPP_OK;
}

static const tykpp_api_host host = {
    sizeof host, TYKPP_ABI_VERSION, say_log, explain, hook_of, text_of, text_set, header_count, header_at,
    header_get, header_set, header_add, header_delete, body_get, body_set, status_get, status_set, respond,
    session_get, session_key, session_set, record_text, record_text_set, record_number, record_number_set,
    defer, complete, gateway_text, on_gone, state_get, state_set, record_get, record_set};

static int32_t number_of(const char* hook) {
  static const char* const names[] = {"pre", "auth", "post_auth", "post", "response", "analytics"};
  for (int32_t i = 0; i < 6; ++i) {
    if (strcmp(names[i], hook) == 0) return i;
  }
  exit(2);
}

static void wait_for_the_verdict(void) {
  struct timespec end;
  clock_gettime(CLOCK_REALTIME, &end);
  end.tv_sec += 20;
  pthread_mutex_lock(&mutex);
  while (deferred) {
    if (getenv("CLIENT_LEAVES") != NULL && gone != NULL) {
      void (*tell)(void*) = gone;
      gone = NULL;
      pthread_mutex_unlock(&mutex);
      tell(gone_context);
      pthread_mutex_lock(&mutex);
    } else if (pthread_cond_timedwait(&changed, &mutex, &end) != 0) {
      exit(3);
    }
  }
  pthread_mutex_unlock(&mutex);
}

static void run(const tykpp_info_plugin* info, char* what) {
  char* const colon = strchr(what, ':');
  *colon = 0;
  struct tykpp_call_host call = {number_of(what), colon + 1};
  for (size_t i = 0; i < info->hook_count; ++i) {
    if (strcmp(info->hooks[i].name, call.name) != 0) continue;
    SAY("flags%s%s", info->hooks[i].flags & TYKPP_HOOK_BODY ? " body" : "",
        info->hooks[i].flags & TYKPP_HOOK_BLOCKS ? " blocks" : "");
    int32_t answer = info->hooks[i].function(&host, &call);
    if (answer == TYKPP_PENDING) {
      SAY("pending");
      wait_for_the_verdict();
      answer = verdict;
    }
    SAY("verdict %d", answer);
    return;
  }
  SAY("no function %s", call.name);
}

int main(int argc, char** argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  void* const plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (plugin == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  const tykpp_info_plugin* (*query)(void);
  *(void**)&query = dlsym(plugin, "tykpp_plugin_query");
  const tykpp_info_plugin* const info = query();
  requests[request_count++] = (struct header){"Host", "shop.example"};
  requests[request_count++] = (struct header){"x-secret", "s"};
  requests[request_count++] = (struct header){"Content-Length", "8"};
  responses[response_count++] = (struct header){"X-Remove", "1"};
  for (int i = 2; i < argc; ++i) run(info, argv[i]);
  if (state != NULL) state_drop(state);
  return 0;
}
