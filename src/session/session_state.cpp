#include "session/session_state.hpp"

#include <nlohmann/json.hpp>

namespace tykpp::session {
namespace {

using Json = nlohmann::json;

/// Fields that ask the gateway to enforce or do something. Until it can, a session that uses one is
/// refused: a key that looks limited but is not would be worse than an error.
constexpr const char* kAsksForMore[] = {"rate",
                                        "quota_max",
                                        "throttle_interval",
                                        "smoothing",
                                        "max_query_depth",
                                        "throttle_retry_limit",
                                        "access_rights",
                                        "apply_policies",
                                        "apply_policy_id",
                                        "monitor",
                                        "hmac_enabled",
                                        "enable_http_signature_validation",
                                        "certificate",
                                        "post_expiry_action",
                                        "mtls_static_certificate_bindings",
                                        "enable_detailed_recording",
                                        "enable_detail_recording"};

/// Whether a value asks for anything: not null, false, zero, negative (unlimited) or empty. Objects
/// are empty when what they hold is, to a depth that no session needs.
bool asks(const Json& value, int depth = 4) {
  switch (value.type()) {
    case Json::value_t::boolean:
      return value.get<bool>();
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float:
      return value.get<double>() > 0;
    case Json::value_t::string:
      return !value.get_ref<const std::string&>().empty();
    case Json::value_t::object:
    case Json::value_t::array:
      for (const Json& inner : value) {
        if (value.is_array() || depth == 0 || asks(inner, depth - 1)) return true;
      }
      return false;
    default:
      return false;
  }
}

Error wrongType(const char* field, const char* wanted, const Json& found) {
  return Error(Errc::kBadRequest, std::string("must be ") + wanted + ", not " + found.type_name())
      .at(std::string("/") + field);
}

/// Reads one field if it is there; null counts as absent, as in the session store.
struct Reader {
  const Json& object;
  const Json* find(const char* field) const {
    const auto at = object.find(field);
    return at == object.end() || at->is_null() ? nullptr : &*at;
  }
  Result<void> text(const char* field, std::string& out) const {
    const Json* value = find(field);
    if (value == nullptr) return {};
    if (!value->is_string()) return wrongType(field, "a string", *value);
    out = value->get_ref<const std::string&>();
    return {};
  }
  Result<void> number(const char* field, std::int64_t& out) const {
    const Json* value = find(field);
    if (value == nullptr) return {};
    if (!value->is_number_integer()) return wrongType(field, "a whole number", *value);
    if (value->is_number_unsigned() && value->get<std::uint64_t>() > INT64_MAX) {
      return Error(Errc::kBadRequest, "is too large").at(std::string("/") + field);
    }
    out = value->get<std::int64_t>();
    return {};
  }
  Result<void> flag(const char* field, bool& out) const {
    const Json* value = find(field);
    if (value == nullptr) return {};
    if (!value->is_boolean()) return wrongType(field, "true or false", *value);
    out = value->get<bool>();
    return {};
  }
};

Result<void> readTags(const Reader& reader, std::vector<std::string>& out) {
  const Json* tags = reader.find("tags");
  if (tags == nullptr) return {};
  if (!tags->is_array()) return wrongType("tags", "an array of strings", *tags);
  for (const Json& tag : *tags) {
    if (!tag.is_string()) return wrongType("tags", "an array of strings", tag);
    out.push_back(tag.get_ref<const std::string&>());
  }
  return {};
}

Result<void> readMetadata(const Reader& reader,
                          std::vector<std::pair<std::string, std::string>>& out) {
  const Json* data = reader.find("meta_data");
  if (data == nullptr) return {};
  if (!data->is_object()) return wrongType("meta_data", "an object", *data);
  for (const auto& [name, value] : data->items()) {
    out.emplace_back(name, value.is_string()
                               ? value.get_ref<const std::string&>()
                               : value.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  return {};
}

}  // namespace

Result<SessionState> SessionState::parse(std::string_view json, std::string_view token) {
  const Json object = Json::parse(json, nullptr, false);
  if (object.is_discarded()) return Error(Errc::kBadRequest, "is not JSON");
  if (!object.is_object()) return Error(Errc::kBadRequest, "must be a JSON object");
  for (const char* field : kAsksForMore) {
    const auto at = object.find(field);
    if (at != object.end() && asks(*at)) {
      return Error(Errc::kNotBuilt, "is not enforced by this release, so it cannot be set")
          .at(std::string("/") + field);
    }
  }
  SessionState state;
  const Reader reader{object};
  if (auto read = reader.number("expires", state.expires_); !read) return read.error();
  if (auto read = reader.flag("is_inactive", state.inactive_); !read) return read.error();
  if (auto read = reader.text("org_id", state.org_id_); !read) return read.error();
  if (auto read = reader.text("alias", state.alias_); !read) return read.error();
  if (auto read = readTags(reader, state.tags_); !read) return read.error();
  if (auto read = readMetadata(reader, state.metadata_); !read) return read.error();
  state.token_ = token;
  state.json_ = json;
  return state;
}

}  // namespace tykpp::session
