#include "admin/impl/cert_text.hpp"

#include <openssl/objects.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "admin/impl/answers.hpp"
#include "base/utc_time.hpp"

namespace tykpp::admin {
namespace {

struct Attribute {
  std::string type;  ///< numbers of its object identifier, with commas
  std::string value;
};

std::vector<Attribute> attributesOf(const X509_NAME* name) {
  std::vector<Attribute> list;
  for (int i = 0; name != nullptr && i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    char type[128];
    if (OBJ_obj2txt(type, sizeof type, X509_NAME_ENTRY_get_object(entry), 1) <= 0) continue;
    unsigned char* text = nullptr;
    const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
    if (size < 0) continue;
    Attribute attribute{type, {reinterpret_cast<char*>(text), static_cast<std::size_t>(size)}};
    OPENSSL_free(text);
    std::replace(attribute.type.begin(), attribute.type.end(), '.', ',');
    list.push_back(std::move(attribute));
  }
  return list;
}

std::string textList(const std::vector<std::string>& texts) {
  if (texts.empty()) return "null";
  std::string json = "[";
  for (const std::string& text : texts) json += (json == "[" ? "" : ",") + jsonString(text);
  return json + "]";
}

std::vector<std::string> valuesOf(const std::vector<Attribute>& all, std::string_view type) {
  std::vector<std::string> values;
  for (const Attribute& attribute : all) {
    if (attribute.type == type) values.push_back(attribute.value);
  }
  return values;
}

std::string lastOf(const std::vector<std::string>& values) {
  return values.empty() ? std::string() : values.back();
}

/// A distinguished name the way Go's library writes one.
std::string nameText(const std::vector<Attribute>& all) {
  static constexpr std::array<std::pair<const char*, const char*>, 7> kLists{
      {{"Country", "2,5,4,6"},
       {"Organization", "2,5,4,10"},
       {"OrganizationalUnit", "2,5,4,11"},
       {"Locality", "2,5,4,7"},
       {"Province", "2,5,4,8"},
       {"StreetAddress", "2,5,4,9"},
       {"PostalCode", "2,5,4,17"}}};
  std::string json = "{";
  for (const auto& [label, type] : kLists) {
    json += '"' + std::string(label) + "\":" + textList(valuesOf(all, type)) + ',';
  }
  json += R"("SerialNumber":)" + jsonString(lastOf(valuesOf(all, "2,5,4,5")));
  json += R"(,"CommonName":)" + jsonString(lastOf(valuesOf(all, "2,5,4,3")));
  json += R"(,"Names":)";
  if (all.empty()) {
    json += "null";
  } else {
    json += '[';
    for (const Attribute& attribute : all) {
      if (json.back() != '[') json += ',';
      json += R"({"Type":[)" + attribute.type + R"(],"Value":)" + jsonString(attribute.value) + '}';
    }
    json += ']';
  }
  return json + R"(,"ExtraNames":null})";
}

/// What stands for the subject of an entry that is a public key alone.
std::vector<Attribute> subjectOf(const certs::Certificate& certificate) {
  if (certificate.leaf() != nullptr) return attributesOf(X509_get_subject_name(certificate.leaf()));
  return {{"2,5,4,3", "Public Key: " + certificate.fingerprint()}};
}

std::vector<Attribute> issuerOf(const certs::Certificate& certificate) {
  if (certificate.leaf() == nullptr) return {};
  return attributesOf(X509_get_issuer_name(certificate.leaf()));
}

std::string timeText(const certs::Certificate& certificate, std::int64_t seconds) {
  if (certificate.leaf() == nullptr) return R"("0001-01-01T00:00:00Z")";
  return '"' + utcTimeText(seconds) + '"';
}

const char* flagText(bool flag) { return flag ? "true" : "false"; }

std::string datesText(const certs::Certificate& certificate) {
  return R"(,"not_before":)" + timeText(certificate, certificate.notBefore()) + R"(,"not_after":)" +
         timeText(certificate, certificate.notAfter());
}

}  // namespace

std::string basicsText(const std::string& id, const certs::Certificate& certificate) {
  return R"({"id":)" + jsonString(id) + R"(,"issuer_cn":)" +
         jsonString(lastOf(valuesOf(issuerOf(certificate), "2,5,4,3"))) + R"(,"subject_cn":)" +
         jsonString(lastOf(valuesOf(subjectOf(certificate), "2,5,4,3"))) + R"(,"dns_names":)" +
         textList(certificate.dnsNames()) + R"(,"has_private":)" +
         flagText(certificate.hasPrivate()) + datesText(certificate) + R"(,"is_ca":)" +
         flagText(certificate.isAuthority()) + '}';
}

std::string detailsText(const std::string& id, const certs::Certificate& certificate) {
  std::string json = R"({"id":)" + jsonString(id) + R"(,"fingerprint":)" +
                     jsonString(certificate.fingerprint()) + R"(,"has_private":)" +
                     flagText(certificate.hasPrivate()) + R"(,"issuer":)" +
                     nameText(issuerOf(certificate)) + R"(,"subject":)" +
                     nameText(subjectOf(certificate)) + datesText(certificate);
  if (!certificate.dnsNames().empty())
    json += R"(,"dns_names":)" + textList(certificate.dnsNames());
  return json + R"(,"is_ca":)" + flagText(certificate.isAuthority()) + '}';
}

}  // namespace tykpp::admin
