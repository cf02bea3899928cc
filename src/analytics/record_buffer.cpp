#include "analytics/record_buffer.hpp"

#include <utility>

#include "analytics/record_format.hpp"
#include "base/log.hpp"
#include "definition/analytics_config.hpp"

namespace tykpp::analytics {
namespace {

constexpr std::string_view kList = "analytics-tyk-system-analytics";
constexpr int kLists = 10;
constexpr std::size_t kSpareBatches = 4;
/// Memory of a record that is kept for the next one.
constexpr std::size_t kKeptBytes = 16U << 10;
/// Dropped records are told of so often at most.
constexpr std::chrono::seconds kTellEvery{10};

}  // namespace

std::vector<std::string> listNames(const definition::AnalyticsConfig& config) {
  const std::string base(kList);
  const std::string end = config.protobuf() ? "_protobuf" : "";
  if (!config.enable_multiple_analytics_keys) return {base + end};
  std::vector<std::string> names;
  for (int i = 0; i < kLists; ++i) names.push_back(base + "_" + std::to_string(i) + end);
  return names;
}

RecordBuffer::RecordBuffer(net::Loop& loop, std::unique_ptr<storage::KeyStoreClient> client,
                           const definition::AnalyticsConfig& config, Limits limits)
    : loop_(loop),
      names_(listNames(config)),
      append_(config.protobuf() ? &appendProtobuf : &appendMsgPack),
      limits_(limits),
      random_(std::random_device{}()),
      deadline_(
          loop.wheel(),
          [](net::Deadline&, void* self) { static_cast<RecordBuffer*>(self)->send(); }, this),
      client_(std::move(client)) {}

RecordBuffer::~RecordBuffer() = default;

void RecordBuffer::add(const http::TrafficRecord& record) {
  if (waiting_ >= limits_.records) return drop(1);
  std::string& text = slot();
  append_(record, text);
  if (bytes_ + text.size() > limits_.bytes) return drop(1);
  ++open_.count;
  open_.bytes += text.size();
  ++waiting_;
  bytes_ += text.size();
  if (open_.count >= limits_.batch_records || open_.bytes >= limits_.batch_bytes) {
    close();
    if (!failing_) return static_cast<void>(send());
  }
  if (!sending_ && !deadline_.armed()) deadline_.after(limits_.gather);
}

std::string& RecordBuffer::slot() {
  if (open_.count == open_.texts.size()) open_.texts.emplace_back();
  std::string& text = open_.texts[open_.count];
  text.clear();
  return text;
}

void RecordBuffer::close() {
  full_.push_back(std::move(open_));
  open_ = {};
  if (spare_.empty()) return;
  open_ = std::move(spare_.back());
  spare_.pop_back();
}

bool RecordBuffer::prepare() {
  if (full_.empty() && open_.count > 0) close();
  return !full_.empty();
}

storage::StoreTask<std::int64_t> RecordBuffer::push(const Batch& batch) {
  std::size_t list = 0;
  if (names_.size() > 1) list = random_() % names_.size();
  const std::string& key = names_[list];
  const storage::Words words(batch.texts.data(), batch.count);
  co_return co_await client_->push(key, words);
}

net::Detached RecordBuffer::send() {
  if (sending_) co_return;
  sending_ = true;
  deadline_.clear();
  while (prepare()) {
    const Result<std::int64_t> pushed = co_await push(full_.front());
    if (!pushed) {
      if (pushed.error().code() == Errc::kShuttingDown) co_return;
      refused(pushed.error());
      break;
    }
    stored();
  }
  sending_ = false;
  if (draining_) {
    draining_ = false;
    if (waiting_ > 0) drop(std::exchange(waiting_, 0));
    if (counts_.dropped > told_) tell();
    std::exchange(drained_, nullptr)();
  }
}

void RecordBuffer::stored() {
  if (std::exchange(failing_, false)) {
    TYKPP_LOG(info, "analytics", "the store takes traffic records again");
  }
  Batch batch = std::move(full_.front());
  full_.pop_front();
  counts_.stored += batch.count;
  waiting_ -= batch.count;
  bytes_ -= batch.bytes;
  if (spare_.size() >= kSpareBatches) return;
  for (std::string& text : batch.texts) {
    if (text.capacity() > kKeptBytes) text = {};
  }
  batch.count = 0;
  batch.bytes = 0;
  spare_.push_back(std::move(batch));
}

void RecordBuffer::refused(const Error& error) {
  if (!std::exchange(failing_, true)) {
    TYKPP_LOG(err, "analytics", "traffic records cannot be stored: {} waiting={}", error.message(),
              waiting_);
  }
  // A list that is none stays one: what goes there cannot be stored at all.
  if (error.code() == Errc::kBadRequest) {
    const Batch& batch = full_.front();
    waiting_ -= batch.count;
    bytes_ -= batch.bytes;
    const std::size_t lost = batch.count;
    full_.pop_front();
    drop(lost);
  }
  if (!draining_) deadline_.after(limits_.pause);
}

void RecordBuffer::drop(std::size_t count) {
  counts_.dropped += count;
  if (loop_.now() < tell_after_) return;
  tell_after_ = loop_.now() + kTellEvery;
  tell();
}

void RecordBuffer::tell() {
  TYKPP_LOG(warn, "analytics", "traffic records were dropped count={} since_start={} waiting={}",
            counts_.dropped - told_, counts_.dropped, waiting_);
  told_ = counts_.dropped;
}

void RecordBuffer::drain(std::function<void()> done) {
  draining_ = true;
  drained_ = std::move(done);
  if (!sending_) send();
}

}  // namespace tykpp::analytics
