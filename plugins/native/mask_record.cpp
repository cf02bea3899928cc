// Analytics hook: hides the last part of the client's IPv4 address and does not record health
// checks.
#include <string>
#include <tykpp/plugin.hpp>

static tykpp::Verdict maskRecord(tykpp::Record& record) {
  if (record.text(TYKPP_RECORD_PATH) == "/health") return tykpp::Verdict::kDrop;
  const std::string address(record.text(TYKPP_RECORD_IP_ADDRESS));
  if (const auto dot = address.rfind('.'); dot != std::string::npos) {
    record.setText(TYKPP_RECORD_IP_ADDRESS, address.substr(0, dot) + ".0");
  }
  return tykpp::Verdict::kContinue;
}

TYKPP_PLUGIN("mask-record", "1.0", tykpp::hook<maskRecord>("MaskRecord"))
