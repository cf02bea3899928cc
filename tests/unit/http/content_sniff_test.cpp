#include "http/content_sniff.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tykpp::http {
namespace {

using namespace std::string_view_literals;

TEST(ContentSniff, NamesTheTypesThatServersSend) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", ""},
      {"{\"a\":1}", "text/plain; charset=utf-8"},
      {"  \n<html><body>", "text/html; charset=utf-8"},
      {"<!doctype HTML>", "text/html; charset=utf-8"},
      {"<!-- x", "text/html; charset=utf-8"},
      {"<htmlish>", "text/plain; charset=utf-8"},
      {"<p", "text/plain; charset=utf-8"},
      {"\t<?xml version='1.0'?>", "text/xml; charset=utf-8"},
      {"%PDF-1.7", "application/pdf"},
      {"\x89PNG\x0D\x0A\x1A\x0A...", "image/png"},
      {"GIF89a...", "image/gif"},
      {"RIFF....WEBPVP8", "image/webp"},
      {"\x1F\x8B\x08\x00"sv, "application/x-gzip"},
      {"PK\x03\x04", "application/zip"},
      {"a\x00b"sv, "application/octet-stream"},
      {"\xFE\xFF\x00h"sv, "text/plain; charset=utf-16be"},
      {"gr\xC3\xBC\xC3\x9F dich", "text/plain; charset=utf-8"}};
  for (const auto& [body, type] : cases) EXPECT_EQ(sniffContentType(body), type) << body;
}

TEST(ContentSniff, LooksAtTheFirst512BytesOnly) {
  std::string body(512, 'x');
  body += '\0';
  EXPECT_EQ(sniffContentType(body), "text/plain; charset=utf-8");
  body[511] = '\0';
  EXPECT_EQ(sniffContentType(body), "application/octet-stream");
}

}  // namespace
}  // namespace tykpp::http
