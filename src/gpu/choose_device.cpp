#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>

#include "gpu/plugin.h"
#include "gsfit/core/error.h"
#include "gsfit/gpu.h"

namespace gsfit {

namespace {

/// Index of "cuda" (0) or "cuda:N"; nothing for other words.
std::optional<int> index_of(const std::string& wish) {
    if (wish == "cuda") return 0;
    const std::string start = "cuda:";
    if (!wish.starts_with(start)) return std::nullopt;
    int index = -1;
    const char* end = wish.data() + wish.size();
    const auto [stop, error] = std::from_chars(wish.data() + start.size(), end, index);
    if (error != std::errc() || stop != end || index < 0 || index > 127) return std::nullopt;
    return index;
}

/// The GPU's name; empty when it cannot be used, and `problem` says why.
std::string usable(int index, std::string& problem) {
    const gpu::Plugin* plugin = load_plugin(problem);
    if (plugin == nullptr) return {};
    const int count = plugin->count_devices(problem);
    if (count < 0) return {};
    if (index >= count) {
        problem = count == 1 ? "there is one GPU; name cuda:0"
                             : "there are " + std::to_string(count) +
                                   " GPUs; name one of cuda:0 to cuda:" + std::to_string(count - 1);
        return {};
    }
    problem = plugin->try_device(index);
    return problem.empty() ? plugin->name_device(index) : std::string();
}

DeviceChoice on_cuda(int index, const std::string& name) {
    return {.device = c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index)),
            .name = "cuda:" + std::to_string(index) + ", " + name,
            .note = ""};
}

/// A machine without NVIDIA's driver has no GPU to look for: that costs a second.
bool has_driver() { return std::filesystem::exists("/dev/nvidiactl") || std::filesystem::exists("/dev/dxg"); }

}  // namespace

std::optional<c10::Device> named_gpu(const std::string& wish) {
    const auto index = index_of(wish);
    if (!index) return std::nullopt;
    return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(*index));
}

void check_device(const std::string& wish) {
    if (wish == "auto" || wish == "cpu" || index_of(wish)) return;
    throw UsageError("device must be auto, cpu, cuda or cuda:N (N: a GPU's number, from 0), not '" + wish + "'");
}

DeviceChoice choose_device(const std::string& wish) {
    check_device(wish);
    if (wish == "cpu" || (wish == "auto" && !has_driver())) return {};
    const int index = index_of(wish).value_or(0);
    std::string problem;
    const std::string name = usable(index, problem);
    if (!name.empty()) return on_cuda(index, name);
    if (wish != "auto") {
        throw DeviceError("device '" + wish + "' cannot be used: " + problem + ", or train with --device cpu");
    }
    return {.device = c10::kCPU, .name = "cpu", .note = "the CPU is used, not a GPU: " + problem};
}

}  // namespace gsfit
