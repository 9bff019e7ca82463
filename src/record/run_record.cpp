#include <array>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "gsfit/core/file.h"
#include "gsfit/record.h"

namespace gsfit {
namespace {

using Json = nlohmann::ordered_json;

/// Now, as 2026-11-21T09:48:38Z.
std::string utc_time() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text.data();
}

/// A peak of this process so far, by its name in /proc/self/status [bytes]. Not getrusage(): its figure begins with
/// that of the program which started this one.
std::optional<std::int64_t> peak_bytes(const std::string& name) {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
        std::int64_t kibibytes = 0;
        if (word == name && status >> kibibytes) return kibibytes * 1024;
    }
    return std::nullopt;
}

Json described(const DeviceMemoryReport& memory) {
    Json json;
    if (memory.budget > 0) json["budget_bytes"] = memory.budget;
    if (memory.planned > 0) json["planned_bytes"] = memory.planned;
    if (memory.peak_allocated > 0) json["peak_allocated_bytes"] = memory.peak_allocated;
    if (memory.peak_reserved > 0) json["peak_reserved_bytes"] = memory.peak_reserved;
    return json;
}

Json described(const MemoryReport& memory) {
    Json json;
    if (memory.budget_bytes > 0) json["budget_bytes"] = memory.budget_bytes;
    if (memory.program_bytes > 0) json["program_bytes"] = memory.program_bytes;
    if (memory.planned_bytes > 0) json["planned_bytes"] = memory.planned_bytes;
    json["amp"] = memory.amp;
    json["checkpointing"] = memory.checkpointing;
    json["bands"] = memory.bands;
    json["target_storage"] = memory.target_in_file ? "file" : "memory";
    if (memory.device) json["device"] = described(*memory.device);
    return json;
}

const char* name_of(RunExit exit) {
    switch (exit) {
        case RunExit::finished:
            return "finished";
        case RunExit::interrupted:
            return "interrupted";
        case RunExit::terminated:
            return "terminated";
        case RunExit::failed:
            break;
    }
    return "failed";
}

}  // namespace

RunRecord::RunRecord(const std::filesystem::path& run_folder, RunInfo info)
    : path_(run_folder / "run.json"), info_(std::move(info)), started_(utc_time()) {
    write("running", {}, {});
}

void RunRecord::operator()(const TrainEvent& event) {
    if (event.kind == TrainEvent::Kind::stepped || event.kind == TrainEvent::Kind::grown) {
        return;
    }
    step_ = event.state.step;
    gaussians_ = event.state.field.size();
    seconds_ = event.state.seconds;
    skipped_steps_ = event.state.skipped_steps;
    memory_ = event.memory;
    psnr_ = event.psnr;
    ssim_ = event.ssim;
    maps_ = event.maps;
    write("running", {}, {});
}

void RunRecord::end(RunExit exit, const std::string& message) { write(name_of(exit), message, utc_time()); }

void RunRecord::write(const std::string& exit, const std::string& message, const std::string& finished) const {
    Json json{{"versions", info_.versions},
              {"device", info_.device},
              {"simd", info_.simd},
              {"threads", info_.threads},
              {"seed", info_.seed},
              {"image", {{"path", info_.image}, {"width", info_.image_width}, {"height", info_.image_height}}},
              {"started", started_}};
    if (info_.resumed_step) json["resumed_step"] = *info_.resumed_step;
    if (!finished.empty()) json["finished"] = finished;
    json["exit"] = exit;
    if (!message.empty()) json["message"] = message;
    json["steps"] = step_;
    json["gaussians"] = gaussians_;
    json["seconds"] = seconds_;
    json["skipped_steps"] = skipped_steps_;
    if (psnr_) json["psnr"] = *psnr_;  // JSON has no infinity: null for a perfect match
    if (ssim_) json["ssim"] = *ssim_;
    for (const MapQuality& map : maps_) json["maps"][map.name] = {{"psnr", map.psnr}, {"ssim", map.ssim}};
    if (packed_) {
        const auto pixels = static_cast<double>(info_.image_width * info_.image_height);
        json["bits_per_gaussian"] = packed_->bits_per_gaussian;
        json["packed_bytes"] = packed_->file_bytes;
        json["packed_bpp"] = 8 * static_cast<double>(packed_->file_bytes) / pixels;
    }
    if (full_size_) {
        json["full_size"] = {{"width", full_size_->width},
                             {"height", full_size_->height},
                             {"psnr", full_size_->psnr},
                             {"ssim", full_size_->ssim}};
    }
    json["memory"] = described(memory_);
    if (const auto peak = peak_bytes("VmHWM:")) json["peak_resident_bytes"] = *peak;
    if (const auto peak = peak_bytes("VmPeak:")) json["peak_virtual_bytes"] = *peak;
    // A path need not be UTF-8, JSON is.
    write_file_atomically(path_, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace gsfit
