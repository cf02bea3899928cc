#include "gateway/trial_services.hpp"

#include "gateway/plugin_fetch.hpp"

namespace tykpp::gateway {

void TrialServices::post(std::uint32_t /*worker*/, std::function<void()> fn) {
  loop_.post(std::move(fn));
}

void TrialServices::callAt(std::uint32_t /*worker*/, Clock::time_point when,
                           std::function<void()> fn) {
  timed_.add(when, std::move(fn));
}

void TrialServices::fetch(std::uint32_t worker, drivers::FetchRequest request, Fetched done) {
  fetchFor(*this, client_, worker, std::move(request), std::move(done));
}

void TrialServices::storeData(std::string key, std::string value, std::chrono::seconds ttl,
                              Stored done) {
  data_->set(std::move(key), std::move(value), ttl, std::move(done));
}

void TrialServices::loadData(std::string key, Stored done) {
  data_->get(std::move(key), std::move(done));
}

}  // namespace tykpp::gateway
