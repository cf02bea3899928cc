#pragma once
// Messages as bytes (the encoding of protocol buffers) and as text.

#include <string>
#include <string_view>

#include "drivers/python/impl/message.hpp"

namespace tykpp::drivers::python {

/// Appends the message's bytes. After materialise() of it and of what it holds.
/// @return false with a Python error set
bool encode(Message& message, std::string& out);
/// Merges bytes into the message; fields that are not known are skipped.
/// @return false with ValueError for bytes that are no message
bool decode(Message& message, std::string_view bytes, int depth = 0);
/// Appends the text form, one field a line. @return false with a Python error set
bool printText(Message& message, std::string& out, int indent = 0);

}  // namespace tykpp::drivers::python
