// gsfit report: the page that shows a run, made again from its folder.

#include <cstdio>
#include <filesystem>
#include <optional>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/report_pictures.h"
#include "cli/run_json.h"
#include "cli/target.h"
#include "cli/text.h"
#include "gsfit/checkpoint.h"
#include "gsfit/config.h"
#include "gsfit/core/file.h"
#include "gsfit/core/parallel.h"
#include "gsfit/record.h"

namespace gsfit::cli {
namespace {

namespace fs = std::filesystem;

/// The keys that the command line and the environment set.
Config asked(const Arguments& arguments) {
    Sources sources;
    sources.environment = process_environment();
    for (const char* key : {"threads", "plots"}) {
        if (arguments.has(key)) sources.flags.emplace_back(key, arguments.value(key));
    }
    return Config::load(sources);
}

fs::path run_folder(const Arguments& arguments) {
    if (arguments.positional.empty()) throw UsageError("no run folder is given; name one");
    fs::path folder = arguments.positional[0];
    if (!holds_run(folder)) {
        throw InputError(text_of("'", folder.string(), "' holds no run to report on; name the folder of one"));
    }
    return folder;
}

void note(const std::string& sentence) { std::fprintf(stderr, "gsfit: %s\n", sentence.c_str()); }

std::optional<FoundCheckpoint> checkpoint_of(const fs::path& folder) {
    try {
        std::optional<FoundCheckpoint> found = find_latest_checkpoint(folder);
        if (!found)
            note(text_of("the run in '", folder.string(), "' has no checkpoint, so its report has no pictures"));
        if (found && !found->note.empty()) note(found->note);
        return found;
    } catch (const InputError& error) {
        note(text_of(error.what(), " (the report has no pictures)"));
        return std::nullopt;
    }
}

/// Empty when there is none.
Picture target_of(const fs::path& folder, const TrainState& state) {
    try {
        return report_target(read_target(image_of_run(folder), state.field, state.maps, "put that one back"));
    } catch (const InputError& error) {
        note(text_of(error.what(), " (the report has neither a comparison nor an error map)"));
        return {};
    }
}

ReportPictures pictures_of(const fs::path& folder) {
    const std::optional<FoundCheckpoint> checkpoint = checkpoint_of(folder);
    if (!checkpoint) return {};
    const TrainState& state = checkpoint->state;
    return report_pictures(drawn_field(state), state.maps, state.blending, target_of(folder, state));
}

/// Of the command line and the environment or else of the run itself.
std::vector<ChartFormat> formats_of(const fs::path& folder, const Config& config) {
    const fs::path file = folder / "config.yaml";
    if (!config.is_default("plots") || !is_there(file)) return plot_formats(config);
    return plot_formats(Config::load({.file = file}));
}

ExitCode run(const Arguments& arguments) {
    const Config config = asked(arguments);
    const fs::path folder = run_folder(arguments);
    set_threads(static_cast<int>(config.integer("threads")));
    write_report(folder, pictures_of(folder));
    const std::vector<ChartFormat> formats = formats_of(folder, config);
    if (!formats.empty()) write_plots(folder, formats);
    return ExitCode::done;
}

}  // namespace

Command report_command() {
    return {{"report",
             "RUN",
             {{"plots", 0, "FORMAT", "none, png, svg or both; without it as the run was configured"}, threads_flag}},
            "Writes the page that shows a run, report.html in its folder, and its plots.",
            "RUN is a run folder: of a finished run, of one that was stopped or killed, or of one that goes on. The\n"
            "page is one file that opens anywhere without a network.",
            run};
}

}  // namespace gsfit::cli
