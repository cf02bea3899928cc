#include "http/content_sniff.hpp"

#include "base/ascii.hpp"

namespace tykpp::http {
namespace {

using namespace std::string_view_literals;

struct Signature {
  std::string_view bytes;
  std::string_view type;
};

/// HTML tags may follow white space, in any case, and end with a space or `>`.
constexpr std::string_view kHtmlTags[] = {
    "<!DOCTYPE HTML", "<HTML", "<HEAD",  "<SCRIPT", "<IFRAME", "<H1",   "<DIV", "<FONT",
    "<TABLE",         "<A",    "<STYLE", "<TITLE",  "<B",      "<BODY", "<BR",  "<P"};

constexpr Signature kPrefixes[] = {{"%PDF-"sv, "application/pdf"},
                                   {"%!PS-Adobe-"sv, "application/postscript"},
                                   {"\xFE\xFF"sv, "text/plain; charset=utf-16be"},
                                   {"\xFF\xFE"sv, "text/plain; charset=utf-16le"},
                                   {"\xEF\xBB\xBF"sv, "text/plain; charset=utf-8"},
                                   {"\x00\x00\x01\x00"sv, "image/x-icon"},
                                   {"\x00\x00\x02\x00"sv, "image/x-icon"},
                                   {"BM"sv, "image/bmp"},
                                   {"GIF87a"sv, "image/gif"},
                                   {"GIF89a"sv, "image/gif"},
                                   {"\x89PNG\x0D\x0A\x1A\x0A"sv, "image/png"},
                                   {"\xFF\xD8\xFF"sv, "image/jpeg"},
                                   {"ID3"sv, "audio/mpeg"},
                                   {"OggS\x00"sv, "application/ogg"},
                                   {"MThd\x00\x00\x00\x06"sv, "audio/midi"},
                                   {"\x1A\x45\xDF\xA3"sv, "video/webm"},
                                   {"\x00\x01\x00\x00"sv, "font/ttf"},
                                   {"OTTO"sv, "font/otf"},
                                   {"ttcf"sv, "font/collection"},
                                   {"wOFF"sv, "font/woff"},
                                   {"wOF2"sv, "font/woff2"},
                                   {"\x1F\x8B\x08"sv, "application/x-gzip"},
                                   {"PK\x03\x04"sv, "application/zip"},
                                   {"Rar!\x1A\x07\x00"sv, "application/x-rar-compressed"},
                                   {"Rar!\x1A\x07\x01\x00"sv, "application/x-rar-compressed"},
                                   {"\x00\x61\x73\x6D"sv, "application/wasm"}};

bool startsWithIgnoreCase(std::string_view text, std::string_view prefix) noexcept {
  return text.size() >= prefix.size() && equalsIgnoreCase(text.substr(0, prefix.size()), prefix);
}

bool isHtml(std::string_view text) noexcept {
  for (const std::string_view tag : kHtmlTags) {
    if (!startsWithIgnoreCase(text, tag) || text.size() == tag.size()) continue;
    if (text[tag.size()] == ' ' || text[tag.size()] == '>') return true;
  }
  return text.substr(0, 4) == "<!--";
}

/// RIFF and FORM files say what they are behind four bytes of length.
std::string_view container(std::string_view data) noexcept {
  const auto holds = [&](std::string_view outer, std::string_view inner) {
    return data.substr(0, 4) == outer && data.size() >= 8 + inner.size() &&
           data.substr(8, inner.size()) == inner;
  };
  if (holds("RIFF", "WEBPVP")) return "image/webp";
  if (holds("RIFF", "AVI ")) return "video/avi";
  if (holds("RIFF", "WAVE")) return "audio/wave";
  if (holds("FORM", "AIFF")) return "audio/aiff";
  if (data.size() >= 12 && data.substr(4, 4) == "ftyp" && data.substr(8, 3) == "mp4") {
    return "video/mp4";
  }
  return {};
}

bool isBinaryByte(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x08 || byte == 0x0B || (byte >= 0x0E && byte <= 0x1A) ||
         (byte >= 0x1C && byte <= 0x1F);
}

}  // namespace

std::string_view sniffContentType(std::string_view body) noexcept {
  if (body.empty()) return {};
  const std::string_view data = body.substr(0, 512);
  const std::size_t first = data.find_first_not_of("\t\n\x0C\r ");
  const std::string_view text =
      first == std::string_view::npos ? std::string_view{} : data.substr(first);
  if (isHtml(text)) return "text/html; charset=utf-8";
  if (text.substr(0, 5) == "<?xml") return "text/xml; charset=utf-8";
  for (const Signature& known : kPrefixes) {
    if (data.substr(0, known.bytes.size()) == known.bytes) return known.type;
  }
  if (const std::string_view type = container(data); !type.empty()) return type;
  for (const char c : data) {
    if (isBinaryByte(c)) return "application/octet-stream";
  }
  return "text/plain; charset=utf-8";
}

}  // namespace tykpp::http
