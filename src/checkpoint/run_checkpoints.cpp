// The checkpoints of a run folder: named by step, rotated, found again.

#include <algorithm>
#include <charconv>
#include <functional>
#include <system_error>
#include <utility>
#include <vector>

#include "gsfit/checkpoint.h"
#include "gsfit/core/error.h"
#include "gsfit/core/file.h"

namespace gsfit {
namespace {

namespace fs = std::filesystem;

constexpr const char* folder_name = "checkpoints";
constexpr const char* link_name = "latest";
constexpr std::string_view prefix = "step-";
constexpr std::string_view suffix = ".safetensors";

std::string file_name(std::int64_t step) { return std::string(prefix) + std::to_string(step) + std::string(suffix); }

/// The N of step-N.safetensors.
std::optional<std::int64_t> step_of(const std::string& name) {
    std::int64_t step = -1;
    if (name.starts_with(prefix)) {
        std::from_chars(name.data() + prefix.size(), name.data() + name.size(), step);
    }
    return step >= 0 && name == file_name(step) ? std::optional(step) : std::nullopt;
}

/// Steps that have a file, newest first; none when there is no folder.
std::vector<std::int64_t> saved_steps(const fs::path& folder) {
    std::vector<std::int64_t> steps;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        if (const auto step = step_of(entry->path().filename().string())) steps.push_back(*step);
    }
    if (error && error != std::errc::no_such_file_or_directory) {
        throw InputError("cannot list '" + folder.string() + "': " + error.message() + "; check its permissions");
    }
    std::ranges::sort(steps, std::greater());
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
        if (other > step || ++kept <= keep_) {
            continue;
        }
        std::error_code error;
        fs::remove(folder_ / file_name(other), error);
        if (error) {
            throw OutputError("cannot remove '" + (folder_ / file_name(other)).string() + "': " + error.message() +
                              "; check its permissions");
        }
    }
}

}  // namespace gsfit
