#include "definition/oas_schema.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "definition/impl/oas_shape.hpp"

namespace tykpp::definition {
namespace {

Json schemaOf(std::string_view version) {
  const auto text = oasSchema(version);
  EXPECT_TRUE(text) << version;
  return text ? Json::parse(*text) : Json();
}

/// Compares what the loader checks with what the schema says, member by member.
struct Comparison {
  const Json& schema;

  const Json& resolved(const Json& place) const {
    if (!place.contains("$ref")) return place;
    const std::string ref = place["$ref"].get<std::string>().substr(1);
    return schema.at(Json::json_pointer(ref));
  }

  static bool allows(const Json& place, const char* type) {
    if (!place.contains("type")) return false;
    const Json& given = place["type"];
    return given == type ||
           (given.is_array() && std::find(given.begin(), given.end(), type) != given.end());
  }

  static const char* typeOf(Kind kind) {
    switch (kind) {
      case Kind::kString:
        return "string";
      case Kind::kBool:
        return "boolean";
      case Kind::kInt:
      case Kind::kUnsigned:
        return "integer";
      case Kind::kFloat:
        return "number";
      case Kind::kList:
        return "array";
      case Kind::kMap:
      case Kind::kObject:
        return "object";
      case Kind::kAny:
        break;
    }
    return "";
  }

  void check(const Json& given, const Shape& shape, const std::string& where) const {
    if (shape.kind == Kind::kAny) return;
    const Json& place = resolved(given);
    ASSERT_TRUE(allows(place, typeOf(shape.kind))) << where << ": " << place.dump();
    if (shape.kind == Kind::kList && shape.element->kind != Kind::kAny) {
      ASSERT_TRUE(place.contains("items")) << where;
      check(place["items"], *shape.element, where + "/*");
    } else if (shape.kind == Kind::kMap && shape.element->kind != Kind::kAny) {
      ASSERT_TRUE(place.contains("additionalProperties")) << where;
      if (!place["additionalProperties"].contains("anyOf")) {
        check(place["additionalProperties"], *shape.element, where + "/*");
      }
    } else if (shape.kind == Kind::kObject) {
      checkMembers(place.at("properties"), shape, where);
    }
  }

  void checkMembers(const Json& properties, const Shape& shape, const std::string& where) const {
    for (const Field& field : shape.fields) {
      const std::string name(field.name);
      ASSERT_TRUE(properties.contains(name))
          << where << "/" << name << " is missing in src/definition/schema/x_tyk_api_gateway.json";
      check(properties[name], *field.shape, where + "/" + name);
    }
    for (const auto& [name, value] : properties.items()) {
      EXPECT_TRUE(std::any_of(shape.fields.begin(), shape.fields.end(),
                              [&](const Field& field) { return field.name == name; }))
          << where << "/" << name << " is in the schema, and nobody reads it";
    }
  }
};

TEST(OasSchema, DescribesWhatTheLoaderReads) {
  for (const char* version : {"3.0", "3.1"}) {
    const Json schema = schemaOf(version);
    const Comparison comparison{schema};
    comparison.check(schema.at("/properties/x-tyk-api-gateway"_json_pointer), extensionShape(), "");
  }
}

TEST(OasSchema, RefersToNothingThatIsNotThere) {
  for (const char* version : {"3.0", "3.1"}) {
    const Json schema = schemaOf(version);
    const Json flat = schema.flatten();
    std::size_t refs = 0;
    for (const auto& [place, value] : flat.items()) {
      if (!place.ends_with("/$ref") || !value.is_string()) continue;
      ++refs;
      EXPECT_TRUE(schema.contains(Json::json_pointer(value.get<std::string>().substr(1))))
          << place << ": " << value;
    }
    EXPECT_GT(refs, 100U);
  }
}

TEST(OasSchema, IsChosenByTheFirstTwoNumbers) {
  const auto newest = oasSchema("");
  EXPECT_EQ(newest, oasSchema("3.1"));
  EXPECT_NE(newest, oasSchema("3.0"));
  EXPECT_EQ(oasSchema("3.0.3"), oasSchema("3.0"));
  EXPECT_EQ(oasSchema("3"), oasSchema("3.0"));
  EXPECT_EQ(oasSchema("3.1.12"), newest);
  for (const char* version : {"2.0", "3.2", "4", "31", "x", "3.", ".", "3.0.x", " 3.0", "3..0",
                              "-3.0", "3.00", "99999999999999999999.1"}) {
    EXPECT_FALSE(oasSchema(version)) << version;
  }
}

}  // namespace
}  // namespace tykpp::definition
