#pragma once

#include <string>
#include <vector>

namespace gsfit::bench {

/// Where and when figures were taken.
struct Machine {
    std::string cpu;
    unsigned cores = 0;
    std::string date;  ///< UTC, ISO 8601
};

Machine this_machine();

/// SIMD targets that this machine can run, the best first.
std::vector<std::string> simd_names();

/// Keeps kernels from using anything better than a target of simd_names().
void use_simd(const std::string& name);

double resident_mb();       ///< of this process, now [10^6 bytes]
double resident_peak_mb();  ///< of this process, since it was started [10^6 bytes]

}  // namespace gsfit::bench
