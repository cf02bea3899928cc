#pragma once
// Prefix trees over listen paths: one tree a host, all in the same arrays. A look-up walks down the
// request's path once and sees every prefix that matches on its way.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tykpp::route {

class PathTree {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  /// One prefix of one tree.
  struct Item {
    std::uint32_t scope;      ///< which tree
    std::string_view prefix;  ///< a plain listen path, or what all matches of a template start with
    std::uint32_t route;      ///< the lower, the better
    std::uint32_t path_template = kNone;  ///< which template must match too
  };
  /// A template that hangs at a node.
  struct Candidate {
    std::uint32_t route;
    std::uint32_t path_template;
  };

  PathTree() = default;
  /// @param scopes  number of trees; the items' texts are copied
  PathTree(std::vector<Item> items, std::uint32_t scopes);

  /// Calls `on_plain(route, matched_size)` for plain prefixes of the path and `on_templates(first,
  /// last)` for ranges of candidates in ascending order, shortest prefix first.
  template <class OnPlain, class OnTemplates>
  void visit(std::uint32_t scope, std::string_view path, OnPlain&& on_plain,
             OnTemplates&& on_templates) const {
    std::uint32_t index = roots_[scope];
    std::size_t at = 0;
    while (index != kNone) {
      const Node& node = nodes_[index];
      const std::string_view label(labels_.data() + node.label_at, node.label_size);
      if (!path.substr(at).starts_with(label)) return;
      at += label.size();
      if (node.route != kNone) on_plain(node.route, at);
      if (node.candidates > 0) {
        const Candidate* first = candidates_.data() + node.first_candidate;
        on_templates(first, first + node.candidates);
      }
      if (at == path.size()) return;
      index = child(node, path[at]);
    }
  }

 private:
  struct Node {
    std::uint32_t label_at = 0;
    std::uint32_t label_size = 0;
    std::uint32_t first_child = 0;
    std::uint32_t children = 0;
    std::uint32_t route = kNone;
    std::uint32_t first_candidate = 0;
    std::uint32_t candidates = 0;
  };
  /// The items below a node that is still to be filled, and how much of them stands above it.
  struct Range {
    std::size_t first;
    std::size_t last;
    std::size_t depth;
  };

  std::uint32_t child(const Node& node, char first_byte) const noexcept;
  void fill(std::uint32_t index, const std::vector<Item>& items, std::vector<Range>& ranges);
  void addNode(char first_byte, Range range, std::vector<Range>& ranges);

  std::vector<std::uint32_t> roots_;
  std::vector<Node> nodes_;
  std::string first_bytes_;  ///< of each node's label, so that siblings are found by one memchr
  std::string labels_;
  std::vector<Candidate> candidates_;
};

}  // namespace tykpp::route
