#include "cli/render_run.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/output.h"
#include "cli/render.h"
#include "cli/source.h"
#include "cli/text.h"
#include "gsfit/core/file.h"
#include "gsfit/core/parallel.h"

namespace gsfit::cli {
namespace {

namespace fs = std::filesystem;

fs::path saved_file(const fs::path& folder, const std::string& name) {
    if (name.empty()) return folder;
    if (fs::path(name).extension() == ".pt") {
        throw InputError(text_of("ckpt_file '", name,
                                 "' is a checkpoint of Image-GS; tools/convert_image_gs.py makes one of gsfit of it"));
    }
    fs::path file = folder / "checkpoints" / name;
    if (!is_there(file)) throw InputError(text_of("there is no '", file.string(), "'; name another by ckpt_file"));
    return file;
}

}  // namespace

ExitCode render_run(const fs::path& folder, const Config& config, bool as_json) {
    set_threads(static_cast<int>(config.integer("threads")));
    const SavedField saved = open_source(saved_file(folder, config.text("ckpt_file")).string()).saved;
    const std::int64_t height = config.integer("render_height");
    const double scale = static_cast<double>(height) / static_cast<double>(saved.field.raster_height);
    const std::int64_t width = std::max(1LL, std::llround(scale * static_cast<double>(saved.field.raster_width)));
    gsfit::create_directories(folder / "eval");
    nlohmann::ordered_json files = nlohmann::ordered_json::array();
    for (const ImageMap& map : saved.maps) {
        const char* ending = map.bits == 32 ? ".exr" : ".png";
        const fs::path path = map_path(folder / "eval" / text_of("render-", height, ending), saved.maps, map);
        check_image_output(path, width, height, map);
        write_render(path, saved.field, map, saved.blending, Lattice::whole(width, height));
        files.push_back(path.string());
    }
    print_report({{"folder", folder.string()}, {"renders", files}}, as_json);
    return ExitCode::done;
}

}  // namespace gsfit::cli
