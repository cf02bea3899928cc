// The C half of the plugin runtime: a hook's message is gathered here, handed to Go in one call, and
// what Go answers is applied here.
#ifndef TYKPP_GO_SHIM_H
#define TYKPP_GO_SHIM_H

#include <tykpp/plugin.h>

enum { TYKPP_GO_MAX_HOOKS = 512 };

// Texts of a request that every hook needs.
enum {
  GO_METHOD, GO_URL, GO_HOST, GO_SCHEME, GO_PROTOCOL, GO_REMOTE, GO_TARGET, GO_CLIENT, GO_CERTIFICATES,
  GO_TLS_VERSION, GO_TLS_CIPHER, GO_TLS_NAME,
  GO_FIXED_TEXTS
};

// What a reply is made of: op, message, two lengths (u32), then the bytes of both.
enum {
  GO_OP_METHOD = 1,        // text
  GO_OP_URL = 2,           // text
  GO_OP_HEADER_SET = 3,    // name, value
  GO_OP_HEADER_ADD = 4,    // name, value
  GO_OP_HEADER_DELETE = 5, // name
  GO_OP_BODY = 6,          // bytes
  GO_OP_STATUS = 7,        // i32
  GO_OP_RESPOND = 8,       // i32, body
  GO_OP_SESSION = 9,       // JSON, key
  GO_OP_STATE = 10,        // u64
  GO_OP_RECORD = 11,       // JSON
  GO_OP_RECORD_TEXT = 12,  // i32, text
  GO_OP_RECORD_NUMBER = 13, // i32, i64
  GO_OP_HOST = 14           // text
};

typedef struct tykpp_go_call {
  const tykpp_api_host* host;
  tykpp_call_host* call;
  tykpp_completion_plugin* completion; // null: Go answers before it returns
  int32_t index;                       // of the function
  int32_t hook;
  int32_t status;    // of the response, response hook only
  int32_t has_body;  // `body` holds the message's body
  uint64_t state;    // 0: none
  size_t request_headers;
  size_t response_headers;
  tykpp_text_host* texts; // GO_FIXED_TEXTS, then names and values of the request's, then of the response's
  tykpp_text_host body;
  char* out; // where Go writes its reply
  size_t out_size;
  size_t out_used;
  int32_t rest;  // not 0: Go lets its scheduler run once before it returns
} tykpp_go_call;

// Grows `out`; null when there is no memory.
char* tykpp_go_reserve(tykpp_go_call* call, size_t size);
// Adds a function to the table; its index, or negative.
int32_t tykpp_go_add(const char* name, uint32_t places, uint32_t flags);
void tykpp_go_name(const char* name, const char* version);
// Applies a reply and ends a deferred call; what `complete` answered.
int32_t tykpp_go_finish(const tykpp_api_host* host, tykpp_call_host* call,
                     tykpp_completion_plugin* completion, const char* reply, size_t size, int32_t verdict);

void tykpp_go_log(const tykpp_api_host* host, tykpp_call_host* call, int32_t level, const char* text, size_t size);
void tykpp_go_explain(const tykpp_api_host* host, tykpp_call_host* call, const char* text, size_t size);
int32_t tykpp_go_text(const tykpp_api_host* host, tykpp_call_host* call, int32_t field, tykpp_text_host* out);
int32_t tykpp_go_gateway_text(const tykpp_api_host* host, int32_t field, tykpp_text_host* out);
int32_t tykpp_go_session(const tykpp_api_host* host, tykpp_call_host* call, tykpp_text_host* json, tykpp_text_host* key);
int32_t tykpp_go_on_gone(const tykpp_api_host* host, tykpp_call_host* call, uint64_t id);
int32_t tykpp_go_has_state(const tykpp_api_host* host);
int32_t tykpp_go_record(const tykpp_api_host* host, tykpp_call_host* call, tykpp_text_host* json);
int32_t tykpp_go_record_text(const tykpp_api_host* host, tykpp_call_host* call, int32_t field, tykpp_text_host* out);
int32_t tykpp_go_record_number(const tykpp_api_host* host, tykpp_call_host* call, int32_t field, int64_t* out);

#endif
