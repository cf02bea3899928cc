#include "cli/line_diff.hpp"

#include <algorithm>
#include <vector>

#include "base/text.hpp"

namespace tykpp::cli {
namespace {

using Lines = std::vector<std::string_view>;

Lines linesOf(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

void append(std::string& out, std::string_view mark, std::string_view line) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += mark;
  while (!line.empty()) {
    const std::size_t length = utf8SequenceLength(line);
    const auto byte = static_cast<unsigned char>(line.front());
    if (length > 1 || (length == 1 && (byte >= 0x20 || byte == '\t') && byte != 0x7f)) {
      out += line.substr(0, length);
      line.remove_prefix(length);
    } else {
      out.append("\\x").append(1, kHex[byte >> 4U]).append(1, kHex[byte & 15U]);
      line.remove_prefix(1);
    }
  }
  out += '\n';
}

/// Beyond this many pairs of lines a long text is shown as replaced instead of compared.
constexpr std::size_t kMaxPairs = 4'000'000;

/// lengths[i][j]: of the longest common sequence of a[i..] and b[j..].
std::vector<std::vector<std::uint32_t>> commonLengths(const Lines& a, const Lines& b) {
  std::vector<std::vector<std::uint32_t>> lengths(a.size() + 1,
                                                  std::vector<std::uint32_t>(b.size() + 1, 0));
  for (std::size_t i = a.size(); i-- > 0;) {
    for (std::size_t j = b.size(); j-- > 0;) {
      lengths[i][j] =
          a[i] == b[j] ? lengths[i + 1][j + 1] + 1 : std::max(lengths[i + 1][j], lengths[i][j + 1]);
    }
  }
  return lengths;
}

void appendDifferent(std::string& out, const Lines& a, const Lines& b) {
  std::size_t i = 0;
  std::size_t j = 0;
  if (a.size() * b.size() <= kMaxPairs) {
    const auto lengths = commonLengths(a, b);
    while (i < a.size() && j < b.size()) {
      if (a[i] == b[j]) {
        append(out, "  ", a[i]);
        ++i;
        ++j;
      } else if (lengths[i + 1][j] >= lengths[i][j + 1]) {
        append(out, "- ", a[i++]);
      } else {
        append(out, "+ ", b[j++]);
      }
    }
  }
  while (i < a.size()) append(out, "- ", a[i++]);
  while (j < b.size()) append(out, "+ ", b[j++]);
}

}  // namespace

std::string lineDiff(std::string_view before, std::string_view after) {
  Lines a = linesOf(before);
  Lines b = linesOf(after);
  // What both begin and end with needs no comparing.
  const auto [from_a, from_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  std::string out;
  for (auto line = a.begin(); line != from_a; ++line) append(out, "  ", *line);
  const auto [back_a, back_b] = std::mismatch(a.rbegin(), std::make_reverse_iterator(from_a),
                                              b.rbegin(), std::make_reverse_iterator(from_b));
  const Lines tail(back_a.base(), a.end());
  appendDifferent(out, Lines(from_a, back_a.base()), Lines(from_b, back_b.base()));
  for (const std::string_view line : tail) append(out, "  ", line);
  return out;
}

}  // namespace tykpp::cli
