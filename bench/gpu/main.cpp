// gpu_bench [--image FILE]: prints one JSON of what the GPU is, what the stages of a training step take on it, and what
// a whole fit of the image takes. Exit code 5 where there is no GPU.

#include <ATen/DeviceAccelerator.h>
#include <ATen/ops/empty.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <string>
#include <vector>

#include "bench/gpu/stages.h"
#include "bench/gpu/timer.h"
#include "gpu/plugin.h"
#include "gsfit/core/error.h"
#include "gsfit/gpu.h"
#include "gsfit/memory/device_memory.h"
#include "gsfit/train.h"

namespace gsfit::bench {
namespace {

using Json = nlohmann::ordered_json;

/// [bytes/s] read and written by copies inside the GPU's memory.
double copy_bandwidth(const at::Device& device) {
    const std::int64_t bytes = std::int64_t{1} << 30;
    const auto options = at::TensorOptions(device).dtype(at::kByte);
    const at::Tensor from = at::empty({bytes}, options);
    const at::Tensor to = at::empty({bytes}, options);
    const auto times = time_on(device, [&] { to.copy_(from); });
    return 2.0 * static_cast<double>(bytes) / (times[times.size() / 2] / 1000);
}

Json machine(const DeviceChoice& choice, double bandwidth) {
    std::string problem;
    const gpu::DeviceFigures figures = load_plugin(problem)->device_figures(choice.device.index());
    const int lanes = figures.capability <= 80 ? 64 : 128;  // float32, of a multiprocessor
    std::string driver;
    std::getline(std::ifstream("/proc/driver/nvidia/version"), driver);
    const auto memory = device_memory(choice.device.index());
    return {{"name", choice.name},
            {"driver", driver},
            {"multiprocessors", figures.processors},
            {"clock_mhz", figures.clock_khz / 1000},
            {"memory_clock_mhz", figures.memory_clock_khz / 1000},
            {"memory_bus_bits", figures.memory_bus_bits},
            {"memory_bytes", memory ? memory->total : 0},
            {"measured_copy_bytes_per_second", bandwidth},
            // Not measured: two operations a lane and cycle at the highest clock.
            {"computed_float32_flops", 2e3 * lanes * figures.processors * figures.clock_khz}};
}

/// A fit of 500 steps; evaluations, every `eval_steps`, are part of its seconds.
Json time_fit(const PackedImage& image, const at::Device& device, std::int64_t eval_steps) {
    constexpr double goal = 33.8;  // [dB]
    TrainOptions options;
    options.device = device;
    options.eval_steps = eval_steps;
    Json seconds_to_goal;
    double psnr = 0;
    const TrainListener listener = [&](const TrainEvent& event) {
        if (event.kind != TrainEvent::Kind::evaluated) return;
        psnr = event.psnr.value_or(0);
        if (psnr >= goal && seconds_to_goal.is_null()) seconds_to_goal = event.state.seconds;
    };
    const TrainState state = train(image, options, {listener});
    return {{"steps", state.step},
            {"gaussians", state.field.size()},
            {"eval_steps", eval_steps},
            {"seconds", state.seconds},
            {"psnr", psnr},
            {"seconds_to_33.8_db", seconds_to_goal}};
}

void run(const std::vector<std::string>& words) {
    if (!words.empty() && (words.size() != 2 || words[0] != "--image")) {
        throw UsageError("gpu_bench takes nothing but --image FILE");
    }
    const DeviceChoice choice = choose_device("cuda");
    const double bandwidth = copy_bandwidth(choice.device);
    at::accelerator::emptyCache();
    Json report{{"machine", machine(choice, bandwidth)}, {"table", time_stages(choice.device, bandwidth)}};
    if (!words.empty()) {
        const PackedImage image = read_image(words[1]);
        report["fits"] = {time_fit(image, choice.device, 0), time_fit(image, choice.device, 10)};
    }
    std::printf("%s\n", report.dump(1).c_str());
}

ExitCode guarded(const std::vector<std::string>& words) {
    try {
        run(words);
        return ExitCode::done;
    } catch (const Error& error) {
        std::fprintf(stderr, "gpu_bench: %s\n", error.what());
        return error.code();
    } catch (const std::exception& error) {
        const std::string message = error.what();  // LibTorch appends a trace to its own
        std::fprintf(stderr, "gpu_bench: %s\n", message.substr(0, message.find('\n')).c_str());
        return ExitCode::failed;
    }
}

}  // namespace
}  // namespace gsfit::bench

int main(int argc, char** argv) { return static_cast<int>(gsfit::bench::guarded({argv + 1, argv + argc})); }
