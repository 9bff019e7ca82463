// gsfit eval: how close a saved field comes to its image.

#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/configuration.h"
#include "cli/output.h"
#include "cli/run_json.h"
#include "cli/source.h"
#include "cli/target.h"
#include "cli/text.h"
#include "gsfit/core/file.h"
#include "gsfit/core/parallel.h"
#include "gsfit/eval.h"

namespace gsfit::cli {
namespace {

std::filesystem::path image_path(const Arguments& arguments, const Source& source) {
    if (arguments.has("image")) {
        return arguments.value("image");
    }
    if (!source.run_folder) {
        throw UsageError(
            text_of("'", source.file.string(), "' lies in no run folder that tells its image; give one with --image"));
    }
    return image_of_run(*source.run_folder);
}

ExitCode run(const Arguments& arguments) {
    set_threads(wanted_threads(arguments));
    const Source source = open_source(arguments);
    const Field& field = source.saved.field;
    const std::filesystem::path path = image_path(arguments, source);
    const PackedImage image = read_target(path, field, "name that one with --image");
    const Quality quality = evaluate(field, source.saved.blending, image);
    const std::uintmax_t bytes = size_of_file(source.file);
    const auto pixels = static_cast<double>(field.raster_width * field.raster_height);
    print_report({{"file", source.file.string()},
                  {"image", path.string()},
                  {"psnr", quality.psnr},
                  {"ssim", quality.ssim},
                  {"gaussians", field.size()},
                  {"bytes", bytes},
                  {"bpp", 8 * static_cast<double>(bytes) / pixels}},
                 arguments.has("json"));
    return ExitCode::done;
}

}  // namespace

Command eval_command() {
    return {{"eval",
             "RUN_OR_FILE",
             {{"image", 0, "FILE", "image to compare with; without it the one that the run fitted"},
              {"json", 0, "", "one JSON object instead of lines"},
              {"threads", 0, "N", "threads to compute with, 0 to 1024; 0, the default: one for each core"}}},
            "Measures a fitted field against its image: PSNR, SSIM, bytes, bits per pixel.",
            "RUN_OR_FILE is a run folder (its latest checkpoint is taken) or a .safetensors file. An image larger\n"
            "than the fitted raster is scaled down to it, as resize_max did in the run.",
            run};
}

}  // namespace gsfit::cli
