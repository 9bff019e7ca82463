#include "cli/recording.h"

#include <system_error>
#include <utility>

#include "cli/options.h"
#include "cli/report_pictures.h"
#include "cli/text.h"
#include "gsfit/report.h"
#include "gsfit/video.h"

namespace gsfit::cli {

namespace fs = std::filesystem;

Recording::Recording(fs::path run_folder, const Config& config, const PackedImage& target,
                     std::optional<std::int64_t> resumed_step, Warn warn)
    : folder_(std::move(run_folder)), config_(config), warn_(std::move(warn)) {
    attempt("comparison will be in the report", [&] { target_ = report_target(target); });
    if (config.boolean("tensorboard")) {
        attempt("tensorboard/ is written", [&] { tensorboard_.emplace(folder_, resumed_step); });
    }
    if (makes_pictures(config)) {
        attempt("pictures are made", [&] { pictures_.emplace(folder_, picture_options(config), target); });
    }
    if (!config.boolean("make_training_video")) return;
    const RecorderOptions options = recorder_options(config);
    warn_of_space(target.info(), options);
    frames_.emplace(folder_, options, target, resumed_step, warn_);
}

void Recording::operator()(const TrainEvent& event) {
    if (frames_) (*frames_)(event);
    if (pictures_ && !attempt("more pictures are made", [&] { (*pictures_)(event); })) pictures_.reset();
    if (tensorboard_ && !attempt("more is written to tensorboard/", [&] { (*tensorboard_)(event); })) {
        tensorboard_.reset();
    }
}

void Recording::drain() {
    if (frames_) frames_->drain();
}

void Recording::make_video() {
    const bool on_disk = config_.boolean("video_save_to_disk");
    attempt(on_disk ? "video is made (gsfit video makes it of the recorded frames)" : "video is made", [&] {
        const Video video = gsfit::make_video(folder_ / "video.mp4", frames_->recorded(), video_options(config_));
        all_in_video_ = video.skipped == 0;
        if (!video.note.empty()) warn_(video.note);
    });
}

void Recording::remove_frames() {
    if (!all_in_video_ || !config_.boolean("video_save_to_disk") || config_.boolean("video_keep_frames")) return;
    attempt("frames are removed", [&] { gsfit::remove_frames(folder_); });
}

void Recording::make_report(const TrainState& state) {
    if (const auto formats = plot_formats(config_); !formats.empty()) {
        attempt("plots are drawn", [&] { write_plots(folder_, formats); });
    }
    attempt("report is written (gsfit report writes it again)",
            [&] { write_report(folder_, report_pictures(drawn_field(state), state.maps, state.blending, target_)); });
}

void Recording::warn_of_space(const ImageInfo& image, const RecorderOptions& options) const {
    if (!options.on_disk || config_.number("max_seconds") > 0) return;
    const std::int64_t frames = config_.integer("max_steps") / options.iterations + 2;
    const std::int64_t needed = frames_bytes(image, options, frames) + options.disk_reserve;
    std::error_code unknown;
    const std::uintmax_t available = fs::space(folder_, unknown).available;
    if (unknown || available >= static_cast<std::uintmax_t>(needed)) return;
    const auto gigabytes = [](auto bytes) { return fixed(static_cast<double>(bytes) / 1e9, 2) + " GB"; };
    warn_(text_of(frames, " frames take about ", gigabytes(needed), " and '", folder_.string(), "' has ",
                  gigabytes(available), " free: recording will stop early; free some, or set video_iterations higher"));
}

bool Recording::attempt(const std::string& what, const std::function<void()>& make) const {
    try {
        make();
        return true;
    } catch (const std::bad_alloc&) {
        warn_(text_of("no ", what, ": memory does not suffice"));
    } catch (const std::exception& error) {
        warn_(text_of("no ", what, ": ", error.what()));
    }
    return false;
}

}  // namespace gsfit::cli
