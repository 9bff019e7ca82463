#include "cli/source.h"

#include <cstdio>

#include "cli/run_json.h"
#include "cli/text.h"
#include "gsfit/core/error.h"
#include "gsfit/core/file.h"

namespace gsfit::cli {
namespace {

namespace fs = std::filesystem;

Source open_run(const fs::path& folder) {
    const std::optional<FoundCheckpoint> found = find_latest_checkpoint(folder);
    if (!found) {
        throw InputError(text_of("there is no checkpoint in '", folder.string(),
                                 "'; name a run folder, a .safetensors or a .gsf file"));
    }
    if (!found->note.empty()) {
        std::fprintf(stderr, "gsfit: %s\n", found->note.c_str());
    }
    return {found->path, folder, load_field(found->path), size_of_file(found->path)};
}

/// The run folder of <run>/<file> or <run>/checkpoints/<file>.
std::optional<fs::path> run_of(const fs::path& file) {
    const fs::path folder = fs::absolute(file).parent_path();
    for (const fs::path& run : {folder, folder.parent_path()}) {
        if (is_there(run / "run.json")) return run;
    }
    return std::nullopt;
}

}  // namespace

Source open_source(const fs::path& path, const WantedPart& wanted) {
    if (is_folder(path)) {
        return open_run(path);
    }
    if (is_compact(path)) {
        auto [saved, bytes_read] = load_compact(path, wanted);
        return {path, run_of(path), std::move(saved), bytes_read};
    }
    return {path, run_of(path), load_field(path), size_of_file(path)};
}

Source open_source(const Arguments& arguments, const WantedPart& wanted) {
    if (arguments.positional.empty()) {
        throw UsageError("no run folder, .safetensors or .gsf file is given; name one");
    }
    return open_source(fs::path(arguments.positional[0]), wanted);
}

fs::path image_of(const Arguments& arguments, const Source& source) {
    if (arguments.has("image")) {
        return arguments.value("image");
    }
    if (!source.run_folder) {
        throw UsageError(
            text_of("'", source.file.string(), "' lies in no run folder that tells its image; give one with --image"));
    }
    return image_of_run(*source.run_folder);
}

}  // namespace gsfit::cli
