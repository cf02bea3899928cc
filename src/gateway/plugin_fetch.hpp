#pragma once
// HTTP calls that plugins make, through the process' client.

#include <cstdint>

#include "client/client.hpp"
#include "drivers/worker_services.hpp"

namespace tykpp::gateway {

/// Sends the call and hands its answer to `done` on the worker. Thread: any.
/// @param services, client  outlive the call
void fetchFor(drivers::WorkerServices& services, client::HttpClient& client, std::uint32_t worker,
              drivers::FetchRequest request, drivers::WorkerServices::Fetched done);

}  // namespace tykpp::gateway
