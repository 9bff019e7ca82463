// Records of a TensorBoard event file, encoded by hand: of the messages in event.proto and summary.proto only the few
// fields that scalars need.

#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace gsfit {

/// CRC-32C (Castagnoli; RFC 3720, appendix B.4).
std::uint32_t crc32c(const std::string& bytes);

// One framed record each: length and its masked CRC, Event, its masked CRC. Times are in seconds since 1970.

/// What a file begins with.
std::string version_record(double wall_time);

/// From here on the run begins at `step`: readers drop what they have of it and later steps.
std::string restart_record(double wall_time, std::int64_t step);

/// Scalars of a step, by name.
std::string scalars_record(double wall_time, std::int64_t step,
                           const std::vector<std::pair<std::string, double>>& scalars);

}  // namespace gsfit
