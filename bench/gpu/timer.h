#pragma once

#include <c10/core/Device.h>

#include <functional>
#include <vector>

namespace gsfit::bench {

/// [ms] between two events around `work` on the device's current stream, ascending: at least five repetitions, and as
/// many as take a second, up to 50, after two that do not count.
std::vector<double> time_on(const c10::Device& device, const std::function<void()>& work);

}  // namespace gsfit::bench
