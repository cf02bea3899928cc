#pragma once
// What is told of one request while it runs through an API that is not registered (debug_run.hpp):
// takes routing's place, runs the steps one by one with a line in the log for each, and keeps what
// the request had become when they had ended.

#include <memory>
#include <string>

#include "base/log_capture.hpp"
#include "gateway/snapshot.hpp"
#include "http/exchange.hpp"

namespace tykpp::gateway {

/// Of one request. Thread: its worker.
class RequestProbe {
 public:
  struct Options {
    std::string body;         ///< of the request as it is sent
    bool host_given = false;  ///< else its Host stands for none
  };
  /// @param snapshot  its first API takes the request, whatever its path
  /// @param log       outlives the probe
  RequestProbe(std::shared_ptr<const Snapshot> snapshot, log::Capture& log, Options options)
      : snapshot_(std::move(snapshot)), log_(log), options_(std::move(options)) {}

  const Snapshot& snapshot() const noexcept { return *snapshot_; }
  /// The request begins. @return its API
  const ApiRuntime* begin(http::Exchange& exchange);
  /// As Pipeline::runRequestChain, the body read before if need be.
  net::Task<Result<chain::Verdict>> runRequest(const chain::Chain& chain, http::Exchange& exchange);
  net::Task<Result<void>> runResponse(const chain::Chain& chain, http::Exchange& exchange);
  /// The request's steps have ended: it goes upstream as it is now, if it does.
  void takeRequest(const ApiRuntime& api, http::Exchange& exchange);
  /// The request in wire form; empty: no request came.
  const std::string& request() const noexcept { return request_; }

 private:
  template <class Step>
  using OnMessage = Result<chain::Verdict> (Step::*)(http::Exchange&) const;
  /// One step, with its lines in the log.
  template <class Step>
  net::Task<Result<chain::Verdict>> run(const Step& step, OnMessage<Step> part,
                                        http::Exchange& exchange);
  void finished(const Result<chain::Verdict>& verdict, const http::Exchange& exchange);

  const std::shared_ptr<const Snapshot> snapshot_;
  log::Capture& log_;
  const Options options_;
  std::string request_;
};

}  // namespace tykpp::gateway
