/*
 * The C ABI between tykpp and a native plugin. Pure C11; needs no other header of tykpp and no
 * library.
 *
 * A plugin is a shared object that exports ONE symbol, `tykpp_plugin_query`. It answers a table of
 * hook functions; a definition names one of them (`"name": "AddFooBar"`) and the file (`"path":
 * "plugins/add_foo_bar.so"`). Every hook has the same signature; what it may look at and change it
 * asks the host, through the table of host functions.
 *
 * Who owns memory is said by the end of a type's name:
 *   ..._host    made, owned and freed by the gateway; not to be kept beyond the life stated here
 *   ..._plugin  made and owned by the plugin; the gateway copies what it keeps
 *
 * Life of a text the host hands out (tykpp_text_host): until the hook function returns, or the same
 * value is set or deleted. Texts asked for after `defer` live until `complete` is called. Texts are
 * not NUL-terminated.
 *
 * Threads: a hook runs on the worker thread that serves the request, several requests at once on
 * several workers, so a plugin guards its own shared state. Blocking a hook blocks every request of
 * that worker: use `defer` to wait.
 *
 * No C++ exception and no longjmp may leave a hook. plugin.hpp does that for C++.
 *
 * Compatibility: structures only grow at their end and say their size; constants never change their
 * value. A plugin built with an older minor revision of this header keeps working;
 * TYKPP_ABI_VERSION changes only when it would not.
 */
#ifndef TYKPP_PLUGIN_H
#define TYKPP_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TYKPP_ABI_MAGIC 0x4b595450u /* "PTYK" in memory order of a little-endian machine */
#define TYKPP_ABI_VERSION 1u

#if defined(__GNUC__) || defined(__clang__)
#define TYKPP_EXPORT __attribute__((visibility("default")))
#else
#define TYKPP_EXPORT
#endif

/* What a hook answers. Every negative number is a failure: the request ends with 500, unless the
 * definition says `"on_error": "skip"`. */
enum {
  TYKPP_CONTINUE = 0, /* go on; the same as TYKPP_RESPOND once `respond` was called */
  TYKPP_RESPOND = 1,  /* the answer is in place, the chain ends here */
  TYKPP_PENDING = 2,  /* `defer` was called; the verdict comes with `complete` */
  TYKPP_DROP = 3,     /* analytics hook only: do not record this request */
  TYKPP_FAILED = -1
};

/* What a host function answers. */
enum {
  TYKPP_OK = 0,
  TYKPP_ERR_NOT_FOUND = -2,    /* no such header, session or value */
  TYKPP_ERR_NOT_HERE = -3,     /* not in this hook, or not before `respond` */
  TYKPP_ERR_ARGUMENT = -4,     /* null, unknown constant, or text HTTP does not allow */
  TYKPP_ERR_DENIED = -5,       /* the gateway's own: Host, Content-Length and the like */
  TYKPP_ERR_NOT_BUFFERED = -6, /* the hook was not registered with TYKPP_HOOK_BODY */
  TYKPP_ERR_NOT_BUILT = -7,    /* this release of the gateway cannot do that; the log says what */
  TYKPP_ERR_GONE = -8          /* the call has ended: deadline, client gone, or already completed */
};

/* Where a hook stands. */
enum {
  TYKPP_HOOK_PRE = 0,
  TYKPP_HOOK_AUTH = 1,
  TYKPP_HOOK_POST_AUTH = 2,
  TYKPP_HOOK_POST = 3,
  TYKPP_HOOK_RESPONSE = 4,
  TYKPP_HOOK_ANALYTICS = 5
};

/* Places a function is written for: bits of tykpp_hook_plugin.places. */
#define TYKPP_AT(hook) (1u << (hook))
#define TYKPP_AT_REQUEST                                                                   \
  (TYKPP_AT(TYKPP_HOOK_PRE) | TYKPP_AT(TYKPP_HOOK_AUTH) | TYKPP_AT(TYKPP_HOOK_POST_AUTH) | \
   TYKPP_AT(TYKPP_HOOK_POST))
#define TYKPP_AT_RESPONSE TYKPP_AT(TYKPP_HOOK_RESPONSE)
#define TYKPP_AT_ANALYTICS TYKPP_AT(TYKPP_HOOK_ANALYTICS)

/* Bits of tykpp_hook_plugin.flags. Without TYKPP_HOOK_BODY bodies stream through the gateway and
 * cost no memory. */
#define TYKPP_HOOK_BODY 1u   /* reads or replaces the body (response hook: the response's) */
#define TYKPP_HOOK_BLOCKS 2u /* may wait for long; a plugin host gives it a thread that may */

enum { TYKPP_LOG_DEBUG = 0, TYKPP_LOG_INFO = 1, TYKPP_LOG_WARN = 2, TYKPP_LOG_ERROR = 3 };

/* Which message a header or body function means. TYKPP_ANSWER, for header functions in request
 * hooks: fields that the client gets with the answer, whoever makes it in the end. */
enum { TYKPP_REQUEST = 0, TYKPP_RESPONSE = 1, TYKPP_ANSWER = 2 };

/* Fields of `text` and `text_set`. */
enum {
  TYKPP_TEXT_METHOD = 0, /* settable: a token */
  TYKPP_TEXT_URL = 1,    /* settable: path and query, escaped, starting with '/' */
  TYKPP_TEXT_PATH = 2,   /* the URL's path without percent escapes */
  TYKPP_TEXT_QUERY = 3,  /* behind '?', as sent; empty when there is none */
  TYKPP_TEXT_HOST = 4,   /* Host header, or the authority of an absolute target. Settable since
                          * 1.1: what the upstream gets with `preserve_host_header` */
  TYKPP_TEXT_SCHEME = 5, /* http or https: what the client used */
  TYKPP_TEXT_CLIENT_ADDRESS = 6, /* IP of the connection's other end, no port */
  TYKPP_TEXT_API_ID = 7,
  TYKPP_TEXT_API_NAME = 8,
  TYKPP_TEXT_ORG_ID = 9,
  TYKPP_TEXT_CONFIG_DATA = 10, /* JSON text of `config_data`; empty: none or disabled */
  TYKPP_TEXT_HOOK_NAME = 11,   /* the name the definition calls this function by */
  /* Since 1.1. */
  TYKPP_TEXT_PROTOCOL = 12,            /* of the request: HTTP/1.1, HTTP/1.0 */
  TYKPP_TEXT_REMOTE_ADDRESS = 13,      /* the connection's other end, address and port */
  TYKPP_TEXT_REQUEST_TARGET = 14,      /* second word of the request line, as sent */
  TYKPP_TEXT_REQUEST_ID = 15,          /* what the gateway's log calls this request */
  TYKPP_TEXT_API_DEFINITION = 16,      /* JSON text of the API's definition, as loaded */
  TYKPP_TEXT_API_FORMAT = 17,          /* classic or oas: the format of that text */
  TYKPP_TEXT_CLIENT_CERTIFICATES = 18, /* those of the client in DER, one behind the other, its own
                                        * first; empty: it showed none */
  /* Of the client's connection; empty without TLS. */
  TYKPP_TEXT_TLS_VERSION = 19,    /* TLSv1.2, TLSv1.3 */
  TYKPP_TEXT_TLS_CIPHER = 20,     /* IANA's name of the cipher suite */
  TYKPP_TEXT_TLS_SERVER_NAME = 21 /* the name that the client asked for; empty: none */
};

/* Fields of `gateway_text`. */
enum {
  TYKPP_GATEWAY_VERSION = 0, /* release of Tyk Gateway this one is compatible with: 5.13.0 */
  TYKPP_GATEWAY_CONFIG = 1   /* the configuration as JSON, overrides of the environment applied;
                              * secrets of the control API left out */
};

/* Fields of `record_text` and `record_number` (analytics hook). All are settable. */
enum {
  TYKPP_RECORD_METHOD = 0,
  TYKPP_RECORD_HOST = 1,
  TYKPP_RECORD_PATH = 2,
  TYKPP_RECORD_RAW_PATH = 3,
  TYKPP_RECORD_USER_AGENT = 4,
  TYKPP_RECORD_API_ID = 5,
  TYKPP_RECORD_API_NAME = 6,
  TYKPP_RECORD_ORG_ID = 7,
  TYKPP_RECORD_IP_ADDRESS = 8,
  TYKPP_RECORD_RESPONSE_CODE = 100,
  TYKPP_RECORD_CONTENT_LENGTH = 101,
  TYKPP_RECORD_LATENCY_TOTAL_US = 102,
  TYKPP_RECORD_LATENCY_UPSTREAM_US = 103,
  TYKPP_RECORD_TIMESTAMP = 104 /* unix seconds */
};

/* Bytes of the gateway. Never null while size > 0. */
typedef struct tykpp_text_host {
  const char* data;
  size_t size;
} tykpp_text_host;

/* Bytes of the plugin; needed only while the host function runs. `data` may be null when size is
 * 0. */
typedef struct tykpp_text_plugin {
  const char* data;
  size_t size;
} tykpp_text_plugin;

/* One hook invocation. Alive until the hook function returns, or, once deferred, until
 * `complete` is called. */
typedef struct tykpp_call_host tykpp_call_host;

/* The right to end one deferred call: the plugin's until it hands it to `complete`. Opaque; copy
 * it freely. */
typedef struct tykpp_completion_plugin tykpp_completion_plugin;

/* The host's functions. The table is static: a plugin may keep the pointer for the life of the
 * process. Before using a function that later revisions added, check that `size` covers it. Unless
 * stated otherwise they answer TYKPP_OK or a TYKPP_ERR_ number, and leave `out` alone on errors. */
typedef struct tykpp_api_host {
  uint32_t size;        /* sizeof(tykpp_api_host) of the gateway */
  uint32_t abi_version; /* TYKPP_ABI_VERSION of the gateway */

  /* Writes a line to the gateway's log, with the request's id when there is a call. `call` may
   * be null. Any thread. */
  void (*log)(tykpp_call_host* call, int32_t level, tykpp_text_plugin text);
  /* Says why the hook is about to answer a negative number. The text goes to the log with the
   * failure, at most a line a second however often the hook fails; the client never sees it. */
  int32_t (*explain)(tykpp_call_host* call, tykpp_text_plugin reason);
  /* Which TYKPP_HOOK_ this call is, or TYKPP_ERR_ARGUMENT for null. */
  int32_t (*hook)(tykpp_call_host* call);

  int32_t (*text)(tykpp_call_host* call, int32_t field, tykpp_text_host* out);
  /* TYKPP_TEXT_METHOD or TYKPP_TEXT_URL, in request hooks. */
  int32_t (*text_set)(tykpp_call_host* call, int32_t field, tykpp_text_plugin value);

  /* Header fields in order, as received. `message` is TYKPP_REQUEST or TYKPP_RESPONSE. Request
   * headers can be changed in request hooks. Response headers can be read and changed in the
   * response hook, and after `respond`. Names compare without regard to case and are written
   * in canonical form (X-Api-Key). */
  int32_t (*header_count)(tykpp_call_host* call, int32_t message, size_t* out);
  int32_t (*header_at)(tykpp_call_host* call, int32_t message, size_t index, tykpp_text_host* name,
                       tykpp_text_host* value);
  /* The index-th value of that name, from 0. */
  int32_t (*header_get)(tykpp_call_host* call, int32_t message, tykpp_text_plugin name,
                        size_t index, tykpp_text_host* out);
  /* Replaces every value of that name. */
  int32_t (*header_set)(tykpp_call_host* call, int32_t message, tykpp_text_plugin name,
                        tykpp_text_plugin value);
  /* One more field of that name. */
  int32_t (*header_add)(tykpp_call_host* call, int32_t message, tykpp_text_plugin name,
                        tykpp_text_plugin value);
  /* TYKPP_ERR_NOT_FOUND when there was none. */
  int32_t (*header_delete)(tykpp_call_host* call, int32_t message, tykpp_text_plugin name);

  /* The whole body, for hooks registered with TYKPP_HOOK_BODY; empty when the message has none.
   * A response hook can read the response's body only. */
  int32_t (*body_get)(tykpp_call_host* call, int32_t message, tykpp_text_host* out);
  /* Replaces the body and its length. Same hooks as body_get. */
  int32_t (*body_set)(tykpp_call_host* call, int32_t message, tykpp_text_plugin body);

  /* The response's status, in the response hook and after `respond`. */
  int32_t (*status_get)(tykpp_call_host* call, int32_t* out);
  int32_t (*status_set)(tykpp_call_host* call, int32_t status); /* 200 to 599 */

  /* Answers the client now: status 200 to 599, body as it is, no headers but those set
   * afterwards. In request hooks the upstream is not asked and no response hook runs. In the
   * response hook it replaces the upstream's answer. */
  int32_t (*respond)(tykpp_call_host* call, int32_t status, tykpp_text_plugin body);

  /* The session as JSON text (names of the stored session: `alias`, `expires`, `meta_data` ...)
   * and its key (token). TYKPP_ERR_NOT_FOUND before authentication and on keyless APIs. */
  int32_t (*session_get)(tykpp_call_host* call, tykpp_text_host* json);
  int32_t (*session_key)(tykpp_call_host* call, tykpp_text_host* key);
  /* Makes this the request's session; all hooks but analytics. An auth hook that neither sets
   * one nor answers leaves the request without a session: it ends with 400.
   * TYKPP_ERR_ARGUMENT: no JSON object or a wrong type; TYKPP_ERR_NOT_BUILT: it asks for
   * limits or rights that this release does not enforce. The log names the field. */
  int32_t (*session_set)(tykpp_call_host* call, tykpp_text_plugin json, tykpp_text_plugin key);

  /* The traffic record, in the analytics hook. */
  int32_t (*record_text)(tykpp_call_host* call, int32_t field, tykpp_text_host* out);
  int32_t (*record_text_set)(tykpp_call_host* call, int32_t field, tykpp_text_plugin value);
  int32_t (*record_number)(tykpp_call_host* call, int32_t field, int64_t* out);
  int32_t (*record_number_set)(tykpp_call_host* call, int32_t field, int64_t value);

  /* Takes the right to answer later: call it in the hook, hand the completion and `call` to
   * another thread, and return TYKPP_PENDING. Null when the hook cannot wait (analytics),
   * already did, or too many calls of the process wait. From here on every function of this
   * table works on the gateway's private copy of the message, from any one thread at a time;
   * the worker takes the changes over when it sees the completion. */
  tykpp_completion_plugin* (*defer)(tykpp_call_host* call);
  /* Ends a deferred call, from any thread, exactly once. `verdict` as a hook's answer, but not
   * TYKPP_PENDING. Everything the thread did before this call happens before the request goes
   * on. Afterwards `call` and its texts are dead. TYKPP_ERR_GONE: the deadline passed, the
   * client left, or it was completed before; nothing happens then. */
  int32_t (*complete)(tykpp_completion_plugin* completion, int32_t verdict);

  /* Since 1.1: there when `size` covers them. */

  /* A fact about the gateway. Alive as long as the process. Any thread. */
  int32_t (*gateway_text)(int32_t field, tykpp_text_host* out);
  /* Asks to be told once when a deferred call ends before it was completed: deadline passed or
   * client gone. `ended` runs on a thread of the gateway and must not block; it is not called
   * after `complete` answered TYKPP_OK. At once when the call has ended already. */
  int32_t (*on_gone)(tykpp_call_host* call, void (*ended)(void* context), void* context);
  /* A pointer of the plugin's that the request carries from hook to hook of the same plugin file.
   * `drop` frees it, on any thread, when the request is over or another pointer takes its place.
   * TYKPP_ERR_NOT_FOUND when nothing was put there. Not in the analytics hook. */
  int32_t (*state_get)(tykpp_call_host* call, void** out);
  int32_t (*state_set)(tykpp_call_host* call, void* state, void (*drop)(void* state));
  /* The whole traffic record as a JSON object, field names as it is stored; analytics hook.
   * `record_set` takes the fields that are there over and leaves the others. */
  int32_t (*record_get)(tykpp_call_host* call, tykpp_text_host* json);
  int32_t (*record_set)(tykpp_call_host* call, tykpp_text_plugin json);
} tykpp_api_host;

/* The one signature of a hook. Both pointers are the host's. */
typedef int32_t (*tykpp_function_plugin)(const tykpp_api_host* host, tykpp_call_host* call);

/* One function that definitions can name. */
typedef struct tykpp_hook_plugin {
  const char* name;               /* NUL-terminated; alive as long as the process */
  uint32_t places;                /* TYKPP_AT_ bits */
  uint32_t flags;                 /* TYKPP_HOOK_ flags */
  tykpp_function_plugin function; /* never null */
} tykpp_hook_plugin;

/* What the plugin answers to the handshake. */
typedef struct tykpp_info_plugin {
  uint32_t magic;       /* TYKPP_ABI_MAGIC */
  uint32_t abi_version; /* TYKPP_ABI_VERSION it was built with */
  uint32_t size;        /* sizeof(tykpp_info_plugin) */
  uint32_t hook_size;   /* sizeof(tykpp_hook_plugin) */
  const char* name;     /* for the log; NUL-terminated */
  const char* version;  /* for the log; NUL-terminated */
  const tykpp_hook_plugin* hooks;
  size_t hook_count;
} tykpp_info_plugin;

/* The symbol a plugin exports. Called once, when the file is loaded, on the gateway's main thread.
 * The table and all it points to is the plugin's and stays alive and unchanged for the life of the
 * process; plugins are never unloaded. */
TYKPP_EXPORT const tykpp_info_plugin* tykpp_plugin_query(void);

#ifdef __cplusplus
}
#endif
#endif /* TYKPP_PLUGIN_H */
