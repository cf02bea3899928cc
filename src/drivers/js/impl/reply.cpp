#include "drivers/js/impl/reply.hpp"

#include "base/base64.hpp"
#include "drivers/js/impl/text.hpp"

namespace tykpp::drivers::js {
namespace {

bool is(std::string_view name, std::string_view field) { return equalsIgnoreCase(name, field); }

void checkBody(duk_context* ctx, const std::string& body) {
  const auto limit = static_cast<std::size_t>(Run::current()->host->max_body);
  if (body.size() > limit) {
    duk_range_error(ctx, "the body has %lu bytes, max_buffered_body_size allows %lu",
                    static_cast<unsigned long>(body.size()), static_cast<unsigned long>(limit));
  }
}

void readOverrides(duk_context* ctx, ReturnOverrides& out) {
  if (!asObject(ctx, -1, "ReturnOverrides")) return;
  forEachProperty(ctx, -1, [&](std::string_view name) {
    if (is(name, "ResponseCode")) {
      readNumber(ctx, "ResponseCode", out.code);
    } else if (is(name, "ResponseError")) {
      readText(ctx, "ResponseError", out.error);
    } else if (is(name, "ResponseBody")) {
      readText(ctx, "ResponseBody", out.body);
    } else if (is(name, "ResponseHeaders")) {
      readTextMap(ctx, "ResponseHeaders", true, out.headers);
    } else if (is(name, "OverrideError")) {
      readFlag(ctx, "OverrideError", out.override_error);
    }
  });
  checkBody(ctx, out.body);
}

/// The body that a script left in its request: whatever it is, as a string.
void readBody(duk_context* ctx, bool encoded, std::string& out) {
  if (duk_is_undefined(ctx, -1) != 0) return;
  if (!encoded) {
    out = duk_is_string(ctx, -1) != 0 ? textAt(ctx, -1) : stringified(ctx, -1);
    return;
  }
  std::string text;
  readText(ctx, "Body", text);
  auto bytes = decodeBase64(text);
  if (!bytes) duk_type_error(ctx, "Body has to be base64");
  out = std::move(*bytes);
}

void readRequest(duk_context* ctx, bool encoded, RequestReply& out) {
  if (!asObject(ctx, -1, "Request")) return;
  forEachProperty(ctx, -1, [&](std::string_view name) {
    // By length first: this runs for every field of every request.
    switch (name.size()) {
      case 3:
        if (is(name, "URL")) readText(ctx, "URL", out.url);
        break;
      case 4:
        if (encoded ? is(name, "Body") : name == "Body") readBody(ctx, encoded, out.body);
        break;
      case 9:
        if (is(name, "AddParams")) readTextMap(ctx, "AddParams", false, out.add_params);
        break;
      case 10:
        if (is(name, "SetHeaders")) readTextMap(ctx, "SetHeaders", true, out.set_headers);
        if (is(name, "IgnoreBody")) readFlag(ctx, "IgnoreBody", out.ignore_body);
        break;
      case 12:
        if (is(name, "DeleteParams")) readTextList(ctx, "DeleteParams", out.delete_params);
        break;
      case 13:
        if (is(name, "DeleteHeaders")) readTextList(ctx, "DeleteHeaders", out.delete_headers);
        break;
      case 14:
        if (is(name, "ExtendedParams")) readListMap(ctx, "ExtendedParams", out.extended_params);
        break;
      case 15:
        if (is(name, "ReturnOverrides")) readOverrides(ctx, out.overrides);
        break;
      default:
        break;
    }
  });
  checkBody(ctx, out.body);
}

}  // namespace

void readRequestReply(duk_context* ctx, const Wanted& wanted, RequestReply& out) {
  if (!asObject(ctx, -1, "what the function returns")) {
    duk_type_error(ctx, "the function returns nothing");
  }
  bool has_request = false;
  forEachProperty(ctx, -1, [&](std::string_view name) {
    if (is(name, "Request")) {
      has_request = has_request || !isAbsent(ctx, -1);
      readRequest(ctx, wanted.encoded, out);
    } else if (is(name, "SessionMeta")) {
      if (wanted.meta && asObject(ctx, -1, "SessionMeta")) out.session_meta = jsonOf(ctx);
    } else if (is(name, "Session")) {
      if (wanted.session && asObject(ctx, -1, "Session")) out.session = jsonOf(ctx);
    } else if (is(name, "AuthValue")) {
      readText(ctx, "AuthValue", out.auth_value);
    }
  });
  if (!wanted.encoded && !has_request)
    duk_type_error(ctx, "what the function returns has no Request");
}

void readResponseReply(duk_context* ctx, ResponseReply& out) {
  if (!asObject(ctx, -1, "what the function returns")) {
    duk_type_error(ctx, "the function returns nothing");
  }
  const auto field = [&](std::string_view name) {
    if (is(name, "StatusCode")) {
      readNumber(ctx, "StatusCode", out.status);
    } else if (is(name, "Body")) {
      readText(ctx, "Body", out.body);
    } else if (is(name, "SetHeaders")) {
      readTextMap(ctx, "SetHeaders", true, out.set_headers);
    } else if (is(name, "DeleteHeaders")) {
      readTextList(ctx, "DeleteHeaders", out.delete_headers);
    }
  };
  forEachProperty(ctx, -1, [&](std::string_view name) {
    if (is(name, "Response") && asObject(ctx, -1, "Response")) forEachProperty(ctx, -1, field);
  });
  checkBody(ctx, out.body);
}

void readVirtualReply(duk_context* ctx, VirtualReply& out) {
  if (!asObject(ctx, -1, "what the function returns")) {
    duk_type_error(ctx, "the function returns nothing");
  }
  const auto field = [&](std::string_view name) {
    if (is(name, "Code")) {
      readNumber(ctx, "Code", out.code);
    } else if (is(name, "Body")) {
      readText(ctx, "Body", out.body);
    } else if (is(name, "Headers")) {
      readTextMap(ctx, "Headers", true, out.headers);
    }
  };
  forEachProperty(ctx, -1, [&](std::string_view name) {
    if (is(name, "Response") && asObject(ctx, -1, "Response")) forEachProperty(ctx, -1, field);
    if (is(name, "SessionMeta") && asObject(ctx, -1, "SessionMeta")) out.session_meta = jsonOf(ctx);
  });
  checkBody(ctx, out.body);
}

}  // namespace tykpp::drivers::js
