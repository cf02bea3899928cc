// Tries what the host must allow or refuse, and tells in request headers what it answered.
#include <string>
#include <thread>
#include <tykpp/plugin.hpp>

namespace {

class Report {
 public:
  Report(const tykpp_api_host* host, tykpp_call_host* call) : host_(host), call_(call) {}
  void add(std::string_view name, std::int64_t code) {
    const std::string value = std::to_string(code);
    host_->header_set(call_, TYKPP_REQUEST, text(name), text(value));
  }
  static tykpp_text_plugin text(std::string_view view) { return {view.data(), view.size()}; }

 private:
  const tykpp_api_host* host_;
  tykpp_call_host* call_;
};

std::int32_t probeLimits(const tykpp_api_host* host, tykpp_call_host* call) {
  Report report(host, call);
  const auto t = Report::text;
  const auto set = [&](std::string_view name, std::string_view value) {
    return host->header_set(call, TYKPP_REQUEST, t(name), t(value));
  };
  tykpp_text_host out{};
  std::int32_t status = 0;
  std::int64_t number = 0;
  report.add("P-Host", set("host", "x"));
  report.add("P-Length", set("Content-Length", "1"));
  report.add("P-Te", set("Transfer-Encoding", "chunked"));
  report.add("P-Connection", host->header_delete(call, TYKPP_REQUEST, t("Connection")));
  report.add("P-Newline", set("X-A", "1\r\nX-B: 2"));
  report.add("P-Name", set("X A", "1"));
  report.add("P-Null", host->header_set(call, TYKPP_REQUEST, {nullptr, 3}, t("1")));
  report.add("P-Missing", host->header_get(call, TYKPP_REQUEST, t("X-None"), 0, &out));
  report.add("P-Message", host->header_get(call, 9, t("X-None"), 0, &out));
  report.add("P-Response", host->header_set(call, TYKPP_RESPONSE, t("X-A"), t("1")));
  report.add("P-Status", host->status_get(call, &status));
  report.add("P-Status-Set", host->status_set(call, 200));
  report.add("P-Body", host->body_get(call, TYKPP_REQUEST, &out));
  report.add("P-Respond", host->respond(call, 100, t("")));
  report.add("P-Url", host->text_set(call, TYKPP_TEXT_URL, t("no-slash")));
  report.add("P-Url-Space", host->text_set(call, TYKPP_TEXT_URL, t("/a b")));
  report.add("P-Url-Escape", host->text_set(call, TYKPP_TEXT_URL, t("/a%zz")));
  report.add("P-Url-Loop", host->text_set(call, TYKPP_TEXT_URL, t("tyk://self/x")));
  report.add("P-Method", host->text_set(call, TYKPP_TEXT_METHOD, t("G T")));
  report.add("P-Field", host->text(call, 4711, &out));
  report.add("P-Record", host->record_number(call, TYKPP_RECORD_TIMESTAMP, &number));
  report.add("P-Session", host->session_get(call, &out));
  report.add("P-Session-Bad", host->session_set(call, t("{"), t("k")));
  report.add("P-Session-Limits", host->session_set(call, t("{\"rate\":5,\"per\":1}"), t("k")));
  report.add("P-Null-Call", host->text(nullptr, TYKPP_TEXT_PATH, &out));
  report.add("P-Null-Complete", host->complete(nullptr, 0));
  report.add("P-Unknown-Complete",
             host->complete(reinterpret_cast<tykpp_completion_plugin*>(1u << 30), 0));
  return TYKPP_CONTINUE;
}

// Everything a request hook can read, joined with '|'.
void readAll(tykpp::Request& request) {
  std::string all;
  for (const std::string_view part :
       {request.method(), request.url(), request.path(), request.query(), request.host(),
        request.scheme(), request.clientAddress(), request.apiId(), request.apiName(),
        request.orgId(), request.configData(), request.hookName()}) {
    all.append(part).append("|");
  }
  const std::size_t count = request.headers().size();
  for (std::size_t i = 0; i < count; ++i) {
    const tykpp::Header header = request.headers()[i];
    all.append(header.name).append("=").append(header.value).append("|");
  }
  request.headers().set("X-All", all);
}

void editAll(tykpp::Request& request) {
  tykpp::Headers headers = request.headers();
  std::string joined;
  for (const std::string_view value : headers.all("x-many")) joined.append(value).append("+");
  headers.set("x-joined-VALUES", joined);
  headers.remove("X-MANY");
  headers.add("x-twice", "1");
  headers.add("x-twice", "2");
  request.setMethod("PUT");
  request.setUrl("/new%20path?a=b");
  request.setBody(std::string(request.body()) + "+edited");
}

tykpp::Verdict answers(tykpp::Request& request) {
  request.respond(201, "<html> hello", {{"set-cookie", "a=1"}, {"Set-Cookie", "b=2"}});
  request.responseHeaders().set("x-more", "yes");
  return tykpp::Verdict::kContinue;  // an answer in place ends the chain all the same
}

tykpp::Verdict replaceAnswer(tykpp::Response& response) {
  return response.respond(502, "replaced", {{"Content-Type", "text/x-mine"}});
}

// Waits, and edits from the thread that is to complete.
tykpp::Verdict editLater(tykpp::Request& request) {
  request.headers().set("X-Before-Defer", "1");
  std::thread([completion = request.defer()]() mutable {
    try {
      tykpp::Request later = completion.request();
      editAll(later);
      later.setSession("{\"alias\":\"late\"}", "late-key");
      later.headers().set("X-Read-Back",
                          later.headers().get("x-joined-values").value_or("nothing"));
      completion.complete();
    } catch (const std::exception& error) {
      completion.request().log(tykpp::Level::kError, error.what());
    }
  }).detach();
  return tykpp::Verdict::kPending;
}

tykpp::Verdict answerLater(tykpp::Request& request) {
  std::thread([completion = request.defer()]() mutable {
    completion.request().respond(403, "{\"no\":1}", {{"Content-Type", "application/json"}});
    completion.complete(tykpp::Verdict::kRespond);
  }).detach();
  return tykpp::Verdict::kPending;
}

tykpp::Verdict stampLater(tykpp::Response& response) {
  std::thread([completion = response.defer()]() mutable {
    tykpp::Response later = completion.response();
    later.setStatus(203);
    later.headers().set("X-Stamp", std::to_string(later.body().size()));
    later.setBody("stamped");
    completion.complete();
  }).detach();
  return tykpp::Verdict::kPending;
}

}  // namespace

TYKPP_PLUGIN("probe", "1", {"ProbeLimits", TYKPP_AT_REQUEST, 0, &probeLimits},
             tykpp::hook<readAll>("ReadAll"), tykpp::hook<editAll>("EditAll", tykpp::kBody),
             tykpp::hook<answers>("Answers"), tykpp::hook<replaceAnswer>("ReplaceAnswer"),
             tykpp::hook<editLater>("EditLater", tykpp::kBody),
             tykpp::hook<answerLater>("AnswerLater"),
             tykpp::hook<stampLater>("StampLater", tykpp::kBody))
