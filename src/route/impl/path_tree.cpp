#include "route/impl/path_tree.hpp"

#include <algorithm>
#include <cstring>
#include <tuple>

namespace tykpp::route {

PathTree::PathTree(std::vector<Item> items, std::uint32_t scopes) : roots_(scopes, kNone) {
  std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) {
    return std::tie(a.scope, a.prefix, a.route) < std::tie(b.scope, b.prefix, b.route);
  });
  nodes_.reserve(items.size() * 2);
  std::vector<Range> ranges;
  ranges.reserve(items.size() * 2);
  for (std::size_t first = 0; first < items.size();) {
    std::size_t last = first;
    while (last < items.size() && items[last].scope == items[first].scope) ++last;
    roots_[items[first].scope] = static_cast<std::uint32_t>(nodes_.size());
    addNode('\0', {first, last, 0}, ranges);
    first = last;
  }
  // Level by level: children are appended side by side behind everything made so far.
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) fill(i, items, ranges);
  nodes_.shrink_to_fit();
}

void PathTree::addNode(char first_byte, Range range, std::vector<Range>& ranges) {
  nodes_.emplace_back();
  first_bytes_.push_back(first_byte);
  ranges.push_back(range);
}

void PathTree::fill(std::uint32_t index, const std::vector<Item>& items,
                    std::vector<Range>& ranges) {
  const Range range = ranges[index];
  const std::string_view low = items[range.first].prefix;
  const std::string_view high = items[range.last - 1].prefix;
  // Sorted: what the first and the last item share, all of them share.
  const std::size_t end = static_cast<std::size_t>(
      std::mismatch(low.begin(), low.end(), high.begin(), high.end()).first - low.begin());
  Node node;
  node.label_at = static_cast<std::uint32_t>(labels_.size());
  node.label_size = static_cast<std::uint32_t>(end - range.depth);
  labels_.append(low.substr(range.depth, end - range.depth));
  node.first_candidate = static_cast<std::uint32_t>(candidates_.size());
  std::size_t at = range.first;
  for (; at < range.last && items[at].prefix.size() == end; ++at) {
    if (items[at].path_template != kNone) {
      candidates_.push_back({items[at].route, items[at].path_template});
    } else if (node.route == kNone) {
      node.route = items[at].route;
    }
  }
  node.candidates = static_cast<std::uint32_t>(candidates_.size()) - node.first_candidate;
  node.first_child = static_cast<std::uint32_t>(nodes_.size());
  while (at < range.last) {
    const char byte = items[at].prefix[end];
    const std::size_t first = at;
    while (at < range.last && items[at].prefix[end] == byte) ++at;
    addNode(byte, {first, at, end}, ranges);
  }
  node.children = static_cast<std::uint32_t>(nodes_.size()) - node.first_child;
  nodes_[index] = node;
}

std::uint32_t PathTree::child(const Node& node, char first_byte) const noexcept {
  if (node.children == 0) return kNone;
  const char* begin = first_bytes_.data() + node.first_child;
  const void* found = std::memchr(begin, first_byte, node.children);
  if (found == nullptr) return kNone;
  return node.first_child + static_cast<std::uint32_t>(static_cast<const char*>(found) - begin);
}

}  // namespace tykpp::route
