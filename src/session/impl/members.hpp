#pragma once
// The members of access rights and limits: their JSON names and their order, for JsonReader and
// JsonWriter alike.

#include <concepts>
#include <type_traits>

#include "session/access_definition.hpp"
#include "session/impl/json_reader.hpp"
#include "session/impl/json_writer.hpp"

namespace tykpp::session {

/// `T`, const or not.
template <class Given, class T>
concept Either = std::same_as<std::remove_const_t<Given>, T>;

void visitMembers(auto& visitor, Either<RateSmoothing> auto& smoothing) {
  visitor.always("enabled", smoothing.enabled);
  visitor.always("threshold", smoothing.threshold);
  visitor.always("trigger", smoothing.trigger);
  visitor.always("step", smoothing.step);
  visitor.always("delay", smoothing.delay);
}

void visitMembers(auto& visitor, Either<RateLimit> auto& limit) {
  visitor.field("rate", limit.rate);
  visitor.field("per", limit.per);
  visitor.field("smoothing", limit.smoothing);
}

void visitMembers(auto& visitor, Either<ApiLimit> auto& limit) {
  visitMembers(visitor, limit.rate);
  visitor.field("throttle_interval", limit.throttle_interval);
  visitor.field("throttle_retry_limit", limit.throttle_retry_limit);
  visitor.field("max_query_depth", limit.max_query_depth);
  visitor.field("quota_max", limit.quota_max);
  visitor.field("quota_renews", limit.quota_renews);
  visitor.field("quota_remaining", limit.quota_remaining);
  visitor.field("quota_renewal_rate", limit.quota_renewal_rate);
}

/// One definition each in access_json.cpp, so that their many types are compiled once.
void visitMembers(JsonReader& reader, AccessDefinition& access);
void visitMembers(JsonWriter& writer, const AccessDefinition& access);

/// Unknown members, behind the known ones.
inline void writeUnknown(JsonWriter& writer, const UnknownMembers& unknown) {
  for (const auto& [name, text] : unknown) writer.always(name, RawJson{text});
}

}  // namespace tykpp::session
