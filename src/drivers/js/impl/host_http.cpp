// `TykMakeHttpRequest` and `TykBatchRequest`. The script waits, its worker does not.

#include <algorithm>
#include <map>

#include "base/log.hpp"
#include "base/text.hpp"
#include "drivers/js/impl/blocking_fetch.hpp"
#include "drivers/js/impl/engine.hpp"
#include "drivers/js/impl/text.hpp"
#include "drivers/js/impl/values.hpp"
#include "http/header_name.hpp"

namespace tykpp::drivers::js {
namespace {

constexpr std::size_t kMaxBatch = 100;

void complain(std::string_view function, std::string_view why) {
  TYKPP_LOG(err, "jsvm", "{}: {}", function, why);
}

/// Whether the script may wait; a line in the log when not.
bool mayWait(std::string_view function) {
  const Run* run = Run::current();
  if (run->call != nullptr || run->blocking != nullptr) return true;
  complain(function, "HTTP calls are made while a request or an event is handled, not at load");
  return false;
}

/// Waits for all of them: on the call's fiber, or, in events, with the thread.
std::vector<Result<FetchResponse>> fetchAll(std::vector<FetchRequest> requests) {
  const Run* run = Run::current();
  if (run->call != nullptr) return run->call->fetchAll(std::move(requests));
  return fetchBlocking(*run->blocking, std::move(requests), run->deadline);
}

Result<FetchResponse> fetchOne(FetchRequest request) {
  const Run* run = Run::current();
  if (run->call != nullptr) return run->call->fetch(std::move(request));
  std::vector<FetchRequest> one;
  one.push_back(std::move(request));
  return fetchBlocking(*run->blocking, std::move(one), run->deadline).front();
}

std::string formOf(std::vector<Pair> fields) {
  std::sort(fields.begin(), fields.end());
  std::string out;
  for (const auto& [name, value] : fields) {
    if (!out.empty()) out += '&';
    appendFormEncoded(out, name);
    out += '=';
    appendFormEncoded(out, value);
  }
  return out;
}

FetchRequest newRequest() {
  const Run* run = Run::current();
  FetchRequest request;
  request.timeout = std::chrono::hours(1);  // what is left of the call's time is less
  request.insecure_skip_verify = run->insecure_skip_verify;
  request.max_body = static_cast<std::size_t>(run->host->max_body);
  return request;
}

/// Puts the value of the JSON text at index 0 on top. @return false when it is no JSON object
bool decodeArgument(duk_context* ctx) {
  duk_dup(ctx, 0);
  duk_to_string(ctx, -1);
  duk_json_decode(ctx, -1);
  return asObject(ctx, -1, "the request");
}

FetchRequest readRequest(duk_context* ctx) {
  FetchRequest request = newRequest();
  std::string domain;
  std::string resource;
  std::vector<Pair> form;
  std::int64_t timeout = 0;
  if (decodeArgument(ctx)) {
    forEachProperty(ctx, -1, [&](std::string_view name) {
      if (equalsIgnoreCase(name, "Method")) readText(ctx, "Method", request.method);
      if (equalsIgnoreCase(name, "Body")) readText(ctx, "Body", request.body);
      if (equalsIgnoreCase(name, "Domain")) readText(ctx, "Domain", domain);
      if (equalsIgnoreCase(name, "Resource")) readText(ctx, "Resource", resource);
      if (equalsIgnoreCase(name, "Headers")) readTextMap(ctx, "Headers", true, request.headers);
      if (equalsIgnoreCase(name, "FormData")) readTextMap(ctx, "FormData", false, form);
      if (equalsIgnoreCase(name, "Timeout")) readNumber(ctx, "Timeout", timeout);
    });
  }
  duk_pop(ctx);
  if (request.method.empty()) request.method = "GET";
  if (request.body.empty()) request.body = formOf(std::move(form));
  request.url = domain + resource;
  if (timeout > 0) request.timeout = std::chrono::seconds(std::min<std::int64_t>(timeout, 3600));
  return request;
}

/// Headers as the scripts know them: canonical name to list.
std::string headersJson(const FetchResponse& response) {
  std::map<std::string, std::vector<std::string_view>> names;
  for (const auto& [name, value] : response.headers) {
    std::string own = name;
    http::canonicalise(own.data(), own.size());
    names[std::move(own)].push_back(value);
  }
  std::string out = "{";
  for (const auto& [name, values] : names) {
    if (out.size() > 1) out += ',';
    appendJson(out, name);
    out += ":[";
    for (const std::string_view value : values) {
      if (out.back() != '[') out += ',';
      appendJson(out, value);
    }
    out += ']';
  }
  return out + "}";
}

/// Every part twice, under both spellings, as scripts expect it.
std::string answerJson(const FetchResponse& response) {
  const std::string code = std::to_string(response.status);
  const std::string headers = headersJson(response);
  std::string body;
  appendJson(body, response.body);
  return "{\"Body\":" + body + ",\"Code\":" + code + ",\"Headers\":" + headers +
         ",\"body\":" + body + ",\"code\":" + code + ",\"headers\":" + headers + "}";
}

/// Pushes what a protected piece of C++ made; an error of the script in it becomes a log line.
template <class Read>
bool readOrComplain(duk_context* ctx, std::string_view function, Read& read) {
  const std::string problem = protectedRead(ctx, read);
  if (problem.empty()) return true;
  complain(function, problem);
  return false;
}

duk_ret_t jsMakeRequest(duk_context* ctx) {
  constexpr std::string_view kName = "TykMakeHttpRequest";
  if (!mayWait(kName)) return 0;
  FetchRequest request;
  auto read = [&request](duk_context* inner) { request = readRequest(inner); };
  if (!readOrComplain(ctx, kName, read)) return 0;
  const Result<FetchResponse> answer = fetchOne(std::move(request));
  tykppDukLookAtClock();
  if (!answer) {
    complain(kName, answer.error().message());
    return 0;
  }
  pushText(ctx, answerJson(*answer));
  return 1;
}

struct Batch {
  std::vector<FetchRequest> requests;
  bool one_by_one = false;
};

FetchRequest readUnit(duk_context* ctx) {
  FetchRequest request = newRequest();
  if (!asObject(ctx, -1, "a request of the batch")) return request;
  forEachProperty(ctx, -1, [&](std::string_view name) {
    if (equalsIgnoreCase(name, "method")) readText(ctx, "method", request.method);
    if (equalsIgnoreCase(name, "body")) readText(ctx, "body", request.body);
    if (equalsIgnoreCase(name, "relative_url")) readText(ctx, "relative_url", request.url);
    if (equalsIgnoreCase(name, "headers")) readTextMap(ctx, "headers", true, request.headers);
  });
  if (request.method.empty()) request.method = "GET";
  return request;
}

void readBatch(duk_context* ctx, Batch& batch) {
  if (!decodeArgument(ctx)) return;
  forEachProperty(ctx, -1, [&](std::string_view name) {
    if (equalsIgnoreCase(name, "suppress_parallel_execution")) {
      readFlag(ctx, "suppress_parallel_execution", batch.one_by_one);
    }
    if (!equalsIgnoreCase(name, "requests") || isAbsent(ctx, -1)) return;
    const duk_size_t size = duk_get_length(ctx, -1);
    if (duk_is_array(ctx, -1) == 0 || size > kMaxBatch) {
      duk_type_error(ctx, "requests has to be a list of at most %d", static_cast<int>(kMaxBatch));
    }
    for (duk_size_t i = 0; i < size; ++i) {
      duk_get_prop_index(ctx, -1, static_cast<duk_uarridx_t>(i));
      batch.requests.push_back(readUnit(ctx));
      duk_pop(ctx);
    }
  });
}

std::string unitJson(const std::string& url, const Result<FetchResponse>& answer) {
  // A request that failed leaves the empty answer, as in the reference.
  std::string out = R"({"relative_url":)";
  appendJson(out, answer ? url : std::string());
  out += R"(,"code":)" + std::to_string(answer ? answer->status : 0);
  out += R"(,"headers":)" + (answer ? headersJson(*answer) : std::string("null"));
  out += R"(,"body":)";
  appendJson(out, answer ? answer->body : std::string());
  return out + "}";
}

duk_ret_t jsBatch(duk_context* ctx) {
  constexpr std::string_view kName = "TykBatchRequest";
  if (!mayWait(kName)) return 0;
  Batch batch;
  auto read = [&batch](duk_context* inner) { readBatch(inner, batch); };
  if (!readOrComplain(ctx, kName, read)) return 0;
  std::vector<std::string> urls;
  for (const FetchRequest& request : batch.requests) urls.push_back(request.url);
  std::vector<Result<FetchResponse>> answers;
  if (batch.one_by_one) {
    for (FetchRequest& request : batch.requests) answers.push_back(fetchOne(std::move(request)));
  } else {
    answers = fetchAll(std::move(batch.requests));
  }
  tykppDukLookAtClock();
  std::string out = "[";
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (i > 0) out += ',';
    if (!answers[i]) complain(kName, answers[i].error().message());
    out += unitJson(urls[i], answers[i]);
  }
  pushText(ctx, out + "]");
  return 1;
}

}  // namespace

void addHttpFunctions(duk_context* ctx) {
  addFunction(ctx, "TykMakeHttpRequest", &jsMakeRequest, 1);
  addFunction(ctx, "TykBatchRequest", &jsBatch, 1);
}

}  // namespace tykpp::drivers::js
