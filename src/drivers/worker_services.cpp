#include "drivers/worker_services.hpp"

namespace tykpp::drivers {

// A gateway without the service says so; tests replace what they need.

net::Loop* WorkerServices::loop(std::uint32_t /*worker*/) { return nullptr; }

void WorkerServices::fetch(std::uint32_t worker, FetchRequest /*request*/, Fetched done) {
  post(worker, [done = std::move(done)] {
    done(Error(Errc::kNotBuilt, "this gateway makes no HTTP calls for plugins"));
  });
}

void WorkerServices::storeData(std::string /*key*/, std::string /*value*/,
                               std::chrono::seconds /*ttl*/, Stored done) {
  done(Error(Errc::kNotBuilt, "this gateway keeps no data for plugins"));
}

void WorkerServices::triggerEvent(std::string /*name*/, std::string /*message*/) {}

void WorkerServices::loadData(std::string /*key*/, Stored done) {
  done(Error(Errc::kNotBuilt, "this gateway keeps no data for plugins"));
}

}  // namespace tykpp::drivers
