#include "cli/run_log.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <string_view>

#include "cli/text.h"
#include "gsfit/core/file.h"

namespace gsfit::cli {
namespace {

constexpr std::array<std::string_view, 4> level_names{"debug", "info", "warning", "error"};  // in the order of Level

RunLog::Level level_of(const std::string& name) {
    return static_cast<RunLog::Level>(std::find(level_names.begin(), level_names.end(), name) - level_names.begin());
}

std::string local_time() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    localtime_r(&now, &parts);
    return text_of(std::put_time(&parts, "%F %T"));
}

std::string quality(const TrainEvent& event) {
    std::string text = text_of("PSNR ", fixed(event.psnr.value_or(0), 3), " dB");
    return event.ssim ? text + text_of(", SSIM ", fixed(*event.ssim, 5)) : text;
}

std::string refinement_sentence(const TrainEvent& event) {
    std::int64_t bad = 0;
    std::int64_t added = 0;
    for (const PatchScore& patch : event.patches) {
        bad += patch.added > 0 ? 1 : 0;
        added += patch.added;
    }
    const std::string round = text_of("step ", event.state.step, ": refinement ", event.state.rounds, ": ");
    if (added == 0) return round + text_of("none of ", event.patches.size(), " patches is bad; the run is over");
    return round + text_of(bad, " of ", event.patches.size(), " patches are given ", added, " Gaussians, which makes ",
                           event.state.field.size());
}

}  // namespace

RunLog::RunLog(const std::filesystem::path& run_folder, const std::string& level)
    : path_(run_folder / "log.txt"), least_(level_of(level)) {}

void RunLog::write(Level level, const std::string& message) {
    if (level >= least_) {
        append_to_file(path_,
                       text_of(local_time(), " ", level_names[static_cast<std::size_t>(level)], " ", message, "\n"));
    }
}

void RunLog::operator()(const TrainEvent& event) {
    const TrainState& state = event.state;
    switch (event.kind) {
        case TrainEvent::Kind::started:
            write(Level::info,
                  text_of("training starts at step ", state.step, " with ", state.field.size(), " Gaussians"));
            break;
        case TrainEvent::Kind::stepped:
            write(Level::debug, text_of("step ", state.step, ": loss ", event.loss));
            break;
        case TrainEvent::Kind::grown:
            write(Level::info, text_of("step ", state.step, ": grown to ", state.field.size(), " Gaussians"));
            break;
        case TrainEvent::Kind::refined:
            write(Level::info, refinement_sentence(event));
            break;
        case TrainEvent::Kind::evaluated:
            write(Level::info, text_of("step ", state.step, ": ", quality(event)));
            break;
        case TrainEvent::Kind::noted:
            write(Level::warning, text_of("step ", state.step, ": ", event.message));
            break;
        case TrainEvent::Kind::finished:
            write(Level::info, text_of("training ", event.stopped ? "stopped" : "finished", " at step ", state.step,
                                       " after ", fixed(state.seconds, 2), " s"));
            break;
    }
}

}  // namespace gsfit::cli
