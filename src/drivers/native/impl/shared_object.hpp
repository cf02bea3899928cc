#pragma once
// Finding, checking and opening a plugin's file. Thread: main.

#include <sys/stat.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "tykpp/plugin.h"

namespace tykpp::drivers::native {

/// An opened plugin file that passed the handshake. Lives as long as the process: it is never
/// closed.
struct SharedObject {
  std::string path;    ///< the file it was read from first
  std::string digest;  ///< SHA-256 of the content, hex
  const tykpp_info_plugin* info = nullptr;

  /// The entry of that name, or null.
  const tykpp_hook_plugin* find(std::string_view name) const noexcept;
  /// An entry of the table; its entries are as long as the plugin says. @param index  below
  /// info->hook_count
  const tykpp_hook_plugin& at(std::size_t index) const noexcept;
  /// Every registered name, comma separated, for messages.
  std::string names() const;
};

/// The file a definition's path means: versioned names first (spec: plugins, 7.1).
/// @error kBadPlugin  nothing is there; the message lists where it was looked for
Result<std::string> locate(std::string_view path, const std::string& working_directory,
                           const std::string& compatible_version);

/// Whether the content can be handed to the dynamic loader, which trusts its input: complete, for
/// this machine, and ours.
/// @error kBadPlugin  saying what the file is instead
Result<void> checkContent(std::string_view content);

/// Opens a private copy for good and shakes hands with the plugin in it.
/// @param file  what it is a copy of, for messages
/// @error kBadPlugin
Result<std::shared_ptr<const SharedObject>> openStaged(const std::string& staged,
                                                       const std::string& file,
                                                       const std::string& digest);

/// Whether a file was built by Go: it brings a Go runtime, and a process has room for one.
bool hasGoRuntime(std::string_view content) noexcept;

/// Opens each content once a process.
class ObjectStore {
 public:
  explicit ObjectStore(std::string temp_directory) : temp_(std::move(temp_directory)) {}
  /// Removes the private copies; what is opened stays usable.
  ~ObjectStore();
  /// @error kBadPlugin
  Result<std::shared_ptr<const SharedObject>> open(const std::string& file);
  /// Checks a file that another process is to open; one that did not change is not read again.
  /// @return the digest of its content @error kBadPlugin
  Result<std::string> digestOf(const std::string& file);
  /// Makes a private copy of a file of that content; it is the caller's to remove.
  /// @param use  tells copies of one content apart
  /// @error kBadPlugin
  Result<std::string> copy(const std::string& file, const std::string& digest,
                           std::string_view use);

 private:
  struct Seen {
    struct stat status;
    std::shared_ptr<const SharedObject> object;
  };
  Result<std::shared_ptr<const SharedObject>> load(const std::string& file,
                                                   std::string_view content,
                                                   const std::string& digest);
  Result<std::string> stage(std::string_view content, const std::string& digest);

  std::string temp_;
  std::string directory_;  // made at the first use
  std::vector<std::string> staged_;
  struct Digest {
    struct stat status;
    std::string digest;
  };
  std::map<std::string, Digest> digests_;  // by path
  std::map<std::string, Seen> by_path_;    // saves reading a file again that did not change
};

}  // namespace tykpp::drivers::native
