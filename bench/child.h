#pragma once

#include <string>
#include <vector>

namespace gsfit::bench {

/// Starts this program anew with the given words and returns what it printed. Throws Error when it fails; what it said
/// about that stands on stderr.
std::string run_self(const std::vector<std::string>& words);

}  // namespace gsfit::bench
