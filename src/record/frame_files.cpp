#include "record/frame_files.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <system_error>

#include "gsfit/core/error.h"
#include "gsfit/core/file.h"
#include "gsfit/core/step_files.h"

namespace gsfit {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* target_name = "target.jpg";
constexpr std::size_t jpeg_limit = std::size_t{1} << 30;  // [bytes]
constexpr std::size_t json_limit = std::size_t{1} << 16;  // [bytes]

fs::path frame_file(const fs::path& folder, std::int64_t step, const char* suffix) {
    return folder / step_file_name(step, suffix);
}

/// JSON has no infinity: the PSNR of a perfect match is null, one that was not measured is absent.
Json json_of(const Frame& frame) {
    Json json{
        {"step", frame.step}, {"seconds", frame.seconds}, {"gaussians", frame.gaussians}, {"lr", frame.step_scale}};
    if (frame.psnr) json["psnr"] = *frame.psnr;
    if (frame.ssim) json["ssim"] = *frame.ssim;
    return json;
}

Frame frame_of(const Json& json) {
    Frame frame{.step = json.at("step").get<std::int64_t>(),
                .seconds = json.at("seconds").get<double>(),
                .gaussians = json.at("gaussians").get<std::int64_t>(),
                .step_scale = json.at("lr").get<double>(),
                .psnr = {},
                .ssim = {}};
    if (json.contains("psnr")) {
        const Json& psnr = json["psnr"];
        frame.psnr = psnr.is_null() ? std::numeric_limits<double>::infinity() : psnr.get<double>();
    }
    if (json.contains("ssim")) frame.ssim = json["ssim"].get<double>();
    return frame;
}

/// None of a file that is missing, damaged or says another step.
std::optional<Frame> read_frame(const fs::path& folder, std::int64_t step) {
    try {
        if (!is_there(frame_file(folder, step, ".jpg"))) return std::nullopt;
        const std::vector<std::byte> bytes = read_file(frame_file(folder, step, ".json"), json_limit);
        const auto* text = reinterpret_cast<const char*>(bytes.data());
        const Frame frame = frame_of(Json::parse(text, text + bytes.size()));
        return frame.step == step ? std::optional(frame) : std::nullopt;
    } catch (const InputError&) {
        return std::nullopt;
    } catch (const Json::exception&) {
        return std::nullopt;
    }
}

}  // namespace

fs::path frames_folder(const fs::path& run_folder) { return run_folder / "frames"; }

void write_frame(const fs::path& run_folder, const Frame& frame, const std::vector<std::byte>& jpeg) {
    const fs::path folder = frames_folder(run_folder);
    write_file_atomically(frame_file(folder, frame.step, ".jpg"), jpeg);
    write_file_atomically(frame_file(folder, frame.step, ".json"), json_of(frame).dump() + "\n");
}

void write_frames_target(const fs::path& run_folder, const std::vector<std::byte>& jpeg) {
    write_file_atomically(frames_folder(run_folder) / target_name, jpeg);
}

RecordedFrames frames_on_disk(const fs::path& run_folder) {
    const fs::path folder = frames_folder(run_folder);
    RecordedFrames recorded;
    for (const std::int64_t step : steps_of_files(folder, ".json")) {
        if (const auto frame = read_frame(folder, step)) recorded.frames.push_back(*frame);
    }
    recorded.jpeg = [folder, frames = recorded.frames](std::size_t frame) {
        return read_file(frame_file(folder, frames.at(frame).step, ".jpg"), jpeg_limit);
    };
    if (is_there(folder / target_name)) recorded.target = read_file(folder / target_name, jpeg_limit);
    return recorded;
}

void remove_frames_after(const fs::path& run_folder, std::int64_t step) {
    const fs::path folder = frames_folder(run_folder);
    if (is_folder(folder)) remove_leftovers(folder);
    for (const std::int64_t other : steps_of_files(folder, ".json")) {
        if (other > step || !read_frame(folder, other)) remove_file(frame_file(folder, other, ".json"));
    }
    for (const std::int64_t other : steps_of_files(folder, ".jpg")) {
        if (!is_there(frame_file(folder, other, ".json"))) remove_file(frame_file(folder, other, ".jpg"));
    }
}

void remove_frames(const fs::path& run_folder) {
    const fs::path folder = frames_folder(run_folder);
    remove_frames_after(run_folder, -1);
    remove_file(folder / target_name);
    std::error_code not_empty;  // files of others are in it
    fs::remove(folder, not_empty);
}

}  // namespace gsfit
