#include "gsfit/video.h"

#include <string>
#include <utility>

#include "gsfit/core/error.h"
#include "gsfit/core/file.h"
#include "gsfit/image/pictures.h"
#include "video/check.h"
#include "video/composition.h"
#include "video/ffmpeg.h"
#include "video/usable_frames.h"
#include "video/video_file.h"

namespace gsfit {
namespace {

void require(bool in_range, const std::string& name, const std::string& range) {
    if (!in_range) throw UsageError(name + " must be " + range);
}

Picture target_of(const RecordedFrames& frames, VideoLayout layout) {
    if (layout == VideoLayout::render) {
        return {};
    }
    const std::string advice = "; set video_layout to render for a video without it";
    if (frames.target.empty()) {
        throw InputError("the recording has no picture of the target" + advice);
    }
    try {
        return decode_picture(frames.target, "the recorded target");
    } catch (const InputError& error) {
        throw InputError(error.what() + advice);
    }
}

std::string joined(const std::string& first, const std::string& second) {
    return first + (first.empty() || second.empty() ? "" : "; ") + second;
}

/// Leaves the file complete but unnamed.
Video encode(AtomicFile& file, const RecordedFrames& frames, const VideoOptions& options) {
    UsableFrames source(frames);
    std::optional<Picture> picture = source.next();
    if (!picture) {
        throw InputError("none of the " + std::to_string(frames.frames.size()) +
                         " recorded frames can be read; record the run again");
    }
    const VideoPlan plan(picture->width, picture->height, options);
    const Composition composition(plan, options.layout, target_of(frames, options.layout));
    const VideoFormat format{static_cast<int>(plan.width), static_cast<int>(plan.height), options.fps};
    VideoFile video(file, format, options, static_cast<std::int64_t>(frames.frames.size()) + options.fps);
    for (; picture; picture = source.next()) {
        video.write(composition.compose(std::move(*picture), source.frame(), source.progress()));
    }
    video.hold(options.fps);
    video.finish();
    return {.width = plan.width,
            .height = plan.height,
            .frames = video.frames(),
            .seconds = static_cast<double>(video.frames()) / options.fps,
            .encoder = video.encoder_name(),
            .skipped = static_cast<std::int64_t>(source.skipped()),
            .note = joined(source.note(), video.note())};
}

}  // namespace

void VideoOptions::check() const {
    require(fps >= 1 && fps <= 240, "video_fps", "1 to 240");
    require(crf >= 0 && crf <= 51, "video_crf", "0 to 51");
    require(max_width >= 16 && max_width <= 16384, "video_max_width", "16 to 16384");
    require(!encoders.empty(), "The list of encoders", "not empty");
}

Video make_video(const std::filesystem::path& output, const RecordedFrames& frames, const VideoOptions& options) {
    options.check();
    listen_to_ffmpeg();
    AtomicFile file(output);
    Video video = encode(file, frames, options);
    check_video(file, {static_cast<int>(video.width), static_cast<int>(video.height), options.fps}, video.frames);
    file.commit();
    return video;
}

}  // namespace gsfit
