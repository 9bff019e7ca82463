// gsfit video: the progress video of a run, made again.

#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/configuration.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/text.h"
#include "gsfit/core/file.h"
#include "gsfit/core/parallel.h"
#include "gsfit/record.h"
#include "gsfit/video.h"

namespace gsfit::cli {
namespace {

namespace fs = std::filesystem;

fs::path run_folder(const Arguments& arguments) {
    if (arguments.positional.empty()) {
        throw UsageError("no run folder is given; name one");
    }
    fs::path folder = arguments.positional[0];
    if (!holds_run(folder)) {
        throw InputError(text_of("'", folder.string(), "' holds no run; name the folder of one"));
    }
    return folder;
}

fs::path output_of(const Arguments& arguments, const fs::path& run) {
    fs::path output = arguments.has("output") ? fs::path(arguments.value("output")) : run / "video.mp4";
    if (output.extension() != ".mp4") {
        throw UsageError(text_of("'", output.string(), "' does not end in .mp4, which is what a video is written as"));
    }
    return output;
}

RecordedFrames frames_of(const fs::path& run) {
    RecordedFrames frames = frames_on_disk(run);
    if (frames.frames.empty()) {
        throw InputError(text_of("'", run.string(),
                                 "' has no frames: they are recorded with make_training_video and removed once the "
                                 "video is made, unless video_keep_frames is set"));
    }
    return frames;
}

ExitCode run(const Arguments& arguments) {
    const fs::path folder = run_folder(arguments);
    const fs::path output = output_of(arguments, folder);
    const Config config = load_config_of_run(folder, arguments);
    set_threads(static_cast<int>(config.integer("threads")));
    std::optional<RunFolder> claim;  // a run that goes on makes its own video, and removes what this one reads
    if (!arguments.has("output")) claim.emplace(RunFolder::reopen(folder));
    const RecordedFrames frames = frames_of(folder);
    const std::unique_ptr<Progress> progress = make_progress(config.text("progress"), 0);
    progress->phase(text_of("making a video of ", frames.frames.size(), " frames"));
    const Video video = make_video(output, frames, video_options(config));
    if (!video.note.empty()) {
        progress->note(video.note);
    }
    print_report({{"file", output.string()},
                  {"frames", video.frames},
                  {"width", video.width},
                  {"height", video.height},
                  {"seconds", video.seconds},
                  {"encoder", video.encoder}},
                 arguments.has("json"));
    return ExitCode::done;
}

}  // namespace

Command video_command() {
    return {{"video",
             "RUN",
             {{"output", 'o', "FILE", "video to write, .mp4; without it video.mp4 in the run folder"}, json_flag},
             true},
            "Makes the video of a run's recorded frames again.",
            "RUN is a run folder that has frames: of a run that was killed, or with video_keep_frames. The keys\n"
            "video_layout, video_fps, video_crf and video_max_width may differ from the run's.",
            run};
}

}  // namespace gsfit::cli
