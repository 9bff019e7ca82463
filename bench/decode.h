#pragma once

#include "bench/options.h"

namespace gsfit::bench {

/// Opens and draws a compact file with libgsfit_decode, as 8-bit samples, and prints the times.
void run_decode(const DecodeOptions& options);

}  // namespace gsfit::bench
