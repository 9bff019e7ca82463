#include "bench/machine.h"

#include <hwy/targets.h>

#include <cstdint>
#include <ctime>
#include <fstream>
#include <thread>
#include <utility>

#include "gsfit/core/error.h"

namespace gsfit::bench {
namespace {

const std::pair<const char*, std::int64_t> targets[] = {
    {"avx512", HWY_AVX3}, {"avx2", HWY_AVX2}, {"sse4", HWY_SSE4}, {"neon", HWY_NEON}};

/// What follows the colon of the first line that begins with `key`, in a file of the kernel's.
std::string field_of(const char* path, const std::string& key) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        if (line.rfind(key, 0) == 0) return line.substr(line.find_first_not_of(" \t", line.find(':') + 1));
    }
    throw Error(std::string(path) + " has no line '" + key + "': this needs Linux with /proc.");
}

/// Unlike getrusage(), this does not count what the process was before it became this program.
double status_mb(const char* key) { return std::stod(field_of("/proc/self/status", key)) * 1024 / 1e6; }

std::string now() {
    const std::time_t time = std::time(nullptr);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&time));
    return text;
}

}  // namespace

Machine this_machine() {
    return {
        .cpu = field_of("/proc/cpuinfo", "model name"), .cores = std::thread::hardware_concurrency(), .date = now()};
}

std::vector<std::string> simd_names() {
    std::vector<std::string> names;
    for (const auto& [name, target] : targets) {
        if ((hwy::SupportedTargets() & target) != 0) names.emplace_back(name);
    }
    return names;
}

void use_simd(const std::string& name) {
    for (const auto& [known, target] : targets) {
        if (name == known) hwy::DisableTargets(target - 1);  // better targets have lower bits
    }
}

double resident_mb() { return status_mb("VmRSS:"); }
double resident_peak_mb() { return status_mb("VmHWM:"); }

}  // namespace gsfit::bench
