#pragma once

#include "bench/options.h"

namespace gsfit::bench {

/// Fits the image with several seeds in this process and prints quality, time and memory of each.
void run_fit(const FitOptions& options);

}  // namespace gsfit::bench
