#include "cli/source.h"
#include "cli/text.h"

#include <cstdio>

#include "gsfit/core/error.h"
#include "gsfit/core/file.h"

namespace gsfit::cli {
namespace {

namespace fs = std::filesystem;

Source open_run(const fs::path& folder) {
    const std::optional<FoundCheckpoint> found = find_latest_checkpoint(folder);
    if (!found) {
        throw InputError(
            text_of("there is no checkpoint in '", folder.string(), "'; name a run folder or a .safetensors file"));
    }
    if (!found->note.empty()) {
        std::fprintf(stderr, "gsfit: %s\n", found->note.c_str());
    }
    return {found->path, folder, load_field(found->path)};
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

Source open_source(const fs::path& path) {
    if (is_folder(path)) {
        return open_run(path);
    }
    return {path, run_of(path), load_field(path)};
}

Source open_source(const Arguments& arguments) {
    if (arguments.positional.empty()) {
        throw UsageError("no run folder or .safetensors file is given; name one");
    }
    return open_source(fs::path(arguments.positional[0]));
}

}  // namespace gsfit::cli
