#pragma once
// Policies from files: a directory with one policy a file, or one file with an object of all.
// Enters: paths; leaves: a set and what was wrong, file by file. Runs where files may be read,
// never on a worker.

#include <memory>
#include <string>

#include "base/error.hpp"
#include "definition/problem.hpp"
#include "session/policy_set.hpp"

namespace tykpp::session {

/// Where policies are; paths as to be opened. Neither: no policies.
struct PolicyFiles {
  std::string directory;  ///< `policies.policy_path`; wins
  std::string record;     ///< `policies.policy_record_name`: one file, id to policy
};

/// What a load came to.
struct LoadedPolicies {
  std::shared_ptr<const PolicySet> set;  ///< never null
  definition::Problems problems;         ///< in the order of the files
};

/// Reads all policies. One that cannot be read keeps the version it has in `previous`, if any; the
/// others are not held up by it.
/// @param previous  the set in use, or null
/// @error kNotFound, kIo  the directory or file as a whole cannot be read; the set in use should
/// stay
/// @error kBadRequest     the one file is no JSON object
Result<LoadedPolicies> loadPolicies(const PolicyFiles& files, const PolicySet* previous);

}  // namespace tykpp::session
