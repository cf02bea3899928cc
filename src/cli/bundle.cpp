#include "cli/bundle.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <optional>
#include <string_view>

#include "base/log.hpp"
#include "bundle/builder.hpp"
#include "definition/gateway_config.hpp"

namespace tykpp::cli {
namespace {

constexpr const char* kDefaultOutput = "bundle.zip";

/// One line on standard error, in the form of the gateway's log.
void say(const char* level, const std::string& text) {
  std::fprintf(stderr, "level=%s msg=%s prefix=bundler\n", level, log::quoted(text).c_str());
}

int fail(const std::string& text) {
  say("error", text);
  return 1;
}
int fail(const Error& error) { return fail(error.message()); }

/// @param flags O_TRUNC or O_EXCL
Result<void> writeFile(const std::string& path, std::string_view bytes, int flags, mode_t mode) {
  const auto failed = [&] { return Error(Errc::kIo, path + ": " + std::strerror(errno)); };
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, mode);
  if (file < 0) return failed();
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(file, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) {
      const Error error = failed();
      ::close(file);
      return error;
    }
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  if (::close(file) != 0) return failed();
  return {};
}

Result<std::string> readBundle(const std::string& path) {
  std::error_code error;
  std::ifstream in(path, std::ios::binary);
  if (!in || !std::filesystem::is_regular_file(path, error))
    return Error(Errc::kIo, path + ": can't be read");
  return std::string(std::istreambuf_iterator<char>(in), {});
}

bool confirmed() {
  say("warning", "The bundle will be unsigned, type \"y\" or \"yes\" to confirm:");
  std::string line;
  return std::getline(std::cin, line) && line.starts_with('y');
}

struct BuildFlags {
  std::string manifest = "manifest.json";
  std::string output = kDefaultOutput;
  std::string key;
  bool skip_signing = false;
};

int build(const BuildFlags& flags) {
  say("info", "Building bundle using '" + flags.manifest + "'");
  const auto builder = bundle::Builder::load(flags.manifest);
  if (!builder) return fail(builder.error());
  if (flags.output == kDefaultOutput)
    say("warning", std::string("Using default bundle path '") + kDefaultOutput + "'");
  std::optional<bundle::PrivateKey> key;
  if (!flags.key.empty()) {
    auto loaded = bundle::PrivateKey::load(flags.key);
    if (!loaded) return fail(loaded.error());
    key = std::move(*loaded);
    say("info", "Signing bundle with key '" + flags.key + "'");
  } else if (flags.skip_signing) {
    say("warning", "The bundle will be unsigned");
  } else if (!confirmed()) {
    return fail("Aborting");
  }
  const auto bytes = builder->pack(key ? &*key : nullptr);
  if (!bytes) return fail(bytes.error());
  if (auto wrote = writeFile(flags.output, *bytes, O_TRUNC, 0755); !wrote)
    return fail(wrote.error());
  say("info", "Wrote '" + flags.output + "' (" + std::to_string(bytes->size()) + " bytes)");
  return 0;
}

/// Opens a bundle with the gateway's default limits and gives it to `look`.
template <class Look>
int withBundle(const std::string& path, Look look) {
  const definition::PluginConfig defaults;
  const bundle::ArchiveLimits limits{static_cast<std::uint64_t>(defaults.bundle_max_unpacked_size),
                                     static_cast<std::size_t>(defaults.bundle_max_files)};
  const auto bytes = readBundle(path);
  if (!bytes) return fail(bytes.error());
  auto archive = bundle::Archive::open(*bytes, limits);
  if (!archive) return fail(archive.error());
  const auto inspection = bundle::inspect(*archive, limits);
  if (!inspection) return fail(inspection.error());
  return look(*archive, *inspection);
}

int verify(const std::string& path, const std::string& key_file) {
  std::optional<bundle::PublicKey> key;
  if (!key_file.empty()) {
    auto loaded = bundle::PublicKey::load(key_file);
    if (!loaded) return fail(loaded.error());
    key = std::move(*loaded);
  }
  return withBundle(path, [&](const bundle::Archive&, const bundle::Inspection& found) {
    const auto good = bundle::verify(found.manifest, found.digests, key, bundle::Strictness::kFull);
    if (!good) return fail(good.error());
    for (const std::string& name : found.unlisted) {
      const std::string why = "a file that file_list does not name: " + name;
      if (key) return fail("the bundle is signed, but has " + why);
      say("warning", "the bundle has " + why);
    }
    const bool is_signed = !found.manifest.signature.empty();
    std::printf("checksum: good (%zu files)\nsignature: %s\n", found.manifest.files.size(),
                key         ? "good"
                : is_signed ? "not checked, there is no --public-key"
                            : "none");
    return 0;
  });
}

int inspect(const std::string& path) {
  return withBundle(path, [](const bundle::Archive& archive, const bundle::Inspection& found) {
    for (const std::string& line : bundle::describeHooks(found.manifest))
      std::printf("%s\n", line.c_str());
    const bool good =
        bundle::verify(found.manifest, found.digests, {}, bundle::Strictness::kFull).has_value();
    std::printf("checksum: %s (%s)\nsigned: %s\nfiles:\n",
                log::quoted(found.manifest.checksum).c_str(), good ? "good" : "WRONG",
                found.manifest.signature.empty() ? "no" : "yes");
    for (const auto& [name, size] : found.digests.sizes) {
      std::printf("  %s  %llu bytes  sha256 %s\n", log::quoted(name).c_str(),
                  static_cast<unsigned long long>(size), found.digests.by_file.at(name).c_str());
    }
    for (const std::string& name : found.unlisted) {
      std::printf("  %s  %llu bytes  not in file_list\n", log::quoted(name).c_str(),
                  static_cast<unsigned long long>(archive.find(name)->declared));
    }
    return 0;
  });
}

int keygen(const std::string& secret_file, const std::string& open_file, int bits) {
  const auto pair = bundle::generateKeyPair(bits);
  if (!pair) return fail(pair.error());
  // Never over a key that somebody still needs.
  if (auto wrote = writeFile(secret_file, pair->private_pem, O_EXCL, 0600); !wrote)
    return fail(wrote.error());
  if (auto wrote = writeFile(open_file, pair->public_pem, O_EXCL, 0644); !wrote) {
    ::unlink(secret_file.c_str());
    return fail(wrote.error());
  }
  std::printf(
      "private key (for `bundle build --key`): %s\npublic key (for `public_key_path`): %s\n",
      secret_file.c_str(), open_file.c_str());
  return 0;
}

}  // namespace

struct BundleCommand::Options {
  CLI::App* bundle = nullptr;
  CLI::App* build = nullptr;
  CLI::App* verify = nullptr;
  CLI::App* inspect = nullptr;
  CLI::App* keygen = nullptr;
  BuildFlags flags;
  std::string file;
  std::string public_key;
  std::string new_private_key = "private.pem";
  std::string new_public_key = "public.pem";
  int bits = 3072;
};

BundleCommand::BundleCommand(CLI::App& program) : options_(std::make_unique<Options>()) {
  Options& o = *options_;
  o.bundle = program.add_subcommand("bundle", "make plugin bundles and look into them");
  o.bundle->require_subcommand(1);
  o.build = o.bundle->add_subcommand("build", "pack a manifest and the files it lists");
  o.build->add_option("-m,--manifest", o.flags.manifest,
                      "manifest; its files are looked for in the working directory");
  o.build->add_option("-o,--output", o.flags.output, "bundle to write (default bundle.zip)");
  o.build->add_option("-k,--key", o.flags.key, "RSA private key (PEM) to sign with");
  o.build->add_flag("-y,--skip-signing", o.flags.skip_signing, "do not ask when there is no key");
  o.verify = o.bundle->add_subcommand("verify", "check a bundle's checksum and signature");
  o.verify->add_option("file", o.file, "bundle")->required();
  o.verify->add_option("--public-key", o.public_key,
                       "RSA public key (PEM); with it the bundle must be signed");
  o.inspect = o.bundle->add_subcommand("inspect", "list hooks and files of a bundle");
  o.inspect->add_option("file", o.file, "bundle")->required();
  o.keygen = o.bundle->add_subcommand("keygen", "make a pair of keys");
  o.keygen->add_option("--private-key", o.new_private_key, "file to write (default private.pem)");
  o.keygen->add_option("--public-key", o.new_public_key, "file to write (default public.pem)");
  o.keygen->add_option("--bits", o.bits, "2048 to 8192 (default 3072)");
}

BundleCommand::~BundleCommand() = default;

bool BundleCommand::parsed() const { return options_->bundle->parsed(); }

int BundleCommand::run() const {
  const Options& o = *options_;
  if (o.build->parsed()) return build(o.flags);
  if (o.verify->parsed()) return verify(o.file, o.public_key);
  if (o.inspect->parsed()) return inspect(o.file);
  return keygen(o.new_private_key, o.new_public_key, o.bits);
}

std::string withTwoDashes(std::string argument) {
  for (const std::string_view flag : {"-output", "-key", "-manifest", "-skip-signing"}) {
    if (!argument.starts_with(flag)) continue;
    if (argument.size() == flag.size() || argument[flag.size()] == '=') return "-" + argument;
  }
  return argument;
}

}  // namespace tykpp::cli
