#include "definition/impl/shape.hpp"

#include <vector>

#include "base/ascii.hpp"

namespace tykpp::definition {
namespace {

const char* kindName(Kind kind) {
  switch (kind) {
    case Kind::kString:
      return "a string";
    case Kind::kBool:
      return "true or false";
    case Kind::kInt:
      return "an integer";
    case Kind::kUnsigned:
      return "an integer of at least 0";
    case Kind::kFloat:
      return "a number";
    case Kind::kList:
      return "an array";
    case Kind::kMap:
    case Kind::kObject:
      return "an object";
    case Kind::kAny:
      break;
  }
  return "any value";
}

bool fits(const Json& value, Kind kind) {
  switch (kind) {
    case Kind::kAny:
      return true;
    case Kind::kString:
      return value.is_string();
    case Kind::kBool:
      return value.is_boolean();
    case Kind::kInt:
      // Beyond 63 bits the parser falls back to unsigned.
      return value.is_number_integer() &&
             (!value.is_number_unsigned() || value.get<std::uint64_t>() <= INT64_MAX);
    case Kind::kUnsigned:
      // Converted documents hold small numbers as signed ones.
      return fits(value, Kind::kInt) && value.get<std::int64_t>() >= 0;
    case Kind::kFloat:
      return value.is_number();
    case Kind::kList:
      return value.is_array();
    case Kind::kMap:
    case Kind::kObject:
      return value.is_object();
  }
  return false;
}

bool isScalar(Kind kind) { return kind < Kind::kList; }

const Field* findExact(std::span<const Field> fields, std::string_view name) {
  for (const Field& field : fields) {
    if (name == field.name) return &field;
  }
  return nullptr;
}

const Field* findAnyCase(std::span<const Field> fields, std::string_view name) {
  for (const Field& field : fields) {
    if (equalsIgnoreCase(name, field.name)) return &field;
  }
  return nullptr;
}

void applyToObject(Json& value, const Shape& shape, const std::string& pointer, Unknown unknown,
                   Report& report) {
  std::vector<std::pair<std::string, const Field*>> renames;
  for (auto it = value.begin(); it != value.end();) {
    const Field* field = findExact(shape.fields, it.key());
    if (field == nullptr) {
      field = findAnyCase(shape.fields, it.key());
      if (field != nullptr) {
        renames.emplace_back(it.key(), field);
      } else if (unknown == Unknown::kWarn) {
        report.warn(pointerTo(pointer, it.key()), "unknown field, it is ignored");
      }
    }
    if (field != nullptr && it->is_null()) {
      if (!renames.empty() && renames.back().first == it.key()) renames.pop_back();
      it = value.erase(it);
      continue;
    }
    // The place is put into words only where somebody may want it: most members are scalars of the
    // right type.
    if (field != nullptr && !(isScalar(field->shape->kind) && fits(*it, field->shape->kind))) {
      applyShape(*it, *field->shape, pointerTo(pointer, it.key()), unknown, report);
    }
    ++it;
  }
  for (const auto& [key, field] : renames) {
    Json moved = std::move(value[key]);
    value.erase(key);
    if (!value.contains(field->name)) value[field->name] = std::move(moved);
  }
}

}  // namespace

void applyShape(Json& value, const Shape& shape, const std::string& pointer, Unknown unknown,
                Report& report) {
  if (!fits(value, shape.kind)) {
    report.error(pointer, std::string("expected ") + kindName(shape.kind) + ", found " +
                              (value.is_number_float() ? "a fraction" : value.type_name()));
    return;
  }
  if (shape.kind == Kind::kObject) {
    applyToObject(value, shape, pointer, unknown, report);
  } else if (shape.kind == Kind::kMap && shape.element->kind != Kind::kAny) {
    for (auto it = value.begin(); it != value.end();) {
      if (it->is_null()) {
        // A null element is the element type's zero value: for objects an empty one.
        *it = shape.element->kind == Kind::kObject ? Json::object() : Json();
      }
      if (it->is_null()) {
        it = value.erase(it);
        continue;
      }
      applyShape(*it, *shape.element, pointerTo(pointer, it.key()), unknown, report);
      ++it;
    }
  } else if (shape.kind == Kind::kList && shape.element->kind != Kind::kAny) {
    std::size_t index = 0;
    for (Json& element : value) {
      if (element.is_null() && shape.element->kind == Kind::kObject) element = Json::object();
      applyShape(element, *shape.element, pointerTo(pointer, index++), unknown, report);
    }
  }
}

}  // namespace tykpp::definition
