#pragma once
#include <memory_resource>
#include <vector>

#include "http/request_context.hpp"

namespace tykpp::middleware {

/// Parameters of a request's query and of the form in its body, decoded, in the order in which the
/// reference merges them: a plain form stands before the query, a multipart one behind it. Files of
/// a multipart form are left out; bodies of other types and other methods than POST, PUT and PATCH
/// are no forms. Texts are in the arena.
void readFormFields(http::Exchange& exchange, std::pmr::vector<http::ContextText>& out);

}  // namespace tykpp::middleware
