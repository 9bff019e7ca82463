#pragma once

#include "bench/options.h"

namespace gsfit::bench {

/// Measures every row in a process of its own, round by round, and prints the table.
void run_steps(const StepOptions& options);

/// Measures the only row in this process and prints the figures as JSON.
void run_measurement(const StepOptions& options);

}  // namespace gsfit::bench
