#pragma once

#include <c10/core/Device.h>

#include <nlohmann/json.hpp>

namespace gsfit::bench {

/// What the stages of a step take on a GPU [ms], for fields and rasters of four sizes; the share of `bandwidth`
/// [bytes/s] that the least traffic of a stage makes up, where that is plain to see; and the peak of LibTorch's memory.
nlohmann::ordered_json time_stages(const c10::Device& device, double bandwidth);

}  // namespace gsfit::bench
