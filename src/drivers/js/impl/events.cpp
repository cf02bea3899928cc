#include "drivers/js/impl/events.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "drivers/js/impl/engine.hpp"

namespace tykpp::drivers::js {
namespace {

constexpr std::size_t kThreadStackBytes = 512 * 1024;  // of far more

void putText(duk_context* ctx, const char* name, const std::string& value) {
  pushText(ctx, value);
  duk_put_prop_string(ctx, -2, name);
}

void callHandler(duk_context* ctx, void* lookup, const JsEvent& event) {
  duk_push_heapptr(ctx, lookup);
  duk_call(ctx, 0);
  duk_push_string(ctx, "DoProcessEvent");
  duk_push_object(ctx);
  putText(ctx, "Type", event.type);
  pushText(ctx, event.meta_json.empty() ? std::string_view("null") : event.meta_json);
  duk_json_decode(ctx, -1);
  duk_put_prop_string(ctx, -2, "Meta");
  putText(ctx, "TimeStamp", event.time_stamp);
  duk_push_object(ctx);
  putText(ctx, "APIID", event.api_id);
  putText(ctx, "OrgID", event.org_id);
  duk_call_prop(ctx, -4, 2);
}

}  // namespace

EventHandlers::~EventHandlers() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void EventHandlers::use(std::shared_ptr<const Program> program) {
  const std::lock_guard lock(mutex_);
  program_ = std::move(program);
}

void EventHandlers::call(std::string object, JsEvent event) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || program_ == nullptr) return;
  if (jobs_.size() >= kMaxWaiting) {
    TYKPP_LOG(warn, "jsvm", "too many events wait for their JS handlers; one is dropped type={}",
              log::quoted(event.type));
    return;
  }
  jobs_.push_back({std::move(object), std::move(event), program_});
  if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
  wake_.notify_one();
}

void EventHandlers::work() {
  Runtime runtime(memory_limit_);
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    perform(runtime, job);
    lock.lock();
  }
}

void EventHandlers::perform(Runtime& runtime, const Job& job) {
  const Program& program = *job.program;
  auto image = program.imageFor(runtime);
  const auto name = std::find(program.names.begin(), program.names.end(), job.object);
  std::string problem;
  if (!image) {
    problem = image.error().message();
  } else if (name == program.names.end() ||
             (*image)->names[static_cast<std::size_t>(name - program.names.begin())] == nullptr) {
    problem = "there is no such handler";
  } else {
    Run run;
    run.host = &program.foundation->host;
    run.deadline = Clock::now() + timeout_;
    run.blocking = &services_;
    run.insecure_skip_verify = program.insecure_skip_verify;
    const RunScope scope(run, kThreadStackBytes);
    runtime.enter(run, **image);
    void* lookup = (*image)->names[static_cast<std::size_t>(name - program.names.begin())];
    auto body = [&](duk_context* ctx) { callHandler(ctx, lookup, job.event); };
    problem = protectedCall((*image)->engine, body);
    runtime.leave(run);
  }
  if (problem.empty()) return;
  TYKPP_LOG(err, "jsvm", "executing JSVM method handler={} error={}", log::quoted(job.object),
            log::quoted(problem));
}

}  // namespace tykpp::drivers::js
