#pragma once
// Native plugins in C++: typed, header-only comfort over plugin.h. Nothing to link, C++17 or later.
//
//   #include <tykpp/plugin.hpp>
//   void addFooBar(tykpp::Request& request) { request.headers().set("Foo", "Bar"); }
//   TYKPP_PLUGIN("add-foo-bar", "1.0", tykpp::hook<addFooBar>("AddFooBar"))
//
// A hook takes one of tykpp::Request, tykpp::Response or tykpp::Record by reference and returns
// void (go on) or a tykpp::Verdict. What it throws is caught here, logged with its text, and fails
// the request: no exception crosses the ABI. Views live as plugin.h says: until the hook returns,
// or, once deferred, until the completion is used.

#include <tykpp/plugin.h>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// Whether the gateway's table has a function that a later revision added.
#define TYKPP_HOST_HAS(host, function) \
  ((host)->size >= offsetof(tykpp_api_host, function) + sizeof((host)->function))

// Hidden: two plugins in one process must not share what the compiler emits once a process for
// inline code.
namespace tykpp __attribute__((visibility("hidden"))) {

  /// A host function refused; `code()` is its TYKPP_ERR_ number.
  class PluginError : public std::runtime_error {
   public:
    PluginError(const std::string& what, std::int32_t code)
        : std::runtime_error(what + ": " + reason(code)), code_(code) {}
    std::int32_t code() const noexcept { return code_; }
    /// The number in words.
    static const char* reason(std::int32_t code) noexcept {
      switch (code) {
        case TYKPP_ERR_NOT_FOUND:
          return "not found";
        case TYKPP_ERR_NOT_HERE:
          return "not possible in this hook";
        case TYKPP_ERR_ARGUMENT:
          return "not valid";
        case TYKPP_ERR_DENIED:
          return "belongs to the gateway";
        case TYKPP_ERR_NOT_BUFFERED:
          return "the hook is registered without tykpp::kBody";
        case TYKPP_ERR_NOT_BUILT:
          return "this gateway cannot do that yet, see its log";
        case TYKPP_ERR_GONE:
          return "the call has ended";
        default:
          return "refused";
      }
    }

   private:
    std::int32_t code_;
  };

  /// What a hook answers.
  enum class Verdict : std::int32_t {
    kContinue = TYKPP_CONTINUE,
    kRespond = TYKPP_RESPOND,  ///< after respond()
    kPending = TYKPP_PENDING,  ///< after defer()
    kDrop = TYKPP_DROP,        ///< analytics: do not record
    kFailed = TYKPP_FAILED,
  };

  /// Severity of a log line.
  enum class Level : std::int32_t {
    kDebug = TYKPP_LOG_DEBUG,
    kInfo = TYKPP_LOG_INFO,
    kWarn = TYKPP_LOG_WARN,
    kError = TYKPP_LOG_ERROR,
  };

  /// Flag of hook(): the hook reads or replaces the body.
  inline constexpr std::uint32_t kBody = TYKPP_HOOK_BODY;
  /// Flag of hook(): the hook may wait for long.
  inline constexpr std::uint32_t kBlocks = TYKPP_HOOK_BLOCKS;

  /// One header field; views.
  struct Header {
    std::string_view name;
    std::string_view value;
  };

  namespace detail {
  inline tykpp_text_plugin text(std::string_view view) noexcept {
    return {view.data(), view.size()};
  }
  inline std::string_view view(const tykpp_text_host& host) noexcept {
    return {host.data, host.size};
  }
  inline void check(std::int32_t code, const char* what) {
    if (code < 0) throw PluginError(what, code);
  }
  }  // namespace detail

  /// The header fields of a message. Names compare without regard to case.
  class Headers {
   public:
    Headers(const tykpp_api_host* host, tykpp_call_host* call, std::int32_t message)
        : host_(host), call_(call), message_(message) {}

    /// The first value of that name.
    std::optional<std::string_view> get(std::string_view name) const { return at(name, 0); }
    /// Every value of that name, in order.
    std::vector<std::string_view> all(std::string_view name) const {
      std::vector<std::string_view> values;
      while (auto value = at(name, values.size())) values.push_back(*value);
      return values;
    }
    bool contains(std::string_view name) const { return at(name, 0).has_value(); }
    /// Replaces every value of that name.
    void set(std::string_view name, std::string_view value) {
      const auto code = host_->header_set(call_, message_, detail::text(name), detail::text(value));
      if (code < 0) throw PluginError("setting header " + std::string(name), code);
    }
    /// One more field of that name.
    void add(std::string_view name, std::string_view value) {
      const auto code = host_->header_add(call_, message_, detail::text(name), detail::text(value));
      if (code < 0) throw PluginError("adding header " + std::string(name), code);
    }
    /// @return whether there was one
    bool remove(std::string_view name) {
      const auto code = host_->header_delete(call_, message_, detail::text(name));
      if (code == TYKPP_ERR_NOT_FOUND) return false;
      if (code < 0) throw PluginError("deleting header " + std::string(name), code);
      return true;
    }
    std::size_t size() const {
      std::size_t count = 0;
      detail::check(host_->header_count(call_, message_, &count), "counting headers");
      return count;
    }
    Header operator[](std::size_t index) const {
      tykpp_text_host name{}, value{};
      detail::check(host_->header_at(call_, message_, index, &name, &value), "reading a header");
      return {detail::view(name), detail::view(value)};
    }

   private:
    std::optional<std::string_view> at(std::string_view name, std::size_t index) const {
      tykpp_text_host out{};
      const auto code = host_->header_get(call_, message_, detail::text(name), index, &out);
      if (code == TYKPP_ERR_NOT_FOUND) return std::nullopt;
      detail::check(code, "reading a header");
      return detail::view(out);
    }
    const tykpp_api_host* host_;
    tykpp_call_host* call_;
    std::int32_t message_;
  };

  /// What all hooks have in common. A handle: copying it is cheap and makes no second request.
  class Call {
   public:
    Call(const tykpp_api_host* host, tykpp_call_host* call) noexcept : host_(host), call_(call) {}

    std::string_view apiId() const { return text(TYKPP_TEXT_API_ID); }
    std::string_view apiName() const { return text(TYKPP_TEXT_API_NAME); }
    std::string_view orgId() const { return text(TYKPP_TEXT_ORG_ID); }
    /// `config_data` of the definition as JSON text, or empty.
    std::string_view configData() const { return text(TYKPP_TEXT_CONFIG_DATA); }
    /// The name the definition calls this hook by.
    std::string_view hookName() const { return text(TYKPP_TEXT_HOOK_NAME); }

    std::string_view method() const { return text(TYKPP_TEXT_METHOD); }
    /// Path and query, escaped.
    std::string_view url() const { return text(TYKPP_TEXT_URL); }
    /// Without query and percent escapes.
    std::string_view path() const { return text(TYKPP_TEXT_PATH); }
    std::string_view query() const { return text(TYKPP_TEXT_QUERY); }
    std::string_view host() const { return text(TYKPP_TEXT_HOST); }
    /// `http` or `https`
    std::string_view scheme() const { return text(TYKPP_TEXT_SCHEME); }
    std::string_view clientAddress() const { return text(TYKPP_TEXT_CLIENT_ADDRESS); }

    // Since 1.1.
    /// `HTTP/1.1` or `HTTP/1.0`
    std::string_view protocol() const { return text(TYKPP_TEXT_PROTOCOL); }
    /// Address and port of the connection's other end.
    std::string_view remoteAddress() const { return text(TYKPP_TEXT_REMOTE_ADDRESS); }
    /// Second word of the request line, as sent.
    std::string_view requestTarget() const { return text(TYKPP_TEXT_REQUEST_TARGET); }
    /// What the client showed in its TLS handshake: certificates in DER, one behind the other, its
    /// own first.
    std::string_view clientCertificates() const { return text(TYKPP_TEXT_CLIENT_CERTIFICATES); }
    std::string_view tlsVersion() const { return text(TYKPP_TEXT_TLS_VERSION); }
    std::string_view tlsCipher() const { return text(TYKPP_TEXT_TLS_CIPHER); }
    std::string_view tlsServerName() const { return text(TYKPP_TEXT_TLS_SERVER_NAME); }
    /// What the gateway's log calls this request.
    std::string_view requestId() const { return text(TYKPP_TEXT_REQUEST_ID); }
    /// The API's definition as JSON text, in the format that apiFormat() names.
    std::string_view apiDefinition() const { return text(TYKPP_TEXT_API_DEFINITION); }
    /// `classic` or `oas`
    std::string_view apiFormat() const { return text(TYKPP_TEXT_API_FORMAT); }
    /// @param field  a TYKPP_GATEWAY_ text. Lives as long as the process.
    std::string_view gatewayText(std::int32_t field) const {
      tykpp_text_host out{};
      detail::check(TYKPP_HOST_HAS(host_, gateway_text) ? host_->gateway_text(field, &out)
                                                        : std::int32_t{TYKPP_ERR_NOT_BUILT},
                    "reading about the gateway");
      return detail::view(out);
    }
    /// What an earlier hook of this plugin left with the request, or null.
    void* state() const {
      void* out = nullptr;
      const std::int32_t code = TYKPP_HOST_HAS(host_, state_get)
                                    ? host_->state_get(call_, &out)
                                    : std::int32_t{TYKPP_ERR_NOT_BUILT};
      if (code == TYKPP_ERR_NOT_FOUND) return nullptr;
      detail::check(code, "reading the request's state");
      return out;
    }
    /// Leaves something for later hooks of this plugin; `drop` frees it when the request is over.
    void setState(void* state, void (*drop)(void*)) {
      detail::check(TYKPP_HOST_HAS(host_, state_set) ? host_->state_set(call_, state, drop)
                                                     : std::int32_t{TYKPP_ERR_NOT_BUILT},
                    "keeping the request's state");
    }

    /// The session as JSON text; nothing before authentication and on keyless APIs.
    std::optional<std::string_view> session() const {
      return optional(host_->session_get, "session");
    }
    /// The session's key (token).
    std::optional<std::string_view> sessionKey() const {
      return optional(host_->session_key, "session key");
    }

    /// Writes a line to the gateway's log.
    void log(Level level, std::string_view line) const noexcept {
      host_->log(call_, static_cast<std::int32_t>(level), detail::text(line));
    }
    const tykpp_api_host* hostApi() const noexcept { return host_; }
    tykpp_call_host* hostCall() const noexcept { return call_; }

   protected:
    std::string_view text(std::int32_t field) const {
      tykpp_text_host out{};
      detail::check(host_->text(call_, field, &out), "reading the request");
      return detail::view(out);
    }
    std::optional<std::string_view> optional(std::int32_t (*get)(tykpp_call_host*,
                                                                 tykpp_text_host*),
                                             const char* what) const {
      tykpp_text_host out{};
      const auto code = get(call_, &out);
      if (code == TYKPP_ERR_NOT_FOUND) return std::nullopt;
      detail::check(code, what);
      return detail::view(out);
    }
    std::string_view bodyOf(std::int32_t message) const {
      tykpp_text_host out{};
      detail::check(host_->body_get(call_, message, &out), "reading the body");
      return detail::view(out);
    }
    void answer(int status, std::string_view body, std::initializer_list<Header> headers) {
      detail::check(host_->respond(call_, status, detail::text(body)), "answering");
      Headers out(host_, call_, TYKPP_RESPONSE);
      for (const Header& header : headers) out.add(header.name, header.value);
    }
    void storeSession(std::string_view json, std::string_view key) {
      detail::check(host_->session_set(call_, detail::text(json), detail::text(key)),
                    "setting the session");
    }

    const tykpp_api_host* host_;
    tykpp_call_host* call_;
  };

  class Completion;

  /// A request hook's view: pre, auth, post-auth, post.
  class Request : public Call {
   public:
    using Call::Call;
    /// Which of the request hooks this is: TYKPP_HOOK_PRE, _AUTH, _POST_AUTH or _POST.
    std::int32_t place() const noexcept { return host_->hook(call_); }
    Headers headers() const { return {host_, call_, TYKPP_REQUEST}; }
    /// Fields that the client gets with the answer, whoever makes it. Since 1.1.
    Headers answerHeaders() const { return {host_, call_, TYKPP_ANSWER}; }
    void setMethod(std::string_view method) {
      detail::check(host_->text_set(call_, TYKPP_TEXT_METHOD, detail::text(method)),
                    "setting the method");
    }
    /// @param url  path and query, escaped, starting with `/`
    void setUrl(std::string_view url) {
      detail::check(host_->text_set(call_, TYKPP_TEXT_URL, detail::text(url)), "setting the URL");
    }
    /// The whole body; the hook must be registered with kBody.
    std::string_view body() const { return bodyOf(TYKPP_REQUEST); }
    void setBody(std::string_view body) {
      detail::check(host_->body_set(call_, TYKPP_REQUEST, detail::text(body)), "setting the body");
    }
    /// Answers the client; the upstream is not asked. `return request.respond(403, "no")`
    Verdict respond(int status, std::string_view body = {},
                    std::initializer_list<Header> headers = {}) {
      answer(status, body, headers);
      return Verdict::kRespond;
    }
    /// After respond().
    Headers responseHeaders() const { return {host_, call_, TYKPP_RESPONSE}; }
    /// Makes this the request's session. @param json  e.g. `{"alias":"ann","expires":0}`
    void setSession(std::string_view json, std::string_view key) { storeSession(json, key); }
    /// The right to answer later; the hook then returns Verdict::kPending.
    Completion defer();
  };

  /// The response hook's view: the upstream's answer, and the request that was sent for it.
  class Response : public Call {
   public:
    using Call::Call;
    int status() const {
      std::int32_t out = 0;
      detail::check(host_->status_get(call_, &out), "reading the status");
      return out;
    }
    void setStatus(int status) {
      detail::check(host_->status_set(call_, status), "setting the status");
    }
    Headers headers() const { return {host_, call_, TYKPP_RESPONSE}; }
    /// Of the request; read-only here.
    Headers requestHeaders() const { return {host_, call_, TYKPP_REQUEST}; }
    /// The whole body; the hook must be registered with kBody.
    std::string_view body() const { return bodyOf(TYKPP_RESPONSE); }
    void setBody(std::string_view body) {
      detail::check(host_->body_set(call_, TYKPP_RESPONSE, detail::text(body)), "setting the body");
    }
    /// Replaces the upstream's answer; response hooks behind this one do not run.
    Verdict respond(int status, std::string_view body = {},
                    std::initializer_list<Header> headers = {}) {
      answer(status, body, headers);
      return Verdict::kRespond;
    }
    void setSession(std::string_view json, std::string_view key) { storeSession(json, key); }
    /// The right to go on later; the hook then returns Verdict::kPending.
    Completion defer();
  };

  /// The analytics hook's view: what is about to be recorded.
  class Record : public Call {
   public:
    using Call::Call;
    /// @param field  a TYKPP_RECORD_ text
    std::string_view text(std::int32_t field) const {
      tykpp_text_host out{};
      detail::check(host_->record_text(call_, field, &out), "reading the record");
      return detail::view(out);
    }
    void setText(std::int32_t field, std::string_view value) {
      detail::check(host_->record_text_set(call_, field, detail::text(value)),
                    "changing the record");
    }
    /// @param field  a TYKPP_RECORD_ number
    std::int64_t number(std::int32_t field) const {
      std::int64_t out = 0;
      detail::check(host_->record_number(call_, field, &out), "reading the record");
      return out;
    }
    /// The whole record as a JSON object. Since 1.1.
    std::string_view json() const {
      tykpp_text_host out{};
      detail::check(TYKPP_HOST_HAS(host_, record_get) ? host_->record_get(call_, &out)
                                                      : std::int32_t{TYKPP_ERR_NOT_BUILT},
                    "reading the record");
      return detail::view(out);
    }
    /// Takes the fields that are there over and leaves the others. Since 1.1.
    void setJson(std::string_view json) {
      detail::check(TYKPP_HOST_HAS(host_, record_set) ? host_->record_set(call_, detail::text(json))
                                                      : std::int32_t{TYKPP_ERR_NOT_BUILT},
                    "changing the record");
    }
    void setNumber(std::int32_t field, std::int64_t value) {
      detail::check(host_->record_number_set(call_, field, value), "changing the record");
    }
  };

  /// Ends a deferred call, from any thread. Moves only; one that is destroyed unused fails the
  /// request.
  class Completion {
   public:
    Completion(const tykpp_api_host* host, tykpp_call_host* call)
        : host_(host), call_(call), ticket_(host->defer(call)) {
      if (ticket_ == nullptr) throw PluginError("waiting", TYKPP_ERR_NOT_HERE);
    }
    Completion(Completion&& other) noexcept
        : host_(other.host_), call_(other.call_), ticket_(std::exchange(other.ticket_, nullptr)) {}
    Completion& operator=(Completion&&) = delete;
    ~Completion() { complete(Verdict::kFailed); }

    /// The request, until complete(). One thread at a time.
    Request request() const { return {host_, call_}; }
    /// The response, when it was a response hook that deferred.
    Response response() const { return {host_, call_}; }
    /// Has `ended` called once when the wait ends otherwise than by complete(): deadline passed or
    /// client gone. It must not block. Since 1.1.
    void onGone(void (*ended)(void*), void* context) const {
      detail::check(TYKPP_HOST_HAS(host_, on_gone) ? host_->on_gone(call_, ended, context)
                                                   : std::int32_t{TYKPP_ERR_NOT_BUILT},
                    "asking for the end of the call");
    }
    /// Lets the request go on. Afterwards its texts are dead.
    /// @return false when the call has ended before: deadline, client gone, completed
    bool complete(Verdict verdict = Verdict::kContinue) noexcept {
      tykpp_completion_plugin* ticket = std::exchange(ticket_, nullptr);
      return ticket != nullptr &&
             host_->complete(ticket, static_cast<std::int32_t>(verdict)) == TYKPP_OK;
    }

   private:
    const tykpp_api_host* host_;
    tykpp_call_host* call_;
    tykpp_completion_plugin* ticket_;
  };

  inline Completion Request::defer() { return {host_, call_}; }
  inline Completion Response::defer() { return {host_, call_}; }

  namespace detail {
  template <class Function>
  struct HookTraits;
  template <class Answer, class View>
  struct HookTraits<Answer (*)(View&)> {
    using Subject = View;
    static constexpr bool kAnswers = !std::is_void_v<Answer>;
    static_assert(std::is_void_v<Answer> || std::is_same_v<Answer, Verdict>,
                  "a hook returns void or tykpp::Verdict");
    static constexpr std::uint32_t kPlaces = std::is_same_v<View, Request>    ? TYKPP_AT_REQUEST
                                             : std::is_same_v<View, Response> ? TYKPP_AT_RESPONSE
                                             : std::is_same_v<View, Record>   ? TYKPP_AT_ANALYTICS
                                                                              : 0;
    static_assert(kPlaces != 0, "a hook takes tykpp::Request&, tykpp::Response& or tykpp::Record&");
  };

  template <auto Function>
  std::int32_t run(const tykpp_api_host* host, tykpp_call_host* call) noexcept {
    using Traits = HookTraits<decltype(Function)>;
    try {
      typename Traits::Subject subject(host, call);
      if constexpr (Traits::kAnswers) {
        return static_cast<std::int32_t>(Function(subject));
      } else {
        Function(subject);
        return TYKPP_CONTINUE;
      }
    } catch (const std::exception& error) {
      host->explain(call, text(error.what()));
    } catch (...) {
      host->explain(call, text("it threw something that is no std::exception"));
    }
    return TYKPP_FAILED;
  }
  }  // namespace detail

  /// One line of the plugin's table: `tykpp::hook<function>("NameInTheDefinition", flags)`.
  template <auto Function>
  constexpr tykpp_hook_plugin hook(const char* name, std::uint32_t flags = 0) {
    return {name, detail::HookTraits<decltype(Function)>::kPlaces, flags, &detail::run<Function>};
  }

}  // namespace )

/// The handshake: once a plugin, at namespace scope. `TYKPP_PLUGIN("name", "version",
/// tykpp::hook<f>("F"), ...)`
#define TYKPP_PLUGIN(name_, version_, ...)                                    \
  extern "C" TYKPP_EXPORT const tykpp_info_plugin* tykpp_plugin_query(void) { \
    static const tykpp_hook_plugin hooks[] = {__VA_ARGS__};                   \
    static const tykpp_info_plugin info = {TYKPP_ABI_MAGIC,                   \
                                           TYKPP_ABI_VERSION,                 \
                                           sizeof(tykpp_info_plugin),         \
                                           sizeof(tykpp_hook_plugin),         \
                                           (name_),                           \
                                           (version_),                        \
                                           hooks,                             \
                                           sizeof(hooks) / sizeof(hooks[0])}; \
    return &info;                                                             \
  }
