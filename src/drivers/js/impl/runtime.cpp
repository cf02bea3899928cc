#include "drivers/js/impl/runtime.hpp"

#include <cstring>

namespace tykpp::drivers::js {
namespace {

/// Pages that a call used beyond this go back to the system before the next one.
constexpr std::size_t kKeepBytes = 1 << 20;

std::unique_ptr<std::byte[]> copyOf(const std::byte* from, std::size_t size) {
  std::unique_ptr<std::byte[]> copy(new std::byte[size]);  // not cleared first
  std::memcpy(copy.get(), from, size);
  return copy;
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
  std::memcpy(arena_.base(), image.bytes.get(), image.size);
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

Image Runtime::capture(duk_hthread* engine) const {
  Image image;
  image.size = arena_.used();
  image.bytes = copyOf(arena_.base(), image.size);
  image.engine = engine;
  return image;
}

std::shared_ptr<Runtime> Runtimes::of(std::uint32_t worker) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Runtime>& runtime = by_worker_[worker];
  if (runtime == nullptr) runtime = std::make_shared<Runtime>(memory_limit_);
  return runtime;
}

}  // namespace tykpp::drivers::js
