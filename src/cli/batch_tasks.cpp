#include "cli/batch_tasks.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "cli/configuration.h"
#include "cli/image_files.h"
#include "cli/options.h"
#include "cli/run_json.h"
#include "cli/text.h"
#include "gsfit/checkpoint.h"
#include "gsfit/core/file.h"
#include "gsfit/memory.h"
#include "gsfit/record.h"
#include "gsfit/train/plan.h"

namespace gsfit::cli {
namespace {

namespace fs = std::filesystem;

/// Keys that say where a run lies and how it is watched, which a batch decides for its runs.
bool is_of_batch(std::string_view name) {
    constexpr std::array<std::string_view, 7> names{"threads",  "memory_budget_gb", "progress",  "data_root",
                                                    "log_root", "exp_name",         "input_path"};
    return std::ranges::find(names, name) != names.end();
}

/// Throws UsageError unless the run in the folder was made as this one would be.
void check_settings(const fs::path& folder, const Config& wanted) {
    const fs::path file = folder / "config.yaml";
    if (!is_there(file)) {
        throw InputError(
            text_of("'", file.string(), "' is missing, without which the run cannot be taken; put it back"));
    }
    const Config saved = Config::load({file, {}, {}});
    for (const Key& key : schema()) {
        const bool may_differ = is_of_batch(key.name) || (is_free_when_resumed(key) && key.group != "Record");
        if (!may_differ && value_of(saved, key) != value_of(wanted, key)) {
            throw UsageError(text_of("'", folder.string(), "' holds a run with another ", key.name, " (",
                                     value_of(saved, key).dump(), ", not ", value_of(wanted, key).dump(),
                                     "); give that one or choose another folder with --output"));
        }
    }
}

void check_image(const fs::path& folder, const fs::path& image) {
    const fs::path fitted = image_of_run(folder);
    if (fitted.lexically_normal() != fs::absolute(image).lexically_normal()) {
        throw InputError(text_of("'", folder.string(), "' holds a run of another image, '", fitted.string(),
                                 "'; choose another folder with --output"));
    }
}

std::int64_t bytes_for(const ImageInfo& image, const Config& config) {
    TrainOptions options = train_options(config, image);
    options.memory.folder = ".";  // a run has a folder for its target
    check_fit(options, image);
    const MemoryPlan plan = plan_memory(image, options, host_memory().resident);
    return std::llround(static_cast<double>(plan.peak(plan.rows.front())) / options.memory.warning);
}

void add_keys(std::vector<std::string>& words, const Arguments& arguments) {
    for (const auto& [name, value] : arguments.keys) {
        if (!is_of_batch(name)) words.insert(words.end(), {"--" + name, value});
    }
}

std::vector<std::string> words_of_new_run(const fs::path& image, const fs::path& folder, const Arguments& arguments) {
    std::vector<std::string> words{"train", "--output", folder.string()};
    if (arguments.has("config")) words.insert(words.end(), {"--config", arguments.value("config")});
    add_keys(words, arguments);
    words.insert(words.end(), {"--", image.string()});
    return words;
}

std::vector<std::string> words_of_resumed_run(const fs::path& folder, const Arguments& arguments) {
    std::vector<std::string> words{"train", "--resume", folder.string()};
    add_keys(words, arguments);
    return words;
}

}  // namespace

std::optional<BatchTask> task_of(BatchRow& row, const fs::path& batch_folder, const Arguments& arguments,
                                 const Config& config) {
    const fs::path folder = batch_folder / row.folder;
    bool resumed = is_folder(folder) && holds_run(folder);
    if (resumed) {
        check_settings(folder, config);
        if (find_latest_checkpoint(folder)) {
            check_image(folder, row.image);
            row.record = read_run_json(folder);
        } else {
            discard_run(folder);
            resumed = false;
        }
    }
    if (resumed && row.record.value("exit", nlohmann::ordered_json()) == "finished") {
        const auto& image = row.record["image"];
        row.width = image.value("width", row.width);
        row.height = image.value("height", row.height);
        return std::nullopt;
    }
    const ImageInfo info = inspect_target(row.image, config);
    row.width = info.width;
    row.height = info.height;
    return BatchTask{resumed ? words_of_resumed_run(folder, arguments) : words_of_new_run(row.image, folder, arguments),
                     bytes_for(info, config)};
}

std::vector<std::string> words_of(const BatchTask& task, int threads, std::int64_t budget_bytes) {
    constexpr double bytes_per_gb = 1e9;
    std::vector<std::string> words = task.words;
    words.insert(words.begin() + 1, {"--progress", "none", "--threads", std::to_string(threads), "--memory_budget_gb",
                                     fixed(static_cast<double>(budget_bytes) / bytes_per_gb, 9)});
    return words;
}

}  // namespace gsfit::cli
