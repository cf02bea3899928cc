#include "base/error.hpp"

#include <stdexcept>

namespace tykpp {
void throw_exception_from_error(const Error& error, const boost::source_location& /*where*/) {
  throw std::logic_error("value() of a failed result: " + error.message());
}
}  // namespace tykpp
