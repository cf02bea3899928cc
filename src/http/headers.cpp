#include "http/headers.hpp"

#include <algorithm>

namespace tykpp::http {

const HeaderField* Headers::find(HeaderName name) const noexcept {
  for (const HeaderField& field : fields_) {
    if (name.matches(field.id, field.name)) return &field;
  }
  return nullptr;
}

std::string_view Headers::get(HeaderName name) const noexcept {
  const HeaderField* field = find(name);
  return field != nullptr ? field->value : std::string_view{};
}

void Headers::set(HeaderName name, std::string_view value) {
  const auto same = [name](const HeaderField& f) { return name.matches(f.id, f.name); };
  const auto first = std::find_if(fields_.begin(), fields_.end(), same);
  if (first == fields_.end()) {
    add(name, value);
    return;
  }
  *first = {name.id(), name.text(), value};
  fields_.erase(std::remove_if(first + 1, fields_.end(), same), fields_.end());
}

std::size_t Headers::erase(HeaderName name) {
  return std::erase_if(fields_,
                       [name](const HeaderField& f) { return name.matches(f.id, f.name); });
}

}  // namespace tykpp::http
