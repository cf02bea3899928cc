// analytics hook: sees the record of every request before it is kept, and may change or drop it.
#include <tykpp/plugin.hpp>

static tykpp::Verdict run(tykpp::Record& record) {
  if (record.text(TYKPP_RECORD_PATH) == "/health") return tykpp::Verdict::kDrop;
  record.setText(TYKPP_RECORD_USER_AGENT, "hidden by @NAME@");
  return tykpp::Verdict::kContinue;
}

TYKPP_PLUGIN("@NAME@", "1.0", tykpp::hook<run>("@FUNCTION@"))
