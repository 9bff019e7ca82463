#include "gsfit/record/tensorboard.h"

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "gsfit/core/file.h"
#include "record/event_file.h"

namespace gsfit {
namespace {

namespace fs = std::filesystem;

/// Now [seconds since 1970].
double wall_time() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// TensorBoard reads the files of a folder in the order of their names, so a later one has a later time.
fs::path new_file_in(const fs::path& folder) {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) host = {"localhost"};
    for (auto time = static_cast<long long>(wall_time());; ++time) {
        std::array<char, 32> digits{};
        std::snprintf(digits.data(), digits.size(), "%010lld", time);
        fs::path path = folder / (std::string("events.out.tfevents.") + digits.data() + "." + host.data());
        if (!is_there(path)) return path;
    }
}

std::vector<std::pair<std::string, double>> scalars_of(const TrainEvent& event) {
    std::vector<std::pair<std::string, double>> scalars{
        {"loss", event.loss},
        {"gaussians", static_cast<double>(event.state.field.size())},
        {"steps_per_second", event.steps_per_second},
        {"step_scale", event.step_scale},
        {"skipped_steps", static_cast<double>(event.state.skipped_steps)}};
    if (event.psnr) scalars.emplace_back("psnr", *event.psnr);
    if (event.ssim) scalars.emplace_back("ssim", *event.ssim);
    if (event.resident_bytes > 0) scalars.emplace_back("resident_bytes", static_cast<double>(event.resident_bytes));
    if (event.memory.device) scalars.emplace_back("device_bytes", static_cast<double>(event.memory.device->reserved));
    return scalars;
}

}  // namespace

TensorBoardLog::TensorBoardLog(const fs::path& run_folder, std::optional<std::int64_t> resumed_step)
    : last_step_(resumed_step.value_or(-1)) {
    const fs::path folder = run_folder / "tensorboard";
    gsfit::create_directories(folder);
    path_ = new_file_in(folder);
    std::string beginning = version_record(wall_time());
    if (resumed_step) beginning += restart_record(wall_time(), *resumed_step + 1);
    write_file_atomically(path_, beginning);
}

void TensorBoardLog::operator()(const TrainEvent& event) {
    if (event.kind == TrainEvent::Kind::evaluated && event.state.step > last_step_) {
        append_to_file(path_, scalars_record(wall_time(), event.state.step, scalars_of(event)));
        last_step_ = event.state.step;
    }
}

}  // namespace gsfit
