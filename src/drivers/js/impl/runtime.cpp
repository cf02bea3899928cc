#include "drivers/js/impl/runtime.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tykpp::drivers::js {
namespace {

/// Pages that a call used beyond this go back to the system before the next one.
constexpr std::size_t kKeepBytes = 1 << 20;

std::unique_ptr<std::byte[]> copyOf(const std::byte* from, std::size_t size) {
  std::unique_ptr<std::byte[]> copy(new std::byte[size]);  // not cleared first
  std::memcpy(copy.get(), from, size);
  return copy;
}

/// Heaps are compared in pieces of this size.
constexpr std::size_t kBlockBytes = 256;

/// Adds what `earlier` has from `begin` to `end`.
void addShared(Image& image, const Image* earlier, std::size_t begin, std::size_t end) {
  if (earlier == nullptr) return;
  for (const Image::Part& part : earlier->parts) {
    const std::size_t from = std::max(begin, part.at);
    const std::size_t to = std::min(end, part.at + part.size);
    if (from < to) image.parts.push_back({from, to - from, part.from + (from - part.at)});
  }
}

}  // namespace

void Runtime::makeRoom() {
  if (Run* run = std::exchange(resident_, nullptr); run != nullptr) {
    run->saved_bytes = arena_.used();
    run->saved = copyOf(arena_.base(), run->saved_bytes);
  }
  if (arena_.peak() > kKeepBytes) arena_.trim(kKeepBytes);
}

void Runtime::enter(Run& run) {
  makeRoom();
  arena_.clear();
  resident_ = &run;
}

void Runtime::enter(Run& run, const Image& image) {
  makeRoom();
  for (const Image::Part& part : image.parts) {
    std::memcpy(arena_.base() + part.at, part.from, part.size);
  }
  resident_ = &run;
}

void Runtime::comeBack(Run& run) {
  if (resident_ == &run) return;
  makeRoom();
  std::memcpy(arena_.base(), run.saved.get(), run.saved_bytes);
  run.saved.reset();
  resident_ = &run;
}

void Runtime::leave(Run& run) noexcept {
  if (resident_ == &run) resident_ = nullptr;
  run.saved.reset();
}

Image Runtime::capture(duk_hthread* engine, std::shared_ptr<const Image> earlier) const {
  const std::byte* now = arena_.base();
  Image image;
  image.size = arena_.used();
  image.engine = engine;
  std::vector<std::byte> before;  // the earlier heap in one piece
  if (earlier != nullptr) {
    for (const Image::Part& part : earlier->parts) {
      before.insert(before.end(), part.from, part.from + part.size);
    }
  }
  const auto isShared = [&](std::size_t at, std::size_t size) {
    return at + size <= before.size() && std::memcmp(now + at, before.data() + at, size) == 0;
  };
  std::vector<std::pair<std::size_t, std::size_t>> own;  // offset, size
  for (std::size_t at = 0; at < image.size;) {
    const std::size_t size = std::min(kBlockBytes, image.size - at);
    if (!isShared(at, size)) {
      const bool joins = !own.empty() && own.back().first + own.back().second == at;
      if (joins) {
        own.back().second += size;
      } else {
        own.emplace_back(at, size);
      }
      image.own_bytes += size;
    }
    at += size;
  }
  image.own.reset(new std::byte[image.own_bytes]);
  std::byte* to = image.own.get();
  std::size_t done = 0;
  for (const auto& [at, size] : own) {
    addShared(image, earlier.get(), done, at);
    std::memcpy(to, now + at, size);
    image.parts.push_back({at, size, to});
    to += size;
    done = at + size;
  }
  addShared(image, earlier.get(), done, image.size);
  image.earlier = std::move(earlier);
  return image;
}

std::shared_ptr<Runtime> Runtimes::of(std::uint32_t worker) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Runtime>& runtime = by_worker_[worker];
  if (runtime == nullptr) runtime = std::make_shared<Runtime>(memory_limit_);
  return runtime;
}

}  // namespace tykpp::drivers::js
