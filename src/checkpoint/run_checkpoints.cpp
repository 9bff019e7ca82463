// The checkpoints of a run folder: named by step, rotated, found again.

#include <algorithm>
#include <system_error>
#include <utility>
#include <vector>

#include "gsfit/checkpoint.h"
#include "gsfit/core/error.h"
#include "gsfit/core/file.h"
#include "gsfit/core/step_files.h"

namespace gsfit {
namespace {

namespace fs = std::filesystem;

constexpr const char* folder_name = "checkpoints";
constexpr const char* link_name = "latest";

std::string file_name(std::int64_t step) { return step_file_name(step, ".safetensors"); }

/// Steps that have a file, newest first; none when there is no folder.
std::vector<std::int64_t> saved_steps(const fs::path& folder) {
    std::vector<std::int64_t> steps = steps_of_files(folder, ".safetensors");
    std::ranges::reverse(steps);
    return steps;
}

fs::path file_behind(const fs::path& link) {
    std::error_code error;
    fs::path file = fs::canonical(link, error);
    if (error) {
        throw InputError("cannot follow '" + link.string() + "': " + error.message() + "; check its permissions");
    }
    return file;
}

}  // namespace

std::optional<FoundCheckpoint> find_latest_checkpoint(const fs::path& run_folder) {
    const fs::path folder = run_folder / folder_name;
    const fs::path link = folder / link_name;
    const std::vector<std::int64_t> steps = saved_steps(folder);
    if (steps.empty() && !is_there(link)) {
        return std::nullopt;
    }
    std::string problem;
    try {
        TrainState state = load_checkpoint(link);
        return FoundCheckpoint{file_behind(link), std::move(state), ""};
    } catch (const InputError& error) {
        problem = error.what();
    }
    for (const std::int64_t step : steps) {
        const fs::path path = folder / file_name(step);
        try {
            TrainState state = load_checkpoint(path);
            return FoundCheckpoint{
                path, std::move(state),
                "took '" + path.string() + "', the newest checkpoint that loads, because: " + problem};
        } catch (const InputError&) {
            continue;  // an older one may load; `problem` tells what was wrong with the newest
        }
    }
    throw InputError("no checkpoint in '" + folder.string() + "' can be used; the newest: " + problem);
}

CheckpointWriter::CheckpointWriter(const fs::path& run_folder, std::int64_t save_steps, std::int64_t keep)
    : folder_(run_folder / folder_name), save_steps_(save_steps), keep_(keep) {
    gsfit::create_directories(folder_);
}

bool CheckpointWriter::is_due(const TrainEvent& event) const {
    const std::int64_t step = event.state.step;
    if (event.kind == TrainEvent::Kind::finished) return step != saved_step_;
    return event.kind == TrainEvent::Kind::stepped && save_steps_ > 0 && step % save_steps_ == 0;
}

void CheckpointWriter::operator()(const TrainEvent& event) {
    if (is_due(event)) save(event.state);
}

void CheckpointWriter::save(const TrainState& state) {
    // In this order a kill at any moment leaves `latest` on a whole file.
    save_checkpoint(folder_ / file_name(state.step), state);
    write_symlink_atomically(folder_ / link_name, file_name(state.step));
    saved_step_ = state.step;
    if (keep_ > 0) {
        remove_older_than(state.step);
    }
}

void CheckpointWriter::remove_older_than(std::int64_t step) const {
    std::int64_t kept = 0;
    for (const std::int64_t other : saved_steps(folder_)) {
        if (other <= step && ++kept > keep_) remove_file(folder_ / file_name(other));
    }
}

}  // namespace gsfit
